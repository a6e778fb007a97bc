"""
What would have to be added to allow a connection: rules for the overlay that a person edits, or NetworkPolicies.

Every text is tried before it is returned: see ``analysis/suggestions/suggestion_trial.py``.
"""

import os
from collections.abc import Iterable, Iterator, Mapping

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.suggestions.suggestion_paste import returning
from bulkhead.analysis.suggestions.suggestion_trial import SuggestionTrial
from bulkhead.core.diagnostics import Path
from bulkhead.core.engine.endpoint_terms import ANY, INTERNET, EndpointSelection
from bulkhead.core.expansion.peers import selector
from bulkhead.core.explanation.missing import missing_policies, stable_selector
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation
from bulkhead.core.kubernetes.cluster import External, Flow, Pod, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import (
    NAMESPACE_NAME,
    Direction,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    Selector,
)
from bulkhead.core.kubernetes.selectors import matches
from bulkhead.core.language.resources import Workload
from bulkhead.core.language.scalars import Name, Port
from bulkhead.core.record import record
from bulkhead.core.sets import ports
from bulkhead.core.sets.port_spelling import in_rule
from bulkhead.core.sets.ranges import RFC_1918
from bulkhead.io.manifests.write_networkpolicy import document, plain
from bulkhead.io.resources.encode import encode
from bulkhead.io.yaml.nodes import Raw

REASON = "say here who needs it, and what for"
_MOST = 8
_PUBLIC = IpBlock("0.0.0.0/0", RFC_1918)
"""What `internet` is where the profile has no peer for it: all IPv4 addresses but the private ones of RFC 1918."""

Refused = tuple[PairExplanation, bool, bool]
"""A pair, whether the egress of its source refuses the connection, and whether the ingress of its destination does."""


class NoSuggestion(Exception):
    """There is no text that a person could add to the file as it is."""


@record
class SuggestedRule:
    """A rule to add: its *peer* and its *ports*, for a *workload* (empty: for the whole namespace) of *pods* if new."""

    namespace: str
    workload: str
    pods: str
    direction: Direction
    name: str
    peer: str
    ports: str


