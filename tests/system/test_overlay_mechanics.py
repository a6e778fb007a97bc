"""
An overlay changes the standard pattern with the ordinary means of kustomize, and nothing else of it changes.

Each tree is built by the real kustomize and rendered without it: both must give the same bytes.
"""

from typing import Any

import pytest
import yaml
from conftest import Tree

HEAD = "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\n"
LABELS = {"app.kubernetes.io/managed-by": "bulkhead"}
STANDARD = {
    "default-deny-all",
    "allow-traefik-ingress",
    "allow-prometheus-ingress",
    "allow-dashboard-ingress",
    "allow-intra-namespace-ingress",
    "allow-intra-namespace-egress",
    "allow-dns-egress",
    "allow-external-https-egress",
}
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
HTTPS = {"port": 443, "protocol": "TCP"}

Policies = dict[str, dict[str, Any]]


def policies(text: str) -> Policies:
    found = [each for each in yaml.safe_load_all(text) if each["kind"] == "NetworkPolicy"]
    named = {each["metadata"]["name"]: each for each in found}
    assert len(named) == len(found)
    return named


def text_of(tree: Tree, folder: str = "overlays/shop") -> str:
    """Return what kustomize builds, which must be what `bulkhead render` prints."""
    built = tree.build(folder)
    assert (built.stderr, built.status) == ("", 0)
    rendered = tree.bulkhead("render", folder)
    assert (rendered.stderr, rendered.status) == ("", 0)
    assert rendered.stdout == built.stdout
    return built.stdout


def shop(tree: Tree, more: str, **files: str) -> Policies:
    """Return the policies of an overlay that has *more* in its kustomization, and *files* in addition to it."""
    tree.overlay(
        "shop", kustomization=f"resources: [../../base]\nnamespace: shop\ntransformers: [../../plugin]\n{more}"
    )
    for name, text in files.items():
        tree.write(f"overlays/shop/{name}.yaml", text)
    return policies(text_of(tree))


def patched(tree: Tree, spec: str) -> Policies:
    return shop(tree, "patches: [{path: rules.yaml}]\n", rules=f"{HEAD}spec:\n{spec}")


def test_standard_overlay_is_its_kustomization_alone(tree: Tree) -> None:
    assert set(shop(tree, "")) == STANDARD


def test_rule_is_added_by_naming_it(tree: Tree) -> None:
    made = patched(tree, "  egress:\n    aws-ses: {to: internet, ports: 587, why: SMTP submission, owner: mail}\n")
    assert set(made) == STANDARD | {"allow-aws-ses-egress"}
    assert made["allow-aws-ses-egress"] == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "allow-aws-ses-egress",
            "namespace": "shop",
            "labels": LABELS,
            "annotations": {
                "bulkhead.dev/rule": "aws-ses",
                "bulkhead.dev/why": "SMTP submission",
                "bulkhead.dev/owner": "mail",
            },
        },
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": PRIVATE}}],
                    "ports": [{"port": 587, "protocol": "TCP"}],
                }
            ],
        },
    }


def test_one_field_of_a_rule_is_changed_and_the_others_stay(tree: Tree) -> None:
    before = shop(tree, "")
    after = patched(tree, "  egress:\n    external-https: {ports: 8443}\n")
    rule = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 8443, "protocol": "TCP"}]}
    changed = after["allow-external-https-egress"]
    assert changed["spec"]["egress"] == [rule]
    assert changed["metadata"]["annotations"]["bulkhead.dev/why"] == "External HTTPS"
    assert {name for name in STANDARD if before[name] != after[name]} == {"allow-external-https-egress"}
    assert set(after) == STANDARD


