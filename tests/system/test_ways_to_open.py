"""
Every way by which a tree of overlays can render other policies: where more is allowed, `diff` says so or refuses.

Each edit opens something by its construction. The real kustomize with the real plugin shows that the build changes;
`bulkhead diff` must report it as opening between revisions, against the working tree, and between folders.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FLAGS, Done, Tree, git, run

HEAD = "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\nspec:\n"
OVERLAY = "namespace: shop\ntransformers: [../../plugin]\n"
OPEN = "  ingress:\n    open: {from: anywhere, ports: 80}\n"
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {to: %s}\n"
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: more, namespace: shop}
spec: {podSelector: {}, ingress: [%s]}
"""


def component(tree: Tree, after: bool) -> None:
    tree.overlay("shop", kustomization=f"resources: [../../base]\ncomponents: [../../parts/web]\n{OVERLAY}")
    tree.write("parts/web/kustomization.yaml", COMPONENT + "patches: [{path: rules.yaml}]\n")
    tree.write("parts/web/rules.yaml", HEAD + (OPEN if after else "  egress: {}\n"))


def component_of_the_root(tree: Tree, after: bool) -> None:
    more = "components: [parts/more]\n" if after else ""
    tree.write("kustomization.yaml", f"resources: [overlays/shop]\n{more}")
    tree.write("parts/more/kustomization.yaml", COMPONENT + "resources: [more.yaml]\n")
    tree.write("parts/more/more.yaml", POLICY % "{}")


def replacement(tree: Tree, after: bool) -> None:
    source = "source: {kind: ConfigMap, name: settings, fieldPath: data.to}"
    target = "targets: [{select: {kind: SegmentedNamespace}, fieldPaths: [spec.ingress.web.from]}]"
    tree.overlay("shop", kustomization=(
        f"resources: [../../base, settings.yaml]\npatches: [{{path: rules.yaml}}]\n{OVERLAY}"
        f"replacements: [{{{source}, {target}}}]\n"
    ))  # fmt: skip
    tree.write("overlays/shop/rules.yaml", HEAD + "  ingress:\n    web: {from: traefik, ports: 80}\n")
    tree.write("overlays/shop/settings.yaml", SETTINGS % ("anywhere" if after else "traefik"))


def replacement_in_a_file(tree: Tree, after: bool) -> None:
    replacement(tree, False)
    text = (tree.path / "overlays/shop/kustomization.yaml").read_text().partition("replacements:")
    tree.write("overlays/shop/kustomization.yaml", text[0] + "replacements: [{path: copies.yaml}]\n")
    source = "sourceValue: anywhere" if after else "source: {kind: ConfigMap, name: settings, fieldPath: data.to}"
    target = "targets: [{select: {kind: SegmentedNamespace}, fieldPaths: [spec.ingress.web.from]}]"
    tree.write("overlays/shop/copies.yaml", f"- {{{source}, {target}}}\n")


def replacement_in_the_root(tree: Tree, after: bool) -> None:
    tree.write("settings.yaml", SETTINGS % ("shop" if after else "nobody"))
    tree.write("more.yaml", POLICY % "{from: [{namespaceSelector: {matchLabels: {team: x}}}]}")
    field = "spec.ingress.0.from.0.namespaceSelector.matchLabels.team"
    source = "source: {kind: ConfigMap, name: settings, fieldPath: data.to}"
    copied = f"{{{source}, targets: [{{select: {{name: more}}, fieldPaths: [{field}]}}]}}"
    listed = "resources: [overlays/shop, settings.yaml, more.yaml]\n"
    tree.write("kustomization.yaml", f"{listed}replacements: [{copied}]\n")


def renamed_overlay(tree: Tree, after: bool) -> None:
    shutil.rmtree(tree.path / "overlays")
    name = "store" if after else "shop"
    tree.overlay(name, OPEN if after else "", "")
    text = (tree.path / f"overlays/{name}/kustomization.yaml").read_text()
    tree.write(f"overlays/{name}/kustomization.yaml", text.replace("namespace: store", "namespace: shop"))
    tree.write("kustomization.yaml", f"resources: [overlays/{name}]\n")


