"""
Compares two clusters: which traffic opens and which closes, with causes and grades.

It may import ``explanation`` and what is below it.
"""
