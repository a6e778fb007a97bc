"""Edits rules and peers in the files of a tree, after trying the edit. May import ``analysis``, ``io``, ``core``."""
