"""Compares a running cluster with what it is after a delivery of the overlays."""

from collections.abc import Iterator
from dataclasses import replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import (
    ComparedSides,
    Comparison,
    Endpoints,
    compare_sides,
    with_networks,
)
from bulkhead.analysis.changes.live_policies import LivePolicy, live_policies, widened_selectors
from bulkhead.analysis.changes.unjudged_changes import after_delivery
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.controller_labels import with_controller_labels
from bulkhead.core.record import replaced


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
    instead of policies of the same name, and every other policy of the dump. With *prune* it does not have the
    policies that an earlier delivery applied and that the overlays no longer render (``live_policies``).
    """
    policies = dump.cluster.policies + overlays.cluster.policies
    dump = replace(dump, cluster=with_controller_labels(dump.cluster, policies))
    listed = _listed_namespaces(overlays)
    live = live_policies(dump.cluster.policies, overlays.cluster.policies, listed, prune)
    before = replace(dump, cluster=with_networks(dump.cluster, overlays.cluster), profile=overlays.profile)
    after = _after_delivery(dump, overlays, live)
    found = compare_sides(ComparedSides(names, before, after, (semantics, semantics), endpoints))
    found.live = live
    found.notes += _notes(dump, overlays, listed)
    return found


def _listed_namespaces(overlays: AnalysisInput) -> set[str]:
    loaded = overlays.loaded
    return {each.namespace for overlay in loaded.overlays.values() for each in overlay.namespaces} if loaded else set()


def _after_delivery(dump: AnalysisInput, overlays: AnalysisInput, live: tuple[LivePolicy, ...]) -> AnalysisInput:
    policies = tuple(each.policy for each in live if each.stays) + overlays.cluster.policies
    namespaces = dump.cluster.namespaces
    return replace(
        overlays,
        cluster=replaced(overlays.cluster, namespaces=namespaces, pods=dump.cluster.pods, policies=policies),
        known_namespaces=namespaces,
        rules=overlays.rules.also(dump.rules),
        unjudged=after_delivery(dump.unjudged, overlays.unjudged),
    )


def _notes(dump: AnalysisInput, overlays: AnalysisInput, listed: set[str]) -> Iterator[str]:
    merged = widened_selectors(dump.cluster.policies, overlays.cluster.policies)
    if merged:
        yield (
            f"the pod selector of {', '.join(merged)} has labels in the cluster that the overlays do not render: "
            "server-side apply removes them, `kubectl apply` without `--server-side` keeps them"
        )
    known = {each.name for each in dump.cluster.namespaces} | {pod.namespace for pod in dump.cluster.pods}
    absent = sorted(listed - known)
    if absent:
        yield "listed by the overlays and not in the dump: " + ", ".join(absent)
