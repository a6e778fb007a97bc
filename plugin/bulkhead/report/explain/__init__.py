"""The reports of ``bulkhead explain``, and the suggested rule."""
