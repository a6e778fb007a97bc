"""The lab needs root and programs that program the kernel. Without them its tests are skipped, and fail in CI."""

from collections.abc import Iterator

import pytest
from conftest import lacking
from enforcement.lab import PROGRAM, Lab


@pytest.fixture(scope="session", autouse=True)
def able() -> None:
    """Skip where the lab cannot run, and say what it needs."""
    reason = lacking("prove")
    if not reason and not PROGRAM.exists():
        reason = "the lab is not built: run `make prove`"
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
