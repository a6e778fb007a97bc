"""A rule that was narrowed, widened or moved is found again, and one that is gone is not taken for another."""

from bulkhead.core.diff.rule_pairs import rule_pairs
from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer, PolicyPort, PolicyRule, Requirement, Selector
from hypothesis import given
from hypothesis import strategies as st

Edited = tuple[tuple[PolicyRule, ...], tuple[PolicyRule, ...], dict[int, int]]
"""The rules before and after, and where each of those that are still there is now."""


def peer_of(number: int) -> IpBlock | PodPeer:
    """A peer that has nothing in common with that of another number."""
    return PodPeer(Selector(((f"app-{number}", "web"),))) if number % 2 else IpBlock(f"10.{number}.0.0/16")


@st.composite
def edits(draw: st.DrawFn) -> Edited:
    """Rules for peers that have nothing in common, and what an edit leaves of them, in any order."""
    count = draw(st.integers(1, 5))
    before = tuple(
        PolicyRule((peer_of(number), peer_of(number + 10)), (PolicyPort("TCP", number + 1), PolicyPort("UDP", 53)))
        for number in range(count)
    )
    order = draw(st.permutations([number for number in range(count) if draw(st.integers(0, 2))]))
    after = tuple(narrowed(before[number], draw(st.integers(0, 4))) for number in order)
    return before, after, {number: place for place, number in enumerate(order)}


def narrowed(rule: PolicyRule, how: int) -> PolicyRule:
    """The rule, or a part of it."""
    assert rule.peers is not None and rule.ports is not None
    parts = {1: PolicyRule(rule.peers[:1], rule.ports), 2: PolicyRule(rule.peers, rule.ports[:1])}
    parts[3] = PolicyRule(rule.peers[1:], rule.ports[1:])
    return parts.get(how, rule)


@given(edits())
def test_a_rule_is_found_again_and_one_that_is_gone_is_not(edited: Edited) -> None:
    before, after, places = edited
    assert rule_pairs(before, after) == places
    assert rule_pairs(after, before) == {place: number for number, place in places.items()}


def test_a_narrower_block_is_the_same_rule_and_another_block_is_not() -> None:
    whole, part, other = (PolicyRule((IpBlock(cidr),)) for cidr in ("10.0.0.0/8", "10.1.0.0/16", "11.0.0.0/8"))
    ported = PolicyRule((IpBlock("11.0.0.0/8"),), (PolicyPort("TCP", 80),))
    assert rule_pairs((whole,), (part, other)) == {0: 0}
    assert rule_pairs((whole,), (ported,)) == rule_pairs((whole,), (other,)) == {}


def test_a_selector_with_fewer_values_is_the_same_rule() -> None:
    two, one = (Selector((), (Requirement("app", "In", values),)) for values in (("web", "db"), ("web",)))
    other = PolicyRule((PodPeer(Selector((("tier", "cache"),))),))
    assert rule_pairs((PolicyRule((PodPeer(two),)),), (other, PolicyRule((PodPeer(one),)))) == {0: 1}


def test_a_rule_for_everyone_that_gets_peers_is_the_same_rule() -> None:
    ports = (PolicyPort("TCP", 80),)
    assert rule_pairs((PolicyRule(None, ports),), (PolicyRule((IpBlock("10.0.0.0/8"),), ports),)) == {0: 0}
