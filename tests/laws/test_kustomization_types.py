"""
Wrong types in kustomizations, against the real kustomize.

Where it cannot decode a kustomization, the message names the file, the line and the column of the field. Where it can,
no type is refused. Whatever it fails on, the message names a file and a line.
"""

import re

import pytest
import yaml
from bulkhead.io.kustomize.field_types import type_problems
from bulkhead.io.yaml.documents import kubectl_value
from bulkhead.io.yaml.nodes import documents
from conftest import Tree, run
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.native  # kustomize needs a process

GOOD = {
    "apiVersion": "kustomize.config.k8s.io/v1beta1",
    "kind": "Kustomization",
    "metadata": {"name": "x", "labels": {"a": "b"}},
    "namespace": "shop",
    "namePrefix": "a-",
    "commonAnnotations": {"note": "x"},
    "labels": [{"pairs": {"a": "b"}, "includeSelectors": False, "fields": [{"kind": "ConfigMap", "path": "data/x"}]}],
    "resources": ["map.yaml"],
    "images": [{"name": "nginx", "newTag": "1"}],
    "replicas": [{"name": "web", "count": 2}],
    "patches": [{"path": "patch.yaml", "target": {"kind": "ConfigMap"}, "options": {"allowNameChange": False}}],
    "configMapGenerator": [{"name": "made", "literals": ["a=b"], "options": {"disableNameSuffixHash": True}}],
    "generatorOptions": {"labels": {"a": "b"}, "immutable": False},
    "replacements": [
        {"source": {"kind": "ConfigMap", "name": "one", "fieldPath": "data.a"}, "targets": [
            {"select": {"kind": "ConfigMap"}, "fieldPaths": ["data.b"], "options": {"index": 0, "create": True}}]}
    ],
    "sortOptions": {"order": "legacy", "legacySortOptions": {"orderFirst": ["Namespace"]}},
    "buildMetadata": ["managedByLabel"],
    "components": [],
    "openapi": {},
}  # fmt: skip
"""A kustomization with a field of every type."""

WRONG = (
    "1", "-1", "2.0", "2.5", "1e3", "0x10", "08", "true", "on", "n", "~", "text", "'1'", "[]", "[a]", "[1]", "{}",
    "{a: b}", "{a: 1}", ".nan", ".inf", "2020-01-01", "[[]]", "[null]", "[{}]", "''", "99999999999999999999", "[~, a]",
)  # fmt: skip
"""Values as YAML."""

UNDECODED = ("invalid Kustomization", "kind should be", "apiVersion for ", "kustomization.yaml is empty")
MARK = "mark-of-the-value"


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return every path in *value*."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for step, item in inside for each in [(*path, step), *paths(item, (*path, step))]]


def changed(path: tuple[str | int, ...], wrong: str, key: str) -> str:
    """Return the good kustomization with *wrong* at *path*, or under the new *key* next to it."""
    made = yaml.safe_load(yaml.safe_dump(GOOD))
    at = made
    for step in path[:-1]:
        at = at[step]
    last = key if key and isinstance(at, dict) else path[-1]
    at[last] = MARK
    return yaml.safe_dump(made, sort_keys=False).replace(MARK, wrong)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    tree = Tree(tmp_path_factory.mktemp("types"))
    tree.write(
        "map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: b}\n---\n"
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n",
    )
    tree.write("patch.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {c: d}\n")
    return tree


@settings(max_examples=40)
@given(st.sampled_from(paths(GOOD)), st.sampled_from(WRONG), st.sampled_from(("", "", "", "more", "Name", "1", "on")))
def test_what_kustomize_cannot_decode_has_a_line_and_nothing_else_is_refused_for_its_type(
    shop: Tree, path: tuple[str | int, ...], wrong: str, key: str
) -> None:
    text = changed(path, wrong, key)
    shop.write("kustomization.yaml", text)
    real = run("kustomize", "build", cwd=shop.path)
    refused = real.status != 0 and any(each in real.stderr for each in UNDECODED)
    found = list(type_problems(kubectl_value(next(documents(text)))))
    if key != "Name":  # a field in another case is one to kustomize, and refused here
        assert bool(found) == refused, (text, real.stderr, found)
    done = shop.bulkhead("reach", "--manifests", ".")
    if real.status:
        assert done.status == 2
        assert re.match(r"[\w.]+:\d+:\d+: error: ", done.stderr), (text, real.stderr, done.stderr)
        assert "Go struct" not in done.stderr


def test_the_good_kustomization_is_one(shop: Tree) -> None:
    shop.write("kustomization.yaml", yaml.safe_dump(GOOD))
    assert run("kustomize", "build", cwd=shop.path).status == 0
    assert not list(type_problems(GOOD))
