"""
The engine and the real enforcer agree on every connection of random clusters.

``N=5000 make prove`` or ``make prove N=5000`` makes so many clusters; 100 if not said.  A disagreement is shrunk to a
minimal cluster, which belongs into a table of ``tests/truth/kube-router/`` once it is understood.
"""

import os
from collections.abc import Iterator

import pytest
from bulkhead.core.engine.reachability import Reachability, family_ports
from bulkhead.core.engine.semantics import Deviation, enforced
from bulkhead.core.engine.solve import reach
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.sets import ports
from bulkhead.core.sets.intervals import holds
from enforcement import clusters
from enforcement.lab import ONE, Lab, Node, Verdict
from hypothesis import given, settings

MAY = enforced(Enforcer.KUBE_ROUTER)
MUST = MAY.but(MAY.deviations - {Deviation.SHARED_PORTS})
"""The semantics without the deviation whose effect is random: the kernel allows at least this, and at most `MAY`."""

CLUSTERS = int(os.environ.get("N", "100"))


TWO_NODES = max(1, CLUSTERS // 10)
"""Two nodes with both families are two enforcers that program two kernels' worth each: four times the work."""


@pytest.fixture(scope="module")
def pair(able: None) -> Iterator[Lab]:
    """A lab of two nodes, dual stack."""
    with Lab(clusters.TWO_NODES) as made:
        yield made


@settings(max_examples=CLUSTERS)
@given(cluster=clusters.clusters((ONE,)))
def test_on_one_node_the_kernel_does_what_the_engine_says(lab: Lab, cluster: Cluster) -> None:
    compare(lab, (ONE,), cluster)


@settings(max_examples=TWO_NODES)
@given(cluster=clusters.clusters(clusters.TWO_NODES))
def test_on_two_nodes_and_over_both_families_the_kernel_does_what_the_engine_says(pair: Lab, cluster: Cluster) -> None:
    compare(pair, clusters.TWO_NODES, cluster)


def compare(lab: Lab, nodes: tuple[Node, ...], cluster: Cluster) -> None:
    probes = clusters.probes(cluster, nodes)
    lab.build(clusters.objects(cluster), hosts=clusters.hosts(nodes), probes=list(probes))
    verdicts = lab.judge(clusters.manifests(cluster.policies))
    may, must = reach(cluster, MAY), reach(cluster, MUST)
    for (probe, ends), verdict in zip(probes.items(), verdicts, strict=True):
        point = ports.point(probe.protocol, probe.port)
        sure, possible = (_open(answer, ends, probe.family, point) for answer in (must, may))
        assert sure <= (verdict is Verdict.ALLOWED) <= possible, f"{probe}: {verdict.value}"
    AGREED.append(len(probes))


AGREED: list[int] = []
"""The probes of each cluster on which both agreed; the report tells them."""


def _open(answer: Reachability, ends: tuple[Endpoint, Endpoint], family: int, point: int) -> bool:
    return holds(family_ports(answer, *ends, family).spans, point)
