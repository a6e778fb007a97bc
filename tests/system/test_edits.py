"""The commands that edit a tree: allow, revoke, peer and expire, held to what the real kustomize builds after."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from conftest import Tree, git

Files = Mapping[str, bytes]


def _files(tree: Tree) -> Files:
    """Every file of the tree that a person may have written."""
    kept = (path for path in tree.path.rglob("*") if path.is_file() and "plugin" not in path.parts)
    return {str(path.relative_to(tree.path)): path.read_bytes() for path in kept if ".git/" not in str(path)}


def _policies(tree: Tree, namespace: str) -> set[str]:
    """The names of the policies that kustomize builds."""
    built = tree.build(f"overlays/{namespace}")
    assert built.status == 0, built.stderr
    return {each["metadata"]["name"] for each in yaml.safe_load_all(built.stdout)}


def _root(tree: Tree) -> None:
    listed = sorted(f"overlays/{path.name}" for path in (tree.path / "overlays").iterdir())
    tree.write("kustomization.yaml", yaml.safe_dump({"resources": listed}))


COMMENTED = """\
  # what comes in
  ingress:
    web:   # the shop
      from: traefik
      why: 'quoted'

  # what goes out
  egress:
    smtp: {to: internet, ports: 587}   # mail
    # the end
"""


def test_allow_writes_a_rule_that_the_build_has(tree: Tree) -> None:
    tree.overlay("shop", COMMENTED)
    _root(tree)
    before = (tree.path / "overlays/shop/rules.yaml").read_text()
    done = tree.bulkhead("allow", "shop", "nas:2049", "--why", "Backups: nightly", "--owner", "me")
    assert (done.status, done.stderr) == (0, "")
    assert "OPENS to private networks" in done.stdout
    assert "allow-nas-egress" in _policies(tree, "shop")
    after = (tree.path / "overlays/shop/rules.yaml").read_text()
    added = "    nas:\n      to: nas\n      ports: 2049\n      why: 'Backups: nightly'\n      owner: me\n"
    assert after == before.replace("    # the end\n", f"{added}    # the end\n")
    assert tree.bulkhead("explain", "shop", "nas:2049").status == 0


def test_allow_makes_the_file_of_an_overlay_without_rules(tree: Tree) -> None:
    tree.overlay("blog")
    _root(tree)
    assert tree.bulkhead("allow", "blog", "192.0.2.7:5432", "--why", "x", "--name", "database").status == 0
    assert "allow-database-egress" in _policies(tree, "blog")
    assert tree.bulkhead("validate").status == 0


def test_allow_writes_both_sides_where_both_deny(tree: Tree) -> None:
    narrow = "  egress: {intra-namespace: null}\n  ingress: {intra-namespace: null}\n"
    tree.overlay("a", narrow)
    tree.overlay("b", narrow)
    _root(tree)
    assert tree.bulkhead("explain", "a", "b:80").status == 1
    assert tree.bulkhead("allow", "a", "b:80", "--why", "calls").status == 0
    assert "allow-b-egress" in _policies(tree, "a")
    assert "allow-a-ingress" in _policies(tree, "b")
    assert tree.bulkhead("explain", "a", "b:80").status == 0


OPERATIONS = """\
resources: [../../base]
namespace: shop
transformers: [../../plugin]
patches:
- path: operations.yaml
  target: {kind: SegmentedNamespace}
"""

INLINE = """\
resources: [../../base]
namespace: shop
# kept
patches:
- patch: |-
    apiVersion: bulkhead.dev/v1alpha1
    kind: SegmentedNamespace
    metadata: {name: standard}
    spec:
      egress:
        smtp: {to: internet, ports: 587}  # kept too
transformers: [../../plugin]
"""

OWN = """\
resources: [../../profile, own.yaml]
namespace: shop
transformers: [../../plugin]
"""

OWN_RESOURCE = """\
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata: {name: own}
spec:
  egress:
    smtp: {to: internet, ports: 587}
