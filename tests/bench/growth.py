"""
How the cost of commands grows with what they read: ``make growth`` measures, records and draws it.

``python -m bench.growth`` measures and writes ``docs/growth.json``, then draws ``docs/growth.svg`` from it. With
``--draw`` it draws only. CPU seconds are those of the process and of the programs that it starts, the least of some
runs.
"""

import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import shapes, trees
from bench.bench import PYTHON, ROOT, cpu
from bench.growth_drawing import drawing

DATA = ROOT / "docs" / "growth.json"
DRAWING = ROOT / "docs" / "growth.svg"

OVERLAYS = (125, 250, 500, 1000, 2000)
ABOUT_OVERLAYS: dict[str, Sequence[str]] = {
    "render": ("render", "-o", "out.yaml"),
    "reach, everything, JSON": ("reach", "--format", "json"),
    "diff, one changed": ("diff", "HEAD"),
    "lint": ("lint", "--fail-on", "error"),
    "explain, one pair": ("explain", "ns-0003", "ns-0007:443"),
}
"""Commands about a tree of overlays with a rule each."""

NAMESPACES = (25, 50, 100, 200)
ABOUT_MANIFESTS: dict[str, Sequence[str]] = {
    "reach, everything, JSON": ("reach", "--manifests", "new.yaml", "--format", "json"),
    "diff, one changed": ("diff", "--manifests", "old.yaml", "new.yaml"),
    "lint": ("lint", "--manifests", "new.yaml", "--fail-on", "error"),
    "explain, one pair": ("explain", "--manifests", "new.yaml", "team-0/pod-0", "team-1/pod-50:443"),
}
"""Commands about manifests of different namespaces with 50 pods each; ``diff`` also judges pods that could exist."""

Row = dict[str, Any]


def measured(runs: int) -> Iterator[Row]:
    """Yield a row for each series: its panel, its name, and the CPU seconds by size."""
    yield from _panel("overlays with a rule each", OVERLAYS, _tree, ABOUT_OVERLAYS, runs)
    yield from _panel("different namespaces of 50 pods", NAMESPACES, _manifests, ABOUT_MANIFESTS, runs)


def _panel(title: str, sizes: Sequence[int], make: Any, commands: dict[str, Sequence[str]], runs: int) -> Iterator[Row]:
    found: dict[str, dict[str, float]] = {name: {} for name in commands}
    for size in sizes:
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work) / "measured"
            make(folder, size)
            for name, arguments in commands.items():
                command = [PYTHON, "-m", "bulkhead", *arguments]
                took = min(cpu(command, folder, statuses=(0, 1, 2)) for _ in range(runs))
                found[name][str(size)] = round(took, 3)
                print(f"{size} {title}: {name} {took:.2f} s", file=sys.stderr, flush=True)
    yield from ({"panel": title, "series": name, "seconds": seconds} for name, seconds in found.items())


def _tree(folder: Path, size: int) -> None:
    trees.overlays(folder, size)
    trees.committed(folder)


def _manifests(folder: Path, size: int) -> None:
    folder.mkdir()
    shapes.write(folder / "new.yaml", shapes.different(size, 50))
    shapes.write(folder / "old.yaml", shapes.different(size, 50), without=1)


def record(rows: list[Row]) -> str:
    """Return the text of the file of recorded numbers."""
    about = {"python": platform.python_version(), "processors": os.cpu_count()}
    return json.dumps({**about, "rows": rows}, indent=1) + "\n"


def main() -> None:
    """Measure unless that is not asked for, and draw."""
    os.environ["PATH"] = f"{ROOT / '.tools' / 'bin'}:{os.environ['PATH']}"
    if "--draw" not in sys.argv:
        _replace(DATA, record(list(measured(1 if "--quick" in sys.argv else 3))))
    _replace(DRAWING, drawing(json.loads(DATA.read_text())["rows"]))


def _replace(file: Path, text: str) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, file)


if __name__ == "__main__":
    main()
