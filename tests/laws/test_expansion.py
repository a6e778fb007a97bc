"""What holds for the expansion of every cluster that people could write."""

from functools import cache
from typing import Any

import pytest
import yaml
from bulkhead.core.expansion.expand import DENY, Expanded, expand
from bulkhead.core.expansion.peers import Peers
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PodPeer, Selector
from bulkhead.core.language.resources import ClusterProfile, SegmentedNamespace
from bulkhead.core.language.scalars import Name
from bulkhead.io.rendered.write_networkpolicy import document
from bulkhead.io.resources.decode import decode
from bulkhead.io.yaml.nodes import Raw
from conftest import IN_CI
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from laws.written import layouts, namespace, profile, reordered, specs


def policies_of(spec: dict[str, Any], cluster: dict[str, Any] | None = None) -> tuple[NetworkPolicy, ...] | None:
    """Return the policies, ``None`` where two of them would have one name (which random names can do)."""
    made, problems = decode(cluster or profile())
    assert isinstance(made, ClusterProfile), problems
    resource, problems = decode(namespace(spec))
    assert isinstance(resource, SegmentedNamespace), problems
    expansion = expand(made, [resource])
    assert all("would be named" in problem.message for problem in expansion.problems), expansion.problems
    return None if expansion.problems else expansion.policies


NAMES = list("abcdef")
graphs = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from([*NAMES, *range(4)]), min_size=1, max_size=3), min_size=1
)
"""Named peers by name: each a list of other names, some of them unknown, and of addresses, here numbers."""


def leads_to(graph: dict[str, list[str | int]], name: str) -> set[str | int]:
    """Return everything that *name* leads to, itself only where it refers to itself."""
    found: set[str | int] = set(graph.get(name, ()))
    while more := {each for one in found for each in graph.get(str(one), ())} - found:
        found |= more
    return found


def written_out(graph: dict[str, list[str | int]], name: str | int) -> list[int]:
    return [name] if isinstance(name, int) else [each for one in graph[name] for each in written_out(graph, one)]


@given(graphs)
def test_named_peers_represent_what_their_lists_lead_to_each_once(graph: dict[str, list[str | int]]) -> None:
    written: dict[str, Raw] = {
        name: [each if isinstance(each, str) else {"cidr": f"10.{each}.0.0/16"} for each in listed]
        for name, listed in graph.items()
    }
    made, problems = decode({**profile(), "spec": {**profile()["spec"], "peers": written}})
    assert isinstance(made, ClusterProfile), problems
    peers = Peers(made)
    assert {str(name) for name in peers.circular} == {name for name in graph if name in leads_to(graph, name)}
    for name in graph:
        if all(
            each in graph and each not in leads_to(graph, each)
            for each in leads_to(graph, name) | {name}
            if isinstance(each, str)
        ):
            found = [int(str((peer.cidr or ("",))[0]).split(".")[1]) for peer in peers.written_out([Name(name)])]
            assert list(dict.fromkeys(found)) == list(dict.fromkeys(written_out(graph, name)))


def test_lists_of_lists_of_peers_are_read_in_one_pass() -> None:
    """Each of 2,000 names is a list of the next two: written out one by one they would be more than a machine holds."""
    listed: dict[str, Any] = {f"p{i}": [f"p{i + 1}", f"p{i + 2}"] for i in range(2000)}
    cluster = profile()
    cluster["spec"]["peers"] = {**listed, "p2000": {"cidr": "10.0.0.0/8"}, "p2001": {"cidr": "192.0.2.0/24"}}
    (policy,) = [each for each in policies_of({"egress": {"out": {"to": "p0"}}}, cluster) or () if each.name != DENY]
    (rule,) = policy.egress or ()
    assert {str(peer.cidr) for peer in rule.peers or () if isinstance(peer, IpBlock)} == {"10.0.0.0/8", "192.0.2.0/24"}


