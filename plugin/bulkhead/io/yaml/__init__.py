"""YAML and JSON text to plain values and back. It may import ``core``."""
