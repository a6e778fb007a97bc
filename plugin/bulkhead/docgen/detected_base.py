"""Base as a dump makes it: the facts of a cluster, written as profile and standard pattern."""

import json
import re
from collections.abc import Iterable

from bulkhead.analysis.detection.fact import Fact, Selected
from bulkhead.analysis.detection.facts import ClusterFacts
from bulkhead.analysis.detection.services import has_node_local_dns
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.safe_text import printable
from bulkhead.docgen.new_tree import Base
from bulkhead.io.yaml.nodes import reads_as_text

_PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
_ALREADY = "accept: {already-allowed: says who needs it; counts as soon as intra-namespace is narrowed}"
_LAG = "accept: {every-pod-can-come-in: 'chosen, because a selector learns a new pod''s address up to a second late'}"


def detected_base(facts: ClusterFacts) -> Base:
    """Return base for the cluster with these *facts*; each is a comment with its source."""
    comment = "".join(f"# {printable(str(each))}\n" for each in facts.facts())
    comment += "".join(f"# not detected: {printable(each)}\n" for each in facts.unknown)
    ports = f"[{', '.join(facts.dns_ports)}]"
    return Base(comment, "".join(_profile(facts)), "".join(_standard(facts, ports)), dns_ports=ports)


def opens_pod_network(facts: ClusterFacts) -> bool:
    """Say whether pods come in by the network of pods, because kube-router learns a new pod's address late."""
    return facts.semantics() is Enforcer.KUBE_ROUTER and "pods" in facts.networks


def _profile(facts: ClusterFacts) -> Iterable[str]:
    yield f"  enforcer: {facts.semantics().value}\n"
    if facts.networks:
        said = ", ".join(f"{name}: {_one_or_list(each.values)}" for name, each in facts.networks.items())
        yield f"  networks: {{{said}}}\n"
    if facts.api_server:
        yield "  accept: {unused-peer: kubernetes-api is for the rules of namespaces that need it}\n"
    yield "  peers:\n    same-namespace: {pods: {}}\n"
    if opens_pod_network(facts):
        yield "    pod-network: {network: pods}\n"
    pods = [_pods(each) for each in facts.dns_peers]
    blocks = ["{cidr: 169.254.20.10/32}"] if has_node_local_dns(facts.dns) else []
    yield f"    kube-dns: {_one_or_list((*pods, *blocks))}\n"
    for each in _callers(facts):
        yield f"    {_plain(each.name)}: {_pods(each)}\n"
    if facts.api_server:
        yield f"    kubernetes-api: {{cidr: {_one_or_list(_hosts(facts.api_server))}}}\n"
    public = [text for each in facts.networks.values() for text in each.values if _is_public(text)]
    yield f"    internet: {{cidr: 0.0.0.0/0, except: [{', '.join((*_PRIVATE, *dict.fromkeys(public)))}]}}\n"


def _standard(facts: ClusterFacts, ports: str) -> Iterable[str]:
    is_open = opens_pod_network(facts)
    yield "  ingress:\n"
    for each in _callers(facts):
        why = "Prometheus metrics scrape" if each.what == "Prometheus" else "From the ingress controller"
        yield f"    {_plain(each.name)}:\n      from: {_plain(each.name)}\n      why: {why}\n"
        yield f"      {_ALREADY}\n" if is_open else ""
    source = "pod-network" if is_open else "same-namespace"
    yield f"    intra-namespace:\n      from: {source}\n      why: Intra-namespace pod traffic\n"
    yield f"      {_LAG}\n" if is_open else ""
    yield "  egress:\n"
    yield "    intra-namespace: {to: same-namespace, why: Intra-namespace pod traffic}\n"
    yield f"    dns: {{to: kube-dns, ports: {ports}, why: DNS resolution}}\n"
    yield "    external-https: {to: internet, ports: 443, why: External HTTPS}\n"


def _callers(facts: ClusterFacts) -> list[Selected]:
    """Return who comes into most namespaces; pods on the host network have no selector that matches them."""
    return [each for each in (*facts.ingress, *facts.prometheus) if not each.on_host_network]


def _hosts(fact: Fact) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{each.rpartition(':')[0]}/32" for each in fact.values))


def _pods(selected: Selected) -> str:
    labels = ", ".join(f"{_plain(key)}: {_plain(value)}" for key, value in selected.labels)
    return f"{{namespace: {_plain(selected.namespace)}, pods: {{{labels}}}}}"


def _one_or_list(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"[{', '.join(values)}]"


def _plain(text: str) -> str:
    """Return *text* as YAML reads it back as the same text."""
    return text if re.fullmatch(r"[A-Za-z0-9][\w./-]*", text) and reads_as_text(text) else json.dumps(text)


def _is_public(network: str) -> bool:
    import ipaddress  # here: a preset needs none

    found = ipaddress.ip_network(network)
    return found.version == 4 and not any(
        ipaddress.IPv4Network(each).supernet_of(ipaddress.IPv4Network(network)) for each in _PRIVATE
    )
