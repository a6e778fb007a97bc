"""
Policies of a running cluster that a delivery does not make what the overlays render.

A delivery replaces the fields that it writes and removes those that it wrote before. Rendered policies leave out
``ingress`` and ``egress`` where they have no rules for them, so rules that somebody else wrote there stay. ``kubectl
apply`` without ``--server-side`` also merges the pod selector. Where ``policyTypes`` is not rendered, the object keeps
those that it has, unless the delivery wrote them. Flux leaves an object alone that has a mark for it.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy, Selector, retyped
from bulkhead.core.record import record, replaced
from bulkhead.io.manifests.delivery_marks import delivery_marks
from bulkhead.io.manifests.live_fields import EXPRESSIONS, TYPES, LiveFields, Writer

PolicyKey = tuple[str, str]
"""Namespace and name of a policy."""


class KeptPart(Enum):
    """The part of a policy that stays as it is in the cluster."""

    POLICY = "the whole policy"
    INGRESS = "ingress rules"
    EGRESS = "egress rules"
    SELECTOR = "pod selector"
    TYPES = "policyTypes"


_RULES = {KeptPart.INGRESS: Direction.INGRESS, KeptPart.EGRESS: Direction.EGRESS}


@record
class KeptField:
    """
    A *part* of the *live* policy that stays, or may stay where it is not *sure*.

    *mark* is the annotation or label for which all of it stays, *rendered* is what the overlays render.
    """

    live: NetworkPolicy
    rendered: NetworkPolicy
    part: KeptPart
    sure: bool
    mark: str = ""

    @property
    def name(self) -> str:
        """Namespace and name of the policy."""
        return f"{self.live.namespace}/{self.live.name}"

    @property
    def repair(self) -> str:
        """The command after which the policy becomes what the overlays render, safe to paste."""
        policy = ["networkpolicy", "-n", self.live.namespace, self.live.name]
        if self.part is KeptPart.POLICY:
            verb = "label" if self.mark in dict(self.live.labels) else "annotate"
            return shlex.join(["kubectl", verb, *policy, f"{self.mark}-"])
        if self.part is KeptPart.SELECTOR:
            patch = {"op": "replace", "path": "/spec/podSelector", "value": _plain(self.rendered.pods)}
        elif self.part is KeptPart.TYPES:
            types = [each.value.capitalize() for each in self.rendered.types]
            patch = {"op": "replace", "path": "/spec/policyTypes", "value": types}
        else:
            patch = {"op": "remove", "path": f"/spec/{_RULES[self.part].value}"}
        return shlex.join(["kubectl", "patch", *policy, "--type=json", "-p", json.dumps([patch])])


def kept_fields(
    dump: Iterable[NetworkPolicy], wanted: Iterable[NetworkPolicy], live: Mapping[PolicyKey, LiveFields]
) -> tuple[KeptField, ...]:
    """Return what stays of the policies of *dump* that are also among those *wanted*, by namespace and name."""
    rendered = {(each.namespace, each.name): each for each in wanted}
    found = sorted(dump, key=lambda each: (each.namespace, each.name))
    pairs = [(each, rendered[each.namespace, each.name]) for each in found if (each.namespace, each.name) in rendered]
    return tuple(field for each, other in pairs for field in _kept(each, other, live.get((each.namespace, each.name))))


def _kept(policy: NetworkPolicy, rendered: NetworkPolicy, live: LiveFields | None) -> Iterator[KeptField]:
    marks = delivery_marks({"annotations": dict(policy.annotations), "labels": dict(policy.labels)})
    if marks:
        yield KeptField(policy, rendered, KeptPart.POLICY, sure=True, mark=marks[0])
        return
    fields = live or LiveFields(policy)
    if _parts(_merged(fields, rendered.pods)) != _parts(rendered.pods):
        yield KeptField(policy, rendered, KeptPart.SELECTOR, sure=False)
    if not rendered.has_types and policy.types != rendered.types:
        yield KeptField(policy, rendered, KeptPart.TYPES, sure=fields.writer(TYPES) is Writer.OTHER)
        rendered = retyped(rendered, {*policy.types, *rendered.types})
    for part, direction in _RULES.items():
        writer = fields.writer(direction.value)
        if fields.written.of(direction) and rendered.of(direction) == () and writer is not Writer.DELIVERY:
            yield KeptField(fields.written, rendered, part, sure=writer is Writer.OTHER)


def _merged(live: LiveFields, wanted: Selector) -> Selector:
    """Return the pod selector after ``kubectl apply`` without ``--server-side``."""
    applied, own = live.applied or frozenset(), live.written.pods
    labels = {key: text for key, text in own.labels if key not in applied} | dict(wanted.labels)
    kept = () if EXPRESSIONS in applied else own.expressions
    return Selector(tuple(sorted(labels.items())), wanted.expressions or kept)


def _parts(selector: Selector) -> tuple[frozenset[object], ...]:
    return frozenset(selector.labels), frozenset(selector.expressions)


def _plain(selector: Selector) -> dict[str, object]:
    expressions = [{"key": each.key, "operator": each.operator} | ({"values": list(each.values)} if each.values else {})
                   for each in selector.expressions]  # fmt: skip
    found: dict[str, object] = {"matchLabels": dict(selector.labels), EXPRESSIONS: expressions}
    return {key: content for key, content in found.items() if content}


def with_kept(
    wanted: Iterable[NetworkPolicy], kept: Iterable[KeptField], live: Mapping[PolicyKey, LiveFields]
) -> tuple[NetworkPolicy, ...]:
    """Return the policies *wanted*, in their order, with the parts *kept* as they are in the cluster."""
    parts: dict[PolicyKey, list[KeptField]] = {}
    for each in kept:
        parts.setdefault((each.live.namespace, each.live.name), []).append(each)
    found = []
    for policy in wanted:
        key = policy.namespace, policy.name
        for each in parts.get(key, ()):
            if each.part is KeptPart.POLICY:
                policy = each.live
            elif each.part is KeptPart.SELECTOR:
                policy = replaced(policy, pods=_merged(live.get(key) or LiveFields(each.live), policy.pods))
            elif each.part is KeptPart.TYPES:
                policy = retyped(policy, each.live.types)
            else:
                direction = _RULES[each.part].value
                policy = replaced(policy, **{direction: each.live.of(_RULES[each.part])})
        found.append(policy)
    return tuple(found)
