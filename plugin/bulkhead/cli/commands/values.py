"""``bulkhead values``: write the overlays as values of the Helm chart."""

import os
from collections.abc import Mapping
from typing import Any

import yaml

from bulkhead.analysis.overlays.overlay import Overlay
from bulkhead.analysis.overlays.overlay_tree import OverlayTree, load_overlay_tree
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.inputs import status_of
from bulkhead.cli.options import Options, Parser, describe, folder_options
from bulkhead.cli.output_paths import check_output
from bulkhead.cli.rendered_files import compare
from bulkhead.core.diagnostics import DiagnosticError, sorted_diagnostics, spell
from bulkhead.core.expansion.provider_peers import provider_blocks
from bulkhead.core.language.resources import (
    ClusterProfile,
    EgressRule,
    IngressRule,
    NamespaceSpec,
    Peer,
    ProfileSpec,
    SegmentedNamespace,
    Workload,
)
from bulkhead.core.language.scalars import Cidr
from bulkhead.core.record import FrozenMap, fields_of, replaced
from bulkhead.io.files import Unwritable, write_file
from bulkhead.io.kustomize.build import Failed, mirror
from bulkhead.io.kustomize.kustomization import NAMES, Graph
from bulkhead.io.resources.decode import decode
from bulkhead.io.resources.encode import difference, encode
from bulkhead.io.yaml.nodes import InvalidYaml, Raw, looks_like_date, reads_as_text
from bulkhead.io.yaml.resource_stream import resources

_HEAD = """\
# Written by `bulkhead values`; edit the overlays instead. `false` and `null` remove what the standard has.
"""


class ValuesError(DiagnosticError):
    """The chart's values cannot express what the overlays contain."""


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Write what the overlays below DIR say as values for charts/netpol: the profile, the standard pattern, and\n"
        "for each namespace what differs from it. The chart renders the same policies from them. docs/how-to/helm.md",
    )
    folder_options(parser)
    parser.add_argument("--base", metavar="DIR",
                        help="the folder with the standard pattern (default: base at the root)")  # fmt: skip
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file (default: print)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; show the difference and exit 1 where FILE is stale"
    )


def run(options: Options, console: Console) -> int:
    """Write the values of the overlays, or with ``--check`` return 1 where the written file is stale."""
    if options.check and options.output is None:
        raise UsageError("--check needs -o FILE, the file to check")
    tree = load_overlay_tree(options.dir)
    if tree.faults:
        console.refuse(tree.faults, "no values were written", status_of(tree.faults, options.dir))
    text = _HEAD + _dumped(_values(tree, _standard(options.base or _base(options.dir))))
    if options.output is None:
        console.write_exact(text)
        return 0
    try:
        if options.check:
            return compare(options.output, {"": text}, is_folder=False, console=console)
        check_output(options.output, tree)
        write_file(options.output, text)
    except Unwritable as error:
        return console.file_error(options.output, error.message, error.hint)
    console.status_line(f"{options.output}: values for {len(tree.overlays)} overlays")
    return 0


def _base(folder: str) -> str:
    found = [os.path.join(folder, base) for base in ("base", "../../base")]
    for path in found:
        if any(os.path.isfile(os.path.join(path, name)) for name in NAMES):
            return os.path.normpath(path)
    raise ValuesError(f"there is no folder `base` in {folder}: name it with --base DIR")


def _standard(base: str) -> NamespaceSpec:
    """Return the spec of the one SegmentedNamespace that the folder *base* has."""
    graph = Graph(base)
    for fault in graph.faults:
        raise ValuesError(f"{fault.location.file}: {fault.message}")
    try:
        with mirror(graph) as copy:
            found = [
                each for each in resources(copy.build(graph.root)) if each.head.get("kind") == "SegmentedNamespace"
            ]
    except (Failed, InvalidYaml) as error:
        raise ValuesError(f"{base}: {error.message}") from None
    if len(found) != 1:
        raise ValuesError(f"{base} has {len(found)} SegmentedNamespaces: the standard is one")
    raw = found[0].value()
    metadata = raw.get("metadata")
    named = dict(metadata) if isinstance(metadata, dict) else {}
    made, problems = decode({**raw, "metadata": {"namespace": "standard", **named}})
    for problem in sorted_diagnostics(problems):
        raise ValuesError(f"{base}: {spell(problem.location.path)}: {problem.message}")
    assert isinstance(made, SegmentedNamespace)
    return made.spec


def _values(loaded: OverlayTree, standard: NamespaceSpec) -> dict[str, Raw]:
    if not loaded.listed:
        raise ValuesError("an outer kustomization changes what the overlays render, which values cannot express")
    profiles = {overlay.profile: folder for folder, overlay in loaded.overlays.items() if overlay.profile}
    if len(profiles) > 1:
        one, other = list(profiles.values())[:2]
        raise ValuesError(
            f"{os.path.relpath(one)} and {os.path.relpath(other)} have different ClusterProfiles: a chart has one"
        )
    for folder, overlay in loaded.overlays.items():
        for kept in overlay.kept:
            named = f"{kept.head.get('kind')} `{kept.head.get('name')}`"
            raise ValuesError(f"{os.path.relpath(folder)} renders the {named} too, which the chart does not")
    for folder, overlay in loaded.overlays.items():
        _check_whole(folder, overlay)
    profile = next(iter(profiles))
    base = encode(_in_blocks(standard, profile))
    every = [each for overlay in loaded.overlays.values() for each in overlay.namespaces]
    return {
        "profile": encode(_in_blocks(profile.spec, profile)),
        "standard": base,
        "namespaces": {
            str(each.namespace): difference(base, encode(_in_blocks(each.spec, profile)))
            for each in sorted(every, key=lambda each: each.namespace)
        },
    }


def _check_whole(folder: str, overlay: Overlay) -> None:
    """Refuse a rule that is rendered as several policies, which have the same notes: the chart renders one."""
    seen: dict[tuple[object, ...], int] = {}
    for policy in overlay.policies:
        key = policy.namespace, policy.pods, policy.ingress is None, policy.annotations
        seen[key] = seen.get(key, 0) + sum(len(rule.peers or ()) for rule in policy.rules)
        if key in seen and seen[key] > sum(len(rule.peers or ()) for rule in policy.rules):
            said = f"{os.path.relpath(folder)} renders a rule as several policies, of more than {seen[key]} blocks"
            raise ValuesError(said, "select fewer ranges, or write `widen: N` for at most N blocks")


def _in_blocks(value: Any, profile: ClusterProfile) -> Any:
    """Return *value*, a spec, with the ranges of providers written out: the chart has none."""
    if isinstance(value, Peer) and value.ranges is not None:
        return Peer(cidr=tuple(map(Cidr.parse, provider_blocks(profile.ranges, value))))
    if isinstance(value, tuple):
        return tuple(_in_blocks(each, profile) for each in value)
    if isinstance(value, Mapping):
        return FrozenMap({key: _in_blocks(each, profile) for key, each in value.items()})
    if isinstance(value, (ProfileSpec, NamespaceSpec, Workload, IngressRule, EgressRule)):
        return replaced(value, **{name: _in_blocks(getattr(value, name), profile) for name in fields_of(type(value))})
    return value


class _Dumper(yaml.SafeDumper):
    """Quotes text that some version of YAML reads as another type."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if "\n" in text or (reads_as_text(text) and not looks_like_date(text)) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _dumped(found: dict[str, Raw]) -> str:
    text: str = yaml.dump(
        found, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True
    )
    return text
