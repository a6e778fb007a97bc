"""The engine says what the truth tables say (``tests/truth/tables.py``)."""

import pytest
from bulkhead.core.engine.reachability import allows
from bulkhead.core.engine.semantics import Deviation, IpBlockMode, Semantics, enforced
from bulkhead.core.engine.solve import reach
from bulkhead.core.language.resources import Enforcer
from explained import explain_flow, is_allowed
from truth.tables import KUBE_ROUTER, TABLES, Table, cluster_of, flow_of


@pytest.mark.parametrize("table", TABLES)
def test_every_row_holds(table: Table) -> None:
    cluster = cluster_of(table)
    answer = reach(cluster, Semantics(IpBlockMode(table.get("mode", "pods"))))
    for source, destination, port, allowed, because in table["rows"]:
        flow = flow_of(cluster, source, destination, port)
        assert allows(answer, flow) == allowed, f"{source} to {destination} {port}: {because}"
        assert is_allowed(explain_flow(answer, flow)) == allowed


@pytest.mark.parametrize("table", KUBE_ROUTER)
def test_every_row_holds_as_kube_router_enforces_it(table: Table) -> None:
    cluster = cluster_of(table)
    semantics = enforced(Enforcer.KUBE_ROUTER)
    may, must = (
        reach(cluster, semantics),
        reach(cluster, semantics.but(semantics.deviations - {Deviation.SHARED_PORTS})),
    )
    for source, destination, port, allowed, because in table["rows"]:
        flow = flow_of(cluster, source, destination, port)
        says = f"{source} to {destination} {port}: {because}"
        assert (allows(must, flow), allows(may, flow)) == ((False, True) if allowed == "chance" else (allowed,) * 2), (
            says
        )
        assert is_allowed(explain_flow(may, flow)) == bool(allowed)
    specified = reach(cluster)
    rows = [(flow_of(cluster, *row[:3]), bool(row[3])) for row in table["rows"]]
    assert all(allows(specified, flow) == allowed for flow, allowed in rows) == table.get("same", False)
