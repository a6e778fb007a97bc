"""The lint checks, one module a topic. A check is a pure function from a lint context to findings."""
