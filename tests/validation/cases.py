"""Policies that are wrong in one known way, or seem to be, and scalars that versions of YAML read differently."""

METADATA = "{name: web, namespace: shop}"
HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"


def _policy(spec: str = "{podSelector: {}}", metadata: str = METADATA, more: str = "") -> str:
    return f"{HEAD}metadata: {metadata}\nspec: {spec}\n{more}"


def _ports(*ports: str) -> list[str]:
    return [_policy(f"{{podSelector: {{}}, ingress: [{{ports: [{port}]}}]}}") for port in ports]


def _peers(*peers: str) -> list[str]:
    return [_policy(f"{{podSelector: {{}}, egress: [{{to: [{peer}]}}]}}") for peer in peers]


def _selectors(*selectors: str) -> list[str]:
    return [_policy(f"{{podSelector: {each}}}") for each in selectors]


def _blocks(cidr: str, *excluded: str) -> str:
    return f"{{ipBlock: {{cidr: {cidr}, except: [{', '.join(excluded)}]}}}}"


LONG = "a" * 63
LABELS: tuple[str, ...] = (
    "a: b",
    "a: ''",
    "a/b: c",
    "'': b",
    "/a: b",
    "a/: b",
    "A/b: c",
    "a/b/c: d",
    "-a: b",
    "a: -b",
    "a: b.",
    "a: b c",
)
LABELS += (
    f"{LONG}: b",
    f"{LONG}a: b",
    f"a: {LONG}",
    f"a: {LONG}a",
    "a: ä",
    "ä: a",
    "a: 1",
    "a: '1'",
    "a: yes",
    "a: 'yes'",
)
LABELS += (
    "a: y",
    "n: a",
    "1: a",
    "1.5: a",
    "a: null",
    "a: [b]",
    "a: {b: c}",
    "a: 2026-01-31",
    "a: 1:30",
    "a: 1e3",
    "a: 08",
)
NAMES: tuple[str, ...] = (
    "web",
    "a.b",
    "A",
    "web-",
    "-web",
    "a..b",
    "a_b",
    "''",
    "1",
    "'1'",
    "n",
    "'n'",
    "null",
    "[]",
    "{}",
    "x/y",
    "1e3",
    "08",
)
NAMES += ("a" * 253, "a" * 254, f"{LONG}a", "2026-01-31", "0x1F", "0o17")
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "in", "Equals", "''", "null", "[]")
VALUES: tuple[str, ...] = (
    "",
    ", values: []",
    ", values: [a]",
    ", values: [a, a]",
    ", values: ['']",
    ", values: [a b]",
    ", values: a",
)
VALUES += (", values: [1]", ", values: [y]", ", values: null", ", Values: [a]")
NUMBERS: tuple[str, ...] = (
    "0",
    "1",
    "65535",
    "65536",
    "-1",
    "80.0",
    "80.5",
    "1e3",
    "0o120",
    "010",
    "08",
    "0x50",
    "8_0",
    "'80'",
    "80/TCP",
)
NUMBERS += (
    "http",
    "HTTP",
    "a--b",
    "-a",
    "a-",
    "123",
    "'123'",
    "1a",
    "fifteen-letters",
    "sixteen-letters1",
    "''",
    "true",
    "y",
    "[80]",
)
CIDRS: tuple[str, ...] = (
    "10.0.0.0/8",
    "10.0.0.1/8",
    "010.0.0.0/8",
    "10.0.0.0/08",
    "10.0.0.0",
    "10.0.0.0/33",
    "10.0.0.0/255.0.0.0",
    "::/0",
)
CIDRS += (
    "fd00::/8",
    "FD00::/8",
    "fd00::1/8",
    "'::ffff:10.0.0.0/104'",
    "'::ffff:0:0/96'",
    "fd00::%1/64",
    "''",
    "null",
    "10",
    "'/8'",
)

