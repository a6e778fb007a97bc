"""Edits of the named peers in the ClusterProfile that the overlays share."""

from collections.abc import Iterator, Mapping

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.editing.near_places import near
from bulkhead.analysis.editing.rule_texts import RuleText, TextReader
from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.engine.endpoint_terms import named_peers
from bulkhead.core.language.resources import API_VERSION, ClusterProfile, Peer, rules_of
from bulkhead.core.language.scalars import Name, quoted
from bulkhead.core.record import replaced
from bulkhead.io.editing.edited_text import NotEditable, edited
from bulkhead.io.editing.field_edits import REMOVED, FieldEdit
from bulkhead.io.resources.decode import decode
from bulkhead.io.resources.encode import encode
from bulkhead.io.yaml.nodes import Raw


class PeerRefused(DiagnosticError):
    """The peer is not added, or not removed."""


def peer_of(name: Name, written: Raw) -> tuple[Name | Peer, ...]:
    """
    Return the peer *name* that is *written* as in a profile.

    :raises PeerRefused: where it is not valid.
    """
    resource: dict[str, Raw] = {"apiVersion": API_VERSION, "kind": "ClusterProfile", "metadata": {"name": "new"}}
    made, problems = decode({**resource, "spec": {"peers": {str(name): written}}})
    for each in problems:
        raise PeerRefused(each.message, each.hint)
    assert isinstance(made, ClusterProfile), "it has no problem"
    return made.spec.peers[name]


def peer_added(found: AnalysisInput, name: Name, peer: tuple[Name | Peer, ...]) -> dict[str, str]:
    """
    Return the file of the profile with *peer* called *name*, by its path.

    :raises PeerRefused: where there is a peer of that name, or one of another name that is the same.
    """
    profile = _profile(found)
    if name in profile.spec.peers:
        raise PeerRefused(
            f"there is a peer {quoted(name)} already: {near(found.rules.peer(name))}", "choose another name"
        )
    known = named_peers(profile)
    widened = replaced(profile, spec=replaced(profile.spec, peers={**profile.spec.peers, name: peer}))
    same = [other for other, terms in known.items() if terms == named_peers(widened)[name]]
    if same:
        raise PeerRefused(f"`{same[0]}` is the same peer: {near(found.rules.peer(same[0]))}", f"use `{same[0]}`")
    text = _text(found)
    edit = FieldEdit(("spec", "peers", str(name)), encode(peer))
    return {text.file: edited(text.text, text.number, (edit,))}


def peer_removed(found: AnalysisInput, name: Name) -> dict[str, str]:
    """
    Return the file of the profile without the peer *name*, by its path.

    :raises PeerRefused: where there is none, or a rule uses it.
    """
    profile = _profile(found)
    if name not in profile.spec.peers:
        known = ", ".join(f"`{each}`" for each in sorted(profile.spec.peers))
        raise PeerRefused(f"there is no peer {quoted(name)}", f"the peers are {known}" if known else "")
    used = sorted(_users(found, name))
    if used:
        more = f", and {len(used) - 3} more" if len(used) > 3 else ""
        raise PeerRefused(f"`{name}` is used by {', '.join(used[:3])}{more}", "revoke these rules first")
    text = _text(found)
    return {text.file: edited(text.text, text.number, (FieldEdit(("spec", "peers", str(name)), REMOVED),))}


def _users(found: AnalysisInput, name: Name) -> Iterator[str]:
    for namespace, resource in found.rules.namespaces.items():
        for path, rule in rules_of(resource.spec):
            if name in rule.peers:
                yield f"rule `{path[-1]}` of namespace `{namespace}` ({near(found.rules.field(namespace, path))})"


def _profile(found: AnalysisInput) -> ClusterProfile:
    if found.profile is None:
        raise PeerRefused("there is no ClusterProfile", "write one into base/cluster.yaml")
    return found.profile


def _text(found: AnalysisInput) -> RuleText:
    """Return the text of the one file that is the profile."""
    sources = found.loaded.sources if found.loaded else None
    graph = sources.graph if sources else None
    texts: Mapping[tuple[str, int], RuleText] = {
        (each.file, each.number): each
        for kustomization in (graph.found.values() if graph else ())
        for each in TextReader("ClusterProfile", {}).of(kustomization)
        if not each.inside and not each.is_operations and not each.is_patch
    }
    if len(texts) != 1:
        raise NotEditable(f"{len(texts)} files are a ClusterProfile", "edit the one that is meant by hand")
    return next(iter(texts.values()))
