"""Reads git repositories without executing anything of them. It may import ``io.yaml`` and ``core``."""
