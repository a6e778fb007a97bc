"""Places as messages name them to somebody who edits the tree."""

import os

from bulkhead.core.diagnostics import Location


def near(at: Location) -> str:
    """Return *at* with its file as seen from the current folder."""
    return str(Location(os.path.relpath(at.file), at.line, at.column)) if at.file else str(at)
