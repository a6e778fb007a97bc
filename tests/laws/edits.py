"""
Edits of one field: of a NetworkPolicy as a value, and of resources as people write them.

Each edit draws another value for a field of a record that is there: it widens, narrows or does neither.
"""

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from bulkhead.core.kubernetes.networkpolicy import (
    NAMESPACE_NAME,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
    Selector,
)
from laws.strategies import BLOCKS, KEYS, NAMESPACES, PORTS, PROTOCOLS, VALUES

POLICY_RECORDS = (NetworkPolicy, PolicyRule, PodPeer, IpBlock, PolicyPort, Selector, Requirement)
NUMBERS = (53, 80, 81, 443)
Path = tuple[Any, ...]


def fields(record: type) -> list[str]:
    """The names of the fields of *record*."""
    return list(record.__annotations__)


def requirement(random: Random) -> Requirement:
    operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    values = tuple(random.sample(VALUES, random.randint(1, 2))) if operator in ("In", "NotIn") else ()
    return Requirement(random.choice(KEYS), operator, values)


def labels(random: Random) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({key: random.choice(VALUES) for key in random.sample(KEYS, random.randint(0, 2))}.items()))


def selector(random: Random) -> Selector:
    if random.random() < 0.3:
        return Selector()
    return Selector(labels(random), tuple(requirement(random) for _ in range(random.randint(0, 1))))


def pod_peer(random: Random) -> PodPeer:
    named = Selector(((NAMESPACE_NAME, random.choice((*NAMESPACES, "gamma"))),))
    return PodPeer(selector(random), random.choice((None, named, selector(random))))


def block(random: Random) -> IpBlock:
    cidr = random.choice(sorted(BLOCKS))
    return IpBlock(cidr, tuple(random.sample(BLOCKS[cidr], random.randint(0, min(2, len(BLOCKS[cidr]))))))


def peer(random: Random) -> IpBlock | PodPeer:
    return block(random) if random.random() < 0.4 else pod_peer(random)


def port(random: Random) -> PolicyPort:
    kind = random.randint(0, 3)
    protocol = random.choice(PROTOCOLS)
    if kind == 0:
        return PolicyPort(protocol)
    if kind == 1:
        return PolicyPort(random.choice(("TCP", "UDP")), random.choice(("http", "dns")))
    first = random.choice(PORTS)
    return PolicyPort(protocol, first, None if kind == 2 else random.choice([each for each in PORTS if each >= first]))


def rule(random: Random) -> PolicyRule:
    some = tuple(peer(random) for _ in range(random.randint(1, 2)))
    few = tuple(port(random) for _ in range(random.randint(1, 2)))
    return PolicyRule(random.choice((some, some, None)), random.choice((few, None)))


def policy(random: Random) -> NetworkPolicy:
    ingress, egress = (tuple(rule(random) for _ in range(random.randint(0, 2))) for _ in range(2))
    types = random.choice(((ingress, None), (None, egress), (ingress, egress)))
    return NetworkPolicy(random.choice(NAMESPACES), "policy", selector(random), *types)


def one_more_or_less(found: tuple[Any, ...] | None, make: Callable[[Random], Any], random: Random) -> tuple[Any, ...]:
    """*found* with an item more, less, or another one."""
    items = list(found or ())
    if items and random.random() < 0.6:
        items.pop(random.randrange(len(items)))
    if random.random() < 0.6 or (not items and not found):
        items.append(make(random))
    return tuple(items)


