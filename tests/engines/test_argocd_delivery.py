"""
The whole of Argo CD: the shipped ApplicationSet, project and named sidecar, syncing and pruning on an API server.

The tests of this module depend on each other, in order: the policies are delivered, every break leaves them, a
removed rule goes.
"""

from collections.abc import Callable, Iterator

import pytest
from conftest import run
from engines import argocd_cluster
from engines.argocd_cluster import ArgoCD, install, shipped
from engines.cluster import Cluster, Object, as_written
from engines.repo_server import RepoServer
from engines.repositories import copy_of_this
from engines.servers import Stopped, wait_until
from reference import PROTECTED, differences, expected

NAME, PATH = "bulkhead-email-gateway", "overlays/email-gateway"


@pytest.fixture(scope="module")
def argo(
    running_cluster: Cluster, argocd: RepoServer, redis: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ArgoCD]:
    """Argo CD with the shipped ApplicationSet of the plugin; its sidecar is each test's own to run."""
    running_cluster.forget()
    install(running_cluster)
    folder = tmp_path_factory.mktemp("argo")
    repository = copy_of_this(folder / "bulkhead.git")
    running_cluster.asked("apply", "--server-side", "-f", "-", stdin=shipped("argocd/project", repository))
    with argocd_cluster.started(running_cluster, argocd, redis, repository, folder) as running:
        with argocd.sidecar():
            running_cluster.asked("apply", "--server-side", "-f", "-", stdin=shipped("argocd/plugin", repository))
            try:
                wait_until(lambda: is_settled(running), "every Application is synced")
            except Stopped as stopped:
                raise Stopped(f"{stopped}\n{states(running)}\n{running.said()}") from None
        yield running
        running_cluster.asked("delete", "applicationset,application", "-n", "argocd", "--all", "--wait=false")
        running_cluster.forget()


def states(argo: ArgoCD) -> dict[str, str]:
    """Return each Application's state: Synced, OutOfSync, or Unknown where its manifests could not be made."""
    return {
        name: application.get("status", {}).get("sync", {}).get("status", "")
        for name, application in argo.applications().items()
    }


def is_settled(argo: ArgoCD) -> bool:
    found = states(argo)
    return len(found) >= len(PROTECTED) and set(found.values()) == {"Synced"}


def error(application: Object) -> str:
    """Return what Argo CD shows a person about an Application that it could not make the manifests of."""
    conditions = application["status"].get("conditions", [])
    return "\n".join(each["message"] for each in conditions if each["type"] == "ComparisonError")


def everything(argo: ArgoCD) -> dict[str, str]:
    return {
        f"{namespace}/{name}": version
        for namespace in PROTECTED
        for name, version in argo.cluster.versions(namespace).items()
    }


def test_applications_are_the_protected_namespaces_and_no_other(argo: ArgoCD) -> None:
    found = {
        name: (item["spec"]["source"]["path"], item["spec"]["destination"]["namespace"])
        for name, item in argo.applications().items()
    }
    assert found == {f"bulkhead-{name}": (f"overlays/{name}", name) for name in PROTECTED}


@pytest.mark.parametrize("namespace", PROTECTED)
def test_policies_in_the_cluster_are_those_written_by_hand(argo: ArgoCD, namespace: str) -> None:
    found = [without_tracking(as_written(item)) for item in argo.cluster.policies(namespace).values()]
    difference = differences(found, expected(namespace))
    assert not difference, "\n" + difference


def without_tracking(policy: Object) -> Object:
    annotations = dict(policy["metadata"]["annotations"])
    assert annotations.pop("argocd.argoproj.io/tracking-id").startswith("bulkhead-")
    metadata = {key: value for key, value in policy["metadata"].items() if key != "annotations"}
    return {**policy, "metadata": {**metadata, "annotations": annotations} if annotations else metadata}


def nothing(argo: ArgoCD) -> None:
    del argo


def no_program(argo: ArgoCD) -> None:
    (argo.repository.path / "plugin/expand").unlink()


def no_exec_bit(argo: ArgoCD) -> None:
    (argo.repository.path / "plugin/expand").chmod(0o644)


def prints_nothing(argo: ArgoCD) -> None:
    (argo.repository.path / "plugin/expand").write_text("#!/bin/sh\nexit 0\n")


