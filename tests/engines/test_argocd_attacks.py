"""
A repository that means harm, in Argo CD.

`plugin-render.yaml` is the sidecar for repositories into which people write who may not run code there: nothing of
the repository runs in it. `plugin.yaml` runs the repository's own plugin, and so whatever the repository says.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from endless import NO_MORE_MEMORY, endless_build
from engines.repo_server import BOTH_FLAGS, Answer, RepoServer
from engines.repositories import Repository
from engines.repositories import repository as made
from reference import differences, expected

PATH = "overlays/cardboard"
ALLOW_ALL = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow-all}
spec: {podSelector: {}, ingress: [{}]}
"""
OWN_FUNCTION = """\
apiVersion: example.org/v1
kind: Own
metadata:
  name: own
  annotations:
    config.kubernetes.io/function: |
      exec: {{path: {program}}}
"""

ACTS = "kustomize acts on the annotation `config.kubernetes.io/function`"


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that is there once the repository's code has run."""
    return tmp_path / "it-ran"


@pytest.fixture
def guarded(argocd: RepoServer) -> Iterator[RepoServer]:
    with argocd.sidecar("plugin-render.yaml"):
        yield argocd


def assert_refused(answer: Answer, *says: str) -> None:
    assert answer.manifests == ()
    assert [each for each in says if each not in answer.error] == [], answer.error
    assert "Traceback" not in answer.error


def overlay(repository: Repository, text: str) -> None:
    """Add *text* to the overlay's kustomization."""
    file = repository.path / PATH / "kustomization.yaml"
    file.write_text(file.read_text() + text)


def own_function(repository: Repository, marker: Path, field: str) -> None:
    """Let the overlay run a program of its own, which leaves the marker and passes the resources on."""
    folder = repository.path / PATH
    program = folder / "own"
    program.write_text(f"#!/bin/sh\ntouch {marker}\nexec cat\n")
    program.chmod(0o755)
    (folder / "own.yaml").write_text(OWN_FUNCTION.format(program="./own"))
    file = folder / "kustomization.yaml"
    if field == "transformers":
        file.write_text(file.read_text().replace("[../../plugin]", "[own.yaml, ../../plugin]"))
    else:
        overlay(repository, f"{field}: [own.yaml]\n")


@pytest.mark.parametrize("field", ["transformers", "generators", "validators"])
def test_function_of_the_overlay_is_refused_and_does_not_run(
    guarded: RepoServer, repository: Repository, marker: Path, field: str
) -> None:
    own_function(repository, marker, field)
    repository.commit()
    assert_refused(guarded.generate(repository, PATH, plugin="bulkhead"), ACTS)
    assert not marker.exists()


@pytest.mark.parametrize("options", ["", "--enable-alpha-plugins"])
def test_function_of_the_overlay_does_not_run_where_argo_cd_has_no_exec(
    argocd: RepoServer, repository: Repository, marker: Path, options: str
) -> None:
    own_function(repository, marker, "transformers")
    repository.commit()
    assert_refused(argocd.generate(repository, PATH, options=options))
    assert not marker.exists()


@pytest.mark.parametrize("field", ["transformers", "generators", "validators"])
def test_sidecar_that_runs_the_plugin_runs_no_other_function_of_the_repository(
    argocd: RepoServer, repository: Repository, marker: Path, field: str
) -> None:
    own_function(repository, marker, field)
    repository.commit()
    with argocd.sidecar():
        assert_refused(argocd.generate(repository, PATH, plugin="bulkhead"), ACTS)
    assert not marker.exists()


def test_sidecar_that_runs_the_plugin_runs_what_the_repository_has_for_it(
    argocd: RepoServer, repository: Repository, marker: Path
) -> None:
    """What plugin.yaml opens, and why there is another."""
    (repository.path / "plugin/expand").write_text(f"#!/bin/sh\ntouch {marker}\nexec cat\n")
    repository.commit()
    with argocd.sidecar():
        argocd.generate(repository, PATH, plugin="bulkhead")
    assert marker.exists()


def test_plugin_of_the_repository_does_not_run_and_does_not_matter(
    guarded: RepoServer, repository: Repository, marker: Path
) -> None:
    (repository.path / "plugin/expand").write_text(f"#!/bin/sh\ntouch {marker}\nexec cat\n")
    (repository.path / "plugin/bulkhead/core/expansion/expand.py").write_text(f"open({str(marker)!r}, 'w')\n")
    repository.commit()
    answer = guarded.generate(repository, PATH, plugin="bulkhead")
    assert answer.error == ""
    found = differences(list(answer.manifests), expected("cardboard"))
    assert not found, "\n" + found
    assert not marker.exists()


def file_out_of_the_tree(repository: Repository) -> None:
    overlay(repository, "configMapGenerator: [{name: x, files: [/etc/hostname]}]\n")