"""


@pytest.mark.parametrize(
    ("kustomization", "name", "text"),
    [
        (OPERATIONS, "operations.yaml", "- {op: add, path: /spec/egress/smtp, value: {to: internet, ports: 587}}\n"),
        (INLINE, "unused.yaml", ""),
        (OWN, "own.yaml", OWN_RESOURCE),
    ],
    ids=["json-6902", "inline", "own-resource"],
)
def test_each_form_of_an_overlay_is_edited_in_its_own_form(
    tree: Tree, kustomization: str, name: str, text: str
) -> None:
    tree.overlay("shop", kustomization=kustomization)
    tree.write(f"overlays/shop/{name}", text)
    tree.write("profile/kustomization.yaml", "resources: [cluster.yaml]\n")
    tree.write("profile/cluster.yaml", (tree.path / "base/cluster.yaml").read_bytes())
    _root(tree)
    names = set(_files(tree))
    before = _policies(tree, "shop")
    allowed = tree.bulkhead("allow", "shop", "nas:2049", "--why", "Backups")
    assert (allowed.status, allowed.stderr) == (0, "")
    assert set(_files(tree)) == names
    assert _policies(tree, "shop") == before | {"allow-nas-egress"}
    revoked = tree.bulkhead("revoke", "shop", "nas")
    assert (revoked.status, revoked.stderr) == (0, "")
    assert _policies(tree, "shop") == before
    smtp = tree.bulkhead("revoke", "shop", "smtp")
    assert (smtp.status, smtp.stderr) == (0, "")
    assert _policies(tree, "shop") == before - {"allow-smtp-egress"}
    kept = [line for line in kustomization.splitlines() if line.startswith("# ")]
    assert all(line in (tree.path / "overlays/shop/kustomization.yaml").read_text() for line in kept)


def test_revoke_removes_a_rule_of_the_base_with_null(tree: Tree) -> None:
    tree.overlay("blog", "  egress: {smtp: {to: internet, ports: 587}}\n")
    _root(tree)
    before = _policies(tree, "blog")
    assert tree.bulkhead("revoke", "blog", "external-https").status == 0
    assert _policies(tree, "blog") == before - {"allow-external-https-egress"}
    assert "external-https: null" in (tree.path / "overlays/blog/rules.yaml").read_text()


def test_revoke_removes_a_rule_that_changes_one_of_the_base_as_a_whole(tree: Tree) -> None:
    tree.overlay("blog", "  egress:\n    external-https: {to: internet}\n")
    _root(tree)
    before = _policies(tree, "blog")
    assert tree.bulkhead("revoke", "blog", "external-https").status == 0
    assert _policies(tree, "blog") == before - {"allow-external-https-egress"}


def test_revoke_of_the_last_rule_of_a_workload_removes_the_workload(tree: Tree) -> None:
    tree.overlay("blog", "  workloads:\n    web:\n      pods: {app: web}\n      ingress:\n        lan: {from: lan}\n")
    _root(tree)
    assert tree.bulkhead("revoke", "blog/web", "lan").status == 0
    assert "web-allow-lan-ingress" not in _policies(tree, "blog")


REFUSED = [
    (("allow", "shop", "internet:587", "--why", "x"), "`smtp` (overlays/shop/rules.yaml:"),
    (("allow", "shop", "nas", "--why", "x"), "`nas` names no port"),
    (("allow", "shop", "nsa:1", "--why", "x"), "did you mean `nas`?"),
    (("allow", "shop", "nas:1", "--why", "x", "--until", "2020-01-01"), "`--until 2020-01-01` is over"),
    (("allow", "shop", "nas:1", "--why", "x", "--until", "soon"), "`soon`"),
    (("allow", "shop", "nas:1", "--why", "x", "--name", "smtp"), "there is a rule `smtp` already"),
    (("allow", "internet", "nas:1", "--why", "x"), "no policy decides this"),
    (("revoke", "shop", "smpt"), "did you mean `smtp`?"),
    (("revoke", "shpo", "smtp"), "did you mean `shop`?"),
    (("revoke", "shop", "intra-namespace"), "--direction ingress"),
    (("peer", "add", "nas", "192.0.2.0/24"), "there is a peer `nas` already: base/cluster.yaml:"),
    (("peer", "add", "other", "192.168.30.0/24"), "`nas` is the same peer"),
    (("peer", "add", "other", "192.168.30"), "not a CIDR"),
    (("peer", "add", "other", "--pods", "app"), "`--pods app` is no label"),
    (("peer", "add", "other"), "a peer is addresses, or pods"),
    (("peer", "remove", "traefik"), "is used by rule"),
    (("peer", "remove", "other"), "there is no peer"),
]


@pytest.mark.parametrize(("arguments", "says"), REFUSED, ids=[" ".join(each[0]) for each in REFUSED])
def test_what_cannot_be_done_changes_nothing(tree: Tree, arguments: tuple[str, ...], says: str) -> None:
    tree.overlay("shop", COMMENTED)
    _root(tree)
    before = _files(tree)
    done = tree.bulkhead(*arguments)
    assert done.status == 2, done.stdout
    assert says in done.stderr
    assert _files(tree) == before


@pytest.mark.parametrize("arguments", [("allow", "shop", "nas:1", "--why", "x"), ("revoke", "shop", "smtp")])
def test_dry_run_shows_the_difference_and_changes_nothing(tree: Tree, arguments: tuple[str, ...]) -> None:
    tree.overlay("shop", COMMENTED)
    _root(tree)
    before = _files(tree)
    done = tree.bulkhead(*arguments, "--dry-run")
    assert done.status == 0
    assert done.stdout.startswith("would be changed: overlays/shop/rules.yaml\n")
    assert "shop ->" in done.stdout
    assert _files(tree) == before


def test_a_tree_with_problems_is_not_edited(tree: Tree) -> None:
    tree.overlay("shop", "  egress: {x: {to: treafik}}\n")
    _root(tree)
    before = _files(tree)
    done = tree.bulkhead("allow", "shop", "nas:1", "--why", "x")
    assert done.status == 2
    assert "did you mean `traefik`" in done.stderr
    assert _files(tree) == before


def test_a_file_that_cannot_be_written_leaves_the_others_as_they_were(tree: Tree) -> None:
    tree.overlay("blog")
    _root(tree)
    (tree.path / "overlays/blog/rules.yaml").symlink_to(tree.path / "nowhere" / "file.yaml")
    before = _files(tree)
    done = tree.bulkhead("allow", "blog", "nas:1", "--why", "x")
    assert done.status == 2
    assert _files(tree) == before


def test_peer_add_and_remove_edit_one_line_of_the_profile(tree: Tree) -> None:
    tree.overlay("shop")
    _root(tree)
    profile = tree.path / "base/cluster.yaml"
    before = profile.read_text()
    assert tree.bulkhead("peer", "add", "loki", "--namespace", "logging", "--pods", "app=loki").status == 0
    line = "    loki: {namespace: logging, pods: {app: loki}}\n"
    assert profile.read_text() == before + line
    assert tree.bulkhead("allow", "shop", "loki:3100", "--why", "logs").status == 0
    assert "allow-loki-egress" in _policies(tree, "shop")
    assert "is used by rule `loki`" in tree.bulkhead("peer", "remove", "loki").stderr
    assert tree.bulkhead("revoke", "shop", "loki").status == 0
    assert tree.bulkhead("peer", "remove", "loki").status == 0
    assert profile.read_text() == before


EXPIRING = """\
  egress:
    old: {to: lan, ports: 1, until: 2026-03-31}
    new: {to: lan, ports: 2, until: 2026-04-01}
    ever: {to: lan, ports: 3}
