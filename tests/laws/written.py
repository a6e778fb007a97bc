"""Random resources as people could write them: plain values, as a YAML parser gives them."""

from typing import Any

from hypothesis import strategies as st

names = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
labels = st.dictionaries(
    st.sampled_from(["app", "tier", "example.org/team"]), st.sampled_from(["a", "b", ""]), min_size=1
)
ports = st.one_of(
    st.integers(1, 65535),
    st.integers(1, 65535).map(lambda port: f"{port}/UDP"),
    st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(lambda pair: f"{min(pair)}-{max(pair)}/SCTP"),
    st.sampled_from(["TCP", "UDP", "SCTP"]),
)
expressions = st.one_of(
    st.fixed_dictionaries(
        {"key": st.just("app"), "operator": st.sampled_from(["In", "NotIn"]), "values": st.just(["a", "b"])}
    ),
    st.fixed_dictionaries({"key": st.just("tier"), "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
selectors = st.one_of(
    labels,
    st.fixed_dictionaries({"matchExpressions": st.lists(expressions, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"matchLabels": labels, "matchExpressions": expressions}),
)
PEER_NAMES = ["traefik", "pods", "internet", "dns", "all-of-them"]
PROFILE: dict[str, Any] = {
    "networks": {"pods": ["10.42.0.0/16", "fd00:42::/56"], "services": "10.43.0.0/16"},
    "peers": {
        "traefik": {"namespace": "kube-system", "pods": {"app": "traefik"}},
        "pods": {"network": "pods"},
        "internet": {"cidr": ["0.0.0.0/0", "::/0"], "except": ["10.0.0.0/8", "fd00::/8"]},
        "dns": [{"namespace": "kube-system"}, {"network": "services"}],
        "all-of-them": ["traefik", "internet", "dns", {"cidr": "192.0.2.0/24"}],
    },
}
peers = st.one_of(
    st.sampled_from([*PEER_NAMES, "everyone"]),
    st.fixed_dictionaries({"pods": st.one_of(selectors, st.just({}))}),
    st.fixed_dictionaries({"namespace": st.one_of(names, st.lists(names, min_size=1, max_size=3, unique=True))}),
    st.fixed_dictionaries({"namespaces": selectors, "pods": selectors}),
    st.sampled_from(
        [
            {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]},
            {"cidr": ["192.168.0.0/16", "2001:db8::/32"]},
            {"network": ["pods", "services"]},
        ]
    ),
)


def one_or_several(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(items, st.lists(items, min_size=1, max_size=3))


def rules(end: str) -> st.SearchStrategy[dict[str, Any]]:
    notes = st.from_regex(r"[A-Za-z][ -~]{0,60}[A-Za-z]", fullmatch=True)
    rule = st.fixed_dictionaries(
        {end: one_or_several(peers)},
        optional={
            "ports": one_or_several(ports),
            "why": notes,
            "owner": notes,
            "until": st.dates().map(lambda day: day.isoformat()),
            "labels": st.sampled_from([{"app": "a"}, {"example.org/team": "b"}]),
            "annotations": st.sampled_from([{"note": "n o"}, {"example.org/ticket": "4711"}]),
        },
    )
    return st.dictionaries(names, rule, max_size=3)


workloads = st.fixed_dictionaries({"pods": selectors, "ingress": rules("from"), "egress": rules("to")}).filter(
    lambda workload: workload["ingress"] or workload["egress"]
)
specs = st.fixed_dictionaries(
    {},
    optional={
        "ingress": rules("from"),
        "egress": rules("to"),
        "workloads": st.dictionaries(names, workloads, max_size=2),
    },
)


def partly_isolated(spec: dict[str, Any], isolation: str) -> dict[str, Any]:
    """Return *spec* with *isolation*, without the rules that would isolate every pod in the other direction."""
    open_directions = {"ingress": ["egress"], "egress": ["ingress"], "none": ["ingress", "egress"], "both": []}
    left = {key: value for key, value in spec.items() if key not in open_directions[isolation]}
    return {**left, "isolation": isolation if isolation != "none" or left.get("workloads") else "ingress"}


any_specs = st.one_of(
    specs, specs, st.builds(partly_isolated, specs, st.sampled_from(["both", "ingress", "egress", "none"]))
)
"""Specs, of which some isolate in part."""
layouts = st.sampled_from(["per-rule", "per-direction"])


def profile(layout: str = "per-rule", enforcer: str = "kube-router") -> dict[str, Any]:
    return {
        "apiVersion": "bulkhead.dev/v1alpha1",
        "kind": "ClusterProfile",
        "metadata": {"name": "home"},
        "spec": {**PROFILE, "policies": layout, "enforcer": enforcer},
    }


def namespace(spec: dict[str, Any], name: str = "shop") -> dict[str, Any]:
    return {
        "apiVersion": "bulkhead.dev/v1alpha1",
        "kind": "SegmentedNamespace",
        "metadata": {"name": "standard", "namespace": name},
        "spec": spec,
    }


def reordered(value: Any, random: Any) -> Any:
    """Return *value* with the keys of every map in another order; lists stay as they are."""
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: reordered(value[key], random) for key in keys}
    if isinstance(value, list):
        return [reordered(item, random) for item in value]
    return value
