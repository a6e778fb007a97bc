"""The reports of ``bulkhead lint``."""
