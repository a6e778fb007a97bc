"""Replicas are compared as one workload, and what exists on one side only is reported."""

from typing import Any

from bulkhead.core.diff.compare import compare_clusters
from bulkhead.core.kubernetes.cluster import Cluster, Labels, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy, Selector

DENY = NetworkPolicy("a", "deny", Selector(), ingress=(), egress=None)


def pod(name: str, workload: str = "", labels: Labels = ()) -> Pod:
    return Pod("a", name, "Deployment" if workload else "Pod", workload, labels)


def changes(
    before: tuple[Pod, ...],
    after: tuple[Pod, ...],
    policies_before: tuple[NetworkPolicy, ...] = (),
    policies_after: tuple[NetworkPolicy, ...] = (),
) -> Any:
    spaces = (Namespace("a"),)
    return compare_clusters(Cluster(spaces, before, policies_before), Cluster(spaces, after, policies_after)).changes


def test_a_renamed_replica_changes_nothing() -> None:
    assert changes((pod("web-1", "web"), pod("x")), (pod("web-2", "web"), pod("x"))) == ()


def test_one_replica_more_changes_nothing() -> None:
    assert changes((pod("web-1", "web"), pod("x")), (pod("web-1", "web"), pod("web-2", "web"), pod("x"))) == ()


def test_a_pod_that_comes_opens_what_it_may_do() -> None:
    (first, *_) = found = changes((pod("x"),), (pod("x"), pod("new")))
    assert first.before.spans == () and all(change.opens.spans and not change.closes.spans for change in found)


def test_a_pod_alone_reaches_itself_whatever_policies_say() -> None:
    found = changes((pod("x"),), (pod("x"),), (), (DENY,))
    assert [bin(change.destinations & change.sources) for change in found] == ["0b0"]
