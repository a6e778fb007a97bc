"""
Explains the verdict about a pair of endpoints: matching rules, causes, deviations.

It may import ``engine`` and what is below it.
"""
