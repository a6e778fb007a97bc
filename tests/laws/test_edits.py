"""
What an edit opens and closes for any pod is reported, with its sign, and nothing else is.

Brute force over pods with labels, namespaces and addresses that nobody mentions. ``EDITS`` is the number of pairs:
24,000 in CI, and a tenth elsewhere.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from bulkhead.core.diff.possible_changes import PossibleChange, possible_changes
from bulkhead.core.engine.semantics import API, Semantics, enforced
from bulkhead.core.expansion.expand import expand
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Namespace
from bulkhead.core.language import resources
from bulkhead.core.language.resources import ClusterProfile, Enforcer, SegmentedNamespace
from bulkhead.core.record import fields_of
from bulkhead.core.sets import addresses, intervals
from bulkhead.io.resources.decode import decode
from conftest import IN_CI
from laws import brute, edits, kube_router, population, written
from laws.strategies import NAMESPACES, VALUES

PAIRS = int(os.environ.get("EDITS", "24000" if IN_CI else "2400"))
SHARDS = 4
PROBES = (("TCP", 80), ("UDP", 53), ("TCP", 7777), ("SCTP", 80))


def missed(
    before: Cluster,
    after: Cluster,
    semantics: tuple[Semantics, Semantics],
    changes: tuple[PossibleChange, ...],
    random: Random,
) -> list[object]:
    """The flows of a random population about which brute force and *changes* do not agree."""
    family = random.choice(addresses.FAMILIES)
    known = intervals.merge(addresses.network(text) for text in after.networks)
    known = intervals.intersect(known, (addresses.WHOLE[family],))
    texts = [text for text in INSIDE if (":" in text) == (family == 6)]
    within = tuple(text for text in texts if not known or intervals.holds(known, addresses.address(text)))
    outside = [
        end
        for end in population.OUTSIDES
        if (":" in end.address) == (family == 6) and not intervals.holds(known, population.place(end))
    ]
    own = random.sample(within, min(6, len(within)))
    pods = population.random_pods(random, own, PROBES[:2])
    spaces = {name: {"app": random.choice(VALUES)} if random.random() < 0.5 else {} for name in population.SPACES}
    sides = [population.living(side, pods, spaces) for side in (before, after)]
    mine = [change for change in changes if change.space.family == family and not change.is_part]
    alike = [change for change in changes if change.space.family == 4 and set(change.flows.spans) <= {"port"}]
    wrong: list[object] = []
    for source, destination in population.pairs((*pods,), family):
        if any(isinstance(end, External) and end not in outside for end in (source, destination)):
            continue
        here = [
            [each for each in some if population.ends_are_in(each.flows, source, destination, spaces)]
            for some in (mine, alike)
        ]
        for probe in PROBES:
            was, now = (
                allows(side, read, source, destination, *probe, family)
                for side, read in zip(sides, semantics, strict=True)
            )
            wrong += disagreements(here, source, destination, probe, was, now)
    return wrong


def disagreements(
    here: Sequence[list[PossibleChange]],
    source: Endpoint,
    destination: Endpoint,
    probe: tuple[str, int],
    was: bool,
    now: bool,
) -> Iterator[object]:
    """Yield the flow, with whether it opens, where *here*, changes between its ends, do not say what is changed."""
    mine, alike = here
    for opens in (True, False):
        is_changed = was is not now and now is opens
        # What is said of pods with any IPv4 address is said of those with any IPv6 address too.
        listed = mine + alike if is_changed else mine
        flow = source, destination, *probe
        if is_changed is not any(each.opens is opens and population.port_is_in(each.flows, *flow) for each in listed):
            yield *flow, was, now, opens


INSIDE = tuple(each for each in population.ADDRESSES if each != "8.8.8.8")


def allows(
    side: Cluster, read: Semantics, source: Endpoint, destination: Endpoint, protocol: str, port: int, family: int
) -> bool:
    if read.enforcer is Enforcer.KUBE_ROUTER:
        return kube_router.passes(side, source, destination, protocol, port, False, family)
    return brute.allows_over(side, source, destination, protocol, port, read.mode, family)


def decided(changes: tuple[PossibleChange, ...], semantics: tuple[Semantics, Semantics]) -> bool:
    """Whether all is decided in whole: only of the node ports that one enforcer opens a part is said."""
    is_part = semantics[0].deviations != semantics[1].deviations
    return all(change.decided and (not change.is_part or (is_part and not change.causes)) for change in changes)


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_edit_of_a_policy_is_reported_with_its_sign(shard: int, capsys: pytest.CaptureFixture[str]) -> None:
    random = Random(shard)
    seen: Counter[str] = Counter()
    effects = 0
    while sum(seen.values()) < PAIRS * 2 // 3 // SHARDS:
        policies = tuple(edits.policy(random) for _ in range(random.randint(1, 3)))
        what, others = edits.edited(policies, random)
        spaces = tuple(Namespace(name, edits.labels(random)) for name in NAMESPACES if random.random() < 0.5)
        networks = random.choice(((), ("10.0.0.0/29",), ("10.0.0.0/29", "fd00::/125")))
        sides = Cluster(spaces, (), policies, networks), Cluster(spaces, (), others, networks)
        changes = possible_changes(*sides, (API, API))
        assert decided(changes, (API, API))
        assert not missed(*sides, (API, API), changes, random), (what, policies, others)
        seen[what] += 1
        effects += bool(changes)
    wanted = {f"{record.__name__}.{field}" for record in edits.POLICY_RECORDS for field in edits.fields(record)}
    assert set(seen) == wanted | {"remove a policy", "add a policy"}
    with capsys.disabled():
        print(f" {sum(seen.values())} pairs of policies, {effects} of them change traffic")


RECORDS = ("ProfileSpec", "Networks", "NamespaceSpec", "Workload", "IngressRule", "EgressRule", "Peer",
           "LabelSelector", "Expression")  # fmt: skip


def declared() -> list[tuple[str, str]]:
    """Every field that people write in a SegmentedNamespace or a ClusterProfile, by the key of its record."""
    return [
        (name, field.key or attribute)
        for name in RECORDS
        for attribute, field in fields_of(getattr(resources, name)).items()
        if (name, attribute) not in OF_PROVIDERS
    ]


OF_PROVIDERS = (("Peer", "ranges"), ("Peer", "select"), ("Peer", "widen"))
"""They mean the addresses of a pinned file, which `tests/laws` does not have; what is rendered from them is blocks."""


NAMES = (("ClusterProfile", "name"), ("SegmentedNamespace", "namespace"))
"""What is edited outside the two specs."""


def expanded(
    profile: dict[str, Any], spec: dict[str, Any], name: str = "home", namespace: str = NAMESPACES[0]
) -> tuple[Cluster, Semantics] | None:
    """The policies and networks of two specs, and what the policies are read by; ``None``: they are refused."""
    made, problems = decode(written.profile() | {"spec": profile, "metadata": {"name": name}})
    resource, wrong = decode(written.namespace(spec, namespace))
    if problems or wrong or not isinstance(made, ClusterProfile) or not isinstance(resource, SegmentedNamespace):
        return None
    expansion = expand(made, [resource])
    if expansion.problems:
        return None
    networks = made.spec.networks
    pods, nodes, services = (
        tuple(map(str, each or ())) for each in (networks.pods, networks.nodes, networks.services)
    )  # fmt: skip
    return Cluster((), (), expansion.policies, pods, nodes, services), enforced(made.spec.enforcer)


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_edit_of_a_resource_is_reported_with_its_sign(shard: int, capsys: pytest.CaptureFixture[str]) -> None:
    random = Random(shard)
    fields = [*declared(), *NAMES]
    seen: Counter[tuple[str, str]] = Counter()
    effects = tries = 0
    while sum(seen.values()) < PAIRS // 3 // SHARDS:
        kind, field = fields[tries % len(fields)]
        tries += 1
        profile, spec = edits.written_profile(random), edits.written_spec(random)
        before = expanded(profile, spec)
        if (kind, field) in NAMES:
            others: tuple[dict[str, Any], dict[str, Any]] | None = (profile, spec)
            after = expanded(profile, spec, **{field: random.choice((*NAMESPACES[1:], "gamma", "renamed"))})
        else:
            others = edits.edited_resources(profile, spec, kind, field, random)
            after = expanded(*others) if others else None
        if before is None or after is None:
            continue
        facts = after[0]
        old = Cluster((), (), before[0].policies, facts.networks, facts.nodes, facts.services)
        semantics = before[1], after[1]
        changes = possible_changes(old, facts, semantics)
        assert decided(changes, semantics)
        assert not missed(old, facts, semantics, changes, random), (kind, field, profile, spec, others)
        seen[kind, field] += 1
        effects += bool(changes)
    assert set(seen) == set(fields)
    with capsys.disabled():
        print(f" {sum(seen.values())} pairs of resources, {effects} of them change traffic")
