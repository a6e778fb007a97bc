"""Who reaches whom as a matrix by namespace, as wide as the terminal: what does not fit goes below."""

from collections.abc import Iterator, Sequence

from bulkhead.core.engine.queries import Connections, connections
from bulkhead.core.engine.reachability import FamilyReachability, Reachability
from bulkhead.core.explanation.pair import single_pods
from bulkhead.core.sets.port_spelling import short
from bulkhead.report.colour import Palette
from bulkhead.report.markdown import escaped
from bulkhead.report.outside_names import Outside

MOST = 120
"""Groups in a matrix that anybody reads."""

_LONGEST = 7
_SOME = "some"
_NO_PAIR = "."


class Matrix:
    """
    The groups of an answer, namespaces first, and the word for what is between each two of them.

    *legend* explains the letters that stand for longer lists of ports.
    """

    def __init__(self, answer: Reachability, outside: Outside, templates: bool) -> None:
        self.names = list(dict.fromkeys(name for layer in answer.layers for name in _groups(layer, outside)))
        self.legend: dict[str, str] = {}
        self.cells: list[list[str]] = []
        if len(self.names) > MOST:
            return
        found = [self.layer(layer, outside, templates) for layer in answer.layers]
        for row in range(len(self.names)):
            self.cells.append([self.word([one[row][column] for one in found]) for column in range(len(self.names))])

    def layer(self, layer: FamilyReachability, outside: Outside, templates: bool) -> list[tuple[Connections, ...]]:
        """Return a row for each group: what is between it and every group in one family."""
        groups = _groups(layer, outside)
        alone = single_pods(layer, templates)
        return list(connections(layer, [groups.get(name, 0) for name in self.names], alone))

    def word(self, found: list[Connections]) -> str:
        """Return one word for what the families have between two groups."""
        sets = {ports_of for each in found for ports_of in each.found}
        if not sets:
            return _NO_PAIR
        if len(sets) > 1:
            return _SOME
        spelt = short(sets.pop())
        return spelt if len(spelt) <= _LONGEST else self.letter(spelt)

    def letter(self, spelt: str) -> str:
        """Return the letter that stands for *spelt* in the legend."""
        for letter, known in self.legend.items():
            if known == spelt:
                return letter
        number = len(self.legend)
        letter = chr(ord("a") + number % 26) * (number // 26 + 1)
        self.legend[letter] = spelt
        return letter


def _groups(layer: FamilyReachability, outside: Outside) -> dict[str, int]:
    homes = {name or "host network": bits for name, bits in layer.universe.homes.items()}
    if layer.universe.hosts:
        homes["host network"] = layer.universe.hosts
    ordered = sorted(homes, key=lambda name: ("*" in name, name == "host network", name))
    return {name: homes[name] for name in ordered} | outside.groups(layer.universe)


def text(matrix: Matrix, columns: int, paint: Palette) -> str:
    """Return the matrix in blocks of at most *columns*, and its legend."""
    if len(matrix.names) > MOST:
        return (
            f"{len(matrix.names)} namespaces and networks: too many for a matrix.\n"
            "Filter with --from and --to, or write --format json.\n"
        )
    size = max((len(word) for row in matrix.cells for word in row), default=1)
    size = max(size, len(str(len(matrix.names))))
    label = max(8, max(map(len, matrix.names), default=0) + len(str(len(matrix.names))) + 1)
    fit = max(1, (columns - label) // (size + 1))
    lines: list[str] = []
    for start in range(0, len(matrix.names), fit):
        lines += [*_block(matrix, range(start, min(start + fit, len(matrix.names))), size, label, paint), ""]
    return "\n".join([*lines, *_legend(matrix, paint)]) + "\n"


def _block(matrix: Matrix, shown: Sequence[int], size: int, label: int, paint: Palette) -> Iterator[str]:
    head = "".join(f" {number + 1:>{size}}" for number in shown)
    yield paint.faint(f"{'from, to':<{label}}{head}")
    wide = len(str(len(matrix.names)))
    for number, name in enumerate(matrix.names):
        cells = "".join(f" {_painted(matrix.cells[number][column], size, paint)}" for column in shown)
        yield f"{number + 1:>{wide}} {name:<{label - wide - 1}}{cells}"


def _painted(word: str, size: int, paint: Palette) -> str:
    padded = f"{word:>{size}}"
    if word in ("-", _NO_PAIR):
        return paint.faint(padded)
    return paint.odd(padded) if word == "all" else padded


def _legend(matrix: Matrix, paint: Palette) -> Iterator[str]:
    used = {word for row in matrix.cells for word in row}
    known = {
        "all": "every port and protocol",
        "443": "that TCP port alone; 53/UDP another protocol's",
        "-": "nothing",
        _NO_PAIR: "no pair",
        _SOME: "some of the pods, or not the same ports for all: `bulkhead reach --from A --to B` lists them",
    }
    for word, meaning in known.items():
        if word in used or word == "443":
            yield f"{paint.bold(f'{word:<5}')} {meaning}"
    for letter, spelt in matrix.legend.items():
        yield f"{paint.bold(f'{letter:<5}')} {spelt}"
    if any(name.startswith("*") for name in matrix.names):
        yield f"{paint.bold('*    ')} any namespace that is not listed"


def markdown(matrix: Matrix) -> str:
    """Return the matrix as a table of GitHub's Markdown."""
    if len(matrix.names) > MOST:
        return text(matrix, 0, Palette())
    names = [escaped(name) for name in matrix.names]
    lines = [f"| from \\ to | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| **{name}** | {' | '.join(row)} |" for name, row in zip(names, matrix.cells, strict=True)]
    legend = [escaped(line) for line in _legend(matrix, Palette())]
    return "\n".join([*lines, "", *(f"- {line}" for line in legend)]) + "\n"
