"""
Which worker of pytest-xdist gets which test: what shares a set-up stays together, and what takes long begins first.

So the set-up of a module is made once, and at the end no worker waits long for the other.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parent
_SHARED = 'scope="module"'


@cache
def _shares_a_set_up(file: str) -> bool:
    return _SHARED in (TESTS.parent / file).read_text()


def together(test: str) -> str:
    """Return what the test with this id is sent to a worker with: its module, or itself alone."""
    file = test.partition("::")[0]
    return file if _shares_a_set_up(file) else test


def slow_first(tests: Mapping[str, bool]) -> list[str]:
    """Return the ids in *tests*, which says whether each is slow: slow ones first, with what is sent with them."""
    slow = {together(each) for each, is_slow in tests.items() if is_slow}
    return sorted(tests, key=lambda each: together(each) not in slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes long first where there are several workers."""
    if hasattr(config, "workerinput"):
        known = {each.nodeid: each for each in items}
        order = slow_first({name: each.get_closest_marker("slow") is not None for name, each in known.items()})
        items[:] = [known[name] for name in order]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return what sends the tests to the workers, unless another way is asked for than the one for scopes."""
    if config.getoption("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling  # here, because WebAssembly has no processes

    scheduling = LoadScopeScheduling(config, log)
    scheduling._split_scope = together
    return scheduling
