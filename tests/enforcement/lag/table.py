"""Measurements as a table of Markdown."""

from collections.abc import Iterable

from enforcement.lag.measure import Lag, Spread

HEAD = (
    "| pods | traffic of the namespace allowed | a new pod gets through after (ms) | its forbidden egress works for (ms) |",
    "|---|---|---|---|",
)


def table(lags: Iterable[Lag]) -> str:
    """Return a row for each of *lags*: the median, and the least and the most of all runs."""
    rows = [f"| {lag.pods} | {lag.way} | {_cell(lag.through)} | {_cell(lag.unguarded)} |" for lag in lags]
    return "\n".join([*HEAD, *rows])


def _cell(spread: Spread) -> str:
    return f"{spread.median:,.0f} ({spread.least:,.0f} to {spread.most:,.0f})"
