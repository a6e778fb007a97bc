"""The engine agrees with the specification, flow by flow."""

from bulkhead.core.engine.alike import group_cells
from bulkhead.core.engine.endpoint_space import member_of
from bulkhead.core.engine.matching_rules import port_verdicts
from bulkhead.core.engine.reachability import FamilyReachability, open_ports, rectangles
from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint
from bulkhead.core.sets import ports
from bulkhead.core.sets.intervals import Spans, holds
from bulkhead.core.sets.partition import indices
from hypothesis import given
from laws.brute import allowing, allows, allows_over, families
from laws.strategies import PROBES, clusters, modes, pairs


@given(clusters(), modes)
def test_every_flow_is_judged_as_the_specification_says(cluster: Cluster, mode: IpBlockMode) -> None:
    answer = reach(cluster, Semantics(mode))
    spoken_of = {layer.space.family for layer in answer.layers}
    for source, destination in pairs(cluster):
        if not families(cluster, source) & families(cluster, destination) <= spoken_of:
            continue  # where nothing in a cluster is IPv6, pods without a known address are IPv4 pods
        opened = open_ports(answer, source, destination)
        for protocol, port in PROBES:
            wanted = allows(cluster, source, destination, protocol, port, mode)
            assert holds(opened.spans, ports.point(protocol, port)) == wanted, (source, destination, protocol, port)


@given(clusters(), modes)
def test_rectangles_hold_each_allowed_flow_between_two_endpoints_once_and_no_other(
    cluster: Cluster, mode: IpBlockMode
) -> None:
    for layer in reach(cluster, Semantics(mode)).layers:
        opened: dict[tuple[int, int], Spans] = {}
        for rectangle in rectangles(layer):
            for here in indices(rectangle.sources):
                for there in indices(rectangle.destinations):
                    assert not layer.space.outside >> here & layer.space.outside >> there & 1
                    assert (here, there) not in opened
                    opened[here, there] = rectangle.ports.spans
        for source, destination in pairs(cluster):
            at, to = member_of(layer.space, source), member_of(layer.space, destination)
            if at is None or to is None or source == destination or is_node(source):
                continue
            for protocol, port in PROBES:
                wanted = allows_over(cluster, source, destination, protocol, port, mode, layer.space.family)
                assert holds(opened.get((at, to), ()), ports.point(protocol, port)) == wanted


def is_node(endpoint: Endpoint) -> bool:
    """An outside member represents the addresses in it that are no node's."""
    return getattr(endpoint, "address", "") == "192.168.0.1"


@given(clusters(), modes)
def test_rows_are_canonical(cluster: Cluster, mode: IpBlockMode) -> None:
    for layer in reach(cluster, Semantics(mode)).layers:
        seen = 0
        for row in layer.rows:
            assert row.sources and not row.sources & seen
            seen |= row.sources
            assert all(port_cells and destinations for port_cells, destinations in row.parts)
            assert [port_cells for port_cells, _ in row.parts] == sorted({port_cells for port_cells, _ in row.parts})
        assert len({row.parts for row in layer.rows}) == len(layer.rows)


@given(clusters(), modes)
def test_attribution_is_complete_and_minimal(cluster: Cluster, mode: IpBlockMode) -> None:
    for layer in reach(cluster, Semantics(mode)).layers:
        for source, destination in pairs(cluster):
            here, there = member_of(layer.space, source), member_of(layer.space, destination)
            if here is None or there is None:
                continue
            verdicts = port_verdicts(layer, here, there)
            for protocol, port in PROBES:
                (verdict,) = (one for one in verdicts if holds(one.ports.spans, ports.point(protocol, port)))
                flow = (source, destination, protocol, port)
                for direction in ("egress", "ingress"):
                    wanted = list(allowing(cluster, direction, flow, mode, layer.space.family))
                    assert [(rule.policy, rule.rule) for rule in getattr(verdict, direction)] == wanted


@given(clusters(), modes)
def test_every_endpoint_is_in_the_layers_of_its_families_only(cluster: Cluster, mode: IpBlockMode) -> None:
    layers = {layer.space.family: layer for layer in reach(cluster, Semantics(mode)).layers}
    for pod in cluster.pods:
        for family in layers:
            assert (member_of(layers[family].space, pod) is not None) == (family in families(cluster, pod))


@given(clusters())
def test_between_two_groups_is_what_their_pairs_of_members_have(cluster: Cluster) -> None:
    for layer in reach(cluster).layers:
        space = layer.space
        members = [1 << at for at in range(len(space.classes))]
        for groups in ([*space.by_namespace.values(), space.hosts, space.outside, 0], members):
            check_groups(layer, groups)


def check_groups(layer: FamilyReachability, groups: list[int]) -> None:
    space = layer.space
    opened = {
        (here, there): port_cells
        for row in layer.rows
        for port_cells, destinations in row.parts
        for here in indices(row.sources)
        for there in indices(destinations)
    }
    alone = sum(1 << at for at, member in enumerate(space.classes) if len(member.pods) == 1)
    found = group_cells(layer, groups, alone)
    assert found
    for row, sources in zip(found.rows, groups, strict=True):
        for cell, destinations in zip(row, groups, strict=True):
            assert found.kinds[cell] == {
                opened.get((here, there), 0)
                for here in indices(sources)
                for there in indices(destinations)
                if not (here == there and alone >> here & 1) and not space.outside >> here & space.outside >> there & 1
            }
