"""`bulkhead diff` says what a change to the overlays opens and closes, and runs nothing of what it compares."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
from conftest import ROOT, Done, Tree, bulkhead, git, run

LISTING = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"


@dataclass(frozen=True)
class Repository:
    """A git repository around a tree of overlays."""

    tree: Tree

    def git(self, *arguments: str) -> str:
        """Run git in the tree."""
        return git(self.tree.path, *arguments)

    def commit(self, says: str = "change") -> str:
        """Commit everything that is there."""
        self.git("add", "-A")
        self.git("commit", "-qm", says)
        return self.git("rev-parse", "HEAD")

    def diff(self, *arguments: str | Path, cwd: Path | None = None) -> Done:
        """Run ``bulkhead diff`` in the tree, in this process."""
        return bulkhead("diff", *arguments, cwd=cwd or self.tree.path)

    def listing(self, *namespaces: str) -> None:
        """Write the root kustomization."""
        self.tree.write("kustomization.yaml", LISTING + "".join(f"- overlays/{name}\n" for name in namespaces))


@pytest.fixture
def repository(tree: Tree, remembered_builds: None) -> Repository:
    """Two namespaces with the standard pattern, one of them with mail; committed as ``main``."""
    made = Repository(tree)
    tree.write(".gitignore", "__pycache__\n.venv\n")
    tree.overlay("cardboard")
    tree.overlay("email", "  egress:\n    aws-ses: {to: internet, ports: 587, why: mail}\n")
    made.listing("cardboard", "email")
    made.git("init", "-q", "-b", "main")
    made.commit("start")
    return made


def lines(done: Done) -> list[str]:
    """Return the printed lines but for the names of both sides and the evidence."""
    return [line for line in done.stdout.splitlines() if line and not line.startswith(("before: ", "evidence: "))]


def test_a_port_to_the_internet_is_the_first_thing_said_with_the_line_that_opens_it(repository: Repository) -> None:
    repository.tree.overlay("email", "  egress:\n    aws-ses: {to: internet, ports: [587, 465], why: mail}\n")
    done = repository.diff("main")
    internet = "internet (0.0.0.0/0 except 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16)"
    assert done.status == 1
    assert lines(done) == [
        "OPENS traffic to the internet",
        "OPENS to the internet",
        f"  + email -> {internet}: port 465 (before: ports 443, 587; now: ports 443, 465, 587)",
        "      egress rule aws-ses, overlays/email/rules.yaml:6 (mail)",
    ]


def test_what_is_taken_away_is_shown_where_it_stood_in_the_revision(repository: Repository) -> None:
    repository.tree.overlay("email")
    done = repository.diff()
    assert lines(done)[0] == "CLOSES traffic to the internet, and opens none"
    assert "egress rule gone: aws-ses, HEAD:overlays/email/rules.yaml:6 (mail)" in done.stdout


def test_a_rule_that_still_exists_is_narrowed_and_named_where_it_is_now(repository: Repository) -> None:
    repository.tree.overlay("email", "  egress:\n    aws-ses: {to: internet, ports: [587, 465]}\n")
    repository.commit()
    repository.tree.overlay("email", "  egress:\n    aws-ses: {to: internet, ports: 587}\n")
    assert "egress rule narrowed: aws-ses, overlays/email/rules.yaml:6" in repository.diff().stdout


def test_under_one_policy_a_direction_the_one_rule_that_changed_is_the_cause(repository: Repository) -> None:
    profile = repository.tree.path / "base/cluster.yaml"
    profile.write_text(profile.read_text().replace("spec:\n", "spec:\n  policies: per-direction\n"))
    rules = (
        "  egress:\n    backup: {to: nas, ports: 22, why: nightly}\n    aws-ses: {to: internet, ports: %s, why: mail}\n"
    )
    repository.tree.overlay("email", rules % "587")
    repository.commit()
    repository.tree.overlay("email", rules % "[587, 465]")
    causes = [line.strip() for line in lines(repository.diff()) if line.startswith("      ")]
    assert causes == ["egress rule aws-ses, overlays/email/rules.yaml:7 (mail)"]


def test_a_peer_that_changed_is_named_with_its_own_line(repository: Repository) -> None:
    repository.tree.overlay("email", "  egress:\n    backup: {to: nas, ports: 22}\n")
    repository.commit()
    profile = repository.tree.path / "base/cluster.yaml"
    profile.write_text(profile.read_text().replace("cidr: 192.168.30.0/24", "cidr: 192.168.30.0/23"))
    number = profile.read_text().split("    nas:")[0].count("\n") + 1
    done = repository.diff()
    assert f"egress rule backup, through peer `nas`, base/cluster.yaml:{number}" in done.stdout
    found = json.loads(repository.diff("--format", "json").stdout)["findings"][0]["because"]
    assert [(each["rule"], each["through"], each["file"], each["line"]) for each in found] == [
        ("backup", "peer `nas`", "base/cluster.yaml", number)
    ]


def test_a_workload_whose_labels_changed_is_named_with_its_own_line(repository: Repository) -> None:
    rules = "  workloads:\n    smtp:\n      pods: {app: %s}\n      egress:\n        backup: {to: nas, ports: 22}\n"
    repository.tree.overlay("email", rules % "smtp")
    repository.commit()
    repository.tree.overlay("email", rules % "relay")
    done = repository.diff()
    assert "egress rule smtp.backup, through workload `smtp`, overlays/email/rules.yaml:7" in done.stdout
    assert "egress rule narrowed: smtp.backup, through workload `smtp`, overlays/email/rules.yaml:7" in done.stdout


def test_two_revisions_and_the_two_dots_are_the_same_and_three_dots_take_the_common_base(
    repository: Repository,
) -> None:
    repository.git("switch", "-qc", "branch")
    repository.tree.overlay("email", "  egress:\n    aws-ses: {to: internet, ports: 25}\n")
    repository.commit()
    repository.git("switch", "-q", "main")
    repository.tree.overlay("cardboard", "  egress:\n    lan: {to: lan, ports: 80}\n")
    repository.commit()
    two = repository.diff("main", "branch")
    assert two.stdout == repository.diff("main..branch").stdout
    assert "CLOSES traffic to the internet and to private networks" in two.stdout
    three = repository.diff("main...branch")
    assert lines(three)[0] == "OPENS traffic to the internet (and CLOSES traffic to the internet)"
    assert "lan" not in three.stdout


def test_a_change_of_words_has_no_effect(repository: Repository) -> None:
    repository.tree.overlay("email", "  egress:\n    aws-ses: {to: internet, ports: 587, why: letters}\n")
    done = repository.diff()
    assert (done.status, lines(done)) == (
        0,
        ["NO EFFECT on traffic: the policies are the same but for annotations"],
    )


def test_another_enforcer_is_a_headline_with_what_it_opens_and_closes(repository: Repository) -> None:
    profile = repository.tree.path / "base" / "cluster.yaml"
    text = profile.read_text()
    assert text.count("enforcer: kube-router") == 1
    profile.write_text(text.replace("enforcer: kube-router", "enforcer: cilium"))
    # Cilium never matches a pod by its address, so `intra-namespace` (an ipBlock of the pod network) allows nothing.
    # The node ports of a pod's own node are open on kube-router alone.
    for options in ([], ["--fail-on", "internet"], ["--semantics", "api"]):
        nodes = "" if "api" in options else ", to private networks"
        closes = f"CLOSES traffic across namespaces{nodes} and within a namespace, and opens none"
        done = repository.diff("main", *options)
        assert done.status == 1
        assert lines(done)[0] == f"THE ENFORCER CHANGES from kube-router to cilium; {closes}"
    # Read in one way on both sides there is nothing that a policy does otherwise.
    done = repository.diff("main", "--semantics", "api", "--ipblock", "pods")
    assert done.status == 1
    same = "NO EFFECT on traffic: the policies are the same"
    assert lines(done)[0] == f"THE ENFORCER CHANGES from kube-router to cilium; {same}"


def test_a_block_that_becomes_a_network_of_the_profile_is_still_judged_as_the_internet(repository: Repository) -> None:
    profile = repository.tree.path / "base" / "cluster.yaml"
    text = profile.read_text()
    repository.tree.overlay(
        "email", "  egress:\n    dns: null\n    google: {to: {cidr: 8.8.8.0/24}, ports: 53, why: a test}\n"
    )
    for network in ("pods", "services", "nodes"):
        line = next(line for line in text.splitlines() if line.startswith(f"    {network}: "))
        name, _, cidr = line.partition(": ")
        profile.write_text(text.replace(line, f"{name}: [{cidr}, 8.8.8.0/24]"))
        done = repository.diff("main", "--fail-on", "internet")
        assert done.status == 1
        assert lines(done)[0].startswith(f"THE NETWORKS CHANGE ({network}); OPENS traffic to the internet")
        assert re.search(r"  \+ (cardboard, )?email -> 8\.8\.8\.0/24: ", done.stdout)
        assert "egress rule google, overlays/email/rules.yaml:" in done.stdout


def test_the_same_tree_is_no_difference_at_once(repository: Repository) -> None:
    repository.git("commit", "--allow-empty", "-qm", "again")
    done = repository.diff("HEAD~1", "HEAD")
    assert (done.status, lines(done)) == (0, ["NO DIFFERENCE: both are the same tree"])


def test_a_renamed_overlay_changes_nothing(repository: Repository) -> None:
    repository.git("mv", "overlays/email", "overlays/post")
    repository.listing("cardboard", "post")
    assert repository.diff().status == 0


def test_a_deleted_overlay_opens_its_namespace(repository: Repository) -> None:
    repository.git("rm", "-rq", "overlays/email")
    repository.listing("cardboard")
    done = repository.diff()
    # The pods of the cluster reach each other over IPv4 before and after; over IPv6 only after.
    assert lines(done)[0] == (
        "OPENS traffic to the internet, from outside the cluster, across namespaces, to private networks and within a "
        "namespace"
    )
    assert "(if pods have IPv6 addresses)" in done.stdout
    assert "+ anywhere (0.0.0.0/0) -> email: all ports" in done.stdout
    assert "no longer isolated for ingress by default-deny-all, HEAD:overlays/email/rules.yaml:4" in done.stdout


def test_the_same_change_in_many_namespaces_is_one_row(repository: Repository) -> None:
    base = (repository.tree.path / "base/namespace.yaml").read_text()
    repository.tree.write(
        "base/namespace.yaml", base.replace("  egress:\n", "  egress:\n    nfs: {to: nas, ports: 2049}\n")
    )
    done = repository.diff()
    assert "egress rule nfs, base/namespace.yaml:" in done.stdout
    assert lines(done)[:3] == [
        "OPENS traffic to private networks",
        "OPENS to private networks",
        "  + cardboard, email -> nas (192.168.30.0/24): port 2049 (before: port 443; now: ports 443, 2049)",
    ]


def test_hardening_closes_what_namespaces_reach_of_each_other(repository: Repository) -> None:
    base = (repository.tree.path / "base/kustomization.yaml").read_text()
    repository.tree.write("base/kustomization.yaml", base + "components: [hardened]\n")
    done = repository.diff("--format", "json")
    assert done.status == 1
    found = json.loads(done.stdout)
    assert (found["opens"], found["closes"]) == ([], ["across", "private"])


def test_a_policy_that_an_overlay_brings_along_is_seen(repository: Repository) -> None:
    sneaky = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: sneaky}\n"
        "spec: {podSelector: {}, ingress: [{}], policyTypes: [Ingress]}\n"
    )
    repository.tree.write("overlays/cardboard/open.yaml", sneaky)
    overlay = repository.tree.path / "overlays/cardboard/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace("[../../base]", "[../../base, open.yaml]"))
    done = repository.diff()
    # The pods of the cluster reach cardboard over IPv4 before and after; over IPv6 only after.
    assert lines(done)[0] == "OPENS traffic from outside the cluster and across namespaces"
    assert "(if pods have IPv6 addresses)" in done.stdout
    assert "ingress rule sneaky, overlays/cardboard/open.yaml:4" in done.stdout


def test_a_policy_that_the_root_adds_or_patches_is_seen(repository: Repository) -> None:
    patch = "patches:\n- target: {kind: NetworkPolicy, name: default-deny-all}\n  patch: |-\n    - {op: add, path: /spec/ingress, value: [{}]}\n"  # noqa: E501
    root = repository.tree.path / "kustomization.yaml"
    root.write_text(root.read_text() + patch)
    done = repository.diff()
    assert done.status == 1, done.stderr
    assert "+ anywhere (0.0.0.0/0) -> cardboard, email: all ports" in done.stdout


def test_fail_on_looks_at_its_grades_only(repository: Repository) -> None:
    repository.tree.overlay("cardboard", "  egress:\n    lan: {to: lan, ports: 80}\n")
    assert repository.diff("--fail-on", "internet,outside,closes").status == 0
    assert repository.diff("--fail-on", "private").status == 1
    assert repository.diff("--fail-on", "opens").status == 1
    unknown = repository.diff("--fail-on", "world")
    assert (unknown.status, "unknown grade `world`" in unknown.stderr) == (2, True)


def test_json_is_what_its_schema_says_and_always_the_same(repository: Repository) -> None:
    repository.git("rm", "-rq", "overlays/email")
    repository.listing("cardboard")
    done = repository.diff("--format", "json")
    schema = json.loads((ROOT / "docs/reference/diff.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(done.stdout), schema)
    assert repository.diff("--format", "json").stdout == done.stdout


def test_pairs_are_a_bare_list(repository: Repository) -> None:
    repository.tree.overlay("cardboard", "  egress:\n    lan: {to: lan, ports: 80}\n")
    assert json.loads(repository.diff("--format", "pairs").stdout) == [
        {
            "src": "cardboard/*[Pod]",
            "dst": "192.168.1.0-192.168.1.255",
            "before": "TCP 443",
            "after": "TCP 80,443",
        }
    ]


def test_a_folder_below_the_top_is_the_same_folder_in_both_revisions(repository: Repository) -> None:
    repository.tree.overlay("cardboard", "  egress:\n    lan: {to: lan, ports: 80}\n")
    other = repository.diff("--dir", "overlays/email")
    assert (other.status, lines(other)[0].startswith("THE DELIVERY CHANGES (")) == (1, True)
    assert "NO EFFECT" in lines(other)[0]
    assert repository.diff("--dir", "overlays/cardboard").status == 1
    assert repository.diff("HEAD", cwd=repository.tree.path / "overlays/cardboard").status == 1


def test_two_folders_are_compared_without_git(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "tree"
    run("cp", "-r", repository.tree.path, other)
    (other / "overlays/email/rules.yaml").write_text("")
    (other / "overlays/email/kustomization.yaml").write_text(
        (repository.tree.path / "overlays/cardboard/kustomization.yaml").read_text().replace("cardboard", "email")
    )
    done = repository.diff(repository.tree.path, other)
    assert lines(done)[0] == "CLOSES traffic to the internet, and opens none"
    assert repository.diff("--dirs", repository.tree.path, other).stdout == done.stdout


def test_several_revisions_in_common_are_refused_until_one_is_merged(repository: Repository) -> None:
    """Of two merge bases git prints one, and the author of a change chooses the dates that decide which."""
    repository.tree.overlay("cardboard", "  egress:\n    mail: {to: internet, ports: 587, why: mail}\n")
    repository.commit("opened")
    repository.git("checkout", "-q", "-b", "closing")
    repository.git("revert", "--no-edit", "HEAD")
    repository.git("checkout", "-q", "-b", "notes", "main")
    repository.tree.path.joinpath("NOTES").write_text("x")
    repository.commit("notes")
    repository.git("checkout", "-q", "-B", "main", "notes")
    repository.git("merge", "-q", "-m", "both", "closing")
    repository.git("checkout", "-q", "-b", "change", "closing")
    repository.git("merge", "-q", "--no-commit", "notes")
    repository.git("checkout", "-q", "notes", "--", "overlays")
    repository.commit("opened again")
    done = repository.diff("main...change")
    assert (done.status, done.stdout) == (2, "")
    assert "`main` and `change` have several revisions in common, none before the others" in done.stderr
    repository.git("merge", "-q", "-m", "merge main", "-s", "ours", "main")
    assert lines(repository.diff("main...change"))[0].startswith("OPENS traffic")


@pytest.mark.parametrize("kind", ["tag", "annotated tag"])
@pytest.mark.parametrize("name", ["main", "origin/main", "origin", "release", "release@2"])
def test_a_name_of_different_commits_is_refused(repository: Repository, name: str, kind: str) -> None:
    """Git takes the tag, where a person means the branch."""
    for branch in ("release", "release@2"):
        repository.git("branch", "-f", branch)
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    more = ["-a", "-m", "x"] if kind != "tag" else []
    repository.git("tag", *more, name, "HEAD")
    repository.tree.overlay("cardboard", "  egress:\n    web: {to: internet, ports: 443, why: web}\n")
    repository.commit()
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    for branch in ("release", "release@2"):
        repository.git("branch", "-f", branch, "HEAD")
    done = repository.diff(name)
    assert (done.status, done.stdout) == (2, "")
    assert f"`{name}` is the name of different commits" in done.stderr
    assert repository.diff(f"{name}~0", "HEAD").status == 2
    repository.git("tag", "-f", *more, name, "HEAD")
    assert repository.diff(name).status == 0


def test_a_branch_with_the_name_of_a_commit_is_refused(repository: Repository) -> None:
    short = repository.git("rev-parse", "--short", "HEAD")
    repository.tree.overlay("cardboard", "  egress:\n    web: {to: internet, ports: 443, why: web}\n")
    repository.commit()
    repository.git("branch", short, "HEAD")
    assert f"`{short}` is the name of different commits" in repository.diff(short).stderr


class TestErrorsNameTheirRevision:
    """Exit status 2, and which side it is."""

    def test_a_revision_that_does_not_render(self, repository: Repository) -> None:
        repository.tree.overlay("email", "  egress:\n    aws-ses: {to: intrenet, ports: 587}\n")
        broken = repository.commit()
        repository.git("revert", "--no-edit", "HEAD")
        done = repository.diff(broken, "HEAD")
        assert (done.status, done.stdout) == (2, "")
        assert done.stderr.startswith(f"{broken}:overlays/email/rules.yaml:6:19: error: unknown peer `intrenet`")
        assert f"{broken} ({broken[:10]}) cannot be compared" in done.stderr

    def test_a_revision_that_does_not_exist(self, repository: Repository) -> None:
        done = repository.diff("nowhere")
        assert done.status == 2
        assert "there is no revision `nowhere` here" in done.stderr

    @pytest.mark.parametrize("given", ["..", "...", "..HEAD", "...HEAD"])
    def test_dots_without_a_revision_before_them(self, repository: Repository, given: str) -> None:
        """A variable of a pipeline that is not set would compare the head with itself."""
        done = repository.diff(given)
        assert (done.status, done.stdout) == (2, "")
        assert f"`{given}` has no revision before the dots" in done.stderr

    def test_a_shallow_clone_says_how_to_get_the_rest(
        self, repository: Repository, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        repository.git("commit", "--allow-empty", "-qm", "again")
        clone = tmp_path_factory.mktemp("clone")
        run("git", "clone", "-q", "--depth", "1", f"file://{repository.tree.path}", clone)
        done = repository.diff("HEAD~1", cwd=clone)
        assert done.status == 2
        assert "`git fetch --unshallow`" in done.stderr
        assert repository.diff("HEAD", cwd=clone).status == 0

    def test_three_dots_in_a_shallow_clone_want_all_that_leads_to_both(
        self, repository: Repository, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """What a clone left out may hold another revision that both have in common."""
        for branch in ("left", "right"):
            repository.git("checkout", "-q", "-B", branch, "main")
            for _ in range(2):
                repository.git("commit", "--allow-empty", "-qm", branch)
        repository.git("checkout", "-q", "-B", "both", "left")
        repository.git("merge", "-q", "-m", "both", "-s", "ours", "right")
        for depth, status in ((2, 2), (9, 0)):
            clone = tmp_path_factory.mktemp("clone")
            source = f"file://{repository.tree.path}"
            run("git", "clone", "-q", "--depth", str(depth), "--no-single-branch", "-b", "both", source, clone)
            done = repository.diff("origin/right...both", cwd=clone)
            assert (done.status, "`git fetch --unshallow`" in done.stderr) == (status, status == 2)

    def test_a_folder_that_is_not_there_yet(self, repository: Repository) -> None:
        repository.tree.overlay("paperless")
        repository.commit()
        done = repository.diff("HEAD~1", "HEAD", "--dir", "overlays/paperless")
        assert (done.status, done.stderr.splitlines()[0]) == (
            2,
            "HEAD~1:overlays/paperless: error: this folder is not there",
        )

    def test_outside_of_any_repository(self, repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
        done = repository.diff("main", cwd=tmp_path_factory.mktemp("nothing"))
        assert done.status == 2
        assert "not a git repository" in done.stderr

    def test_an_option_is_no_revision(self, repository: Repository) -> None:
        assert repository.diff("--", "--upload-pack=x").status == 2


class TestNothingLeadsOut:
    """A stranger's tree is read within its bounds."""

    def test_a_link_out_of_the_repository_is_refused(self, repository: Repository) -> None:
        (repository.tree.path / "overlays/email/extra.yaml").symlink_to("/etc/hostname")
        overlay = repository.tree.path / "overlays/email/kustomization.yaml"
        overlay.write_text(overlay.read_text().replace("[../../base]", "[../../base, extra.yaml]"))
        repository.commit()
        done = repository.diff("HEAD~1", "HEAD")
        assert done.status == 2
        assert "`extra.yaml` is a symbolic link out of the repository" in done.stderr

    def test_a_linked_folder_out_of_the_repository_is_refused_also_in_the_working_tree(
        self, repository: Repository, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        other = tmp_path_factory.mktemp("other")
        (other / "kustomization.yaml").write_text("resources: []\n")
        (repository.tree.path / "overlays/out").symlink_to(other)
        repository.listing("cardboard", "email", "out")
        done = repository.diff()
        assert (done.status, "`overlays/out` leads out of the repository" in done.stderr) == (2, True)
        repository.commit()
        done = repository.diff("HEAD~1", "HEAD")
        assert (done.status, "`overlays/out` is a symbolic link out of the repository" in done.stderr) == (2, True)

    def test_a_link_inside_is_followed(self, repository: Repository) -> None:
        (repository.tree.path / "overlays/mail").symlink_to("email")
        repository.listing("cardboard", "mail")
        repository.commit()
        done = repository.diff("HEAD~1", "HEAD")
        assert (done.status, done.stderr) == (0, "")

    def test_a_submodule_is_an_error_only_where_a_build_needs_it(
        self, repository: Repository, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        other = tmp_path_factory.mktemp("module")
        (other / "kustomization.yaml").write_text("resources: []\n")
        for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "start")):
            git(other, *command)
        repository.git("submodule", "--quiet", "add", str(other), "more/module")
        repository.commit()
        done = repository.diff("HEAD~1", "HEAD")
        assert (done.status, "  more/module (a submodule, whose files are not read)" in done.stdout) == (1, True)
        root = f"{LISTING}- overlays/cardboard\n- overlays/email\n- more/module\n"
        repository.tree.write("kustomization.yaml", root)
        repository.commit()
        done = repository.diff("HEAD~1", "HEAD")
        assert (done.status, "`more/module` is in a submodule" in done.stderr) == (2, True)

    @pytest.mark.parametrize(
        "remote",
        [
            "https://github.com/example/x//base?ref=v1",
            "github.com/example/x//base",
            "git@example.org:x/base",
            "ssh://git@example.org/x",
        ],
    )
    def test_remote_resources_are_refused_and_named(self, repository: Repository, remote: str) -> None:
        root = repository.tree.path / "kustomization.yaml"
        root.write_text(root.read_text() + f"- {remote}\n")
        done = repository.diff()
        assert done.status == 2
        assert f"kustomization.yaml:6:3: error: `{remote}` is remote: kustomize would fetch it" in done.stderr
        assert "--allow-remote" in done.stderr

    def test_a_remote_file_is_refused_too(self, repository: Repository) -> None:
        overlay = repository.tree.path / "overlays/email/kustomization.yaml"
        overlay.write_text(overlay.read_text().replace("{path: rules.yaml}", "{path: https://example.org/rules.yaml}"))
        done = repository.diff()
        assert (done.status, "`https://example.org/rules.yaml` is remote" in done.stderr) == (2, True)

    def test_charts_need_to_be_allowed(self, repository: Repository) -> None:
        root = repository.tree.path / "kustomization.yaml"
        root.write_text(root.read_text() + "helmCharts:\n- {name: little, releaseName: little}\n")
        chart = "apiVersion: v2\nname: little\nversion: 0.1.0\n"
        repository.tree.write("charts/little/Chart.yaml", chart)
        text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: little}\n"
        repository.tree.write("charts/little/values.yaml", "")
        repository.tree.write("charts/little/templates/a.yaml", text)
        repository.commit()
        refused = repository.diff("HEAD~1", "HEAD")
        assert (refused.status, "`helmCharts` needs helm, which is not run" in refused.stderr) == (2, True)
        assert "--enable-helm" in refused.stderr
        allowed = repository.diff("HEAD~1", "HEAD", "--enable-helm")
        headline = allowed.stdout.splitlines()[0]
        assert (allowed.status, allowed.stderr) == (1, ""), "the chart may be rendered from elsewhere, too"
        assert headline.startswith("THE DELIVERY CHANGES (3 files)")
        assert "OPENS" not in headline


