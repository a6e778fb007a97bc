"""How policies are read, and the deviations of an enforcer from the specification, in words."""

from bulkhead.core.engine.semantics import Deviation, Semantics
from bulkhead.core.language.resources import Enforcer

_DEVIATIONS = {
    Deviation.BOTH_DIRECTIONS: "a policy for both directions lets the rules of one pass the other as well, between the "
    "pods that it selects",
    Deviation.ONE_ADDRESS_SET: "all ipBlocks of a rule are one set, in which the narrowest entry decides, and of two "
    "equal ones the later: an `except` cuts into the other peers",
    Deviation.SERVICE_ADDRESS: "a Service's address is replaced by that of a pod or a node before policies look, so no "
    "ipBlock meets it",
    Deviation.WHOLE_IPV6: "`::/0` is only `2000::/3` and `fd00::/8` to it",
    Deviation.UNMATCHED_NAME: "none of the pods has a port of that name, and a rule whose names mean nothing is for "
    "every port",
    Deviation.NAME_TO_ADDRESSES: "the name of a port means nothing in egress to an ipBlock",
    Deviation.NAME_TO_EVERYONE: "in egress to everyone the name of a port is looked up on the pods of the policy's own "
    "namespace, and the number opened to every destination",
    Deviation.SHARED_PORTS: "pods that have one port in common may get each other's named ports: which of them do is "
    "chance, and differs from one synchronisation to the next",
    Deviation.SIDECAR_NAMES: "the names of a sidecar's ports are not seen",
    Deviation.NODE_PORTS: "TCP and UDP ports 30000-32767 of the node that a pod runs on are open to it, whatever "
    "policies say",
    Deviation.NODE_ADDRESS: "a node is known by its identity, and no ipBlock matches its address",
}


def semantics_json(semantics: Semantics) -> dict[str, object]:
    """Return the keys for the *semantics* that a command used; the JSON of every command has them."""
    enforcer = None if semantics.enforcer is Enforcer.ANY else semantics.enforcer.value
    return {"semantics": semantics.name.value, "enforcer": enforcer, "measured": semantics.measured}


def deviation_message(semantics: Semantics, deviations: tuple[Deviation, ...], opens: bool) -> str:
    """Return why the enforcer allows what the specification denies (*opens*), or denies what it allows."""
    reasons = "; and ".join(_DEVIATIONS[each] for each in deviations)
    does = "lets it through" if opens else "refuses it"
    name = semantics.enforcer.value + ("" if semantics.measured else " (as documented, not measured)")
    return f"the specification says {'refused' if opens else 'allowed'}; {name} {does}, because {reasons}"
