"""
A plan by which a running cluster takes over the overlays, namespace by namespace.

Policies add up: where a cluster has policies of its own, an overlay closes only what none of them allows. So a plan has
for each namespace what its overlay opens and closes, which of the other policies can go without an effect on traffic,
and what the rest of them keep open.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import (
    ComparedSides,
    Comparison,
    NotComparable,
    compare_sides,
    with_networks,
)
from bulkhead.analysis.changes.delivered_objects import delivered_namespaces
from bulkhead.analysis.changes.kept_fields import KeptField, kept_fields
from bulkhead.analysis.changes.live_policies import LivePolicy, live_policies
from bulkhead.analysis.changes.own_deliveries import differs_by_folder
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.expansion.expand import expand
from bulkhead.core.kubernetes.cluster import Namespace, Pod
from bulkhead.core.kubernetes.controller_labels import with_controller_labels
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import Isolation
from bulkhead.core.record import FrozenMap, record, replaced
from bulkhead.io.manifests.live_fields import LiveFields

BEFORE, AFTER = "before this step", "after it"


@record
class Deletion:
    """
    A *live* policy that the overlays do not render, and the *effect* of its deletion.

    It is *certain* where the policies of its namespace become what the overlay renders.
    """

    live: LivePolicy
    effect: Comparison
    certain: bool = True

    @property
    def is_free(self) -> bool:
        """Say whether it can go without an effect on traffic, and whether that is certain."""
        return not self.effect.findings and self.is_decided

    @property
    def is_decided(self) -> bool:
        """Say whether the effect is known."""
        return self.certain and not (self.effect.undecided or self.effect.unjudged)


@record
class Step:
    """
    What is done in *namespace*: *applied* is what its overlay does, after *ingress* alone where that is asked.

    Where the overlay *renders* nothing, nothing is applied. *kept* is what a delivery may leave of policies that are
    there: then nothing of the step is certain.
    """

    namespace: str
    folder: str
    renders: bool
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
        """Say whether all effects are known."""
        return not self.kept and not any(each.undecided or each.unjudged for each in self.comparisons)


@dataclass(frozen=True)
class Adoption:
    """
    The *steps* in their order. *ours* are policies of the cluster that the overlays render, by namespace and name.

    *elsewhere* are policies in namespaces that no overlay is for, *absent* are namespaces of overlays that the dump
    does not have, *open* those of the dump that no policy will be in. *doubts* are sentences about what is not judged
    and may make the plan wrong. *dump* and *overlays* are what the plan is about.
    """

    steps: tuple[Step, ...]
    ours: tuple[NetworkPolicy, ...]
    elsewhere: tuple[LivePolicy, ...]
    absent: tuple[str, ...]
    open: tuple[str, ...]
    doubts: tuple[str, ...]
    dump: AnalysisInput
    overlays: AnalysisInput

    @property
    def left(self) -> tuple[Deletion, ...]:
        """The policies that stay in the namespaces of the overlays because their deletion has an effect."""
        return tuple(each for step in self.steps for each in step.deletions if not each.is_free)

    @property
    def is_decided(self) -> bool:
        """Say whether the plan is certain."""
        return not self.doubts and all(step.is_decided for step in self.steps)


State = tuple[tuple[NetworkPolicy, ...], frozenset[str]]
"""The policies of the cluster, and the namespaces whose overlay is applied already."""


class AdoptionPlanner:
    """Plans how the cluster of *dump* takes over *overlays*, judged by *semantics*; *ingress_first* in two parts."""

    def __init__(self, dump: AnalysisInput, overlays: AnalysisInput, semantics: Semantics, ingress_first: bool) -> None:
        policies = dump.cluster.policies + overlays.cluster.policies
        cluster = with_networks(with_controller_labels(dump.cluster, policies), overlays.cluster)
        self.base = replace(dump, cluster=cluster, profile=overlays.profile, rules=overlays.rules.also(dump.rules))
        self.dump, self.overlays, self.semantics, self.ingress_first = dump, overlays, semantics, ingress_first
        self.live = live_policies(dump.cluster.policies, overlays.cluster.policies, overlays.rules.namespaces, False)
        fields = {(each.written.namespace, each.written.name): each for each in dump.live}
        self.fields: dict[tuple[str, str], LiveFields] = fields
        self.kept = kept_fields(dump.cluster.policies, overlays.cluster.policies, fields)

    def plan(self, progress: Callable[[int, int], None]) -> Adoption:
        """
        Return the plan: the namespaces in which the overlays close least come first.

        *progress* hears how many namespaces are done, and of how many.

        :raises NotComparable: where it cannot be said what a policy does to traffic, and where the root renders
            something else than the folders that the plan applies one by one.
        """
        self._check_folders()
        rendering = {each.namespace for each in self.overlays.cluster.policies}
        used = rendering | {each.policy.namespace for each in self.live if each.listed}
        spaces = [space for space in sorted(self.overlays.rules.namespaces) if space in used]
        current: State = self.dump.cluster.policies, frozenset()
        first = {space: self._effect(current, self._with_overlay(current, space)) for space in spaces}
        order = sorted(spaces, key=lambda space: (space not in rendering, _closings(first[space]), space))
        steps = []
        for done, space in enumerate(order):
            step, current = self._step(space, current)
            steps.append(step)
            progress(done + 1, len(order))
        rendered = {(each.namespace, each.name) for each in self.overlays.cluster.policies}
        known = {each.name for each in self.dump.cluster.namespaces} | {pod.namespace for pod in self.dump.cluster.pods}
        isolated = {each.namespace for each in current[0]}
        return Adoption(
            tuple(steps),
            tuple(each for each in self.dump.cluster.policies if (each.namespace, each.name) in rendered),
            tuple(each for each in self.live if not each.listed),
            tuple(sorted(set(spaces) - known)),
            tuple(sorted(known - isolated)),
            tuple(self._doubts()),
            self.dump,
            self.overlays,
        )

    def _check_folders(self) -> None:
        """:raises NotComparable: where a folder by itself is not what is judged."""
        folders = self.overlays.rules.folders
        by_folder: dict[str, list[str]] = {}
        for space, folder in folders.items():
            by_folder.setdefault(folder, []).append(space)
        faults = [
            Diagnostic(Location(f"{folder}/kustomization.yaml", 1, 1), f"it renders {len(each)} namespaces", _ONE_EACH)
            for folder, each in by_folder.items()
            if len(each) > 1
        ]
        if differs_by_folder(self.overlays):
            faults.append(Diagnostic(Location("kustomization.yaml"), _OTHER_ROOT, _IN_OVERLAYS))
        homeless = sorted({each.namespace for each in self.overlays.cluster.policies} - set(folders))
        if homeless:
            message = f"a policy in namespace `{homeless[0]}` is rendered, and no overlay is for that namespace"
            faults.append(Diagnostic(Location("kustomization.yaml"), message, _IN_OVERLAYS))
        if faults:
            raise NotComparable("the overlays", faults)

    def _doubts(self) -> Iterator[str]:
        """Yield what the plan does not judge and what may make it wrong."""
        things = self.overlays.things
        if any(isinstance(each, Pod) for each in things):
            yield "the overlays render workloads or pods, and the plan judges those of the dump only"
        kept, fewer = (delivered_namespaces(self.dump.cluster.namespaces, things, keeps) for keeps in (True, False))
        if kept != fewer:
            yield "labels of a Namespace that the overlays render and the dump has more of may stay or go"
        new = sorted({each.kind for each in self.overlays.unjudged})
        if new:
            yield f"the overlays bring what is not judged: {', '.join(new)}"

    def _step(self, space: str, current: State) -> tuple[Step, State]:
        kept = tuple(each for each in self.kept if each.live.namespace == space)
        ingress = None
        after = self._with_overlay(current, space)
        part = self._ingress_only(current, space) if self.ingress_first else None
        if part:
            ingress, current = self._effect(current, part), part
        applied = self._effect(current, after)
        deletions: list[Deletion] = []
        for live in (each for each in self.live if each.policy.namespace == space):
            without = tuple(each for each in after[0] if each != live.policy), after[1]
            deletion = Deletion(live, self._effect(after, without), not kept)
            deletions.append(deletion)
            after = without if deletion.is_free else after
        renders = any(each.namespace == space for each in self.overlays.cluster.policies)
        folder = self.overlays.rules.folders[space]
        return Step(space, folder, renders, ingress, applied, tuple(deletions), kept), after

    def _with_overlay(self, current: State, space: str, new: tuple[NetworkPolicy, ...] | None = None) -> State:
        """Return *current* with the policies that the overlay of *space* renders, or *new*, instead of those."""
        rendered = tuple(each for each in self.overlays.cluster.policies if each.namespace == space)
        names = {each.name for each in rendered}
        others = (each for each in current[0] if each.namespace != space or each.name not in names)
        return (*others, *(rendered if new is None else new)), current[1] | {space}

    def _ingress_only(self, current: State, space: str) -> State | None:
        """
        Return *current* with what the overlay renders with `isolation: ingress` and `egress: null`.

        ``None`` where it isolates one direction only, or cannot be written so.
        """
        resource = self.overlays.rules.namespaces[space]
        loaded = self.overlays.loaded
        overlay = loaded.overlays[self.overlays.rules.folders[space]] if loaded else None
        if resource.spec.isolation is not Isolation.BOTH or overlay is None or overlay.profile is None:
            return None
        spec = replaced(resource.spec, isolation=Isolation.INGRESS, egress=FrozenMap())
        made = expand(overlay.profile, [replaced(resource, spec=spec)])
        if made.problems or list(spec.complaints()):
            return None
        mine = {(each.namespace, each.name) for each in overlay.policies}
        raw = (each for each in self.overlays.cluster.policies if each.namespace == space)
        return self._with_overlay(
            current, space, (*made.policies, *(each for each in raw if (each.namespace, each.name) not in mine))
        )

    def _effect(self, before: State, after: State) -> Comparison:
        sides = [self._side(each) for each in (before, after)]
        return compare_sides(ComparedSides((BEFORE, AFTER), sides[0], sides[1], (self.semantics, self.semantics)))

    def _side(self, state: State) -> AnalysisInput:
        """Return the cluster with the policies of *state*; Namespaces whose overlay is applied have its labels."""
        policies, applied = state
        delivered = [each for each in self.overlays.things if isinstance(each, Namespace) and each.name in applied]
        namespaces = delivered_namespaces(self.base.cluster.namespaces, delivered)
        cluster = replaced(self.base.cluster, policies=policies, namespaces=namespaces)
        return replace(self.base, cluster=cluster, known_namespaces=namespaces)


_ONE_EACH = "plan by hand, or give each namespace an overlay of its own: a step of the plan applies one folder"
_OTHER_ROOT = "the root changes what its folders render, or adds to it: the plan applies each folder by itself"
_IN_OVERLAYS = "move that into the overlays"


def _closings(found: Comparison) -> int:
    return sum(not each.opens for each in found.findings)
