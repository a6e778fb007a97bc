"""Two policies that kube-router takes for one: nothing is said by kube-router, everything by others."""

import pytest
from conftest import Tree

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %s, namespace: %s}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: media}\nspec: {containers: [{name: c}]}\n"
ONE = POD + "---\n" + POLICY % ("default-deny", "media")
ROWS = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ReachabilityTest
metadata: {name: t}
spec: {tests: [{from: internet, to: media/web, allowed: false}]}
"""
COMMANDS = {
    "explain": ("explain", "--manifests", "two.yaml", "1.1.1.1", "media/web"),
    "reach": ("reach", "--manifests", "two.yaml"),
    "reach, a row": ("reach", "--manifests", "two.yaml", "--to", "media/web"),
    "reach, pairs": ("reach", "--manifests", "two.yaml", "--format", "pairs"),
    "test": ("test", "--manifests", "two.yaml", "--file", "rows.yaml"),
    "diff, it appears": ("diff", "--manifests", "one.yaml", "two.yaml"),
    "diff, it goes": ("diff", "--manifests", "two.yaml", "one.yaml"),
    "diff, it stays": ("diff", "--manifests", "two.yaml", "two.yaml", "--endpoints", "existing"),
}


DENIED, CHANGES = ("explain",), ("diff, it appears", "diff, it goes")
"""Commands with exit status 1 where the policies are two: a namespace is closed, a connection refused."""


@pytest.fixture
def written(tree: Tree) -> Tree:
    tree.write("one.yaml", ONE)
    tree.write("two.yaml", ONE + "---\n" + POLICY % ("efault-deny", "mediad"))
    tree.write("rows.yaml", ROWS)
    return tree


@pytest.mark.parametrize("command", COMMANDS)
def test_where_policies_share_a_chain_no_answer_is_given_for_kube_router(command: str, written: Tree) -> None:
    done = written.bulkhead(*COMMANDS[command], "--enforcer", "kube-router")
    assert (done.status, done.stdout) == (2, "")
    assert "`efault-deny` of namespace `mediad` and `default-deny` of namespace `media` are one to kube" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("enforcer", [("--enforcer", "calico"), ("--enforcer", "kube-router", "--semantics", "api")])
def test_where_nothing_shares_a_chain_they_are_two(command: str, enforcer: tuple[str, ...], written: Tree) -> None:
    done = written.bulkhead(*COMMANDS[command], *enforcer)
    assert (done.status, done.stderr) == (int(command in (*DENIED, *CHANGES)), "")


def test_two_policies_of_other_texts_are_two_to_kube_router(written: Tree) -> None:
    for name, space in (("efault-deny", "media"), ("default-deny", "mediad"), ("deny", "media-default-")):
        written.write("two.yaml", ONE + "---\n" + POLICY % (name, space.rstrip("-")))
        assert written.bulkhead(*COMMANDS["reach"], "--enforcer", "kube-router").status == 0


def test_no_suggestion_gives_two_policies_one_chain(written: Tree) -> None:
    written.write("two.yaml", ONE + "---\n" + POLICY % ("llow-ingress", "mediaa"))
    asked = "explain", "--manifests", "two.yaml", "1.1.1.1", "media/web:80"
    done = written.bulkhead(*asked, "--enforcer", "kube-router")
    assert (done.status, "to allow it, add" in done.stdout) == (1, False), done.stdout
    assert "name: allow-ingress" in written.bulkhead(*asked).stdout