class Suggestion:
    """Writes what allows *port* between *ends*, as they were named."""

    def __init__(
        self,
        found: AnalysisInput,
        peers: Mapping[str, tuple[IpBlock | PodPeer, ...]],
        ends: tuple[EndpointSelection, EndpointSelection],
        port: Port,
    ) -> None:
        self.found, self.peers, self.port, self.ends = found, peers, port, ends
        self.trial = SuggestionTrial(found, ends, ports.between(port.protocol, port.first, port.last))
        self.names = _UniqueNames()

    def texts(self, refused: Iterable[Refused]) -> list[tuple[str, str]]:
        """Return (where it belongs, YAML) for each file; nothing where no text was found that works."""
        return self.policies(refused) if self.found.loaded is None else self.rules(refused)

    def rules(self, refused: Iterable[Refused]) -> list[tuple[str, str]]:
        """Return the rules for overlays."""
        source, destination = self.ends
        rules: dict[str, dict[SuggestedRule, None]] = {}
        for pair, egress, ingress in refused:
            sides = [
                (Direction.EGRESS, egress, pair.source, pair.destination, destination),
                (Direction.INGRESS, ingress, pair.destination, pair.source, source),
            ]
            for direction, refuses, subject, other, chosen in sides:
                made = self.rule(direction, subject, other, chosen) if refuses else None
                if made:
                    rules.setdefault(made.namespace, {})[made] = None
        needed = {namespace: _needed(list(found)) for namespace, found in sorted(rules.items())}
        if not 0 < sum(map(len, needed.values())) <= _MOST:
            return []  # the ends are too many: part of what is needed would be of no use
        try:
            written = {namespace: self.snippet(namespace, found) for namespace, found in needed.items()}
        except NoSuggestion:
            return []
        works = self.trial.rules_work((namespace, text) for namespace, (_, text) in written.items())
        return list(written.values()) if works else []

    def policies(self, refused: Iterable[Refused]) -> list[tuple[str, str]]:
        """Return the NetworkPolicies for manifests."""
        found: dict[NetworkPolicy, None] = {}
        for pair, egress, ingress in refused:
            flow = Flow(pair.source.first, pair.destination.first, self.port.protocol, self.port.first)
            refusing = {each for each, refuses in ((Direction.EGRESS, egress), (Direction.INGRESS, ingress)) if refuses}
            mode = self.found.semantics.mode
            chosen = self.ends[0] if isinstance(pair.source.first, External) else self.ends[1]
            for policy in missing_policies(flow, pair.family, mode, refusing, self.port.last, self.block(chosen)):
                found[policy] = None
        text = "---\n".join(document(self.named(policy)) for policy in found)
        return [("manifests", text)] if 0 < len(found) <= _MOST and self.trial.policies_work(text) else []

    def named(self, policy: NetworkPolicy) -> NetworkPolicy:
        """Return *policy* with a name that no policy of its namespace has."""
        taken = {each.name for each in self.found.cluster.policies if each.namespace == policy.namespace}
        name = self.names.free(("policy", policy.namespace), policy.name, taken)
        return NetworkPolicy(policy.namespace, name, policy.pods, policy.ingress, policy.egress)

    def block(self, chosen: EndpointSelection) -> IpBlock | None:
        """Return the block that *chosen* names, where it names one as a whole."""
        if chosen.peer:
            terms = self.peers[chosen.peer]
            return terms[0] if len(terms) == 1 and isinstance(terms[0], IpBlock) else None
        if chosen.text == INTERNET:
            return _PUBLIC
        return IpBlock(chosen.text) if "/" in chosen.text and chosen.addresses else None

    def rule(
        self, direction: Direction, subject: ExplainedEndpoint, other: ExplainedEndpoint, chosen: EndpointSelection
    ) -> SuggestedRule | None:
        """Return the rule for one side; ``None`` where nobody writes rules for it, or none can name the other end."""
        pod = subject.first
        if not isinstance(pod, Pod) or pod.namespace not in self.found.rules.namespaces:
            return None
        peer, name = self.peer(pod.namespace, other, chosen)
        if not peer:
            return None
        workload, pods = self.workload(pod)
        written = in_rule(self.port.protocol, self.port.first, self.port.last)
        span = written.partition("/")[0]
        key = (pod.namespace, workload, direction.value, peer)
        free = self.names.of(key, key[:3], name, self.taken(pod.namespace, workload, direction), span)
        return SuggestedRule(pod.namespace, workload, pods, direction, free, peer, written)

    def taken(self, namespace: str, workload: str, direction: Direction) -> set[str]:
        """Return the names of the rules that are there."""
        spec = self.found.rules.namespaces[namespace].spec
        holder = dict(_named_workloads(spec.workloads)).get(workload) if workload else spec
        return set(map(str, getattr(holder, direction.value))) if holder else set()

    def workload(self, pod: Pod) -> tuple[str, str]:
        """Return the workload whose rules are for *pod*, and its selector where the workload is new."""
        if not pod.labels:
            return "", ""
        workloads = self.found.rules.namespaces[pod.namespace].spec.workloads
        known = self.workload_of(pod)
        if known:
            return known[0], ""
        pods = _flow(dict(stable_selector(pod).labels))
        key = (pod.namespace, pods)
        return self.names.of(key, key[:1], _name(pod.name), set(map(str, workloads))), pods

    def workload_of(self, pod: Pod) -> tuple[str, Workload] | None:
        """Return the workload of an overlay that is for pods with exactly the labels that tell *pod* from others."""
        resource = self.found.rules.namespaces.get(pod.namespace)
        for name, workload in _named_workloads(resource.spec.workloads if resource else {}):
            wanted = selector(workload.pods)
            keys = {key for key, _ in wanted.labels} | {each.key for each in wanted.expressions}
            if pod.labels and matches(wanted, dict(pod.labels)) and {key for key, _ in pod.labels} <= keys:
                return name, workload
        return None

    def peer(self, own: str, other: ExplainedEndpoint, chosen: EndpointSelection) -> tuple[str, str]:
        """Return the peer as YAML, and a name for the rule; nothing where no rule can name it."""
        if chosen.peer:
            return chosen.peer, chosen.peer
        first = other.first
        if isinstance(first, External):
            return self.addresses(first, chosen)
        labels = stable_selector(first).labels
        known = self.workload_of(first)
        pods = _flow(encode(known[1].pods) if known else dict(labels))
        if first.namespace == own:
            return f"{{pods: {pods}}}", "same-namespace" if first.name == ANY else _name(first.name)
        if not first.namespace.startswith(ANY):
            one = PodPeer(Selector(labels), Selector(((NAMESPACE_NAME, first.namespace),)))
            named = next((name for name, terms in self.peers.items() if terms == (one,)), "")
            if named:
                return named, named
            where = f"namespace: {first.namespace}"
        else:
            rest = namespaces_of(self.found.cluster)[first.namespace]
            where = f"namespaces: {_flow({k: v for k, v in rest.items() if k != NAMESPACE_NAME})}"
            if where.endswith("{}"):
                return "", ""
        if not first.labels:
            return f"{{{where}}}", _name(first.namespace)
        return f"{{{where}, pods: {pods}}}", _name(first.name)

    def addresses(self, first: External, chosen: EndpointSelection) -> tuple[str, str]:
        """Return the peer for addresses outside: a named one where it is the same, else the block itself."""
        block = self.block(chosen) or IpBlock(f"{first.address}/{128 if ':' in first.address else 32}")
        named = next((name for name, terms in self.peers.items() if terms == (block,)), "")
        if named:
            return named, named
        cidr = f"'{block.cidr}'" if ":" in block.cidr else block.cidr
        excluded = f", except: [{', '.join(block.excluded)}]" if block.excluded else ""
        return f"{{cidr: {cidr}{excluded}}}", INTERNET if block == _PUBLIC else _name(block.cidr)

    def snippet(self, namespace: str, rules: list[SuggestedRule]) -> tuple[str, str]:
        """Return the file and what to add to it: whole where it is new, else from ``spec`` on."""
        file, name = self.file(namespace)
        removed: dict[tuple[str, str], list[str]] = {}
        for path in self.returning(namespace, file, rules):
            workload = str(path[1]) if path[0] == "workloads" else ""
            removed.setdefault((workload, str(path[-2])), []).append(str(path[-1]))
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
            mine = [rule for rule in rules if not rule.workload]
            lines += _listed(mine, direction, "  ", removed.get(("", direction.value), []))
        if any(rule.workload for rule in rules):
            lines.append("  workloads:")
        for workload in sorted({rule.workload for rule in rules if rule.workload}):
            mine = [rule for rule in rules if rule.workload == workload]
            lines.append(f"    {workload}:")
            lines += [f"      pods: {mine[0].pods}"] if mine[0].pods else []
            for direction in Direction:
                lines += _listed(mine, direction, "      ", removed.get((workload, direction.value), []))
        return file, "\n".join(lines) + "\n"

    def returning(self, namespace: str, file: str, rules: list[SuggestedRule]) -> tuple[Path, ...]:
        """
        Return the rules of the base that come back with *rules*, which are written in the place of a ``null``.

        :raises NoSuggestion: where anything else would change.
        """
        sources = self.found.loaded.sources if self.found.loaded else None
        layers = sources.behind(self.found.rules.folders[namespace]) if sources else []
        added: dict[str, Raw] = {}
        for rule in rules:
            holder = added
            for key in ("workloads", rule.workload) if rule.workload else ():
                holder = holder.setdefault(key, {})  # type: ignore[assignment]
            if rule.pods:
                holder["pods"] = {}
            group = holder.setdefault(rule.direction.value, {})
            group[rule.name] = rule.name  # type: ignore[call-overload,index]
        found = returning([each for each in layers if each.kind == "SegmentedNamespace"], file, added)
        if found is None or any(len(path) not in (2, 4) or path[-2] not in set(Direction) for path in found):
            raise NoSuggestion
        return found

    def file(self, namespace: str) -> tuple[str, str]:
        """Return where the overlay of *namespace* writes its rules, and what its SegmentedNamespace is called."""
        folder = self.found.rules.folders[namespace]
        sources = self.found.loaded.sources if self.found.loaded else None
        layers = [layer for layer in sources.behind(folder) if layer.kind == "SegmentedNamespace"] if sources else []
        own = [each.file for each in layers if each.patch and each.file.startswith(folder + os.sep)]
        for layer in layers:
            metadata = layer.document.value.get("metadata") if isinstance(layer.document.value, dict) else None
            if isinstance(metadata, dict) and not layer.patch:
                return own[0] if own else os.path.join(folder, "rules.yaml"), str(metadata.get("name"))
        return own[0] if own else os.path.join(folder, "rules.yaml"), "standard"


