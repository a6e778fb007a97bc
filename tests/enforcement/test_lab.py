"""The verdicts of the lab are the kernel's, and where there is none it says so."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, run, wait_until
from enforcement.lab import Lab, LabFailure, Probe, Verdict
from enforcement.objects import namespace, pod, policy

ALLOWED, REFUSED = Verdict.ALLOWED, Verdict.REFUSED
PODS = [namespace("a"), namespace("b"), pod("a", "x", "10.42.0.10"), pod("b", "y", "10.42.0.11")]
DENY = policy("b", "default-deny-all", {"policyTypes": ["Ingress", "Egress"]})


def test_a_denial_is_a_refusal_and_the_next_policies_open_it_again(lab: Lab) -> None:
    probes = [Probe("a/x", "b/y", 80), Probe("a/x", "b/y", 80, "UDP"), Probe("b/y", "a/x", 80)]
    lab.build(PODS, probes=probes)
    assert lab.judge([DENY]) == [REFUSED, REFUSED, REFUSED]
    assert lab.judge([]) == [ALLOWED, ALLOWED, ALLOWED]


def test_the_next_cluster_has_nothing_of_the_last_one(lab: Lab) -> None:
    lab.build(PODS, probes=[Probe("a/x", "b/y", 80)])
    assert lab.judge([DENY]) == [REFUSED]
    lab.build(PODS, probes=[Probe("b/y", "a/x", 53, "UDP")])
    assert lab.judge([], [Probe("b/y", "a/x", 53, "UDP")]) == [ALLOWED]


def test_what_is_closed_without_policies_is_no_denial() -> None:
    nobody = [Probe("a/x", "b/y", 0)]  # no server answers at port 0
    with Lab() as lab, pytest.raises(LabFailure, match="without policies every probe has to be open"):
        lab.build(PODS, probes=nobody)


def test_silence_is_no_denial() -> None:
    probe = Probe("b/y", "a/x", 80)
    drop = ["iptables", "-A", "OUTPUT", "-p", "tcp", "--dport", "80", "-j", "DROP"]
    with Lab() as lab:
        lab.build(PODS, probes=[probe], late=["b/y"])
        with pytest.raises(LabFailure, match="b/y -> a/x:80/TCP: timeout"):
            lab.run([], pod="b/y", command=drop, seconds=60, then=[probe])


def test_an_error_that_kube_router_logs_is_a_failure() -> None:
    broken = policy("b", "web", {"egress": [{"ports": [{"port": 80, "protocol": "NONE"}]}], "policyTypes": ["Egress"]})
    with Lab() as lab:
        lab.build(PODS, probes=[Probe("a/x", "b/y", 80)])
        with pytest.raises(LabFailure, match="kube-router logged errors"):
            lab.judge([broken])
        lab.build(PODS, probes=[Probe("a/x", "b/y", 80)])
        assert lab.judge([]) == [ALLOWED]


def test_nothing_is_left_on_the_machine() -> None:
    before = machine()
    with Lab() as lab:
        lab.build(PODS, probes=[Probe("a/x", "b/y", 80)])
        lab.judge([DENY])
        assert machine() == before
    assert machine() == before


DRIVER = """
from enforcement.lab import Lab
from enforcement.objects import namespace, pod
with Lab(backend="legacy") as lab:
    lab.build([namespace("a"), pod("a", "x", "10.42.0.10")], probes=[], late=["a/x"])
    print("built", flush=True)
    lab.run([], pod="a/x", command=["sleep", "86399"], seconds=86400)
"""


@pytest.mark.parametrize("killed", ["driver", "program"])
def test_a_lab_is_gone_without_a_trace_whoever_was_killed(killed: str, tmp_path: Path) -> None:
    before = machine()
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        cwd=ROOT / "tests",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert driver.stdout and driver.stdout.readline() == "built\n"
    children = descendants(driver.pid)
    assert len(children) >= 3  # the program, its lab, the node's enforcer
    os.kill(driver.pid if killed == "driver" else children[0], signal.SIGKILL)
    driver.wait()
    driver.stdout.close()
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "the lab is gone")
    assert list(tmp_path.iterdir()) == []
    assert machine() == before


def machine() -> list[object]:
    """Return what the lab would change, if it changed the machine."""
    kernel = ("net/ipv4/ip_forward", "net/ipv4/icmp_ratemask")
    return [
        sorted(link.name for link in Path("/sys/class/net").iterdir()),
        sorted(entry.name for entry in Path("/run").glob("netns/*")),
        Path("/run/xtables.lock").exists(),
        Path("/proc/self/mounts").read_text(),
        *((Path("/proc/sys") / name).read_text() for name in kernel),
        *(
            re.sub(r"^#.*\n|\[\d+:\d+\]", "", run(*command).stdout, flags=re.MULTILINE)  # without the time and counters
            for command in (("/usr/sbin/iptables-save",), ("/usr/sbin/ip6tables-save",), ("/usr/sbin/ipset", "save"))
        ),
    ]


def descendants(parent: int) -> list[int]:
    """Return the processes that *parent* started, and theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *descendants(child)]
    return found
