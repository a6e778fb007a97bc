"""
Measurements as a drawing: SVG that follows the reader's light or dark page.

Written out here, because the plotting libraries know nothing of a page's colours, and are many times the size of
all that this project installs, for four lines.
"""

from collections.abc import Sequence
from math import log10

from enforcement.lag.measure import WAYS, Lag, Spread

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 128, 56
LOWEST, HIGHEST = 0.1, 10_000.0
TICKS = {0.1: "0.1 ms", 1: "1 ms", 10: "10 ms", 100: "100 ms", 1_000: "1 s", 10_000: "10 s"}

STYLE = """
  svg { font: 14px system-ui, sans-serif; }
  .page { fill: #ffffff; } text { fill: #1f2328; } .faint { fill: #59636e; }
  .grid { stroke: #d1d9e0; } .line { fill: none; stroke-width: 2; } .bar { stroke-width: 2; }
  .s0 { stroke: #0969da; } .f0 { fill: #0969da; }
  .s1 { stroke: #1a7f37; } .f1 { fill: #1a7f37; }
  .s2 { stroke: #9a6700; } .f2 { fill: #9a6700; }
  .s3 { stroke: #cf222e; stroke-dasharray: 6 4; } .f3 { fill: #cf222e; } .bar.s3 { stroke-dasharray: none; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #f0f6fc; } .faint { fill: #9198a1; } .grid { stroke: #3d444d; }
    .s0 { stroke: #4493f8; } .f0 { fill: #4493f8; } .s1 { stroke: #3fb950; } .f1 { fill: #3fb950; }
    .s2 { stroke: #d29922; } .f2 { fill: #d29922; } .s3 { stroke: #f85149; } .f3 { fill: #f85149; }
  }
"""


def drawing(lags: Sequence[Lag]) -> str:
    """Return the medians as lines over the number of pods, with bars from the least to the most."""
    sizes = list(dict.fromkeys(lag.pods for lag in lags))
    series = [(f"gets through, {way}", [lag.through for lag in lags if lag.way == way]) for way in WAYS]
    series.append(("forbidden egress still works", [_widest([lag.unguarded for lag in lags if lag.pods == size]) for size in sizes]))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">',
        '<title id="title">How long after its start a new pod gets through, and is not held back</title>',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        '<text x="20" y="30" font-size="17" font-weight="600">A new pod, after it appears in the API</text>',
        *_legend([name for name, _ in series]),
        *_axes(sizes),
        *(mark for at, (_, spreads) in enumerate(series) for mark in _series(at, spreads)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _widest(spreads: list[Spread]) -> Spread:
    """Return the spread of all ways: a policy's own way has no part in when the pod is held back."""
    middle = sorted(each.median for each in spreads)[len(spreads) // 2]
    return Spread(min(each.least for each in spreads), middle, max(each.most for each in spreads))


def _x(at: int, many: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (at + 0.5) / many


def _y(value: float) -> float:
    share = (log10(min(max(value, LOWEST), HIGHEST)) - log10(LOWEST)) / (log10(HIGHEST) - log10(LOWEST))
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _legend(names: list[str]) -> list[str]:
    marks = []
    for at, name in enumerate(names):
        x, y = 20 + 340 * (at % 2), 60 + 26 * (at // 2)
        marks += [
            f'<line class="line s{at}" x1="{x}" y1="{y - 5}" x2="{x + 28}" y2="{y - 5}"/>',
            f'<circle class="f{at}" cx="{x + 14}" cy="{y - 5}" r="4"/>',
            f'<text x="{x + 38}" y="{y}">{name}</text>',
        ]
    return marks


def _axes(sizes: list[int]) -> list[str]:
    marks = []
    for value, label in TICKS.items():
        y = _y(value)
        marks += [
            f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>',
            f'<text class="faint" x="{LEFT - 10}" y="{y + 5:.1f}" text-anchor="end">{label}</text>',
        ]
    for at, size in enumerate(sizes):
        x = _x(at, len(sizes))
        marks.append(f'<text class="faint" x="{x:.1f}" y="{HEIGHT - BOTTOM + 24}" text-anchor="middle">{size} pods</text>')
    return marks


def _series(number: int, spreads: list[Spread]) -> list[str]:
    aside = (number - 1.5) * 12  # so that no bar hides another
    points = [(_x(at, len(spreads)) + aside, spread) for at, spread in enumerate(spreads)]
    path = " ".join(f"{x:.1f},{_y(spread.median):.1f}" for x, spread in points)
    marks = [f'<polyline class="line s{number}" points="{path}"/>']
    for x, spread in points:
        marks += [
            f'<line class="bar s{number}" x1="{x:.1f}" y1="{_y(spread.least):.1f}" x2="{x:.1f}" y2="{_y(spread.most):.1f}"/>',
            f'<circle class="f{number}" cx="{x:.1f}" cy="{_y(spread.median):.1f}" r="4"/>',
        ]
    return marks
