"""A promise is held against the specification: for every pair, and nothing but what is named."""

from collections.abc import Sequence

import pytest
from bulkhead.core.engine.endpoint_terms import EndpointVocabulary
from bulkhead.core.engine.solve import reach
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PodPeer, PolicyPort, PolicyRule, Selector
from bulkhead.core.promises.check import Promise, check_promise
from bulkhead.core.sets import addresses, ports
from bulkhead.core.sets.ports import PortSet

DB, WEB, JOB = (Selector((("app", name),)) for name in ("db", "web", "job"))


def pod(name: str, app: str) -> Pod:
    return Pod("shop", name, labels=(("app", app),))


def locked(*peers: PodPeer | IpBlock) -> Cluster:
    """Return a cluster whose db takes TCP 5432 from *peers* alone."""
    rule = PolicyRule(peers, (PolicyPort("TCP", 5432),))
    return Cluster(
        pods=(pod("db", "db"), pod("web-a", "web"), pod("web-b", "web"), pod("job", "job")),
        policies=(NetworkPolicy("shop", "db", DB, (rule,), None),),
    )


def breaches(
    cluster: Cluster,
    sources: Sequence[str],
    destinations: Sequence[str],
    asked: PortSet = ports.EVERY,
    allowed: bool = False,
    others: str = "",
    alone: int | None = None,
) -> list[tuple[str, str, str]]:
    names, answer = EndpointVocabulary(cluster), reach(cluster)
    promise = Promise(tuple(map(names.choose, sources)), tuple(map(names.choose, destinations)), asked, allowed, others)
    space = answer.layers[0].space
    single = sum(1 << place for place, member in enumerate(space.classes) if len(member.pods) == 1)
    outcome = check_promise(answer, promise, (single if alone is None else alone,), ())
    members = space.classes
    return sorted(
        ("+".join(p.name for p in members[b.source].pods) or "outside",
         "+".join(p.name for p in members[b.destination].pods) or "outside",
         str(b.ports))
        for b in outcome.breaches
    )  # fmt: skip


POSTGRES = ports.between("TCP", 5432, 5432)


def test_refused_holds_only_if_no_port_is_open() -> None:
    assert breaches(locked(PodPeer(WEB)), ["shop/job"], ["shop/db"]) == []
    assert breaches(locked(PodPeer(WEB)), ["shop/web-a"], ["shop/db"]) == [("web-a+web-b", "db", "TCP 5432")]


def test_allowed_holds_only_if_every_port_is_open() -> None:
    cluster = locked(PodPeer(WEB))
    assert breaches(cluster, ["shop/web-a"], ["shop/db"], POSTGRES, True) == []
    two = ports.between("TCP", 5432, 5433)
    assert breaches(cluster, ["shop/web-a"], ["shop/db"], two, True) == [("web-a+web-b", "db", "TCP 5433")]


def test_allowed_holds_only_for_every_pair() -> None:
    found = breaches(locked(PodPeer(WEB)), ["shop/web-a", "shop/job"], ["shop/db"], POSTGRES, True)
    assert found == [("job", "db", "TCP 5432")]


def test_nothing_but_what_is_named_may_come_in() -> None:
    assert breaches(locked(PodPeer(WEB)), ["shop/web*"], ["shop/db"], others="sources") == []
    found = breaches(locked(PodPeer(WEB), PodPeer(JOB)), ["shop/web*"], ["shop/db"], others="sources")
    assert found == [("job", "db", "TCP 5432")]


def test_a_pod_that_behaves_like_a_named_one_but_is_not_named_is_something_else() -> None:
    found = breaches(locked(PodPeer(WEB)), ["shop/web-a"], ["shop/db"], others="sources")
    assert found == [("web-a+web-b", "db", "TCP 5432")]


def test_a_named_address_does_not_stand_for_its_network() -> None:
    found = breaches(locked(IpBlock("192.168.1.0/24")), ["192.168.1.40"], ["shop/db"], others="sources")
    assert found == [("outside", "db", "TCP 5432")]
    assert breaches(locked(IpBlock("192.168.1.0/24")), ["192.168.1.0/24"], ["shop/db"], others="sources") == []


def test_a_pod_and_itself_are_no_pair_but_two_of_one_workload_are() -> None:
    cluster = locked(PodPeer(DB))
    assert breaches(cluster, ["shop/db"], ["shop/db"]) == []
    assert breaches(cluster, ["shop/db"], ["shop/db"], alone=0) == [("db", "db", "TCP 5432")]


def test_addresses_that_no_outside_end_has_are_not_something_else() -> None:
    cluster = locked(IpBlock("10.42.0.0/16"))
    answer = reach(cluster)
    promise = Promise((), (EndpointVocabulary(cluster).choose("shop/db"),), ports.EVERY, False, "sources")
    unreal = (addresses.network("10.42.0.0/16"),)
    assert check_promise(answer, promise, (0,), ()).breaches
    pods = [
        b
        for b in check_promise(answer, promise, (0,), unreal).breaches
        if answer.layers[0].space.classes[b.source].addresses.spans
    ]
    assert pods == []


@pytest.mark.parametrize("allowed", [True, False])
def test_two_addresses_are_no_pair(allowed: bool) -> None:
    cluster = locked(PodPeer(WEB))
    names = EndpointVocabulary(cluster)
    promise = Promise((names.choose("1.1.1.1"),), (names.choose("9.9.9.9"),), ports.EVERY, allowed)
    assert check_promise(reach(cluster), promise, (0,), ()).pairs == 0
