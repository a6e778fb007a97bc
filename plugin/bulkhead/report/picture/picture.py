"""A picture as values: boxes in three columns and arrows between them. It says nothing about a notation."""

from enum import Enum

from bulkhead.core.record import record


class Column(Enum):
    """Where a box is: who may come in is on the left, the pods of the namespace in the middle."""

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


class ArrowKind(Enum):
    """What an arrow means. Each kind has a line of its own, so that no colour is needed to read the picture."""

    STANDARD = "standard"
    OWN = "own"
    DENIED = "denied"
    OPEN = "open"
    OPENED = "opened"
    CLOSED = "closed"


@record
class Box:
    """A box with the text *lines*. *is_open*: nothing is denied by default to its pods, or by them."""

    column: Column
    lines: tuple[str, ...]
    is_open: bool = False


@record
class Arrow:
    """An arrow between two boxes, by their numbers, with a text in *lines*; *width* is how thick it is, from 1 to 6."""

    source: int
    target: int
    kind: ArrowKind
    lines: tuple[str, ...] = ()
    width: int = 1


@record
class Picture:
    """
    The *boxes* and *arrows* of a picture with its *title*, and the title of the box around the *middle* column.

    *is_walled*: what no rule allows is denied for every pod in both directions. *notes* are lines below the picture.
    """

    title: str
    middle: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    is_walled: bool = False
    notes: tuple[str, ...] = ()
