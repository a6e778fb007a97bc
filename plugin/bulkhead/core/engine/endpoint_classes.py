"""
Makes endpoint spaces: which pods and addresses the policies of a cluster can distinguish.

The endpoint spaces of two clusters that are compared are made together, so that a bit means the same in both.
"""

from collections.abc import Iterable, Sequence

from bulkhead.core.engine import ip_blocks
from bulkhead.core.engine.endpoint_space import ANYWHERE, AddressCells, EndpointClass, EndpointSpace
from bulkhead.core.engine.semantics import API, Deviation, IpBlockMode, Semantics
from bulkhead.core.kubernetes import selectors
from bulkhead.core.kubernetes.cluster import Cluster, Pod, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer, PolicyPort, PolicyRule
from bulkhead.core.kubernetes.selectors import Index, KnownLabels, Members
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, partition, ports
from bulkhead.core.sets.addresses import AddressSet, Family
from bulkhead.core.sets.intervals import Spans, merge
from bulkhead.core.sets.partition import Partition

NODE_PORT_RANGE = (30000, 32767)
"""The first and the last port that Services of type NodePort get."""

NODE_PORTS = ports.union(ports.between("TCP", *NODE_PORT_RANGE), ports.between("UDP", *NODE_PORT_RANGE))
"""These, of the protocols that kube-router lets through to a pod's node."""


@record
class Side:
    """
    A cluster, its pods in a fixed order, and the *semantics* by which its policies are read.

    A pod has the same index on both sides; ``None``: this side does not have the pod.
    """

    cluster: Cluster
    pods: tuple[Pod | None, ...]
    semantics: Semantics = API


@record
class _Key:
    """What distinguishes the pods of one member from all others."""

    namespace: str
    labels: KnownLabels
    ports: tuple[tuple[str, str, int], ...]
    cells: AddressCells
    host_network: bool
    node: str


@record
class _Vocabulary:
    """What the policies of all sides can distinguish."""

    labels: selectors.Vocabulary
    namespaces: selectors.Vocabulary
    ports: frozenset[tuple[str, str]]
    address_cells: Partition
    hosts: frozenset[str]


def families(sides: Sequence[Side]) -> tuple[int, ...]:
    """Return the address families of the addresses in *sides*; IPv4 where they have no address."""
    six = any(
        ":" in text
        for side in sides
        for text in (
            *(one for pod in side.pods if pod for one in pod.addresses),
            *side.cluster.networks,
            *(block.cidr for block in _blocks(side.cluster)),
        )
    )
    return addresses.FAMILIES if six else (4,)


def endpoint_spaces(sides: Sequence[Side], family: Family) -> tuple[EndpointSpace, ...]:
    """Return an endpoint space for each of *sides*: a bit means the same member in all, with the pods of that side."""
    vocabulary = _vocabulary(sides, family)
    keyed = [_keys(side, vocabulary, family) for side in sides]
    classes: dict[tuple[_Key | None, ...], list[int]] = {}
    for at, key in enumerate(zip(*keyed, strict=True)):
        classes.setdefault(key, []).append(at)
    classes.pop((None,) * len(sides), None)
    ordered = sorted(classes.items(), key=_first_namespace)
    port_cells = _port_cells(sides, vocabulary, [key for keys, _ in ordered for key in keys if key])
    return tuple(
        _endpoint_space(side, [(keys[number], pods) for keys, pods in ordered], vocabulary, family, port_cells)
        for number, side in enumerate(sides)
    )


def _first_namespace(item: tuple[tuple[_Key | None, ...], list[int]]) -> tuple[str, int]:
    return next(key.namespace for key in item[0] if key), item[1][0]


def _rules(cluster: Cluster) -> Iterable[PolicyRule]:
    for policy in cluster.policies:
        yield from policy.ingress or ()
        yield from policy.egress or ()


def _blocks(cluster: Cluster) -> Iterable[IpBlock]:
    for rule in _rules(cluster):
        for peer in rule.peers or ():
            if isinstance(peer, IpBlock):
                yield peer


def _ports(sides: Iterable[Side]) -> Iterable[PolicyPort]:
    return {port for side in sides for rule in _rules(side.cluster) for port in rule.ports or ()}


