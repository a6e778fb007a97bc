"""
What delivers, what checks and what is delivered from elsewhere is named where it changes: THE DELIVERY CHANGES.

No verdict is about these files, so none of them may change behind the words NO EFFECT alone.
"""

import json

import pytest
from conftest import Done, Tree, git

HEADLINE = "THE DELIVERY CHANGES"
APPLICATION = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\nspec: {path: %s}\n"
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: x, namespace: %s}
spec: {podSelector: {}, ingress: [{}]}
"""


@pytest.fixture
def repository(tree: Tree) -> Tree:
    """Return a repository with one overlay, a delivery, and a second cluster that shares the base."""
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.write("clusters/oslo/kustomization.yaml", "resources: [overlays/blog]\n")
    listed = "resources: [../../../../base]\nnamespace: blog\ntransformers: [../../../../plugin]\n"
    tree.write("clusters/oslo/overlays/blog/kustomization.yaml", listed)
    tree.write("deploy/ci/review", "#!/bin/sh\n. tools/settings\n")
    tree.write("tools/settings", "BULKHEAD=bulkhead\n")
    tree.write("clusters/x/vendor/chart/Chart.yaml", "name: x\nversion: 1.0.0\n")
    tree.commit()
    return tree


def assert_named(tree: Tree, *named: tuple[str, str]) -> Done:
    """Assert that the last commit is said to change exactly *named*: files, each with its reason."""
    tree.commit()
    for arguments in (("HEAD~1..HEAD",), ("HEAD~1",)):
        done = tree.bulkhead("diff", *arguments, "--format", "json")
        assert done.status == 1, done.stderr
        found = [(each["file"], each["reason"]) for each in json.loads(done.stdout)["delivery"]]
        assert found == sorted(named), arguments
    text = tree.bulkhead("diff", "HEAD~1", "HEAD", "--fail-on", "internet")
    assert (text.status, f"{HEADLINE} ({len(named)} file" in text.stdout.splitlines()[0]) == (1, True)
    assert all(f"\n  {file} (" in text.stdout for file, _ in named)
    return text


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("deploy/argocd/applicationset.yaml", "x: y\n", "delivers"),
        ("deploy/ci/review", "#!/bin/sh\nexit 0\n", "delivers"),
        ("tools/settings", "BULKHEAD=true\n", "delivers"),
        (".github/workflows/bulkhead.yaml", "on: push\n", "delivers"),
        (".gitlab-ci.yml", "stages: []\n", "delivers"),
        ("ci/bulkhead.gitlab-ci.yml", "stages: []\n", "delivers"),
        (".pre-commit-config.yaml", "repos: []\n", "delivers"),
        ("Makefile", "all:\n", "delivers"),
        ("Jenkinsfile", "node {}\n", "delivers"),
        ("helmfile.yaml", "releases: []\n", "delivers"),
        ("infra/x.go", 'import "k8s.io/client-go/x"; NetworkPolicies("x")\n', "policy"),
        ("apps/blog/.argocd-source.yaml", "kustomize: {patches: []}\n", "delivers"),
        (".sourceignore", "overlays\n", "delivers"),
        ("apps/root.yaml", APPLICATION % "elsewhere", "delivers"),
        ("flux/x.yaml", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n", "delivers"),
        ("pipelines/check.yaml", "steps: [{run: bulkhead test}]\n", "delivers"),
        ("apps/blog/policy.yaml", POLICY % "blog", "policy"),
        ("apps/blog/policy.yaml", (POLICY % "blog").replace("NetworkPolicy", '"Network\\x50olicy"'), "policy"),
        ("apps/blog/policy.json", (POLICY % "blog").encode("utf-16"), "unread"),
        ("apps/blog/deployment.yaml", "kind: {{ .Values.kind }}\n", "unread"),
        ("clusters/x/vendor/chart/values.yaml", "networkPolicy: {enabled: false}\n", "chart"),
        ("apps/blog/.gitattributes", "* ident\n", "attributes"),
        ("apps/blog/kustomization.yaml", "resources: [https://example.org/x]\n", "root"),
        ("apps/blog/kustomization.yaml", "helmCharts: [{name: x}]\n", "root"),
        ("apps/blog/policy.jsonnet", "{kind: 'Network' + 'Policy'}\n", "unread"),
        ("clusters/oslo/kustomization.yaml", "resources: [overlays/blog]\nnamePrefix: x-\n", "root"),
        ("clusters/oslo/overlays/blog/kustomization.yaml", "resources: [../../../../base]\nnamespace: x\n", "root"),
        ("clusters/paris/kustomization.yaml", "resources: [../oslo/overlays/blog]\n", "root"),
    ],
)
def test_a_file_that_decides_what_is_delivered_is_named(
    repository: Tree, file: str, content: str | bytes, reason: str
) -> None:
    repository.write(file, content)
    assert_named(repository, (file, reason))
    (repository.path / file).unlink()
    if reason != "root" or "oslo" not in file:
        assert_named(repository, (file, reason))


@pytest.mark.parametrize("file", ["deploy/ci/review", "tools/settings", "apps/blog/policy.yaml", "apps/root.yaml"])
@pytest.mark.parametrize(
    "hides",
    [
        "commonAnnotations: {see: %s}\n",
        "configMapGenerator: [{name: x, files: [%s]}]\n",
        "metadata: {name: %s}\n",
    ],
)
def test_a_file_that_a_kustomization_only_mentions_is_named(repository: Tree, file: str, hides: str) -> None:
    repository.write("kustomization.yaml", "resources: [overlays/shop]\n" + hides % file)
    repository.write(file, "a: b\n")
    repository.commit()
    after = {"apps/blog/policy.yaml": POLICY % "blog", "apps/root.yaml": APPLICATION % "x"}
    repository.write(file, after.get(file, "#"))
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD", "--format", "json")
    assert done.status != 0, done.stderr
    assert file in [each["file"] for each in json.loads(done.stdout)["delivery"]]


def test_a_file_that_another_root_reads_too_is_named(repository: Tree) -> None:
    file = repository.path / "base/namespace.yaml"
    file.write_text(file.read_text() + "# more\n")
    assert_named(repository, ("base/namespace.yaml", "root"))


def behind_links(tree: Tree) -> None:
    """Let the second cluster read the plugin and the base through links, one of them to a link."""
    (tree.path / "clusters/plugin").symlink_to("../plugin")
    (tree.path / "clusters/oslo/plugin").symlink_to("../plugin")
    (tree.path / "clusters/oslo/base").symlink_to("../../base")
    listed = "resources: [../../base]\nnamespace: blog\ntransformers: [../../plugin]\n"
    tree.write("clusters/oslo/overlays/blog/kustomization.yaml", listed)
    tree.commit()


def test_another_root_reads_what_its_links_lead_to_and_nothing_else(repository: Tree) -> None:
    behind_links(repository)
    repository.overlay("shop", "  egress: {mail: {to: internet, ports: 587}}\n")
    repository.commit()
    assert json.loads(repository.bulkhead("diff", "HEAD~1", "HEAD", "--format", "json").stdout)["delivery"] == []
    file = repository.path / "base/namespace.yaml"
    file.write_text(file.read_text() + "# more\n")
    assert_named(repository, ("base/namespace.yaml", "root"))


@pytest.mark.parametrize("target", ["../../other", "plugin", "/etc"])
def test_a_link_that_leads_elsewhere_is_named(repository: Tree, target: str) -> None:
    behind_links(repository)
    repository.write("other/kustomization.yaml", "resources: []\n")
    repository.commit()
    link = repository.path / "clusters/oslo/plugin"
    link.unlink()
    link.symlink_to(target)
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD", "--format", "json")
    assert "clusters/oslo/plugin" in [each["file"] for each in json.loads(done.stdout)["delivery"]]


def test_a_submodule_is_named(repository: Tree) -> None:
    head = git(repository.path, "rev-parse", "HEAD")
    git(repository.path, "update-index", "--add", "--cacheinfo", f"160000,{head},apps/vendor")
    git(repository.path, "commit", "-qm", "a submodule")
    done = repository.bulkhead("diff", "HEAD~1", "HEAD", "--format", "json")
    assert done.status == 1
    assert json.loads(done.stdout)["delivery"] == [{"file": "apps/vendor", "reason": "module"}]


def test_what_a_link_to_the_delivery_leads_to_is_named(repository: Tree) -> None:
    repository.write("ops/run", "#!/bin/sh\n")
    (repository.path / "deploy/more").symlink_to("../ops")
    assert_named(repository, ("deploy/more", "delivers"), ("ops/run", "delivers"))
    repository.write("ops/run", "#!/bin/sh\nexit\n")
    assert_named(repository, ("ops/run", "delivers"))


@pytest.mark.parametrize("hides", ["patches: [{patch: '%s'}]\n", "namespace: shop\n", ""])
def test_a_policy_that_the_root_changes_is_named_as_it_is_in_its_folder(repository: Tree, hides: str) -> None:
    patch = (
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: x, namespace: shop}, $patch: delete}"
    )
    text = hides % patch if "%s" in hides else hides
    repository.write("kustomization.yaml", "resources: [overlays/shop, apps/web/p.yaml]\n" + text)
    repository.write("apps/web/p.yaml", (POLICY % "shop").replace("[{}]", "[]"))
    repository.commit()
    repository.write("apps/web/p.yaml", POLICY % "shop")
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD", "--format", "json")
    found = [each["file"] for each in json.loads(done.stdout)["delivery"]]
    assert (done.status, found) == (1, ["apps/web/p.yaml"] if hides else []), done


def test_a_link_to_a_folder_is_named(repository: Tree) -> None:
    (repository.path / "apps").mkdir()
    (repository.path / "apps/blog").symlink_to("../clusters/oslo/overlays/blog")
    assert_named(repository, ("apps/blog", "link"))


def test_a_link_out_of_the_repository_is_not_named(repository: Tree) -> None:
    (repository.path / "tools/python").symlink_to("/usr/bin/python3")
    (repository.path / "apps").symlink_to("../apps")
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD")
    assert (done.status, done.stdout[:9]) == (0, "NO EFFECT"), done


@pytest.mark.parametrize("removes", [False, True])
def test_the_last_overlay_that_leaves_opens_and_the_first_that_comes_closes(repository: Tree, removes: bool) -> None:
    repository.write("kustomization.yaml", "resources: []\n")
    if removes:
        (repository.path / "overlays/shop/kustomization.yaml").unlink()
    repository.commit()
    for arguments, verdict in ((("HEAD~1", "HEAD"), "OPENS"), (("HEAD~1",), "OPENS"), (("HEAD", "HEAD~1"), "CLOSES")):
        done = repository.bulkhead("diff", *arguments)
        assert (done.status, done.stdout.split()[0], done.stderr) == (1, verdict, ""), done
        assert "note: there is no overlay in " in done.stdout
    neither = repository.bulkhead("diff", "HEAD", "HEAD")
    assert neither.stdout.startswith("NO DIFFERENCE"), neither
    repository.write("kustomization.yaml", "resources: []\n# \n")
    done = repository.bulkhead("diff")
    assert (done.status, "nothing here is expanded by the plugin" in done.stderr) == (2, True), done


def test_a_submodule_that_is_not_checked_out_is_refused_in_a_folder(tree: Tree) -> None:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    (tree.path / "overlays/evil").mkdir()
    tree.write(".gitmodules", '[submodule "x"]\n\tpath = overlays/evil\n\turl = https://example.org/x\n')
    done = tree.bulkhead("diff", "--dirs", ".", ".")
    says = (
        "overlays/evil: error: cannot be reviewed: what is below `overlays` can be delivered, and this is a submodule"
    )
    assert (done.status, done.stdout, says in done.stderr) == (2, "", True), done
    tree.write("overlays/evil/notes.md", "it is checked out\n")
    assert tree.bulkhead("diff", "--dirs", ".", ".").status == 0


def test_of_two_folders_the_same_is_said(tree: Tree) -> None:
    for name, text in (("one", "a"), ("two", "b")):
        side = Tree(tree.path / name)
        side.path.mkdir()
        for part in ("plugin", "base"):
            (side.path / part).symlink_to(tree.path / part)
        side.overlay("shop")
        side.write("kustomization.yaml", "resources: [overlays/shop]\n")
        side.write("deploy/run", text)
        side.write("notes.md", text)
    done = tree.bulkhead("diff", "--dirs", "one", "two", "--format", "json")
    assert (done.status, json.loads(done.stdout)["delivery"]) == (1, [{"file": "deploy/run", "reason": "delivers"}])


@pytest.mark.parametrize(
    "file", ["README.md", "docs/x.md", "src/main.py", "apps/blog/deployment.yaml", "src/.gitattributes"]
)
def test_what_decides_nothing_is_not_named(repository: Tree, file: str) -> None:
    repository.write(file, "kind: Deployment\n")
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD")
    assert (done.status, done.stdout[:9]) == (0, "NO EFFECT"), done.stdout + done.stderr


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
@pytest.mark.parametrize("folder", ["overlays/shop/open", "overlays/shop/a/b"])
def test_a_kustomization_below_an_overlay_that_it_does_not_list_is_reported(
    repository: Tree, folder: str, name: str
) -> None:
    repository.write(f"{folder}/{name}", "resources: [open.yaml]\n")
    repository.write(f"{folder}/open.yaml", POLICY % "shop")
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD")
    assert (done.status, done.stdout) == (2, "")
    assert f"{folder}: error: cannot be reviewed: the root does not list it" in done.stderr
    valid = repository.bulkhead("validate")
    assert (valid.status, f"{folder}: error: the root does not list it" in valid.stderr) == (1, True), valid.stderr


def test_a_kustomization_below_an_overlay_that_it_lists_is_part_of_it(repository: Tree) -> None:
    repository.overlay(
        "shop", kustomization="resources: [../../base, more]\nnamespace: shop\ntransformers: [../../plugin]\n"
    )
    repository.write("overlays/shop/more/kustomization.yaml", "resources: [open.yaml]\n")
    repository.write("overlays/shop/more/open.yaml", POLICY % "shop")
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD")
    assert (done.status, done.stdout[:5]) == (1, "OPENS"), done.stderr


@pytest.mark.parametrize("folder", ["overlays/vendor", "overlays/group/vendor", "overlays/shop/vendor"])
def test_a_submodule_below_overlays_is_refused_when_it_comes_changes_or_goes(repository: Tree, folder: str) -> None:
    commits = [git(repository.path, "rev-parse", "HEAD").strip(), "1" * 40]
    for commit_of_it in commits:
        git(repository.path, "update-index", "--add", "--cacheinfo", f"160000,{commit_of_it},{folder}")
        git(repository.path, "commit", "-qm", "a submodule")
    for arguments in (("HEAD~2", "HEAD~1"), ("HEAD~1", "HEAD"), ("HEAD~1", "HEAD~2"), ("HEAD~2",)):
        done = repository.bulkhead("diff", *arguments)
        says = f"{folder}: error: cannot be reviewed: what is below `overlays` can be delivered, and this is a sub"
        assert (done.status, done.stdout, says in done.stderr) == (2, "", True), (arguments, done)


OTHER_OVERLAY = "resources: [../../base]\nnamespace: blog\ntransformers: [../../plugin]\n"


@pytest.mark.parametrize("link", ["overlays/evil", "overlays/group/evil"])
def test_a_link_below_overlays_to_an_overlay_elsewhere_is_found_in_revisions_too(repository: Tree, link: str) -> None:
    repository.write("docs/x/kustomization.yaml", OTHER_OVERLAY)
    repository.commit()
    file = repository.path / link
    file.parent.mkdir(exist_ok=True)
    file.symlink_to("../docs/x" if file.parent.name == "overlays" else "../../docs/x")
    repository.commit()
    repository.write("docs/x/kustomization.yaml", OTHER_OVERLAY.replace("blog", "shop"))
    repository.commit()
    for arguments in (("HEAD~2", "HEAD~1"), ("HEAD~1", "HEAD"), ("HEAD~2",)):
        done = repository.bulkhead("diff", *arguments)
        says = f"{link}: error: cannot be reviewed: the root does not list it"
        assert (done.status, done.stdout, says in done.stderr) == (2, "", True), (arguments, done)


def test_a_link_below_overlays_that_leads_out_of_the_repository_is_refused(repository: Tree) -> None:
    (repository.path / "overlays/evil").symlink_to("../../elsewhere")
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD")
    says = "overlays/evil: error: cannot be reviewed: what is below `overlays` can be delivered, and this is a symbolic"
    assert (done.status, done.stdout, says in done.stderr) == (2, "", True), done


@pytest.mark.parametrize("inner", ["kustomization.yaml", "open.yaml", "deep/open.yaml"])
def test_a_folder_below_one_with_manifests_is_found(repository: Tree, inner: str) -> None:
    repository.write("overlays/g/notes.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    repository.commit()
    repository.write("overlays/g/evil/open.yaml", POLICY % "shop")
    repository.write(f"overlays/g/evil/{inner}", "resources: [open.yaml]\n" if "kust" in inner else POLICY % "shop")
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD")
    says = "overlays/g/evil: error: cannot be reviewed: the root does not list it"
    assert (done.status, done.stdout, says in done.stderr) == (2, "", True), done


@pytest.mark.parametrize("changed", ["overlays/legacy/templates/_helpers.tpl", "lib/rules.txt", "other.txt"])
def test_every_file_that_an_unlisted_folder_can_read_counts(repository: Tree, changed: str) -> None:
    repository.write("overlays/legacy/Chart.yaml", "{apiVersion: v2, name: legacy, version: 1.0.0}\n")
    repository.write("overlays/legacy/files/main.jsonnet", "importstr '../../../lib/rules.txt'\n")
    for file in ("overlays/legacy/templates/_helpers.tpl", "lib/rules.txt", "other.txt"):
        repository.write(file, "egress: []\n")
    repository.commit()
    repository.write(changed, "egress: [{}]\n")
    repository.commit()
    for arguments in (("HEAD~1",), ("HEAD~1", "HEAD")):
        done = repository.bulkhead("diff", *arguments)
        refused = "overlays/legacy: error: cannot be reviewed: the root does not list it" in done.stderr
        note = "overlays/legacy is not judged: the root does not list it, and it is the same on both" in done.stdout
        assert (done.status, refused, note) == ((0, False, True) if changed == "other.txt" else (2, True, False)), done


VALUES = {
    "envs/prod.yaml": "../../envs/prod.yaml",
    "envs/ref.yml": "$values/envs/ref.yml",
    "envs/dev/filled-in.yaml": "envs/{{ .name }}/filled-in.yaml",
    "envs/several-1.json": "/envs/several-?.json",
    "envs/all.d/x.txt": "./envs/all.d/*.txt",
}


def test_files_of_values_that_a_delivery_names_are_named(repository: Tree) -> None:
    source = f"chart: x, helm: {{valueFiles: {json.dumps([*VALUES.values()])}}}"
    repository.write("apps/root.yaml", APPLICATION % f"x, source: {{{source}}}")
    release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\n"
    repository.write("flux/x/release.yaml", release)
    generator = "resources: [release.yaml]\nconfigMapGenerator: [{name: x, files: [values.yaml=of-x.yaml]}]\n"
    repository.write("flux/x/kustomization.yaml", generator)
    changed = (*VALUES, "flux/x/of-x.yaml", "envs/other.yaml", "envs/all.d/deeper/x.txt")
    for content in ("a: b\n", "a: c\n"):
        for file in changed:
            repository.write(file, content)
        repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD", "--format", "json")
    found = {each["file"]: each["reason"] for each in json.loads(done.stdout)["delivery"]}
    assert (done.status, found) == (1, dict.fromkeys((*VALUES, "flux/x/of-x.yaml"), "delivers"))
