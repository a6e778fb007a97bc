"""
The index from a rendered policy to the rules that a person wrote: name, reason, file and line.

It is the only answer to "which line wrote this rule". ``explain``, ``diff``, ``test`` and ``lint`` ask it.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from bulkhead.core.diagnostics import NOWHERE, Location, Path
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY, Direction, NetworkPolicy
from bulkhead.core.language.resources import Rule, SegmentedNamespace, rules_of
from bulkhead.core.record import record
from bulkhead.io.manifests.manifest_locations import Places

if TYPE_CHECKING:  # manifests have no overlays, and do without all that this imports
    from bulkhead.analysis.overlays.overlay_tree import OverlayTree

_Key = tuple[str, str]
"""Namespace and name of a policy."""


@record
class WrittenRule:
    """
    A rule, or a policy as a whole, as a person wrote it.

    *policy* is ``namespace/name`` of the NetworkPolicy; it is empty where the enforcer itself lets traffic
    through. *name* is the rule's name, after the workload's where it has one (``jellyfin.nas``), or its place in
    the policy (``ingress[0]``) where a NetworkPolicy is what was written. *path* leads to it in the resource.
    *rule* is what a SegmentedNamespace says, else ``None``.
    """

    policy: str
    name: str
    why: str = ""
    location: Location = NOWHERE
    path: Path = ()
    rule: Rule | None = None

    @property
    def title(self) -> str:
        """The name of the rule; of a rule in a NetworkPolicy, the policy's name and the rule's place in it."""
        if self.rule is not None or not self.policy:
            return self.name
        return f"{self.policy.partition('/')[2]} {self.name}"


@record
class _Origin:
    """A *policy* that an overlay in *folder* rendered, and for each of its rules the path in the SegmentedNamespace."""

    folder: str
    policy: NetworkPolicy
    paths: tuple[Path, ...]
    namespace: SegmentedNamespace


class RuleSources:
    """
    Finds what was written, in the overlays of *loaded* or in the manifests *files*.

    A policy that an outer kustomization changed is not looked up in the overlay: its rules are no longer the
    overlay's. Files of manifests are read when they are first asked for.
    """

    def __init__(self, loaded: "OverlayTree | None" = None, files: Iterable[str] = ()) -> None:
        self.loaded = loaded
        self.namespaces: dict[str, SegmentedNamespace] = {}
        self.folders: dict[str, str] = {}
        self._origins: dict[_Key, _Origin] = {}
        self._named: Callable[[str], str] = str
        self._others: tuple[RuleSources, ...] = ()
        graph = loaded.sources.graph if loaded and loaded.sources else None
        self.places = Places([*files, *(graph.plain_files() if graph else [])])
        for folder, overlay in (loaded.overlays if loaded else {}).items():
            for namespace in overlay.namespaces:
                self.namespaces[namespace.namespace] = namespace
                self.folders[namespace.namespace] = folder
            for policy, paths in zip(overlay.policies, overlay.origins, strict=True):
                namespace = self.namespaces[policy.namespace]
                self._origins[policy.namespace, policy.name] = _Origin(folder, policy, paths, namespace)

    def renamed(self, named: Callable[[str], str], policies: Iterable[NetworkPolicy]) -> "RuleSources":
        """
        Return the same index with every file as *named* calls it; the files need not exist afterwards.

        *policies* are those that will be asked for.
        """
        found = RuleSources(self.loaded)
        if not all(map(self.knows, policies)):
            self.places.read()
        found.places, found._named = self.places, named
        return found

    def also(self, other: "RuleSources") -> "RuleSources":
        """Return an index that looks up in *other* what this one does not know."""
        found = RuleSources(self.loaded)
        found.places, found._named = self.places, self._named
        found._others = (*self._others, other)
        return found

    def rule(self, policy: NetworkPolicy, direction: Direction, index: int) -> WrittenRule:
        """Return what was written as rule number *index* of *direction* of *policy*."""
        origin = self._origin(policy)
        at = index + (len(policy.ingress or ()) if direction is Direction.EGRESS else 0)
        if origin is None or at >= len(origin.paths):
            path: Path = ("spec", direction.value, index)
            return WrittenRule(_title(policy), f"{direction}[{index}]", "", self._in_manifest(policy, path), path)
        path = origin.paths[at]
        written = dict(rules_of(origin.namespace.spec))[path]
        location = self.field(policy.namespace, path)
        return WrittenRule(_title(policy), rule_name(path), str(written.why or ""), location, path, written)

    def policy(self, policy: NetworkPolicy) -> WrittenRule:
        """Return what was written as *policy* as a whole: what makes it select and isolate its pods."""
        origin = self._origin(policy)
        if origin is None:
            return WrittenRule(_title(policy), policy.name, "", self._in_manifest(policy, ()))
        path = _selecting(origin.paths[0])
        return WrittenRule(_title(policy), policy.name, "", self.field(policy.namespace, path), path)

    def declared(self, namespace: str, path: Path) -> WrittenRule | None:
        """Return the rule at *path* of the SegmentedNamespace of *namespace*, ``None`` where there is none."""
        resource = self.namespaces.get(namespace)
        if resource is None or resource.spec.unprotected is not None:
            return None
        written = dict(rules_of(resource.spec)).get(path)
        if written is None:
            return None
        return WrittenRule("", rule_name(path), str(written.why or ""), self.field(namespace, path), path, written)

    def field(self, namespace: str, path: Path) -> Location:
        """Return the place of *path* in the SegmentedNamespace of *namespace*."""
        sources = self.loaded.sources if self.loaded else None
        if sources is None:
            return NOWHERE
        return self._renamed(sources.locate(self.folders[namespace], "SegmentedNamespace", path))

    def peer(self, name: str) -> Location:
        """Return the definition of the peer *name* in the ClusterProfile."""
        return self.profile(("spec", "peers", name), name)

    def ranges(self, provider: str) -> Location:
        """Return the place of the pinned ranges of *provider*."""
        sources = self.loaded.sources if self.loaded else None
        for folder, overlay in (self.loaded.overlays if self.loaded else {}).items():
            if sources and overlay.profile is not None and provider in overlay.profile.ranges:
                return self._renamed(sources.locate(folder, "ProviderRanges", ("spec", "sets"), provider))
        return NOWHERE

    def profile(self, path: Path, peer: str = "") -> Location:
        """Return the place of *path* in the ClusterProfile of overlays that have the *peer* it is about."""
        for folder, overlay in (self.loaded.overlays if self.loaded else {}).items():
            if overlay.profile is None or (peer and peer not in overlay.profile.spec.peers):
                continue
            if self.loaded and self.loaded.sources:
                return self._renamed(self.loaded.sources.locate(folder, "ClusterProfile", path))
        return NOWHERE

    def knows(self, policy: NetworkPolicy) -> bool:
        """Say whether *policy* is exactly what an overlay rendered."""
        return self._origin(policy) is not None

    def _origin(self, policy: NetworkPolicy) -> _Origin | None:
        found = self._origins.get((policy.namespace, policy.name))
        return found if found and (found.policy is policy or found.policy == policy) else None

    def _in_manifest(self, policy: NetworkPolicy, path: Path) -> Location:
        found = self.places.locate(NETWORKPOLICY, policy.namespace, policy.name, path)
        if found:
            return self._renamed(found)
        for other in self._others:
            found = other._in_manifest(policy, path)
            if found.file:
                return found
        if (policy.namespace, policy.name) in self._origins and self.loaded and self.loaded.sources:
            graph = self.loaded.sources.graph  # an outer kustomization changed it
            return self._renamed(Location(graph.found[graph.root].file, 1, 1))
        return Location(resource=f"namespace {policy.namespace}")

    def _renamed(self, at: Location) -> Location:
        return Location(self._named(at.file), at.line, at.column)


def rule_name(path: Path) -> str:
    """Return ``rule`` or ``workload.rule`` for the rule at *path*."""
    return f"{path[2]}.{path[-1]}" if path[1] == "workloads" else str(path[-1])


def _title(policy: NetworkPolicy) -> str:
    return f"{policy.namespace}/{policy.name}"


def _selecting(path: Path) -> Path:
    """Return the path of what selects the pods of the policy whose first rule is at *path*."""
    return path[:3] if path[1:2] == ("workloads",) else path
