"""
The analysis input of a tree of overlays. Their workloads are not known: see ``analysis_input``.
"""

import os
from collections.abc import Iterator
from dataclasses import replace

from bulkhead.analysis.analysis_input import AnalysisInput, enforcer_of, representatives
from bulkhead.analysis.overlays.known_overlays import KnownOverlays
from bulkhead.analysis.overlays.overlay_tree import OverlayTree, Progress, load_overlay_tree, no_progress
from bulkhead.analysis.rule_sources import RuleSources
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.engine.semantics import enforced
from bulkhead.core.kubernetes.cluster import Cluster, Namespace
from bulkhead.core.kubernetes.evidence import Evidence, UnjudgedPolicy
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import ClusterProfile, NetworkName
from bulkhead.core.language.scalars import Cidr
from bulkhead.core.record import FrozenMap, replaced
from bulkhead.io.kustomize.kustomization import LOCAL, Bounds
from bulkhead.io.kustomize.refusals import refusal
from bulkhead.io.manifests import manifest_files, object_reader
from bulkhead.io.manifests.assembly import AssembledObjects, PlacedObject, assemble
from bulkhead.io.manifests.delivery_marks import may_have_unknown_marks
from bulkhead.io.manifests.object_reader import ReadObject, Thing


def from_overlays(
    folder: str,
    bounds: Bounds = LOCAL,
    may_be_empty: bool = False,
    progress: Progress = no_progress,
    shared: KnownOverlays | None = None,
) -> AnalysisInput:
    """
    Return the analysis input of the overlays below *folder*, if any. Their workloads are not known.

    *progress* and *shared*, which it calls *known*, are as in ``load_overlay_tree``.
    """
    loaded = load_overlay_tree(folder, progress, bounds, may_be_empty, shared)
    found = _input_of(loaded)
    if loaded.own and not found.faults:
        tree = OverlayTree(loaded.own.built, built=loaded.own.text, sources=loaded.sources)
        found.own = replace(_input_of(tree), rules=found.rules)
        found.faults += found.own.faults
    return found


def _input_of(loaded: OverlayTree) -> AnalysisInput:
    if loaded.faults:
        return AnalysisInput(Cluster(), faults=loaded.faults, loaded=loaded)
    overlays = list(loaded.overlays.values())
    profile = _common_profile([overlay.profile for overlay in overlays if overlay.profile])
    passed, faults = _passed_through(loaded)
    policies, wrong = _policies(loaded, passed)
    faults += [*wrong, *_other_facts(loaded)]
    things = _things(passed)
    namespaces = [each for overlay in overlays for each in overlay.namespaces]
    known = tuple(thing for thing in things if isinstance(thing, Namespace))
    made = representatives([each.namespace for each in namespaces] + [each.name for each in known], policies)
    labels = {name: given for name, given, _ in made} | {each.name: each.labels for each in known}
    return AnalysisInput(
        Cluster(
            namespaces=tuple(Namespace(name, given) for name, given in sorted(labels.items())),
            pods=tuple(sorted({pod for _, _, pod in made}, key=lambda pod: (pod.namespace, pod.name))),
            policies=policies,
            networks=_texts(profile.spec.networks.pods if profile else None),
            nodes=_texts(profile.spec.networks.nodes if profile else None),
            services=_texts(profile.spec.networks.services if profile else None),
        ),
        enforced(enforcer_of(profile)),
        profile,
        RuleSources(loaded),
        {each.namespace: each.spec.unprotected for each in namespaces if each.spec.unprotected is not None},
        faults,
        loaded,
        things,
        known,
        _unjudged(loaded, passed.unjudged),
        _evidence(loaded, passed.evidence, len(policies)),
    )


