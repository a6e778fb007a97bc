"""
The growth of costs as a drawing: SVG that follows the reader's light or dark page.

It is written out here as the drawing of the lag is, for the same reasons (see ``enforcement/lag/drawing.py``).
"""

from collections.abc import Sequence
from math import log10
from typing import Any

Rows = Sequence[dict[str, Any]]

WIDTH, HEIGHT = 820, 470
TOP, BOTTOM = 128, 64
LEFT, GAP, RIGHT = 64, 56, 24
PANEL = (WIDTH - LEFT - GAP - RIGHT) / 2
LOWEST, HIGHEST = 0.1, 20.0
TICKS = {0.1: "0.1 s", 0.3: "0.3 s", 1: "1 s", 3: "3 s", 10: "10 s"}

STYLE = """
  svg { font: 14px system-ui, sans-serif; }
  .page { fill: #ffffff; } text { fill: #1f2328; } .faint { fill: #59636e; }
  .grid { stroke: #d1d9e0; } .line { fill: none; stroke-width: 2; }
  .linear { stroke: #59636e; stroke-dasharray: 2 5; stroke-width: 1.5; fill: none; }
  .s0 { stroke: #0969da; } .f0 { fill: #0969da; } .s1 { stroke: #1a7f37; } .f1 { fill: #1a7f37; }
  .s2 { stroke: #9a6700; } .f2 { fill: #9a6700; } .s3 { stroke: #cf222e; } .f3 { fill: #cf222e; }
  .s4 { stroke: #8250df; } .f4 { fill: #8250df; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #f0f6fc; } .faint { fill: #9198a1; } .grid { stroke: #3d444d; }
    .linear { stroke: #9198a1; }
    .s0 { stroke: #4493f8; } .f0 { fill: #4493f8; } .s1 { stroke: #3fb950; } .f1 { fill: #3fb950; }
    .s2 { stroke: #d29922; } .f2 { fill: #d29922; } .s3 { stroke: #f85149; } .f3 { fill: #f85149; }
    .s4 { stroke: #ab7df8; } .f4 { fill: #ab7df8; }
  }
"""


def drawing(rows: Rows) -> str:
    """Return two panels with a line for each command: CPU seconds over the size, both logarithmic."""
    names = list(dict.fromkeys(str(row["series"]) for row in rows))
    panels = list(dict.fromkeys(str(row["panel"]) for row in rows))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">',
        '<title id="title">How the CPU time of each command grows with what it reads</title>',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        '<text x="20" y="30" font-size="17" font-weight="600">CPU time by size</text>',
        *_legend(names),
    ]
    for at, title in enumerate(panels):
        own = [row for row in rows if row["panel"] == title]
        parts += _panel(LEFT + at * (PANEL + GAP), title, own, names)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend(names: list[str]) -> list[str]:
    marks = []
    for at, name in enumerate([*names, "twice as much for twice the size"]):
        x, y = 20 + 262 * (at % 3), 60 + 26 * (at // 3)
        kind = f"line s{at}" if at < len(names) else "linear"
        marks.append(f'<line class="{kind}" x1="{x}" y1="{y - 5}" x2="{x + 28}" y2="{y - 5}"/>')
        if at < len(names):
            marks.append(f'<circle class="f{at}" cx="{x + 14}" cy="{y - 5}" r="4"/>')
        marks.append(f'<text x="{x + 38}" y="{y}">{name}</text>')
    return marks


def _panel(left: float, title: str, rows: Rows, names: list[str]) -> list[str]:
    sizes = [int(size) for size in rows[0]["seconds"]]
    marks = _axes(left, title, sizes)
    smallest = min(seconds for row in rows for seconds in row["seconds"].values())
    ends = [(sizes[0], smallest), (sizes[-1], smallest * sizes[-1] / sizes[0])]
    path = " ".join(f"{_x(left, sizes, size):.1f},{_y(seconds):.1f}" for size, seconds in ends)
    marks.append(f'<polyline class="linear" points="{path}"/>')
    for row in rows:
        number = names.index(str(row["series"]))
        points = [(_x(left, sizes, int(size)), _y(seconds)) for size, seconds in row["seconds"].items()]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        marks.append(f'<polyline class="line s{number}" points="{path}"/>')
        marks += [f'<circle class="f{number}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in points]
    return marks


def _axes(left: float, title: str, sizes: list[int]) -> list[str]:
    marks = []
    for value, label in TICKS.items():
        y = _y(value)
        marks += [
            f'<line class="grid" x1="{left:.1f}" y1="{y:.1f}" x2="{left + PANEL:.1f}" y2="{y:.1f}"/>',
            f'<text class="faint" x="{left - 8:.1f}" y="{y + 5:.1f}" text-anchor="end">{label}</text>',
        ]
    for size in sizes:
        x, y = _x(left, sizes, size), HEIGHT - BOTTOM + 22
        marks.append(f'<text class="faint" x="{x:.1f}" y="{y}" text-anchor="middle">{size:,}</text>')
    marks.append(f'<text x="{left + PANEL / 2:.1f}" y="{HEIGHT - 16}" text-anchor="middle">{title}</text>')
    return marks


def _x(left: float, sizes: list[int], size: int) -> float:
    return left + 20 + (PANEL - 40) * log10(size / sizes[0]) / log10(sizes[-1] / sizes[0])


def _y(seconds: float) -> float:
    share = log10(min(max(seconds, LOWEST), HIGHEST) / LOWEST) / log10(HIGHEST / LOWEST)
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share