def moved_base(tree: Tree, after: bool) -> None:
    if after:
        (tree.path / "common").mkdir()
        shutil.move(tree.path / "base", tree.path / "common/base")
        tree.overlay("shop", kustomization=f"resources: [../../common/base]\n{OVERLAY}")
        file = tree.path / "common/base/namespace.yaml"
        file.write_text(file.read_text().replace("  ingress:\n", OPEN, 1))


def another_namespace(tree: Tree, after: bool) -> None:
    name = "store" if after else "shop"
    tree.overlay("shop", kustomization=f"resources: [../../base]\nnamespace: {name}\ntransformers: [../../plugin]\n")


def link_to_another_overlay(tree: Tree, after: bool) -> None:
    for name, rules in (("closed", ""), ("open", OPEN)):
        folder = tree.overlay(name, rules)
        text = (folder / "kustomization.yaml").read_text().replace(f"namespace: {name}", "namespace: shop")
        shutil.rmtree(folder)
        (tree.path / "variants" / name).mkdir(parents=True, exist_ok=True)
        tree.write(f"variants/{name}/kustomization.yaml", text)
        if rules:
            tree.write(f"variants/{name}/rules.yaml", HEAD + rules)
    if (tree.path / "overlays/shop").is_symlink():
        (tree.path / "overlays/shop").unlink()
    else:
        shutil.rmtree(tree.path / "overlays/shop")
    (tree.path / "overlays/shop").symlink_to("../variants/open" if after else "../variants/closed")


def overlay_that_goes(tree: Tree, after: bool) -> None:
    tree.overlay("blog")
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/blog]\n")
    if after:
        shutil.rmtree(tree.path / "overlays/blog")
        tree.write("kustomization.yaml", "resources: [overlays/shop]\n")


def labels_of_the_root(tree: Tree, after: bool) -> None:
    more = "" if after else "labels: [{pairs: {kept: 'yes'}, includeSelectors: true}]\n"  # peers have fewer pods by it
    tree.write("kustomization.yaml", f"resources: [overlays/shop]\n{more}")


def transformer_after_the_plugin(tree: Tree, after: bool) -> None:
    text = f"resources: [../../base]\n{OVERLAY}".replace("[../../plugin]", "\n- ../../plugin")
    tree.overlay("shop", kustomization=text)
    if after:
        tree.write("later/kustomization.yaml", "resources: [later.yaml]\n")
        tree.write("later/later.yaml", (
            "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: later}\n"
            "target: {kind: NetworkPolicy, name: default-deny-all}\n"
            "patch: '[{\"op\": \"add\", \"path\": \"/spec/ingress\", \"value\": [{}]}]'\n"
        ))  # fmt: skip
        tree.overlay("shop", kustomization=text + "- ../../later\n")


def old_spelling(tree: Tree, after: bool) -> None:
    tree.overlay("shop", kustomization=f"bases: [../../base]\npatchesStrategicMerge: [rules.yaml]\n{OVERLAY}")
    tree.write("overlays/shop/rules.yaml", HEAD + (OPEN if after else "  egress: {}\n"))


WAYS: tuple[Callable[[Tree, bool], None], ...] = (
    component, component_of_the_root, replacement, replacement_in_a_file, replacement_in_the_root, renamed_overlay,
    moved_base, another_namespace, link_to_another_overlay, overlay_that_goes, labels_of_the_root,
    transformer_after_the_plugin, old_spelling,
)  # fmt: skip


def rendered(tree: Tree) -> str:
    """Return what the real kustomize builds with the plugin."""
    done = tree.build(".")
    assert done.status == 0, done.stderr
    return done.stdout


def assert_opens(done: Done) -> None:
    assert done.status == 1, done.stderr
    assert "OPENS " in done.stdout.splitlines()[0], done.stdout


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_opens_is_reported_in_every_form(tree: Tree, way: Callable[[Tree, bool], None], tmp_path: Path) -> None:
    tree.write(".gitignore", "__pycache__\n/.venv\n/old\n")
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    way(tree, False)
    tree.commit()
    before = rendered(tree)
    old = Tree(tmp_path.parent / f"{tmp_path.name}-old")
    shutil.copytree(tree.path, old.path, symlinks=True)
    way(tree, True)
    assert rendered(tree) != before
    assert_opens(tree.bulkhead("diff"))
    tree.commit()
    assert_opens(tree.bulkhead("diff", "HEAD~1..HEAD"))
    assert_opens(tree.bulkhead("diff", "--dirs", old.path, tree.path))


