"""
A key without a value is refused wherever it is written: kustomize drops it, and the rule loses what it limits.

The plugin cannot see it where a patch has it: such a build by kustomize succeeds.
"""

import pytest
from conftest import Tree

HEAD = "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\nspec:\n"
FILE = "overlays/shop/rules.yaml"
OVERLAY = "resources: [../../base]\nnamespace: shop\ntransformers: [../../plugin]\n"


def patch(tree: Tree, spec: str) -> None:
    tree.overlay("shop", spec)


def component(tree: Tree, spec: str) -> None:
    tree.overlay("shop", kustomization=OVERLAY + "components: [../../more]\n")
    tree.write("more/kustomization.yaml", "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n"
               "patches: [{path: rules.yaml}]\n")  # fmt: skip
    tree.write("more/rules.yaml", HEAD + spec)


def inline(tree: Tree, spec: str) -> None:
    text = "".join(f"    {line}\n" for line in (HEAD + spec).splitlines())
    tree.overlay("shop", kustomization=OVERLAY + "patches:\n- patch: |-\n" + text)


def old_patch(tree: Tree, spec: str) -> None:
    tree.overlay("shop", kustomization=OVERLAY + "patchesStrategicMerge: [rules.yaml]\n")
    tree.write(FILE, HEAD + spec)


def resource(tree: Tree, spec: str) -> None:
    own = "resources: [profile.yaml, rules.yaml]\nnamespace: shop\ntransformers: [../../plugin]\n"
    tree.overlay("shop", kustomization=own)
    tree.write("overlays/shop/profile.yaml", (tree.path / "base/cluster.yaml").read_text())
    tree.write(FILE, HEAD + spec)


EVERYWHERE = (patch, component, inline, old_patch, resource)


@pytest.mark.parametrize("write", EVERYWHERE, ids=lambda write: write.__name__)
@pytest.mark.parametrize(
    "rule",
    [
        "dns: {to: kube-dns, ports: }",
        "smtp: {to: internet, ports: }",
        "smtp:\n      to: internet\n      ports:\n      why: mail",
        "db: {to: {pods: {app: }}, ports: 5432}",
        "lan: {to: {cidr: 10.0.0.0/8, except: }, ports: 80}",
    ],
)
def test_key_without_a_value_is_refused_with_its_place(tree: Tree, write: object, rule: str) -> None:
    assert callable(write)
    write(tree, f"  egress:\n    {rule}\n")
    assert write is resource or tree.build("overlays/shop").status == 0, "the plugin cannot see it"
    for command in (["validate", "overlays/shop"], ["render", "overlays/shop"], ["lint", "overlays/shop"]):
        done = tree.bulkhead(*command)
        assert (done.status != 0, done.stdout) == (True, ""), command
        assert "` has no value\n" in done.stderr and " to remove\n" not in done.stderr
        assert ".yaml:" in done.stderr


@pytest.mark.parametrize("value", ["{to: internet, ports: }", "{to: {pods: {app: }}, ports: 80}"])
@pytest.mark.parametrize("operation", ["add", "replace"])
def test_json_patch_is_held_to_the_same(tree: Tree, operation: str, value: str) -> None:
    at = "smtp" if operation == "add" else "dns"
    steps = f"    - op: {operation}\n      path: /spec/egress/{at}\n      value: {value}\n"
    text = f"patches:\n- target: {{kind: SegmentedNamespace}}\n  patch: |-\n{steps}"
    tree.overlay("shop", kustomization=OVERLAY + text)
    done = tree.bulkhead("validate", "overlays/shop")
    assert (done.status, "kustomization.yaml:9:" in done.stderr) == (1, True), done.stderr


def test_null_removes_what_another_layer_has(tree: Tree) -> None:
    patch(tree, "  egress: {dns: {ports: null}, external-https: null}\n")
    done = tree.bulkhead("render", "overlays/shop")
    assert (done.status, done.stdout) == (0, tree.build("overlays/shop").stdout)


@pytest.mark.parametrize("write", EVERYWHERE, ids=lambda write: write.__name__)
@pytest.mark.parametrize("port", ["0443", "0o443", "0x1bb", "0b11", "1_000", "+443", "[80, 0443]"])
def test_number_that_kustomize_reads_otherwise_is_refused(tree: Tree, write: object, port: str) -> None:
    assert callable(write)
    write(tree, f"  egress:\n    smtp: {{to: internet, ports: {port}}}\n")
    for command in (["validate", "overlays/shop"], ["render", "overlays/shop"]):
        done = tree.bulkhead(*command)
        if port == "+443":  # every version of YAML reads the same number
            assert done.status == 0 and "443" in (done.stdout + tree.build("overlays/shop").stdout)
        else:
            assert (done.status, " without quotes is " in done.stderr) == (1, True), done
