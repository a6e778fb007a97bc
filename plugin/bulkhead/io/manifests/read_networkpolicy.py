"""
A NetworkPolicy as plain data to its value, strictly: what is not understood is refused.

A field that this reader would drop could open or close traffic, so an unknown field is a
problem, never a guess.  What the API server defaults is defaulted here, what it refuses is
refused; what a server has stored already is read as it is in force.
"""

import re
from typing import Any

from bulkhead.core.diagnostics import Diagnostic, Path, nearest
from bulkhead.core.kubernetes.networkpolicy import (
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
    Selector,
)
from bulkhead.core.language.scalars import Cidr, InvalidValue, LabelKey, LabelValue, quoted
from bulkhead.core.sets.ports import LAST, PROTOCOLS
from bulkhead.io.manifests import strict_metadata
from bulkhead.io.manifests.strict_reader import StrictReader, is_port_name, whole_number

API_VERSION = "networking.k8s.io/v1"
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_LEADING_ZEROS = re.compile(r"(?<![0-9a-fA-F:])0+(?=[0-9])")


def read(
    document: dict[str, Any], problems: list[Diagnostic], path: Path = ()
) -> tuple[NetworkPolicy, strict_metadata.Metadata, tuple[Diagnostic, ...]] | None:
    """
    Return the policy that *document* is, its metadata, and what is wrong with it if no API server has it.

    ``None``, and what is wrong added to *problems*, where it is none.
    """
    reader = PolicyReader(_named(document))
    metadata = strict_metadata.read(reader, document.get("metadata"), (*path, "metadata"))
    policy = reader.policy(document, metadata, path, metadata.stored)
    problems.extend(reader.problems)
    if reader.problems:
        return None
    return policy, metadata, _if_not_stored(document, metadata, path) if reader.tolerates else ()


def _if_not_stored(document: dict[str, Any], metadata: strict_metadata.Metadata, path: Path) -> tuple[Diagnostic, ...]:
    reader = PolicyReader(_named(document))
    reader.policy(document, metadata, path, stored=False)
    return tuple(reader.problems)