CASES: list[str] = [
    *(_policy(metadata=f"{{name: {name}, namespace: shop}}") for name in NAMES),
    *(_policy(metadata=f"{{name: web, namespace: {name}}}") for name in NAMES),
    *(_policy(metadata=f"{{generateName: {name}}}") for name in NAMES),
    *(_policy(metadata=f"{{name: web, labels: {{{label}}}}}") for label in LABELS),
    *(_policy(metadata=f"{{name: web, annotations: {{{label}}}}}") for label in LABELS),
    *_selectors(*(f"{{matchLabels: {{{label}}}}}" for label in LABELS)),
    *_selectors(*(f"{{matchExpressions: [{{key: a, operator: {o}{v}}}]}}" for o in OPERATORS for v in VALUES)),
    *_selectors("null", "[]", "{}", "a", "{matchLabel: {a: b}}", "{matchExpressions: {}}", "{matchExpressions: [{}]}"),
    *_selectors("{matchExpressions: [{operator: Exists}]}", "{matchExpressions: [{key: a/, operator: Exists}]}"),
    *_ports(
        *(f"{{port: {number}}}" for number in NUMBERS), *(f"{{port: 80, endPort: {number}}}" for number in NUMBERS)
    ),
    *_ports(
        "{endPort: 90}",
        "{port: http, endPort: 90}",
        "{port: null, endPort: 90}",
        "{port: 90, endPort: 90}",
        "null",
        "80",
    ),
    *_ports(
        *(f"{{protocol: {each}}}" for each in ("TCP", "UDP", "SCTP", "tcp", "ICMP", "''", "null", "{}", "[]", "6"))
    ),
    *_ports("{protocols: TCP}", "{Port: 80}", "{name: http}"),
    *_peers("{}", "null", "[]", "{podSelector: null}", "{podSelector: {}}", "{namespaceSelector: {}}", "{pods: {}}"),
    *_peers("{ipBlock: null}", "{ipBlock: {}}", "{ipBlock: {except: [10.0.0.0/8]}}", "{ipBlock: 10.0.0.0/8}"),
    *_peers("{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}", "{ipBlock: {cidr: 10.0.0.0/8}, namespaceSelector: {}}"),
    *_peers(*(_blocks(cidr) for cidr in CIDRS), *(_blocks("0.0.0.0/0", cidr) for cidr in CIDRS)),
    *_peers(
        _blocks("10.0.0.0/8", "10.0.0.0/8"), _blocks("10.0.0.0/8", "11.0.0.0/9"), _blocks("10.0.0.0/16", "10.0.0.0/8")
    ),
    *_peers(
        _blocks("10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16"),
        _blocks("::/0", "10.0.0.0/8"),
        _blocks("fd00::/8", "fd00::/9"),
    ),
    *(
        _policy(f"{{podSelector: {{}}, policyTypes: {types}}}")
        for types in (
            "[]",
            "[Ingress]",
            "[Egress]",
            "[Ingress, Egress]",
            "[Ingress, Ingress]",
            "[Ingress, Egress, Egress]",
        )
    ),
    *(
        _policy(f"{{podSelector: {{}}, policyTypes: {types}}}")
        for types in ("[ingress]", "Ingress", "null", "['']", "{}")
    ),
    *(
        _policy(f"{{podSelector: {{}}, ingress: {rules}}}")
        for rules in ("null", "[]", "[{}]", "{}", "[[]]", "[{to: []}]")
    ),
    *(
        _policy(f"{{podSelector: {{}}, egress: {rules}}}")
        for rules in ("null", "[]", "[{}]", "[null]", "[{from: []}]", "a")
    ),
    *(_policy(spec) for spec in ("null", "{}", "[]", "a", "{podselector: {}}", "{podSelector: {}, x: 1}")),
    *(_policy(more=more) for more in ("status: {}\n", "x: 1\n", "Spec: {}\n", "apiversion: v1\n")),
    *(_policy(metadata=each) for each in ("null", "{}", "[]", "web", "{name: web, namespaces: shop}", "{Name: web}")),
    *(_policy(metadata=f"{{name: web, {each}}}") for each in ("namespace: []", "namespace: null", "namespace: ''")),
    *(
        _policy(metadata=f"{{name: web, {each}}}")
        for each in ("uid: 1", "generation: a", "creationTimestamp: 1", "finalizers: [a]")
    ),
    *(
        _policy().replace("networking.k8s.io/v1", version)
        for version in ("v1", "networking.k8s.io/v1beta1", "extensions/v1beta1")
    ),
]
"""The texts of policies."""

WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
SCALARS: list[str] = [
    *(form for word in WORDS for form in (word, word.capitalize(), word.upper())),
    *(
        "~",
        "yEs",
        "nULL",
        ".inf",
        "+.inf",
        "-.Inf",
        ".INF",
        ".iNF",
        ".nan",
        ".NaN",
        "1e3",
        "1E3",
        "1e+3",
        "1.e3",
        ".5",
        "-.5",
        "+.5",
    ),
    *(
        ".5e3",
        ".0_9",
        "._9",
        "5.",
        "0o17",
        "0O17",
        "017",
        "08",
        "09",
        "0",
        "00",
        "0x1F",
        "0X1f",
        "0xg",
        "0b101",
        "0B101",
        "-0b101",
    ),
    *(
        "0b-101",
        "0b+1",
        "-0b-1",
        "0b2",
        "1_000",
        "1__0",
        "_1",
        "0_8",
        "0x_1",
        "1:30",
        "12:30:45",
        "2001-01-01",
        "2001-01-01T00:00:00Z",
    ),
    *(
        "9007199254740993",
        "1e400",
        "0777777777777777777777777",
        "0xFFFFFFFFFFFFFFFFFF",
        "+0x1F",
        "-",
        "+",
        "..",
        "-.",
        "=",
        "1.5",
    ),
    *(
        "1000000.5",
        "123456789.5",
        "0.00001",
        "0.0001",
        "1e6",
        "1e5",
        "16777217.5",
        "3.3",
        "1e-5",
        "1.0",
        "80.0",
        "+80",
        "++1",
        "1e",
    ),
    *(
        "0e0",
        "-0",
        "-0.0",
        "1/2",
        "1.2.3",
        "10.0.0.0/8",
        "80/TCP",
        "v1",
        "1a",
        "!!str 80",
        "! 80",
        "! y",
        "'80'",
        '"y"',
        "a b",
    ),
]
"""Scalars, most of them without quotes."""
