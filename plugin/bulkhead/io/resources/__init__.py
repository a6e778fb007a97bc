"""The resources of ``core.language`` from and to plain values. It may import ``io.yaml`` and ``core``."""
