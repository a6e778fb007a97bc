"""``bulkhead values``: what the overlays say, as values of the Helm chart."""

import os
import sys

import yaml

from bulkhead.analysis.overlay_tree import OverlayTree, load_overlay_tree
from bulkhead.cli.commands.render import compare, refuse
from bulkhead.core.diagnostics import sorted_diagnostics, spell
from bulkhead.core.language.resources import NamespaceSpec, SegmentedNamespace
from bulkhead.io.files import Unwritable, write_file
from bulkhead.io.kustomize.build import Failed, mirror
from bulkhead.io.kustomize.kustomization import NAMES, Graph
from bulkhead.io.resources.decode import decode
from bulkhead.io.resources.encode import difference, encode
from bulkhead.io.yaml.nodes import InvalidYaml, Raw, reads_as_text
from bulkhead.io.yaml.resource_stream import resources

_HEAD = """\
# Written by `bulkhead values`; edit the overlays instead. `false` and `null` remove what the standard has.
"""


class _ValuesFailed(Exception):
    """The overlays say what values cannot, and why."""


def values(folder: str, base: str | None, output: str | None, check: bool) -> int:
    """Write the values of the overlays in *folder* to *output* (``None``: stdout), or say whether it is up to date."""
    loaded = load_overlay_tree(folder)
    if loaded.faults:
        return refuse(loaded)
    try:
        text = _HEAD + _dumped(_values(loaded, _standard(base or _base(folder))))
    except _ValuesFailed as cannot:
        sys.stderr.write(f"bulkhead: error: {cannot}\n")
        return 2
    if output is None:
        sys.stdout.write(text)
        return 0
    try:
        if check:
            return compare(output, {"": text}, is_folder=False)
        write_file(output, text)
    except Unwritable as error:
        sys.stderr.write(f"{output}: error: {error}\n")
        return 2
    sys.stderr.write(f"bulkhead: {output}: values for {len(loaded.overlays)} overlays\n")
    return 0


def _base(folder: str) -> str:
    found = [os.path.join(folder, base) for base in ("base", "../../base")]
    for path in found:
        if any(os.path.isfile(os.path.join(path, name)) for name in NAMES):
            return os.path.normpath(path)
    raise _ValuesFailed(f"there is no folder `base` in {folder}: name it with --base DIR")


def _standard(base: str) -> NamespaceSpec:
    """Return the spec of the one SegmentedNamespace that the folder *base* has."""
    graph = Graph(base)
    for fault in graph.faults:
        raise _ValuesFailed(f"{fault.location.file}: {fault.message}")
    try:
        with mirror(graph) as copy:
            found = [
                each for each in resources(copy.build(graph.root)) if each.head.get("kind") == "SegmentedNamespace"
            ]
    except (Failed, InvalidYaml) as error:
        raise _ValuesFailed(f"{base}: {error.message}") from None
    if len(found) != 1:
        raise _ValuesFailed(f"{base} has {len(found)} SegmentedNamespaces: the standard is one")
    raw = found[0].value()
    metadata = raw.get("metadata")
    named = dict(metadata) if isinstance(metadata, dict) else {}
    made, problems = decode({**raw, "metadata": {"namespace": "standard", **named}})
    for problem in sorted_diagnostics(problems):
        raise _ValuesFailed(f"{base}: {spell(problem.location.path)}: {problem.message}")
    assert isinstance(made, SegmentedNamespace)
    return made.spec


def _values(loaded: OverlayTree, standard: NamespaceSpec) -> dict[str, Raw]:
    if not loaded.listed:
        raise _ValuesFailed("an outer kustomization changes what the overlays render, which values cannot say")
    profiles = {overlay.profile: folder for folder, overlay in loaded.overlays.items() if overlay.profile}
    if len(profiles) > 1:
        one, other = list(profiles.values())[:2]
        raise _ValuesFailed(
            f"{os.path.relpath(one)} and {os.path.relpath(other)} have different ClusterProfiles: a chart has one"
        )
    for folder, overlay in loaded.overlays.items():
        for kept in overlay.kept:
            named = f"{kept.head.get('kind')} `{kept.head.get('name')}`"
            raise _ValuesFailed(f"{os.path.relpath(folder)} renders the {named} too, which the chart does not")
    base = encode(standard)
    every = [each for overlay in loaded.overlays.values() for each in overlay.namespaces]
    return {
        "profile": encode(next(iter(profiles)).spec),
        "standard": base,
        "namespaces": {
            str(each.namespace): difference(base, encode(each.spec))
            for each in sorted(every, key=lambda each: each.namespace)
        },
    }


class _Dumper(yaml.SafeDumper):
    """Quotes whatever some version of YAML reads as something else than text."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if reads_as_text(text) or "\n" in text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _dumped(found: dict[str, Raw]) -> str:
    text: str = yaml.dump(
        found, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True
    )
    return text
