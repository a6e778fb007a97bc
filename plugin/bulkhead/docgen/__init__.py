"""
Schemas and reference pages, generated from the declarations in ``core``.

It may import ``core`` and ``report``.
"""
