"""The verbs of the command line: each reads, calls one verb, renders, and returns an exit status."""
