"""The report of ``bulkhead import``."""
