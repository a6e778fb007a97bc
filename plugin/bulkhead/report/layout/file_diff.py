"""What would change in a file that is rendered, for a person to read."""

import difflib


def file_diff(path: str, before: str, after: str) -> str:
    """Return how the text of the file at *path* differs from what it would be now, as a unified diff; empty if not."""
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), path, f"{path} (rendered now)")
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)
