"""
Plain kustomize in Argo CD, with the shipped options, project and Application, on an API server with pruning on.

Nothing is between kustomize and Argo CD on this route. A build that fails is an error; a build that succeeds
with something else than policies is what the project and `allowEmpty: false` are there for.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from engines import argocd_cluster
from engines.argocd_cluster import DEPLOY, ArgoCD, install, is_established, shipped
from engines.cluster import Cluster, Object
from engines.repo_server import BOTH_FLAGS, RepoServer
from engines.repositories import Repository, copy_of_this
from engines.servers import wait_until

NAMESPACE, PATH = "shop", "overlays/shop"
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.bulkhead.dev}}
spec:
  group: bulkhead.dev
  scope: Namespaced
  names: {{kind: {kind}, plural: {plural}, singular: {singular}}}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
"""
KINDS = ("SegmentedNamespace", "ClusterProfile")


@pytest.fixture(scope="module")
def argo(
    running_cluster: Cluster, argocd: RepoServer, redis: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ArgoCD]:
    """Argo CD with the shipped settings for plain kustomize."""
    running_cluster.forget()
    install(running_cluster)
    running_cluster.asked(
        "-n", "argocd", "patch", "configmap", "argocd-cm", "--type", "merge",
        "--patch-file", DEPLOY / "plain/argocd-cm.yaml",
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("argo")
    repository = copy_of_this(folder / "bulkhead.git")
    repository.tree.overlay(NAMESPACE)
    repository.commit()
    running_cluster.asked("apply", "--server-side", "-f", "-", stdin=shipped("argocd/project", repository))
    with argocd_cluster.started(running_cluster, argocd, redis, repository, folder) as running:
        yield running
        running_cluster.asked("delete", "application", "-n", "argocd", "--all", "--wait=false")
        running_cluster.asked("delete", "crd", "-l", "tests=plain")
        running_cluster.forget()


def application(repository: Repository) -> str:
    """Return the Application that the shipped ApplicationSet makes of the overlay."""
    (found,) = (
        each for each in yaml.safe_load_all(shipped("argocd/plain", repository)) if each["kind"] == "ApplicationSet"
    )
    spec = yaml.safe_dump(found["spec"]["template"]["spec"])
    spec = spec.replace("{{.path.path}}", PATH).replace("{{.path.basename}}", NAMESPACE)
    metadata = {"name": NAMESPACE, "namespace": "argocd"}
    return yaml.safe_dump(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": metadata,
            "spec": yaml.safe_load(spec),
        }
    )


@pytest.fixture
def overlay(argo: ArgoCD) -> Iterator[Path]:
    """The overlay's folder, synced by an Application of the test's own: one that failed tries the same again."""
    folder = argo.repository.path / PATH
    files = {path: path.read_text() for path in (folder / "kustomization.yaml", argo.repository.path / "plugin/expand")}
    argo.cluster.asked("apply", "--server-side", "-f", "-", stdin=application(argo.repository))
    wait_until(lambda: is_synced(argo), "the overlay is synced", said=argo.said)
    yield folder
    argo.cluster.asked("delete", "application", "-n", "argocd", NAMESPACE)
    for path, text in files.items():
        path.write_text(text)
    argo.repository.commit()


def is_synced(argo: ArgoCD) -> bool:
    """Whether all is as it should be; where the policies were there already, nothing had to be done."""
    status = argo.application(NAMESPACE).get("status", {})
    ended = status.get("operationState", {}).get("phase", "Succeeded") == "Succeeded"
    return ended and status.get("sync", {}).get("status") == "Synced" and len(argo.cluster.policies(NAMESPACE)) > 5


def said(found: Object) -> str:
    """Return all that Argo CD tells a person about an Application."""
    status = found["status"]
    conditions = [each["message"] for each in status.get("conditions", [])]
    operation = status.get("operationState", {})
    results = [each.get("message", "") for each in operation.get("syncResult", {}).get("resources", [])]
    return "\n".join([*conditions, operation.get("message", ""), *results])


