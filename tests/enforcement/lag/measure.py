"""
Clusters of several sizes, three ways to allow traffic within a namespace, and a pod that appears in it.

The other pods are in namespaces of five with the standard pattern, so that a sync has as much to do as in a real
cluster of that size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from enforcement.lab import ONE, Lab, Object, Probe, Verdict
from enforcement.objects import namespace, pod, policy

SIZES = (5, 40, 80, 200)
EVERY_POD: Object = {"podSelector": {}}
POD_CIDR: Object = {"ipBlock": {"cidr": "10.42.0.0/16"}}
WAYS = {
    "by selector": (EVERY_POD, EVERY_POD),
    "in by CIDR, out by selector": (POD_CIDR, EVERY_POD),
    "by CIDR": (POD_CIDR, POD_CIDR),
}
"""What lets the namespace's traffic in, and what lets it out."""

THROUGH = Probe("space/new", "space/server", 5432)
FORBIDDEN = Probe("space/new", "internet", 80)


@dataclass(frozen=True)
class Spread:
    """Milliseconds of several runs."""

    least: float
    median: float
    most: float


@dataclass(frozen=True)
class Lag:
    """What became of a new pod in a cluster of so many pods, its traffic allowed in one way."""

    pods: int
    way: str
    through: Spread
    unguarded: Spread


def measure(sizes: tuple[int, ...], runs: int) -> Iterator[Lag]:
    """Yield what was measured for each size and way, in their order."""
    with Lab() as lab:
        for size in sizes:
            for way, (inside, outside) in WAYS.items():
                lab.build(
                    [*_objects(size)],
                    hosts={"internet": ["203.0.113.7"]},
                    probes=[THROUGH, FORBIDDEN],
                    late=[THROUGH.source],
                )
                wants = {THROUGH: Verdict.ALLOWED, FORBIDDEN: Verdict.REFUSED}
                found = lab.lag([*_around(size), *_policies(inside, outside)], wants, runs)
                assert all(sample.first is Verdict.ALLOWED for sample in found[FORBIDDEN])
                through, unguarded = ([each.milliseconds for each in found[probe]] for probe in wants)
                yield Lag(size, way, _spread(through), _spread(unguarded))


def _spread(times: list[float]) -> Spread:
    return Spread(min(times), median(times), max(times))


def _objects(size: int) -> Iterator[Object]:
    yield namespace("space")
    yield pod("space", "server", "10.42.0.10", node=ONE.addresses[0])
    yield pod("space", "new", "10.42.0.11", node=ONE.addresses[0])
    for number in range(size - 2):
        if number % 5 == 0:
            yield namespace(f"other-{number // 5}")
        yield pod(f"other-{number // 5}", f"app-{number % 5}", f"10.42.0.{number + 12}")


def _policies(inside: Object, outside: Object) -> list[Object]:
    return [
        policy("space", "default-deny-all", {"policyTypes": ["Ingress", "Egress"]}),
        policy("space", "in", {"policyTypes": ["Ingress"], "ingress": [{"from": [inside]}]}),
        policy("space", "out", {"policyTypes": ["Egress"], "egress": [{"to": [outside]}]}),
    ]


def _around(size: int) -> Iterator[Object]:
    for number in range(0, size - 2, 5):
        yield from _standard(f"other-{number // 5}")


def _standard(space: str) -> Iterator[Object]:
    yield policy(space, "default-deny-all", {"policyTypes": ["Ingress", "Egress"]})
    for name in ("traefik", "prometheus", "cluster-dashboard"):
        chosen = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}
        yield policy(space, name, {"policyTypes": ["Ingress"], "ingress": [{"from": [chosen]}]})
    yield policy(space, "in", {"policyTypes": ["Ingress"], "ingress": [{"from": [POD_CIDR]}]})
    yield policy(space, "out", {"policyTypes": ["Egress"], "egress": [{"to": [POD_CIDR]}]})
    dns = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    yield policy(space, "dns", {"policyTypes": ["Egress"], "egress": [{"to": [{"namespaceSelector": {}}], "ports": dns}]})
    https = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443, "protocol": "TCP"}]}
    yield policy(space, "https", {"policyTypes": ["Egress"], "egress": [https]})
