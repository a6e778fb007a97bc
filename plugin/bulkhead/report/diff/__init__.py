"""The reports of ``bulkhead diff``, one module for each format."""
