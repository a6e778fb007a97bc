"""``bulkhead schema``: print or write the JSON Schemas and reference pages, generated from the declaration."""

import os

from bulkhead.cli.console import CommandFailed, Console
from bulkhead.cli.options import Options, Parser, describe
from bulkhead.docgen.chart_schema import language, values_schema, with_table
from bulkhead.docgen.json_schema import KINDS, schema
from bulkhead.docgen.lint_page import checks_page
from bulkhead.docgen.presets import chart_values
from bulkhead.docgen.resource_page import reference
from bulkhead.io.files import Unreadable, Unwritable, text_of, write_files


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Print the JSON Schema of KIND, for editors and other tools. A file that people write names it in its\n"
        "first line: # yaml-language-server: $schema=PATH",
    )
    parser.add_argument("kind", nargs="?", metavar="KIND", choices=list(KINDS), help=" or ".join(KINDS))
    folder = parser.add_mutually_exclusive_group()
    folder.add_argument("-o", "--output", metavar="FOLDER", help="write the schemas and the reference pages there")
    folder.add_argument("--check", metavar="FOLDER", help="exit 1 where a file in FOLDER is stale")
    parser.add_argument("--chart", action="store_true", help="the generated files of the Helm chart in FOLDER instead")


def run(options: Options, console: Console) -> int:
    """Print a schema, or write or check the generated files."""
    if options.check:
        return _check(options.check, options.chart, console)
    if options.output:
        return _write(options.output, options.chart, console)
    if options.chart:
        console.write_exact(values_schema())
        return 0
    if options.kind is None:
        return console.error(f"which one? {' or '.join(KINDS)}")
    console.write_exact(schema(options.kind))
    return 0


def generated() -> dict[str, str]:
    """Return every generated file of docs/reference by name."""
    files = {f"{kind}.schema.json": schema(kind) for kind in KINDS}
    return files | {"resources.md": reference(), "lint.md": checks_page()}


def generated_in(chart: str) -> dict[str, str]:
    """
    Return every generated file of the chart in the folder *chart* by name.

    :raises Unreadable: where there is no README to put the table of values into; ValueError where it has no marks.
    """
    readme = with_table(text_of(os.path.join(chart, "README.md")))
    made = {"values.schema.json": values_schema(), "files/language.json": language(), "README.md": readme}
    return made | chart_values()


def _wanted(folder: str, chart: bool, console: Console) -> dict[str, str]:
    """
    Return the files that belong into *folder*.

    :raises CommandFailed: where they cannot be made; the reason is written.
    """
    try:
        return generated_in(folder) if chart else generated()
    except (Unreadable, ValueError) as error:
        console.file_error(os.path.join(folder, "README.md"), str(error))
        raise CommandFailed from None


def _write(folder: str, chart: bool, console: Console) -> int:
    wanted = _wanted(folder, chart, console)
    try:
        write_files({os.path.join(folder, name): text for name, text in wanted.items()})
    except Unwritable as error:
        return console.file_error(folder, error.message, error.hint)
    console.status_line(f"wrote {', '.join(wanted)} into {folder}")
    return 0


def _check(folder: str, chart: bool, console: Console) -> int:
    """Report each file in *folder* that differs from what would be generated now."""
    wanted = _wanted(folder, chart, console)
    stale = [path for name, text in wanted.items() if _text(path := os.path.join(folder, name)) != text]
    kind = " --chart" if chart else ""
    for path in stale:
        console.file_error(path, "stale", f"bulkhead schema{kind} -o {folder}")
    return int(bool(stale))


def _text(path: str) -> str | None:
    try:
        return text_of(path)
    except Unreadable:
        return None