class TestNothingRuns:
    """A pull request that brings programs along: none of them leaves its mark."""

    @pytest.fixture
    def remembered_builds(self) -> None:
        """Every build is run: nothing is remembered here."""

    @pytest.fixture
    def sentinel(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Return a file that only a program of the pull request would make."""
        return tmp_path_factory.mktemp("mark") / "ran"

    def program(self, repository: Repository, name: str, sentinel: Path) -> Path:
        """Write a program that leaves its mark."""
        path = repository.tree.write(name, f"#!/bin/sh\ntouch {sentinel}\ncat\n")
        path.chmod(0o755)
        return path

    def judged(
        self, repository: Repository, sentinel: Path, command: Callable[..., Done] = Tree.bulkhead
    ) -> list[Done]:
        """Compare what the pull request is, committed, checked out and not."""
        repository.commit("pull request")
        found = [command(repository.tree, "diff", *of) for of in (("HEAD~1", "HEAD"), ("HEAD~1",), ("HEAD",))]
        assert not sentinel.exists()
        return found

    def test_a_replaced_plugin(self, repository: Repository, sentinel: Path) -> None:
        self.program(repository, "plugin/expand", sentinel)
        for module in (repository.tree.path / "plugin/bulkhead").rglob("*.py"):
            module.write_text(f"open({str(sentinel)!r}, 'w')\n")
        judged = self.judged(repository, sentinel, Tree.process)  # the start of Python is part of what is tested
        assert [done.status for done in judged] == [1, 1, 0]
        assert [lines(done)[0].startswith("THE PLUGIN CHANGES (") for done in judged] == [True, True, False]
        changed = ["plugin/expand", *(str(path.relative_to(repository.tree.path))
                   for path in (repository.tree.path / "plugin/bulkhead").rglob("*.py"))]  # fmt: skip
        assert all(f"\n  {path}\n" in done.stdout for done in judged[:2] for path in changed)
        assert "note: the plugin in plugin is not the bulkhead that runs here (" in judged[2].stdout

    def test_a_plugin_folder_of_its_own(self, repository: Repository, sentinel: Path) -> None:
        self.program(repository, "evil/run", sentinel)
        function = (
            (repository.tree.path / "plugin/expand.yaml").read_text().replace("../../plugin/expand", "../../evil/run")
        )
        repository.tree.write("evil/expand.yaml", function)
        repository.tree.write("evil/kustomization.yaml", "resources: [expand.yaml]\n")
        overlay = repository.tree.path / "overlays/email/kustomization.yaml"
        overlay.write_text(overlay.read_text().replace("../../plugin", "../../evil"))
        judged = self.judged(repository, sentinel)
        assert [(done.status, done.stdout) for done in judged] == [(2, "")] * 3
        assert all("from this folder `../../evil/run` is " in done.stderr for done in judged)

    @pytest.mark.parametrize("target", [b"", b"a\0b", b"a" * 5000])
    def test_a_link_to_no_path(self, repository: Repository, target: bytes) -> None:
        where = repository.tree.path / "overlays/email"
        link = run("git", "hash-object", "-w", "--stdin", cwd=where, stdin=target).stdout.strip()
        repository.git("update-index", "--cacheinfo", f"120000,{link},overlays/email/rules.yaml")
        repository.git("commit", "-qm", "link")
        done = repository.diff("HEAD~1", "HEAD")
        assert (done.status, done.stdout) == (2, "")
        assert "the tree of `HEAD` holds a link to no path: `overlays/email/rules.yaml`" in done.stderr

    @pytest.mark.parametrize("field", ["generators", "transformers", "validators"])
    @pytest.mark.parametrize("how", ["exec: {path: ../../evil/run}", "container: {image: example.org/evil}"])
    def test_a_function_elsewhere(self, repository: Repository, sentinel: Path, field: str, how: str) -> None:
        self.program(repository, "evil/run", sentinel)
        annotation = f'config.kubernetes.io/function: "{how}"'
        head = "apiVersion: example.org/v1\nkind: Evil\nmetadata:\n  name: evil\n"
        config = f"{head}  annotations: {{{annotation}}}\n"
        repository.tree.write("evil/function.yaml", config)
        repository.tree.write("evil/kustomization.yaml", "resources: [function.yaml]\n")
        overlay = repository.tree.path / "overlays/email/kustomization.yaml"
        text = overlay.read_text()
        before = "transformers: [../../plugin]"
        more = (
            "transformers: [../../evil, ../../plugin]"
            if field == "transformers"
            else f"{before}\n{field}: [../../evil]"
        )
        overlay.write_text(text.replace(before, more))
        assert {done.status for done in self.judged(repository, sentinel)} == {2}

    def test_a_legacy_exec_plugin(self, repository: Repository, sentinel: Path) -> None:
        self.program(repository, "plugin/example.org/v1/evil/Evil", sentinel)
        repository.tree.write("evil/function.yaml", "apiVersion: example.org/v1\nkind: Evil\nmetadata: {name: evil}\n")
        repository.tree.write("evil/kustomization.yaml", "resources: [function.yaml]\n")
        root = repository.tree.path / "kustomization.yaml"
        root.write_text(root.read_text() + "transformers: [evil]\n")
        assert {done.status for done in self.judged(repository, sentinel)} == {2}

    def test_filters_hooks_and_monitors_of_the_repository(self, repository: Repository, sentinel: Path) -> None:
        evil = str(self.program(repository, "evil/run", sentinel))
        repository.tree.write(".gitattributes", "*.yaml filter=evil diff=evil\n")
        repository.commit("pull request")
        hooks = repository.tree.path / ".git/hooks"
        for name in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
            self.program(repository, f"hooks/{name}", sentinel)
        for key in (
            "core.fsmonitor",
            "core.pager",
            "core.sshCommand",
            "core.alternateRefsCommand",
            "core.askPass",
            "credential.helper",
            "diff.external",
            "diff.evil.command",
            "diff.evil.textconv",
            "filter.evil.clean",
            "filter.evil.smudge",
            "filter.evil.process",
            "pager.ls-tree",
            "uploadpack.packObjectsHook",
        ):
            repository.git("config", key, evil)
        run("cp", "-r", repository.tree.path / "hooks", hooks.parent)
        repository.git("config", "core.hooksPath", os.fspath(repository.tree.path / "hooks"))
        sentinel.unlink(missing_ok=True)  # git itself may have run some of it so far
        judged = [repository.diff(*of) for of in (("HEAD~1", "HEAD"), ("HEAD~1",), ())]
        assert not sentinel.exists()
        assert [done.status for done in judged] == [2, 2, 2]
        assert all("cannot be reviewed: `filter=evil` makes git check `" in done.stderr for done in judged)

    def test_a_missing_object_is_not_fetched(
        self, repository: Repository, sentinel: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        repository.git("config", "uploadpack.allowFilter", "true")
        clone = tmp_path_factory.mktemp("partial") / "clone"
        source = f"file://{repository.tree.path}"
        run("git", "clone", "-q", "--no-checkout", "--filter=blob:none", source, clone)
        evil = self.program(repository, "evil/run", sentinel)
        run("git", "config", "remote.origin.uploadpack", os.fspath(evil), cwd=clone)
        done = repository.diff("HEAD", "HEAD~0^{}", cwd=clone)
        assert done.status == 0  # one tree
        done = repository.diff("HEAD", cwd=clone)
        assert (done.status, "error" in done.stderr) == (2, True)
        assert not sentinel.exists()


class TestDrift:
    """A running cluster against the overlays. What stays and what is pruned: test_drift.py."""

    def dump(self, repository: Repository, *policies: dict[str, object]) -> Path:
        """Write what ``kubectl get ns,pods,netpol -A -o json`` prints."""
        namespaces = ("cardboard", "email", "other")
        items: list[dict[str, object]] = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in namespaces
        ]
        items += [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": name},
                "spec": {"nodeName": "one", "containers": [{"name": "c"}]},
                "status": {"podIP": f"10.42.0.{place + 5}", "podIPs": [{"ip": f"10.42.0.{place + 5}"}]},
            }
            for place, name in enumerate(namespaces)
        ]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [*items, *policies]})
        return repository.tree.write("cluster.json", text)

    def rendered(self, repository: Repository) -> list[dict[str, object]]:
        """Return the policies that the overlays render."""
        done = repository.tree.bulkhead("render")
        import yaml

        return list(yaml.safe_load_all(done.stdout))

    def test_a_cluster_that_is_as_git_says_has_no_difference(self, repository: Repository) -> None:
        dump = self.dump(repository, *self.rendered(repository))
        done = repository.diff("--dump", dump)
        assert (done.status, done.stderr) == (0, "")


def test_manifests_are_compared_with_their_workloads(tmp_path: Path) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: %s, labels: {app: %s}}\n"
        "spec: {containers: [{name: c}]}\n---\n"
    )
    deny = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: a}\n"
        "spec: {podSelector: {}, policyTypes: [Ingress], ingress: %s}\n"
    )
    pods = pod % ("web", "a", "web") + pod % ("client", "b", "client")
    for side, ingress in (("one", "[]"), ("two", "[{from: [{namespaceSelector: {}}], ports: [{port: 80}]}]")):
        (tmp_path / side).mkdir()
        (tmp_path / side / "all.yaml").write_text(pods + deny % ingress)
    done = bulkhead("diff", "--manifests", "one", "two", "--ipblock", "never", cwd=tmp_path)
    assert (done.status, lines(done)) == (
        1,
        [
            "OPENS traffic across namespaces and within a namespace",
            "note: a row about a pod that exists is about every pod that could exist with the labels that the rule "
            "asks for, too: `--endpoints possible` lists them",
            "OPENS across namespaces",
            "  + b -> a: port 80",
            "      ingress rule web, two/all.yaml:14",
            "OPENS within a namespace, for pods that could exist",
            "  + any pod in namespace `a` -> any pod in the same namespace: port 80",
            "      ingress rule web, two/all.yaml:14",
        ],
    )


def test_the_how_to_page_shows_what_really_comes_out(tmp_path: Path) -> None:
    for name in ("base", "overlays", "plugin"):
        run("cp", "-r", ROOT / name, tmp_path)
    run("cp", ROOT / "kustomization.yaml", tmp_path)
    (tmp_path / ".gitignore").write_text("__pycache__\n*.egg-info\n")
    made = Repository(Tree(tmp_path))
    made.git("init", "-q", "-b", "main")
    commit = made.commit()
    mail = tmp_path / "overlays/email-gateway/rules.yaml"
    mail.write_text(mail.read_text().replace("ports: 587", "ports: [587, 465]"))
    made.tree.overlay("trade-bot", "  egress:\n    intra-namespace:\n      to: same-namespace\n")
    page = (ROOT / "docs/how-to/review-a-pull-request.md").read_text()
    expected = page.split("```text\n")[1].split("```")[0].replace("MAIN", commit[:10])
    assert unlined(made.diff("main").stdout) == unlined(expected)


def unlined(text: str) -> str:
    """Return *text* without the numbers of lines in the base, which people edit."""
    return re.sub(r"(base/namespace\.yaml):\d+", r"\1", text)


WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {run: web}}
  template:
    metadata: {labels: {run: web, app: web}}
    spec:
      hostNetwork: false
      containers: [{name: c, image: "i:1", ports: [{name: http, containerPort: 80}]}]
"""


@pytest.mark.parametrize("outer", ["", "commonAnnotations: {a: b}\n"])
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("app: web", "app: api", "+ lan (192.168.1.0/24) -> email/web: port 22"),
        ("hostNetwork: false", "hostNetwork: true", "-> email/web: all ports"),
        ("containerPort: 80", "containerPort: 81", "monitoring/prometheus -> email/web: port 81"),
        ('"i:1"', '"i:2"', ""),
    ],
)
def test_workloads_among_the_resources_of_overlays_are_endpoints(
    repository: Repository, outer: str, old: str, new: str, says: str
) -> None:
    peers = "{a: {from: traefik, ports: http}, b: {from: prometheus, ports: http}}"
    rules = f"  workloads:\n    web: {{pods: {{app: web}}, ingress: {peers}}}\n"
    rules += "    api: {pods: {app: api}, ingress: {b: {from: lan, ports: 22}}}\n"
    kustomization = "resources: [../../base, web.yaml]\nnamespace: email\ntransformers: [../../plugin]\n"
    repository.tree.overlay("email", "  ingress: null\n  egress: null\n" + rules)
    repository.tree.write("overlays/email/kustomization.yaml", kustomization + "patches: [{path: rules.yaml}]\n")
    repository.tree.write("overlays/email/web.yaml", WORKLOAD)
    if outer:
        repository.tree.write("kustomization.yaml", "resources: [overlays/cardboard, overlays/email]\n" + outer)
    repository.commit()
    assert WORKLOAD.count(old) == 1
    repository.tree.write("overlays/email/web.yaml", WORKLOAD.replace(old, new))
    done = repository.diff()
    assert done.status == int(bool(says)), done.stdout
    assert says in done.stdout
    first = done.stdout.splitlines()[0]
    assert "OPENS" in first if says else first.startswith("NO EFFECT"), first