def _vocabulary(sides: Sequence[Side], family: Family) -> _Vocabulary:
    peers = {
        peer
        for side in sides
        for rule in _rules(side.cluster)
        for peer in rule.peers or ()
        if isinstance(peer, PodPeer)
    }
    subjects = {policy.pods for side in sides for policy in side.cluster.policies}
    whole = addresses.WHOLE[family]
    return _Vocabulary(
        labels=selectors.vocabulary([*subjects, *(peer.pods for peer in peers)]),
        namespaces=selectors.vocabulary(peer.namespaces for peer in peers if peer.namespaces),
        ports=frozenset((port.port, port.protocol) for port in _ports(sides) if isinstance(port.port, str)),
        address_cells=partition.split(
            (whole,), {spans for side in sides for spans in distinguished_spans(side.cluster, family, side.semantics)}
        ),
        hosts=frozenset(pod.node for side in sides for pod in side.pods if pod and pod.host_network and pod.node),
    )


def distinguished_spans(cluster: Cluster, family: Family, semantics: Semantics) -> Iterable[Spans]:
    """Yield every set of addresses of *family* that the rules of *cluster* may distinguish."""
    yield from block_spans(cluster, family)
    if semantics.deviations:
        yield from ip_blocks.cuts(_blocks(cluster), ip_blocks.never_matched(cluster, semantics.deviations), family)


def block_spans(cluster: Cluster, family: Family) -> Iterable[Spans]:
    """Yield the addresses of every ``ipBlock`` of *family* in *cluster*."""
    for found in {(block.cidr, block.excluded) for block in _blocks(cluster)}:
        spans = addresses.block(*found)
        if spans and addresses.family(spans[0][0]) == family:
            yield spans


def _port_cells(sides: Sequence[Side], vocabulary: _Vocabulary, keys: Iterable[_Key]) -> Partition:
    wanted = {port_set_of(port).spans for port in _ports(sides) if not isinstance(port.port, str)}
    resolved = {(protocol, number) for key in keys for _, protocol, number in key.ports}
    deviations = frozenset(each for side in sides for each in side.semantics.deviations)
    if deviations and vocabulary.ports:  # names are looked up on pods without an address of this family too
        every = {port for side in sides for pod in side.pods if pod for port in pod.ports}
        resolved = {(port.protocol, port.number) for port in every if (port.name, port.protocol) in vocabulary.ports}
    if Deviation.NODE_PORTS in deviations:
        wanted.update((span,) for span in NODE_PORTS.spans)
    return partition.split(
        ports.EVERY.spans, wanted.union(ports.between(p, number, number).spans for p, number in resolved)
    )


def port_set_of(port: PolicyPort) -> ports.PortSet:
    """Return the set of ports of *port*, which is not a name."""
    if not isinstance(port.port, int):
        return ports.between(port.protocol)
    return ports.between(port.protocol, port.port, port.end or port.port)


def _keys(side: Side, vocabulary: _Vocabulary, family: Family) -> list[_Key | None]:
    pod_networks, node_networks = _spans(side.cluster.networks, family), _spans(side.cluster.nodes, family)
    seen: dict[_Key, _Key] = {}
    keys: list[_Key | None] = []
    for pod in side.pods:
        cells = (
            _address_cells(pod, vocabulary.address_cells, family, node_networks if pod.host_network else pod_networks)
            if pod
            else 0
        )
        if pod is None or not cells:
            keys.append(None)
            continue
        key = _key(pod, vocabulary, cells if _is_in_blocks(pod, side.semantics) else 0, side.semantics.deviations)
        keys.append(seen.setdefault(key, key))
    return keys


def _is_in_blocks(pod: Pod, semantics: Semantics) -> bool:
    """Say whether an ``ipBlock`` may match *pod*: the address of a node is no pod's, so the mode is not about it."""
    if pod.host_network:
        return Deviation.NODE_ADDRESS not in semantics.deviations
    return semantics.mode is IpBlockMode.PODS


def _key(pod: Pod, vocabulary: _Vocabulary, cells: AddressCells, deviations: frozenset[Deviation]) -> _Key:
    node = pod.node if pod.node in vocabulary.hosts else ""
    if pod.host_network:  # for policies it is an address of its node, whatever its namespace and labels are
        return _Key("", (), (), cells, True, node)
    named = programmed_ports(pod, vocabulary.ports, deviations) if vocabulary.ports else set()
    return _Key(
        pod.namespace,
        selectors.known_labels(pod.labels, vocabulary.labels),
        tuple(sorted(named)) if named else (),
        cells,
        False,
        node,
    )


