"""What a comparison reports, and which rules it names as causes."""

from bulkhead.core.diff.causes import ISOLATES
from bulkhead.core.diff.compare import compare_clusters
from bulkhead.core.diff.findings import findings
from bulkhead.core.engine.semantics import API, Semantics, enforced
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import (
    NAMESPACE_NAME,
    Direction,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Selector,
)
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.sets import addresses, intervals

WEB, DB = Selector((("app", "web"),)), Selector((("app", "db"),))
PODS = (
    Pod("shop", "web", labels=(("app", "web"),), addresses=("10.42.0.5",)),
    Pod("data", "db", labels=(("app", "db"),), addresses=("10.42.0.6",)),
)
SERVICES = "10.43.0.0/16"
TO_DB = PolicyRule((PodPeer(DB, Selector(((NAMESPACE_NAME, "data"),))),), (PolicyPort("TCP", 5432),))
FROM_WEB = PolicyRule((PodPeer(WEB, Selector(((NAMESPACE_NAME, "shop"),))),), (PolicyPort("TCP", 5432),))
ALL_FROM_WEB = PolicyRule((PodPeer(WEB, Selector(((NAMESPACE_NAME, "shop"),))),))


def egress(name: str, *rules: PolicyRule) -> NetworkPolicy:
    return NetworkPolicy("shop", name, WEB, None, rules)


def ingress(name: str, *rules: PolicyRule) -> NetworkPolicy:
    return NetworkPolicy("data", name, DB, rules, None)


def cluster(*policies: NetworkPolicy) -> Cluster:
    return Cluster(pods=PODS, policies=policies, services=(SERVICES,))


def causes(before: Cluster, after: Cluster, semantics: Semantics = API) -> set[tuple[bool, str, int, Direction]]:
    """Return every cause as (of the side before, policy, rule, direction)."""
    return {
        (cause.old, (before if cause.old else after).policies[cause.policy].name, cause.rule, cause.direction)
        for finding in findings(compare_clusters(before, after, semantics))
        for cause in finding.causes
    }


def test_a_rule_that_is_new_where_the_connection_was_allowed_already_is_no_cause() -> None:
    before = cluster(egress("closed"), ingress("known", FROM_WEB))
    after = cluster(egress("opened", TO_DB), ingress("known", FROM_WEB), ingress("more", ALL_FROM_WEB))
    assert causes(before, after) == {(False, "opened", 0, Direction.EGRESS)}


def test_both_sides_are_causes_where_both_refused() -> None:
    before, after = cluster(egress("closed"), ingress("none")), cluster(egress("out", TO_DB), ingress("in", FROM_WEB))
    assert causes(before, after) == {(False, "out", 0, Direction.EGRESS), (False, "in", 0, Direction.INGRESS)}


def test_a_policy_is_the_cause_of_what_it_isolates_only_if_that_refuses_it() -> None:
    before = cluster(ingress("none"), egress("isolates", TO_DB))
    after = cluster(ingress("in", FROM_WEB), egress("isolates", TO_DB))
    assert causes(before, after) == {(False, "in", 0, Direction.INGRESS)}
    freed = cluster(ingress("none"))
    found = findings(compare_clusters(before, freed))
    assert {(each.old, each.rule, each.direction) for one in found for each in one.causes} == {
        (True, ISOLATES, Direction.EGRESS)
    }


def test_the_rule_of_several_in_one_policy_is_the_cause() -> None:
    other = PolicyRule((IpBlock("192.168.1.0/24"),), (PolicyPort("TCP", 80),))
    before, after = cluster(egress("out", other)), cluster(egress("out", other, TO_DB))
    assert causes(before, after) == {(False, "out", 1, Direction.EGRESS)}


def test_service_addresses_are_left_out_where_the_enforcer_never_judges_one() -> None:
    services = (addresses.network(SERVICES),)
    before, after = cluster(egress("closed")), cluster()
    for semantics, reported in ((API, True), (enforced(Enforcer.KUBE_ROUTER), False)):
        found = findings(compare_clusters(before, after, semantics))
        outside = [each.destinations.addresses.spans for each in found if each.destinations.addresses.spans]
        assert outside
        assert any(intervals.intersect(spans, services) for spans in outside) == reported


def test_an_address_that_only_one_side_calls_a_service_s_is_reported() -> None:
    before = cluster(egress("closed"))
    after = Cluster(pods=PODS, services=(SERVICES, "8.8.8.0/24"))
    found = findings(compare_clusters(before, after, enforced(Enforcer.KUBE_ROUTER)))
    google = (addresses.network("8.8.8.0/24"),)
    assert any(intervals.intersect(each.destinations.addresses.spans, google) for each in found)
