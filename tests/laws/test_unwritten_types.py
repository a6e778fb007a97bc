"""
What an update changes is reported, whatever text the object in the cluster was created from.

The API server is simulated: it sets ``policyTypes`` when an object is created, and when a delivery removes the field.
"""

import itertools
from random import Random

import pytest
from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.compared_readings import compare_readings
from bulkhead.analysis.changes.comparison import ComparedSides, compare_manifests
from bulkhead.core.engine.semantics import API, IpBlockMode
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.record import replaced
from conftest import IN_CI
from laws import brute, edits, population

PAIRS = 600 if IN_CI else 150
PROBES = (("TCP", 80), ("UDP", 53), ("SCTP", 80))
OWN = ("10.0.0.1", "10.0.0.3", "10.0.0.5", "10.0.0.6")

Types = frozenset[Direction]


def text(random: Random) -> NetworkPolicy:
    """A policy as somebody writes it; without `policyTypes` the rules that it has say for what it is."""
    found = replaced(edits.policy(random), namespace="alpha", name="text")
    if random.random() < 0.3:
        return found
    rules = found.egress or found.ingress if random.random() < 0.6 else None
    return replaced(found, ingress=found.ingress or (), egress=rules or None, has_types=False)


def created(written: NetworkPolicy) -> Types:
    """The `policyTypes` of a new object: as written, else `Ingress`, and `Egress` where it has rules of it."""
    if written.has_types:
        return frozenset(each for each in Direction if getattr(written, each.value) is not None)
    return frozenset((Direction.INGRESS, *((Direction.EGRESS,) if written.egress else ())))


def updated(types: Types, before: NetworkPolicy, after: NetworkPolicy, is_removed: bool) -> Types:
    """The `policyTypes` after an update: those written; else as they are, or as of a new object if they are removed."""
    if after.has_types or (before.has_types and is_removed):
        return created(after)
    return types


def stored(written: NetworkPolicy, types: Types) -> NetworkPolicy:
    """The object: rules of a direction that is not among its `policyTypes` do not count."""
    sides = {each.value: (getattr(written, each.value) or ()) if each in types else None for each in Direction}
    return replaced(written, **sides, has_types=True)


def is_assumed(old: NetworkPolicy, new: NetworkPolicy, types: Types) -> bool:
    """Whether *types* are those that are assumed where nothing about them changes: the ones of a new object."""
    changes = old.has_types or new.has_types or created(old) != created(new)
    return changes or types == created(old)


@pytest.mark.slow
def test_what_an_update_changes_is_reported_whatever_the_object_was_created_from() -> None:
    random = Random(7)
    effects = depending = 0
    for _ in range(PAIRS):
        texts = [text(random) for _ in range(random.randint(2, 4))]
        if random.random() < 0.7:  # an update of the rules only
            texts[-1] = replaced(texts[-2], egress=texts[-1].egress, has_types=texts[-1].has_types)
            if not texts[-1].has_types:
                texts[-1] = replaced(texts[-1], ingress=texts[-1].ingress or (), egress=texts[-1].egress or None)
        if random.random() < 0.3:  # a change that is taken back, and made again
            texts = [texts[-1], *texts[-2:]]
        types = created(texts[0])
        for before, after in itertools.pairwise(texts[:-1]):
            types = updated(types, before, after, is_removed=True)
        old, new = texts[-2:]
        if not is_assumed(old, new, types):
            continue
        now = updated(types, old, new, random.random() < 0.5) if random.random() < 0.8 else created(new)
        others = tuple(edits.policy(random) for _ in range(random.randint(0, 2)))
        sides = [AnalysisInput(Cluster((), (), (each, *others))) for each in (old, new)]
        found = compare_readings(ComparedSides(("", ""), sides[0], sides[1], (API, API)), compare_manifests)
        live = [(stored(old, types), *others), (stored(new, now), *others)]
        changed = _changes(live[0], live[1], random)
        effects += bool(changed)
        depending += bool(found.unwritten)
        for flow, opens, spaces in changed:
            said = (each for each in found.possible if each.opens is opens)
            assert any(population.is_in(each.flows, *flow, spaces) for each in said), (
                flow,
                opens,
                old,
                new,
                types,
                now,
            )
    assert effects > PAIRS // 10
    assert depending > PAIRS // 10


def _changes(
    before: tuple[NetworkPolicy, ...], after: tuple[NetworkPolicy, ...], random: Random
) -> list[tuple[brute.Connection, bool, population.Spaces]]:
    """Each flow of a random population that differs, and whether it opens."""
    pods = population.random_pods(random, OWN, PROBES[:2])
    spaces: population.Spaces = {name: {} for name in population.SPACES}
    sides = [population.living(Cluster((), (), policies), pods, spaces) for policies in (before, after)]
    found = []
    for source, destination in population.pairs(pods, 4):
        for protocol, port in PROBES:
            was, now = (
                brute.allows_over(side, source, destination, protocol, port, IpBlockMode.PODS, 4) for side in sides
            )
            if was is not now:
                found.append(((source, destination, protocol, port), now, spaces))
    return found