def crashes(argo: ArgoCD) -> None:
    (argo.repository.path / "plugin/bulkhead/krm.py").write_text("raise RuntimeError('broken')\n")


def no_plugin(argo: ArgoCD) -> None:
    (argo.repository.path / "plugin").rename(argo.repository.path / "gone")


def neutral_plugin(argo: ArgoCD) -> None:
    (argo.repository.path / "plugin/kustomization.yaml").write_text("resources: []\n")


def empty_overlay(argo: ArgoCD) -> None:
    (argo.repository.path / PATH / "kustomization.yaml").write_text("resources: []\n")


def no_overlay(argo: ArgoCD) -> None:
    (argo.repository.path / PATH).rename(argo.repository.path / "gone")


def unprotected(argo: ArgoCD) -> None:
    rules = argo.repository.path / PATH / "rules.yaml"
    rules.write_text(rules.read_text().partition("spec:")[0] + "spec: {ingress: null, egress: null, unprotected: x}\n")


NO_SIDECAR = 'could not find cmp-server plugin with name "bulkhead"'
NOTHING = "no NetworkPolicy came out, nothing is delivered"
NO_PYTHON = {"BULKHEAD_PYTHON": "/nonexistent/python"}
BREAKS: dict[str, tuple[Callable[[ArgoCD], None], dict[str, str] | None, str]] = {
    "the sidecar is down": (nothing, None, NO_SIDECAR),
    "no Python": (nothing, NO_PYTHON, "no Python 3.10 or newer with PyYAML was found"),
    "no kustomize": (nothing, {"PATH": "/usr/bin:/bin"}, "there is no program `bulkhead`, nothing is delivered"),
    "no time": (nothing, {"BULKHEAD_TIMEOUT": "0.001"}, "the build took longer than 0.001 s"),
    "no program": (no_program, {}, "`kustomize build` does not find the plugin"),
    "no exec bit": (
        no_exec_bit,
        {},
        "`../../plugin/expand` is not executable",
    ),
    "the plugin prints nothing": (prints_nothing, {}, NOTHING),
    "the plugin crashes": (crashes, {}, "RuntimeError: broken"),
    "no plugin": (no_plugin, {}, "there is no file or folder `../../plugin`"),
    "a neutral plugin": (neutral_plugin, {}, "nothing here is expanded by the plugin"),
    "an empty overlay": (empty_overlay, {}, "nothing here is expanded by the plugin"),
    "the overlay is gone": (no_overlay, {}, f"{PATH}: app path does not exist"),
    "the overlay gives its protection up": (unprotected, {}, NOTHING),
}


@pytest.fixture
def restored(argo: ArgoCD) -> Iterator[None]:
    """Put the repository back to what it was."""
    yield
    for command in (("clean", "-fdq"), ("read-tree", "-u", "--reset", "good")):
        done = run("git", *command, cwd=argo.repository.path)
        assert done.status == 0, done.stderr
    argo.repository.commit()


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(("change", "env", "says"), BREAKS.values(), ids=BREAKS.keys())
def test_break_leaves_every_policy_and_the_application_says_why(
    argo: ArgoCD, change: Callable[[ArgoCD], None], env: dict[str, str] | None, says: str
) -> None:
    assert run("git", "tag", "-f", "good", cwd=argo.repository.path).status == 0
    before = everything(argo)
    assert len(before) > 100
    change(argo)
    argo.repository.commit()
    if env is None:
        application = argo.refresh(NAME)
    else:
        with argo.repo_server.sidecar(env=env):
            application = argo.refresh(NAME)
    assert application["status"]["sync"]["status"] == "Unknown"
    assert says in error(application)
    assert everything(argo) == before


def test_rule_that_leaves_an_overlay_takes_exactly_its_policy_along(argo: ArgoCD) -> None:
    """So the tests above can fail: pruning is on, and works."""
    before = everything(argo)
    kustomization = argo.repository.path / PATH / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("patches: [{path: rules.yaml}]\n", ""))
    (argo.repository.path / PATH / "rules.yaml").unlink()
    argo.repository.commit()
    with argo.repo_server.sidecar():
        argo.refresh(NAME)
        wait_until(lambda: everything(argo) != before, "the rule's policy is gone", said=argo.said)
    after = everything(argo)
    assert after == {name: version for name, version in before.items() if not name.endswith("/allow-aws-ses-egress")}
    assert len(after) == len(before) - 1
