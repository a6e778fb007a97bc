"""
Decides which traffic the policies of a cluster allow, as the specification or as an enforcer does.

It may import ``expansion`` and what is below it.
"""
