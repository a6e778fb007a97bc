"""The command line: one module a command. It may import every other package."""
