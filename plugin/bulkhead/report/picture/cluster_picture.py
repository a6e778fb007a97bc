"""The picture of a cluster: namespaces that are alike are one box, and an arrow is thicker where more is open."""

from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.record import record
from bulkhead.report.names.outside_names import Outside
from bulkhead.report.picture.picture import Arrow, ArrowKind, Box, Column, Picture
from bulkhead.report.reach.matrix import NO_PAIR, SOME, Matrix

MOST = 40
"""Boxes of a picture that anybody reads."""

_CLOSED = ("-", NO_PAIR)
_WIDEST = 6


@record
class TooLarge:
    """A cluster with this *number* of namespaces and networks, of which too few are alike for a picture."""

    number: int


def cluster_picture(answer: Reachability, outside: Outside, templates: bool) -> Picture | TooLarge:
    """Return the picture of what is open between the groups of *answer*; *templates*: see :class:`Matrix`."""
    matrix = Matrix(answer, outside, templates, screen=0)
    if not matrix.cells or len(matrix.names) > MOST:
        return TooLarge(matrix.groups)
    like = {f"{names[0]} +{len(names) - 1}": (names, word) for names, word in matrix.like}
    names = [_lines(name, matrix, like.get(name)) for name in matrix.names]
    boxes = [Box(Column.LEFT, ("from", *lines)) for lines in names]
    boxes += [Box(Column.RIGHT, ("to", *lines)) for lines in names]
    arrows: list[Arrow] = []
    for (word, targets), sources in _bundles(matrix.cells).items():
        width = _width(word, matrix)
        arrows += [Arrow(source, len(boxes), ArrowKind.STANDARD, (), width) for source in sources]
        arrows += [Arrow(len(boxes), len(names) + target, ArrowKind.STANDARD, (), width) for target in targets]
        boxes.append(Box(Column.MIDDLE, (_meaning(word, matrix),)))
    notes = (
        "left: sources; right: destinations; between them: the ports that are open",
        "the thicker an arrow, the more is open; without an arrow nothing is open",
    )
    semantics = answer.semantics
    cautions = () if semantics.measured else (f"read {semantics.description}",)
    return Picture("cluster", "", tuple(boxes), tuple(arrows), notes=(*notes, *cautions))


def _bundles(cells: list[list[str]]) -> dict[tuple[str, tuple[int, ...]], list[int]]:
    """Return the rows of *cells* by a word of them and the columns that have it: rows that are alike are together."""
    found: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for number, row in enumerate(cells):
        for word in dict.fromkeys(word for word in row if word not in _CLOSED):
            columns = tuple(at for at, each in enumerate(row) if each == word)
            found.setdefault((word, columns), []).append(number)
    return found


def _lines(name: str, matrix: Matrix, like: tuple[list[str], str] | None) -> tuple[str, ...]:
    """Return the lines of the box of a group: its names, and what is open from one of them to another."""
    names, between = like or ([name], "")
    lines = [", ".join(names[at : at + 3]) for at in range(0, min(len(names), 12), 3)]
    lines += [f"and {len(names) - 12} more"] if len(names) > 12 else []
    lines += [f"from one to another: {_meaning(between, matrix)}"] if between else []
    return tuple(lines)


def _meaning(word: str, matrix: Matrix) -> str:
    """Return what the *word* of a cell means, without its legend."""
    if word == SOME:
        return "some pods or ports"
    return {"-": "nothing"}.get(word, matrix.legend.get(word, word))


def _width(word: str, matrix: Matrix) -> int:
    """Return how thick the arrow of a cell is: the widest for everything, else by the number of ports or ranges."""
    spelt = matrix.legend.get(word, word)
    if spelt == "all":
        return _WIDEST
    if spelt.startswith("all"):
        return _WIDEST - 1
    return min(_WIDEST - 2, 1 + spelt.count(",") + spelt.count("-"))
