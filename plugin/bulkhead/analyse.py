"""
A door to the engine: ``reach`` and ``diff`` of manifests on the command line.

Exit status 0: printed; 2: the input could not be read, and why is on stderr.
"""

import argparse
import gc
import sys
from typing import TextIO

from bulkhead.core.cluster import Cluster
from bulkhead.core.diff import diff
from bulkhead.core.reach import reach
from bulkhead.core.reachability import Reachability, open_pairs
from bulkhead.core.survey import IpBlockMode
from bulkhead.io.clusters import Known, load
from bulkhead.report import pairs


def run(arguments: list[str], stdout: TextIO, stderr: TextIO) -> int:
    """Do what *arguments* ask for and return the exit status."""
    asked = _parser().parse_args(arguments)
    known: Known = {}
    loaded = [load(path, known) for path in asked.manifests]
    faults = [fault for one in loaded for fault in one.faults]
    for fault in faults:
        print(fault, file=stderr)
    if faults:
        return 2
    stdout.write(_answer(asked, [one.cluster for one in loaded]))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bulkhead")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, count in (("reach", 1), ("diff", 2)):
        below = verbs.add_parser(verb)
        below.add_argument("--manifests", nargs=count, required=True, metavar="PATH")
        below.add_argument("--ipblock", type=IpBlockMode, default=IpBlockMode.PODS, metavar="pods|never")
        below.add_argument("--format", choices=("pairs", "totals"), default="pairs")
    return parser


def _answer(asked: argparse.Namespace, clusters: list[Cluster]) -> str:
    if asked.verb == "reach":
        answer = reach(clusters[0], asked.ipblock)
        return pairs.reach_pairs(answer) if asked.format == "pairs" else _totals(answer)
    before, after = clusters
    difference = diff(before, after, asked.ipblock)
    return pairs.diff_pairs(difference) if asked.format == "pairs" else f"changes {len(difference.changes)}\n"


def _totals(answer: Reachability) -> str:
    lines = []
    for layer in answer.layers:
        rectangles = sum(len(row.parts) for row in layer.rows)
        lines.append(
            f"IPv{layer.universe.family}: {len(layer.universe.members)} members, {rectangles} rectangles, "
            f"{open_pairs(layer)} open pairs of pods\n"
        )
    return "".join(lines)


if __name__ == "__main__":
    gc.disable()  # nothing that is read or computed is ever dropped: collecting garbage is a third of the time
    sys.exit(run(sys.argv[1:], sys.stdout, sys.stderr))
