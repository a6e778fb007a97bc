"""
Every way in which Argo CD's build can break is an error that says what to do: never success with nothing in it.

Argo CD prunes what a successful answer no longer has.
"""

from collections.abc import Callable, Iterator

import pytest
from conftest import PYTHON, ROOT
from engines import repo_server
from engines.repo_server import BOTH_FLAGS, Answer, RepoServer
from engines.repositories import Repository
from reference import UNPROTECTED

NOT_EXPANDED = f"SegmentedNamespace not expanded: build with {BOTH_FLAGS}"
PATH = "overlays/cardboard"
DISCOVERY = ("  generate:", "  discover: {fileName: kustomization.yaml}\n  generate:")


@pytest.fixture
def impatient(redis: int, argocd: RepoServer) -> Iterator[RepoServer]:
    """A repo-server that waits no longer than five seconds for kustomize."""
    with repo_server.started(argocd.program, redis, {"ARGOCD_EXEC_TIMEOUT": "5s"}) as server:
        yield server


def assert_refused(answer: Answer, *says: str) -> None:
    assert answer.manifests == ()
    assert [each for each in says if each not in answer.error] == [], answer.error


def test_named_sidecar_that_is_down_is_named(argocd: RepoServer, this_repository: Repository) -> None:
    answer = argocd.generate(this_repository, PATH, plugin="bulkhead")
    assert_refused(answer, 'could not find cmp-server plugin with name "bulkhead"')


def test_named_sidecar_that_was_killed_and_left_its_socket_is_named(
    argocd: RepoServer, this_repository: Repository
) -> None:
    with argocd.sidecar() as server:
        assert argocd.generate(this_repository, PATH, plugin="bulkhead").manifests
        server.process.kill()
        server.process.wait()
        answer = argocd.generate(this_repository, PATH, plugin="bulkhead")
    assert_refused(answer, 'could not find cmp-server plugin with name "bulkhead"')


def test_sidecar_under_another_name_is_not_taken_for_it(argocd: RepoServer, this_repository: Repository) -> None:
    with argocd.sidecar(change=("  name: bulkhead", "  name: other")):
        answer = argocd.generate(this_repository, PATH, plugin="bulkhead")
    assert_refused(answer, 'could not find cmp-server plugin with name "bulkhead"')


def test_discovered_sidecar_works_while_it_is_up(argocd: RepoServer, this_repository: Repository) -> None:
    """So the next two tests show what its end does."""
    with argocd.sidecar(change=DISCOVERY):
        answer = argocd.generate(this_repository, PATH)
    assert (answer.error, answer.source) == ("", "Plugin")
    assert answer.manifests


@pytest.mark.parametrize(
    ("options", "says"),
    [("", "external plugins disabled"), ("--enable-alpha-plugins", NOT_EXPANDED)],
    ids=["no option", "half the options"],
)
def test_discovered_sidecar_that_is_down_leaves_it_to_plain_kustomize_which_refuses(
    argocd: RepoServer, this_repository: Repository, options: str, says: str
) -> None:
    assert_refused(argocd.generate(this_repository, PATH, options=options), says)


def test_plugin_that_is_asked_for_without_a_name_and_is_down_is_an_error(
    argocd: RepoServer, this_repository: Repository
) -> None:
    answer = argocd.generate(this_repository, PATH, plugin="")
    assert_refused(answer, "could not find plugin supporting the given repository")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("", "external plugins disabled"),
        ("--enable-exec", "external plugins disabled"),
        ("--enable-alpha-plugins", NOT_EXPANDED),
        ("--enable-alpha-plugins --enable-helm", NOT_EXPANDED),
        ("--enable-alpha-plugins --enable-exce", "unknown flag: --enable-exce"),
    ],
)
def test_wrong_build_options_are_an_error_of_kustomize(
    argocd: RepoServer, this_repository: Repository, options: str, says: str
) -> None:
    assert_refused(argocd.generate(this_repository, PATH, options=options), says)


def without_exec_bit(repository: Repository) -> None:
    (repository.path / "plugin/expand").chmod(0o644)


def without_program(repository: Repository) -> None:
    (repository.path / "plugin/expand").unlink()


def unknown_peer(repository: Repository) -> None:
    rules = repository.path / "overlays/email-gateway/rules.yaml"
    text = rules.read_text()
    assert "to: internet" in text
    (repository.path / PATH / "rules.yaml").write_text(text.replace("to: internet", "to: intrenet"))
    kustomization = repository.path / PATH / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text() + "patches: [{path: rules.yaml}]\n")


def without_transformer(repository: Repository) -> None:
    kustomization = repository.path / PATH / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("transformers: [../../plugin]\n", ""))


def crashes(repository: Repository) -> None:
    (repository.path / "plugin/bulkhead/krm.py").write_text("raise RuntimeError('broken')\n")


def prints_nothing(repository: Repository) -> None:
    (repository.path / "plugin/expand").write_text("#!/bin/sh\nexit 0\n")


def prints_no_items(repository: Repository) -> None:
    text = "#!/bin/sh\nprintf 'apiVersion: config.kubernetes.io/v1\\nkind: ResourceList\\nitems: []\\n'\n"
    (repository.path / "plugin/expand").write_text(text)


def names_an_empty_folder(repository: Repository) -> None:
    (repository.path / PATH / "kustomization.yaml").write_text("resources: []\n")


BROKEN = {
    "no exec bit": (
        without_exec_bit,
        "`../../plugin/expand` is not executable",
    ),
    "no program": (without_program, "`kustomize build` does not find the plugin"),
    "a wrong rule": (unknown_peer, "unknown peer `intrenet`"),
    "no transformer": (without_transformer, "nothing here is expanded by the plugin"),
    "the plugin crashes": (crashes, "RuntimeError: broken"),
    "the plugin prints nothing": (prints_nothing, "no NetworkPolicy came out, nothing is delivered"),
    "the plugin prints an empty list": (prints_no_items, "no NetworkPolicy came out, nothing is delivered"),
    "an empty kustomization": (names_an_empty_folder, "nothing here is expanded by the plugin"),
}