@given(specs, layouts, st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_no_byte(spec: dict[str, Any], layout: str, random: Any) -> None:
    first = policies_of(spec, profile(layout))
    again = policies_of(reordered(spec, random), reordered(profile(layout), random))
    assert first == again
    assert list(map(document, first or ())) == list(map(document, again or ()))


@given(specs, layouts)
def test_every_namespace_has_the_deny_and_every_other_policy_has_one_direction(
    spec: dict[str, Any], layout: str
) -> None:
    policies = policies_of(spec, profile(layout)) or ()
    for policy in policies:
        if policy.name == DENY:
            assert (policy.pods, policy.ingress, policy.egress) == (Selector(), (), ())
        else:
            assert (policy.ingress is None) != (policy.egress is None)
    assert [policy.name for policy in policies].count(DENY) == (1 if policies else 0)
    assert list(policies) == sorted(policies, key=lambda policy: policy.name)


@given(specs, layouts)
def test_an_exception_stands_alone_and_every_port_has_its_protocol(spec: dict[str, Any], layout: str) -> None:
    for policy in policies_of(spec, profile(layout)) or ():
        for rule in [*(policy.ingress or ()), *(policy.egress or ())]:
            assert rule.peers is None or rule.peers
            assert rule.ports is None or rule.ports
            cut = [peer for peer in rule.peers or () if isinstance(peer, IpBlock) and peer.excluded]
            assert not cut or rule.peers == (cut[0],)
            assert all(port.protocol in ("TCP", "UDP", "SCTP") for port in rule.ports or ())


@given(specs, st.data())
def test_removing_a_rule_never_allows_more(spec: dict[str, Any], data: st.DataObject) -> None:
    before = policies_of(spec)
    places = [(direction, name) for direction in ("ingress", "egress") for name in spec.get(direction, {})]
    assume(before is not None and places)
    assert before is not None
    direction, name = data.draw(st.sampled_from(places))
    rest = {key: rule for key, rule in spec[direction].items() if key != name}
    after = policies_of({**spec, direction: rest})
    assert after is not None
    assert set(after) == set(before) - {policy for policy in before if policy.name == f"allow-{name}-{direction}"}
    assert len(after) == len(before) - 1


@given(specs)
def test_both_layouts_allow_the_same(spec: dict[str, Any]) -> None:
    one_by_one, folded = policies_of(spec), policies_of(spec, profile("per-direction"))
    assume(one_by_one is not None and folded is not None)
    assert one_by_one is not None and folded is not None
    assert entries(one_by_one) == entries(folded)


def entries(policies: tuple[NetworkPolicy, ...]) -> set[tuple[Any, ...]]:
    return {
        (policy.pods, direction, rule)
        for policy in policies
        for direction in ("ingress", "egress")
        for rule in getattr(policy, direction) or ()
    }


@given(specs, layouts)
def test_the_text_says_what_the_values_say(spec: dict[str, Any], layout: str) -> None:
    for policy in policies_of(spec, profile(layout)) or ():
        assert yaml.safe_load(document(policy)) == as_written(policy)


@pytest.fixture
def schemas_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read each schema of Kubernetes once: they have megabytes."""
    from kubernetes_validate import utils  # here, because WebAssembly has not the binary part that it needs

    monkeypatch.setattr(utils, "schema_contents", cache(utils.schema_contents))


@pytest.mark.native
@pytest.mark.usefixtures("schemas_read_once")
@settings(max_examples=25 if IN_CI else 10)
@given(st.lists(st.tuples(specs, layouts), min_size=4, max_size=4))
def test_what_comes_out_is_a_valid_object_of_kubernetes(batch: list[tuple[dict[str, Any], str]]) -> None:
    import kubernetes_validate

    for spec, layout in batch:
        for policy in policies_of(spec, profile(layout)) or ():
            kubernetes_validate.validate(yaml.safe_load(document(policy)), "1.34", strict=True)


@pytest.mark.native
def test_an_invalid_object_would_be_noticed() -> None:
    import kubernetes_validate

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": []}},
            "1.34",
            strict=True,
        )


def as_written(policy: NetworkPolicy) -> dict[str, Any]:
    """Return the object of the Kubernetes API, as plainly as its documentation gives it."""
    spec: dict[str, Any] = {"podSelector": selector(policy.pods), "policyTypes": []}
    for direction, end in (("ingress", "from"), ("egress", "to")):
        rules = getattr(policy, direction)
        if rules is not None:
            spec["policyTypes"].append(direction.title())
        if rules:
            spec[direction] = [
                {**({} if rule.peers is None else {end: [peer(each) for each in rule.peers]}), **ports_of(rule)}
                for rule in rules
            ]
    metadata = {"name": policy.name, "namespace": policy.namespace, "labels": dict(policy.labels)}
    if policy.annotations:
        metadata["annotations"] = dict(policy.annotations)
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def selector(selected: Selector) -> dict[str, Any]:
    made: dict[str, Any] = {"matchLabels": dict(selected.labels)} if selected.labels else {}
    if selected.expressions:
        made["matchExpressions"] = [
            {"key": each.key, "operator": each.operator, **({"values": list(each.values)} if each.values else {})}
            for each in selected.expressions
        ]
    return made


def peer(each: IpBlock | PodPeer) -> dict[str, Any]:
    if isinstance(each, IpBlock):
        return {"ipBlock": {"cidr": each.cidr, **({"except": list(each.excluded)} if each.excluded else {})}}
    made = {} if each.namespaces is None else {"namespaceSelector": selector(each.namespaces)}
    if each.namespaces is None or each.pods != Selector():
        made["podSelector"] = selector(each.pods)
    return made


def ports_of(rule: Any) -> dict[str, Any]:
    if rule.ports is None:
        return {}
    return {
        "ports": [
            {
                "protocol": each.protocol,
                **({"port": each.port} if each.port else {}),
                **({"endPort": each.end} if each.end else {}),
            }
            for each in rule.ports
        ]
    }


@settings(max_examples=20)
@given(st.lists(specs, min_size=1, max_size=3), st.lists(layouts, max_size=2))
def test_what_is_known_of_other_namespaces_changes_nothing(written: list[dict[str, Any]], used: list[str]) -> None:
    """Rules that several namespaces have are expanded once, also under other names and for other profiles."""
    known, parts = Expanded(), dict[Any, Any]()
    for layout in used:
        cluster, problems = decode(profile(layout))
        assert isinstance(cluster, ClusterProfile), problems
        for number, spec in enumerate([*written, *written]):
            swapped = {**spec, "egress": {f"other-{name}": rule for name, rule in spec.get("egress", {}).items()}}
            for given_spec in (spec, swapped):
                made, problems = decode(namespace(given_spec, f"ns-{number}"), parts)
                assert isinstance(made, SegmentedNamespace), problems
                assert expand(cluster, [made], known) == expand(cluster, [made])
