"""
What would have to be added: rules for the overlay that a person edits, or NetworkPolicies for manifests.
"""

import os
from collections.abc import Iterable, Mapping

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.engine.endpoint_terms import ANY, INTERNET, EndpointSelection
from bulkhead.core.expansion.peers import selector
from bulkhead.core.explanation.missing import missing_policies
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation
from bulkhead.core.kubernetes.cluster import External, Flow, Pod, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, Direction, IpBlock, PodPeer, Selector
from bulkhead.core.language.resources import SegmentedNamespace, Workload
from bulkhead.core.language.scalars import Port
from bulkhead.core.record import record
from bulkhead.io.manifests.write_networkpolicy import document, plain

REASON = "say here who needs it, and what for"
_MOST = 8


@record
class Added:
    """A rule to add: the *term* of its peer and its *ports*, for a *workload* (empty: for the whole namespace)."""

    namespace: str
    workload: str
    pods: str
    direction: Direction
    name: str
    term: str
    ports: str


class Suggestion:
    """Writes what allows *ports* from *source* to *destination*, as they were named."""

    def __init__(
        self,
        situation: AnalysisInput,
        peers: Mapping[str, tuple[IpBlock | PodPeer, ...]],
        ends: tuple[EndpointSelection, EndpointSelection],
        port: Port,
    ) -> None:
        self.situation, self.peers, self.port = situation, peers, port
        self.source, self.destination = ends

    def texts(self, refused: Iterable[tuple[PairExplanation, bool, bool]]) -> list[tuple[str, str]]:
        """Return (where it belongs, YAML) for each file; *refused* says which sides refuse: egress, ingress."""
        if self.situation.loaded is None:
            return self.policies(refused)
        rules: dict[str, dict[Added, None]] = {}
        for account, egress, ingress in refused:
            sides = [
                (Direction.EGRESS, egress, account.source, account.destination, self.destination),
                (Direction.INGRESS, ingress, account.destination, account.source, self.source),
            ]
            for direction, refuses, subject, other, chosen in sides:
                made = self.rule(direction, subject, other, chosen) if refuses else None
                if made:
                    rules.setdefault(made.namespace, {})[made] = None
        needed = {namespace: _needed(list(found)) for namespace, found in sorted(rules.items())}
        if sum(map(len, needed.values())) > _MOST:
            return []  # the ends are too many: part of what is needed would be of no use
        return [self.snippet(namespace, found) for namespace, found in needed.items()]

    def policies(self, refused: Iterable[tuple[PairExplanation, bool, bool]]) -> list[tuple[str, str]]:
        """Return the NetworkPolicies, for manifests."""
        found: dict[str, None] = {}
        for account, egress, ingress in refused:
            flow = Flow(account.source.first, account.destination.first, self.port.protocol, self.port.first)
            refusing = {each for each, refuses in ((Direction.EGRESS, egress), (Direction.INGRESS, ingress)) if refuses}
            for policy in missing_policies(flow, account.family, self.situation.semantics.mode, refusing):
                found[document(policy)] = None
        return [("manifests", "---\n".join(found))] if 0 < len(found) <= _MOST else []

    def rule(
        self, direction: Direction, subject: ExplainedEndpoint, other: ExplainedEndpoint, chosen: EndpointSelection
    ) -> Added | None:
        """Return the rule for one side; ``None`` where nobody writes rules for it, or none can name the other end."""
        pod = subject.first
        if not isinstance(pod, Pod) or pod.namespace not in self.situation.rules.namespaces:
            return None
        term, name = self.term(pod.namespace, other, chosen)
        if not term:
            return None
        resource = self.situation.rules.namespaces[pod.namespace]
        workload, pods = _workload(resource, pod)
        protocol = "" if self.port.protocol == "TCP" else f"/{self.port.protocol}"
        span = str(self.port.first) if self.port.first == self.port.last else f"{self.port.first}-{self.port.last}"
        free = _free(name, span, _taken(resource, workload, direction))
        return Added(pod.namespace, workload, pods, direction, free, term, span + protocol)

    def term(self, own: str, other: ExplainedEndpoint, chosen: EndpointSelection) -> tuple[str, str]:
        """Return the peer as YAML, and a name for the rule; nothing where no rule can name it."""
        if (
            chosen.text in self.peers
            and not chosen.text.startswith(ANY)
            and chosen.text not in self.situation.rules.namespaces
        ):
            return chosen.text, chosen.text
        first = other.first
        if isinstance(first, External):
            return _addresses(first, chosen)
        labels = namespaces_of(self.situation.cluster)[first.namespace]
        pods = _flow(dict(first.labels))
        if first.namespace == own:
            return f"{{pods: {pods}}}", "same-namespace" if first.name == ANY else _name(first.name)
        if not first.namespace.startswith(ANY):
            known = PodPeer(Selector(first.labels), Selector(((NAMESPACE_NAME, first.namespace),)))
            for name, terms in self.peers.items():
                if terms == (known,):
                    return name, name
            where = f"namespace: {first.namespace}"
        else:
            rest = {key: text for key, text in labels.items() if key != NAMESPACE_NAME}
            where = f"namespaces: {_flow(rest)}" if rest else ""
        if not where:
            return "", ""
        if not first.labels:
            return f"{{{where}}}", _name(first.namespace)
        return f"{{{where}, pods: {pods}}}", _name(first.name)

    def snippet(self, namespace: str, rules: list[Added]) -> tuple[str, str]:
        """Return the file and what to add to it: whole where it is new, else from ``spec`` on."""
        file, name = self.file(namespace)
        lines = ["spec:"]
        if not os.path.exists(file):
            head = ["# new: list it in kustomization.yaml with `patches: [{path: rules.yaml}]`"]
            head += [
                "apiVersion: bulkhead.dev/v1alpha1",
                "kind: SegmentedNamespace",
                f"metadata: {{name: {plain(name)}}}",
            ]
            lines = [*head, *lines]
        for direction in Direction:
            lines += _listed([rule for rule in rules if not rule.workload], direction, "  ")
        if any(rule.workload for rule in rules):
            lines.append("  workloads:")
        for workload in sorted({rule.workload for rule in rules if rule.workload}):
            mine = [rule for rule in rules if rule.workload == workload]
            lines.append(f"    {workload}:")
            lines += [f"      pods: {mine[0].pods}"] if mine[0].pods else []
            for direction in Direction:
                lines += _listed(mine, direction, "      ")
        return file, "\n".join(lines) + "\n"

    def file(self, namespace: str) -> tuple[str, str]:
        """Return where the overlay of *namespace* writes its rules, and what its SegmentedNamespace is called."""
        folder = self.situation.rules.folders[namespace]
        sources = self.situation.loaded.sources if self.situation.loaded else None
        layers = [layer for layer in sources.behind(folder) if layer.kind == "SegmentedNamespace"] if sources else []
        own = [each.file for each in layers if each.patch and each.file.startswith(folder + os.sep)]
        for layer in layers:
            metadata = layer.document.value.get("metadata") if isinstance(layer.document.value, dict) else None
            if isinstance(metadata, dict) and not layer.patch:
                return own[0] if own else os.path.join(folder, "rules.yaml"), str(metadata.get("name"))
        return own[0] if own else os.path.join(folder, "rules.yaml"), "standard"


