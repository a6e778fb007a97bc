"""An API server that has Argo CD's and Flux's resource definitions takes what is shipped, field by field."""

from pathlib import Path

import pytest
from conftest import ROOT, run
from engines.argocd_cluster import install, shipped
from engines.built import FOLDER
from engines.cluster import Cluster

DEPLOY = ROOT / "deploy"
FOLDERS = sorted(
    str(file.parent.relative_to(DEPLOY))
    for engine in ("argocd", "flux")
    for file in (DEPLOY / engine).rglob("kustomization.yaml")
    if "kind: Component" not in file.read_text()
)
STRICTLY = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f")


@pytest.fixture(scope="module")
def equipped(running_cluster: Cluster) -> Cluster:
    install(running_cluster)
    return running_cluster


def test_there_is_something_to_take() -> None:
    assert {"argocd/plugin", "argocd/plain", "argocd/rendered", "flux/git", "flux/oci"} <= set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_is_taken_without_a_warning(equipped: Cluster, folder: str) -> None:
    done = equipped.kubectl(*STRICTLY, "-", stdin=shipped(folder))
    assert (done.status, done.stderr) == (0, "")


def test_application_is_taken_without_a_warning(equipped: Cluster) -> None:
    done = equipped.kubectl(*STRICTLY, DEPLOY / "argocd/plugin/application.yaml")
    assert (done.status, done.stderr) == (0, "")


def test_field_that_does_not_exist_is_refused(equipped: Cluster) -> None:
    """So the tests above can fail."""
    text = (DEPLOY / "argocd/plugin/application.yaml").read_text().replace("prune: true", "prnue: true")
    done = equipped.kubectl(*STRICTLY, "-", stdin=text)
    assert done.status != 0
    assert "automated.prnue: field not declared in schema" in done.stderr


def test_sidecar_is_added_to_the_deployment_of_argo_cd(equipped: Cluster, tmp_path: Path) -> None:
    deployment = FOLDER / "definitions/argocd-repo-server-deployment.yaml"
    (tmp_path / "deployment.yaml").write_text(deployment.read_text())
    for name in ("sidecar.yaml", "kustomization.yaml"):
        (tmp_path / "repo-server").mkdir(exist_ok=True)
        (tmp_path / "repo-server" / name).write_text((DEPLOY / "argocd/repo-server" / name).read_text())
    (tmp_path / "kustomization.yaml").write_text(
        "namespace: argocd\nresources: [deployment.yaml]\ncomponents: [repo-server]\n"
    )
    built = run("kustomize", "build", tmp_path)
    assert (built.status, built.stderr) == (0, "")
    done = equipped.kubectl(*STRICTLY, "-", stdin=built.stdout)
    assert (done.status, done.stderr) == (0, "")
    assert "image: registry.example.org/bulkhead-argocd:0.1.0" in built.stdout


@pytest.mark.parametrize(
    ("name", "patch"),
    [("argocd-cm", "plain/argocd-cm.yaml"), ("argocd-cmd-params-cm", "hydrator/argocd-cmd-params-cm.yaml")],
)
def test_settings_are_patched_by_the_command_that_stands_in_the_file(equipped: Cluster, name: str, patch: str) -> None:
    command = ("-n", "argocd", "patch", "configmap", name, "--type", "merge", "--dry-run=server")
    done = equipped.kubectl(*command, "--patch-file", DEPLOY / "argocd" / patch)
    assert (done.status, done.stderr) == (0, "")