def _named(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return f"policy {metadata.get('namespace') or 'default'}/{metadata.get('name', '')}"


class PolicyReader(StrictReader):
    """
    Reads one document. *stored*: an API server has it, and older ones took CIDRs that the current ones refuse.

    *tolerates*: something was read that is refused of what no server has.
    """

    stored = False
    tolerates = False

    def policy(
        self, document: dict[str, Any], metadata: strict_metadata.Metadata, path: Path, stored: bool
    ) -> NetworkPolicy:
        """Return the policy that *document* is."""
        if document.get("apiVersion") != API_VERSION:
            message = f"a NetworkPolicy of `{document.get('apiVersion')}` is not read"
            self.refuse((*path, "apiVersion"), message, f"write it for `{API_VERSION}`")
        self.stored = stored  # old servers gave a policy a status, too
        # An empty one, which tools that write Go's values add, says nothing.
        says_nothing = document.get("status") in (None, {})
        self.tolerates = stored and not says_nothing
        may_have = ("status",) if stored or says_nothing else ()
        self.mapping(document, path, ("apiVersion", "kind", "metadata", "spec", *may_have))
        at = (*path, "spec")
        spec = self.mapping(document.get("spec"), at, ("podSelector", "policyTypes", "ingress", "egress"))
        ingress = self.rules(spec.get("ingress"), (*at, "ingress"), "from")
        egress = self.rules(spec.get("egress"), (*at, "egress"), "to")
        types = self.types(spec.get("policyTypes"), (*at, "policyTypes"), bool(egress))
        return NetworkPolicy(
            namespace=metadata.namespace,
            name=metadata.name,
            pods=self.selector(spec.get("podSelector"), (*at, "podSelector")),
            ingress=ingress if "Ingress" in types else None,
            egress=egress if "Egress" in types else None,
            labels=metadata.labels,
            annotations=metadata.annotations,
            has_types=bool(spec.get("policyTypes")),
        )

    def types(self, data: Any, path: Path, has_egress: bool) -> tuple[str, ...]:
        """Return the directions that the policy isolates. Left out: ingress, and egress if it has rules for it."""
        found = tuple(self.text(item, place) for place, item in self.items(data, path))
        if len(found) > 2:
            self.refuse(path, f"`policyTypes` has {len(found)} entries", "write at most two: `Ingress` and `Egress`")
        for place, name in enumerate(found):
            if name not in ("Ingress", "Egress"):
                self.refuse((*path, place), f"unknown policy type `{name}`", "write `Ingress` or `Egress`")
        return found or (("Ingress", "Egress") if has_egress else ("Ingress",))

    def rules(self, data: Any, path: Path, ends: str) -> tuple[PolicyRule, ...]:
        """Return the rules of a direction; their peers are in *ends*."""
        return tuple(self.rule(item, place, ends) for place, item in self.items(data, path))

    def rule(self, data: Any, path: Path, ends: str) -> PolicyRule:
        """Return one rule; its peers are in *ends*."""
        if data is None:
            self.refuse(path, "a rule that is null would allow everything", "write `{}` to allow everything")
        rule = self.mapping(data, path, (ends, "ports"))
        peers = tuple(self.peer(item, place) for place, item in self.items(rule.get(ends), (*path, ends)))
        ports = tuple(self.port(item, place) for place, item in self.items(rule.get("ports"), (*path, "ports")))
        return PolicyRule(peers or None, ports or None)

    def peer(self, data: Any, path: Path) -> IpBlock | PodPeer:
        """Return one peer."""
        peer = self.mapping(data, path, ("podSelector", "namespaceSelector", "ipBlock"))
        given = {key for key, item in peer.items() if item is not None}
        if not given:
            self.refuse(path, "a peer must have `podSelector`, `namespaceSelector` or `ipBlock`")
        if "ipBlock" in given:
            if len(given) > 1:
                self.refuse(path, "a peer with `ipBlock` has selectors as well", "write the selectors as another peer")
            return self.block(peer["ipBlock"], (*path, "ipBlock"))
        spaces = peer.get("namespaceSelector")
        return PodPeer(
            self.selector(peer.get("podSelector"), (*path, "podSelector")),
            None if spaces is None else self.selector(spaces, (*path, "namespaceSelector")),
        )

    def block(self, data: Any, path: Path) -> IpBlock:
        """Return an ``ipBlock``."""
        block = self.mapping(data, path, ("cidr", "except"))
        whole = self.parsed(self.network, block.get("cidr"), (*path, "cidr"))
        excluded = []
        for place, item in self.items(block.get("except"), (*path, "except")):
            part = self.parsed(self.network, item, place)
            if whole and part and (not whole.holds(part) or whole == part):
                self.refuse(place, f"`{item}` is not a part of `{block['cidr']}`")
            excluded.append(str(part or ""))
        return IpBlock(str(whole or ""), tuple(excluded))

    def network(self, data: object) -> Cidr:
        """Return the CIDR that *data* is. In a stored policy, host bits and leading zeros count for nothing."""
        if not self.stored or not isinstance(data, str):
            return Cidr.parse(data)
        try:
            return Cidr.parse(data)
        except InvalidValue:
            self.tolerates = True
        address, slash, length = _LEADING_ZEROS.sub("", data).partition("/")
        try:
            return Cidr.parse(f"{address}{slash}{length}")
        except InvalidValue:
            bits = 128 if ":" in address else 32
            host = Cidr.parse(f"{address}/{bits}" if slash else address)
            whole = Cidr.parse(f"{'::' if ':' in address else '0.0.0.0'}/{length}")  # its length is valid
            return Cidr(host.version, host.address >> (bits - whole.length) << (bits - whole.length), whole.length)

    def port(self, data: Any, path: Path) -> PolicyPort:
        """Return one port, or a range of them."""
        port = self.mapping(data, path, ("protocol", "port", "endPort"))
        protocol = port.get("protocol")
        if protocol is not None and protocol not in PROTOCOLS:
            self.refuse((*path, "protocol"), f"unknown protocol {quoted(protocol)}", "write `TCP`, `UDP` or `SCTP`")
        first, last = port.get("port"), port.get("endPort")
        if isinstance(first, str):
            if not is_port_name(first):
                self.refuse((*path, "port"), f"{quoted(first)} is no name of a port", "write a number without quotes")
        elif first is not None:
            first = self.number(first, (*path, "port"))
        if last is not None:
            last = self.end(port.get("port"), last, (*path, "endPort"))
        return PolicyPort(protocol or "TCP", first, last)

    def number(self, data: Any, path: Path) -> int | None:
        """Return the number of a port; ``None`` where it is none."""
        number = whole_number(data)
        if number is None or not 1 <= number <= LAST:
            self.refuse(path, f"{quoted(data)} is no port", f"write a number from 1 to {LAST}")
            return None
        return number

    def end(self, start: Any, data: Any, path: Path) -> int | None:
        """Return the last port of a range that begins at *start*."""
        first = whole_number(start)
        if first is None:
            self.refuse(path, "`endPort` needs a `port` that is a number")
            return None
        last = self.number(data, path)
        if last is not None and last < first:
            self.refuse(path, f"`endPort` {last} is before `port` {first}")
        return last

    def selector(self, data: Any, path: Path) -> Selector:
        """Return a label selector; absent: the empty one."""
        selector = self.mapping(data, path, ("matchLabels", "matchExpressions"))
        return Selector(
            self.labels(selector.get("matchLabels"), (*path, "matchLabels")),
            tuple(
                self.requirement(item, place)
                for place, item in self.items(selector.get("matchExpressions"), (*path, "matchExpressions"))
            ),
        )

    def requirement(self, data: Any, path: Path) -> Requirement:
        """Return one entry of ``matchExpressions``."""
        found = self.mapping(data, path, ("key", "operator", "values"))
        operator, values = found.get("operator"), self.items(found.get("values"), (*path, "values"))
        key = self.parsed(LabelKey.parse, found.get("key"), (*path, "key"))
        wanted = tuple(self.parsed(LabelValue.parse, item, place) or "" for place, item in values)
        if operator not in _OPERATORS:
            near = nearest(str(operator), _OPERATORS)
            self.refuse(
                (*path, "operator"), f"unknown operator {quoted(operator)}", f"did you mean `{near}`?" if near else ""
            )
        elif bool(wanted) != (operator in ("In", "NotIn")):
            self.refuse(path, f"`{operator}` {'takes no' if wanted else 'needs'} `values`")
        return Requirement(key or "", str(operator), wanted)
