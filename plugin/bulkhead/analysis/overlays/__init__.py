"""A tree of overlays: what each one renders, and every problem with its place. It may import ``io`` and ``core``."""
