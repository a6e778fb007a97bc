"""Tries a suggested rule before it is shown. It may import ``analysis``, ``io`` and ``core``."""