"""


def test_expire_removes_what_is_over_in_one_commit_of_these_files(tree: Tree) -> None:
    for name in ("blog", "shop"):
        tree.overlay(name, EXPIRING)
    _root(tree)
    tree.commit()
    git(tree.path, "config", "user.name", "tests")
    git(tree.path, "config", "user.email", "tests@example.org")
    tree.write("staged.txt", "of somebody else")
    git(tree.path, "add", "staged.txt")
    dry = tree.bulkhead("expire", "--today", "2026-04-01", "--dry-run")
    assert (dry.status, dry.stderr) == (1, "bulkhead: 2 rules would be removed: blog: old; shop: old\n")
    done = tree.bulkhead("expire", "--today", "2026-04-01", "--commit", "--format", "markdown")
    assert done.status == 0, done.stderr
    assert done.stdout.startswith("**CLOSES")
    committed = git(tree.path, "show", "--name-only", "--format=%s", "HEAD").split()
    assert committed[-2:] == ["overlays/blog/rules.yaml", "overlays/shop/rules.yaml"]
    assert git(tree.path, "diff", "--cached", "--name-only") == "staged.txt"
    for name in ("blog", "shop"):
        assert "allow-old-egress" not in _policies(tree, name)
        assert {"allow-new-egress", "allow-ever-egress"} <= _policies(tree, name)
    again = tree.bulkhead("expire", "--today", "2026-04-01")
    assert (again.status, again.stdout) == (0, "")


def test_expire_does_not_commit_what_was_changed_before(tree: Tree) -> None:
    path = tree.overlay("blog", EXPIRING) / "rules.yaml"
    _root(tree)
    tree.commit()
    path.write_text(path.read_text() + "# mine\n")
    before = _files(tree)
    done = tree.bulkhead("expire", "--today", "2026-04-01", "--commit")
    assert done.status == 2
    assert "not committed" in done.stderr
    assert _files(tree) == before


LAST = """\
  isolation: none
  workloads:
    web:
      pods: {app: web}
      egress:
        mail: {to: internet, ports: 587, until: 2026-03-31}
    db:
      pods: {app: db}
      egress:
        lan: {to: lan, ports: 25}
