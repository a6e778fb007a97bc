"""Who reaches whom as a matrix by namespace, as wide as the terminal: what does not fit goes below."""

from collections.abc import Iterator, Sequence

from bulkhead.core.engine.alike import Cell, GroupCells, alike, group_cells
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, port_set
from bulkhead.core.explanation.pair import single_pods
from bulkhead.core.sets.port_spelling import short
from bulkhead.report.layout.colour import Palette
from bulkhead.report.layout.cut import SHORT, Cut
from bulkhead.report.layout.markdown import escaped
from bulkhead.report.names.outside_names import Outside

MOST = 120
"""Rows of a matrix that anybody reads."""

SCREEN = 24
"""Rows that a terminal shows at once. A matrix of no more has a row for each namespace."""

_NAMES = 6
_LONGEST = 7
SOME = "some"
NO_PAIR = "."

Between = tuple[Cell, ...]
"""What is between two groups, for each address family."""


class Matrix:
    """
    The groups of an answer, namespaces first, and the text of the cell for each pair of groups.

    Where they are more than a *screen* shows, namespaces that are alike are one row and one column, the name of which
    says how many they are. *like* has all names of such a row, and the text of the cell for a pair of them. *legend*
    explains the letters that represent longer lists of ports. *groups* is the number of namespaces and networks; there
    are no *cells* where the rows are too many.
    """

    def __init__(
        self, answer: Reachability, outside: Outside, templates: bool, cut: Cut = SHORT, screen: int = SCREEN
    ) -> None:
        outer = [outside.groups(layer.space) for layer in answer.layers]
        parts = [inner_groups(layer) | those for layer, those in zip(answer.layers, outer, strict=True)]
        groups = list(dict.fromkeys(name for each in parts for name in each))
        self.groups = len(groups)
        self.answer = answer
        self.names: list[str] = []
        self.like: list[tuple[list[str], str]] = []
        self.legend: dict[str, str] = {}
        self.cells: list[list[str]] = []
        whole = cut.whole or len(groups) <= screen
        if whole and len(groups) > MOST:
            return
        layers = [
            group_cells(layer, [each.get(name, 0) for name in groups], single_pods(layer, templates))
            for layer, each in zip(answer.layers, parts, strict=True)
        ]
        found = [each for each in layers if each]
        if len(found) < len(layers):
            return
        kinds, between = over_families(found)
        rows = alike(between, [whole or any(name in each for each in outer) for name in groups], MOST)
        if len(rows) > MOST:
            return
        self.names = [groups[row[0]] + (f" +{len(row) - 1}" if len(row) > 1 else "") for row in rows]
        self.cells = [[self.word(kinds[between[row[0]][column[0]]]) for column in rows] for row in rows]
        for row in rows:
            if len(row) > 1:
                self.like.append(([groups[number] for number in row], self.word(kinds[between[row[0]][row[1]]])))

    def word(self, found: Between) -> str:
        """Return one word for what the families have between two groups."""
        sets = {
            port_set(layer, port_cells)
            for layer, cell in zip(self.answer.layers, found, strict=True)
            for port_cells in cell
        }
        if not sets:
            return NO_PAIR
        if len(sets) > 1:
            return SOME
        spelt = short(sets.pop())
        return spelt if len(spelt) <= _LONGEST else self.letter(spelt)

    def letter(self, spelt: str) -> str:
        """Return the letter that represents *spelt* in the legend."""
        for letter, known in self.legend.items():
            if known == spelt:
                return letter
        number = len(self.legend)
        letter = chr(ord("a") + number % 26) * (number // 26 + 1)
        self.legend[letter] = spelt
        return letter


def over_families(found: Sequence[GroupCells]) -> tuple[list[Between], list[list[int]]]:
    """Return what there is between two groups over all families, and a row for each group: the places in that list."""
    if len(found) == 1:
        return [(cell,) for cell in found[0].kinds], found[0].rows
    known: dict[tuple[int, ...], int] = {}
    rows = [
        [known.setdefault(places, len(known)) for places in zip(*lines, strict=True)]
        for lines in zip(*(each.rows for each in found), strict=True)
    ]
    return [tuple(each.kinds[at] for each, at in zip(found, places, strict=True)) for places in known], rows


def inner_groups(layer: FamilyReachability) -> dict[str, int]:
    """Return the members of *layer* that are pods, by namespace; namespaces that are not listed come last."""
    groups = {name or "host network": bits for name, bits in layer.space.by_namespace.items()}
    if layer.space.hosts:
        groups["host network"] = layer.space.hosts
    ordered = sorted(groups, key=lambda name: ("*" in name, name == "host network", name))
    return {name: groups[name] for name in ordered}


def text(matrix: Matrix, columns: int, paint: Palette, cut: Cut = SHORT) -> str:
    """Return the matrix in blocks of at most *columns*, and its legend."""
    if not matrix.cells:
        return (
            f"{matrix.groups} namespaces and networks that are not alike: too many for a matrix.\n"
            "Filter with --from and --to, or write --format json.\n"
        )
    size = max((len(word) for row in matrix.cells for word in row), default=1)
    size = max(size, len(str(len(matrix.names))))
    label = max(8, max(map(len, matrix.names), default=0) + len(str(len(matrix.names))) + 1)
    fit = max(1, (columns - label) // (size + 1))
    lines: list[str] = []
    for start in range(0, len(matrix.names), fit):
        lines += [*_block(matrix, range(start, min(start + fit, len(matrix.names))), size, label, paint), ""]
    return "\n".join([*lines, *_legend(matrix, paint, cut)]) + "\n"


def _block(matrix: Matrix, shown: Sequence[int], size: int, label: int, paint: Palette) -> Iterator[str]:
    head = "".join(f" {number + 1:>{size}}" for number in shown)
    yield paint.faint(f"{'from, to':<{label}}{head}")
    wide = len(str(len(matrix.names)))
    for number, name in enumerate(matrix.names):
        cells = "".join(f" {_painted(matrix.cells[number][column], size, paint)}" for column in shown)
        yield f"{number + 1:>{wide}} {name:<{label - wide - 1}}{cells}"


def _painted(word: str, size: int, paint: Palette) -> str:
    padded = f"{word:>{size}}"
    if word in ("-", NO_PAIR):
        return paint.faint(padded)
    return paint.odd(padded) if word == "all" else padded


def _legend(matrix: Matrix, paint: Palette, cut: Cut) -> Iterator[str]:
    used = {word for row in matrix.cells for word in row} | {word for _, word in matrix.like}
    known = {
        "all": "every port and protocol",
        "443": "that TCP port alone; 53/UDP another protocol's",
        "-": "nothing",
        NO_PAIR: "no pair",
        SOME: "some of the pods, or not the same ports for all: `bulkhead reach --from A --to B` lists them",
    }
    for word, meaning in known.items():
        if word in used or word == "443":
            yield f"{paint.bold(f'{word:<5}')} {meaning}"
    for letter, spelt in matrix.legend.items():
        yield f"{paint.bold(f'{letter:<5}')} {spelt}"
    if any(name.startswith("*") for name in matrix.names):
        yield f"{paint.bold('*    ')} any namespace that is not listed"
    for names, word in matrix.like:
        title = paint.bold(f"{names[0]} +{len(names) - 1}")
        yield f"{title} is {len(names)} namespaces that are alike: {cut.row(names, _NAMES)}"
        yield f"      its own column is within each of them; from one of them to another: {word}"


def markdown(matrix: Matrix, cut: Cut = SHORT) -> str:
    """Return the matrix as a table of GitHub's Markdown."""
    if not matrix.cells:
        return text(matrix, 0, Palette())
    names = [escaped(name) for name in matrix.names]
    lines = [f"| from \\ to | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| **{name}** | {' | '.join(row)} |" for name, row in zip(names, matrix.cells, strict=True)]
    legend = [escaped(line.strip()) for line in _legend(matrix, Palette(), cut)]
    return "\n".join([*lines, "", *(f"- {line}" for line in legend)]) + "\n"
