"""Argo CD's repo-server makes of every overlay what kustomize makes of it, by each of the routes that are shipped."""

from collections.abc import Iterator
from functools import cache

import pytest
from conftest import ROOT, Tree, bulkhead
from engines.repo_server import BOTH_FLAGS, RepoServer
from engines.repositories import Repository, repository
from reference import PROTECTED, differences, parse


@cache
def built(namespace: str) -> str:
    done = Tree(ROOT).build(f"overlays/{namespace}")
    assert done.status == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=["plugin.yaml", "plugin-render.yaml"])
def _sidecar(argocd: RepoServer, request: pytest.FixtureRequest) -> Iterator[None]:
    with argocd.sidecar(request.param):
        yield


@pytest.mark.usefixtures("_sidecar")
@pytest.mark.parametrize("namespace", PROTECTED)
def test_named_plugin_makes_what_kustomize_makes(
    argocd: RepoServer, this_repository: Repository, namespace: str
) -> None:
    answer = argocd.generate(this_repository, f"overlays/{namespace}", plugin="bulkhead")
    assert (answer.error, answer.source) == ("", "Plugin")
    found = differences(list(answer.manifests), parse(built(namespace)))
    assert not found, "\n" + found


@pytest.mark.parametrize("namespace", PROTECTED)
def test_plain_kustomize_with_both_flags_makes_what_kustomize_makes(
    argocd: RepoServer, this_repository: Repository, namespace: str
) -> None:
    answer = argocd.generate(this_repository, f"overlays/{namespace}", options=BOTH_FLAGS)
    assert (answer.error, answer.source) == ("", "Kustomize")
    found = differences(list(answer.manifests), parse(built(namespace)))
    assert not found, "\n" + found


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The branch that CI writes: a folder for each namespace at its top."""
    folder = tmp_path_factory.mktemp("rendered") / "tree"
    done = bulkhead("render", ROOT, "--layout", "tree", "-o", folder)
    assert done.status == 0, done.stderr
    return repository(folder)


@pytest.mark.parametrize("namespace", PROTECTED)
def test_rendered_folder_needs_no_option_and_makes_what_kustomize_makes(
    argocd: RepoServer, rendered: Repository, namespace: str
) -> None:
    answer = argocd.generate(rendered, namespace)
    assert (answer.error, answer.source) == ("", "Kustomize")
    found = differences(list(answer.manifests), parse(built(namespace)))
    assert not found, "\n" + found