def test_merge_patch_of_one_value_to_a_list_fails_where_a_json_patch_does_it(tree: Tree) -> None:
    """kustomize merges no list into a single value; it says so and renders nothing."""
    tree.overlay("shop", "  egress:\n    external-https: {ports: [443, 8443]}\n")
    built = tree.build("overlays/shop")
    assert (built.status, built.stdout) == (1, "")
    assert "expected ScalarNode but got SequenceNode" in built.stderr
    assert tree.bulkhead("validate", "overlays/shop").status == 1

    patch = "{op: replace, path: /spec/egress/external-https/ports, value: [443, 8443]}"
    made = shop(tree, f"patches:\n- {TARGET}\n  patch: |-\n    - {patch}\n")
    ports = made["allow-external-https-egress"]["spec"]["egress"][0]["ports"]
    assert ports == [HTTPS, {"port": 8443, "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("spec", "gone"),
    [
        ("  ingress:\n    dashboard: null\n", {"allow-dashboard-ingress"}),
        (
            "  ingress: {traefik: null}\n  egress: {traefik: {to: traefik}, intra-namespace: null}\n",
            {"allow-traefik-ingress", "allow-intra-namespace-egress"},
        ),
        ("  ingress: null\n", {name for name in STANDARD if name.endswith("-ingress")}),
    ],
    ids=["one", "of-the-same-name-in-one-direction", "a-whole-direction"],
)
def test_null_removes_what_it_names_and_nothing_else(tree: Tree, spec: str, gone: set[str]) -> None:
    before, after = shop(tree, ""), patched(tree, spec)
    assert set(after) - {"allow-traefik-egress"} == STANDARD - gone
    assert all(after[name] == before[name] for name in STANDARD - gone)


JSON_PATCH = """\
- {op: add, path: /spec/egress/aws-ses, value: {to: internet, ports: 587}}
- {op: replace, path: /spec/egress/external-https/to, value: internet}
- {op: add, path: /spec/egress/dns/ports/-, value: 853}
- {op: remove, path: /spec/ingress/dashboard}
"""
MERGE_PATCH = f"""\
{HEAD}spec:
  ingress:
    dashboard: null
  egress:
    aws-ses: {{to: internet, ports: 587}}
    external-https: {{to: internet}}
    dns: {{ports: [53/UDP, 53, 853]}}
"""
TARGET = "target: {kind: SegmentedNamespace}"


def indented(text: str, depth: int) -> str:
    return "".join(" " * depth + line for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("more", "file"),
    [
        (f"patches:\n- path: rules.yaml\n  {TARGET}\n", JSON_PATCH),
        (f"patches:\n- {TARGET}\n  patch: |-\n{indented(JSON_PATCH, 4)}", ""),
        ("patches: [{path: rules.yaml}]\n", MERGE_PATCH),
        (f"patches:\n- path: rules.yaml\n  {TARGET}\n", MERGE_PATCH),
        (f"patches:\n- patch: |-\n{indented(MERGE_PATCH, 4)}", ""),
    ],
    ids=["json-file", "json-inline", "merge-file", "merge-file-with-target", "merge-inline"],
)
def test_every_form_of_patch_does_the_same(tree: Tree, more: str, file: str) -> None:
    made = shop(tree, more, **({"rules": file} if file else {}))
    assert set(made) == (STANDARD | {"allow-aws-ses-egress"}) - {"allow-dashboard-ingress"}
    away = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": PRIVATE}}]
    assert made["allow-external-https-egress"]["spec"]["egress"] == [{"to": away, "ports": [HTTPS]}]
    assert made["allow-aws-ses-egress"]["spec"]["egress"][0]["ports"] == [{"port": 587, "protocol": "TCP"}]
    assert made["allow-dns-egress"]["spec"]["egress"][0]["ports"] == [
        {"port": 53, "protocol": "UDP"},
        {"port": 53, "protocol": "TCP"},
        {"port": 853, "protocol": "TCP"},
    ]


def test_overlay_gives_the_profile_a_peer_of_its_own(tree: Tree) -> None:
    made = shop(
        tree,
        "patches: [{path: peers.yaml}, {path: rules.yaml}]\n",
        peers="apiVersion: bulkhead.dev/v1alpha1\nkind: ClusterProfile\nmetadata: {name: home}\n"
        "spec: {peers: {printer: {cidr: 192.168.1.9/32}}}\n",
        rules=f"{HEAD}spec: {{egress: {{printer: {{to: printer, ports: 9100}}}}}}\n",
    )
    block = {"to": [{"ipBlock": {"cidr": "192.168.1.9/32"}}], "ports": [{"port": 9100, "protocol": "TCP"}]}
    assert made["allow-printer-egress"]["spec"]["egress"] == [block]


def test_namespace_field_is_where_the_policies_live(tree: Tree) -> None:
    for namespace in ("shop", "0123", "no"):
        tree.overlay(namespace, kustomization=f"resources: [../../base]\nnamespace: {namespace!r}\n"
                     "transformers: [../../plugin]\n")  # fmt: skip
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/0123, overlays/no]\n")
    found = [each["metadata"] for each in yaml.safe_load_all(text_of(tree, "."))]
    assert {each["namespace"] for each in found} == {"shop", "0123", "no"}
    assert len(found) == 3 * len(STANDARD)


