"""Files by which Argo CD changes the source of an Application are refused: what is delivered is not what is built."""

import pytest
from conftest import Tree

CHANGES = "plugin: null\ndirectory: {include: extra.yaml}\n"


@pytest.fixture
def repository(tree: Tree) -> Tree:
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop")
    tree.write("overlays/group/blog/kustomization.yaml", "resources: [more.yaml]\n")
    tree.write("overlays/group/blog/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/group/blog]\n")
    tree.commit()
    return tree


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("overlays/shop", ".argocd-source.yaml"),
        ("overlays/shop", ".argocd-source-shop.yaml"),
        ("overlays/group/blog", ".argocd-source.yaml"),
        ("overlays/shop/deep", ".argocd-source.yaml"),
        ("overlays", ".argocd-source-shop.yaml"),
        (".", ".argocd-source.yaml"),
        ("base", ".argocd-source.yaml"),
    ],
)
def test_a_file_that_changes_the_source_is_refused_wherever_a_folder_is_delivered(
    repository: Tree, folder: str, name: str
) -> None:
    file = repository.write(f"{folder}/{name}", CHANGES).relative_to(repository.path)
    says = f"{file}: error: cannot be reviewed: Argo CD merges `{name}` into its source"
    for command in ("validate", "render", "lint", "diff"):
        done = repository.bulkhead(command)
        assert (done.status, done.stdout, says in done.stderr) == (2, "", True), (command, done)
    repository.commit()
    done = repository.bulkhead("diff", "HEAD~1", "HEAD")
    assert (done.status, done.stdout, f"HEAD:{says}" in done.stderr) == (2, "", True), done


@pytest.mark.parametrize("target", ["../../base/namespace.yaml", "/nowhere", "missing.yaml"])
def test_a_link_of_that_name_is_refused_too(repository: Tree, target: str) -> None:
    (repository.path / "overlays/shop/.argocd-source.yaml").symlink_to(target)
    repository.commit()
    for arguments in (("validate",), ("diff", "HEAD~1", "HEAD"), ("diff", "HEAD~1")):
        done = repository.bulkhead(*arguments)
        assert (done.status, done.stdout, ".argocd-source.yaml: error: cannot be" in done.stderr) == (2, "", True), done


def test_other_hidden_files_are_no_source_of_argo_cd(repository: Tree) -> None:
    repository.write("overlays/shop/.argocd-allow-concurrency", "")
    repository.write("overlays/shop/argocd-source.yaml", "a: b\n")
    assert repository.bulkhead("validate").status == 0
