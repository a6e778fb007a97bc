"""The layout for many clusters: copied as the how-to says, each cluster builds, answers and is delivered on its own."""

from pathlib import Path

import pytest
import yaml
from conftest import FLAGS, Done, bulkhead, git, run
from copies import copy_with_environment
from delivery.shipped import DEPLOY, resources

CLUSTERS = ("oslo", "paris")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A repository with the plugin, and deploy/clusters copied to its top as `clusters`."""
    copy_with_environment(tmp_path, "plugin", bytecode=False)
    for command in ("cp -R deploy/clusters $TO/clusters", "ln -sfn ../plugin $TO/clusters/plugin"):
        assert run("sh", "-c", command, env={"TO": str(tmp_path)}).status == 0
    return tmp_path


def run_in(many: Path, *arguments: str) -> Done:
    return bulkhead(*arguments, cwd=many)


def build(folder: Path, *flags: str) -> Done:
    return run("kustomize", "build", *flags, folder)


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_cluster_builds_where_it_stands_and_where_it_is_copied_to(many: Path, name: str) -> None:
    built = build(many / "clusters" / name, *FLAGS)
    assert (built.status, built.stderr) == (0, "")
    assert build(DEPLOY / "clusters" / name, *FLAGS) == built
    assert run_in(many, "render", "--cluster", name) == built
    assert run_in(many, "render", f"clusters/{name}") == built


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_cluster_that_is_not_expanded_does_not_build(many: Path, name: str) -> None:
    for flags in ((), FLAGS[:1]):
        built = build(many / "clusters" / name / "overlays/shop", *flags)
        assert (built.status != 0, built.stdout) == (True, "")


def test_each_cluster_has_the_shared_pattern_with_its_own_facts(many: Path) -> None:
    policies = {}
    for name in CLUSTERS:
        built = yaml.safe_load_all(build(many / "clusters" / name / "overlays/shop", *FLAGS).stdout)
        policies[name] = {each["metadata"]["name"]: each["spec"] for each in built}
    assert set(policies["oslo"]) - set(policies["paris"]) == {"allow-mirror-egress"}
    gateway = {name: policies[name]["allow-gateway-ingress"]["ingress"][0]["from"][0] for name in CLUSTERS}
    assert gateway["paris"]["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "ingress-nginx"}}
    assert gateway["oslo"]["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "traefik"}}
    (mirror,) = policies["oslo"]["allow-mirror-egress"]["egress"]
    assert mirror == {"ports": [{"port": 443, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "172.21.8.10/32"}}]}


@pytest.mark.parametrize("name", CLUSTERS)
def test_every_command_takes_a_cluster(many: Path, name: str) -> None:
    for command in ("validate", "lint", "test", "reach"):
        done = run_in(many, command, "--cluster", name)
        assert done.status == 0, (command, done.stdout, done.stderr)
    assert run_in(many, "explain", "--cluster", name, "shop", "172.21.8.10:443").status == int(name == "paris")
    made = run_in(many, "new", "--cluster", name, "blog")
    assert made.status == 0, made.stderr
    assert build(many / "clusters" / name / "overlays/blog", *FLAGS).status == 0
    assert run_in(many, "validate", "--cluster", name).stdout.startswith("3 protected namespaces")


@pytest.mark.slow
def test_a_change_to_what_is_shared_is_reviewed_for_each_cluster(many: Path) -> None:
    for command in (("init", "-q"), ("add", "clusters", "plugin"), ("commit", "-qm", "all")):
        git(many, *command)
    for name in CLUSTERS:
        assert run_in(many, "diff", "--cluster", name).status == 0
    rules = many / "clusters/shared/namespace.yaml"
    rules.write_text(rules.read_text().replace("ports: [53/UDP, 53]", "ports: [53/UDP, 53, 853]"))
    for name in CLUSTERS:
        done = run_in(many, "diff", "--cluster", name)
        assert done.status == 1
        assert "port 853" in done.stdout
    profile = many / "clusters/oslo/base/cluster.yaml"
    rules.write_text(rules.read_text().replace(", 853", ""))
    profile.write_text(profile.read_text().replace("172.21.8.10/32", "172.21.8.0/24"))
    oslo, paris = (run_in(many, "diff", "--cluster", name) for name in CLUSTERS)
    assert (oslo.status, paris.status) == (1, 1)
    assert "THE DELIVERY CHANGES (1 file); NO EFFECT" in paris.stdout
    assert "  clusters/oslo/base/cluster.yaml (a kustomization that is not judged here reads it)" in paris.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["validate"], "hint: name one of its clusters: clusters/oslo, clusters/paris"),
        (["validate", "--cluster", "rome"], "there is no cluster `rome`: there are oslo, paris"),
        (["validate", "--cluster", "../plugin"], "there is no cluster `../plugin`"),
        (["validate", "--cluster", "shared"], "there is no cluster `shared`"),
        (["lint", "--cluster", "oslo", "clusters/paris"], "give a folder or --cluster, not both"),
        (["explain", "--cluster", "rome", "a", "b"], "there is no cluster `rome`"),
    ],
)
def test_a_cluster_that_is_not_there_is_an_error_that_names_those_that_are(
    many: Path, arguments: list[str], says: str
) -> None:
    done = run_in(many, *arguments)
    assert (done.status != 0, done.stdout) == (True, "")
    assert says in done.stderr


def test_each_cluster_has_a_tree_of_its_own(many: Path) -> None:
    for name in CLUSTERS:
        done = run_in(many, "render", "--cluster", name, "--layout", "tree", "-o", f"rendered/{name}")
        assert done.status == 0, done.stderr
        plain = build(many / "rendered" / name)
        assert plain.stdout == build(many / "clusters" / name, *FLAGS).stdout
    mixed = run_in(many, "render", "--cluster", "oslo", "--layout", "tree", "-o", "rendered/paris")
    assert (mixed.status, "it holds the cluster `paris`, and this is `oslo`" in mixed.stderr) == (2, True)


def test_the_applications_are_those_of_the_clusters_and_their_overlays() -> None:
    (found,) = (each for each in resources(DEPLOY / "argocd/clusters") if each["kind"] == "ApplicationSet")
    (matrix,) = (each["matrix"]["generators"] for each in found["spec"]["generators"])
    assert matrix[1]["git"]["directories"][0] == {"path": "clusters/{{.name}}/overlays/*"}
    assert found["spec"]["template"]["spec"]["destination"]["server"] == "{{.server}}"
    for name in CLUSTERS:
        assert sorted(path.name for path in (DEPLOY / "clusters" / name / "overlays").iterdir()) == [
            "monitoring",
            "shop",
        ]
