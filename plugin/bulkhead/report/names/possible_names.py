"""
What pods that could exist are called: by their labels, their namespaces and their addresses.
"""

from collections.abc import Iterable

from bulkhead.core.diff.findings import TrafficFinding
from bulkhead.core.possible.described import LabelCondition, PortFact, PossiblePods
from bulkhead.core.sets import intervals
from bulkhead.core.sets.addresses import WHOLE, AddressSet, blocks, family
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.ports import EVERY, PortSet, spell
from bulkhead.report.layout.cut import SHORT, Cut

_NAMED = 6
"""So many namespaces are listed in a name; the rest is counted. The JSON has all of them."""

_EXCEPT = 3


def possible_pods(pods: PossiblePods, listed: frozenset[str] = frozenset(), cut: Cut = SHORT) -> str:
    """
    Return what *pods* are called; *listed* are the namespaces that the policies and manifests name.

    Long lists are as *cut* has them.

    >>> condition = LabelCondition("app", ("db",), False, False)
    >>> possible_pods(PossiblePods(("shop",), False, (), (condition,), exist=False))
    'pods labelled `app: db` in namespace `shop` (none exists)'
    """
    parts = [f"pods {conditions_of(pods.labels)}" if pods.labels else "any pod"]
    parts.append("in the same namespace" if pods.same else namespaces_of(pods, listed, cut))
    if pods.addresses.spans:
        parts.append(_addresses(pods.addresses, cut))
    return " ".join(parts) + (" (none exists)" if pods.exist is False else "")


def _addresses(found: AddressSet, cut: Cut) -> str:
    """Return *found* in words: what is in it, or of its families what is not, whichever is shorter."""
    families = sorted({family(first) for first, _ in found.spans})
    inside = _blocks(found.spans, cut)
    rest = _blocks(intervals.subtract(tuple(WHOLE[each] for each in families), found.spans), cut)
    which = "an address" if len(families) > 1 else f"an IPv{families[0]} address"
    if not rest:
        return f"with {which}"
    if len(" ".join(rest)) < len(" ".join(inside)):
        return f"with {which} not in {cut.sentence(rest, _NAMED)}"
    return f"with an address in {cut.sentence(inside, _NAMED)}"


def _blocks(spans: Spans, cut: Cut) -> list[str]:
    return [cidr + (f" except {cut.sentence(but, _NAMED)}" if but else "") for cidr, but in blocks(spans)]


def namespaces_of(pods: PossiblePods, listed: frozenset[str], cut: Cut = SHORT) -> str:
    """Return the namespaces of *pods* in words."""
    labels = f" {conditions_of(pods.namespace_labels)}" if pods.namespace_labels else ""
    names = [f"`{name}`" for name in pods.namespaces]
    if not pods.excluded:
        return f"in namespace{'s' if len(names) > 1 else ''} {cut.sentence(names, _NAMED)}{labels}"
    if not names:
        return f"in any namespace{labels}"
    if len(names) <= _EXCEPT:
        return f"in any namespace{labels} except {cut.sentence(names, _EXCEPT)}"
    if listed <= set(pods.namespaces):
        return f"in any other namespace{labels}"
    return f"in any namespace{labels} except {cut.sentence(names, _EXCEPT)}"


def shortened_list(names: list[str], cut: Cut = SHORT) -> str:
    """Return *names* in a row, of very many the first ones."""
    return cut.row(names, _NAMED, "; ")


def conditions_of(conditions: Iterable[LabelCondition]) -> str:
    """Return what *conditions* demand of labels, all of them."""
    return " and ".join(map(_condition, conditions))


def _condition(condition: LabelCondition) -> str:
    key = condition.key
    pairs = [f"`{key}: {value}`" for value in condition.values]
    if condition.excluded and condition.absent:
        others = f" other than {_alternatives(condition.values)}" if pairs else ""
        return f"with a label `{key}`{others}"
    if condition.excluded:
        return f"not labelled {_or(pairs)}"
    if condition.absent:
        return f"without a label `{key}`" + (f" or labelled {_or(pairs)}" if pairs else "")
    return f"labelled {_or(pairs)}"


def _alternatives(values: Iterable[str]) -> str:
    return _or([f"`{value}`" for value in values])


def _or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def ports_of(finding: TrafficFinding, written: str) -> str:
    """Return the ports of *finding*, *written* as numbers, with what has to be true of named ports."""
    part = "not all of these pods" if finding.causes else "each pod's own node only"
    return with_conditions(written, finding.ports, finding.facts, finding.ipv6, part if finding.in_part else "")


def with_conditions(written: str, ports: PortSet, facts: tuple[PortFact, ...], ipv6: bool, part: str = "") -> str:
    """Return *ports*, *written* as numbers, with what else is true: *facts* about names, *ipv6* addresses, *part*."""
    named = [fact for fact in facts if not fact.about_group and fact.holds]
    if named:
        names = " and ".join(f"`{fact.name}`" for fact in named)
        numbers = "" if _is_whole(ports, named[0].protocol) else f", if it is one of {written}"
        written = f"the {named[0].protocol} port that the pod calls {names}{numbers}"
    conditions = [_fact(fact) for fact in facts if fact.about_group or not fact.holds]
    if part:
        conditions.append(part)
    if ipv6:
        conditions.append("if pods have IPv6 addresses")
    return f"{written} ({'; '.join(conditions)})" if conditions else written


def _is_whole(found: PortSet, protocol: str) -> bool:
    return found == EVERY or spell(found) == f"{protocol} 1-65535"


def _fact(fact: PortFact) -> str:
    if not fact.about_group:
        return f"where it is not the port that the pod calls `{fact.name}`"
    some = "a" if fact.holds else "no"
    return f"if {some} pod that the rule looks at has a port called `{fact.name}`"
