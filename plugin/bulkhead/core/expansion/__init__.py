"""
Expands a SegmentedNamespace into NetworkPolicies.

It may import ``kubernetes``, ``language`` and what is below them.
"""
