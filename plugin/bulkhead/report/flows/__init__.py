"""The reports of ``bulkhead flows``."""
