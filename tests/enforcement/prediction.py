"""What the engine says of a probe."""

from collections.abc import Iterable, Mapping

from bulkhead.core.diagnostics import Diagnostic
from bulkhead.core.engine.reachability import Reachability, allows
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Flow, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.io.manifests import object_reader
from bulkhead.io.manifests.assembly import things_of
from enforcement.cluster import FRONTS, HOSTS, NODES
from enforcement.lab import ONE, Object, Probe, Verdict


def cluster_of(objects: Iterable[Object]) -> Cluster:
    """Return manifests as the engine's values."""
    problems: list[Diagnostic] = []
    things = things_of(found for each in objects for found in object_reader.read(each, problems))
    assert not problems, problems
    return Cluster(
        namespaces=tuple(thing for thing in things if isinstance(thing, Namespace)),
        pods=tuple(thing for thing in things if isinstance(thing, Pod)),
        policies=tuple(thing for thing in things if isinstance(thing, NetworkPolicy)),
    )


class Prediction:
    """The engine's answer for the reference cluster with some policies, by *semantics*."""

    def __init__(self, objects: Iterable[Object], semantics: Semantics) -> None:
        cluster = cluster_of(objects)
        self._answer: Reachability = reach(cluster, semantics)
        self._ends: Mapping[str, Endpoint] = {f"{pod.namespace}/{pod.name}": pod for pod in cluster.pods}

    def verdict(self, probe: Probe) -> Verdict:
        """Say what will come of *probe*. A Service's address has been translated when policies are asked."""
        target, port = probe.target, probe.port
        if target in FRONTS:
            target, ports = FRONTS[target]
            port = ports[probe.port, probe.protocol]
        flow = Flow(self._end(probe.source), self._end(target), probe.protocol, port)
        return Verdict.ALLOWED if allows(self._answer, flow) else Verdict.REFUSED

    def _end(self, name: str) -> Endpoint:
        if name in self._ends:
            return self._ends[name]
        addresses = {
            **{host: found[0] for host, found in HOSTS.items()},
            **{node.name: node.addresses[0] for node in NODES},
            **{f"bridge:{node.name}": f"10.42.{0 if node is ONE else 1}.1" for node in NODES},
        }
        return External(addresses[name])
