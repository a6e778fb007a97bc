"""
The input of ``lint``, made of an analysis input, and the lines of files to which its findings belong.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.rule_sources import RuleSources, WrittenRule
from bulkhead.core.diagnostics import Location, Path
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.controller_labels import with_controller_labels
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.lint.context import (
    FieldReference,
    Kind,
    LintContext,
    LintedCluster,
    OuterTransform,
    RuleReference,
    of_policy,
)
from bulkhead.core.record import replaced
from bulkhead.io.kustomize.kustomization import Kustomization


class LintInput:
    """
    The *scene* of overlays, of manifests, or of overlays with the workloads of manifests.

    Where both are given, the overlays' namespaces have the overlays' policies, all others the manifests'.
    """

    def __init__(
        self,
        overlays: AnalysisInput | None,
        manifests: AnalysisInput | None,
        files: list[str],
        enforcer: Enforcer,
        today: str,
    ) -> None:
        loaded = overlays.loaded if overlays else None
        self.sources = loaded.sources if loaded else None
        self.folders = loaded.overlays if loaded else {}
        self.folder_of = {
            each.namespace: folder for folder, overlay in self.folders.items() for each in overlay.namespaces
        }
        self.graph = self.sources.graph if self.sources else None
        self.rules = RuleSources(loaded, files)
        self.places = self.rules.places
        cluster = with_controller_labels(_cluster(overlays, manifests))
        semantics = (overlays or manifests or AnalysisInput(Cluster())).semantics.specification
        real = manifests.cluster.pods if manifests else _pods(overlays)
        self.scene = LintContext(
            answer=LintedCluster(cluster, semantics),
            lines=tuple(self._lines(cluster)),
            enforcer=enforcer,
            profile=overlays.profile if overlays else None,
            namespaces=tuple(each for overlay in self.folders.values() for each in overlay.namespaces),
            listed=_listed(manifests, overlays),
            workloads=bool(real),
            whole=self.graph is not None and self.graph.root not in self.folders,
            today=today,
            unspoken=tuple(self._in_policies(cluster, self.places.unspoken())),
            left_out=tuple(self._in_policies(cluster, self.places.left_out())),
            outer=tuple(self._outer()),
            known_namespaces=_known(overlays, manifests),
            creating=frozenset(
                name for each in (overlays, manifests) if each for name in each.evidence.creator_namespaces
            ),
        )

    def place(self, at: FieldReference) -> Location:
        """Return where *at* is written: the nearest thing around it, the place of the tree at the least."""
        if at.kind is Kind.KUSTOMIZATION and self.graph:
            found = self.graph.found[at.name]
            (line, column), _ = found.document.place(at.path)
            return Location(found.file, line, column)
        if at.kind is Kind.RANGES and self.sources:
            return self._ranges(at)
        if at.kind in (Kind.NAMESPACE, Kind.PROFILE) and self.sources:
            folder = self._with_profile(at) if at.kind is Kind.PROFILE else self.folder_of[at.name]
            return self.sources.locate(folder, at.kind.value, at.path)
        namespace, _, name = at.name.rpartition("/")
        found_place = self.places.locate(at.kind.value, namespace, name, at.path)
        return found_place or Location(self.places.files[0] if len(self.places.files) == 1 else self._home(namespace))

    def _ranges(self, at: FieldReference) -> Location:
        """Return where *at* of pinned ranges is written: in the first overlay that has them."""
        assert self.sources
        folders = (
            folder
            for folder, overlay in self.folders.items()
            if overlay.profile is not None and at.name in overlay.profile.ranges
        )
        return self.sources.locate(next(folders, next(iter(self.folders))), at.kind.value, at.path, at.name)

    def _with_profile(self, at: FieldReference) -> str:
        """Return an overlay with the profile that *at* is about: a component can give a peer to some overlays only."""
        peer = at.path[2] if at.path[:2] == ("spec", "peers") and len(at.path) > 2 else ""
        folders = (
            folder
            for folder, overlay in self.folders.items()
            if overlay.profile is not None and (not peer or peer in overlay.profile.spec.peers)
        )
        return next(folders, next(iter(self.folders)))

    def _home(self, namespace: str) -> str:
        """Return the overlay through which a policy of *namespace* passes; else a folder or file to name instead."""
        if namespace in self.folder_of:
            return os.path.join(self.folder_of[namespace], "kustomization.yaml")
        return os.path.commonpath(self.places.files) if self.places.files else "."

    def _lines(self, cluster: Cluster) -> Iterator[RuleReference]:
        """Yield every rule: rules of overlays as they were written, rules of other policies by their index."""
        written = [
            (at, direction, self._written(policy, direction))
            for at, policy in enumerate(cluster.policies)
            for direction in Direction
        ]
        shared = Counter(location for _, _, found in written for location in {each.location for each in found})
        for at, direction, found in written:
            policy = cluster.policies[at]
            for each, entries in found.items():
                yield _line(at, policy, direction, each, entries, shared[each.location])
            if not found:
                yield from _entries(policy, at, direction)

    def _written(self, policy: NetworkPolicy, direction: Direction) -> dict[WrittenRule, tuple[int, ...]]:
        """Return the rules of an overlay with the places of what each became; nothing for any other policy."""
        found: dict[WrittenRule, tuple[int, ...]] = {}
        for index in range(len(policy.of(direction) or ()) if self.rules.knows(policy) else 0):
            rule = self.rules.rule(policy, direction, index)
            found[rule] = (*found.get(rule, ()), index)
        return found

    def _in_policies(self, cluster: Cluster, found: Iterable[tuple[str, str, Path]]) -> Iterator[FieldReference]:
        """Yield the fields *found* by namespace, name and path of a policy as it is in the cluster."""
        known = {policy.name: policy.namespace for policy in cluster.policies}
        for namespace, name, path in found:
            yield FieldReference(
                Kind.POLICY, f"{namespace if not self.folders else known.get(name, namespace)}/{name}", path
            )

    def _outer(self) -> Iterator[OuterTransform]:
        if self.graph:
            graph = self.graph
            for folder, each in sorted(graph.found.items()):
                below = sorted(
                    space.namespace
                    for other in graph.walk(folder)
                    if other.folder != folder and other.folder in self.folders
                    for space in self.folders[other.folder].namespaces
                )
                for field, path in _rewriting(each) if below and folder not in self.folders else ():
                    yield OuterTransform(folder, field, path, tuple(below))


def _cluster(overlays: AnalysisInput | None, manifests: AnalysisInput | None) -> Cluster:
    if overlays is None or manifests is None:
        only = overlays or manifests or AnalysisInput(Cluster())
        return replaced(
            only.cluster,
            namespaces=(*only.cluster.namespaces, *_namespaces(overlays)),
            pods=(*only.cluster.pods, *_pods(overlays)),
        )
    ours = {policy.namespace for policy in overlays.cluster.policies} | set(overlays.unprotected)
    others = tuple(policy for policy in manifests.cluster.policies if policy.namespace not in ours)
    return replaced(
        overlays.cluster,
        namespaces=manifests.cluster.namespaces,
        pods=manifests.cluster.pods,
        policies=overlays.cluster.policies + others,
    )


def _known(overlays: AnalysisInput | None, manifests: AnalysisInput | None) -> tuple[Namespace, ...] | None:
    if manifests:
        return manifests.cluster.namespaces
    return overlays.known_namespaces if overlays else None


def _pods(overlays: AnalysisInput | None) -> tuple[Pod, ...]:
    return tuple(thing for thing in (overlays.things if overlays else ()) if isinstance(thing, Pod))


def _namespaces(overlays: AnalysisInput | None) -> tuple[Namespace, ...]:
    return tuple(thing for thing in (overlays.things if overlays else ()) if isinstance(thing, Namespace))


def _listed(manifests: AnalysisInput | None, overlays: AnalysisInput | None) -> tuple[str, ...]:
    things = [*(manifests.cluster.namespaces if manifests else ()), *_namespaces(overlays)]
    pods = [*(manifests.cluster.pods if manifests else ()), *_pods(overlays)]
    return tuple(sorted({each.name for each in things} | {pod.namespace for pod in pods}))


def _line(
    at: int, policy: NetworkPolicy, direction: Direction, found: WrittenRule, entries: tuple[int, ...], shared: int
) -> RuleReference:
    path = found.path
    workload = f" of workload `{path[2]}`" if path[1] == "workloads" else ""
    place = FieldReference(Kind.NAMESPACE, policy.namespace, path)
    title = f"{direction} rule `{path[-1]}`{workload}"
    return RuleReference(policy.namespace, at, direction, entries, title, place, found.rule, shared)


def _entries(policy: NetworkPolicy, at: int, direction: Direction) -> Iterator[RuleReference]:
    for entry in range(len(policy.of(direction) or ())):
        title = f"{direction} rule {entry + 1} of policy `{policy.name}`"
        place = of_policy(policy, "spec", direction, entry)
        yield RuleReference(policy.namespace, at, direction, (entry,), title, place)


def _rewriting(kustomization: Kustomization) -> Iterator[tuple[str, Path]]:
    """Yield the fields of a kustomization that change finished policies, each with its path."""
    for field in ("namePrefix", "nameSuffix", "commonLabels", "namespace"):
        if kustomization.fields.get(field):
            yield field, (field,)
    labels = kustomization.fields.get("labels")
    for i, each in enumerate(labels if isinstance(labels, list) else []):
        if isinstance(each, dict) and each.get("includeSelectors") is True:
            yield "labels.includeSelectors", ("labels", i, "includeSelectors")
