"""
Clusters that are hard for a reachability engine: what policies say differs from namespace to namespace.

Each shape is a list of resources. ``write`` puts them into one file, a JSON document on each line, which is YAML too.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from bench.generate import Json, namespace, pod, policy, ports

LABEL = "kubernetes.io/metadata.name"


def different(namespaces: int, pods_each: int) -> Iterator[Json]:
    """Namespaces of which no two have the same policies: about five each, with selectors, blocks and names of ports."""
    random = Random(1)
    names = [f"team-{number}" for number in range(namespaces)]
    for name in names:
        yield namespace(name)
    for number in range(namespaces * pods_each):
        labels = {
            "app": f"app-{number % 7}",
            "tier": random.choice(("web", "api", "db")),
            "v": str(random.randrange(4)),
        }
        yield pod(number + 2, names[number // pods_each], f"pod-{number}", labels)
    for name in names:
        for number in range(random.randint(3, 8)):
            yield policy(name, f"policy-{number}", _spec(random, names))


def _spec(random: Random, names: list[str]) -> Json:
    pods = random.choice(({}, {"matchLabels": {"app": f"app-{random.randrange(7)}"}}))
    numbers = [random.choice((80, 443, "main", 1000 + random.randrange(60))) for _ in range(random.randint(1, 3))]
    rule: Json = {"ports": [{"port": each, "protocol": random.choice(("TCP", "UDP"))} for each in numbers]}
    end, kind = random.choice((("from", "Ingress"), ("to", "Egress")))
    rule[end] = [_peer(random, names) for _ in range(random.randint(1, 3))]
    return {"podSelector": pods, "policyTypes": [kind], kind.lower(): [rule]}


def _peer(random: Random, names: list[str]) -> Json:
    tiers = {"matchExpressions": [{"key": "tier", "operator": "In", "values": random.sample(("web", "api", "db"), 2)}]}
    return random.choice(
        (
            {"podSelector": {"matchLabels": {"app": f"app-{random.randrange(7)}"}}},
            {"namespaceSelector": {"matchLabels": {LABEL: random.choice(names)}}, "podSelector": tiers},
            {"namespaceSelector": {"matchExpressions": [{"key": LABEL, "operator": "NotIn", "values": names[:3]}]}},
            {"ipBlock": {"cidr": f"{random.randrange(11, 220)}.{random.randrange(256)}.0.0/16"}},
        )
    )


def many_blocks(policies: int, blocks_each: int) -> Iterator[Json]:
    """Policies of many CIDRs each, as with the ranges that a provider publishes."""
    random = Random(2)
    yield namespace("shop")
    for number in range(100):
        yield pod(number + 2, "shop", f"pod-{number}", {"app": f"app-{number % 20}"})
    for number in range(policies):
        places = [(random.randrange(11, 224), random.randrange(256), random.randrange(256)) for _ in range(blocks_each)]
        rule = {"to": [{"ipBlock": {"cidr": "{}.{}.{}.0/24".format(*place)}} for place in places], "ports": ports(443)}
        pods = {"matchLabels": {"app": f"app-{number % 20}"}}
        yield policy("shop", f"policy-{number}", {"podSelector": pods, "policyTypes": ["Egress"], "egress": [rule]})


def many_numbers(pods: int, policies: int) -> Iterator[Json]:
    """Pods that give one port name a number of their own each."""
    yield namespace("shop")
    for number in range(pods):
        made = pod(number + 2, "shop", f"pod-{number}", {"app": f"app-{number % 20}"})
        made["spec"]["containers"][0]["ports"][0]["containerPort"] = number + 1
        yield made
    for number in range(policies):
        client = {"podSelector": {"matchLabels": {"app": f"app-{number % 19}"}}}
        pods_of = {"matchLabels": {"app": f"app-{number % 20}"}}
        rule = {"from": [client], "ports": [{"port": "main", "protocol": "TCP"}]}
        yield policy(
            "shop", f"policy-{number}", {"podSelector": pods_of, "policyTypes": ["Ingress"], "ingress": [rule]}
        )


SHAPES: dict[str, tuple[Callable[[int], Iterator[Json]], int]] = {
    "different namespaces of 50 pods": (lambda size: different(size, 50), 100),
    "namespaces of 20 pods, each different": (lambda size: different(size, 20), 250),
    "policies of 1,000 CIDRs": (lambda size: many_blocks(size, 1000), 10),
    "CIDRs in one policy": (lambda size: many_blocks(1, size), 30_000),
    "pods, one port name, a number each": (lambda size: many_numbers(size, 100), 2000),
}
"""Each shape by its size, and the smaller of the two sizes that are measured: the larger one is twice that."""


def write(file: Path, resources: Iterator[Json], without: int = 0) -> None:
    """Write *resources*, the last ones *without* so many, to *file*."""
    found = list(resources)
    file.write_text("\n---\n".join(map(json.dumps, found[: len(found) - without])) + "\n")
