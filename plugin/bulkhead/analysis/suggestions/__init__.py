"""Suggests rules that allow a connection, and tries them first. May import ``analysis``, ``io``, ``core``."""
