"""Measure, print the table, and draw it: ``make lag``."""

import argparse
import os
import sys
from pathlib import Path

from conftest import lacking
from enforcement.lab import ROOT
from enforcement.lag.drawing import drawing
from enforcement.lag.measure import SIZES, WAYS, measure
from enforcement.lag.table import table


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="how often a pod appears for each number")
    parser.add_argument("--drawing", type=Path, default=ROOT / "docs" / "lag.svg")
    given = parser.parse_args()
    reason = lacking("lag")
    if reason:
        print(reason, file=sys.stderr)
        return 1
    found = []
    for lag in measure(SIZES, given.runs):
        found.append(lag)
        print(f"{len(found)}/{len(SIZES) * len(WAYS)} {lag.pods} pods, {lag.way}", file=sys.stderr)
    print(table(found))
    beside = given.drawing.with_suffix(".new")
    beside.write_text(drawing(found))
    os.replace(beside, given.drawing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
