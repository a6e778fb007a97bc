"""What lint calls half open passes for no pod that could exist, and what passes for none is called half open."""

from collections.abc import Iterator

from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import (
    NAMESPACE_NAME,
    Direction,
    IpBlock,
    NetworkPolicy,
    Selector,
)
from bulkhead.core.language.resources import Enforcer, NamespaceSpec, SegmentedNamespace
from bulkhead.core.lint.checks.half_open import HALF_OPEN
from bulkhead.core.lint.context import LintContext, RuleReference
from bulkhead.core.record import replaced
from hypothesis import given
from hypothesis import strategies as st
from laws import population
from laws.brute import allows_over, is_peer, is_port, selects
from laws.linted import PROBES, scene_of
from laws.small_universe import DENIED, NETWORKS, SPACES, UNIVERSE, small, unique
from laws.strategies import NAMESPACES, few, policies

SPECIFIED = (Enforcer.ANY, Enforcer.CALICO, Enforcer.CILIUM)
"""The enforcers that do what the specification says, except for what an ``ipBlock`` matches."""

Named = tuple[RuleReference, int, str]
"""A rule, the place of one of its peers, and the protected namespace at the other end, ``""`` for any of them."""


def protected(cluster: Cluster, enforcer: Enforcer) -> LintContext:
    """Return the context of *cluster* in which both namespaces are protected."""
    spaces = tuple(SegmentedNamespace(name, NamespaceSpec()) for name in NAMESPACES)
    return replaced(scene_of(cluster, enforcer), namespaces=spaces)


def reported(scene: LintContext) -> set[Named]:
    """Return what the check reports."""
    lines = {(line.at.name, line.at.path): line for line in scene.lines}
    found = set()
    for each in HALF_OPEN.find(scene):
        *path, _, number = each.at.path
        title = next((name for name in NAMESPACES if f" namespace `{name}` " in each.message), "")
        found.add((lines[each.at.name, tuple(path)], int(number), title))
    return found


def flows(
    scene: LintContext,
    named: Named,
    pairs: list[tuple[Pod, Pod]],
    probes: list[tuple[str, int]],
) -> Iterator[bool]:
    """Yield for each flow that *named* allows on its own side whether it passes, however policies may be read."""
    line, number, title = named
    cluster = scene.cluster
    policy = cluster.policies[line.policy]
    rule = (policy.of(line.direction) or ())[line.entries[0]]
    peer = (rule.peers or ())[number]
    for source, destination in pairs:
        pod, other = (source, destination) if line.direction is Direction.EGRESS else (destination, source)
        if not selects(policy, pod) or other.namespace not in ((title,) if title else NAMESPACES):
            continue
        for reading in scene.readings:
            if is_peer(
                cluster,
                policy,
                peer,
                other,
                reading.mode,
                4 if "." in other.addresses[0] else 6,
            ):
                for protocol, port in probes:
                    if rule.ports is None or any(is_port(one, destination, protocol, port) for one in rule.ports):
                        family = 4 if "." in other.addresses[0] else 6
                        yield allows_over(
                            cluster,
                            source,
                            destination,
                            protocol,
                            port,
                            reading.mode,
                            family,
                        )


@given(few(policies, 4, least=1), st.sampled_from(SPECIFIED), st.data())
def test_nothing_passes_for_any_possible_pod_where_a_rule_is_half_open(
    some: tuple[NetworkPolicy, ...], enforcer: Enforcer, data: st.DataObject
) -> None:
    scene = protected(Cluster((), (), (*DENIED, *unique(some)), NETWORKS), enforcer)
    found = reported(scene)
    pods, labels = data.draw(population.populations(most=4))
    inside = [pod for pod in pods if pod.namespace in NAMESPACES and pod.addresses[0].startswith("10.0.0.")]
    pairs = [(one, two) for one in inside for two in inside if one is not two]
    living = replaced(
        scene,
        answer=type(scene.answer)(population.living(scene.cluster, pods, labels), scene.answer.semantics),
    )
    for named in found:
        assert not any(flows(living, named, pairs, PROBES)), named


def ends(scene: LintContext) -> Iterator[Named]:
    """Yield every peer of every rule with each protected namespace that it names."""
    for line in scene.lines:
        policy = scene.cluster.policies[line.policy]
        for number, peer in enumerate((policy.of(line.direction) or ())[line.entries[0]].peers or ()):
            if isinstance(peer, IpBlock):
                yield line, number, ""
            elif peer.namespaces is None:
                yield line, number, policy.namespace
            else:
                for name in NAMESPACES:
                    if peer.namespaces in (
                        Selector(),
                        Selector(((NAMESPACE_NAME, name),)),
                    ):
                        yield line, number, name


@given(few(small, 3, least=1), st.sampled_from(SPECIFIED))
def test_half_open_is_exactly_what_passes_for_no_possible_pod(
    some: tuple[NetworkPolicy, ...], enforcer: Enforcer
) -> None:
    sources, destinations = UNIVERSE
    scene = protected(Cluster(SPACES, (), (*DENIED, *unique(some)), NETWORKS), enforcer)
    pairs = [(one, two) for one in sources for two in destinations]
    wanted = set()
    for named in ends(scene):
        verdicts = list(
            flows(
                scene,
                named,
                pairs,
                [("TCP", 80), ("TCP", 443), ("UDP", 80), ("TCP", 7777)],
            )
        )
        if verdicts and not any(verdicts):
            wanted.add(named)
    assert reported(scene) == wanted
