"""
What is wrong with a ClusterNetworkPolicy, or with an AdminNetworkPolicy or BaselineAdminNetworkPolicy.

These policies are not judged. One that no API server takes is refused all the same: who wrote it believes that it
denies or allows something. The rules are those of ``sigs.k8s.io/network-policy-api``: all of ``apis/v1alpha2`` and
``apis/v1beta1``; of ``apis/v1alpha1``, whose fields changed between releases, the actions, the priority and the name.
A policy that a server has stored, or of another version, is not checked.
"""

import re
from typing import Any

from bulkhead.core.diagnostics import Diagnostic, Path, nearest
from bulkhead.core.language.scalars import quoted
from bulkhead.core.record import record
from bulkhead.core.sets.ports import LAST
from bulkhead.io.manifests.read_networkpolicy import PolicyReader
from bulkhead.io.manifests.strict_reader import is_port_name

GROUP = "policy.networking.k8s.io"
_LAST_PRIORITY = 1000


@record
class _Form:
    """What the policies of a kind have: *actions*, perhaps a priority. *is_whole*: every field is checked."""

    actions: tuple[str, ...]
    is_whole: bool = False
    has_priority: bool = True


_CLUSTER = _Form(("Accept", "Deny", "Pass"), is_whole=True)
_FORMS = {
    (f"{GROUP}/v1alpha1", "AdminNetworkPolicy"): _Form(("Allow", "Deny", "Pass")),
    (f"{GROUP}/v1alpha1", "BaselineAdminNetworkPolicy"): _Form(("Allow", "Deny"), has_priority=False),
    (f"{GROUP}/v1alpha2", "ClusterNetworkPolicy"): _CLUSTER,
    (f"{GROUP}/v1beta1", "ClusterNetworkPolicy"): _CLUSTER,
}
_MOST = 25
_MOST_NAME = 100
_LABEL = "[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}\.?")
_PODS = ("namespaces", "pods")
_ADDRESSES = ("networks", "nodes", "domainNames")


def problems_of(version: str, kind: str, document: dict[str, Any], path: Path) -> list[Diagnostic]:
    """Return what is wrong with *document*, of *kind* in the API *version*, which is at *path* of its file."""
    form = _FORMS.get((version, kind))
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if form is None or (isinstance(metadata, dict) and metadata.get("uid")):
        return []
    reader = _ClusterPolicyReader(f"{kind} {name or ''}".strip(), form.actions)
    at = (*path, "spec")
    spec = reader.mapping(document.get("spec"), at)
    if form.has_priority:
        reader.priority(spec.get("priority"), (*at, "priority"))
    if form.is_whole:
        reader.stored = version.endswith("/v1alpha2")  # its first release takes CIDRs with host bits
        reader.document(document, path)
    else:
        reader.actions_of(spec, at)
    if kind == "BaselineAdminNetworkPolicy" and name != "default":
        reader.refuse((*path, "metadata", "name"), f"a {kind} has no other name than `default`", "write `default`")
    return reader.problems


