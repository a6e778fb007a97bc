"""The files with pinned ranges: `base/ranges/github.yaml`, and the kustomization that lists them."""

import os
from collections.abc import Iterator

from bulkhead.core.diagnostics import Diagnostic, DiagnosticError
from bulkhead.core.language.provider_ranges import ProviderRanges, RangesSpec
from bulkhead.core.language.resources import API_VERSION
from bulkhead.io.files import text_of
from bulkhead.io.rendered.write_networkpolicy import plain
from bulkhead.io.resources.decode import RANGES_KIND, decode
from bulkhead.io.yaml.nodes import InvalidYaml, documents

KUSTOMIZATION = "kustomization.yaml"
_HEAD = """\
# Written by `bulkhead ranges update`. Review the difference; nobody edits this file.
"""


_SCHEMA = "# yaml-language-server: $schema=../../docs/reference/ProviderRanges.schema.json\n"


class NotPinned(DiagnosticError):
    """A file is no pinned ranges."""


def pinned_text(found: ProviderRanges) -> str:
    """Return the text of the file for *found*."""
    spec = found.spec
    lines = [f"apiVersion: {API_VERSION}", f"kind: {RANGES_KIND}", "metadata:", f"  name: {plain(found.name)}", "spec:"]
    lines += [f"  source: {_quoted(spec.source)}", f"  sha256: {_quoted(spec.sha256)}"]
    lines += [f"  fetched: {_quoted(spec.fetched)}"]
    if spec.version is not None:
        lines.append(f"  version: {_quoted(spec.version)}")
    for key, words in (("keepServices", spec.keep_services), ("keepRegions", spec.keep_regions), ("paths", spec.paths)):
        if words is not None:
            lines += [f"  {key}:", *(f"  - {_quoted(word)}" for word in words)]
    lines += [f"  count: {int(spec.count)}", "  sets:"]
    for each in spec.sets:
        lines += ["  - blocks:", *(f"    - {plain(str(block))}" for block in each.blocks)]
        lines += [
            f"    {key}: {_quoted(word)}" for key, word in (("region", each.region), ("service", each.service)) if word
        ]
    return _SCHEMA + _HEAD + "".join(f"{line}\n" for line in lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def kustomization_text(names: list[str]) -> str:
    """Return the kustomization that lists the files *names*."""
    return _HEAD + "".join(f"{line}\n" for line in ["resources:", *(f"- {name}" for name in sorted(names))])


def is_written_here(text: str) -> bool:
    """Say whether *text* of a file was written by ``ranges update``."""
    return text.startswith(_HEAD)


def pinned_names(folder: str) -> Iterator[str]:
    """Yield the names of the files in *folder* that may be pinned ranges, sorted; none where there is no folder."""
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if name.endswith(".yaml") and name != KUSTOMIZATION:
            yield name


def pinned_ranges(file: str) -> RangesSpec:
    """
    Return the ranges in *file*.

    :raises NotPinned: where it has anything else, or ranges that nobody wrote so.
    :raises Unreadable: where it cannot be read.
    """
    try:
        found = list(documents(text_of(file)))
    except InvalidYaml as refused:
        at = refused.diagnostic.in_file(file).location
        raise NotPinned(f"{at}: {refused.message}", refused.hint) from None
    if len(found) != 1 or not isinstance(found[0].value, dict) or found[0].value.get("kind") != RANGES_KIND:
        raise NotPinned(f"{file} is not one {RANGES_KIND}", "keep only pinned ranges in this folder")
    made, problems = decode(found[0].value)
    if not isinstance(made, ProviderRanges):
        first: Diagnostic = problems[0]
        (line, column), _ = found[0].place(first.location.path)
        raise NotPinned(f"{file}:{line}:{column}: {first.message}", first.hint)
    if f"{made.name}.yaml" != os.path.basename(file):
        raise NotPinned(f"{file} has the ranges of `{made.name}`", f"name the file {made.name}.yaml")
    return made.spec
