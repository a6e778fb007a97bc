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
    """A lab of one node, for one cluster after another. A sync takes half the time with this iptables."""
    with Lab(backend="legacy") as made:
        yield made


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> None:
    """Let a report carry how many clusters and probes its test found agreement on."""
    agreed = getattr(getattr(item, "module", None), "AGREED", None)
    if call.when == "call" and agreed:
        item.user_properties.append(("agreed", [len(agreed), sum(agreed)]))
        agreed.clear()


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    """Say it."""
    for report in terminalreporter.stats.get("passed", ()):
        for clusters, probes in (found for name, found in report.user_properties if name == "agreed"):
            test = report.nodeid.partition("::")[2]
            terminalreporter.write_line(f"{clusters} clusters, {probes} probes, no disagreement: {test}")