def _needed(rules: list[SuggestedRule]) -> list[SuggestedRule]:
    """Return *rules* without those of workloads that the same rule for the whole namespace covers."""
    whole = {(rule.direction, rule.peer, rule.ports) for rule in rules if not rule.workload}
    return [rule for rule in rules if not rule.workload or (rule.direction, rule.peer, rule.ports) not in whole]


def _listed(rules: list[SuggestedRule], direction: Direction, lead: str, removed: list[str]) -> list[str]:
    mine = [rule for rule in rules if rule.direction == direction]
    key = "from" if direction is Direction.INGRESS else "to"
    lines = [f"{lead}  {rule.name}: {{{key}: {rule.peer}, ports: {rule.ports}, why: '{REASON}'}}" for rule in mine]
    lines = [*(f"{lead}  {name}: null" for name in removed), *lines] if lines else []
    return [f"{lead}{direction}:", *lines] if lines else []


class _UniqueNames:
    """Names that nothing else has, neither what is there nor what is suggested beside it."""

    def __init__(self) -> None:
        self.used: dict[tuple[str, ...], set[str]] = {}
        self.known: dict[tuple[str, ...], str] = {}

    def of(self, key: tuple[str, ...], scope: tuple[str, ...], wanted: str, taken: set[str], suffix: str = "") -> str:
        """Return the name of *key*, the same each time, that nothing in *scope* has."""
        if key not in self.known:
            self.known[key] = self.free(scope, wanted, taken, suffix)
        return self.known[key]

    def free(self, scope: tuple[str, ...], wanted: str, taken: set[str], suffix: str = "") -> str:
        """Return *wanted*, or the first name like it that neither *taken* nor *scope* has."""
        used = self.used.setdefault(scope, set())
        found = next(name for name in _candidates(wanted, suffix) if name not in taken and name not in used)
        used.add(found)
        return found


def _candidates(wanted: str, suffix: str) -> Iterator[str]:
    yield wanted
    stem = f"{wanted}-{suffix}" if suffix else wanted
    if suffix:
        yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _named_workloads(workloads: Mapping[Name, Workload]) -> Iterator[tuple[str, Workload]]:
    yield from ((str(name), workload) for name, workload in workloads.items())


def _name(text: str) -> str:
    """Return *text* as the name of a rule."""
    word = "".join(c if c.isascii() and (c.islower() or c.isdigit()) else "-" for c in text.lower())
    return "-".join(part for part in word.split("-") if part)[:40].strip("-") or "rule"


def _flow(value: Raw) -> str:
    """Return *value* as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{plain(key)}: {_flow(item)}" for key, item in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    word = plain(text) if text else "''"
    return f"'{text}'" if "," in word else word