def another(record: Any, field: str, random: Random) -> Any:
    """*record* with another value of *field*, one that the reader of policies can return."""
    given = {name: getattr(record, name) for name in fields(type(record))}
    key = f"{type(record).__name__}.{field}"
    match key:
        case "NetworkPolicy.namespace":
            given[field] = random.choice((*NAMESPACES, "gamma"))
        case "NetworkPolicy.name":
            given[field] = "renamed"
        case "NetworkPolicy.has_types":
            given[field] = not given[field]  # what the rules mean is in the other fields
        case "NetworkPolicy.labels" | "NetworkPolicy.annotations" | "Selector.labels":
            given[field] = labels(random)
        case "NetworkPolicy.ingress" | "NetworkPolicy.egress":
            given[field] = random.choice((None, one_more_or_less(given[field], rule, random)))
        case "NetworkPolicy.pods" | "PodPeer.pods":
            given[field] = selector(random)
        case "PodPeer.namespaces":
            given[field] = pod_peer(random).namespaces
        case "PolicyRule.peers":
            given[field] = one_more_or_less(given[field], peer, random) or None
        case "PolicyRule.ports":
            given[field] = one_more_or_less(given[field], port, random) or None
        case "Selector.expressions":
            given[field] = one_more_or_less(given[field], requirement, random)
        case "IpBlock.cidr":
            cidr = random.choice([each for each in sorted(BLOCKS) if set(given["excluded"]) <= set(BLOCKS[each])])
            given[field] = cidr
        case "IpBlock.excluded":
            rest = BLOCKS[given["cidr"]]
            given[field] = tuple(random.sample(rest, random.randint(0, min(2, len(rest)))))
        case "PolicyPort.protocol":
            named = isinstance(given["port"], str)
            given[field] = random.choice(("TCP", "UDP") if named else PROTOCOLS)
        case "PolicyPort.port" | "PolicyPort.end":
            other = port(random)
            given |= {"port": other.port, "end": other.end}
            if isinstance(other.port, str):
                given["protocol"] = other.protocol
        case "Requirement.key":
            given[field] = random.choice(KEYS)
        case "Requirement.operator":
            takes = given["operator"] in ("In", "NotIn")
            given[field] = random.choice(("In", "NotIn") if takes else ("Exists", "DoesNotExist"))
        case "Requirement.values":
            if given["operator"] in ("In", "NotIn"):
                given[field] = tuple(random.sample(VALUES, random.randint(1, 3)))
        case _:
            raise AssertionError(f"no edit of {key}")
    return type(record)(**given)


