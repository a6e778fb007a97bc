"""
`bulkhead render` prints what `kustomize build` with the plugin prints, byte for byte.

Where one of them refuses, the other does too. Many scenarios share a tree: starting kustomize costs more than they do.
"""

import json
import string
from pathlib import Path

import pytest
from conftest import STANDARD_OVERLAY, Tree
from hypothesis import given, settings
from hypothesis import strategies as st

PROFILE = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ClusterProfile
metadata: {name: home}
spec: {peers: {lan: {cidr: 192.168.1.0/24}}}
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "nginx:1.27", args: ["-v", "1", "on"], env: [{name: A, value: ""}]}]
      volumes: [{name: settings, configMap: {name: settings}}]
"""

CLUSTER = """\
apiVersion: v1
kind: Namespace
metadata: {name: objects, labels: {pod-security.kubernetes.io/enforce: restricted, istio-injection: "no"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: ServiceAccount, name: web, namespace: objects}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook}
webhooks: []
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: hook}
webhooks: []
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec: {group: example.com, names: {kind: Widget, plural: widgets}, scope: Namespaced, versions: []}
"""

KINDS = [
    ("v1", "ServiceAccount"), ("v1", "Service"), ("v1", "Secret"), ("v1", "PersistentVolumeClaim"),
    ("v1", "LimitRange"), ("v1", "ResourceQuota"), ("v1", "Endpoints"), ("v1", "Binding"), ("v1", "PersistentVolume"),
    ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "CronJob"), ("batch/v1", "Job"),
    ("policy/v1", "PodDisruptionBudget"), ("scheduling.k8s.io/v1", "PriorityClass"),
    ("storage.k8s.io/v1", "StorageClass"), ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"), ("networking.k8s.io/v1", "IngressClass"),
    ("rbac.authorization.k8s.io/v1", "Role"), ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("cilium.io/v2", "CiliumNetworkPolicy"), ("crd.projectcalico.org/v1", "NetworkPolicy"),
    ("example.com/v1", "Widget"), ("example.com/v1beta1", "Widget"), ("a.example.com/v1", "Widget"), ("v1", "Widget"),
]  # fmt: skip


def kinds(name: str) -> str:
    return "---\n".join(f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\n" for api, kind in KINDS)


def overlay(tree: Tree, namespace: str, *resources: str, more: str = "", **files: str) -> None:
    text = STANDARD_OVERLAY.format(namespace=namespace).replace("base]", ", ".join(["base", *resources]) + "]")
    tree.overlay(namespace, kustomization=text + more)
    for name, content in files.items():
        tree.write(f"overlays/{namespace}/{name}.yaml", content)


@pytest.fixture
def town(tree: Tree) -> Tree:
    """A tree of overlays that differ in what they have in addition to the policies."""
    overlay(tree, "plain")
    overlay(tree, "objects", "cluster.yaml", cluster=CLUSTER)
    overlay(tree, "kinds", "all.yaml", all=kinds("zz") + "---\n" + kinds("a10") + "---\n" + kinds("a9"))
    overlay(
        tree, "generated", "web.yaml", web=DEPLOYMENT,
        more="configMapGenerator: [{name: settings, literals: [a=b, 'on=no']}]\n"
        "secretGenerator: [{name: key, literals: [p=w], options: {disableNameSuffixHash: true}}]\n",
    )  # fmt: skip
    overlay(
        tree, "modified", "web.yaml", web=DEPLOYMENT,
        more="namePrefix: p-\nlabels: [{pairs: {team: x}}]\ncommonAnnotations: {note: '1e3'}\n"
        "images: [{name: nginx, newTag: '2'}]\nreplicas: [{name: web, count: 3}]\n",
    )  # fmt: skip
    overlay(tree, "commented", "comments.yaml", comments=f"# first\n---\n# nothing\n---\n{DEPLOYMENT}---\n")
    overlay(
        tree, "listed", "list.yaml",
        list="apiVersion: v1\nkind: List\nitems:\n" + "".join(
            f"- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}\n" for name in "ba"),
    )  # fmt: skip
    overlay(tree, "local", "local.yaml", local="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: l, annotations: "
            "{config.kubernetes.io/local-config: 'true'}}\n")  # fmt: skip
    overlay(tree, "nested", "app")
    tree.write("overlays/nested/app/kustomization.yaml", "resources: [web.yaml]\nnameSuffix: -s\n")
    tree.write("overlays/nested/app/web.yaml", DEPLOYMENT)
    overlay(tree, "ordered", "web.yaml", web=DEPLOYMENT, more="sortOptions: {order: fifo}\n")
    overlay(
        tree, "unprotected",
        more="patches:\n- patch: |-\n    apiVersion: bulkhead.dev/v1alpha1\n    kind: SegmentedNamespace\n"
        "    metadata: {name: standard}\n    spec: {ingress: null, egress: null, unprotected: later}\n",
    )  # fmt: skip
    return tree


def listed(tree: Tree, *but: str) -> str:
    names = sorted(each.name for each in (tree.path / "overlays").iterdir())
    return "resources:\n" + "".join(f"- overlays/{name}\n" for name in names if name not in but)


def assert_same(tree: Tree, folder: str | Path = ".") -> str:
    built, rendered = tree.build(folder), tree.bulkhead("render", folder)
    assert (built.stderr, rendered.stderr) == ("", "")
    assert rendered.stdout == built.stdout
    assert (built.status, rendered.status) == (0, 0)
    return built.stdout


def assert_both_refuse(tree: Tree, folder: str = ".") -> tuple[str, str]:
    built, rendered = tree.build(folder), tree.bulkhead("render", folder)
    assert (built.status, rendered.status) == (1, 1)
    assert (built.stdout, rendered.stdout) == ("", "")
    assert "Traceback" not in built.stderr + rendered.stderr
    return built.stderr, rendered.stderr


def test_root_that_lists_overlays_is_rendered_the_same(town: Tree) -> None:
    """Without the ordered one: then the root only lists, which is rendered in another way than the rest."""
    town.write("kustomization.yaml", listed(town, "ordered"))
    text = assert_same(town)
    assert text.count("kind: NetworkPolicy\n") == 9 * 8 + 6


@pytest.mark.parametrize(
    "more",
    [
        "",
        "namePrefix: o-\nlabels: [{pairs: {team: core}, includeSelectors: true}]\n",
        "sortOptions: {order: fifo}\n",
        "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [NetworkPolicy], orderLast: [Namespace]}}\n",
    ],
    ids=["nothing", "prefix-and-labels", "fifo", "own-order"],
)
def test_root_that_does_more_is_rendered_the_same(town: Tree, more: str) -> None:
    town.write("extra.yaml", kinds("root").replace("name: root", "name: root, namespace: plain"))
    town.write("kustomization.yaml", listed(town) + "- extra.yaml\n" + more)
    assert_same(town)


def test_roots_within_roots_are_rendered_the_same(town: Tree) -> None:
    town.write("one/kustomization.yaml", "resources: [../overlays/plain, ../overlays/objects]\n")
    town.write("two/kustomization.yaml", "resources: [../overlays/kinds]\nnamePrefix: two-\n")
    town.write("kustomization.yaml", "resources: [two, overlays/modified, one]\n")
    assert_same(town)
    assert_same(town, "one")


def test_more_overlays_than_are_built_at_once_are_rendered_the_same(tree: Tree) -> None:
    for number in range(45):
        tree.overlay(f"n{number}", "  ingress: null\n  egress: null\n  workloads: {w: {pods: {a: b}, "
                     "egress: {lan: {to: lan}}}}\n")  # fmt: skip
    tree.write("kustomization.yaml", listed(tree))
    assert assert_same(tree).count("kind: NetworkPolicy\n") == 2 * 45


@pytest.mark.parametrize(
    ("overlays", "root", "says"),
    [
        ({"a": "shop", "b": "shop"}, "[overlays/a, overlays/b]", "comes from `overlays/a` too"),
        ({"a": "shop"}, "[overlays/a, overlays/a]", "this overlay is listed twice"),
        ({"a": "shop", "b": "bees"}, "[one, two]", "this overlay is listed twice"),
    ],
    ids=["one-namespace-twice", "one-overlay-twice", "through-two-roots"],
)
def test_resource_that_comes_twice_is_refused(tree: Tree, overlays: dict[str, str], root: str, says: str) -> None:
    for name, namespace in overlays.items():
        tree.overlay(name, kustomization=STANDARD_OVERLAY.format(namespace=namespace))
    tree.write("one/kustomization.yaml", "resources: [../overlays/a]\n")
    tree.write("two/kustomization.yaml", "resources: [../overlays/b, ../overlays/a]\n")
    tree.write("kustomization.yaml", f"resources: {root}\n")
    built, rendered = assert_both_refuse(tree)
    assert "already registered id" in built
    assert says in rendered


def test_object_of_the_cluster_that_two_overlays_bring_is_refused(tree: Tree) -> None:
    for namespace in ("shop", "cardboard"):
        overlay(tree, namespace, "cluster.yaml", cluster=CLUSTER.replace("objects", namespace))
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/cardboard]\n")
    _, rendered = assert_both_refuse(tree)
    assert "`reader` comes from `overlays/shop` too" in rendered or "`overlays/cardboard` too" in rendered


def test_policy_of_another_group_may_have_the_name_of_one_of_ours(tree: Tree) -> None:
    calico = "apiVersion: crd.projectcalico.org/v1\nkind: NetworkPolicy\nmetadata: {name: default-deny-all}\n"
    overlay(tree, "shop", "calico.yaml", calico=calico)
    assert "crd.projectcalico.org" in assert_same(tree, "overlays/shop")


def test_patch_of_another_kind_may_say_what_ours_may_not(tree: Tree) -> None:
    patch = "[{op: add, path: /spec/paused, value: yes}]"
    more = f'patches:\n- target: {{kind: Deployment}}\n  patch: "{patch}"\n'.replace('"[', '"- ').replace(']"', '"')
    overlay(tree, "shop", "web.yaml", web=DEPLOYMENT, more=more)
    assert "paused: " in assert_same(tree, "overlays/shop")


def segmented(tree: Tree, spec: dict[str, object]) -> None:
    """Write an overlay of its own profile and *spec*, in JSON: every text stands in it as it is."""
    resource = {
        "apiVersion": "bulkhead.dev/v1alpha1",
        "kind": "SegmentedNamespace",
        "metadata": {"name": "standard"},
        "spec": spec,
    }
    tree.write("overlays/shop/profile.yaml", PROFILE)
    tree.write("overlays/shop/shop.yaml", json.dumps(resource, ensure_ascii=False))
    tree.overlay(
        "shop",
        kustomization="resources: [profile.yaml, shop.yaml]\nnamespace: shop\ntransformers: [../../plugin]\n",
    )


LONG = ".".join(["x" * 50] * 3) + "/" + "n" * 60
SELECTORS = [
    {"yes": "no", "on": "", "null": "", "true": "false"},
    {"1e3": "1e3", "web": "0x1F"},
    {"2026-12-31": "2026-12-31", "0o7": "007"},
    {"a10": "x", "a9": "x", "a-b": "x", "aa": "x", "a.b/c": "x", "A_b": "x", "Ab": "x", "a": "x"},
    {"007": "1", "0x1": "2", "12": "3"},
    {"1b": "1", "10": "2", "1.0": "3"},
    {LONG: "x", "b": "v" * 63, "y" * 63: "yes"},
    {"n": "n", "y": "y", "N": "Y", "1_0": "1.5", "NaN": "1-1"},
]


def test_labels_that_yaml_reads_as_something_else_are_rendered_the_same(tree: Tree) -> None:
    workloads = {
        f"w{i}": {"pods": labels, "ingress": {"lan": {"from": [{"pods": labels}, "lan"]}}}
        for i, labels in enumerate(SELECTORS)
    }
    segmented(tree, {"workloads": workloads})
    assert f"? {LONG}\n" in assert_same(tree, "overlays/shop")


ODD = [
    "yes", "no", "on", "null", "~", "true", "1e3", "0x1F", "0o7", "1_000", ".5", "1:30", "12:30:45", "2026-12-31",
    "2026-12-31T10:00:00Z", "2001-12-14 21:59:43.10", "+1", "-1", ".inf", ".nan", "08", "0b1", "-", "--", "---", "...",
    "- a", "? a", ": a", "a: b", "a:", ":a", "a #b", "#a", "#", "|", ">", "&a", "*a", "!a", "!!str a", "%a", "@a", "`a",
    "{a", "}a", "[a]", "]", ",a", "'", '"', "''", "it's", '"a"', "\\", "\\n", "<<", "a\tb", "a\n", "a\nb", "a\n\nb",
    "a \nb", "a\n  b", "a\n#b", "a\n---\nb", "  a  ", "é", "日本語", "😀", "a\u00a0b", "\u200bzero", "e\u0301",
    "word " * 30, "word " * 30 + "\n" + "word " * 30, "x" * 200, "x" * 79 + " y", "x" * 80 + " y z", "a  b " * 20,
    "\U0010fffd", "http://a.example/?q=a#b", "'single' and \"double\"", "trailing:", "https: 443", "=a", "a=b",
]  # fmt: skip


@pytest.mark.parametrize("layout", ["per-rule", "per-direction"])
def test_texts_that_yaml_reads_as_something_else_are_rendered_the_same(tree: Tree, layout: str) -> None:
    segmented(tree, {"egress": {f"r{i}": {"to": "lan", "why": text, "owner": text} for i, text in enumerate(ODD)}})
    tree.write("overlays/shop/profile.yaml", PROFILE.replace("spec: {", f"spec: {{policies: {layout}, "))
    assert_same(tree, "overlays/shop")


PRINTABLE = st.characters(
    codec="utf-8",
    exclude_categories=["Cs", "Cc"],
    exclude_characters="\u2028\u2029\ufeff\ufffe\uffff",
    include_characters="\n\t",
)
TEXTS = st.one_of(
    st.text(PRINTABLE, min_size=1, max_size=120),
    st.lists(st.sampled_from(ODD), min_size=1, max_size=12).map(" ".join),
    st.lists(st.sampled_from(ODD), min_size=1, max_size=12).map("".join),
).filter(lambda text: text.strip() not in ("", "="))

LETTERS = string.ascii_letters
NAMES = st.from_regex(r"[A-Za-z]([-A-Za-z_.]{0,61}[A-Za-z])?", fullmatch=True)
PREFIXES = st.from_regex(r"[a-z]([-a-z]{0,30}[a-z])?(\.[a-z]{1,30}){0,4}/", fullmatch=True)
KEYS = st.one_of(NAMES, st.builds(str.__add__, PREFIXES, NAMES))
"""No digits: where they meet letters, kustomize's own order depends on chance (its comparison has circles)."""
VALUES = st.one_of(
    st.sampled_from(["", "yes", "no", "1e3", "0x1", "007", "null", "true", "1.0", "2026-12-31", "1_0", "y", "NaN"]),
    st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", fullmatch=True),
)
LABELS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=8)