def test_component_hardens_the_overlay_that_names_it_and_no_other(tree: Tree) -> None:
    tree.overlay("open")
    usual = policies(text_of(tree, "overlays/open"))
    made = shop(tree, "components: [../../base/hardened]\n")
    assert set(made) == set(usual) == STANDARD
    inside = made["allow-intra-namespace-egress"]["spec"]
    assert inside == {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {}}]}]}
    away = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": PRIVATE}}], "ports": [HTTPS]}
    assert made["allow-external-https-egress"]["spec"]["egress"] == [away]
    for name in sorted(STANDARD - {"allow-intra-namespace-egress", "allow-external-https-egress"}):
        assert made[name]["spec"] == usual[name]["spec"]
    pods = [{"ipBlock": {"cidr": "10.42.0.0/16"}}]
    assert usual["allow-intra-namespace-egress"]["spec"]["egress"] == [{"to": pods}]
    assert made["allow-intra-namespace-ingress"]["spec"]["ingress"] == [{"from": pods}]


def test_component_in_base_hardens_every_overlay(tree: Tree) -> None:
    file = tree.path / "base/kustomization.yaml"
    file.write_text(file.read_text() + "components: [hardened]\n")
    for namespace in ("shop", "cardboard"):
        tree.overlay(namespace)
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/cardboard]\n")
    found = [each for each in yaml.safe_load_all(text_of(tree, ".")) if "intra" in each["metadata"]["name"]]
    assert [each["spec"].get("egress") for each in found if "Egress" in each["spec"]["policyTypes"]] == [
        [{"to": [{"podSelector": {}}]}]
    ] * 2


SECOND_BASE = {
    "base-lab/kustomization.yaml": "resources: [cluster.yaml, namespace.yaml]\n",
    "base-lab/cluster.yaml": """\
apiVersion: bulkhead.dev/v1alpha1
kind: ClusterProfile
metadata: {name: lab}
spec:
  enforcer: cilium
  networks:
    pods: [10.244.0.0/16, "fd00:10:244::/56"]
    services: [10.96.0.0/12, "fd00:10:96::/112"]
  peers:
    pod-network: {network: pods}
    cluster: {network: [services, pods]}
    world: [{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}, {cidr: "::/0", except: ["fc00::/7"]}]
""",
    "base-lab/namespace.yaml": f"""\
{HEAD}spec:
  ingress: {{intra-namespace: {{from: pod-network}}}}
  egress: {{cluster: {{to: cluster, ports: 53/UDP}}, world: {{to: world}}}}
""",
}


def test_two_clusters_have_their_own_networks_and_pattern(tree: Tree) -> None:
    for name, text in SECOND_BASE.items():
        tree.write(name, text)
    tree.overlay("shop")
    tree.overlay(
        "lab-shop", kustomization="resources: [../../base-lab]\nnamespace: shop\ntransformers: [../../plugin]\n"
    )
    tree.write("home/kustomization.yaml", "resources: [../overlays/shop]\n")
    tree.write("lab/kustomization.yaml", "resources: [../overlays/lab-shop]\n")
    assert set(policies(text_of(tree, "home"))) == STANDARD
    lab = policies(text_of(tree, "lab"))
    pods = [{"ipBlock": {"cidr": "10.244.0.0/16"}}, {"ipBlock": {"cidr": "fd00:10:244::/56"}}]
    services = [{"ipBlock": {"cidr": "10.96.0.0/12"}}, {"ipBlock": {"cidr": "fd00:10:96::/112"}}]
    assert set(lab) == {
        "default-deny-all", "allow-intra-namespace-ingress", "allow-cluster-egress", "allow-world-egress"
    }  # fmt: skip
    assert lab["allow-intra-namespace-ingress"]["spec"]["ingress"] == [{"from": pods}]
    assert lab["allow-cluster-egress"]["spec"]["egress"] == [
        {"to": services + pods, "ports": [{"port": 53, "protocol": "UDP"}]}
    ]
    assert lab["allow-world-egress"]["spec"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]},
        {"to": [{"ipBlock": {"cidr": "::/0", "except": ["fc00::/7"]}}]},
    ]


