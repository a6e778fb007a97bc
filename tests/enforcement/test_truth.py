"""The tables of what kube-router does, row by row, in the kernel; the engine is held to them in ``tests/truth/``."""

from collections.abc import Iterator
from typing import Any

import pytest
from enforcement import clusters
from enforcement.lab import DUAL, Lab, Object, Probe, Verdict
from enforcement.objects import namespace, pod, policy, service
from truth.tables import KUBE_ROUTER, cluster_of

Table = dict[str, Any]


@pytest.fixture(scope="module")
def dual(able: None) -> Iterator[Lab]:
    """A lab of one node with both families."""
    with Lab((DUAL,)) as made:
        yield made


@pytest.mark.parametrize("table", KUBE_ROUTER)
def test_every_row_holds_in_the_kernel(dual: Lab, table: Table) -> None:
    rows = {_probe(table, *row[:3]): (row[3], row[4]) for row in table["rows"]}
    policies = [policy(name.split("/")[0], name.split("/")[1], spec) for name, spec in table["policies"].items()]
    dual.build([*clusters.objects(cluster_of(table)), *_services(table)], hosts=_hosts(table), probes=list(rows))
    for (probe, (allowed, because)), verdict in zip(rows.items(), dual.judge(policies), strict=True):
        assert allowed == "chance" or (verdict is Verdict.ALLOWED) == allowed, f"{probe}: {because}"


def _probe(table: Table, source: str, target: str, port: int | str) -> Probe:
    number, _, protocol = str(port).partition("/")
    served = table.get("serves", {}).get(target)
    end = f"service:{served}" if served else _end(target)
    return Probe(_end(source), end, int(number), protocol or "TCP", 6 if _is_six(table, source, target) else 4)


def _is_six(table: Table, *ends: str) -> bool:
    """Say whether any of *ends* has IPv6 alone."""
    return any(all(":" in one for one in table["pods"].get(end, {}).get("addresses", (end,))) for end in ends)


def _end(text: str) -> str:
    """Return how the lab calls a pod, a node or an address outside."""
    known = dict.fromkeys(DUAL.addresses, DUAL.name) | {"10.42.0.1": f"bridge:{DUAL.name}"}
    return text if "/" in text else known.get(text, f"host-{text}")


def _hosts(table: Table) -> dict[str, tuple[str, ...]]:
    """Return a machine outside for every address of the rows that is no node's."""
    served = table.get("serves", {})
    ends = {end for row in table["rows"] for end in row[:2] if "/" not in end and end not in served}
    return {name: (end,) for end in sorted(ends) if (name := _end(end)).startswith("host-")}


def _services(table: Table) -> Iterator[Object]:
    """Yield a Service for each address that is one, in front of a pod, with the ports of the rows."""
    pods = table["pods"]
    for address, name in table.get("serves", {}).items():
        ports = [(row[2], row[2], "TCP") for row in table["rows"] if row[1] == address]
        space, _, own = name.partition("/")
        yield service(space, own, (address,), pods[name]["labels"], *ports)


def test_two_policies_whose_namespace_and_name_spell_the_same_share_one_chain(dual: Lab) -> None:
    """The engine takes them for two, so `lint` reports them as an error: ``policies-share-a-chain``."""
    spaces = [namespace(name) for name in ("a", "ab", "c")]
    pods = [pod("a", "x", "10.42.0.10"), pod("ab", "y", "10.42.0.11"), pod("c", "z", "10.42.0.12")]
    probes = [Probe("c/z", end, port) for end in ("a/x", "ab/y") for port in (80, 81)]
    dual.build([*spaces, *pods], probes=probes)
    rules = {port: {"ingress": [{"ports": [{"port": port, "protocol": "TCP"}]}]} for port in (80, 81)}
    found = dual.judge([policy("a", "bx", rules[80]), policy("ab", "x", rules[81])])
    meant = [Verdict.ALLOWED, Verdict.REFUSED, Verdict.REFUSED, Verdict.ALLOWED]
    assert found != meant
    assert sorted(each.value for each in found) == ["open", "open", "refused", "refused"]
    assert found[0] == found[1] and found[2] == found[3]
