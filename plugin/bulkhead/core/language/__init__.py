"""
The resources that people write, declared once, and the scalars in them.

It may import ``sets``, ``diagnostics`` and ``record``.
"""
