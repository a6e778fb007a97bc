"""Runs pytest with the arguments of the command line: ``python -m pytest`` as a file, for ``interpreter.mjs``."""

import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(sys.argv[1:]))
