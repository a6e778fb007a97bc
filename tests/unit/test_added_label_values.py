"""The pods of a workload that labels added to them make different: as many as policies tell apart, never fewer."""

from itertools import product
from random import Random

import pytest
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.kubernetes.controller_labels import TooManyLabels, pod_selectors, pods_with_controller_labels
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy, PodPeer, PolicyRule, Requirement, Selector
from bulkhead.core.kubernetes.selectors import matches

ZONE, REGION, MESH = "topology.kubernetes.io/zone", "topology.kubernetes.io/region", "service.istio.io/canonical-name"


def selector(random: Random, keys: tuple[str, ...], known: tuple[str, ...]) -> Selector:
    labels = {key: random.choice(known) for key in keys if random.random() < 0.3}
    expressions = []
    for key in keys:
        operator = random.choice(("", "", "In", "NotIn", "Exists", "DoesNotExist"))
        values = tuple(random.sample(known, random.randint(1, 4))) if operator.endswith("In") else ()
        expressions += [Requirement(key, operator, values)] if operator else []
    return Selector(tuple(sorted(labels.items())), tuple(expressions))


@pytest.mark.parametrize("values", [("a", "b", "c", "d", "e"), ("a", "b", "c", "other", "other-1")])
@pytest.mark.parametrize("seed", range(60))
def test_the_pods_are_all_that_selectors_together_tell_apart(seed: int, values: tuple[str, ...]) -> None:
    random = Random(seed)
    keys = (ZONE, REGION, MESH)[: random.randint(1, 3)]
    peers = tuple(PodPeer(selector(random, keys, values), None) for _ in range(random.randint(0, 2)))
    policies = (NetworkPolicy("shop", "one", selector(random, keys, values), (PolicyRule(peers, None),), None),)
    selectors = tuple(pod_selectors(policies))
    chosen = product((None, "not-mentioned", *values), repeat=len(keys))
    every = [{key: text for key, text in zip(keys, each, strict=True) if text} for each in chosen]
    try:
        pods = pods_with_controller_labels([Pod("shop", "w", "ReplicaSet")], policies)
    except TooManyLabels:
        assert len(keys) == 3
        return
    expected = {tuple(matches(each, labels) for each in selectors) for labels in every}
    assert {tuple(matches(each, dict(pod.labels)) for each in selectors) for pod in pods} == expected


@pytest.mark.parametrize("zones", [1, 8, 14, 15, 40])
def test_beyond_the_bound_nothing_is_decided(zones: int) -> None:
    each_zone = [Selector(((ZONE, f"z{number}"),)) for number in range(zones)]
    each_region = [Selector(((REGION, f"r{number}"),)) for number in range(14)]
    policies = [
        NetworkPolicy("shop", f"p{number}", one, (), None) for number, one in enumerate(each_zone + each_region)
    ]
    template = Pod("shop", "w", "Deployment")
    if (zones + 2) * 16 <= 256:
        assert len(pods_with_controller_labels([template], policies)) == (zones + 2) * 16
        return
    with pytest.raises(TooManyLabels, match=f"^NOT DECIDED: .*`shop/w` may have {(zones + 2) * 16} combinations"):
        pods_with_controller_labels([template], policies)
    labelled = Pod("shop", "w", "Deployment", labels=((ZONE, "z1"),))
    assert len(pods_with_controller_labels([labelled], policies)) == 16
