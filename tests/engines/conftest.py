"""
Fixtures: the real engines, started once for all tests, in a network that has nothing but a loopback.

`make test-engines` builds them. Without them a test is skipped with a message, and fails in CI.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import lacking
from engines import cluster as api
from engines import repo_server
from engines.built import engine
from engines.cluster import Cluster
from engines.network import leave
from engines.repo_server import RepoServer
from engines.repositories import Repository, copy_of_this
from reference import PROTECTED, UNPROTECTED


@pytest.fixture(scope="session", autouse=True)
def _network() -> None:
    reason = lacking("test-engines") or leave()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def running_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server with the fourteen namespaces of the reference cluster."""
    with api.started(engine("kube-apiserver"), tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.make_namespaces((*PROTECTED, *UNPROTECTED, "shop"))
        yield cluster


@pytest.fixture
def cluster(running_cluster: Cluster) -> Cluster:
    """The API server, with no policy in it."""
    running_cluster.forget()
    return running_cluster


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A redis of Argo CD's, by its port."""
    with repo_server.redis(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture(scope="session")
def argocd(redis: int) -> Iterator[RepoServer]:
    """Argo CD's repo-server."""
    with repo_server.started(engine("argocd"), redis) as server:
        yield server


@pytest.fixture(scope="session")
def this_repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository as this one is; no test changes it."""
    return copy_of_this(tmp_path_factory.mktemp("git") / "bulkhead.git")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository as this one is, to be changed."""
    return copy_of_this(tmp_path / "bulkhead.git")
