"""The report of ``bulkhead adopt``, and the list of its formats."""
