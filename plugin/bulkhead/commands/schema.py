"""``bulkhead schema``: the JSON Schemas and reference pages, generated from the declaration."""

import os
import sys

from bulkhead.io.files import Unwritable, write_file
from bulkhead.report.checks import checks_page
from bulkhead.report.reference import reference
from bulkhead.report.schema import KINDS, schema


def generated() -> dict[str, str]:
    """Return every generated file of docs/reference by name."""
    files = {f"{kind}.schema.json": schema(kind) for kind in KINDS}
    return files | {"resources.md": reference(), "lint.md": checks_page()}


def show(kind: str | None) -> int:
    """Print one schema, or say which there are."""
    if kind is None:
        sys.stderr.write(f"bulkhead: error: which one? {' or '.join(KINDS)}\n")
        return 2
    sys.stdout.write(schema(kind))
    return 0


def write(folder: str) -> int:
    """Write every generated file into *folder*."""
    for name, text in generated().items():
        try:
            write_file(os.path.join(folder, name), text)
        except Unwritable as error:
            sys.stderr.write(f"{os.path.join(folder, name)}: error: {error}\n")
            return 2
    sys.stderr.write(f"bulkhead: wrote {', '.join(generated())} into {folder}\n")
    return 0


def check(folder: str) -> int:
    """Say whether the files in *folder* are what would be generated now."""
    stale = []
    for name, text in generated().items():
        path = os.path.join(folder, name)
        try:
            with open(path, encoding="utf-8") as file:
                fresh = file.read() == text
        except OSError:
            fresh = False
        if not fresh:
            stale.append(path)
    for path in stale:
        sys.stderr.write(f"{path}: error: stale\nhint: bulkhead schema -o {folder}\n")
    return int(bool(stale))