def assert_kept(argo: ArgoCD, says: str) -> None:
    """Deliver what is in the repository; every policy stays as it is, and the Application says why."""
    before = argo.cluster.versions(NAMESPACE)
    assert len(before) > 5
    argo.repository.commit()
    argo.refresh(NAMESPACE)
    wait_until(
        lambda: says in said(argo.application(NAMESPACE)),
        f"it says {says!r}",
        said=lambda: said(argo.application(NAMESPACE)),
    )
    assert argo.cluster.versions(NAMESPACE) == before


def prints_nothing(argo: ArgoCD) -> None:
    (argo.repository.path / "plugin/expand").write_text("#!/bin/sh\nexit 0\n")


def prints_no_items(argo: ArgoCD) -> None:
    text = "#!/bin/sh\nprintf 'apiVersion: config.kubernetes.io/v1\\nkind: ResourceList\\nitems: []\\n'\n"
    (argo.repository.path / "plugin/expand").write_text(text)


@pytest.mark.parametrize("change", [prints_nothing, prints_no_items])
def test_build_that_is_empty_is_a_success_of_the_repo_server_and_is_kept_from_pruning(
    argo: ArgoCD, overlay: Path, change: Callable[[ArgoCD], None]
) -> None:
    """The gap of this route: only `allowEmpty: false` prevents it."""
    del overlay
    change(argo)
    argo.repository.commit()
    answer = argo.repo_server.generate(argo.repository, PATH, options=BOTH_FLAGS)
    assert (answer.manifests, answer.error) == ((), "")
    assert_kept(argo, "auto-sync will wipe out all resources")


def test_resource_that_nothing_expanded_is_refused_for_there_is_no_such_kind(argo: ArgoCD, overlay: Path) -> None:
    without_transformer(overlay)
    assert_kept(argo, "The Kubernetes API could not find bulkhead.dev/SegmentedNamespace")


def without_transformer(overlay: Path) -> None:
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace("transformers: [../../plugin]\n", ""))


@pytest.mark.parametrize(
    "resource",
    [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\n",
    ],
    ids=["a ConfigMap", "a Namespace", "a ClusterRole"],
)
def test_resource_of_another_kind_is_refused_by_the_project_and_nothing_is_synced(
    argo: ArgoCD, overlay: Path, resource: str
) -> None:
    (overlay / "more.yaml").write_text(resource)
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace("[../../base]", "[../../base, more.yaml]"))
    assert_kept(argo, "not permitted in project bulkhead")


def test_resource_that_nothing_expanded_is_refused_where_somebody_installed_its_kind(
    argo: ArgoCD, overlay: Path
) -> None:
    for kind in KINDS:
        text = CRD.format(kind=kind, plural=f"{kind.lower()}s", singular=kind.lower())
        argo.cluster.asked("apply", "-f", "-", stdin=text)
        argo.cluster.asked("label", "crd", f"{kind.lower()}s.bulkhead.dev", "tests=plain")
    wait_until(lambda: is_established(argo.cluster), "the API server serves the definitions")
    without_transformer(overlay)
    assert_kept(argo, "not permitted in project bulkhead")


def test_rule_that_leaves_the_overlay_takes_exactly_its_policy_along(argo: ArgoCD, overlay: Path) -> None:
    """So the tests above can fail: pruning is on, and works."""
    del overlay
    before = argo.cluster.versions(NAMESPACE)
    argo.repository.tree.overlay(NAMESPACE, "  egress: {external-https: null}\n")
    argo.repository.commit()
    argo.refresh(NAMESPACE)
    wait_until(lambda: argo.cluster.versions(NAMESPACE) != before, "a policy is gone", said=argo.said)
    after = argo.cluster.versions(NAMESPACE)
    assert set(before) - set(after) == {"allow-external-https-egress"}
