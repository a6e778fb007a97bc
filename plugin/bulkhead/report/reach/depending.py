"""Connections that depend on addresses or labels that are not known."""

from collections.abc import Iterator

from bulkhead.analysis.unknown_facts import UncertainPairs
from bulkhead.core.explanation.pair import PairExplanation, UnknownFact
from bulkhead.core.sets.port_spelling import phrase
from bulkhead.report.explain.explained import unknown_facts
from bulkhead.report.layout.cut import Cut

_SHOWN = 20
"""Pairs that are listed; the rest is counted."""

_NAMES = 4


def depending_lines(found: UncertainPairs, cut: Cut) -> Iterator[str]:
    """Yield a heading and a line for each pair of *found*; nothing where there is none."""
    if found.pairs or not found.complete:
        facts = dict.fromkeys(fact for each in found.pairs for fact in each.unknown)
        yield f"not in the answer above, because it depends on {unknown_facts(facts or (UnknownFact.POD_ADDRESS,))}:"
    rows = dict.fromkeys(f"  {_ends(each, cut)}: {phrase(each.uncertain)}" for each in found.pairs)
    shown, more = cut.first(list(rows), _SHOWN)
    yield from shown
    if more:
        yield f"  and {more} more: --all shows them"
    if not found.complete:
        yield "  and perhaps others: they are too many to be judged; filter with --from and --to"


def depending_json(found: UncertainPairs) -> dict[str, object]:
    """Return *found* as JSON: the pairs with their ports, and whether these are all."""
    return {
        "pairs": [
            {**_pair(each), "ports": str(each.uncertain), "dependsOn": [fact.word for fact in each.unknown]}
            for each in found.pairs
        ],
        "complete": found.complete,
    }


def _pair(pair: PairExplanation) -> dict[str, object]:
    return {"from": list(pair.source.names), "to": list(pair.destination.names), "family": pair.family}


def _ends(pair: PairExplanation, cut: Cut) -> str:
    return f"{cut.row(pair.source.names, _NAMES)} -> {cut.row(pair.destination.names, _NAMES)}"
