"""
The answer about addresses of the pod network: it depends on which pod has the address.

It is the answer of ``bulkhead test`` to the same question: every pod that could exist is asked about.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.promises.check import Promise, check_promise
from bulkhead.core.promises.possible import PossibleBreach, PossibleChecker
from bulkhead.core.record import record, replaced
from bulkhead.core.sets import addresses
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.ports import PortSet


def at_those_addresses(chosen: EndpointSelection) -> EndpointSelection:
    """Return *chosen* with those that may have one of its addresses as pods that have one."""
    cidrs = tuple(map(addresses.spell_network, addresses.networks(chosen.of_pods)))
    made = [pod if pod.addresses else replaced(pod, addresses=cidrs) for pod in chosen.candidates]
    return replaced(chosen, holders=(*chosen.holders, *made))


def with_candidates(found: AnalysisInput, ends: Iterable[EndpointSelection | None]) -> AnalysisInput:
    """Return *found* with the pods of *ends* that may have an address which an end names."""
    known = set(found.cluster.pods)
    more = dict.fromkeys(pod for end in ends if end for pod in end.holders if pod not in known)
    return replace(found, cluster=replaced(found.cluster, pods=(*found.cluster.pods, *more))) if more else found


Example = tuple[PossibleBreach, Promise]
"""Flows that are open, or refused, and the promise that they would break."""


@record
class PodAddressAnswer:
    """
    What is *open* and what is *refused*, as examples, for pods that have one of the addresses.

    *is_open* and *is_refused*: some connection is, over an address family that is asked about. *hard*: the policies
    that make it too hard to decide.
    """

    open: tuple[Example, ...]
    refused: tuple[Example, ...]
    is_open: bool
    is_refused: bool
    hard: tuple[int, ...] = ()

    @property
    def verdict(self) -> bool | None:
        """Whether it is allowed, whichever pod has the address; ``None`` where that depends on the pod."""
        if self.hard or self.is_open == self.is_refused:
            return None
        return self.is_open


def of_pods(
    checker: PossibleChecker,
    ends: tuple[EndpointSelection, EndpointSelection],
    asked: PortSet,
    alone: tuple[int, ...],
    never: Spans,
) -> PodAddressAnswer | None:
    """
    Return the answer where one of *ends* names addresses of the pod network, else ``None``.

    *alone* and *never* are as for ``check_promise``.
    """
    if not any(end.of_pods for end in ends):
        return None
    found: dict[bool, tuple[Example, ...]] = {}
    broken: dict[bool, bool] = {}
    hard: list[int] = []
    for is_open in (True, False):
        promise = Promise((ends[0],), (ends[1],), asked, not is_open)
        known = check_promise(checker.answer, promise, alone, never).breaches
        outcome = checker.check(promise, ())
        found[is_open] = tuple(_ordered(outcome.breaches, promise))
        broken[is_open] = bool(known or outcome.breaches)
        hard += outcome.hard if not broken[is_open] else ()
    return PodAddressAnswer(found[True], found[False], broken[True], broken[False], tuple(dict.fromkeys(hard)))


def _ordered(breaches: tuple[PossibleBreach, ...], promise: Promise) -> Iterator[Example]:
    """Yield *breaches*, those with the fewest conditions first."""
    for each in sorted(breaches, key=lambda each: len(each.flows.values) + len(each.flows.spans)):
        yield each, promise
