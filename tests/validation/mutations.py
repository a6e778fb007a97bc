"""Mutated NetworkPolicies as text: most are wrong in one or two places, in ways that the API server judges."""

import copy
import json
import random
from typing import Any

LONG = "a" * 63
TEXTS = (
    *(
        "",
        "a",
        "a-b",
        "a.b",
        "a_b",
        "A",
        "-a",
        "a-",
        ".a",
        "a.",
        "_a",
        "a b",
        "a/b",
        "a\nb",
        "ä",
        "*",
        "a..b",
        "1",
        "80",
    ),
    *(
        LONG,
        LONG + "a",
        "x.y/z",
        "x.y/",
        "/z",
        "X.y/z",
        "x_y/z",
        "x/y/z",
        "x-/z",
        f"{'x.' * 126}y/z",
        f"{'x.' * 127}y/z",
    ),
    *("a" * 253, "a" * 254, ".".join([LONG] * 4), f"x.y/{LONG}", f"x.y/{LONG}a", "Ingress", "Egress", "ingress", "In"),
    *(
        "http",
        "http-alt",
        "a--b",
        "HTTP",
        "sixteen-letters-",
        "fifteen-letters",
        "0",
        "TCP",
        "UDP",
        "SCTP",
        "tcp",
        "ICMP",
    ),
    *(
        "Exists",
        "DoesNotExist",
        "NotIn",
        "Gt",
        "in",
        "orphan",
        "foregroundDeletion",
        "2026-01-31T12:00:00Z",
        "2026-02-31T12:00:00Z",
    ),
)
CIDRS = (
    *(
        "10.0.0.0/8",
        "10.0.0.1/8",
        "010.0.0.0/8",
        "10.0.0.0/08",
        "10.0.0.0",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "/8",
    ),
    *(
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/0.255.255.255",
        "10.1.0.0/16",
        "10.0.0.0/9",
        "11.0.0.0/9",
        "0.0.0.0/0",
        "10.0.0.5/32",
    ),
    *(
        "::/0",
        "fd00::/8",
        "fd00::1/8",
        "FD00::/8",
        "fd00:0::/16",
        "fd00::%eth0/16",
        "::ffff:10.0.0.0/104",
        "::ffff:0:0/96",
    ),
    *(
        "::10.0.0.0/104",
        "fd00::/129",
        "fd00:::/8",
        "1:2:3:4:5:6:7:8/128",
        " 10.0.0.0/8",
        "10.0.0.0/8 ",
        "10.0.0/8",
        "٣.0.0.0/8",
    ),
)
NUMBERS = (0, 1, -1, 79, 80, 81, 65535, 65536, 1 << 31, (1 << 32) + 80, 1 << 63, 80.0, 80.5, 1e3, -0.0)
JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": ""},
    {"a": None},
    {"a": 1},
    ["a"],
    ["a", "a", "a"],
)
SCALARS = (
    *(
        "y",
        "n",
        "Y",
        "N",
        "yes",
        "no",
        "on",
        "off",
        "Yes",
        "NO",
        "true",
        "False",
        "null",
        "~",
        "Null",
        "1e3",
        "1E3",
        "8e1",
    ),
    *(
        "0o17",
        "0O120",
        "08",
        "010",
        "080",
        "0x50",
        "0b1010000",
        "8_0",
        "80.",
        "80.0",
        "+80",
        "-80",
        "1:30",
        "2026-01-31",
        ".5",
    ),
    *(".inf", ".nan", "1.5", "=", "80/TCP", "http", "a", "1e400", "99999999999999999999", "!!str 80", "! 80", "! y"),
)
FIELDS = (
    "x",
    "Spec",
    "podselector",
    "protocols",
    "ports",
    "from",
    "to",
    "status",
    "kind",
    "name",
    "$patch",
    "cidr",
    "endPort",
)


NAMED = (("apiVersion",), ("kind",))
"""What says that it is a NetworkPolicy of Kubernetes, which stays: another kind is named as not judged."""


class Plain(str):
    """A scalar without quotes."""


def selector() -> dict[str, Any]:
    """Return a selector with every operator."""
    return {
        "matchLabels": {"app": "web", "x.y/z": ""},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "x.y/tier", "operator": "NotIn", "values": [""]},
            {"key": "c", "operator": "Exists"},
            {"key": "d", "operator": "DoesNotExist", "values": []},
        ],
    }


def policy() -> dict[str, Any]:
    """Return a policy that has every field."""
    blocks = [
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}},
        {"ipBlock": {"cidr": "fd00::/8", "except": ["fd00::/16"]}},
        {"ipBlock": {"cidr": "0.0.0.0/0"}},
    ]
    pods = [
        {"podSelector": selector()},
        {"namespaceSelector": selector()},
        {"podSelector": {}, "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}},
    ]
    ports = [{"protocol": "UDP", "port": 53}, {"port": "http"}, {"port": 80, "endPort": 90}, {"protocol": "SCTP"}, {}]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "1", "controller": True}
    metadata = {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"X.y/z": "any text"}}
    more = {"finalizers": ["x.y/z"], "ownerReferences": [owner], "creationTimestamp": None, "generation": 1}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {**metadata, **more},
        "spec": {
            "podSelector": selector(),
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [*pods, *blocks], "ports": ports}, {}],
            "egress": [{"to": [*blocks, *pods], "ports": ports}, {"to": [], "ports": None}],
        },
    }


def mutated(random_numbers: random.Random) -> str:
    """Return the text of a policy with one to three changes."""
    document = copy.deepcopy(policy())  # its parts are shared
    document = json.loads(json.dumps(document))
    for _ in range(random_numbers.choice((1, 1, 1, 2, 3))):
        at = random_numbers.choice([path for path in paths(document) if path not in NAMED])
        change_at(document, at, random_numbers)
    return text_of(document)


def change_at(document: Any, path: tuple[Any, ...], random_numbers: random.Random) -> None:
    """Change *document* at *path*."""
    *above, last = path
    at = document
    for step in above:
        at = at[step]
    below = at[last]
    kind = random_numbers.randrange(8)
    if kind == 0:
        del at[last]
    elif kind == 1:
        at[last] = copy.deepcopy(random_numbers.choice(JUNK))
    elif kind == 2:
        at[last] = Plain(random_numbers.choice(SCALARS))
    elif kind == 3 and isinstance(at, dict):
        at[random_numbers.choice(FIELDS)] = copy.deepcopy(below)
    elif kind == 3:
        at.insert(0, copy.deepcopy(below))
    elif kind == 4 and isinstance(at, dict):
        at[random_numbers.choice((Plain(random_numbers.choice(SCALARS)), random_numbers.choice(TEXTS)))] = at.pop(last)
    elif "cidr" in above[-1:] or "except" in above or last == "cidr":
        at[last] = random_numbers.choice(CIDRS)
    elif last in ("port", "endPort", "generation", "containerPort", "replicas"):
        at[last] = random_numbers.choice(NUMBERS)
    else:
        at[last] = random_numbers.choice(TEXTS)


def paths(data: Any, path: tuple[Any, ...] = ()) -> Any:
    if path:
        yield path
    for key, below in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from paths(below, (*path, key))


def text_of(document: Any) -> str:
    """Return *document* as YAML: a line for each of its fields, which are written as flow collections."""
    if not isinstance(document, dict):
        return _flow(document) + "\n"
    return "".join(f"{_flow(key)}: {_flow(item)}\n" for key, item in document.items()) or "{}\n"


def _flow(data: Any) -> str:
    if isinstance(data, Plain):
        return str(data)
    if isinstance(data, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(_flow, data)) + "]"
    return json.dumps(data)
