"""Which addresses policies never see: an enforcer replaces the address of a Service before it applies policies."""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.language.scalars import InvalidValue, quoted
from bulkhead.core.sets import addresses, intervals


def check_judged(found: AnalysisInput, chosen: EndpointSelection, in_part: bool) -> None:
    """
    Check that policies see the addresses that *chosen* names.

    :raises InvalidValue: where it names addresses of Services and nothing else; with *in_part* wherever it names one.
    """
    if Deviation.SERVICE_ADDRESS not in found.semantics.deviations:
        return
    never = intervals.intersect(chosen.addresses, addresses.spans_of(found.cluster.services))
    is_part = bool(never != chosen.addresses or chosen.pods or chosen.of_pods or chosen.selectors)
    if never and (in_part or not is_part):
        few = ", ".join(map(addresses.spell_network, addresses.networks(never)[:_SHOWN]))
        raise InvalidValue(
            f"{quoted(chosen.text)} names addresses of Services: each is replaced by that of a pod, or of a node, and "
            "the port by theirs, before policies look",
            "name the pods behind the Service, not its address" + (f"; leave {few} out" if is_part else ""),
        )


_SHOWN = 3
"""Networks that a hint names."""
