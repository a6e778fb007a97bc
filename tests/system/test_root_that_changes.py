"""Each overlay is delivered by itself: what the root takes away or adds again is not called without effect."""

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
NOTE = "note: the root changes what its folders render, or adds to it"
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
def test_what_an_overlay_opens_and_the_root_hides_is_reported(repository: Tree, hides: str) -> None:
    if "namespace: else" in hides:
        repository.write("kustomization.yaml", "resources: [overlays/shop]\n" + hides)
    else:
        repository.write("kustomization.yaml", LIST + hides)
    repository.overlay("shop", OPENS)
    assert "name: allow-open-egress" in repository.build("overlays/shop").stdout
    done = repository.bulkhead("diff")
    assert (done.status, "OPENS traffic to the internet" in done.stdout.splitlines()[0]) == (1, True), done
    assert NOTE in done.stdout


@pytest.mark.parametrize("adds", ["commonAnnotations: {team: home}\n", "sortOptions: {order: fifo}\n"])
def test_a_root_that_changes_no_policy_is_compared(repository: Tree, adds: str) -> None:
    repository.write("kustomization.yaml", LIST + adds)
    repository.overlay("shop", OPENS)
    done = repository.bulkhead("diff")
    assert (done.status, "OPENS traffic to the internet" in done.stdout.splitlines()[0]) == (1, True), done
    assert NOTE not in done.stdout


def test_a_change_of_the_root_alone_is_compared(repository: Tree) -> None:
    repository.overlay("shop", OPENS)
    repository.write("kustomization.yaml", LIST + DELETES)
    git(repository.path, "commit", "-qam", "hides")
    repository.write("kustomization.yaml", LIST)
    for arguments in ((), ("HEAD", "HEAD~1")):
        done = repository.bulkhead("diff", *arguments)
        assert done.status == 1, done
        assert done.stdout.startswith("CLOSES" if arguments else "OPENS traffic to the internet")


POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: own, namespace: mail%s}\nspec: {%s}\n"
DENIES, LETS_ALL_IN = "podSelector: {}, policyTypes: [Ingress]", "podSelector: {}, ingress: [{}]"
DENY = POLICY % ("", DENIES)
CILIUM = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: own, namespace: mail}\nspec: {}\n"
OF_RED = POLICY % ("", "podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: red}}}]}]")
LABELLED = "apiVersion: v1\nkind: Namespace\nmetadata: {name: mail, labels: {team: %s}}\n---\n" + OF_RED
SKIPPED = POLICY % (", annotations: {argocd.argoproj.io/hook: Skip}", DENIES)
KEPT = POLICY % (", annotations: {argocd.argoproj.io/sync-options: Prune=false}", LETS_ALL_IN)
UNMARKED = """\
patches:
- target: {kind: NetworkPolicy, name: own}
  patch: '- {op: add, path: /metadata/annotations, value: {a: b}}'
"""
BLUE = "patches:\n- target: {kind: Namespace}\n  patch: '- {op: replace, path: /metadata/labels/team, value: blue}'\n"
SELECTS_ALL = """\
patches:
- target: {kind: NetworkPolicy, name: own}
  patch: '- {op: replace, path: /spec/podSelector, value: {}}'
"""
LAST = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: last}
target: {kind: NetworkPolicy}
patch: '- {op: replace, path: /spec/podSelector, value: {matchLabels: {no: pod}}}'
"""
OF_ITS_OWN = "  ingress: null\n  egress: null\n  unprotected: it has its own\n"
OVERLAY = "resources: [%s]\nnamespace: mail\npatches: [{path: rules.yaml}]\ntransformers: [../../plugin%s]\n"


def deliver(tree: Tree, own: str, root: str = "", more: str = "", last: str = "") -> None:
    """
    Write the overlay `mail`, which renders the objects *own* and nothing else, after them the transformer *last*.

    The root has the objects *root* in addition, and *more* fields.
    """
    tree.overlay("mail", OF_ITS_OWN, OVERLAY % ("../../base" + ", own.yaml" * bool(own), ", last.yaml" * bool(last)))
    for file, text in (("overlays/mail/own.yaml", own), ("overlays/mail/last.yaml", last), ("root.yaml", root)):
        tree.write(file, text)
    listed = "resources: [overlays/shop, overlays/mail%s]\n" % (", root.yaml" * bool(root))
    tree.write("kustomization.yaml", listed + more)


Delivered = tuple[str, ...]


@pytest.mark.parametrize(
    ("before", "after", "verdict", "status"),
    [
        ((DENY,), ("", DENY), "OPENS traffic from outside the cluster", 1),
        (("", DENY), (DENY,), "CLOSES", 1),
        ((CILIUM,), ("", CILIUM), "CiliumNetworkPolicy", 2),
        ((LABELLED % "blue",), (LABELLED % "red", "", BLUE), "OPENS traffic within a namespace", 1),
        ((DENY, "", SELECTS_ALL), (DENY, "", SELECTS_ALL, LAST), "OPENS traffic from outside the cluster", 1),
        ((DENY,), (SKIPPED, "", UNMARKED), "keeps the NetworkPolicy `mail/own` back", 2),
        ((KEPT, "", UNMARKED), ("",), "`mail/own` is not rendered after, and stays", 2),
        (("", DENY), ("", DENY, "commonAnnotations: {a: b}\n"), "NO EFFECT on traffic", 0),
    ],
)
def test_what_each_folder_renders_by_itself_is_judged(
    repository: Tree, before: Delivered, after: Delivered, verdict: str, status: int
) -> None:
    deliver(repository, *before)
    repository.commit()
    deliver(repository, *after)
    done = repository.bulkhead("diff")
    assert done.status == status, done
    if done.stdout:
        assert verdict in done.stdout.partition("\nevidence")[0]
        assert NOTE in done.stdout
    else:
        assert verdict in done.stderr


def test_a_folder_without_the_plugin_is_delivered_by_itself_too(repository: Tree) -> None:
    repository.write("overlays/plain/kustomization.yaml", "resources: [own.yaml]\n")
    repository.write("overlays/plain/own.yaml", DENY)
    repository.write("kustomization.yaml", "resources: [overlays/shop, overlays/plain]\n")
    repository.commit()
    repository.write("overlays/plain/own.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    repository.write("root.yaml", DENY)
    repository.write("kustomization.yaml", "resources: [overlays/shop, overlays/plain, root.yaml]\n")
    done = repository.bulkhead("diff")
    assert done.status == 1, done
    assert "OPENS traffic from outside the cluster" in done.stdout.splitlines()[0]
