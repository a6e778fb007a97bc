"""The files that an installed bulkhead brings with it: the plugin as a build needs it, presets, pipelines."""

import ast
import hashlib
import os
from collections.abc import Iterator, Mapping

import bulkhead
from bulkhead.io.files import text_of

PACKAGE = os.path.dirname(os.path.abspath(bulkhead.__file__))
_SHIPPED = os.path.join(PACKAGE, "shipped")

ENTRY = "bulkhead/krm.py"
"""The module that `expand` runs, from the folder of the plugin."""

VERSION_FILE = "VERSION"
"""The file of a vendored plugin with its version and the checksum of each of its files."""

_TITLE = "# bulkhead-netpol "


def shipped(folder: str) -> dict[str, str]:
    """Return the text of each file in *folder* of the shipped ones, by name."""
    path = os.path.join(_SHIPPED, folder)
    return {name: text_of(os.path.join(path, name)) for name in sorted(os.listdir(path)) if not name.endswith("~")}


def plugin_files() -> dict[str, str]:
    """Return the text of each file of the plugin by path: the program, its configuration, the modules of a build."""
    return shipped("plugin") | dict(sorted(_modules().items()))


def version_file(files: Mapping[str, str]) -> str:
    """Return the text of the file of versions for the plugin *files*; `sha256sum -c` reads it too."""
    lines = [f"{_TITLE}{bulkhead.__version__}: written by `bulkhead vendor`. Do not edit these files."]
    lines += [f"{checksum(text)}  {path}" for path, text in sorted(files.items())]
    return "".join(f"{line}\n" for line in lines)


def version_and_checksums(text: str) -> tuple[str, dict[str, str]] | None:
    """Return the version and the checksum of each path that a file of versions has; ``None`` where it is none."""
    title, _, rest = text.partition("\n")
    version, colon, _ = title.removeprefix(_TITLE).partition(":")
    lines = [line.split("  ", 1) for line in rest.splitlines()]
    if not (title.startswith(_TITLE) and colon and lines and all(len(line) == 2 for line in lines)):
        return None
    return version, {path: digest for digest, path in lines}


def checksum(text: str | bytes) -> str:
    """Return the SHA-256 of *text*, in hexadecimal."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def _modules() -> dict[str, str]:
    """Return the text of `bulkhead/krm.py` and of each module of the package that it imports, also within functions."""
    found: dict[str, str] = {}
    pending = [ENTRY]
    while pending:
        path = pending.pop()
        if path in found:
            continue
        found[path] = text_of(os.path.join(os.path.dirname(PACKAGE), path))
        for module in _imported(ast.parse(found[path])):
            pending += _files_of(module)
    return found


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield each module of the package, or name in one, that *node* imports when it runs: not for types alone."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{each.name}" for each in node.names)
    elif isinstance(node, ast.Import):
        yield from (each.name for each in node.names)
    elif isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef, ast.If, ast.Try, ast.With, ast.For)):
        for child in ast.iter_child_nodes(node):
            yield from _imported(child)


def _files_of(module: str) -> Iterator[str]:
    """Yield the file of *module* of the package and those of the packages that it is in; none where it is no module."""
    parts = module.split(".")
    if parts[0] != "bulkhead":
        return
    folder = os.path.dirname(PACKAGE)
    for end in range(1, len(parts) + 1):
        path = "/".join(parts[:end])
        for file in (f"{path}/__init__.py", f"{path}.py"):
            if os.path.isfile(os.path.join(folder, file)):
                yield file