def test_a_root_that_goes_is_refused(tree: Tree) -> None:
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.commit()
    (tree.path / "kustomization.yaml").unlink()
    tree.commit()
    for arguments in (("HEAD~1..HEAD",), ("HEAD", "HEAD~1"), ("HEAD~1",)):
        done = tree.bulkhead("diff", *arguments)
        assert (done.status, done.stdout) == (2, ""), arguments
        assert "there is no kustomization.yaml here" in done.stderr


@pytest.mark.parametrize("part", ["base", "overlays/shop", "plugin"])
def test_what_is_in_a_submodule_is_refused(tree: Tree, part: str) -> None:
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.commit()
    head = git(tree.path, "rev-parse", "HEAD")
    git(tree.path, "rm", "-rq", "--cached", part)
    git(tree.path, "update-index", "--add", "--cacheinfo", f"160000,{head},{part}")
    git(tree.path, "commit", "-qm", "a submodule")
    done = tree.bulkhead("diff", "HEAD~1", "HEAD")
    assert (done.status, done.stdout, "is in a submodule" in done.stderr) == (2, "", True), done.stderr


def test_a_chart_of_an_overlay_is_inflated_on_both_sides(tree: Tree) -> None:
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    chart = "helmCharts: [{name: web, releaseName: web, valuesFile: values.yaml}]\nhelmGlobals: {chartHome: charts}\n"
    tree.overlay("shop", kustomization=f"resources: [../../base]\n{chart}{OVERLAY}")
    tree.write("overlays/shop/charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    template = POLICY % "{from: [{ipBlock: {cidr: {{ .Values.cidr }}}}]}"
    tree.write("overlays/shop/charts/web/templates/policy.yaml", template)
    tree.write("overlays/shop/values.yaml", "cidr: 10.1.0.0/16\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.commit()
    tree.write("overlays/shop/values.yaml", "cidr: 0.0.0.0/0\n")
    assert tree.bulkhead("diff").status == 2
    assert_opens(tree.bulkhead("diff", "--enable-helm"))
    tree.commit()
    assert_opens(tree.bulkhead("diff", "HEAD~1", "HEAD", "--enable-helm"))
    more = template.replace("[{ipBlock", "[{namespaceSelector: {matchLabels: {team: x}}}, {ipBlock")
    tree.write("overlays/shop/charts/web/templates/policy.yaml", more)
    done = run("kustomize", "build", *FLAGS, "--enable-helm", tree.path)
    assert "team: x" in done.stdout, done.stderr
    assert_opens(tree.bulkhead("diff", "--enable-helm"))


def test_a_cluster_of_many_is_judged_by_its_own_root(tree: Tree) -> None:
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    for name in ("oslo", "paris"):
        tree.write(f"clusters/{name}/kustomization.yaml", "resources: [overlays/shop]\n")
        listed = "resources: [../../../../base]\nnamespace: shop\ntransformers: [../../../../plugin]\n"
        tree.write(f"clusters/{name}/overlays/shop/kustomization.yaml", listed + "patches: [{path: rules.yaml}]\n")
        tree.write(f"clusters/{name}/overlays/shop/rules.yaml", HEAD + "  egress: {}\n")
    # An exec path is relative to the overlay, and these are deeper.
    file = tree.path / "plugin/expand.yaml"
    file.write_text(file.read_text().replace("../../plugin/expand", "../../../../plugin/expand"))
    tree.commit()
    tree.write("clusters/paris/overlays/shop/rules.yaml", HEAD + OPEN)
    assert_opens(tree.bulkhead("diff", "--cluster", "paris"))
    other = tree.bulkhead("diff", "--cluster", "oslo")
    assert (other.status, "THE DELIVERY CHANGES (1 file)" in other.stdout) == (1, True), other.stdout + other.stderr
    assert "  clusters/paris/overlays/shop/rules.yaml (" in other.stdout
