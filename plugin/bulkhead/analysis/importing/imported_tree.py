"""A tree of overlays for policies that exist: its files, and what could not be said in it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bulkhead.analysis.importing.imported_facts import ImportedFacts
from bulkhead.analysis.importing.written_overlays import OverlayWriter
from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.expansion.peers import Peers, pod_peer
from bulkhead.core.importing.first_promises import closed_to_internet
from bulkhead.core.importing.imported_namespaces import (
    ImportedNamespace,
    Kept,
    Origin,
    RawPolicy,
    Standard,
    imported_namespaces,
    standard_pattern,
)
from bulkhead.core.importing.imported_rules import ImportedRule, Written
from bulkhead.core.importing.peer_names import peer_names
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.language.resources import (
    API_GROUP,
    ClusterProfile,
    NamespaceSpec,
    Peer,
    Rule,
    SegmentedNamespace,
)
from bulkhead.core.language.scalars import Name
from bulkhead.core.record import FrozenMap
from bulkhead.io.files import text_of
from bulkhead.io.resources.decode import decode
from bulkhead.io.resources.overlay_text import kustomization_text, resource_text, root_text
from bulkhead.io.yaml.nodes import Raw, documents

PROMISES = "tests/reachability/imported.yaml"
"""The first reachability test of a new tree."""


class ImportFailed(DiagnosticError):
    """There is nothing to import, or no place for it."""


@dataclass
class ImportedTree:
    """
    The *files* to write, by path below the tree, for the *namespaces*; *standard* rules are shared.

    *base*: the tree had a base before, which stays as it is.
    """

    files: dict[str, str]
    namespaces: dict[str, ImportedNamespace]
    standard: Standard
    base: bool

    @property
    def raw(self) -> list[RawPolicy]:
        """The policies that stay as they are."""
        return [each for namespace in self.namespaces.values() for each in namespace.raw]


@dataclass(frozen=True)
class KnownBase:
    """The *profile* and the standard *pattern*, of *name*, of a tree that exists."""

    profile: ClusterProfile
    name: str
    pattern: NamespaceSpec


def known_base(folder: str) -> KnownBase | None:
    """
    Return the base of the tree in *folder*, ``None`` where there is no tree.

    :raises ImportFailed: where the base cannot be read.
    """
    base = os.path.join(folder, "base")
    if not os.path.isdir(base):
        return None
    found: dict[type, object] = {}
    names: dict[type, str] = {}
    for file in sorted(os.listdir(base)):
        for document in documents(text_of(os.path.join(base, file))) if file.endswith((".yaml", ".yml")) else ():
            value = document.value
            if isinstance(value, dict) and str(value.get("apiVersion")).startswith(API_GROUP):
                metadata = value.get("metadata")
                name = str(metadata.get("name")) if isinstance(metadata, dict) else ""
                placed: dict[str, Raw] = {**value, "metadata": {"name": name, "namespace": "x"}}
                made, problems = decode(placed)
                if made is None:
                    raise ImportFailed(f"{os.path.join(base, file)}: {problems[0].message}", problems[0].hint)
                found[type(made)], names[type(made)] = made, name
    profile, pattern = found.get(ClusterProfile), found.get(SegmentedNamespace)
    if not isinstance(profile, ClusterProfile) or not isinstance(pattern, SegmentedNamespace):
        raise ImportFailed(
            f"{base} has no ClusterProfile and SegmentedNamespace", "name a folder that is not there yet"
        )
    return KnownBase(profile, names[SegmentedNamespace], pattern.spec)


def imported_tree(
    policies: Iterable[NetworkPolicy], origin: Origin, facts: ImportedFacts, kept: Kept, base: KnownBase | None
) -> ImportedTree:
    """Return the tree for *policies* of a cluster with these *facts*, or what is added to the one with *base*."""
    namespaces = imported_namespaces(policies, origin, facts.enforcer, kept)
    known = _named_peers(base) if base else {}
    if base:
        names, standard, name = known, _written_pattern(base, known), base.name
    else:
        ruled = [namespace for namespace in namespaces.values() if namespace.every.isolated or namespace.workloads]
        standard, name = standard_pattern({each.name: each for each in ruled}), "standard"
        names = peer_names(_peers(namespaces, standard), {})
    writer = OverlayWriter(standard, names, kept is not Kept.UNSAYABLE, name, base.pattern if base else None)
    files = {
        f"overlays/{namespace.name}/{file}": text
        for namespace in namespaces.values()
        for file, text in writer.overlay(namespace).items()
    }
    if base is None:
        files |= {
            "base/cluster.yaml": writer.profile(facts),
            "base/namespace.yaml": writer.pattern(),
            "base/kustomization.yaml": kustomization_text(["cluster.yaml", "namespace.yaml"]),
            "kustomization.yaml": root_text(f"overlays/{each}" for each in namespaces),
        }
    return ImportedTree(files, namespaces, standard, base is not None)


def add_promises(tree: ImportedTree, rendered: Iterable[NetworkPolicy]) -> None:
    """Add to a new tree a reachability test of what the policies *rendered* from it close, if that is something."""
    tests: list[Raw] = []
    for each in closed_to_internet(rendered):
        ends = (each.namespace, "internet") if each.direction is Direction.EGRESS else ("internet", each.namespace)
        verb = "Nothing leaves the cluster" if each.direction is Direction.EGRESS else "Nothing comes in from outside"
        tests.append({"from": ends[0], "to": ends[1], "allowed": False, "because": f"{verb}, as imported"})
    if tests and not tree.base:
        comment = "What the imported policies close. `bulkhead test` says when a change opens it."
        tree.files[PROMISES] = resource_text("ReachabilityTest", "imported", {"tests": tests}, comment)


def _peers(namespaces: Mapping[str, ImportedNamespace], standard: Standard) -> Iterable[Written]:
    for namespace in namespaces.values():
        for pods in (namespace.every, *namespace.workloads.values()):
            for rule in pods.rules.values():
                yield from rule.peers or ()
    for rule in standard.values():
        yield from rule.peers or ()


def _named_peers(base: KnownBase) -> dict[Written, str]:
    """Return the named peers of *base* that are one peer of a NetworkPolicy each."""
    peers = Peers(base.profile)
    found: dict[Written, str] = {}
    for name in base.profile.spec.peers:
        if peers.in_trouble(name):
            continue
        written = _terms(peers, (name,))
        if written is not None and len(written) == 1:
            found.setdefault(written[0], str(name))
    return found


def _terms(peers: Peers, named: tuple[Name | Peer, ...]) -> tuple[Written, ...] | None:
    """Return what *named* peers are in a NetworkPolicy, ``None`` for everyone."""
    found: dict[Written, None] = {}
    for peer in peers.written_out(named):
        if peer.is_everyone:
            return None
        found |= dict.fromkeys(peers.blocks(peer) if peer.by_address else (pod_peer(peer),))
    return tuple(found)


def _written_pattern(base: KnownBase, names: Mapping[Written, str]) -> Standard:
    """Return the rules of the standard pattern that is there, as imported ones."""
    peers = Peers(base.profile)
    spec = base.pattern
    sides: list[tuple[Direction, Mapping[Name, Rule]]] = [
        (Direction.INGRESS, spec.ingress),
        (Direction.EGRESS, spec.egress),
    ]
    return {
        (direction, str(name)): ImportedRule(
            direction,
            str(name),
            _terms(peers, rule.peers),
            rule.ports,
            str(rule.why or ""),
            "",
            rule.owner,
            rule.until,
            FrozenMap(rule.labels),
            FrozenMap(rule.annotations),
        )
        for direction, rules in sides
        for name, rule in rules.items()
    }
