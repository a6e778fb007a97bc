"""``bulkhead values``: what the overlays say as values, or why values cannot say it."""

from typing import Any

import pytest
import yaml
from bulkhead.core.language.resources import SegmentedNamespace
from bulkhead.io.resources.decode import decode
from bulkhead.io.resources.encode import difference, encode
from conftest import Tree
from hypothesis import given
from laws import written
from laws.written import namespace, specs

from chart import built, rendered, template


def decoded(resource: dict[str, Any]) -> Any:
    made, problems = decode(resource)
    assert made is not None, problems
    return made


@given(specs)
def test_what_is_encoded_is_decoded_to_the_same(spec: dict[str, Any]) -> None:
    made = decoded(namespace(spec))
    again = encode(made.spec)
    assert isinstance(again, dict)
    assert decoded(namespace(again)) == made


def test_a_profile_is_encoded_whole() -> None:
    made = decoded(written.profile("per-direction", "calico"))
    assert decoded({**written.profile(), "spec": encode(made.spec)}) == made


def merged(base: Any, over: Any) -> Any:
    """Merge as the chart does with what differences hold: maps by key; `false` or `null` removes what is there."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    both = {key: merged(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}}
    return {key: value for key, value in both.items() if not ((value is False or value is None) and key in base)}


@given(specs, specs)
def test_a_difference_merged_into_the_standard_is_the_namespace(one: dict[str, Any], other: dict[str, Any]) -> None:
    base, wanted = (encode(decoded(namespace(spec)).spec) for spec in (one, other))
    assert merged(base, difference(base, wanted)) == wanted
    assert difference(base, base) == {}


def test_values_are_written_from_overlays_and_render_the_same(tree: Tree) -> None:
    tree.overlay("plain")
    tree.overlay(
        "shop", "  ingress: {dashboard: null}\n  egress: {smtp: {to: internet, ports: [587, 465], why: 'no'}}\n"
    )
    tree.write("kustomization.yaml", "resources: [overlays/plain, overlays/shop]\n")
    done = tree.bulkhead("values", ".")
    assert (done.status, done.stderr) == (0, "")
    values = yaml.safe_load(done.stdout)
    assert values["namespaces"] == {
        "plain": {},
        "shop": {
            "ingress": {"dashboard": False},
            "egress": {"smtp": {"to": "internet", "ports": [587, 465], "why": "no"}},
        },
    }
    assert rendered(done.stdout) == built(tree.build(".").stdout)
    one = tree.bulkhead("values", "overlays/shop")
    assert yaml.safe_load(one.stdout)["namespaces"] == {"shop": values["namespaces"]["shop"]}


def test_values_are_checked_and_never_written_from_what_is_wrong(tree: Tree) -> None:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    assert tree.bulkhead("values", "-o", "values.yaml", "--check").status == 1
    assert tree.bulkhead("values", "-o", "values.yaml").status == 0
    assert tree.bulkhead("values", "-o", "values.yaml", "--check").status == 0
    before = (tree.path / "values.yaml").read_text()
    tree.overlay("shop", "  egress: {x: {to: nobody}}\n")
    done = tree.bulkhead("values", "-o", "values.yaml")
    assert (done.status, (tree.path / "values.yaml").read_text()) == (1, before)
    assert "unknown peer `nobody`" in done.stderr


@pytest.mark.parametrize(
    ("root", "says"),
    [
        ("resources: [overlays/shop]\nnamePrefix: x-\n", "an outer kustomization changes what the overlays render"),
        ("resources: [overlays/shop, overlays/other]\n", "have different ClusterProfiles: a chart has one"),
        ("resources: [overlays/more]\n", "renders the ConfigMap `x` too, which the chart does not"),
    ],
)
def test_what_values_cannot_say_is_refused(tree: Tree, root: str, says: str) -> None:
    tree.overlay("shop")
    profile = (
        "{apiVersion: bulkhead.dev/v1alpha1, kind: ClusterProfile, metadata: {name: home}, spec: {enforcer: cilium}}"
    )
    other = f"patches: [{{patch: '{profile}'}}]"
    more = "configMapGenerator: [{name: x, options: {disableNameSuffixHash: true}}]"
    for name, line in (("other", other), ("more", more)):
        text = f"resources: [../../base]\nnamespace: {name}\ntransformers: [../../plugin]\n{line}\n"
        tree.overlay(name, kustomization=text)
    tree.write("kustomization.yaml", root)
    done = tree.bulkhead("values")
    assert (done.status, done.stdout) == (2, "")
    assert says in done.stderr


def test_the_folder_with_the_standard_can_be_named(tree: Tree) -> None:
    (tree.path / "base").rename(tree.path / "ground")
    tree.overlay("shop", kustomization="resources: [../../ground]\nnamespace: shop\ntransformers: [../../plugin]\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    assert "there is no folder `base`" in tree.bulkhead("values").stderr
    done = tree.bulkhead("values", "--base", "ground")
    assert yaml.safe_load(done.stdout)["namespaces"] == {"shop": {}}


def test_a_namespace_has_one_resource() -> None:
    assert isinstance(decoded(namespace({})), SegmentedNamespace)


@pytest.mark.parametrize("key", ["ranges", "select", "widen"])
def test_a_provider_is_no_value(key: str) -> None:
    peer = {"cidr": "10.0.0.0/8", key: "github"}
    done = template({"profile": {"peers": {"code": peer}}, "namespaces": {"shop": {}}}, "--skip-schema-validation")
    assert done.status == 1
    assert f"error: `{key}` is no value of the chart, which has no pinned ranges" in done.stderr
    assert "hint: `bulkhead values` writes the blocks of a provider as `cidr`" in done.stderr
