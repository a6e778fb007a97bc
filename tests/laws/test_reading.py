"""Whatever a resource contains, reading it gives values or problems, never a traceback."""

import copy
from collections.abc import Iterator
from typing import Any

from bulkhead.core.diagnostics import Diagnostic
from bulkhead.core.engine.solve import reach
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.io.manifests import object_reader
from bulkhead.io.manifests.assembly import things_of
from hypothesis import given
from hypothesis import strategies as st

PORT = {"name": "http", "containerPort": 80, "protocol": "TCP"}
POD = {
    "kind": "Pod",
    "metadata": {
        "name": "a",
        "namespace": "n",
        "labels": {"a": "b"},
        "ownerReferences": [{"kind": "K", "controller": True}],
    },
    "spec": {"hostNetwork": False, "containers": [{"ports": [PORT]}], "initContainers": [{"restartPolicy": "Always"}]},
    "status": {"podIPs": [{"ip": "10.0.0.1"}], "podIP": "10.0.0.1", "hostIP": "10.1.0.1"},
}
JOB = {"kind": "CronJob", "metadata": {"name": "a"}, "spec": {"jobTemplate": {"spec": {"template": POD}}}}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"ports": [PORT]}]}}
JOBSET = {
    "apiVersion": "jobset.x-k8s.io/v1",
    "kind": "JobSet",
    "metadata": {"name": "a"},
    "spec": {"replicas": 0, "replicatedJobs": [{"name": "x", "template": {"spec": {"template": TEMPLATE}}}]},
}
ROLLOUT = {"apiVersion": "argoproj.io/v1", "kind": "Rollout", "metadata": {"name": "a"}, "spec": {"template": TEMPLATE}}
CILIUM = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumNetworkPolicy",
    "metadata": {"name": "a", "annotations": {"a": "b"}},
    "spec": {"endpointSelector": {}},
}
SELECTOR = {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}
RULE = {
    "from": [
        {"podSelector": SELECTOR, "namespaceSelector": {}},
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
    ],
    "ports": [{"port": 80, "endPort": 90, "protocol": "TCP"}, {"port": "http"}],
}
POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "p", "labels": {"a": "b"}},
    "spec": {"podSelector": SELECTOR, "policyTypes": ["Ingress"], "ingress": [RULE]},
}
SPACE = {"kind": "Namespace", "metadata": {"name": "n", "labels": {"a": "b"}}}
junk: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70000),
    st.floats(),
    st.sampled_from(("", "x", "80", "::/0", "TCP", "999.1.1.1/8")),
) | st.sampled_from(([], {}, [None], [[]], {"": ""}, {1: 2}, [{}]))


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, below in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(below, (*path, key))


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    document: Any = copy.deepcopy({"kind": "List", "items": [POD, JOB, JOBSET, ROLLOUT, CILIUM, POLICY, SPACE]})
    for _ in range(draw(st.integers(1, 2))):
        *above, last = draw(st.sampled_from([path for path in places(document) if path]))
        at = document
        for step in above:
            at = at[step]
        at[last] = draw(junk)
    return document


@given(damaged())
def test_reading_never_raises_and_what_it_gives_can_be_judged(document: Any) -> None:
    problems: list[Diagnostic] = []
    things = things_of(object_reader.read(document, problems))
    pods = tuple(thing for thing in things if isinstance(thing, Pod))
    policies = tuple(thing for thing in things if isinstance(thing, NetworkPolicy))
    reach(Cluster(pods=pods, policies=policies))
    assert all(problem.message for problem in problems)