def programmed_ports(
    pod: Pod, mentioned: frozenset[tuple[str, str]], deviations: frozenset[Deviation]
) -> set[tuple[str, str, int]]:
    """
    Return the ports of *pod* that an enforcer with *deviations* looks at: those *mentioned*, or what it mixes up.

    kube-router does not look at the ports of sidecars.
    Probe: ``tests/truth/kube-router/names.yaml``, "the names of a sidecar's ports are not seen".
    """
    mixed, never_matched = Deviation.SHARED_PORTS in deviations, Deviation.SIDECAR_NAMES in deviations
    return {
        (port.name, port.protocol, port.number)
        for port in pod.ports
        if (mixed or (port.name, port.protocol) in mentioned) and not (never_matched and port.sidecar)
    }


def _spans(networks: tuple[str, ...], family: Family) -> Spans | None:
    """Return the networks of *family*: ``None`` where no network is known, empty where all are of the other family."""
    found = [addresses.network(text) for text in networks]
    return merge(span for span in found if addresses.family(span[0]) == family) if found else None


def _address_cells(pod: Pod, all_cells: Partition, family: Family, networks: Spans | None) -> AddressCells:
    """Return the cells of the addresses that *pod* may have; 0: it has no address of *family*."""
    if not pod.addresses:
        return ANYWHERE if networks is None else partition.covered(all_cells, networks)
    found = 0
    for text in pod.addresses:
        if "/" in text:
            span = addresses.network(text)
            if addresses.family(span[0]) == family:
                found |= partition.covered(all_cells, (span,))
        elif (":" in text) == (family == 6):
            found |= 1 << partition.locate(all_cells, addresses.address(text))
    return found


def _endpoint_space(
    side: Side,
    classes: list[tuple[_Key | None, list[int]]],
    vocabulary: _Vocabulary,
    family: Family,
    port_cells: Partition,
) -> EndpointSpace:
    keys = [(1 << member, key) for member, (key, _) in enumerate(classes) if key]
    inside = [(bit, key) for bit, key in keys if not key.host_network]
    hosts = sum(bit for bit, key in keys if key.host_network)
    outside = vocabulary.address_cells.every << len(classes)
    bits_by_name = _bits_by_key((key.namespace, bit) for bit, key in inside)
    members = [
        EndpointClass(tuple(pod for at in pods if (pod := side.pods[at]))) if key else EndpointClass()
        for key, pods in classes
    ]
    members += [EndpointClass((), AddressSet(region)) for region in vocabulary.address_cells.regions]
    return EndpointSpace(
        family=family,
        classes=tuple(members),
        port_cells=port_cells,
        address_cells=vocabulary.address_cells,
        present=sum(bit for bit, _ in keys) | outside,
        hosts=hosts,
        outside=outside,
        labels=selectors.index((bit, key.labels) for bit, key in inside),
        namespaces=_namespace_index(side.cluster, bits_by_name, vocabulary),
        by_namespace=bits_by_name,
        named=_named(inside),
        by_cell=_by_cell((key.cells, bit) for bit, key in keys),
        nodes=_nodes(keys),
        by_pod={pod: number for number, each in enumerate(members) for pod in each.pods},
    )


def _bits_by_key(items: Iterable[tuple[str, Members]]) -> dict[str, Members]:
    found: dict[str, int] = {}
    for name, bit in items:
        found[name] = found.get(name, 0) | bit
    return found


def _namespace_index(cluster: Cluster, bits_by_name: dict[str, Members], vocabulary: _Vocabulary) -> Index:
    labels = namespaces_of(cluster)
    return selectors.index(
        (bits, selectors.known_labels(labels.get(name, {}).items(), vocabulary.namespaces))
        for name, bits in sorted(bits_by_name.items())
    )


def _named(inside: list[tuple[Members, _Key]]) -> dict[tuple[str, str], tuple[tuple[int, Members], ...]]:
    found: dict[tuple[str, str], dict[int, int]] = {}
    for bit, key in inside:
        for name, protocol, number in key.ports:
            having = found.setdefault((name, protocol), {})
            having[number] = having.get(number, 0) | bit
    return {port: tuple(sorted(having.items())) for port, having in found.items()}


def _by_cell(items: Iterable[tuple[AddressCells, Members]]) -> tuple[tuple[AddressCells, Members], ...]:
    found: dict[int, int] = {}
    for cells, bit in items:
        if cells:
            found[cells] = found.get(cells, 0) | bit
    return tuple(sorted(found.items()))


def _nodes(keys: list[tuple[Members, _Key]]) -> tuple[tuple[Members, Members], ...]:
    hosts = _bits_by_key((key.node, bit) for bit, key in keys if key.host_network and key.node)
    pods = _bits_by_key((key.node, bit) for bit, key in keys if not key.host_network and key.node)
    return tuple((bits, pods[node]) for node, bits in sorted(hosts.items()) if node in pods)
