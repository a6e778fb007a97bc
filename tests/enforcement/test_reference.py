"""
The reference cluster does what its description says, with its real enforcer, in the kernel.

What is promised is in probes.yaml, written by hand.  All other pairs are as the engine says: by what kube-router
makes of policies without exception, by the specification except where the deviations below are at work.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from bulkhead.core.engine.semantics import API, Semantics, enforced
from bulkhead.core.language.resources import Enforcer
from enforcement import cluster
from enforcement.lab import ONE, TWO, Lab, Object, Probe, Verdict
from enforcement.prediction import Prediction
from enforcement.promises import promises
from enforcement.rendering import RENDERINGS
from reference import PROTECTED, UNPROTECTED


@dataclass(frozen=True)
class Enforced:
    """A rendering of the cluster's policies, and what the kernel did with each probe."""

    name: str
    policies: list[Object]
    verdicts: dict[Probe, Verdict]


def everything() -> list[Probe]:
    """Return the matrix and the promises that are checked with it."""
    return list(dict.fromkeys([*cluster.probes(), *(each.probe for each in promises())]))


@pytest.fixture(scope="module")
def built(able: None) -> Iterator[Lab]:
    with Lab(cluster.NODES) as lab:
        lab.build(cluster.objects(), hosts=cluster.HOSTS, probes=everything())
        yield lab


@pytest.fixture(scope="module", params=RENDERINGS)
def kernel(request: pytest.FixtureRequest, built: Lab, tmp_path_factory: pytest.TempPathFactory) -> Enforced:
    policies = RENDERINGS[request.param](tmp_path_factory.mktemp(request.param))
    return Enforced(request.param, policies, dict(zip(everything(), built.judge(policies), strict=True)))


@pytest.mark.parametrize("space", [*PROTECTED, *UNPROTECTED])
def test_of_every_namespace_something_is_promised_to_pass_and_something_to_be_refused(space: str) -> None:
    own = [each for each in promises() if f"{space}/" in each.probe.source or f"{space}/" in each.probe.target]
    for found in ({each.standard for each in own}, {each.hardened for each in own}):
        assert found == set(Verdict)


def test_every_promise_written_by_hand_is_kept(kernel: Enforced) -> None:
    broken = [
        f"{each.probe}: {kernel.verdicts[each.probe].name}, though {each.because}"
        for each in promises()
        if kernel.verdicts[each.probe] is not (each.hardened if kernel.name == "hardened" else each.standard)
    ]
    assert not broken


def test_the_engine_says_what_the_kernel_does(kernel: Enforced) -> None:
    assert not disagreeing(kernel, enforced(Enforcer.KUBE_ROUTER))


def test_the_specification_says_so_too_except_for_known_deviations(kernel: Enforced) -> None:
    found = disagreeing(kernel, API)
    assert [probe for probe in found if not own_node_port(probe)] == []
    assert [probe for probe in found if kernel.verdicts[probe] is not Verdict.ALLOWED] == []
    assert {probe.source.split("/")[0] for probe in found} <= set(PROTECTED)


def own_node_port(probe: Probe) -> bool:
    """
    Kube-router leaves the node ports (30000-32767) of a pod's own node open to it.

    The rendered policies meet only this of what it does differently from the specification: one direction a
    policy, an `except` alone in its rule, and numbers for ports keep out of the way of the rest.
    """
    nodes = {each.name: each.manifest["status"]["hostIP"] for each in cluster.pods()}
    at = {node.addresses[0]: node.name for node in (ONE, TWO)}
    return probe.port in range(30000, 32768) and at[nodes[probe.source]] == probe.target


def disagreeing(kernel: Enforced, semantics: Semantics) -> list[Probe]:
    """Return the probes on which the engine and the kernel disagree."""
    prediction = Prediction([*cluster.objects(), *kernel.policies], semantics)
    return [probe for probe, verdict in kernel.verdicts.items() if prediction.verdict(probe) is not verdict]
