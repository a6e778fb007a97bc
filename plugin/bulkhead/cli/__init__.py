"""
The command line: one module for each command.

A command's module declares its options in ``options(parser)`` and does its work in ``run(options, console)``,
which returns the exit status. ``registry`` lists the commands. A command reads and writes only through the
``Console`` that it gets. Nothing below this package may import it.
"""