def nodes(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every record in *value*, with its path."""
    if isinstance(value, POLICY_RECORDS):
        yield path, value
        for name in fields(type(value)):
            yield from nodes(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from nodes(item, (*path, number))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """*value* with *new* at *path*."""
    if not path:
        return new
    if isinstance(value, tuple):
        return tuple(replaced(item, path[1:], new) if at == path[0] else item for at, item in enumerate(value))
    given = {name: getattr(value, name) for name in fields(type(value))}
    given[path[0]] = replaced(given[path[0]], path[1:], new)
    return type(value)(**given)


def edited(policies: tuple[NetworkPolicy, ...], random: Random) -> tuple[str, tuple[NetworkPolicy, ...]]:
    """An edit of *policies*: what it is, and what comes of it."""
    chance = random.random()
    if chance < 0.05:
        return "remove a policy", policies[1:]
    if chance < 0.1:
        return "add a policy", (*policies, policy(random))
    kinds: dict[type, list[tuple[Path, Any]]] = {}
    for path, record in nodes(policies):
        kinds.setdefault(type(record), []).append((path, record))
    path, record = random.choice(kinds[random.choice(sorted(kinds, key=lambda kind: kind.__name__))])
    field = random.choice(fields(type(record)))
    return f"{type(record).__name__}.{field}", replaced(policies, path, another(record, field, random))


# --- Resources as people write them ----------------------------------------------------------------------------------

Written = dict[str, Any]


def written_expression(random: Random) -> Written:
    found = requirement(random)
    return {"key": found.key, "operator": found.operator} | ({"values": list(found.values)} if found.values else {})


def written_selector(random: Random) -> Written:
    plain = {key: random.choice(VALUES) for key in random.sample(KEYS, random.randint(1, 2))}
    return random.choice(
        (
            plain,
            {"matchLabels": plain, "matchExpressions": [written_expression(random)]},
            {"matchExpressions": [written_expression(random)]},
        )
    )


CIDRS = ("8.8.8.0/24", "192.168.0.0/24", "0.0.0.0/0", "10.0.0.0/29", "::/0", "fd00::/125")
CUTS = {"0.0.0.0/0": ["8.8.8.0/24", "10.0.0.0/29", "192.168.0.0/24"], "192.168.0.0/24": ["192.168.0.0/30"],
        "8.8.8.0/24": ["8.8.8.8/32"], "10.0.0.0/29": ["10.0.0.4/30"], "::/0": ["fd00::/125"],
        "fd00::/125": ["fd00::4/126"]}  # fmt: skip
NAMED = ("first", "second", "both")


def written_peer(random: Random) -> Written:
    cidr = random.choice(CIDRS)
    return random.choice(
        (
            {"namespace": random.choice((*NAMESPACES, "gamma")), "pods": written_selector(random)},
            {"namespace": random.choice(([NAMESPACES[0]], [*NAMESPACES, "gamma"]))},
            {"namespaces": written_selector(random), "pods": random.choice((written_selector(random), {}))},
            {"pods": random.choice((written_selector(random), {}))},
            {"cidr": cidr, "except": random.sample(CUTS[cidr], 1)},
            {"cidr": [cidr]},
            {"network": random.choice(("pods", "services", "nodes", "loadBalancers"))},
        )
    )


def written_ports(random: Random) -> Any:
    return random.choice((80, "53/UDP", "79-81", [443, "80/SCTP"], ["53", "53/UDP"], "1-65535"))


def written_rule(end: str, random: Random) -> Written:
    found: Written = {end: [random.choice((written_peer(random), random.choice(NAMED)))]}
    if random.random() < 0.6:
        found["ports"] = written_ports(random)
    return found


def written_spec(random: Random) -> Written:
    workload = {"pods": written_selector(random), "ingress": {"in": written_rule("from", random)},
                "egress": {"out": written_rule("to", random)}}  # fmt: skip
    return {
        "ingress": {"one": written_rule("from", random)},
        "egress": {"two": written_rule("to", random)},
        "workloads": {"some": workload},
    }


def written_networks(random: Random) -> Written:
    return {
        "pods": random.choice(("10.0.0.0/29", ["10.0.0.0/29", "fd00::/125"], "10.0.0.0/28")),
        "services": random.choice(("10.43.0.0/16", "10.44.0.0/16")),
        "nodes": random.choice(("192.168.0.0/29", "192.168.0.0/24")),
        "loadBalancers": random.choice(("8.8.8.8/32", "8.8.8.0/29")),
    }


def written_profile(random: Random) -> Written:
    return {
        "enforcer": "any",
        "networks": written_networks(random),
        "peers": {"first": [written_peer(random)], "second": [written_peer(random)], "both": ["first", "second"]},
        "policies": random.choice(("per-rule", "per-direction")),
    }


def written_nodes(profile: Written, spec: Written) -> Iterator[tuple[str, Written]]:
    """Every record in the two specs, with the name of its class."""
    yield "ProfileSpec", profile
    yield "Networks", profile["networks"]
    yield "NamespaceSpec", spec
    for each in profile["peers"].values():
        yield from _peers(each)
    for part in (spec, *spec.get("workloads", {}).values()):
        if part is not spec:
            yield "Workload", part
            yield from _selector(part["pods"])
        for kind, key, end in (("IngressRule", "ingress", "from"), ("EgressRule", "egress", "to")):
            for each in part.get(key, {}).values():
                yield kind, each
                yield from _peers(each[end])


def _peers(found: list[Any]) -> Iterator[tuple[str, Written]]:
    for each in found:
        if isinstance(each, dict):
            yield "Peer", each
            for key in ("pods", "namespaces"):
                if each.get(key):
                    yield from _selector(each[key])


def _selector(found: Written) -> Iterator[tuple[str, Written]]:
    yield "LabelSelector", found
    for each in found.get("matchExpressions", ()):
        yield "Expression", each


def write_another(kind: str, record: Written, field: str, random: Random) -> None:
    """Give *record* another value of *field*."""
    if field == "accept":
        record[field] = {"already-allowed": "a reason"}
    elif kind == "Expression":
        write_expression(record, field, random)
    elif kind == "LabelSelector":
        assert field in ("matchLabels", "matchExpressions"), f"no edit of {field}"
        replace_all(record, written_selector(random))
    elif kind == "Peer":
        write_peer(record, field, random)
    elif kind in ("IngressRule", "EgressRule"):
        write_rule(record, field, random)
    elif kind == "Networks":
        record[field] = written_networks(random)[field]
    elif kind == "ProfileSpec":
        write_profile(record, field, random)
    else:
        write_rules(record, field, random)


def replace_all(record: Written, other: Written) -> None:
    record.clear()
    record.update(other)


def write_expression(record: Written, field: str, random: Random) -> None:
    takes_values = record["operator"] in ("In", "NotIn")
    if field == "key":
        record["key"] = random.choice(KEYS)
    elif field == "operator":
        record["operator"] = random.choice(("In", "NotIn") if takes_values else ("Exists", "DoesNotExist"))
    else:
        assert field == "values", f"no edit of {field}"
        if takes_values:
            record["values"] = random.sample(VALUES, random.randint(1, 3))


def write_peer(record: Written, field: str, random: Random) -> None:
    if field == "except":
        if isinstance(record.get("cidr"), str):
            cuts = CUTS[record["cidr"]]
            record.pop("except", None)
            if chosen := random.sample(cuts, random.randint(0, len(cuts))):
                record["except"] = chosen
        return
    assert field in ("namespace", "namespaces", "pods", "cidr", "network"), f"no edit of {field}"
    other = written_peer(random)
    while field not in other:
        other = written_peer(random)
    replace_all(record, other)


def write_rule(record: Written, field: str, random: Random) -> None:
    match field:
        case "from" | "to":
            record[field] = one_or_more(record[field], random)
        case "ports":
            record.pop("ports", None)
            if random.random() < 0.7:
                record["ports"] = written_ports(random)
        case "why" | "owner":
            record[field] = random.choice(("one", "another"))
        case "until":
            record[field] = "2030-01-31"
        case "labels" | "annotations":
            record[field] = {"example.org/team": random.choice(("one", "another"))}
        case unknown:
            raise AssertionError(f"no edit of {unknown}")


def write_rules(record: Written, field: str, random: Random) -> None:
    """Give the spec of a namespace or of a workload another value of *field*."""
    match field:
        case "pods":
            record["pods"] = written_selector(random)
        case "ingress":
            record["ingress"] = {"one": written_rule("from", random), "in": written_rule("from", random)}
        case "egress":
            record["egress"] = {"two": written_rule("to", random)}
        case "workloads":
            record["workloads"] = random.choice(({}, {"some": written_spec(random)["workloads"]["some"]}))
        case "isolation":
            record["isolation"] = random.choice(("ingress", "egress", "both"))
            if "pods" not in record and record["isolation"] != "both":  # rules of an open direction are refused
                record.pop("egress" if record["isolation"] == "ingress" else "ingress", None)
        case "unprotected":
            replace_all(record, {"unprotected": "a reason"})
        case unknown:
            raise AssertionError(f"no edit of {unknown}")


def write_profile(record: Written, field: str, random: Random) -> None:
    match field:
        case "enforcer":
            record["enforcer"] = random.choice(("kube-router", "calico", "any"))
        case "networks":
            record["networks"] = written_networks(random)
        case "peers":
            record["peers"][random.choice(NAMED[:2])] = [written_peer(random)]
        case "policies":
            record["policies"] = random.choice(("per-rule", "per-direction"))
        case unknown:
            raise AssertionError(f"no edit of {unknown}")


def one_or_more(found: list[Any], random: Random) -> list[Any]:
    """*found* with a peer more, or with another one."""
    return [*found, written_peer(random)] if random.random() < 0.5 else [written_peer(random)]


def edited_resources(
    profile: Written, spec: Written, kind: str, field: str, random: Random
) -> tuple[Written, Written] | None:
    """Copies of *profile* and *spec* with another value of *field* in a record *kind*; ``None``: there is no such."""
    profile, spec = copy.deepcopy(profile), copy.deepcopy(spec)
    there = [record for name, record in written_nodes(profile, spec) if name == kind]
    if not there:
        return None
    write_another(kind, random.choice(there), field, random)
    return profile, spec
