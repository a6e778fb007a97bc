"""
Overlays that render something else by themselves than they do as a part of the root.

An ApplicationSet delivers each folder of `overlays/` by itself. Where the root's kustomization patches or renames what
an overlay renders, a build of the root does not show what is delivered.
"""

from collections.abc import Iterable, Iterator

from bulkhead.analysis.overlays.kept_back import decides
from bulkhead.analysis.overlays.overlay import Overlay
from bulkhead.analysis.overlays.overlay_builds import AFTER
from bulkhead.analysis.overlays.overlay_tree import OverlayTree
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy, is_networkpolicy
from bulkhead.io.kustomize.build import join
from bulkhead.io.kustomize.kustomization import Graph, Kustomization
from bulkhead.io.manifests.manifest_files import policies_in
from bulkhead.io.yaml.resource_stream import Resource, of_build

_LISTS = frozenset(("apiVersion", "kind", "metadata", "resources", "sortOptions", "buildMetadata"))
"""The fields of a kustomization that changes nothing of what it lists."""


def altered_overlays(loaded: OverlayTree) -> Iterator[str]:
    """Yield the folder of each overlay whose policies, or namespaces, are not those that the root of *loaded* has."""
    if loaded.listed or loaded.sources is None or not _changes(loaded.sources.graph):
        return
    graph = loaded.sources.graph
    policies = set(map(_meaning, policies_in(loaded.text)[0]))
    others = {each.text for each in _others(of_build(loaded.text))}
    for folder, overlay in loaded.overlays.items():
        if (
            _acts_later(graph, graph.found[folder])
            or not policies.issuperset(map(_meaning, _own(overlay)))
            or not others.issuperset(each.text for each in _others(overlay.kept))
        ):
            yield folder


def _own(overlay: Overlay) -> Iterator[NetworkPolicy]:
    yield from overlay.policies
    kept = (each.text for each in overlay.kept if is_networkpolicy(each.head.get("apiVersion"), each.head.get("kind")))
    yield from policies_in(join(kept))[0]


def _others(found: Iterable[Resource]) -> Iterator[Resource]:
    """Yield what of *found* decides about traffic and is no NetworkPolicy."""
    for each in found:
        version, kind = each.head.get("apiVersion"), each.head.get("kind")
        if not is_networkpolicy(version, kind) and decides(str(version), str(kind)):
            yield each


def _changes(graph: Graph) -> bool:
    """Say whether any kustomization from the root of *graph* down to the overlays does more than list."""
    waiting, seen = [graph.root], set[str]()
    while waiting:
        at = graph.found[waiting.pop()]
        if at.folder in seen or graph.expands(at) is not None:
            continue
        seen.add(at.folder)
        if not set(at.fields) <= _LISTS:
            return True
        waiting += [folder for folder in at.folders if folder in graph.found]
    return False


def _acts_later(graph: Graph, leaf: Kustomization) -> bool:
    """Say whether *leaf* changes its policies after the plugin, so that they are not known before the root's build."""
    position = graph.expands(leaf)
    return position is not None and (
        position < len(leaf.transformers) - 1 or not leaf.fields.keys().isdisjoint(AFTER[:1])
    )


def _meaning(policy: NetworkPolicy) -> tuple[object, ...]:
    return policy.namespace, policy.name, policy.pods, policy.ingress, policy.egress
