"""
What is wrong in files that kustomize reads has its place and a hint, and no message is kustomize's chain of folders.

The real kustomize decides what is wrong: each case is built with it first.
"""

import re

import pytest
from conftest import Tree

OVERLAY = (
    "resources: [../../base{more}]\nnamespace: shop\npatches: [{{path: rules.yaml}}]\ntransformers: [../../plugin]\n"
)
RULES = (
    "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\n"
    "spec:\n  egress:\n    external-https: null\n"
)
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"
AT = "overlays/shop/"

CASES: dict[str, tuple[dict[str, str | bytes | None], str, str]] = {
    "a name that nothing has": (
        {"rules.yaml": RULES.replace("standard", "other")}, "rules.yaml:3:18", "write `standard`, as in base/namespace"
    ),
    "another version": (
        {"rules.yaml": RULES.replace("v1alpha1", "v1alpha9")}, "rules.yaml:1:13", "write `bulkhead.dev/v1alpha1`"
    ),
    "a scalar for a map": (
        {"rules.yaml": RULES.replace("null", "fe80::1%eth0/64")}, "rules.yaml:6:21", "a patch cannot turn one value"
    ),
    "no patch file": ({"rules.yaml": None}, "kustomization.yaml:3:18", "write a path"),
    "no resource": (
        {"kustomization.yaml": OVERLAY.format(more=", more.yaml")}, "kustomization.yaml:1:25", "write a path"
    ),
    "a folder without a kustomization": ({"more.yaml/x": ""}, "kustomization.yaml:1:25", "make one there"),
    "two kustomizations": ({"kustomization.yml": "resources: []\n"}, "kustomization.yml:1:1", "keep one"),
    "a control character": ({"more.yaml": MAP + 'data: {a: "\\x90"}\n'}, "more.yaml:4:11", "remove it"),
    "a raw control character": ({"more.yaml": MAP + "data: {a: \x07}\n"}, "more.yaml:4:11", ""),
    "no YAML": ({"more.yaml": MAP + "data: {a: [\n"}, "more.yaml:5:1", ""),
    "Latin-1": ({"more.yaml": (MAP + "# é\n").encode("latin-1")}, "more.yaml:4:3", "save the file as UTF-8"),
    "UTF-16": ({"kustomization.yaml": OVERLAY.encode("utf-16")}, "kustomization.yaml:1:1", "save the file as UTF-8"),
    "no name": ({"more.yaml": "apiVersion: v1\nkind: ConfigMap\n"}, "kustomization.yaml:1:25", ""),
    "an id twice": ({"more.yaml": f"{MAP}---\n{MAP}"}, "kustomization.yaml:1:25", ""),
    "a replacement without a source": (
        {"kustomization.yaml": OVERLAY.format(more="") + "replacements: [{source: {kind: Absent, name: x}, "
         "targets: [{select: {kind: ClusterProfile}, fieldPaths: [spec.x]}]}]\n"}, "kustomization.yaml:5:32", ""
    ),
    "a list for a text": (
        {"kustomization.yaml": OVERLAY.format(more="") + "namePrefix: [a]\n"}, "kustomization.yaml:5:1", ""
    ),
    "a path that hides": (
        {"kustomization.yaml": OVERLAY.format(more=', "\\u202e"')}, "kustomization.yaml:1:25", "write a path"
    ),
}  # fmt: skip


@pytest.mark.usefixtures("remembered_builds")
@pytest.mark.parametrize("case", CASES)
def test_a_mistake_has_file_line_column_and_what_to_write(tree: Tree, case: str) -> None:
    files, place, hint = CASES[case]
    more = ", more.yaml" if any(name.startswith("more.yaml") for name in files) else ""
    tree.overlay("shop", "  {}\n", OVERLAY.format(more=more))
    for name, text in {"rules.yaml": RULES, **files}.items():
        if text is None:
            (tree.path / AT / name).unlink()
        else:
            tree.write(AT + name, text)
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    if case != "UTF-16":  # which kustomize reads
        assert tree.build(".").status == 1
    done = tree.bulkhead("validate")
    assert (done.status, done.stdout) == (1, "")
    first = done.stderr.splitlines()[0]
    assert first.startswith(AT + place), done.stderr
    assert re.match(r"[\w./-]+:\d+:\d+: error: ", first)
    assert hint in done.stderr
    assert "accumulat" not in done.stderr
    assert "/tmp" not in done.stderr
    assert len(first) < 700


