"""
The application layer: combines ``io`` and ``core`` into what the commands need.

It may import ``io`` and ``core``.
"""
