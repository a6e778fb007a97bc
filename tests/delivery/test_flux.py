"""What is shipped for Flux is what its own schemas take, may write policies alone, and never prunes a default deny."""

from typing import Any

import kubernetes_validate
import pytest
import yaml
from conftest import run
from delivery.shipped import DEPLOY, FLUX, files, problems, schemas

ROUTES = ("git", "oci", "clusters/paris", "clusters/oslo")


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], Any]:
    return schemas(text for module in FLUX for text in files(module, "config/crd/bases").values())


def built(route: str) -> list[Any]:
    done = run("kubectl", "kustomize", DEPLOY / "flux" / route)
    assert (done.status, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


def of(route: str, kind: str) -> Any:
    (found,) = (each for each in built(route) if each["kind"] == kind)
    return found


@pytest.mark.parametrize("route", ROUTES)
def test_every_resource_is_what_the_schemas_take(route: str, known: dict[tuple[str, str], Any]) -> None:
    found = built(route)
    assert len(found) == 5
    for each in found:
        if "toolkit.fluxcd.io" in each["apiVersion"]:
            assert problems(each, known) == []
        else:
            kubernetes_validate.validate(each, "1.34", strict=True)


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_delivered_is_pruned_but_for_the_default_deny(route: str) -> None:
    spec = of(route, "Kustomization")["spec"]
    assert (spec["prune"], spec["wait"], spec["force"]) == (True, True, False)
    assert spec["deletionPolicy"] == "Orphan"
    (patch,) = spec["patches"]
    assert patch["target"] == {"kind": "NetworkPolicy", "name": "default-deny-all"}
    annotations = yaml.safe_load(patch["patch"])["metadata"]["annotations"]
    assert annotations == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}


@pytest.mark.parametrize("route", ROUTES)
def test_the_delivery_may_write_policies_and_nothing_else(route: str) -> None:
    assert of(route, "Kustomization")["spec"]["serviceAccountName"] == of(route, "ServiceAccount")["metadata"]["name"]
    (rule,) = of(route, "ClusterRole")["rules"]
    assert (rule["apiGroups"], rule["resources"]) == (["networking.k8s.io"], ["networkpolicies"])


def test_the_source_is_the_one_that_is_delivered() -> None:
    for route, kind in (("git", "GitRepository"), ("oci", "OCIRepository")):
        source = of(route, kind)
        assert of(route, "Kustomization")["spec"]["sourceRef"] == {"kind": kind, "name": source["metadata"]["name"]}


def test_each_cluster_reads_its_own_branch() -> None:
    for name in ("paris", "oslo"):
        assert of(f"clusters/{name}", "GitRepository")["spec"]["ref"] == {"branch": f"rendered-{name}"}
