"""What opens where tools add labels to namespaces is exactly what a plain evaluator sees under any labels they add."""

from itertools import product

import pytest
from bulkhead.core.engine.semantics import API
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, NetworkPolicy, PodPeer, PolicyRule, Requirement, Selector
from bulkhead.core.possible.flow_class import flow_space
from bulkhead.core.possible.search import Opened, PossibleFlows, Steps, opened
from laws import population
from laws.brute import allows_over

OVERWRITTEN = ("kustomize.toolkit.fluxcd.io/name", "app.kubernetes.io/instance", "argocd.argoproj.io/instance")
ADDED = ("field.cattle.io/projectId", "pod-security.kubernetes.io/enforce", "openshift.io/run-level")
PLAIN = ("tier", "example.com/fluxcd.io", "app.kubernetes.io/name")
"""Labels that a delivery overwrites, that another tool may add, and that nobody adds."""

VALUES = ("a", "b", "nobody-mentions-it", None)
NEVER = Selector((("nobody", "has-it"),))


def selectors(key: str) -> list[Selector]:
    """Return what a selector of namespaces can ask of *key*, and one that asks for the name too."""
    found = [Selector(((key, "a"),)), Selector(((key, "b"),)), NEVER]
    found += [Selector((), (Requirement(key, each, ("a",)),)) for each in ("In", "NotIn")]
    found += [Selector((), (Requirement(key, each),)) for each in ("Exists", "DoesNotExist")]
    return [*found, Selector((("kubernetes.io/metadata.name", "client"), (key, "a")))]


def policies(selector: Selector) -> tuple[NetworkPolicy, ...]:
    """Return a policy that lets pods of the namespaces that *selector* selects into the namespace `server`."""
    return (NetworkPolicy("server", "in", EVERY_POD, (PolicyRule((PodPeer(EVERY_POD, selector),)),), None),)


def worlds(key: str, given: Namespace | None) -> list[dict[str, str]]:
    """Return the labels that the namespace `client` can have."""
    own = dict(given.labels) if given else {}
    is_fixed = given and (given.stored or key in PLAIN or (key in ADDED and key in own))
    return [own] if is_fixed else [{key: text} if text else {} for text in VALUES]


@pytest.mark.parametrize("key", [*OVERWRITTEN, *ADDED, *PLAIN])
def test_exactly_what_opens_under_labels_that_tools_add_is_found(key: str) -> None:
    client, server = Pod("client", "c", addresses=("10.0.0.1",)), Pod("server", "s", addresses=("10.0.0.3",))
    known = [Namespace("client", labels, stored) for labels in ((), ((key, "a"),)) for stored in (False, True)]
    for given, (old, new) in product([None, *known], product(selectors(key), repeat=2)):
        sides = [Cluster((given,) if given else (), (), policies(each)) for each in (old, new)]
        space, groups = flow_space(4, ()), dict[object, int]()
        before, after = (PossibleFlows(side, space, API, groups) for side in sides)
        found = [each for each in opened(before, after, Steps()) if isinstance(each, Opened)]
        for labels in worlds(key, given):
            there = Namespace("client", tuple(labels.items())), Namespace("server")
            was, now = (
                allows_over(Cluster(there, (client, server), side.policies), client, server, "TCP", 80, API.mode, 4)
                for side in sides
            )
            spaces = {"client": labels, "server": dict[str, str]()}
            listed = any(population.is_in(each.flows, client, server, "TCP", 80, spaces) for each in found)
            assert listed == (now and not was), (given, old, new, labels)
