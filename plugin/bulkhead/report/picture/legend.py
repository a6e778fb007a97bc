"""What the lines of a picture mean, in words: a reader needs no colour."""

from bulkhead.report.picture.picture import ArrowKind, Picture

_MEANINGS = {
    ArrowKind.STANDARD: "thin arrow: the standard pattern",
    ArrowKind.OWN: "thick arrow: the namespace's own rule",
    ArrowKind.DENIED: "dashed line with a bar or a cross: denied by default",
    ArrowKind.OPEN: "thick arrow with two heads: nothing is denied",
    ArrowKind.OPENED: "thick arrow: opens",
    ArrowKind.CLOSED: "dotted arrow: closes",
}

LONGEST = 80
"""Characters of one line of a picture."""


def legend(picture: Picture) -> list[str]:
    """Return a line for each kind of arrow in *picture* that says what it means, and the notes of *picture*."""
    used = {each.kind for each in picture.arrows}
    words = [meaning for kind, meaning in _MEANINGS.items() if kind in used]
    return [*(words if picture.middle else []), *picture.notes]


def cut_line(text: str) -> str:
    """Return *text* as one line of at most ``LONGEST`` characters."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