"""


@pytest.mark.parametrize("command", [("revoke", "blog/web", "mail"), ("expire", "--today", "2026-04-01")], ids=" ".join)
def test_removal_that_opens_traffic_is_not_written_unless_it_is_accepted(tree: Tree, command: tuple[str, ...]) -> None:
    tree.write("base/kustomization.yaml", "resources: [cluster.yaml]\n")
    tree.overlay("blog", LAST)
    folder = tree.path / "overlays/blog"
    kustomization = (folder / "kustomization.yaml").read_text().replace("patches: [{path: rules.yaml}]\n", "")
    tree.write("overlays/blog/kustomization.yaml", kustomization.replace("../../base", "../../base, rules.yaml"))
    _root(tree)
    tree.commit()
    before = _files(tree)
    refused = tree.bulkhead(*command)
    assert (refused.status, _files(tree)) == (1, before), refused.stderr
    assert "OPENS traffic" in refused.stdout
    assert "would be changed: overlays/blog/rules.yaml" in refused.stdout
    assert "nothing is written\nhint: pods that only this rule's policy isolates" in refused.stderr
    done = tree.bulkhead(*command, "--accept")
    assert done.status == 0, done.stderr
    assert "mail" not in (folder / "rules.yaml").read_text()


def test_the_example_cluster_loses_no_line_that_is_not_meant(cluster: Tree) -> None:
    before = (cluster.path / "overlays/media/rules.yaml").read_text().splitlines()
    assert cluster.bulkhead("revoke", "media/jellyfin", "nas-nfs").status == 0
    left = Path(cluster.path / "overlays/media/rules.yaml").read_text().splitlines()
    gone = [line for line in before if line not in left]
    assert gone[0] == "        nas-nfs:"
    assert len(before) - len(left) == 8