def test_policies_of_a_direction_can_be_one(tree: Tree) -> None:
    made = shop(
        tree,
        "patches:\n- patch: |-\n    apiVersion: bulkhead.dev/v1alpha1\n    kind: ClusterProfile\n"
        "    metadata: {name: home}\n    spec: {policies: per-direction}\n",
    )
    assert set(made) == {"default-deny-all", "allow-ingress", "allow-egress"}
    assert made["default-deny-all"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert made["allow-egress"]["metadata"]["annotations"] == {
        "bulkhead.dev/rule": "dns, external-https, intra-namespace",
        "bulkhead.dev/why": "dns: DNS resolution\nexternal-https: External HTTPS\n"
        "intra-namespace: Intra-namespace pod traffic",
    }
    by_name = "kubernetes.io/metadata.name"
    assert made["allow-egress"]["spec"] == {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [
                    {"namespaceSelector": {"matchLabels": {by_name: "kube-system"}}},
                    {"ipBlock": {"cidr": "10.43.0.0/16"}},
                ],
                "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
            },
            {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [HTTPS]},
            {"to": [{"ipBlock": {"cidr": "10.42.0.0/16"}}]},
        ],
    }
    assert [list(rule) for rule in made["allow-ingress"]["spec"]["ingress"]] == [["from"]] * 4


def backwards(value: object) -> object:
    """Return the value with the keys of every map in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("layout", ["per-rule", "per-direction"])
def test_order_of_keys_in_the_input_does_not_reach_the_output(tree: Tree, layout: str) -> None:
    rules = {
        "egress": {name: {"to": {"pods": {"b": "2", "a": "1"}}, "why": "w"} for name in ("m", "z", "a10", "a9")},
        "workloads": {
            name: {"pods": {"z": "1", "a": "2"}, "ingress": {"up": {"from": "lan"}, "b": {"from": "nas"}}}
            for name in ("web", "api")
        },
    }
    profile = tree.path / "base/cluster.yaml"
    profile.write_text(profile.read_text() + f"  policies: {layout}\n")
    tree.overlay("shop", "  egress: {}\n")
    seen = []
    for turn in (lambda value: value, backwards):
        for file in ("base/cluster.yaml", "base/namespace.yaml"):
            value = yaml.safe_load((tree.path / file).read_text())
            (tree.path / file).write_text(yaml.safe_dump(turn(value), sort_keys=False))
        patch = {**yaml.safe_load(HEAD), "spec": rules}
        tree.write("overlays/shop/rules.yaml", yaml.safe_dump(turn(patch), sort_keys=False))
        seen.append(text_of(tree))
    assert seen[0] == seen[1]


APPLICATION = """\
# A comment ahead of everything
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # and one behind
  annotations: {note: "on", checksum/config: "0123"}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1.27", args: ["-v", "1", "yes"], env: [{name: A, value: "1e3"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: zeta}
data:
  # a comment among the data
  empty: ""
  words: "yes"
  number: "1e3"
  date: "2026-12-31"
  colon: "a: b"
  hash: "a #b"
  quotes: 'it''s "so"'
  leading: "  two spaces"
  escapes: "tab\\there, return\\r\\n, nbsp\\u00a0."
  unicode: "ünï 日本 😀"
  long: "lorem ipsum dolor sit amet lorem ipsum dolor sit amet lorem ipsum dolor sit amet lorem ipsum dolor"
  script: |
    #!/bin/sh
      indented

    echo "$1" # not a comment
  keep: |+
    two empty lines follow


  folded: >-
    this is
    one line
  json: '{"a": [1, 2]}'
