"""Checks the rows of a ReachabilityTest. It may import ``explanation`` and what is below it."""
