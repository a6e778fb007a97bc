"""
From a situation to what ``lint`` looks at, and from its findings back to the lines of files.
"""

import os
from collections.abc import Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.diagnostics import Location, Path
from bulkhead.core.engine.solve import reach
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.language.resources import Enforcer, Rule
from bulkhead.core.lint.context import (
    FieldReference,
    Kind,
    LintContext,
    OuterTransform,
    RuleReference,
    of_policy,
    written,
)
from bulkhead.core.record import FrozenMap
from bulkhead.io.kustomize.kustomization import Kustomization
from bulkhead.io.manifests.manifest_locations import Places


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
        self.graph = self.sources.graph if self.sources else None
        self.places = Places([*files, *(self.graph.plain_files() if self.graph else [])])
        cluster = _cluster(overlays, manifests)
        semantics = (overlays or manifests or AnalysisInput(Cluster())).semantics.specification
        real = manifests.cluster.pods if manifests else _pods(overlays)
        self.scene = LintContext(
            answer=reach(cluster, semantics),
            lines=tuple(self._lines(cluster, overlays)),
            enforcer=enforcer,
            profile=overlays.profile if overlays else None,
            namespaces=tuple(each for overlay in self.folders.values() for each in overlay.namespaces),
            listed=_listed(manifests, overlays),
            workloads=bool(real),
            whole=self.graph is not None and self.graph.root not in self.folders,
            today=today,
            unspoken=tuple(self._unspoken(cluster)),
            outer=tuple(self._outer()),
            labels=FrozenMap({name: FrozenMap(labels) for name, labels in namespaces_of(cluster).items()}),
        )

    def place(self, at: FieldReference) -> Location:
        """Return where *at* is written: the nearest thing around it, the place of the tree at the least."""
        if at.kind is Kind.KUSTOMIZATION and self.graph:
            found = self.graph.found[at.name]
            (line, column), _ = found.document.place(at.path)
            return Location(found.file, line, column)
        if at.kind in (Kind.NAMESPACE, Kind.PROFILE) and self.sources:
            folder = next(
                folder
                for folder, overlay in self.folders.items()
                if at.kind is Kind.PROFILE or at.name in [each.namespace for each in overlay.namespaces]
            )
            return self.sources.locate(folder, at.kind.value, at.path)
        namespace, _, name = at.name.rpartition("/")
        found_place = self.places.locate(at.kind.value, namespace, name, at.path)
        return found_place or Location(self.places.files[0] if len(self.places.files) == 1 else self._home(namespace))

    def _home(self, namespace: str) -> str:
        """Return the overlay that a policy of *namespace* is passed through, or what else there is to name."""
        for folder, overlay in self.folders.items():
            if namespace in [each.namespace for each in overlay.namespaces]:
                return os.path.join(folder, "kustomization.yaml")
        return os.path.commonpath(self.places.files) if self.places.files else "."

    def _lines(self, cluster: Cluster, overlays: AnalysisInput | None) -> Iterator[RuleReference]:
        """Yield every rule: an overlay's by where it was written, any other policy's entry by entry."""
        number = {(policy.namespace, policy.name): at for at, policy in enumerate(cluster.policies)}
        ours: set[int] = set()
        seen: dict[object, int] = {}
        for faults in (overlays.origins if overlays else {}).values():
            for fault in set(faults):
                seen[fault] = seen.get(fault, 0) + 1
        for overlay in self.folders.values():
            known = {each.namespace: dict(written(each.spec)) for each in overlay.namespaces}
            for policy, paths in zip(overlay.policies, overlay.origins, strict=True):
                at = number.get((policy.namespace, policy.name))
                if at is None:  # an outer kustomization renamed it: it is judged by its entries, like anybody's
                    continue
                ours.add(at)
                faults = overlays.origins.get((policy.namespace, policy.name), ()) if overlays else ()
                for path in dict.fromkeys(paths) if policy.ingress or policy.egress else ():
                    entries = tuple(i for i, each in enumerate(paths) if each == path)
                    shared = seen.get(faults[entries[0]], 1) if faults else 1
                    yield _written(policy.namespace, known[policy.namespace][path], at, path, entries, shared)
        for at, policy in enumerate(cluster.policies):
            if at not in ours:
                yield from _entries(policy, at)

    def _unspoken(self, cluster: Cluster) -> Iterator[FieldReference]:
        known = {policy.name: policy.namespace for policy in cluster.policies}
        for namespace, name, path in self.places.unspoken():
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
        return Cluster(
            (*only.cluster.namespaces, *_namespaces(overlays)),
            (*only.cluster.pods, *_pods(overlays)),
            only.cluster.policies,
            only.cluster.networks,
            only.cluster.nodes,
            only.cluster.services,
        )
    ours = {policy.namespace for policy in overlays.cluster.policies} | set(overlays.unprotected)
    others = tuple(policy for policy in manifests.cluster.policies if policy.namespace not in ours)
    return Cluster(
        manifests.cluster.namespaces,
        manifests.cluster.pods,
        overlays.cluster.policies + others,
        overlays.cluster.networks,
        overlays.cluster.nodes,
        overlays.cluster.services,
    )


def _pods(overlays: AnalysisInput | None) -> tuple[Pod, ...]:
    return tuple(thing for thing in (overlays.beside if overlays else ()) if isinstance(thing, Pod))


def _namespaces(overlays: AnalysisInput | None) -> tuple[Namespace, ...]:
    return tuple(thing for thing in (overlays.beside if overlays else ()) if isinstance(thing, Namespace))


def _listed(manifests: AnalysisInput | None, overlays: AnalysisInput | None) -> tuple[str, ...]:
    things = [*(manifests.cluster.namespaces if manifests else ()), *_namespaces(overlays)]
    pods = [*(manifests.cluster.pods if manifests else ()), *_pods(overlays)]
    return tuple(sorted({each.name for each in things} | {pod.namespace for pod in pods}))


def _written(namespace: str, rule: Rule, at: int, path: Path, entries: tuple[int, ...], shared: int) -> RuleReference:
    direction, name = Direction(path[-2]), str(path[-1])
    workload = str(path[2]) if path[1] == "workloads" else ""
    title = f"{direction} rule `{name}`" + (f" of workload `{workload}`" if workload else "")
    place = FieldReference(Kind.NAMESPACE, namespace, path)
    return RuleReference(namespace, at, direction, entries, title, place, rule, shared)


def _entries(policy: NetworkPolicy, at: int) -> Iterator[RuleReference]:
    for direction, rules in ((Direction.INGRESS, policy.ingress), (Direction.EGRESS, policy.egress)):
        for entry in range(len(rules or ())):
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