def _needed(rules: list[Added]) -> list[Added]:
    """Return *rules* without those of workloads that the same rule for the whole namespace covers."""
    whole = {(rule.direction, rule.term, rule.ports) for rule in rules if not rule.workload}
    return [rule for rule in rules if not rule.workload or (rule.direction, rule.term, rule.ports) not in whole]


def _listed(rules: list[Added], direction: Direction, lead: str) -> list[str]:
    mine = [rule for rule in rules if rule.direction == direction]
    key = "from" if direction is Direction.INGRESS else "to"
    lines = [f"{lead}  {rule.name}: {{{key}: {rule.term}, ports: {rule.ports}, why: '{REASON}'}}" for rule in mine]
    return [f"{lead}{direction}:", *lines] if lines else []


def _addresses(first: External, chosen: EndpointSelection) -> tuple[str, str]:
    if chosen.text == INTERNET:
        return "{cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}", INTERNET
    cidr = chosen.text if "/" in chosen.text else f"{first.address}/{128 if ':' in first.address else 32}"
    return f"{{cidr: '{cidr}'}}" if ":" in cidr else f"{{cidr: {cidr}}}", _name(cidr)


def _workload(resource: SegmentedNamespace, pod: Pod) -> tuple[str, str]:
    """Return the workload whose rules are for *pod*, and its selector where the workload is new."""
    if not pod.labels:
        return "", ""
    for name, workload in resource.spec.workloads.items():
        if selector(workload.pods) == Selector(pod.labels):
            return str(name), ""
    return _name(pod.name), _flow(dict(pod.labels))


def _taken(resource: SegmentedNamespace, workload: str, direction: Direction) -> set[str]:
    holder: object = resource.spec.workloads.get(workload, Workload) if workload else resource.spec  # type: ignore[call-overload]
    rules = getattr(holder, direction, None)
    return set(map(str, rules)) if isinstance(rules, Mapping) else set()


def _free(name: str, port: str, taken: set[str]) -> str:
    """Return a name that no rule has: a rule of a name that is taken would be changed instead."""
    for wanted in (name, f"{name}-{port}", *(f"{name}-{port}-{number}" for number in range(2, 1000))):
        if wanted not in taken:
            return wanted
    return name


def _name(text: str) -> str:
    """Return *text* as the name of a rule."""
    word = "".join(c if c.isascii() and (c.islower() or c.isdigit()) else "-" for c in text.lower())
    return "-".join(part for part in word.split("-") if part)[:40].strip("-") or "rule"


def _flow(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{plain(key)}: {_quoted(text)}" for key, text in sorted(labels.items())) + "}"


def _quoted(text: str) -> str:
    word = plain(text) if text else "''"
    return f"'{text}'" if "," in word else word
