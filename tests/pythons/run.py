"""
Runs the tests of the core and of the KRM function on the oldest and the newest Python: ``make test-pythons``.

An interpreter of that version is used where the machine has one. Otherwise the newest runs as WebAssembly, and of
the oldest the syntax and the types are checked. The arguments are handed on to pytest.
"""

import os
import subprocess
import sys

from pythons import installed, webassembly

OLDEST, NEWEST = "3.10", webassembly.PYTHON
TESTS = ("tests/krm", "tests/unit", "tests/laws", "tests/truth")
EXAMPLES = "30"
OPTIONS = ("-p", "no:cacheprovider", "-q")
# WebAssembly has no processes, no libyaml, a small stack, and few packages with a binary part.
PORTABLE = ("-m", "not native")


def main(arguments: list[str]) -> int:
    """Run the tests on both; return 0 where all passed."""
    return max(_newest(arguments), _oldest(arguments))


def _newest(arguments: list[str]) -> int:
    program = installed.find(NEWEST)
    if program:
        return _run(f"Python {NEWEST} ({program})", installed.command(program, NEWEST, *OPTIONS, *TESTS, *arguments))
    print(f"Python {NEWEST}: no interpreter was found, so it runs as WebAssembly", flush=True)
    return _run(f"Python {NEWEST} as WebAssembly", webassembly.command(*OPTIONS, *PORTABLE, *TESTS, *arguments))


def _oldest(arguments: list[str]) -> int:
    program = installed.find(OLDEST)
    if program:
        return _run(f"Python {OLDEST} ({program})", installed.command(program, OLDEST, *OPTIONS, *TESTS, *arguments))
    print(f"Python {OLDEST}: no interpreter was found, so its syntax and its types are checked", flush=True)
    print("hint: name one with PYTHON310=/path/to/python3.10", flush=True)
    checks = [sys.executable, "-m", "pytest", *OPTIONS, "tests/unit/test_python_versions.py"]
    return max(_run("syntax", checks), _run("types", [sys.executable, "-m", "mypy"]))


def _run(name: str, command: list[str]) -> int:
    print(f"{name}:", flush=True)
    # The laws are here for what differs between versions, not to search for more: fewer examples do.
    env = {"LAWS": EXAMPLES, **os.environ}
    return min(subprocess.run(command, cwd=webassembly.ROOT, env=env).returncode, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
