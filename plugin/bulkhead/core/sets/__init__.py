"""
Exact sets of integers, ports and IP addresses, and partitions of an axis.

It may import ``core.record`` only.
"""
