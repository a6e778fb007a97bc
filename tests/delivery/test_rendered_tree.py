"""
The rendered tree: what an engine gets from it is what the plugin gives, at every moment.

It is complete, and nothing in it that somebody else put there is ever deleted.
"""

import shutil
from pathlib import Path

import pytest
import yaml
from conftest import PYTHON, ROOT, Done, Tree, run
from remembered_builds import Content
from remembered_builds import content as content_of

OVERLAYS = sorted(path.name for path in (ROOT / "overlays").iterdir())
UNPROTECTED = {"digital-signage", "hamaja-recipes"}
TREE = ("--layout", "tree", "-o", "rendered")

KILLED = """\
import os, sys
left = [int(sys.argv.pop(1))]
def counted(call):
    def step(*given, **named):
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return call(*given, **named)
    return step
for name in ("replace", "unlink", "rmdir", "chmod"):
    setattr(os, name, counted(getattr(os, name)))
from bulkhead.cli.main import main
sys.exit(main())
"""
"""The command line in a process that dies at the n-th change that it makes to a folder, as if it were killed there."""


@pytest.fixture
def cluster(cluster: Tree) -> Tree:
    """The reference cluster with its rendered tree."""
    assert cluster.bulkhead("render", *TREE).status == 0
    return cluster


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def built(folder: Path) -> Done:
    """What Flux and Argo CD do with a rendered folder: build it, with no flag."""
    return run("kustomize", "build", folder)


def names(text: str) -> set[tuple[str, str]]:
    found = [each["metadata"] for each in yaml.safe_load_all(text) if each]
    return {(each["namespace"], each["name"]) for each in found}


def unlist(cluster: Tree, namespace: str) -> None:
    root = cluster.path / "kustomization.yaml"
    root.write_text(root.read_text().replace(f"- overlays/{namespace}\n", ""))


