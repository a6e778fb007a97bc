"""
Turns NetworkPolicies that exist into the resources that people write: the inverse of ``expansion``.

It may import ``expansion`` and what is below it.
"""