def test_a_control_character_in_the_base_is_one_message(tree: Tree) -> None:
    tree.overlay("shop")
    tree.overlay("blog")
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/blog]\n")
    base = (tree.path / "base/cluster.yaml").read_text()
    tree.write("base/cluster.yaml", base.replace("  peers:\n", '  peers:\n    odd: "\\u009b31m"\n'))
    line = base[: base.index("  peers:\n")].count("\n") + 2
    assert tree.build(".").status == 1
    done = tree.bulkhead("validate")
    assert done.stderr.startswith(f"base/cluster.yaml:{line}:10: error: the character U+009B")
    assert done.stderr.endswith("bulkhead: 1 problem\n")


def test_an_overlay_that_is_listed_twice_is_named_by_its_second_entry(tree: Tree) -> None:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources:\n- overlays/shop\n- overlays/shop\n")
    assert tree.bulkhead("validate").stderr.startswith("kustomization.yaml:3:3: error: this overlay is listed twice")


def test_thousands_of_entries_that_name_nothing_are_one_list_of_problems(tree: Tree) -> None:
    tree.write("kustomization.yaml", "resources:\n" + "".join(f"- overlays/no{i}\n" for i in range(20_000)))
    done = tree.bulkhead("validate")
    assert done.status == 1
    assert done.stderr.startswith("kustomization.yaml:2:3: error: there is no file or folder `overlays/no0`\n")
    assert done.stderr.endswith("bulkhead: 20000 problems\n")


KEYS = ("items", "kind", "apiVersion", "metadata", "spec", "status")


@pytest.mark.usefixtures("remembered_builds")
@pytest.mark.parametrize("form", ["yaml", "json"])
@pytest.mark.parametrize("key", [key.title() if key != "apiVersion" else "APIVersion" for key in KEYS] + ["items"])
def test_a_resource_that_kubectl_may_read_in_another_way_is_refused_by_every_command(
    tree: Tree, key: str, form: str
) -> None:
    """Go's decoder takes a key in another case, and whatever has `items` is a list to kubectl."""
    tree.overlay("shop", kustomization=OVERLAY.format(more=f", more.{form}").replace("patches", "#"))
    text = f"{MAP}{key}: []\n" if form == "yaml" else (
        f'{{"apiVersion": "v1", "kind": "List", "metadata": {{"name": "more"}},\n"{key}": []}}\n'
    )  # fmt: skip
    if form == "json" and key == "items":
        text = text.replace("List", "ConfigMap")
    tree.write(f"{AT}more.{form}", text)
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    assert tree.build(".").status == 0
    for command in (("validate",), ("render",), ("values",), ("reach",), ("lint",), ("diff", "--dirs", ".", ".")):
        done = tree.bulkhead(*command)
        assert (done.status, done.stdout) == (2, ""), command
        said = re.search(rf"^{AT}more\.{form}:[24]:1: error: cannot be reviewed: ", done.stderr, re.MULTILINE)
        assert said, (command, done.stderr)


@pytest.mark.parametrize("patch", [
    "|-\n    apiVersion: networking.k8s.io/v1\n    kind: NetworkPolicy\n    metadata: {name: one, namespace: one}\n",
    """'{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "one"}}'\n""",
])  # fmt: skip
def test_a_patch_in_the_root_that_matches_nothing_is_named_where_it_is(tree: Tree, patch: str) -> None:
    tree.overlay("one")
    tree.write("kustomization.yaml", f"resources: [overlays/one]\npatches:\n- patch: {patch}")
    done = tree.bulkhead("validate")
    message = "this patch matches no resource: there is no NetworkPolicy `one`"
    assert done.status == 1 and done.stderr.startswith(f"kustomization.yaml:3:10: error: {message}\n"), done


def test_a_revision_without_a_root_is_named(tree: Tree) -> None:
    tree.overlay("one")
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.commit()
    done = tree.bulkhead("diff", "HEAD")
    assert done.status == 2 and done.stderr.startswith("HEAD: error: there is no kustomization.yaml here\n"), done