@pytest.mark.parametrize("namespace", sorted(set(OVERLAYS) - UNPROTECTED))
def test_each_folder_builds_to_what_the_plugin_makes_of_its_overlay(namespace: str, reference: Path) -> None:
    plain = built(reference / namespace)
    assert (plain.status, plain.stderr) == (0, "")
    assert plain.stdout == Tree(ROOT).build(f"overlays/{namespace}").stdout


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rendered tree of the reference cluster, to be read only."""
    folder = tmp_path_factory.mktemp("tree") / "rendered"
    assert Tree(ROOT).bulkhead("render", "--layout", "tree", "-o", folder).status == 0
    return folder


def test_the_whole_builds_to_what_the_root_does(reference: Path) -> None:
    assert built(reference).stdout == Tree(ROOT).build(".").stdout


def test_an_unprotected_namespace_has_no_folder_and_is_on_record(reference: Path) -> None:
    assert {path.name for path in reference.iterdir()} == set(OVERLAYS) - UNPROTECTED | {"kustomization.yaml"}
    root = (reference / "kustomization.yaml").read_text()
    for name in UNPROTECTED:
        assert f"# Without policies, on record: {name} (lower risk; gets policies as the cluster matures)\n" in root


def test_rendering_again_changes_nothing_and_writes_nothing(cluster: Tree) -> None:
    folder = cluster.path / "rendered"
    before = {path: path.stat().st_ino for path in folder.rglob("*")}
    assert cluster.bulkhead("render", *TREE).status == 0
    assert {path: path.stat().st_ino for path in folder.rglob("*")} == before
    shutil.copytree(folder, cluster.path / "first")
    shutil.rmtree(folder)
    assert cluster.bulkhead("render", *TREE).status == 0
    assert content(folder) == content(cluster.path / "first")


def test_check_names_the_files_that_differ_and_changes_none(cluster: Tree) -> None:
    assert cluster.bulkhead("render", *TREE, "--check").status == 0
    cluster.overlay("cardboard", "  egress: {smtp: {to: internet, ports: 587}}\n")
    cluster.overlay("blog")
    root = cluster.path / "kustomization.yaml"
    root.write_text(root.read_text().replace("- overlays/trade-bot\n", "- overlays/blog\n"))
    before = content(cluster.path / "rendered")
    checked = cluster.bulkhead("render", *TREE, "--check")
    assert checked.status == 1
    assert checked.stderr.splitlines() == [
        "rendered/blog/kustomization.yaml: is missing",
        "rendered/blog/network-policies.yaml: is missing",
        "rendered/cardboard/network-policies.yaml: is stale",
        "rendered/kustomization.yaml: is stale",
        "rendered/trade-bot/kustomization.yaml: must be removed",
        "rendered/trade-bot/network-policies.yaml: must be removed",
        "bulkhead: rendered is stale in 6 files: render it again",
    ]
    assert "+  name: allow-smtp-egress\n" in checked.stdout
    assert content(cluster.path / "rendered") == before
    assert cluster.bulkhead("render", *TREE).status == 0
    assert cluster.bulkhead("render", *TREE, "--check").status == 0


def test_a_namespace_that_loses_its_policies_is_named(cluster: Tree) -> None:
    unlist(cluster, "trade-bot")
    done = cluster.bulkhead("render", *TREE)
    assert done.status == 0
    assert "`trade-bot` has no policies any more: its folder is removed\n" in done.stderr
    assert not (cluster.path / "rendered/trade-bot").exists()


@pytest.mark.parametrize(
    "foreign",
    [
        "media/mine.yaml",
        "media/.argocd-source.yaml",
        "notes/README.md",
        "extra.yaml",
        "media/deep/x.yaml",
        ".sourceignore",
    ],
)
def test_what_somebody_else_put_there_is_refused_by_name_and_kept(cluster: Tree, foreign: str) -> None:
    cluster.write(f"rendered/{foreign}", "mine: really\n")
    cluster.overlay("cardboard", "  egress: {smtp: {to: internet, ports: 587}}\n")
    unlist(cluster, "trade-bot")
    before = content(cluster.path / "rendered")
    for more in ((), ("--check",)):
        done = cluster.bulkhead("render", *TREE, *more)
        assert (done.status, done.stdout) == (2, "")
        named = foreign if foreign != "media/deep/x.yaml" else "media/deep"
        assert f"`{named}` is there and was not rendered by bulkhead" in done.stderr
        assert content(cluster.path / "rendered") == before


def test_what_a_branch_needs_besides_the_tree_may_be_at_its_top(cluster: Tree) -> None:
    kept = (".git/HEAD", ".github/workflows/x.yaml", ".gitattributes", "README.md", "CODEOWNERS")
    for name in kept:
        cluster.write(f"rendered/{name}", "mine\n")
    assert cluster.bulkhead("render", *TREE).status == 0
    assert all((cluster.path / "rendered" / name).read_text() == "mine\n" for name in kept)


def test_a_link_in_the_tree_is_not_followed(cluster: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.move(cluster.path / "rendered/media", elsewhere / "media")
    (cluster.path / "rendered/media").symlink_to(elsewhere / "media")
    cluster.overlay("media")
    before = content(elsewhere)
    done = cluster.bulkhead("render", *TREE)
    assert done.status == 2
    assert "`media` is there and was not rendered by bulkhead" in done.stderr
    assert content(elsewhere) == before


def test_one_overlay_does_not_replace_the_tree_of_all(cluster: Tree) -> None:
    before = content(cluster.path / "rendered")
    done = cluster.bulkhead("render", "overlays/media", *TREE)
    assert done.status == 2
    assert "it holds `cardboard` too, and overlays/media is one overlay" in done.stderr
    assert content(cluster.path / "rendered") == before


def test_another_cluster_does_not_replace_the_tree_of_this_one(cluster: Tree) -> None:
    profile = cluster.path / "base/cluster.yaml"
    profile.write_text(profile.read_text().replace("name: home", "name: office"))
    before = content(cluster.path / "rendered")
    done = cluster.bulkhead("render", *TREE)
    assert done.status == 2
    assert "it holds the cluster `home`, and this is `office`" in done.stderr
    assert content(cluster.path / "rendered") == before


def test_no_policy_at_all_is_no_tree(tree: Tree) -> None:
    tree.overlay("shop", "  ingress: null\n  egress: null\n  unprotected: for now\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    done = tree.bulkhead("render", *TREE)
    assert done.status == 2
    assert "from an empty tree every policy would be pruned" in done.stderr
    assert not (tree.path / "rendered").exists()


def test_a_mistake_leaves_the_tree_as_it_was(cluster: Tree) -> None:
    before = content(cluster.path / "rendered")
    cluster.overlay("cardboard", "  egress: {smtp: {to: nobody}}\n")
    done = cluster.bulkhead("render", *TREE)
    assert (done.status, done.stdout) == (1, "")
    assert "unknown peer `nobody`" in done.stderr
    assert content(cluster.path / "rendered") == before


def test_what_an_outer_kustomization_changes_and_adds_is_in_the_tree(tree: Tree) -> None:
    tree.overlay("shop")
    tree.write("quota.yaml", "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q, namespace: shop}\n")
    tree.write("ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    tree.write(
        "kustomization.yaml",
        "resources: [overlays/shop, quota.yaml, ns.yaml]\ncommonAnnotations: {owner: web}\n",
    )
    assert tree.bulkhead("render", *TREE).status == 0
    assert sorted(content(tree.path / "rendered/shop")) == [
        "kustomization.yaml", "network-policies.yaml", "resources.yaml",
    ]  # fmt: skip
    assert built(tree.path / "rendered").stdout == tree.build(".").stdout
    assert built(tree.path / "rendered").stdout.count("owner: web") == 10


def test_a_namespace_that_yaml_takes_for_a_number_is_listed(tree: Tree) -> None:
    for name in ("8080", "on", "1e3"):
        tree.overlay(
            name, kustomization=f"resources: [../../base]\nnamespace: '{name}'\ntransformers: [../../plugin]\n"
        )
    tree.write("kustomization.yaml", "resources: [overlays/8080, overlays/on, overlays/1e3]\n")
    assert tree.bulkhead("render", *TREE).status == 0
    whole = built(tree.path / "rendered")
    assert (whole.status, whole.stdout) == (0, tree.build(".").stdout)


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        ("kind: ClusterRole\nmetadata: {name: reader}", "the ClusterRole `reader` belongs to no namespace"),
        ("kind: ConfigMap\nmetadata: {name: x, namespace: ../up}", "the ConfigMap `x` belongs to no namespace"),
    ],
)
def test_what_has_no_place_in_the_tree_is_refused(tree: Tree, resource: str, says: str) -> None:
    tree.overlay("shop")
    tree.write("more.yaml", f"apiVersion: v1\n{resource}\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop, more.yaml]\n")
    done = tree.bulkhead("render", *TREE)
    assert done.status == 2
    assert says in done.stderr
    assert not (tree.path / "rendered").exists()


def test_the_flat_layout_does_not_write_into_a_tree(cluster: Tree) -> None:
    before = content(cluster.path / "rendered")
    done = cluster.bulkhead("render", "-o", "rendered")
    assert done.status == 2
    assert "it holds a rendered tree: write it with `--layout tree`" in done.stderr
    assert content(cluster.path / "rendered") == before


def test_the_flat_layout_becomes_a_tree(cluster: Tree) -> None:
    assert cluster.bulkhead("render", "-o", "flat/").status == 0
    assert cluster.bulkhead("render", "--layout", "tree", "-o", "flat").status == 0
    assert content(cluster.path / "flat") == content(cluster.path / "rendered")


def test_a_layout_needs_a_folder(tree: Tree) -> None:
    done = tree.bulkhead("render", "--layout", "tree")
    assert done.status == 2
    assert "--layout needs -o PATH" in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("remembered_builds")
def test_a_writer_that_dies_anywhere_leaves_no_policy_out(tree: Tree) -> None:
    """Three namespaces: one changes, one is new, one goes. Whatever stays protected is so at every moment."""
    for name in ("alpha", "beta", "gamma"):
        tree.overlay(name)
    tree.write("kustomization.yaml", "resources: [overlays/alpha, overlays/gamma]\n")
    assert tree.bulkhead("render", *TREE).status == 0
    old = {name: built(tree.path / "rendered" / name).stdout for name in ("alpha", "gamma")}
    shutil.copytree(tree.path / "rendered", tree.path / "old")
    known: dict[Content, Done] = {}

    def built_once(at: Path) -> Done:
        """Of a folder that is as it was at another step, what comes out is known."""
        key = content_of(str(at))
        known[key] = known.get(key) or built(at)
        return known[key]

    tree.overlay("alpha", "  egress: {dns: null, smtp: {to: internet, ports: 587}}\n")
    tree.write("kustomization.yaml", "resources: [overlays/alpha, overlays/beta]\n")
    new = {name: tree.build(f"overlays/{name}").stdout for name in ("alpha", "beta")}
    wanted = tree.build(".").stdout
    steps = 0
    while True:
        folder = tree.path / "rendered"
        shutil.rmtree(folder)
        shutil.copytree(tree.path / "old", folder)
        done = run(PYTHON, "-c", KILLED, str(steps), "render", *TREE, cwd=tree.path)
        if done.status == 0:
            break
        assert done.status == 9, done.stderr
        for name in ("alpha", "beta", "gamma"):
            one = built_once(folder / name)
            assert one.status != 0 or one.stdout in (old.get(name), new.get(name)), (steps, name)
        assert built_once(folder / "alpha").status == 0, steps
        whole = built_once(folder)
        assert whole.status == 0, steps
        assert names(old["alpha"]) & names(new["alpha"]) <= names(whole.stdout), steps
        assert tree.bulkhead("render", *TREE).status == 0
        assert built_once(folder).stdout == wanted
        assert not list(folder.rglob(".*"))
        steps += 1
    assert steps >= 10


@pytest.mark.slow
def test_a_cluster_of_any_size_becomes_a_tree(tree: Tree) -> None:
    """More text than is ever read at once as one document: a ConfigMap of 1 MiB in each of nine namespaces."""
    tree.write(
        "overlays/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata:\n  key: " + "x" * 1048500
    )
    names = [f"ns-{number}" for number in range(9)]
    for name in names:
        tree.overlay(name, kustomization=(
            f"resources: [../../base, map.yaml]\nnamespace: {name}\ntransformers: [../../plugin]\n"
        ))  # fmt: skip
        shutil.copy(tree.path / "overlays/map.yaml", tree.path / "overlays" / name)
    for more in ("", "commonAnnotations: {owner: web}\n"):  # listed, and changed by an outer kustomization
        tree.write("kustomization.yaml", f"resources: [{', '.join(f'overlays/{name}' for name in names)}]\n{more}")
        done = tree.bulkhead("render", *TREE)
        assert done.status == 0, done.stderr
        assert len(list((tree.path / "rendered").glob("*/resources.yaml"))) == 9
        assert ("owner: web" in (tree.path / "rendered/ns-0/resources.yaml").read_text()) == bool(more)
