"""
Decides over every pod that could exist, not only over those that are given.

It may import ``engine`` and what is below it.
"""
