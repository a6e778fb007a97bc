"""``bulkhead schema``: the JSON Schemas and reference pages, generated from the declaration."""

import os
import sys

from bulkhead.docgen.chart_schema import language, values_schema, with_table
from bulkhead.docgen.json_schema import KINDS, schema
from bulkhead.docgen.lint_page import checks_page
from bulkhead.docgen.resource_page import reference
from bulkhead.io.files import Unwritable, write_file


def generated() -> dict[str, str]:
    """Return every generated file of docs/reference by name."""
    files = {f"{kind}.schema.json": schema(kind) for kind in KINDS}
    return files | {"resources.md": reference(), "lint.md": checks_page()}


def generated_in(chart: str) -> dict[str, str]:
    """
    Return every generated file of the chart in the folder *chart* by name.

    :raises OSError: where there is no README to put the table of values into; ValueError where it has no marks.
    """
    with open(os.path.join(chart, "README.md"), encoding="utf-8") as file:
        readme = with_table(file.read())
    return {"values.schema.json": values_schema(), "files/language.json": language(), "README.md": readme}


def show(kind: str | None, chart: bool) -> int:
    """Print one schema, or say which there are."""
    if chart:
        sys.stdout.write(values_schema())
        return 0
    if kind is None:
        sys.stderr.write(f"bulkhead: error: which one? {' or '.join(KINDS)}\n")
        return 2
    sys.stdout.write(schema(kind))
    return 0


def _wanted(folder: str, chart: bool) -> dict[str, str] | None:
    """Return the files that belong into *folder*; ``None``, and why on stderr, where they cannot be made."""
    try:
        return generated_in(folder) if chart else generated()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{os.path.join(folder, 'README.md')}: error: {error}\n")
        return None


def write(folder: str, chart: bool) -> int:
    """Write every generated file into *folder*."""
    wanted = _wanted(folder, chart)
    if wanted is None:
        return 2
    for name, text in wanted.items():
        try:
            write_file(os.path.join(folder, name), text)
        except Unwritable as error:
            sys.stderr.write(f"{os.path.join(folder, name)}: error: {error}\n")
            return 2
    sys.stderr.write(f"bulkhead: wrote {', '.join(wanted)} into {folder}\n")
    return 0


def check(folder: str, chart: bool) -> int:
    """Say whether the files in *folder* are what would be generated now."""
    wanted = _wanted(folder, chart)
    if wanted is None:
        return 2
    stale, kind = [], " --chart" if chart else ""
    for name, text in wanted.items():
        path = os.path.join(folder, name)
        try:
            with open(path, encoding="utf-8") as file:
                fresh = file.read() == text
        except OSError:
            fresh = False
        if not fresh:
            stale.append(path)
    for path in stale:
        sys.stderr.write(f"{path}: error: stale\nhint: bulkhead schema{kind} -o {folder}\n")
    return int(bool(stale))
