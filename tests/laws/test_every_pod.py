"""Of each namespace that `every-pod-can-come-in` lists a possible pod comes in on the listed ports, and of no other."""

from collections.abc import Iterator

from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, NetworkPolicy, PolicyRule
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.lint.checks.exposure import EVERY_POD
from bulkhead.core.lint.context import LintContext, RuleReference
from bulkhead.core.lint.finding import Facts
from bulkhead.core.lint.pod_sources import ANY_OTHER
from bulkhead.core.sets import intervals, ports
from hypothesis import given
from hypothesis import strategies as st
from laws.brute import allows_over, is_peer, is_port, selects
from laws.linted import scene_of
from laws.small_universe import DENIED, NETWORKS, SPACES, UNIVERSE, one_key, peers, small, unique
from laws.small_universe import ports as port_lists
from laws.strategies import NAMESPACES, few

PROBES = [("TCP", 80), ("TCP", 443), ("UDP", 80), ("TCP", 7777)]
EVERY_ADDRESS = IpBlock(*NETWORKS)

letting_in = st.builds(
    NetworkPolicy,
    st.sampled_from(NAMESPACES),
    st.just("open"),
    one_key,
    st.tuples(
        st.builds(PolicyRule, few(peers, 1, least=0).map(lambda some: (EVERY_ADDRESS, *some)), port_lists),
    ),
    st.none(),
)
given_pods = st.lists(st.sampled_from([pod for end in UNIVERSE for pod in end]), max_size=3, unique=True).map(tuple)

Comer = tuple[str, str, int]
"""A namespace with a protocol and a port on which one of its pods comes in."""


def listed(facts: Facts, own: str) -> set[Comer]:
    """
    Read the list of a finding: the namespaces, each with those of the probes that it names or that it leaves out.

    A namespace that it does not name is one of those "not listed", but for the rule's *own*.
    """
    found: dict[str, set[tuple[str, int]]] = {}
    for entry in dict(facts).get("from", ()):
        name, _, text = entry.partition(" (")
        opened = ports.read(text.strip(")").removeprefix("other pods").removeprefix(": ") or "All Connections")
        probes = {each for each in PROBES if intervals.holds(opened.spans, ports.point(*each))}
        found.setdefault(name.partition("/")[0], set()).update(probes)
    unlisted = found.get(ANY_OTHER, set())
    return {(name, *each) for name in NAMESPACES for each in found.get(name, unlisted if name != own else set())}


def coming(scene: LintContext, line: RuleReference, pairs: list[tuple[Pod, Pod]]) -> Iterator[Comer]:
    """Yield what comes in through *line*, flow by flow."""
    cluster, mode = scene.cluster, scene.mode
    policy = cluster.policies[line.policy]
    rule = (policy.of(line.direction) or ())[line.entries[0]]
    for source, destination in pairs:
        if not selects(policy, destination):
            continue
        if not any(is_peer(cluster, policy, peer, source, mode, 4) for peer in rule.peers or ()):
            continue
        for protocol, port in PROBES:
            opened = rule.ports is None or any(is_port(one, destination, protocol, port) for one in rule.ports)
            if opened and allows_over(cluster, source, destination, protocol, port, mode, 4):
                yield source.namespace, protocol, port


@given(
    letting_in,
    few(small, 3),
    st.sampled_from(((), DENIED, DENIED[:1])),
    given_pods,
    st.sampled_from((Enforcer.ANY, Enforcer.CALICO)),
    st.booleans(),
)
def test_exactly_the_namespaces_of_which_a_possible_pod_comes_in_are_listed(
    wide: NetworkPolicy,
    some: tuple[NetworkPolicy, ...],
    denied: tuple[NetworkPolicy, ...],
    pods: tuple[Pod, ...],
    enforcer: Enforcer,
    workloads: bool,
) -> None:
    cluster = Cluster(SPACES, pods, (*denied, *unique((wide, *some))), NETWORKS)
    scene = scene_of(cluster, enforcer, workloads)
    pairs = [(one, two) for one in UNIVERSE[0] for two in UNIVERSE[1]]
    lines = {(line.at.name, line.at.path): line for line in scene.lines if line.direction is Direction.INGRESS}
    results = {lines[each.at.name, each.at.path[:-2]]: each for each in EVERY_POD.find(scene)}
    found = {line: listed(each.facts, line.namespace) for line, each in results.items()}
    assert any(line.policy == len(denied) for line in found)
    for line, comers in found.items():
        wanted = set(coming(scene, line, pairs))
        # The pods of the own namespace are not listed where they come in nowhere else.
        own = {each for each in wanted if each[0] == line.namespace}
        known = {each for each in comers if each[0] in NAMESPACES}
        assert wanted - own <= known <= wanted, line.title
