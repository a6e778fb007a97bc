"""The commands say whether they speak of the specification or of the enforcer, and where the two differ."""

import json
from pathlib import Path

import pytest
from conftest import bulkhead

OF_SERVER = "uid: '1', resourceVersion: '7', creationTimestamp: '2026-01-31T12:00:00Z'"
MANIFESTS = """\
{apiVersion: v1, kind: Pod, metadata: {namespace: a, name: one, OF_SERVER}, status: {podIP: 10.42.0.10}}
---
{apiVersion: v1, kind: Pod, metadata: {namespace: a, name: two, OF_SERVER}, status: {podIP: 10.42.0.11}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: a, name: both}
spec: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}]}], egress: []}
""".replace("OF_SERVER", OF_SERVER)


class Asked:
    """One command about the manifests, run in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "manifests.yaml"
        self.file.write_text(MANIFESTS)

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        command, *rest = arguments
        done = bulkhead(command, "--manifests", self.file, *rest, cwd=self.folder)
        return done.status, done.stdout, done.stderr


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


def test_explain_says_in_words_when_the_enforcer_decides_otherwise(asked: Asked) -> None:
    status, printed, _ = asked("explain", "--enforcer", "kube-router", "a/one", "a/two:80")
    assert status == 0
    assert "the specification says refused; kube-router lets it through, because" in " ".join(printed.split())
    assert "ingress[0]" in printed


def test_without_an_enforcer_it_is_the_specification(asked: Asked) -> None:
    status, printed, _ = asked("explain", "a/one", "a/two:80")
    assert (status, "specification" in printed) == (1, False)
    assert asked("explain", "--semantics", "api", "--enforcer", "kube-router", "a/one", "a/two:80")[:2] == (
        status,
        printed,
    )


def test_what_is_not_measured_is_said_to_be_so(asked: Asked) -> None:
    assert "read as calico documents it, which was not measured" in asked("reach", "--enforcer", "calico")[1]
    assert "measured" not in asked("reach", "--enforcer", "kube-router")[1]


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (("--enforcer", "kube-router"), ("enforcer", "kube-router", True)),
        (("--enforcer", "cilium"), ("enforcer", "cilium", False)),
        (("--enforcer", "cilium", "--semantics", "api"), ("api", None, True)),
        ((), ("api", None, True)),
    ],
)
def test_every_json_says_what_was_used(asked: Asked, command: tuple[str, ...], wanted: tuple[object, ...]) -> None:
    for verb, rest in (("reach", ()), ("explain", ("a/one", "a/two"))):
        found = json.loads(asked(verb, "--format", "json", *command, *rest)[1])
        assert (found["semantics"], found["enforcer"], found["measured"]) == wanted


def test_json_names_the_deviations(asked: Asked) -> None:
    found = json.loads(asked("explain", "--format", "json", "--enforcer", "kube-router", "a/one", "a/two:80")[1])
    (answer,) = found["answers"]
    assert (answer["allowed"], answer["specification"], answer["deviations"]) == (True, False, ["both-directions"])
    assert answer["egress"]["allowedBy"][0]["direction"] == "ingress"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--semantics", "enforcer"), "needs an enforcer, and none is named"),
        (
            ("--enforcer", "kube-router", "--ipblock", "never"),
            "kube-router does not read an ipBlock as `--ipblock never`",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(asked: Asked, arguments: tuple[str, ...], says: str) -> None:
    status, printed, error = asked("reach", *arguments)
    assert (status, printed) == (2, "")
    assert says in error and "hint: " in error


def test_diff_speaks_of_the_enforcer(asked: Asked, tmp_path: Path) -> None:
    without = tmp_path / "without.yaml"
    without.write_text(MANIFESTS.replace("ingress: [{from: [{podSelector: {}}]}]", "ingress: []"))
    two = ["diff", "--manifests", str(without), str(asked.file), "--format", "json"]
    done = bulkhead(*two, "--enforcer", "kube-router")
    assert done.status == 1
    found = json.loads(done.stdout)
    assert (found["semantics"], found["opens"]) == ("enforcer", ["within"])
    done = bulkhead(*two)
    assert done.status == 0
    assert json.loads(done.stdout)["semantics"] == "api"
