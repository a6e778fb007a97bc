"""
A new pod is not held back until the enforcer knows it; the guard makes it wait for that.

The guard's script is taken from deploy/start-up-guard, and runs with busybox's tools alone.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, run
from enforcement.lab import Lab, Probe, Ran, Verdict
from enforcement.objects import namespace, pod, policy, service

FOLDER = ROOT / "deploy" / "start-up-guard"
ALLOWED, REFUSED = Verdict.ALLOWED, Verdict.REFUSED
FORBIDDEN = Probe("space/new", "internet", 80)
API_SERVER = Probe("space/new", "service:default/kubernetes", 443)
DENY = policy("space", "default-deny-all", {"policyTypes": ["Ingress", "Egress"]})
NOTHING_BUT_INGRESS = policy("space", "default-deny-in", {"policyTypes": ["Ingress"]})

WORKLOAD = """\
apiVersion: {version}
kind: {kind}
metadata: {{name: web}}
spec:
  template:
    spec:
      initContainers:
      - {{name: migrate, image: web}}
      containers:
      - {{name: web, image: web}}
"""


@pytest.fixture(scope="module")
def new(able: None) -> Iterator[Lab]:
    """A cluster in which the pod space/new is about to appear."""
    own = "192.168.20.2"
    with Lab() as lab:
        lab.build(
            [
                *(namespace("space"), namespace("default")),
                pod("default", "apiserver", own, labels={"component": "apiserver"}, host_network=True),
                service("default", "kubernetes", ["10.43.0.1"], {"component": "apiserver"}, (443, 6443, "TCP")),
                pod("space", "new", "10.42.0.10"),
            ],
            hosts={"internet": ["203.0.113.7"]},
            probes=[FORBIDDEN, API_SERVER],
            late=["space/new"],
        )
        yield lab


def guard(
    lab: Lab,
    folder: Path,
    *,
    policies: list[dict[str, object]],
    appears: bool,
    seconds: int,
    host: str = "10.43.0.1",
    tools: tuple[str, ...] = ("sh", "nc", "timeout", "date", "sleep"),
) -> Ran:
    """Run the guard in the new pod, as its image would."""
    for tool in tools:
        (folder / tool).symlink_to("/usr/bin/busybox" if os.path.exists("/usr/bin/busybox") else "/bin/busybox")
    patch = yaml.safe_load((FOLDER / "guard.yaml").read_text())
    (container,) = patch["spec"]["template"]["spec"]["initContainers"]
    given = {
        **{variable["name"]: variable["value"] for variable in container["env"]},
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": "443",
        "PATH": str(folder),
        "GUARD_SECONDS": str(seconds),
    }
    return lab.run(
        policies,
        pod="space/new",
        command=["env", "-i", *(f"{name}={value}" for name, value in given.items()), *container["command"]],
        seconds=seconds + 30,
        appears=appears,
        then=[FORBIDDEN, API_SERVER],
    )


def test_a_new_pod_is_not_held_back_until_the_enforcer_knows_it(new: Lab) -> None:
    """The enforcer and the first try race each other, and on a busy machine the enforcer may win some of the races."""
    found = new.lag([DENY], {FORBIDDEN: REFUSED}, runs=20)[FORBIDDEN]
    assert ALLOWED in {sample.first for sample in found}


def test_after_the_guard_what_is_forbidden_is_refused(new: Lab, tmp_path: Path) -> None:
    ran = guard(new, tmp_path, policies=[DENY], appears=True, seconds=60)
    assert (ran.status, ran.then) == (0, (REFUSED, REFUSED)), ran.output


def test_the_guard_fails_where_the_enforcer_never_knows_the_pod(new: Lab, tmp_path: Path) -> None:
    ran = guard(new, tmp_path, policies=[DENY], appears=False, seconds=2)
    assert (ran.status, ran.then) == (1, (ALLOWED, ALLOWED))
    assert ran.output == "start-up guard: 10.43.0.1:443 was not refused in 2 s: no policy holds this pod back\n"


def test_the_guard_fails_where_no_policy_forbids_what_it_tries(new: Lab, tmp_path: Path) -> None:
    ran = guard(new, tmp_path, policies=[NOTHING_BUT_INGRESS], appears=True, seconds=2)
    assert (ran.status, ran.then) == (1, (ALLOWED, ALLOWED))


def test_silence_is_no_refusal_to_the_guard(new: Lab, tmp_path: Path) -> None:
    ran = guard(new, tmp_path, policies=[NOTHING_BUT_INGRESS], appears=True, seconds=3, host="198.51.100.1")
    assert ran.status == 1


@pytest.mark.parametrize("host", ["refused", "refused.internet", ""])
def test_a_name_that_nobody_knows_is_no_refusal_to_the_guard(new: Lab, tmp_path: Path, host: str) -> None:
    ran = guard(new, tmp_path, policies=[NOTHING_BUT_INGRESS], appears=True, seconds=2, host=host)
    assert ran.status == 1


def test_the_guard_fails_without_its_tools(new: Lab, tmp_path: Path) -> None:
    ran = guard(new, tmp_path, policies=[DENY], appears=True, seconds=2, tools=("sh", "date", "sleep", "timeout"))
    assert ran.status == 1


@pytest.mark.parametrize(
    ("kind", "version"),
    [("Deployment", "apps/v1"), ("StatefulSet", "apps/v1"), ("DaemonSet", "apps/v1"), ("Job", "batch/v1")],
)
def test_the_component_puts_the_guard_before_the_containers_of_a_workload(
    kind: str, version: str, tmp_path: Path
) -> None:
    (tmp_path / "web.yaml").write_text(WORKLOAD.format(kind=kind, version=version))
    up = os.path.relpath(FOLDER, tmp_path)
    (tmp_path / "kustomization.yaml").write_text(f"resources: [web.yaml]\ncomponents: [{up}]\n")
    done = run("kustomize", "build", tmp_path)
    assert done.status == 0, done.stderr
    found = yaml.safe_load(done.stdout)
    assert (found["kind"], found["metadata"]["name"]) == (kind, "web")
    spec = found["spec"]["template"]["spec"]
    assert [each["name"] for each in spec["initContainers"]] == ["start-up-guard", "migrate"]
    assert [each["name"] for each in spec["containers"]] == ["web"]