@pytest.mark.parametrize(("change", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_repository_is_an_error_of_the_sidecar(
    argocd: RepoServer, repository: Repository, change: Callable[[Repository], None], says: str
) -> None:
    change(repository)
    repository.commit()
    with argocd.sidecar():
        answer = argocd.generate(repository, PATH, plugin="bulkhead")
    assert_refused(answer, says, "bulkhead-cardboard")


@pytest.mark.parametrize("namespace", UNPROTECTED)
def test_application_for_an_unprotected_namespace_is_an_error_and_not_an_empty_success(
    argocd: RepoServer, this_repository: Repository, namespace: str
) -> None:
    with argocd.sidecar():
        answer = argocd.generate(this_repository, f"overlays/{namespace}", plugin="bulkhead")
    assert_refused(answer, "no NetworkPolicy came out", f"bulkhead-{namespace}", "exclude its overlay")


def test_mode_that_is_not_preserved_takes_the_exec_bit_away(argocd: RepoServer, this_repository: Repository) -> None:
    with argocd.sidecar(change=("preserveFileMode: true", "preserveFileMode: false")):
        answer = argocd.generate(this_repository, PATH, plugin="bulkhead")
    assert_refused(answer, "`../../plugin/expand` is not executable")


@pytest.mark.parametrize("flags", ["", " --enable-alpha-plugins", " --enable-exec"])
def test_sidecar_with_wrong_flags_is_an_error(argocd: RepoServer, this_repository: Repository, flags: str) -> None:
    command = ", ".join(("kustomize", "build", *flags.split(), "."))
    with argocd.sidecar(change=("/generate]", f"/generate, {command}]")):
        answer = argocd.generate(this_repository, PATH, plugin="bulkhead")
    assert_refused(answer, NOT_EXPANDED if "alpha" in flags else "external plugins disabled")


def test_sidecar_without_python_says_what_to_install(argocd: RepoServer, this_repository: Repository) -> None:
    with argocd.sidecar(env={"BULKHEAD_PYTHON": "/nonexistent/python"}):
        answer = argocd.generate(this_repository, PATH, plugin="bulkhead")
    assert_refused(answer, "no Python 3.10 or newer with PyYAML was found", "python3 -m pip install PyYAML")


def test_repo_server_without_python_says_what_to_install(argocd: RepoServer, repository: Repository) -> None:
    """As the stock image is: the plugin's own search finds nothing."""
    script = repository.path / "plugin/expand"
    script.write_text(script.read_text().replace("python3", "python-is-not-here").replace("BULKHEAD_PYTHON", "NONE"))
    repository.commit()
    answer = argocd.generate(repository, PATH, options=BOTH_FLAGS)
    assert_refused(answer, "no Python 3.10 or newer with PyYAML was found")


def test_sidecar_without_kustomize_says_so(argocd: RepoServer, this_repository: Repository) -> None:
    with argocd.sidecar(env={"PATH": f"{PYTHON.parent}:/usr/bin:/bin"}):
        answer = argocd.generate(this_repository, PATH, plugin="bulkhead")
    assert_refused(answer, "kustomize", "No such file or directory")


@pytest.mark.parametrize("file", ["plugin.yaml", "plugin-render.yaml"])
def test_sidecar_without_bulkhead_says_so(argocd: RepoServer, this_repository: Repository, file: str) -> None:
    with argocd.sidecar(file, env={"PATH": f"{ROOT}/.tools/bin:/usr/bin:/bin"}):
        answer = argocd.generate(this_repository, PATH, plugin="bulkhead")
    assert_refused(answer, "there is no program `bulkhead`, nothing is delivered")


def test_plugin_that_takes_too_long_is_an_error(argocd: RepoServer, repository: Repository) -> None:
    (repository.path / "plugin/expand").write_text("#!/bin/sh\nsleep 3600\n")
    repository.commit()
    with argocd.sidecar(env={"BULKHEAD_TIMEOUT": "3"}):
        answer = argocd.generate(repository, PATH, plugin="bulkhead")
    assert_refused(answer, "bulkhead-cardboard: the build took longer than 3 s, nothing is delivered")


def test_sidecar_that_answers_later_than_argo_cd_waits_is_an_error(argocd: RepoServer, repository: Repository) -> None:
    (repository.path / "plugin/expand").write_text("#!/bin/sh\nsleep 3600\n")
    repository.commit()
    with argocd.sidecar():
        answer = argocd.generate(repository, PATH, plugin="bulkhead", seconds=4)
    # All know the deadline: the client's word, the repo-server's and the sidecar's race each other.
    assert_refused(answer)
    words = ("DeadlineExceeded", "deadline exceeded", "failed signal: ")
    assert any(word in answer.error for word in words), answer.error


def test_kustomize_that_takes_too_long_is_an_error(impatient: RepoServer, repository: Repository) -> None:
    (repository.path / "plugin/expand").write_text("#!/bin/sh\nsleep 3600\n")
    repository.commit()
    answer = impatient.generate(repository, PATH, options=BOTH_FLAGS)
    assert_refused(answer, "timeout after 5s")


def test_path_that_is_not_there_is_an_error(argocd: RepoServer, this_repository: Repository) -> None:
    with argocd.sidecar():
        answer = argocd.generate(this_repository, "overlays/cardbaord", plugin="bulkhead")
    assert_refused(answer, "overlays/cardbaord: app path does not exist")