---
apiVersion: v1
kind: ConfigMap
metadata: {name: alpha, annotations: &notes {a: "1"}, labels: *notes}
data:
  one: &text "said once"
  two: *text
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {float: 1.0, exponent: 1e3, large: 9007199254740993, octal: 0o17, nil: null, list: [], map: {}}
"""


@pytest.mark.parametrize("order", ["fifo", "legacy"])
def test_other_resources_pass_through_unchanged_and_in_order(tree: Tree, order: str) -> None:
    text = "resources: [{}app.yaml]\nnamespace: shop\nnamePrefix: x-\nsortOptions: {{order: " + order + "}}\n"
    tree.overlay("shop", kustomization=text.format("../../base, ") + "transformers: [../../plugin]\n")
    tree.overlay("bare", kustomization=text.format(""))
    for namespace in ("shop", "bare"):
        tree.write(f"overlays/{namespace}/app.yaml", APPLICATION)
    bare = tree.build("overlays/bare")
    assert (bare.stderr, bare.status) == ("", 0)
    kept = [each for each in text_of(tree).split("---\n") if "kind: NetworkPolicy\n" not in each]
    assert kept == bare.stdout.split("---\n")


BUILTIN = """\
apiVersion: builtin
kind: {}
metadata: {{name: it}}
{}
"""
LABEL = BUILTIN.format("LabelTransformer", "labels: {team: 'yes'}\nfieldSpecs: [{path: metadata/labels, create: true}]")
PREFIX = BUILTIN.format("PrefixTransformer", "prefix: p-\nfieldSpecs: [{path: metadata/name}]")


def test_transformers_behind_the_plugin_act_on_the_policies(tree: Tree) -> None:
    transformers = "resources: [../../base]\nnamespace: shop\ntransformers: [../../plugin, label.yaml, prefix.yaml]\n"
    tree.overlay("shop", kustomization=transformers)
    tree.write("overlays/shop/label.yaml", LABEL)
    tree.write("overlays/shop/prefix.yaml", PREFIX)
    made = policies(text_of(tree))
    assert set(made) == {f"p-{name}" for name in STANDARD}
    assert all(each["metadata"]["labels"] == {**LABELS, "team": "yes"} for each in made.values())


@pytest.mark.parametrize("where", ["file ahead", "in place"])
def test_transformers_ahead_of_the_plugin_do_not_reach_the_policies(tree: Tree, where: str) -> None:
    """What is written in place acts ahead of every file, wherever it stands in the list."""
    entries = "[label.yaml, ../../plugin]" if where == "file ahead" else f"\n- ../../plugin\n- |-\n{indented(LABEL, 2)}"
    tree.write("overlays/shop/label.yaml", LABEL)
    tree.overlay("shop", kustomization=f"resources: [../../base]\nnamespace: shop\ntransformers: {entries}\n")
    assert all(each["metadata"]["labels"] == LABELS for each in policies(text_of(tree)).values())


@pytest.mark.parametrize(
    ("more", "name", "labels"),
    [
        ("namePrefix: p-\nnameSuffix: -s\n", "p-default-deny-all-s", LABELS),
        ("labels: [{pairs: {team: core}}]\n", "default-deny-all", {**LABELS, "team": "core"}),
        ("sortOptions: {order: fifo}\n", "default-deny-all", LABELS),
        ("sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Secret]}}\n", "default-deny-all", LABELS),
        ("transformers: [prefix.yaml]\n", "p-default-deny-all", LABELS),
        ("buildMetadata: [managedByLabel]\n", "default-deny-all",
         {"app.kubernetes.io/managed-by": "kustomize-v5.8.1"}),
        ("components: [component]\n", "default-deny-all", {**LABELS, "tier": "1e3"}),
        ("configMapGenerator: [{name: more, literals: [a=b]}]\n", "default-deny-all", LABELS),
    ],
    ids=["prefix", "labels", "fifo", "legacy", "transformer", "metadata", "component", "generator"],
)  # fmt: skip
def test_outer_kustomization_acts_on_the_policies(tree: Tree, more: str, name: str, labels: dict[str, str]) -> None:
    for namespace in ("shop", "cardboard"):
        tree.overlay(namespace)
    tree.write("prefix.yaml", PREFIX)
    tree.write(
        "component/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n"
        "- target: {kind: NetworkPolicy}\n"
        "  patch: |-\n    - {op: add, path: /metadata/labels/tier, value: '1e3'}\n",
    )
    tree.write("kustomization.yaml", f"resources: [overlays/shop, overlays/cardboard]\n{more}")
    made = [each for each in yaml.safe_load_all(text_of(tree, ".")) if each["metadata"]["name"] == name]
    assert [each["metadata"]["labels"] for each in made] == [labels, labels]


def test_outer_labels_in_selectors_change_what_the_policies_mean(tree: Tree) -> None:
    """Why a check of the tree must speak of it: each peer has to carry the label then."""
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\nlabels: [{pairs: {a: b}, includeSelectors: true}]\n")
    peer = policies(text_of(tree, "."))["allow-traefik-ingress"]["spec"]["ingress"][0]["from"][0]
    assert peer["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "traefik", "a": "b"}}


def test_tree_is_found_through_every_spelling_of_its_paths(tree: Tree) -> None:
    tree.write("overlays/it's a shop/kustomization.yml", "resources: [./../../base/]\nnamespace: shop\n"
               "transformers: ['./../../plugin/']\n")  # fmt: skip
    tree.write("Kustomization", 'resources:\n- "./overlays/it\'s a shop/"\n')
    assert set(policies(text_of(tree, "."))) == STANDARD
