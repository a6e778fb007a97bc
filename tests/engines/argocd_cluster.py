"""Argo CD's controllers against the API server: ApplicationSets become Applications, and these are synced."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import ROOT, run
from engines.built import FOLDER
from engines.cluster import CONFIGURATION, Cluster
from engines.network import free_port
from engines.repo_server import RepoServer
from engines.repositories import Repository
from engines.servers import Server, start, wait_until

DEPLOY = ROOT / "deploy/argocd"
PLACEHOLDER = "https://git.example.org/you/bulkhead.git"
SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: Secret
metadata: {name: argocd-secret, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
stringData: {server.secretkey: tests}
"""

Object = dict[str, Any]
Options = dict[str, str | int | Path]


def install(cluster: Cluster) -> None:
    """Install the resource definitions of Argo CD and Flux, and what Argo CD reads of its own settings."""
    for definition in sorted(FOLDER.glob("definitions/*")):
        if "deployment" not in definition.name:
            cluster.asked("apply", "--server-side", "-f", definition)
    wait_until(lambda: is_established(cluster), "the API server serves the definitions")
    cluster.make_namespaces(("argocd", "flux-system"))
    cluster.asked("apply", "-f", "-", stdin=SETTINGS)


def is_established(cluster: Cluster) -> bool:
    """Whether every resource definition is served. A new one has no conditions, which `kubectl wait` takes amiss."""
    found = cluster.get("crd")
    states = [each.get("status", {}).get("conditions") or [] for each in found]
    return all({"type": "Established", "status": "True"} in map(brief, state) for state in states)


def brief(condition: Object) -> Object:
    """Return what a condition says, without when and why."""
    return {key: condition[key] for key in ("type", "status")}


def shipped(folder: str, repository: Repository | None = None) -> str:
    """Return what is shipped in a folder of deploy/, for the person's repository."""
    done = run("kustomize", "build", ROOT / "deploy" / folder)
    assert done.status == 0, done.stderr
    if repository is None:
        return done.stdout
    assert PLACEHOLDER in done.stdout
    return done.stdout.replace(PLACEHOLDER, repository.url)


@dataclass(frozen=True)
class ArgoCD:
    """A cluster that Argo CD delivers to, from one repository."""

    cluster: Cluster
    repo_server: RepoServer
    repository: Repository
    controllers: tuple[Server, ...]

    def applications(self) -> dict[str, Object]:
        """Return the Applications by name."""
        return {item["metadata"]["name"]: item for item in self.cluster.get("applications", "-n", "argocd")}

    def application(self, name: str) -> Object:
        """Return one Application."""
        found: Object = json.loads(self.cluster.asked("get", "application", "-n", "argocd", name, "-o", "json"))
        return found

    def refresh(self, name: str) -> Object:
        """Let Argo CD read the repository again, for this Application; return it when it has."""
        self.cluster.asked(
            "annotate", "application", "-n", "argocd", name, "argocd.argoproj.io/refresh=hard", "--overwrite"
        )

        def is_done() -> bool:
            return "argocd.argoproj.io/refresh" not in self.application(name)["metadata"].get("annotations", {})

        wait_until(is_done, f"{name} is refreshed", said=self.said)
        return self.application(name)

    def said(self) -> str:
        """Return the controllers' last lines."""
        return "\n".join(each.said() for each in self.controllers)


@contextmanager
def started(
    cluster: Cluster, repo_server: RepoServer, cache: int, repository: Repository, folder: Path
) -> Iterator[ArgoCD]:
    """Run the ApplicationSet controller and the application controller."""
    configuration = folder / "kubeconfig"
    configuration.write_text(CONFIGURATION.format(port=cluster.port, token="administrator", namespace="argocd"))
    env = {"KUBECONFIG": str(configuration), "ARGOCD_FAKE_IN_CLUSTER": "true", "TMPDIR": str(folder)}
    both: Options = {
        "kubeconfig": configuration,
        "namespace": "argocd",
        "repo-server-plaintext": "true",
    }
    repo = f"127.0.0.1:{repo_server.port}"
    listening: Options = {name: f"127.0.0.1:{free_port()}" for name in ("metrics-addr", "probe-addr", "webhook-addr")}
    sets = start(
        [repo_server.program, "applicationset-controller"],
        folder / "applicationset-controller.log",
        env,
        {**both, **listening, "argocd-repo-server": repo},
    )
    syncing: Options = {
        "redis": f"127.0.0.1:{cache}",
        "metrics-port": free_port(),
        "app-resync": 0,
        "status-processors": 4,
    }
    applications = start(
        [repo_server.program, "application-controller"],
        folder / "application-controller.log",
        env,
        {**both, **syncing, "repo-server": repo},
    )
    try:
        yield ArgoCD(cluster, repo_server, repository, (sets, applications))
    finally:
        for server in (sets, applications):
            server.stop()
