"""A policy or a namespace is only said to have a new name where nothing else changes for any pod."""

from bulkhead.core.diff.renamed import renamed_namespaces, renamed_policies
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, NetworkPolicy, PodPeer, PolicyRule, Selector
from bulkhead.core.record import replaced
from hypothesis import example, given
from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "c"])
SELECTORS = st.sampled_from([Selector(), Selector((("app", "web"),)), Selector(((NAMESPACE_NAME, "a"),))])
RULES = st.lists(
    st.builds(
        PolicyRule,
        st.one_of(
            st.none(), st.lists(st.builds(PodPeer, SELECTORS, st.one_of(st.none(), SELECTORS)), max_size=2).map(tuple)
        ),
    ),
    max_size=2,
).map(tuple)
POLICIES = st.builds(NetworkPolicy, NAMES, NAMES, SELECTORS, st.one_of(st.none(), RULES), st.one_of(st.none(), RULES))
CLUSTERS = st.lists(POLICIES, max_size=5, unique_by=lambda each: (each.namespace, each.name)).map(
    lambda found: Cluster(policies=tuple(found))
)


def keys(cluster: Cluster) -> dict[tuple[str, str], NetworkPolicy]:
    return {(each.namespace, each.name): each for each in cluster.policies}


@given(CLUSTERS, CLUSTERS)
def test_policy_has_a_new_name_where_its_name_is_all_that_changes(before: Cluster, after: Cluster) -> None:
    was, now = keys(before), keys(after)
    for old, new in renamed_policies(before, after):
        assert (old.namespace, old.name) not in now and (new.namespace, new.name) not in was
        assert replaced(old, name=new.name).meaning == new.meaning
        twins = [each for each in after.policies if (each.namespace, each.name) not in was and each != new]
        assert all(replaced(each, name=old.name).meaning != old.meaning for each in twins)


def called(policy: NetworkPolicy, old: str, new: str) -> NetworkPolicy:
    """Return *policy* as it is in a namespace that is called *new* and no longer *old*."""

    def selector(given: Selector) -> Selector:
        own = (NAMESPACE_NAME, old)
        return Selector(tuple((key, new if (key, text) == own else text) for key, text in given.labels))

    def rule(given: PolicyRule) -> PolicyRule:
        peers = given.peers and tuple(
            PodPeer(each.pods, each.namespaces and selector(each.namespaces)) if isinstance(each, PodPeer) else each
            for each in given.peers
        )
        return PolicyRule(peers, given.ports)

    sides = {
        side: rules if rules is None else tuple(map(rule, rules))
        for side, rules in (("ingress", policy.ingress), ("egress", policy.egress))
    }
    return replaced(policy, namespace=new, **sides)


@given(CLUSTERS, NAMES, st.sampled_from(["x", "y"]))
def test_namespace_that_is_renamed_everywhere_is_found(before: Cluster, old: str, new: str) -> None:
    policies = (called(each, old, new) if each.namespace == old else each for each in before.policies)
    found = [*renamed_namespaces(before, Cluster(policies=tuple(policies)))]
    assert found == ([(old, new)] if any(each.namespace == old for each in before.policies) else [])


def from_namespace(own: str, peer: str) -> Cluster:
    """Return a cluster with a policy in *own* that allows ingress from the namespace with the name *peer*."""
    rule = PolicyRule((PodPeer(Selector(), Selector(((NAMESPACE_NAME, peer),))),))
    return Cluster(policies=(NetworkPolicy(own, "p", Selector(), (rule,), None),))


@example(from_namespace("a", ""), from_namespace("b", "b"))
@example(from_namespace("a", "a"), from_namespace("b", ""))
@given(CLUSTERS, CLUSTERS)
def test_no_namespace_is_said_to_be_renamed_that_has_other_policies(before: Cluster, after: Cluster) -> None:
    for old, new in renamed_namespaces(before, after):
        was = {called(policy, old, new).meaning for policy in before.policies if policy.namespace == old}
        assert was == {policy.meaning for policy in after.policies if policy.namespace == new}
