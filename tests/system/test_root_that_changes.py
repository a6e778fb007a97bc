"""Each overlay is delivered by itself: what the root's kustomization takes away again is not called without effect."""

import pytest
from conftest import Tree, git

LIST = "resources: [overlays/shop, overlays/blog]\n"
DELETES = """\
patches:
- patch: |-
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: allow-open-egress, namespace: shop}
    $patch: delete
"""
NARROWS = """\
patches:
- target: {kind: NetworkPolicy, name: allow-open-egress}
  patch: |-
    - {op: replace, path: /spec/egress, value: []}
"""
OPENS = "  egress:\n    open: {to: anywhere}\n"


@pytest.fixture
def repository(tree: Tree) -> Tree:
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop", "  egress: {}\n")
    tree.overlay("blog")
    tree.write("kustomization.yaml", LIST)
    tree.commit()
    return tree


@pytest.mark.parametrize("hides", [DELETES, NARROWS, "namespace: elsewhere\n", "namePrefix: x-\n"])
def test_what_an_overlay_opens_and_the_root_hides_is_refused(repository: Tree, hides: str) -> None:
    if "namespace: else" in hides:
        repository.write("kustomization.yaml", "resources: [overlays/shop]\n" + hides)
    else:
        repository.write("kustomization.yaml", LIST + hides)
    repository.overlay("shop", OPENS)
    assert "name: allow-open-egress" in repository.build("overlays/shop").stdout
    done = repository.bulkhead("diff")
    says = "overlays/shop: error: cannot be reviewed: the root changes what this overlay renders"
    assert (done.status, done.stdout, says in done.stderr) == (2, "", True), done


@pytest.mark.parametrize("adds", ["commonAnnotations: {team: home}\n", "sortOptions: {order: fifo}\n"])
def test_a_root_that_changes_no_policy_is_compared(repository: Tree, adds: str) -> None:
    repository.write("kustomization.yaml", LIST + adds)
    repository.overlay("shop", OPENS)
    done = repository.bulkhead("diff")
    assert (done.status, "OPENS traffic to the internet" in done.stdout.splitlines()[0]) == (1, True), done


def test_a_change_of_the_root_alone_is_compared(repository: Tree) -> None:
    repository.overlay("shop", OPENS)
    repository.write("kustomization.yaml", LIST + DELETES)
    git(repository.path, "commit", "-qam", "hides")
    repository.write("kustomization.yaml", LIST)
    for arguments in ((), ("HEAD", "HEAD~1")):
        done = repository.bulkhead("diff", *arguments)
        assert done.status == (2 if arguments else 1), done
        assert ("OPENS traffic to the internet" in done.stdout) is not bool(arguments)
