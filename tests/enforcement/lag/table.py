"""Measurements as a table of Markdown."""

from collections.abc import Iterable

from enforcement.lag.measure import Lag, Spread

HEAD = (
    "| pods | within the namespace | a new pod gets through after | is reached after | has forbidden egress for |",
    "|---|---|---|---|---|",
)


def table(lags: Iterable[Lag]) -> str:
    """Return a row for each of *lags*: the median of all runs, and their least and most, in milliseconds."""
    return "\n".join([*HEAD, *map(_row, lags)])


def _row(lag: Lag) -> str:
    return f"| {lag.pods} | {lag.way} | {' | '.join(map(_cell, (lag.through, lag.reached, lag.unguarded)))} |"


def _cell(spread: Spread) -> str:
    return f"{spread.median:,.0f} ms ({spread.least:,.0f} to {spread.most:,.0f})"
