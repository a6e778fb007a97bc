"""
How an end of a finding is called: whole namespaces where it is all of one, networks by their names.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, summarize_address_range

from bulkhead.core.diff.findings import FindingEndpoints
from bulkhead.core.engine.endpoint_terms import block_spans
from bulkhead.core.expansion.peers import Peers
from bulkhead.core.kubernetes.networkpolicy import IpBlock
from bulkhead.core.language.resources import ClusterProfile, NetworkName
from bulkhead.core.sets import addresses
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.intervals import Spans, merge
from bulkhead.core.sets.ranges import PRIVATE, PRIVATE_CIDRS
from bulkhead.report.layout.cut import EVERYTHING, SHORT, Cut

_SHOWN = 12
"""The most names in one row. The others are counted; the JSON has all of them."""

_FEW = 4


class EndpointNames:
    """The names that ends are called by: *pods* is everything there is, *inner* the addresses that no end has."""

    def __init__(
        self,
        pods: Iterable[tuple[str, str]],
        profile: ClusterProfile | None,
        inner: AddressSet,
        blocks: set[IpBlock],
        cut: Cut = SHORT,
    ) -> None:
        self.cut = cut
        self.every: dict[str, set[str]] = {}
        for namespace, name in pods:
            self.every.setdefault(namespace, set()).add(name)
        self.inner = inner
        called = [*_written(blocks), *_named(profile)]
        self.blocks = {outer: name for name, spans in called if (outer := self._outer(spans))}

    def end(self, end: FindingEndpoints, left_out: frozenset[str] = frozenset()) -> str:
        """Return the name of *end*; the namespaces *left_out* are not part of it."""
        parts = self._pods(end.pods, left_out)
        parts += [f"host network of {namespace}/{name}" for namespace, name in end.hosts]
        if end.addresses.spans:
            parts.append(self._addresses(end.addresses))
        return self.cut.row(parts, _SHOWN)

    def _pods(self, pods: tuple[tuple[str, str], ...], left_out: frozenset[str]) -> list[str]:
        chosen: dict[str, set[str]] = {}
        for namespace, name in pods:
            chosen.setdefault(namespace, set()).add(name)
        whole = {namespace for namespace, names in chosen.items() if names == self.every.get(namespace)}
        missing = sorted(self.every.keys() - whole - left_out)
        some = [part for name, those in sorted(chosen.items()) if name not in whole for part in _workloads(name, those)]
        if len(whole) > 1 and not missing:
            return ["every other namespace" if left_out else "every namespace"]
        if len(whole) > len(missing) * 2 and 0 < len(missing) <= _FEW:
            every = "every other namespace" if left_out else "every namespace"
            return [f"{every} but {EVERYTHING.sentence([_namespace(name) for name in missing], 0)}", *some]
        # What has no name of its own comes last, as a person would say it.
        return sorted([*map(_namespace, sorted(whole)), *some], key=lambda part: part.startswith("any "))

    def _addresses(self, those: AddressSet) -> str:
        named = self.blocks.get(those.spans)
        if named:
            return named
        whole = [part for cidr in ("0.0.0.0/0", "::/0") for part in self._within(those, cidr)]
        parts = [part for cidr in PRIVATE_CIDRS for part in self._within(those, cidr)]
        public = addresses.subtract(those, PRIVATE)
        apart = parts + self._listed(public.spans)
        return ", ".join(min(whole, apart, _excepting(those.spans), key=lambda each: sum(map(len, each))))

    def _within(self, those: AddressSet, cidr: str) -> list[str]:
        """Return the part of *those* in *cidr*: listed, or as what it leaves out, whichever is shorter."""
        block = AddressSet((addresses.network(cidr),))
        part = addresses.intersect(those, block)
        if not part.spans:
            return []
        rest = addresses.subtract(AddressSet(self._outer(block.spans)), part)
        listed, but = self._listed(part.spans), self._listed(rest.spans)
        short = f"{cidr} except {', '.join(but)}" if but else cidr
        return [short] if len(short) < len(", ".join(listed)) or not but else listed

    def _listed(self, spans: Spans) -> list[str]:
        named = self.blocks.get(spans)
        # Whether the pod network is in or out makes no difference here, so it may close a gap.
        wider = addresses.union(AddressSet(spans), self.inner).spans if spans else spans
        return [named] if named else min(cidrs(spans), cidrs(wider), key=len)

    def _outer(self, spans: Spans) -> Spans:
        return addresses.subtract(AddressSet(spans), self.inner).spans


def cidrs(spans: Spans) -> list[str]:
    """
    Return the CIDRs of *spans*.

    >>> cidrs((addresses.network("10.0.0.0/8"),))
    ['10.0.0.0/8']
    """
    found: list[str] = []
    for first, last in spans:
        low, high = addresses.spell_address(first), addresses.spell_address(last)
        if ":" in low:
            found += map(str, summarize_address_range(IPv6Address(low), IPv6Address(high)))
        else:
            found += map(str, summarize_address_range(IPv4Address(low), IPv4Address(high)))
    return found


def _excepting(spans: Spans) -> list[str]:
    return [cidr + (f" except {', '.join(but)}" if but else "") for cidr, but in addresses.blocks(spans)]


def _namespace(name: str) -> str:
    if name == "*":
        return "any other namespace"
    if name.startswith("*("):
        return f"any namespace with {name[2:-1]}"
    return name


def _workloads(namespace: str, names: set[str]) -> list[str]:
    named = sorted(names - {"*"})
    found = [f"{_namespace(namespace)}/{name}" for name in named]
    return [*found, f"any other pod of {_namespace(namespace)}"] if "*" in names else found


def _written(blocks: set[IpBlock]) -> Iterable[tuple[str, Spans]]:
    for block in sorted(blocks, key=lambda each: (each.cidr, each.excluded)):
        but = f" except {', '.join(block.excluded)}" if block.excluded else ""
        yield block.cidr + but, addresses.block(block.cidr, block.excluded)


def _named(profile: ClusterProfile | None) -> Iterable[tuple[str, Spans]]:
    """Yield the profile's networks and those of its peers that are addresses, with the name that represents them."""
    if profile is None:
        return
    peers = Peers(profile)
    for network in NetworkName:
        given = profile.spec.networks.of(network) or ()
        if given:
            spans = merge(addresses.network(str(cidr)) for cidr in given)
            yield f"{network.value} ({', '.join(map(str, given))})", spans
    for name in sorted(profile.spec.peers):
        found = list(peers.written_out([name]))
        blocks = [block for peer in found if peer.by_address for block in peers.blocks(peer)]
        if blocks and all(peer.by_address for peer in found):
            yield f"{name} ({', '.join(block.cidr for block in blocks)}{_but(blocks)})", block_spans(blocks)


def _but(blocks: list[IpBlock]) -> str:
    excluded = sorted({cut for block in blocks for cut in block.excluded})
    return f" except {', '.join(excluded)}" if excluded and len(excluded) <= _FEW else ""
