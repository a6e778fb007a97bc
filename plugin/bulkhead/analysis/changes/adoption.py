"""
A plan by which a running cluster takes over the overlays, namespace by namespace.

Policies add up: where a cluster has policies of its own, an overlay closes only what none of them allows. So a plan has
for each namespace what its overlay opens and closes, which of the other policies can go without an effect on traffic,
and what the rest of them keep open.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import ComparedSides, Comparison, compare_sides, with_networks
from bulkhead.analysis.changes.delivered_objects import delivered_namespaces
from bulkhead.analysis.changes.kept_fields import KeptField, kept_fields, with_kept
from bulkhead.analysis.changes.live_policies import LivePolicy, live_policies
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.controller_labels import with_controller_labels
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.record import record, replaced
from bulkhead.io.manifests.live_fields import LiveFields

BEFORE, AFTER = "before this step", "after it"


@record
class Deletion:
    """A *live* policy that the overlays do not render, and what its deletion *closes*, or opens."""

    live: LivePolicy
    effect: Comparison

    @property
    def is_free(self) -> bool:
        """Say whether it can go without an effect on traffic, and whether that is certain."""
        return not self.effect.findings and self.is_decided

    @property
    def is_decided(self) -> bool:
        """Say whether the effect is known."""
        return not (self.effect.undecided or self.effect.unjudged)


@record
class Step:
    """What is done in *namespace*: *applied* is what its overlay does, after *ingress* alone where that is asked."""

    namespace: str
    folder: str
    ingress: Comparison | None
    applied: Comparison
    deletions: tuple[Deletion, ...]
    kept: tuple[KeptField, ...]

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every comparison of the step."""
        first = (self.ingress,) if self.ingress else ()
        return (*first, self.applied, *(each.effect for each in self.deletions))

    @property
    def is_decided(self) -> bool:
        """Say whether all effects are known. What a delivery may keep of a policy is judged as kept."""
        sure = all(each.sure for each in self.kept)
        return sure and not any(each.undecided or each.unjudged for each in self.comparisons)


@dataclass(frozen=True)
class Adoption:
    """
    The *steps* in their order. *ours* are policies of the cluster that the overlays render, by namespace and name.

    *elsewhere* are policies in namespaces that no overlay is for, *absent* are namespaces of overlays that the dump
    does not have, *open* those of the dump that no policy will be in. *dump* and *overlays* are what the plan is about.
    """

    steps: tuple[Step, ...]
    ours: tuple[NetworkPolicy, ...]
    elsewhere: tuple[LivePolicy, ...]
    absent: tuple[str, ...]
    open: tuple[str, ...]
    dump: AnalysisInput
    overlays: AnalysisInput

    @property
    def left(self) -> tuple[Deletion, ...]:
        """The policies that stay in the namespaces of the overlays because their deletion has an effect."""
        return tuple(each for step in self.steps for each in step.deletions if not each.is_free)

    @property
    def is_decided(self) -> bool:
        """Say whether the plan is certain."""
        return all(step.is_decided for step in self.steps)


class AdoptionPlanner:
    """Plans how the cluster of *dump* takes over *overlays*, judged by *semantics*; *ingress_first* in two parts."""

    def __init__(self, dump: AnalysisInput, overlays: AnalysisInput, semantics: Semantics, ingress_first: bool) -> None:
        policies = dump.cluster.policies + overlays.cluster.policies
        cluster = with_networks(with_controller_labels(dump.cluster, policies), overlays.cluster)
        namespaces = delivered_namespaces(cluster.namespaces, overlays.things)
        self.base = replace(
            dump,
            cluster=replaced(cluster, namespaces=namespaces),
            known_namespaces=namespaces,
            profile=overlays.profile,
            rules=overlays.rules.also(dump.rules),
        )
        self.dump, self.overlays, self.semantics, self.ingress_first = dump, overlays, semantics, ingress_first
        self.live = live_policies(dump.cluster.policies, overlays.cluster.policies, overlays.rules.namespaces, False)
        fields = {(each.written.namespace, each.written.name): each for each in dump.live}
        self.fields: dict[tuple[str, str], LiveFields] = fields
        self.kept = kept_fields(dump.cluster.policies, overlays.cluster.policies, fields)
        self.delivered = with_kept(overlays.cluster.policies, self.kept, fields)

    def plan(self, progress: Callable[[int, int], None]) -> Adoption:
        """
        Return the plan: the namespaces in which the overlays close least come first.

        *progress* hears how many namespaces are done, and of how many.

        :raises NotComparable: where it cannot be said what a policy does to traffic.
        """
        spaces = [space for space in sorted(self.overlays.rules.namespaces) if self._mine(self.delivered, space)]
        current = self.dump.cluster.policies
        first = {space: self._effect(current, self._with_overlay(current, space)) for space in spaces}
        order = sorted(spaces, key=lambda space: (_closings(first[space]), space))
        steps = []
        for done, space in enumerate(order):
            step, current = self._step(space, current)
            steps.append(step)
            progress(done + 1, len(order))
        rendered = {(each.namespace, each.name) for each in self.overlays.cluster.policies}
        known = {each.name for each in self.dump.cluster.namespaces} | {pod.namespace for pod in self.dump.cluster.pods}
        isolated = {each.namespace for each in current}
        return Adoption(
            tuple(steps),
            tuple(each for each in self.dump.cluster.policies if (each.namespace, each.name) in rendered),
            tuple(each for each in self.live if not each.listed),
            tuple(sorted(set(spaces) - known)),
            tuple(sorted(known - isolated)),
            self.dump,
            self.overlays,
        )

    def _step(self, space: str, current: tuple[NetworkPolicy, ...]) -> tuple[Step, tuple[NetworkPolicy, ...]]:
        ingress = None
        after = self._with_overlay(current, space)
        if self.ingress_first:
            part = self._with_overlay(current, space, only_ingress=True)
            ingress, current = self._effect(current, part), part
        applied = self._effect(current, after)
        deletions: list[Deletion] = []
        for live in (each for each in self.live if each.policy.namespace == space):
            without = tuple(each for each in after if each != live.policy)
            deletion = Deletion(live, self._effect(after, without))
            deletions.append(deletion)
            after = without if deletion.is_free else after
        kept = tuple(each for each in self.kept if each.live.namespace == space)
        return Step(space, self.overlays.rules.folders[space], ingress, applied, tuple(deletions), kept), after

    def _with_overlay(
        self, current: tuple[NetworkPolicy, ...], space: str, only_ingress: bool = False
    ) -> tuple[NetworkPolicy, ...]:
        """Return *current* with what the overlay of *space* renders, instead of policies of the same name."""
        new = self._mine(self.delivered, space)
        names = {each.name for each in new}
        if only_ingress:
            new = [replaced(each, egress=None) for each in new if each.ingress is not None]
        others = (each for each in current if each.namespace != space or each.name not in names)
        return (*others, *new)

    @staticmethod
    def _mine(policies: Iterable[NetworkPolicy], space: str) -> list[NetworkPolicy]:
        return [each for each in policies if each.namespace == space]

    def _effect(self, before: tuple[NetworkPolicy, ...], after: tuple[NetworkPolicy, ...]) -> Comparison:
        sides = [replace(self.base, cluster=replaced(self.base.cluster, policies=each)) for each in (before, after)]
        return compare_sides(ComparedSides((BEFORE, AFTER), sides[0], sides[1], (self.semantics, self.semantics)))


def _closings(found: Comparison) -> int:
    return sum(not each.opens for each in found.findings)
