"""The house knows what the lab stands for: its verdicts are the kernel's, and where there is none it says so."""

import pytest

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
    with Lab() as lab, pytest.raises(LabFailure, match="without policies every probe has to be open"):
        away = pod("a", "x", "10.42.0.10")
        lab.build([namespace("a"), away], hosts={"lan": ["192.168.1.10"]}, probes=[Probe("lan", "bridge:node", 0)])


def test_an_error_that_kube_router_logs_is_a_failure() -> None:
    broken = policy("b", "web", {"egress": [{"ports": [{"port": 80, "protocol": "NONE"}]}], "policyTypes": ["Egress"]})
    with Lab() as lab:
        lab.build(PODS, probes=[Probe("a/x", "b/y", 80)])
        with pytest.raises(LabFailure, match="kube-router logged errors"):
            lab.judge([broken])
        lab.build(PODS, probes=[Probe("a/x", "b/y", 80)])
        assert lab.judge([]) == [ALLOWED]
