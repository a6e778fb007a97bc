"""
Runs the tests of the core and of the KRM function on the oldest and the newest Python: ``make test-pythons``.

An interpreter of that version is used where the machine has one. Otherwise the newest runs as WebAssembly, and of
the oldest the syntax and the types are checked. The arguments are handed on to pytest.
"""

import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor

from pythons import installed, webassembly

OLDEST, NEWEST = "3.10", webassembly.PYTHON
TESTS = ("tests/krm", "tests/unit", "tests/laws", "tests/truth")
EXAMPLES = "30"
OPTIONS = ("-p", "no:cacheprovider", "-q")
# WebAssembly has no processes, no libyaml, a small stack, and few packages with a binary part.
PORTABLE = ("-m", "not native")
# Whether something failed, as an exit status, and what was printed.
Report = tuple[int, list[str]]


def main(arguments: list[str]) -> int:
    """Run the tests on both at once, and print what each said, one after the other; return 0 where all passed."""
    print(f"Python {NEWEST} and {OLDEST}: both run at once, and what they print comes at the end", flush=True)
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(version, arguments) for version in (_newest, _oldest)]
        return max(_printed(each) for each in both)


def _printed(version: Future[Report]) -> int:
    failed, lines = version.result()
    print(*lines, sep="\n", flush=True)
    return failed


def _newest(arguments: list[str]) -> Report:
    program = installed.find(NEWEST)
    if program:
        return _run(f"Python {NEWEST} ({program})", installed.command(program, NEWEST, *OPTIONS, *TESTS, *arguments))
    name = f"Python {NEWEST}, as WebAssembly because no interpreter was found"
    return _run(name, webassembly.command(*OPTIONS, *PORTABLE, *TESTS, *arguments))


def _oldest(arguments: list[str]) -> Report:
    program = installed.find(OLDEST)
    if program:
        return _run(f"Python {OLDEST} ({program})", installed.command(program, OLDEST, *OPTIONS, *TESTS, *arguments))
    checks = [sys.executable, "-m", "pytest", *OPTIONS, "tests/unit/test_python_versions.py"]
    syntax, lines = _run(f"Python {OLDEST}: no interpreter was found, so its syntax is checked", checks)
    types, more = _run("and its types", [sys.executable, "-m", "mypy"])
    return max(syntax, types), [*lines, *more, "hint: name one with PYTHON310=/path/to/python3.10"]


def _run(name: str, command: list[str]) -> Report:
    # The laws are here for what differs between versions, not to search for more: fewer examples do.
    env = {"LAWS": EXAMPLES, **os.environ}
    done = subprocess.run(command, cwd=webassembly.ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return min(done.returncode, 1), [f"{name}:", done.stdout.decode(errors="replace").rstrip()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
