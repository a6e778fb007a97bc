"""The lab needs root and what programs the kernel: without, a developer's tests are skipped, and CI's fail."""

import os
import shutil
from collections.abc import Iterator

import pytest

from enforcement.lab import PROGRAM, Lab


def lacking() -> str:
    """Say what the lab needs and does not have; empty if it can run."""
    if os.geteuid() != 0:
        return "the lab makes network namespaces: run `sudo make prove`"
    missing = [tool for tool in ("iptables-nft", "iptables-legacy", "ipset") if not shutil.which(tool)]
    if missing:
        return f"{', '.join(missing)} not found: apt-get install iptables ipset"
    if not PROGRAM.exists():
        return "the lab is not built: run `make prove`"
    return ""


@pytest.fixture(scope="session", autouse=True)
def able() -> None:
    """Skip where the lab cannot run, and say how it can; where CI is set that is a failure."""
    reason = lacking()
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def lab(able: None) -> Iterator[Lab]:
    """A lab of one node, for one cluster after another."""
    with Lab() as made:
        yield made
