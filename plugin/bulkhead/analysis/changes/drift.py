"""Compares a running cluster with what it is after a delivery of the overlays."""

from collections.abc import Iterator
from dataclasses import replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import (
    ComparedSides,
    Comparison,
    NotComparable,
    compare_sides,
    with_networks,
)
from bulkhead.analysis.changes.delivered_objects import delivered_namespaces, rendered_workloads
from bulkhead.analysis.changes.kept_fields import KeptField, kept_fields, with_kept
from bulkhead.analysis.changes.live_policies import LivePolicy, live_policies
from bulkhead.analysis.changes.unjudged_changes import after_delivery
from bulkhead.analysis.judged_endpoints import Endpoints
from bulkhead.core.diagnostics import Diagnostic
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.added_labels import is_of
from bulkhead.core.kubernetes.controller_labels import with_controller_labels
from bulkhead.core.kubernetes.evidence import UnjudgedPolicy
from bulkhead.core.record import replaced
from bulkhead.io.kustomize.refusals import refusal
from bulkhead.io.manifests.live_fields import LiveFields


def compare_drift(
    names: tuple[str, str],
    dump: AnalysisInput,
    overlays: AnalysisInput,
    semantics: Semantics,
    endpoints: Endpoints = Endpoints.ALL,
    prune: bool = False,
) -> Comparison:
    """
    Compare the running cluster of *dump* with the same cluster after a delivery of *overlays*.

    Both sides have the pods of the dump. After the delivery the cluster has the policies that the overlays render,
    instead of policies of the same name, and every other policy of the dump, and its Namespaces have the labels that
    the overlays render. With *prune* it does not have the policies that an earlier delivery applied and that the
    overlays no longer render (``live_policies``). It may keep parts of a policy (``kept_fields``) and labels of a
    Namespace (``delivered_objects``) that are not rendered: where that is not sure, both are judged.

    :raises NotComparable: where a policy of the cluster has a mark of a delivery whose effect there is not known.
    """
    policies = dump.cluster.policies + overlays.cluster.policies
    dump = replace(dump, cluster=with_controller_labels(dump.cluster, policies))
    listed = _listed_namespaces(overlays)
    live = live_policies(dump.cluster.policies, overlays.cluster.policies, listed, prune)
    before = replace(dump, cluster=with_networks(dump.cluster, overlays.cluster), profile=overlays.profile)
    kept = kept_fields(dump.cluster.policies, overlays.cluster.policies, _fields_of(dump))
    faults = list(_marked(dump, kept))
    if faults:
        raise NotComparable(names[0], faults)
    workloads = rendered_workloads(dump.cluster, overlays.things, policies)
    before = _and_unjudged(before, workloads.as_unjudged("before"))
    after = _and_unjudged(_after_delivery(dump, overlays, live, kept), workloads.as_unjudged("after"))
    sides = ComparedSides(names, before, after, (semantics, semantics), endpoints)
    found = compare_sides(sides)
    for other in _other_ends(after, dump, overlays, live, kept):
        found.add(compare_sides(replace(sides, after=other)))
    found.live, found.kept = live, kept
    found.notes += _notes(dump, listed)
    found.notes += workloads.notes
    return found


def _and_unjudged(side: AnalysisInput, more: tuple[UnjudgedPolicy, ...]) -> AnalysisInput:
    return replace(side, unjudged=(*side.unjudged, *more))


def _other_ends(
    after: AnalysisInput,
    dump: AnalysisInput,
    overlays: AnalysisInput,
    live: tuple[LivePolicy, ...],
    kept: tuple[KeptField, ...],
) -> Iterator[AnalysisInput]:
    """Yield what else than *after* the cluster may be, by what is not sure to be kept: parts of policies, labels."""
    sure = tuple(each for each in kept if each.sure)
    fewer = delivered_namespaces(dump.cluster.namespaces, overlays.things, are_kept=False)
    ends = [after] if sure == kept else [after, _after_delivery(dump, overlays, live, sure)]
    yield from ends[1:]
    if fewer != after.cluster.namespaces:
        for each in ends:
            yield replace(each, cluster=replaced(each.cluster, namespaces=fewer), known_namespaces=fewer)


def _fields_of(dump: AnalysisInput) -> dict[tuple[str, str], LiveFields]:
    return {(each.written.namespace, each.written.name): each for each in dump.live}


def _marked(dump: AnalysisInput, kept: tuple[KeptField, ...]) -> Iterator[Diagnostic]:
    """Yield a refusal for each policy with a mark of another delivery than Flux, which reads it in the cluster too."""
    for each in kept:
        if each.mark and not is_of(each.mark, ("fluxcd.io",)):
            message = f"a delivery may leave the NetworkPolicy `{each.name}` of the cluster as it is, for `{each.mark}`"
            yield refusal(dump.rules.policy(each.live).location, message, f"take the mark off: `{each.repair}`")


def _listed_namespaces(overlays: AnalysisInput) -> set[str]:
    loaded = overlays.loaded
    return {each.namespace for overlay in loaded.overlays.values() for each in overlay.namespaces} if loaded else set()


def _after_delivery(
    dump: AnalysisInput, overlays: AnalysisInput, live: tuple[LivePolicy, ...], kept: tuple[KeptField, ...]
) -> AnalysisInput:
    delivered = with_kept(overlays.cluster.policies, kept, _fields_of(dump))
    policies = tuple(each.policy for each in live if each.stays) + delivered
    namespaces = delivered_namespaces(dump.cluster.namespaces, overlays.things)
    return replace(
        overlays,
        cluster=replaced(overlays.cluster, namespaces=namespaces, pods=dump.cluster.pods, policies=policies),
        known_namespaces=namespaces,
        rules=overlays.rules.also(dump.rules),
        unjudged=after_delivery(dump.unjudged, overlays.unjudged),
    )


def _notes(dump: AnalysisInput, listed: set[str]) -> Iterator[str]:
    known = {each.name for each in dump.cluster.namespaces} | {pod.namespace for pod in dump.cluster.pods}
    absent = sorted(listed - known)
    if absent:
        yield "listed by the overlays and not in the dump: " + ", ".join(absent)