def _common_profile(profiles: list[ClusterProfile]) -> ClusterProfile | None:
    """
    Return the first of *profiles*, with the named peers and pinned ranges that only others have, ``None`` of none.

    A component can give some overlays more of them than others.
    """
    if not profiles:
        return None
    first = profiles[0]
    if all(each is first for each in profiles):
        return first
    peers, ranges = FrozenMap(), FrozenMap()
    for each in profiles[::-1]:
        peers.update(each.spec.peers)
        ranges.update(each.ranges)
    spec = replaced(first.spec, peers=FrozenMap(sorted(peers.items())))
    return ClusterProfile(first.name, spec, ranges)


def _other_facts(loaded: OverlayTree) -> Iterator[Diagnostic]:
    """Yield a refusal for each overlay whose profile has other networks or another enforcer than that of the first."""
    known: dict[tuple[object, ...], str] = {}
    for folder, overlay in loaded.overlays.items():
        if overlay.profile is None:
            continue
        spec = overlay.profile.spec
        found = spec.enforcer, *(frozenset(map(str, spec.networks.of(name) or ())) for name in NetworkName)
        if known.setdefault(found, folder) == folder and len(known) > 1:
            first = os.path.relpath(next(iter(known.values())), folder)
            message = f"its ClusterProfile has other networks, or another enforcer, than that of `{first}`"
            hint = "review each cluster by itself: its own root lists its overlays"
            yield refusal(Location(os.path.join(folder, "kustomization.yaml")), message, hint)


def _evidence(loaded: OverlayTree, passed: Evidence, policies: int) -> Evidence:
    """Return the evidence of *loaded*: its *policies*, and what the overlays have among their resources."""
    graph = loaded.sources.graph if loaded.sources else None
    files = graph.files() if graph else set()
    return Evidence(files=len(files), policies=policies - passed.policies).and_of(passed)


def _unjudged(loaded: OverlayTree, passed: tuple[UnjudgedPolicy, ...]) -> tuple[UnjudgedPolicy, ...]:
    """Return *passed*, and an entry for each unknown mark of a delivery on what is rendered."""
    if not loaded.listed or not may_have_unknown_marks(loaded.passed_text):
        return passed
    found = manifest_files.objects_in(loaded.passed_text)[0]
    return tuple(dict.fromkeys((*passed, *(each.unjudged for each in found if each.unjudged and each.things))))


def _things(passed: AssembledObjects) -> tuple[Thing, ...]:
    return (*passed.cluster.namespaces, *passed.cluster.pods)


def _policies(loaded: OverlayTree, passed: AssembledObjects) -> tuple[tuple[NetworkPolicy, ...], list[Diagnostic]]:
    """
    Return every policy that *loaded* renders: ours, those *passed* through, and what an outer kustomization does.

    That may add some and change ours: a review that looked at ours alone would miss it.
    """
    ours = tuple(policy for overlay in loaded.overlays.values() for policy in overlay.policies)
    if loaded.listed:
        return ours + passed.cluster.policies, []
    known = {policy.as_written: policy for policy in ours}
    rendered, problems = manifest_files.policies_in(loaded.text)
    faults = [Diagnostic(Location(each.location.resource), each.message, each.hint) for each in problems]
    return tuple(known.get(policy.as_written, policy) for policy in rendered), faults


def _passed_through(loaded: OverlayTree) -> tuple[AssembledObjects, list[Diagnostic]]:
    """Return what is rendered in addition to our own resources: by the overlays, or by an outer kustomization."""
    found: list[ReadObject | None] = []
    faults: list[Diagnostic] = []
    for folder, overlay in loaded.overlays.items():
        problems: list[Diagnostic] = []
        for each in overlay.kept:
            found += object_reader.read(each.value(), problems)
        file = os.path.join(folder, "kustomization.yaml")
        faults += [
            Diagnostic(Location(file), f"{each.location.resource}: {each.message}", each.hint) for each in problems
        ]
    if not loaded.listed:  # problems in it are reported with its policies
        found = [*manifest_files.objects_in(loaded.text)[0]]
    return assemble(PlacedObject(each) for each in found if each), faults


def _texts(networks: tuple[Cidr, ...] | None) -> tuple[str, ...]:
    return tuple(map(str, networks or ()))
