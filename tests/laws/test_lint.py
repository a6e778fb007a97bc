"""What lint calls superfluous changes nothing for any pod that could exist; what it says selects nothing does not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pytest
from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, NetworkPolicy, PodPeer, PolicyRule, Selector
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.lint.checks.hygiene import MATCHES_NOTHING
from bulkhead.core.lint.checks.redundancy import superfluous, undecided
from bulkhead.core.lint.context import LintContext, RuleReference
from bulkhead.core.possible.coverage import families_of, possible_space
from bulkhead.core.sets import intervals
from conftest import IN_CI
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from laws import population, strategies
from laws.brute import allows_over, fits, is_peer
from laws.kube_router import passes
from laws.linted import PROBES, scene_of
from laws.strategies import clusters, few, policies

MANY = settings(max_examples=(10 if IN_CI else 1) * settings().max_examples)


@st.composite
def crowded(draw: st.DrawFn) -> Cluster:
    """Policies of which some say again what others say, for more pods or in the middle of other rules."""
    found = list(draw(few(policies, 3, least=1)))
    for each in tuple(found):
        if draw(st.booleans()):
            found.append(
                NetworkPolicy(
                    each.namespace,
                    "again",
                    draw(st.sampled_from((Selector(), each.pods))),
                    draw(st.sampled_from((each.ingress, None))),
                    draw(st.sampled_from((each.egress, None))),
                )
            )
    spaces = tuple(Namespace(name, draw(strategies.labels)) for name in strategies.NAMESPACES if draw(st.booleans()))
    networks = draw(st.sampled_from(((), ("10.0.0.0/29",), ("10.0.0.0/29", "fd00::/125"))))
    return Cluster(spaces, (), tuple(draw(st.permutations(found))), networks)


def without(cluster: Cluster, lines: Iterable[RuleReference], whole: bool) -> Cluster:
    """
    The cluster in which the policies do not have *lines*.

    A policy isolates what it isolated; with *whole* it is gone where no rule of it is left, as that of an overlay is.
    """
    gone = {(line.policy, line.direction, entry) for line in lines for entry in line.entries}

    def kept(number: int, policy: NetworkPolicy, direction: Direction) -> tuple[PolicyRule, ...] | None:
        rules = policy.of(direction)
        left = [rule for at, rule in enumerate(rules or ()) if (number, direction, at) not in gone]
        return None if rules is None else tuple(left)

    left = []
    for number, one in enumerate(cluster.policies):
        found = NetworkPolicy(
            one.namespace, one.name, one.pods, kept(number, one, Direction.INGRESS), kept(number, one, Direction.EGRESS)
        )
        one_direction = one.ingress is None or one.egress is None
        if not (whole and one_direction and one != found and not found.ingress and not found.egress):
            left.append(found)
    return Cluster(cluster.namespaces, cluster.pods, tuple(left), cluster.networks, cluster.nodes)


def verdicts(scene: LintContext, cluster: Cluster, pods: tuple[Pod, ...], spaces: population.Spaces) -> Iterator[bool]:
    """Every verdict on a flow between *pods*, and between them and addresses outside, in each way of reading it."""
    living = population.living(cluster, pods, spaces)
    for family in families_of(scene.cluster):
        space = possible_space(scene.cluster, family, scene.readings[0])
        real = [pod for pod in pods if intervals.holds(space.pods, population.place(pod))]
        for source, destination in population.pairs(real, family):
            for protocol, port in PROBES:
                if scene.enforcer is Enforcer.KUBE_ROUTER:
                    for lucky in (True, False):
                        yield passes(living, source, destination, protocol, port, lucky, family)
                else:
                    for reading in scene.readings:
                        yield allows_over(living, source, destination, protocol, port, reading.mode, family)


@pytest.mark.slow
@MANY
@given(crowded(), st.sampled_from(Enforcer), st.booleans(), st.data())
def test_all_that_is_already_allowed_can_go_at_once_and_no_possible_pod_sees_it(
    cluster: Cluster, enforcer: Enforcer, whole: bool, data: st.DataObject
) -> None:
    scene = scene_of(cluster, enforcer)
    found = superfluous(scene).found
    assume(found)
    pods, spaces = data.draw(population.populations(most=4))
    after = without(cluster, found, whole)
    assert list(verdicts(scene, cluster, pods, spaces)) == list(verdicts(scene, after, pods, spaces))


@given(few(policies, 3, least=1), st.sampled_from((Enforcer.ANY, Enforcer.CALICO, Enforcer.CILIUM)))
def test_what_another_policy_says_word_for_word_for_more_pods_is_found(
    some: tuple[NetworkPolicy, ...], enforcer: Enforcer
) -> None:
    wider = tuple(NetworkPolicy(each.namespace, "again", Selector(), each.ingress, each.egress) for each in some)
    cluster = Cluster((), (), some + wider)
    scene = scene_of(cluster, enforcer)
    answer = superfluous(scene)
    assert not answer.undecided
    for line in scene.lines:
        if line.policy < len(some) and line not in answer.found:
            alone = scene_of(Cluster((), (), (some[line.policy],)), enforcer)
            assert nothing_is_allowed(alone, line), line


def nothing_is_allowed(scene: LintContext, line: RuleReference) -> bool:
    """Whether the selectors of *line* or its policy contradict themselves, or it has names for ports of addresses."""
    policy = scene.cluster.policies[0]
    rule = (policy.of(line.direction) or ())[line.entries[0]]
    labels = [dict(zip(("app", "tier"), some, strict=True)) for some in _every_label()]
    outside = scene.mode is IpBlockMode.NEVER and not any(isinstance(peer, PodPeer) for peer in rule.peers or ())
    named = rule.ports is not None and all(isinstance(port.port, str) for port in rule.ports)
    if line.direction is Direction.EGRESS and rule.peers and outside and named:
        return True
    subject = any(fits(policy.pods, _given(each)) for each in labels)
    return not subject or (rule.peers is not None and not any(_some(peer, labels) for peer in rule.peers))


def _every_label() -> list[tuple[str | None, str | None]]:
    values = (None, *strategies.VALUES, "nobody-mentions-it")
    return [(app, tier) for app in values for tier in values]


def _given(labels: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if value is not None}


def _some(peer: IpBlock | PodPeer, labels: Sequence[Mapping[str, str | None]]) -> bool:
    if isinstance(peer, IpBlock):
        return True
    spaces: Sequence[Mapping[str, str | None] | None] = [None] if peer.namespaces is None else labels
    names = (*population.SPACES,)
    return any(fits(peer.pods, _given(each)) for each in labels) and any(
        space is None
        or peer.namespaces is None
        or fits(peer.namespaces, {"kubernetes.io/metadata.name": name, **_given(space)})
        for space in spaces
        for name in names
    )


@given(clusters())
def test_what_selects_nothing_selects_no_pod_of_the_input(cluster: Cluster) -> None:
    named = tuple(
        NetworkPolicy(each.namespace, f"policy-{number}", each.pods, each.ingress, each.egress)
        for number, each in enumerate(cluster.policies)
    )
    cluster = Cluster(cluster.namespaces, cluster.pods, named, cluster.networks, cluster.nodes)
    for result in MATCHES_NOTHING.find(scene_of(cluster, Enforcer.ANY, workloads=True)):
        policy = next(each for each in named if result.at.name == f"{each.namespace}/{each.name}")
        if result.at.path == ("spec", "podSelector"):
            same = [pod for pod in cluster.pods if pod.namespace == policy.namespace]
            assert not any(fits(policy.pods, dict(pod.labels)) for pod in same)
        else:
            _, direction, entry, _, number = result.at.path
            rules = policy.of(Direction(str(direction))) or ()
            peer = (rules[int(entry)].peers or ())[int(number)]
            pods = [pod for pod in cluster.pods if not pod.host_network]
            assert not any(is_peer(cluster, policy, peer, pod, IpBlockMode.PODS, 4) for pod in pods)


def test_what_takes_too_many_comparisons_is_reported_as_not_decided() -> None:
    blocks = ("198.51.100.0/24", "198.51.100.0/25", "198.51.100.128/25")
    rules = tuple(PolicyRule((IpBlock(cidr),)) for cidr in blocks)
    scene = scene_of(Cluster((), (), (NetworkPolicy("alpha", "policy", Selector(), None, rules),)), Enforcer.CALICO)
    assert [line.entries for line in superfluous(scene).found] == [(0,)]
    answer = superfluous(scene, steps=0)
    assert [line.entries for line in answer.undecided] == [(0,)]
    assert [line.entries for line in answer.found] == [(1,), (2,)]  # the first rule, which stays, allows them alone
    assert undecided(answer.undecided[0]).message.startswith("NOT DECIDED: ")
