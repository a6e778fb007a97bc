"""The shipped ApplicationSet for many clusters, in Argo CD's own controller: each gets the overlays of its folder."""

import shutil
from collections.abc import Iterator

import pytest
from conftest import ROOT
from engines import argocd_cluster
from engines.argocd_cluster import ArgoCD, install, shipped
from engines.cluster import Cluster
from engines.repo_server import RepoServer
from engines.repositories import copy_of_this
from engines.servers import wait_until

SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: {name}
  namespace: argocd
  labels: {{argocd.argoproj.io/secret-type: cluster, tests: clusters, bulkhead.dev/segmented: '{labelled}'}}
stringData: {{name: {name}, server: 'https://{name}.example.org', config: '{{}}'}}
"""


@pytest.fixture(scope="module")
def argo(
    running_cluster: Cluster, argocd: RepoServer, redis: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ArgoCD]:
    """Argo CD that knows four clusters: two as the example has them, one without a folder, one without the label."""
    install(running_cluster)
    folder = tmp_path_factory.mktemp("argo")
    repository = copy_of_this(folder / "bulkhead.git")
    shutil.copytree(ROOT / "deploy/clusters", repository.path / "clusters", symlinks=True)
    shutil.copytree(repository.path / "clusters/paris", repository.path / "clusters/rome", symlinks=True)
    (repository.path / "clusters/plugin").unlink()
    (repository.path / "clusters/plugin").symlink_to("../plugin")
    repository.commit()
    labelled = {"paris": "true", "oslo": "true", "lima": "true", "rome": "false"}
    secrets = "---\n".join(SECRET.format(name=name, labelled=is_so) for name, is_so in labelled.items())
    running_cluster.asked("apply", "-f", "-", stdin=secrets)
    running_cluster.asked("apply", "--server-side", "-f", "-", stdin=shipped("argocd/project", repository))
    with argocd_cluster.started(running_cluster, argocd, redis, repository, folder) as running:
        running_cluster.asked("apply", "--server-side", "-f", "-", stdin=shipped("argocd/clusters", repository))
        yield running
        running_cluster.asked("delete", "applicationset,application", "-n", "argocd", "--all", "--wait=false")
        running_cluster.asked("delete", "secret", "-n", "argocd", "-l", "tests=clusters")


def test_applications_are_the_overlays_of_the_labelled_clusters_that_have_a_folder(argo: ArgoCD) -> None:
    wait_until(lambda: len(argo.applications()) >= 4, "there are Applications", said=argo.said)
    found = {
        name: (item["spec"]["source"]["path"], item["spec"]["destination"])
        for name, item in argo.applications().items()
    }
    assert found == {
        f"bulkhead-{cluster}-{namespace}": (
            f"clusters/{cluster}/overlays/{namespace}",
            {"server": f"https://{cluster}.example.org", "namespace": namespace},
        )
        for cluster in ("paris", "oslo")
        for namespace in ("monitoring", "shop")
    }


def test_sidecar_makes_the_policies_of_each_cluster(argo: ArgoCD) -> None:
    with argo.repo_server.sidecar():
        names = {}
        for cluster in ("paris", "oslo"):
            answer = argo.repo_server.generate(argo.repository, f"clusters/{cluster}/overlays/shop", plugin="bulkhead")
            assert answer.error == ""
            names[cluster] = {each["metadata"]["name"] for each in answer.manifests}
    assert names["oslo"] - names["paris"] == {"allow-mirror-egress"}