@settings(max_examples=6, derandomize=True)
@given(st.lists(TEXTS, min_size=40, max_size=40), st.lists(LABELS, min_size=10, max_size=10))
def test_any_text_and_label_are_rendered_the_same(tree: Tree, texts: list[str], labels: list[dict[str, str]]) -> None:
    rules = {f"r{i}": {"to": "lan", "why": text, "owner": texts[-i]} for i, text in enumerate(texts)}
    workloads = {
        f"w{i}": {"pods": each, "ingress": {"in": {"from": {"namespaces": each}}}} for i, each in enumerate(labels)
    }
    segmented(tree, {"egress": rules, "workloads": workloads})
    assert_same(tree, "overlays/shop")


def test_where_a_resource_was_read_is_refused_rather_than_told_wrongly(tree: Tree) -> None:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\nbuildMetadata: [originAnnotations]\n")
    done = tree.bulkhead("render", ".")
    assert (done.status, done.stdout) == (1, "")
    assert "kustomization.yaml:2:17: error: `originAnnotations` are not known without the plugin" in done.stderr


def test_generated_resource_that_an_outer_kustomization_patches_is_rendered_the_same(town: Tree) -> None:
    patch = "apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: settings, namespace: generated}\n"
    town.write(
        "kustomization.yaml",
        f"resources: [overlays/generated]\npatches:\n- patch: |-\n    {patch}    data: {{c: d}}\n",
    )
    assert_same(town)
