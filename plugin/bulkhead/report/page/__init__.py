"""The report of a whole cluster as one HTML file: ``bulkhead report``."""
