"""Checks on the networks of the profile: facts that every other answer depends on."""

from collections.abc import Iterator
from itertools import combinations

from bulkhead.core.language.resources import NetworkName
from bulkhead.core.lint.context import FieldReference, Kind, LintContext, network
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.ranges import PUBLIC

OWN = (NetworkName.PODS, NetworkName.SERVICES, NetworkName.NODES)
"""The networks whose addresses are of different kinds. LoadBalancers often have a part of the nodes' network."""

_WHOLE = ("0.0.0.0/0", "::/0")


def _each(scene: LintContext) -> Iterator[tuple[NetworkName, str, FieldReference]]:
    """Yield the name, the CIDR and the place of each network of the profile that is not all addresses."""
    for name in OWN:
        for cidr in network(scene, name):
            yield name, str(cidr), _at(scene, name)


def _at(scene: LintContext, name: NetworkName) -> FieldReference:
    profile = scene.profile.name if scene.profile else ""
    return FieldReference(Kind.PROFILE, profile, ("spec", "networks", name.value))


def _overlapping(scene: LintContext) -> Iterator[CheckResult]:
    for (name, cidr, _), (other, whole, at) in combinations(_each(scene), 2):
        spans = intervals.intersect((addresses.network(cidr),), (addresses.network(whole),))
        if name is not other and spans and not {cidr, whole} & set(_WHOLE):
            shared = addresses.spell_network(spans[0])
            yield CheckResult(
                at,
                f"the networks `{name.value}` ({cidr}) and `{other.value}` ({whole}) overlap in `{shared}`",
                "write the networks as the cluster is configured: they never overlap there",
            )


OVERLAPPING_NETWORKS = Check(
    "overlapping-networks",
    Severity.WARNING,
    "Networks that overlap",
    "Pods, Services and nodes have addresses in networks of their own. Where two of them overlap in the profile, one "
    "is wrong, and a rule for an address in both is judged by the wrong one: an address of a Service, for example, "
    "counts as one that no policy ever sees.",
    "networks: {pods: 10.42.0.0/16, services: 10.42.128.0/17}",
    "Write the networks that the cluster was set up with.",
    _overlapping,
)


def _public(scene: LintContext) -> Iterator[CheckResult]:
    for name, cidr, at in _each(scene):
        found = intervals.intersect((addresses.network(cidr),), PUBLIC)
        if found and cidr not in _WHOLE:
            yield CheckResult(
                at,
                f"the network `{name.value}` has public addresses: `{cidr}`"
                + ("" if found == (addresses.network(cidr),) else f" holds {AddressSet(found)}"),
                "write the cluster's own network; where its machines do have public addresses, accept the finding",
            )


PUBLIC_NETWORK = Check(
    "public-network",
    Severity.WARNING,
    "A network with public addresses",
    "What is in the profile's networks counts as a part of the cluster. An address of the internet in them takes rules "
    "for that address out of what is reviewed as opened to the internet.",
    "networks: {pods: 10.42.0.0/16, services: 8.8.8.0/24}",
    "Write the cluster's own network. Where nodes do have public addresses, accept the finding on the profile, with "
    "the reason.",
    _public,
    exposed=True,
)


def _everything(scene: LintContext) -> Iterator[CheckResult]:
    for name, cidr, at in _each(scene):
        if cidr in _WHOLE:
            yield CheckResult(
                at,
                f"the network `{name.value}` is every address: `{cidr}`",
                "write the cluster's own network, or leave the field out",
            )


WHOLE_NETWORK = Check(
    "whole-network",
    Severity.ERROR,
    "A network of every address",
    "With `0.0.0.0/0` or `::/0` among the profile's networks no address is outside the cluster: nothing is reviewed as "
    "opened to the internet any more.",
    "networks: {pods: 10.42.0.0/16, nodes: 0.0.0.0/0}",
    "Write the cluster's own network, or leave the field out where it is not known.",
    _everything,
    exposed=True,
)

CHECKS = (OVERLAPPING_NETWORKS, PUBLIC_NETWORK, WHOLE_NETWORK)
