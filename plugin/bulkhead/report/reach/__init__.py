"""The reports of ``bulkhead reach``, one module for each format."""
