"""What a row promises open is open for each two pods over an address family that both have."""

import pytest
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.kubernetes.cluster import Cluster, NamedPort, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PolicyRule, Selector
from bulkhead.core.promises.check import Promise, check_promise
from bulkhead.core.promises.possible import PossibleChecker
from bulkhead.core.sets import ports
from hypothesis import given
from hypothesis import strategies as st
from laws.brute import allows, families
from laws.named_blocks import policies
from laws.small_universe import LABELS, SPACES
from laws.strategies import NAMESPACES

ADDRESSES = (("10.0.0.%d",), ("10.0.0.%d", "fd00::%d"), ("fd00::%d",))
"""One family alone, or both."""


@st.composite
def pods(draw: st.DrawFn) -> tuple[Pod, ...]:
    return tuple(
        Pod(
            draw(st.sampled_from(NAMESPACES[:2])),
            f"pod-{number}",
            labels=draw(st.sampled_from(LABELS)),
            ports=(NamedPort("http", "TCP", 80),),
            addresses=tuple(each % number for each in draw(st.sampled_from(ADDRESSES))),
        )
        for number in (1, 2, 3)
    )


@given(pods(), policies, st.sampled_from(IpBlockMode))
def test_what_is_promised_open_is_open_for_each_two_pods_that_share_a_family(
    three: tuple[Pod, ...], policies: tuple[NetworkPolicy, ...], mode: IpBlockMode
) -> None:
    cluster = Cluster(SPACES, three, policies)
    source, *others = (EndpointSelection(each.name, pods=(each,)) for each in three)
    promise = Promise((source,), tuple(others), ports.between("TCP", 80, 80), True)
    answer = reach(cluster, Semantics(mode))
    found = check_promise(answer, promise, (0,) * len(answer.layers), ())
    pairs = [(three[0], each) for each in three[1:] if families(cluster, three[0]) & families(cluster, each)]
    is_kept = all(allows(cluster, *pair, "TCP", 80, mode) for pair in pairs)
    assert (not found.breaches) == is_kept
    if is_kept and len({each.addresses and len(each.addresses) for each in three}) == 1:
        checker = PossibleChecker(cluster, Semantics(mode), False, (), answer)
        assert not checker.check(promise, ()).breaches


@pytest.mark.parametrize("space", ["other", "outside", "pod"])
@pytest.mark.parametrize("closed", [True, False])
def test_no_name_of_a_namespace_is_taken_for_an_end_outside(space: str, closed: bool) -> None:
    """Pods of *space* may have IPv4 addresses alone, and `shop` lets in IPv6 alone; *closed* lets nothing out."""
    came_in = NetworkPolicy("shop", "in", Selector(), (PolicyRule((IpBlock("::/0"),), None),), None)
    policies = (came_in, NetworkPolicy(space, "out", Selector(), None, ())) if closed else (came_in,)
    cluster = Cluster((Namespace("shop"), Namespace(space)), policies=policies, networks=("10.0.0.0/8", "fd00::/8"))
    answer = reach(cluster, Semantics(IpBlockMode.PODS))
    checker = PossibleChecker(cluster, Semantics(IpBlockMode.PODS), False, (), answer)
    sources = EndpointSelection("*", whole=("*",)) if closed else EndpointSelection(space, whole=(space,))
    promise = Promise((sources,), (EndpointSelection("shop", whole=("shop",)),), ports.between("TCP", 80, 80), True)
    assert len(checker.check(promise, ()).breaches) == closed
