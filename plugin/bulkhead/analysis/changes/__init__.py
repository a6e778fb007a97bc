"""Two sides of a change: compared, with causes and places. It may import ``analysis.overlays``, ``io`` and ``core``."""
