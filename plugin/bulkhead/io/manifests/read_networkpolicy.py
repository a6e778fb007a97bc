"""
A NetworkPolicy as plain data to its value, strictly: what is not understood is refused.

A field that this reader would drop could open or close traffic, so an unknown field is a
problem, never a guess.  What the API server defaults is defaulted here, what it refuses is
refused.
"""

import re
from typing import Any

from bulkhead.core.diagnostics import Diagnostic, Path, in_resource, nearest
from bulkhead.core.kubernetes.networkpolicy import (
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
    Selector,
)
from bulkhead.core.sets import addresses
from bulkhead.core.sets.ports import LAST, PROTOCOLS

API_VERSION = "networking.k8s.io/v1"
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*\Z")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def read(document: dict[str, Any], problems: list[Diagnostic], path: Path = ()) -> NetworkPolicy | None:
    """Return the policy that *document* is; ``None``, and what is wrong added to *problems*, where it is none."""
    reader = _PolicyReader(_named(document))
    policy = reader.policy(document, path)
    problems.extend(reader.problems)
    return None if reader.problems else policy


def _named(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return f"policy {metadata.get('namespace') or 'default'}/{metadata.get('name', '')}"


class _PolicyReader:
    """Reads one document and collects what is wrong with it."""

    def __init__(self, resource: str) -> None:
        self.resource = resource
        self.problems: list[Diagnostic] = []

    def refuse(self, path: Path, message: str, hint: str = "") -> None:
        self.problems.append(Diagnostic(in_resource(self.resource, path), message, hint))

    def mapping(self, data: Any, path: Path, known: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return *data* as a mapping with no keys but *known* (any, where none are given); absent: an empty one."""
        if data is None:
            return {}
        if not isinstance(data, dict):
            self.refuse(path, f"`{_last(path)}` must be a mapping")
            return {}
        for key in data if known else ():
            if key not in known:
                near = nearest(str(key), known)
                self.refuse((*path, key), f"unknown field `{key}`", f"did you mean `{near}`?" if near else "")
        return data

    def items(self, data: Any, path: Path) -> list[tuple[Path, Any]]:
        """Return the items of the list *data* with their paths; absent: none."""
        if data is None:
            return []
        if not isinstance(data, list):
            self.refuse(path, f"`{_last(path)}` must be a list")
            return []
        return [((*path, number), item) for number, item in enumerate(data)]

    def text(self, data: Any, path: Path) -> str:
        if not isinstance(data, str):
            self.refuse(
                path, f"`{_last(path)}` must be text, not `{data}`", f'write `"{data}"`' if data is not None else ""
            )
            return ""
        return data

    def texts(self, data: Any, path: Path) -> tuple[str, ...]:
        return tuple(self.text(item, place) for place, item in self.items(data, path))

    def labels(self, data: Any, path: Path) -> tuple[tuple[str, str], ...]:
        found = self.mapping(data, path)
        return tuple(sorted((self.text(key, path), self.text(item, (*path, key))) for key, item in found.items()))

    def policy(self, document: dict[str, Any], path: Path) -> NetworkPolicy:
        if document.get("apiVersion") != API_VERSION:
            message = f"a NetworkPolicy of `{document.get('apiVersion')}` is not read"
            self.refuse((*path, "apiVersion"), message, f"write it for `{API_VERSION}`")
        metadata = self.mapping(document.get("metadata"), (*path, "metadata"))
        at = (*path, "spec")
        spec = self.mapping(document.get("spec"), at, ("podSelector", "policyTypes", "ingress", "egress"))
        ingress = self.rules(spec.get("ingress"), (*at, "ingress"), "from")
        egress = self.rules(spec.get("egress"), (*at, "egress"), "to")
        types = self.types(spec.get("policyTypes"), (*at, "policyTypes"), bool(egress))
        return NetworkPolicy(
            namespace=self.text(metadata.get("namespace") or "default", (*path, "metadata", "namespace")),
            name=self.text(metadata.get("name"), (*path, "metadata", "name")),
            pods=self.selector(spec.get("podSelector"), (*at, "podSelector")),
            ingress=ingress if "Ingress" in types else None,
            egress=egress if "Egress" in types else None,
            labels=self.labels(metadata.get("labels"), (*path, "metadata", "labels")),
            annotations=self.labels(metadata.get("annotations"), (*path, "metadata", "annotations")),
        )

    def types(self, data: Any, path: Path, has_egress: bool) -> tuple[str, ...]:
        """Return the directions that the policy isolates. Left out: ingress, and egress if it has rules for it."""
        found = self.texts(data, path)
        for place, name in enumerate(found):
            if name not in ("Ingress", "Egress"):
                self.refuse((*path, place), f"unknown policy type `{name}`", "write `Ingress` or `Egress`")
        return found or (("Ingress", "Egress") if has_egress else ("Ingress",))

    def rules(self, data: Any, path: Path, ends: str) -> tuple[PolicyRule, ...]:
        return tuple(self.rule(item, place, ends) for place, item in self.items(data, path))

    def rule(self, data: Any, path: Path, ends: str) -> PolicyRule:
        if data is None:
            self.refuse(path, "a rule that is null would allow everything", "write `{}` to allow everything")
        rule = self.mapping(data, path, (ends, "ports"))
        peers = tuple(self.peer(item, place) for place, item in self.items(rule.get(ends), (*path, ends)))
        ports = tuple(self.port(item, place) for place, item in self.items(rule.get("ports"), (*path, "ports")))
        return PolicyRule(peers or None, ports or None)

    def peer(self, data: Any, path: Path) -> IpBlock | PodPeer:
        peer = self.mapping(data, path, ("podSelector", "namespaceSelector", "ipBlock"))
        given = {key for key, item in peer.items() if item is not None}
        if not given:
            self.refuse(path, "a peer must have `podSelector`, `namespaceSelector` or `ipBlock`")
        if "ipBlock" in given:
            if len(given) > 1:
                self.refuse(path, "`ipBlock` stands alone in its peer", "write the selectors as another peer")
            return self.block(peer["ipBlock"], (*path, "ipBlock"))
        spaces = peer.get("namespaceSelector")
        return PodPeer(
            self.selector(peer.get("podSelector"), (*path, "podSelector")),
            None if spaces is None else self.selector(spaces, (*path, "namespaceSelector")),
        )

    def block(self, data: Any, path: Path) -> IpBlock:
        block = self.mapping(data, path, ("cidr", "except"))
        cidr, excluded = (
            self.text(block.get("cidr"), (*path, "cidr")),
            self.texts(block.get("except"), (*path, "except")),
        )
        whole = self.cidr(cidr, (*path, "cidr"))
        for place, text in enumerate(excluded):
            part = self.cidr(text, (*path, "except", place))
            if whole and part and not (whole[0] <= part[0] and part[1] <= whole[1] and part != whole):
                self.refuse((*path, "except", place), f"`{text}` is no part of `{cidr}`")
        return IpBlock(cidr, excluded)

    def cidr(self, text: str, path: Path) -> tuple[int, int] | None:
        try:
            if "/" in text:
                return addresses.network(text)
        except ValueError:
            pass
        self.refuse(path, f"`{text}` is no CIDR", f"write `{text}/32` for one address" if text.count(".") == 3 else "")
        return None

    def port(self, data: Any, path: Path) -> PolicyPort:
        port = self.mapping(data, path, ("protocol", "port", "endPort"))
        protocol = port.get("protocol") or "TCP"
        if protocol not in PROTOCOLS:
            self.refuse((*path, "protocol"), f"unknown protocol `{protocol}`", "write `TCP`, `UDP` or `SCTP`")
        number, end = port.get("port"), port.get("endPort")
        if isinstance(number, str):
            if len(number) > 15 or not _PORT_NAME.match(number):
                self.refuse((*path, "port"), f"`{number}` is no name of a port", "a number is written without quotes")
        elif number is not None:
            self.number(number, (*path, "port"))
        if end is not None:
            self.end(number, end, (*path, "endPort"))
        return PolicyPort(protocol, number, end)

    def number(self, data: Any, path: Path) -> bool:
        valid = isinstance(data, int) and not isinstance(data, bool) and 1 <= data <= LAST
        if not valid:
            self.refuse(path, f"`{data}` is no port", f"a port is a number from 1 to {LAST}")
        return valid

    def end(self, first: Any, last: Any, path: Path) -> None:
        if not isinstance(first, int) or isinstance(first, bool):
            self.refuse(path, "`endPort` needs a `port` that is a number")
        elif self.number(last, path) and last < first:
            self.refuse(path, f"`endPort` {last} is before `port` {first}")

    def selector(self, data: Any, path: Path) -> Selector:
        selector = self.mapping(data, path, ("matchLabels", "matchExpressions"))
        return Selector(
            self.labels(selector.get("matchLabels"), (*path, "matchLabels")),
            tuple(
                self.requirement(item, place)
                for place, item in self.items(selector.get("matchExpressions"), (*path, "matchExpressions"))
            ),
        )

    def requirement(self, data: Any, path: Path) -> Requirement:
        found = self.mapping(data, path, ("key", "operator", "values"))
        key, operator = self.text(found.get("key"), (*path, "key")), found.get("operator")
        wanted = self.texts(found.get("values"), (*path, "values"))
        if operator not in _OPERATORS:
            near = nearest(str(operator), _OPERATORS)
            self.refuse(
                (*path, "operator"), f"unknown operator `{operator}`", f"did you mean `{near}`?" if near else ""
            )
        elif bool(wanted) != (operator in ("In", "NotIn")):
            self.refuse(path, f"`{operator}` {'takes no' if wanted else 'needs'} `values`")
        return Requirement(key, str(operator), wanted)


def _last(path: Path) -> str:
    return str(path[-1]) if path else "document"
