"""The reports of ``bulkhead test``."""