def folder_out_of_the_tree(repository: Repository) -> None:
    (repository.path / PATH / "kustomization.yaml").write_text("resources: [../../../../../../../../etc]\n")


def remote_base(repository: Repository) -> None:
    overlay(repository, "components: ['https://git.example.org/you/other.git//base?ref=main']\n")


def remote_file(repository: Repository) -> None:
    file = repository.path / PATH / "kustomization.yaml"
    file.write_text(file.read_text().replace("[../../base]", "[../../base, 'https://example.org/allow-all.yaml']"))


def helm_chart(repository: Repository) -> None:
    overlay(repository, "helmCharts: [{name: x, repo: 'https://charts.example.org', version: 1.0.0}]\n")


def bomb(repository: Repository) -> None:
    endless_build(repository.path / PATH)


def circle(repository: Repository) -> None:
    overlay(repository, "components: [../cardboard]\n")


HARM = {
    "a file outside": (file_out_of_the_tree, "/etc/hostname"),
    "a folder outside": (folder_out_of_the_tree, "etc"),
    "a remote base": (remote_base, "git.example.org"),
    "a remote file": (remote_file, "https://example.org/allow-all.yaml"),
    "a chart": (helm_chart, "helm"),
    "a circle": (circle, "cardboard"),
}


@pytest.mark.parametrize(("change", "says"), HARM.values(), ids=HARM.keys())
@pytest.mark.parametrize("sidecar", ["plugin.yaml", "plugin-render.yaml"])
def test_harmful_overlay_is_an_error_that_names_what_it_wanted(
    argocd: RepoServer, repository: Repository, sidecar: str, change: Callable[[Repository], None], says: str
) -> None:
    change(repository)
    repository.commit()
    with argocd.sidecar(sidecar):
        assert_refused(argocd.generate(repository, PATH, plugin="bulkhead"), says)


@pytest.mark.parametrize("sidecar", ["plugin.yaml", "plugin-render.yaml"])
def test_remote_base_that_could_be_fetched_is_not(
    argocd: RepoServer, repository: Repository, tmp_path: Path, sidecar: str
) -> None:
    """A repository that git reaches without a network: what is not reviewed here is not delivered from here."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "kustomization.yaml").write_text("resources: [policy.yaml]\n")
    (other / "policy.yaml").write_text(ALLOW_ALL)
    base = made(other)
    file = repository.path / PATH / "kustomization.yaml"
    file.write_text(file.read_text().replace("[../../base]", f"[../../base, '{base.url}//?ref=main']"))
    repository.commit()
    answer = argocd.generate(repository, PATH, options=BOTH_FLAGS)
    assert "allow-all" in {each["metadata"]["name"] for each in answer.manifests}, "plain kustomize fetches it"
    with argocd.sidecar(sidecar):
        assert_refused(argocd.generate(repository, PATH, plugin="bulkhead"), str(other), "copy it into the repository")


@pytest.mark.parametrize("sidecar", ["plugin.yaml", "plugin-render.yaml"])
def test_overlay_that_keeps_kustomize_busy_for_ever_is_an_error(
    argocd: RepoServer, repository: Repository, sidecar: str
) -> None:
    bomb(repository)
    repository.commit()
    with argocd.sidecar(sidecar, env={"BULKHEAD_MEMORY": "256", "BULKHEAD_TIMEOUT": "600"}):
        answer = argocd.generate(repository, PATH, plugin="bulkhead")
    assert_refused(answer, NO_MORE_MEMORY)


@pytest.mark.parametrize("plugin", [None, "bulkhead"])
def test_symbolic_link_out_of_the_repository_is_refused_by_argo_cd(
    argocd: RepoServer, repository: Repository, plugin: str | None
) -> None:
    (repository.path / PATH / "stolen.yaml").symlink_to("/etc/passwd")
    repository.commit()
    with argocd.sidecar():
        answer = argocd.generate(repository, PATH, plugin=plugin, options=BOTH_FLAGS)
    assert_refused(answer, "repository contains out-of-bounds symlinks", "stolen.yaml")


def test_path_out_of_the_repository_is_refused_by_argo_cd(argocd: RepoServer, this_repository: Repository) -> None:
    answer = argocd.generate(this_repository, "../../../../etc", options=BOTH_FLAGS)
    assert_refused(answer, "outside")


def test_huge_output_is_an_error(argocd: RepoServer, repository: Repository) -> None:
    (repository.path / "plugin/expand").write_text("#!/bin/sh\nhead -c 100000000 /dev/zero\n")
    repository.commit()
    with argocd.sidecar():
        assert_refused(argocd.generate(repository, PATH, plugin="bulkhead"), "control characters are not allowed")
