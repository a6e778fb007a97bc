"""
Clusters of any size for measuring: the standard pattern in every namespace, and two special policies.

As files: ``python tests/bench/generate.py FOLDER NAMESPACES PODS [changed]`` writes YAML as
kubectl would.  As one dump: the same with ``dump`` in front writes what ``kubectl get
ns,pods,netpol -A -o json`` prints.  *changed* is a second revision that differs in one namespace.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

POD_CIDR = {"ipBlock": {"cidr": "10.42.0.0/16"}}
TIERS = ("web", "api", "db")
INFRASTRUCTURE = (
    ("kube-system", "traefik", {"app.kubernetes.io/name": "traefik"}),
    ("kube-system", "coredns", {"k8s-app": "kube-dns"}),
    ("monitoring", "prometheus", {"app.kubernetes.io/name": "prometheus"}),
    ("default", "cluster-dashboard", {"app": "cluster-dashboard"}),
)


def namespace(name: str) -> Json:
    labels = {"kubernetes.io/metadata.name": name}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def pod(number: int, space: str, name: str, labels: dict[str, str]) -> Json:
    address, node = f"10.{42 + (number >> 16)}.{number >> 8 & 255}.{number & 255}", f"192.168.20.{number % 8 + 1}"
    port = {"name": "main", "containerPort": 8080, "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, "labels": labels},
        "spec": {"containers": [{"name": "main", "image": "registry.example/app:1", "ports": [port]}]},
        "status": {"phase": "Running", "hostIP": node, "podIP": address, "podIPs": [{"ip": address}]},
    }


def policy(space: str, name: str, spec: Json) -> Json:
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def chosen(space: str, labels: dict[str, str]) -> Json:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space}},
        "podSelector": {"matchLabels": labels},
    }


def ports(*numbers: int, protocol: str = "TCP") -> list[Json]:
    return [{"port": number, "protocol": protocol} for number in numbers]


def coming(*peers: Json, pods: Json | None = None, to: list[Json] | None = None) -> Json:
    rule = {"from": list(peers), **({"ports": to} if to else {})}
    return {"podSelector": pods or {}, "policyTypes": ["Ingress"], "ingress": [rule]}


def going(*peers: Json, pods: Json | None = None, to: list[Json] | None = None) -> Json:
    rule = {"to": list(peers), **({"ports": to} if to else {})}
    return {"podSelector": pods or {}, "policyTypes": ["Egress"], "egress": [rule]}


def tier(name: str) -> Json:
    return {"matchLabels": {"tier": name}}


def policies(space: str, following: str, changed: bool) -> Iterator[Json]:
    traefik, dns, prometheus, dashboard = (chosen(there, labels) for there, _, labels in INFRASTRUCTURE)
    clients = [{"podSelector": tier("api")}]
    if changed:
        clients.append({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": following}}})
    both = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    yield policy(space, "default-deny-all", both)
    yield policy(space, "allow-traefik", coming(traefik))
    yield policy(space, "allow-prometheus", coming(prometheus))
    yield policy(space, "allow-dashboard", coming(dashboard))
    yield policy(space, "allow-pods", {**both, "ingress": [{"from": [POD_CIDR]}], "egress": [{"to": [POD_CIDR]}]})
    yield policy(space, "allow-dns", going(dns, to=ports(53, protocol="UDP") + ports(53)))
    if not changed:
        yield policy(space, "allow-https", going({"ipBlock": {"cidr": "0.0.0.0/0"}}, to=ports(443)))
    yield policy(space, "database", coming(*clients, pods=tier("db"), to=ports(5432)))
    neighbour = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": following}},
        "podSelector": tier("web"),
    }
    yield policy(
        space, "neighbour", going({"podSelector": tier("db")}, neighbour, pods=tier("api"), to=ports(8080, 5432))
    )


def cluster(namespaces: int, pods_each: int, changed: bool = False) -> tuple[list[Json], list[Json], list[Json]]:
    """Return the resources of a cluster: namespaces, pods, policies."""
    names = [f"team-{number:04}" for number in range(namespaces)]
    spaces = [namespace(name) for name in ("kube-system", "monitoring", "default", *names)]
    wanted = [*INFRASTRUCTURE]
    for name in names:
        wanted += [(name, f"app-{n}", {"app": f"app-{n}", "tier": TIERS[n % 3]}) for n in range(pods_each)]
    pods = [pod(number, *one) for number, one in enumerate(wanted, 2)]
    rules = [
        one
        for number, name in enumerate(names)
        for one in policies(name, names[(number + 1) % namespaces], changed and number == 3)
    ]
    return spaces, pods, rules


def write_folder(folder: str, spaces: list[Json], pods: list[Json], rules: list[Json]) -> None:
    """Write a file of namespaces, one of pods and one of policies for each namespace."""
    files = {"namespaces.yaml": spaces}
    for one in pods + rules:
        files.setdefault(f"{one['metadata']['namespace']}/{one['kind'].lower()}.yaml", []).append(one)
    for name, documents in files.items():
        file = Path(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.dump_all(documents, Dumper=yaml.CSafeDumper))


def write_dump(file: str, spaces: list[Json], pods: list[Json], rules: list[Json]) -> None:
    """Write one list, as kubectl does."""
    items = [*spaces, *pods, *rules]
    with Path(file).open("w") as stream:
        stream.write('{\n    "apiVersion": "v1",\n    "items": [\n')
        for number, item in enumerate(items, 1):
            text = json.dumps(item, indent=4).replace("\n", "\n        ")
            stream.write(f"        {text}{',' if number < len(items) else ''}\n")
        stream.write('    ],\n    "kind": "List"\n}\n')


def main(arguments: list[str]) -> None:
    write = write_dump if arguments[0] == "dump" else write_folder
    target, namespaces, pods_each, *changed = arguments[arguments[0] == "dump" :]
    write(target, *cluster(int(namespaces), int(pods_each), bool(changed)))


if __name__ == "__main__":
    main(sys.argv[1:])