class _ClusterPolicyReader(PolicyReader):
    """Reads one document, whose rules have one of *actions*: the first lets traffic through."""

    def __init__(self, resource: str, actions: tuple[str, ...]) -> None:
        super().__init__(resource)
        self.actions = actions

    def actions_of(self, spec: dict[str, Any], path: Path) -> None:
        """Check the actions of all rules of *spec*, and nothing else of them."""
        for direction in ("ingress", "egress"):
            for place, rule in self.items(spec.get(direction), (*path, direction)):
                self.choice(self.mapping(rule, place).get("action"), (*place, "action"), self.actions)

    def document(self, document: dict[str, Any], path: Path) -> None:
        """Check a whole ClusterNetworkPolicy, but for its priority."""
        self.mapping(document, path, ("apiVersion", "kind", "metadata", "spec", "status"))
        at = (*path, "spec")
        fields = ("tier", "priority", "subject", "ingress", "egress")
        spec = self.mapping(document.get("spec") if isinstance(document.get("spec"), dict) else None, at, fields)
        self.choice(spec.get("tier"), (*at, "tier"), ("Admin", "Baseline"))
        self.end_of(spec.get("subject"), (*at, "subject"), _PODS)
        for direction, ends, kinds in (("ingress", "from", _PODS), ("egress", "to", (*_PODS, *_ADDRESSES))):
            for place, rule in self.limited(spec.get(direction), (*at, direction), least=0):
                self.tier_rule(rule, place, ends, kinds)

    def choice(self, data: Any, path: Path, allowed: tuple[str, ...]) -> None:
        """Refuse *data* unless it is one of *allowed*, spelled the same."""
        if data in allowed:
            return
        near = nearest(str(data), allowed)
        what = "is missing" if data is None else f"is not {quoted(data)}"
        spelled = ", ".join(f"`{each}`" for each in allowed)
        self.refuse(path, f"`{path[-1]}` {what}", f"did you mean `{near}`?" if near else f"write one of {spelled}")

    def priority(self, data: Any, path: Path) -> None:
        """Refuse a priority that is missing or out of range."""
        hint = f"write a number from 0 to {_LAST_PRIORITY}: lower numbers come first"
        number = self.whole(data, path)
        if data is None:
            self.refuse(path, "`priority` is missing", hint)
        elif number is not None and not 0 <= number <= _LAST_PRIORITY:
            self.refuse(path, f"`{number}` is no priority", hint)

    def limited(self, data: Any, path: Path, least: int = 1) -> list[tuple[Path, Any]]:
        """Return the items of *data*; refuse more than the API takes and fewer than *least*."""
        found = self.items(data, path)
        if len(found) > _MOST:
            self.refuse(path, f"`{path[-1]}` has {len(found)} entries", f"write at most {_MOST}")
        if len(found) < least and (data is None or isinstance(data, list)):
            self.refuse(path, f"`{path[-1]}` has no entry", "an empty list is never everyone: write what it matches")
        return found

    def tier_rule(self, data: Any, path: Path, ends: str, kinds: tuple[str, ...]) -> None:
        """Check a rule, whose peers are in *ends* and of *kinds*."""
        rule = self.mapping(data, path, ("name", "action", ends, "protocols"))
        if len(self.text(rule.get("name"), (*path, "name"))) > _MOST_NAME:
            self.refuse((*path, "name"), f"the name of a rule has at most {_MOST_NAME} characters")
        self.choice(rule.get("action"), (*path, "action"), self.actions)
        found = {self.end_of(peer, place, kinds): place for place, peer in self.limited(rule.get(ends), (*path, ends))}
        if "domainNames" in found and rule.get("action") != self.actions[0]:
            self.refuse(found["domainNames"], f"`domainNames` needs the action `{self.actions[0]}`")
        protocols = rule.get("protocols")
        named = [
            self.protocol_of(entry, place) == "destinationNamedPort"
            for place, entry in (() if protocols is None else self.limited(protocols, (*path, "protocols")))
        ]
        if any(named) and not found.keys().isdisjoint(_ADDRESSES):
            self.refuse(path, "an address has no named ports", "write the pods, or the numbers of the ports")

    def only_key(self, data: Any, path: Path, kinds: tuple[str, ...]) -> tuple[str, Any]:
        """Return the one key of *data*, of *kinds*, and its value; an empty key where there is not exactly one."""
        found = {
            key: item for key, item in self.mapping(data, path, kinds).items() if key in kinds and item is not None
        }
        if len(found) == 1:
            return next(iter(found.items()))
        if not any(at.location.path[: len(path)] == path for at in self.problems):
            spelled = ", ".join(f"`{each}`" for each in kinds)
            self.refuse(path, f"`{path[-1]}` has {len(found)} of {spelled}", "write exactly one of them")
        return "", None

    def end_of(self, data: Any, path: Path, kinds: tuple[str, ...]) -> str:
        """Check a subject or a peer, and return which of *kinds* it is; empty where it is none."""
        kind, found = self.only_key(data, path, kinds)
        at = (*path, kind)
        if kind in ("namespaces", "nodes"):
            self.selector(found, at)
        elif kind == "pods":
            both = self.mapping(found, at, ("namespaceSelector", "podSelector"))
            for field in ("namespaceSelector", "podSelector"):
                self.selector(both.get(field), (*at, field))
            if both.get("podSelector") is None:
                self.refuse(at, "`pods` needs a `podSelector`", "write `podSelector: {}` to select all")
        elif kind == "networks":
            for place, text in self.limited(found, at):
                self.parsed(self.network, text, place)
        elif kind == "domainNames":
            for place, text in self.limited(found, at):
                if not _DOMAIN.fullmatch(self.text(text, place)):
                    self.refuse(place, f"{quoted(text)} is no name of a host", "write `example.org` or `*.example.org`")
        return kind

    def protocol_of(self, data: Any, path: Path) -> str:
        """Check an entry of ``protocols``, and return which kind it is; empty where it is none."""
        kind, found = self.only_key(data, path, ("tcp", "udp", "sctp", "destinationNamedPort"))
        if kind == "destinationNamedPort":
            self.port_name(found, (*path, kind))
        elif kind:
            field, ports = self.only_key(found, (*path, kind), ("destinationPort",))
            if field:
                at = (*path, kind, field)
                which, value = self.only_key(ports, at, ("number", "range"))
                if which == "number":
                    self.number(value, (*at, which))
                elif which:
                    self.range_of(self.mapping(value, (*at, which), ("start", "end")), (*at, which))
        return kind

    def range_of(self, data: dict[str, Any], path: Path) -> None:
        """Refuse a range without both ends, or whose end is not after its start."""
        start, end = self.number(data.get("start"), (*path, "start")), self.number(data.get("end"), (*path, "end"))
        if start is not None and end is not None and end <= start:
            self.refuse((*path, "end"), f"`end` {end} is not after `start` {start}", f"write a number up to {LAST}")

    def port_name(self, data: Any, path: Path) -> None:
        """Refuse what is no name of a port."""
        if not is_port_name(self.text(data, path)):
            self.refuse(path, f"{quoted(data)} is no name of a port")
