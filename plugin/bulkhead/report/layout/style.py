"""How a report is written for one reader."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from bulkhead.core.record import record
from bulkhead.report.layout.colour import PLAIN, Palette
from bulkhead.report.layout.cut import SHORT, Cut
from bulkhead.report.layout.permalinks import Forge

Report = TypeVar("Report")


@record
class Style:
    """
    Files are named relative to *folder*; lines for a terminal have the colours of *palette* and a *width*.

    *cut* says where long lists end. *root* is the folder of the repository, from which code scanning names files.
    *forge* is where a reader finds the lines of commits, if that is known. *columns* are those of a terminal, 0
    where the output is none: lines of a file or a pipe are not broken.
    """

    folder: str = "."
    palette: Palette = PLAIN
    width: int = 120
    cut: Cut = SHORT
    root: str = "."
    forge: Forge | None = None
    columns: int = 0


Formats: TypeAlias = Mapping[str, Callable[[Report, Style], str]]
"""The formats of one report by the name that ``--format`` takes. The first is the default."""
