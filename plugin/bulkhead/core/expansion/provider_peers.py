"""Peers that are the published addresses of a provider: what is wrong with one, and its blocks."""

from collections.abc import Iterable, Iterator, Mapping

from bulkhead.core.diagnostics import nearest
from bulkhead.core.language.provider_ranges import RangeSet, RangesSpec, Selection
from bulkhead.core.language.resources import Enforcer, Peer
from bulkhead.core.language.scalars import Text, quoted
from bulkhead.core.sets.public_blocks import collapsed, widened

INSTEAD = "send it through an egress proxy, or allow `internet` with a `why`"
UNPUBLISHED = {
    "docker": "Docker Hub publishes host names only",
    "dockerhub": "Docker Hub publishes host names only",
    "docker-hub": "Docker Hub publishes host names only",
    "letsencrypt": "Let's Encrypt does not publish the addresses of its validators, which change at any time",
    "lets-encrypt": "Let's Encrypt does not publish the addresses of its validators, which change at any time",
    "openrouter": "OpenRouter publishes no addresses",
    "aws-ses": "AWS does not publish the addresses of SES apart from others",
    "ses": "AWS does not publish the addresses of SES apart from others",
    "pypi": "PyPI is behind a content network and publishes no addresses of its own",
    "slack": "Slack publishes host names only",
}
"""Providers that people ask for and that publish no ranges."""

UNPUBLISHED_SERVICES = {"aws": ("SES", "ECR", "STS", "SQS", "SNS", "SECRETSMANAGER", "LAMBDA", "BEDROCK")}
"""Services whose addresses are only published together with others."""

_INSTEAD_SERVICES = {
    "aws": "`{service: AMAZON, region: …}` contains it and every other service of the region; narrower is an endpoint "
    "in your own VPC"
}
MOST_ENTRIES = {Enforcer.CILIUM: 16384, Enforcer.ANY: 16384}
"""Entries of one endpoint's policy map in Cilium, each a block and a port. The least of all enforcers."""

MOST_PORTS = {Enforcer.ANY: 24}
"""Ports that the network policy agent of AWS keeps for one CIDR."""


def provider_trouble(ranges: Mapping[str, RangesSpec], peer: Peer) -> tuple[str, str]:
    """Return what is wrong with *peer*, a provider, and a hint; ``("", "")`` where its blocks are known."""
    name = str(peer.ranges)
    if name not in ranges:
        if name in UNPUBLISHED:
            return f"there are no ranges of {quoted(name)}: {UNPUBLISHED[name]}", INSTEAD
        near = nearest(name, list(ranges))
        hint = f"did you mean `{near}`?" if near else f"run `bulkhead ranges update {name}`, and list base/ranges"
        return f"the ranges of {quoted(name)} are not pinned", f"{hint}{'' if near else ' under `resources`'}"
    found = ranges[name]
    message, hint = _wrong_selection(name, found, peer)
    if not message and peer.widen is not None:
        needed = _most_of_a_family(widened(_blocks(found, peer), peer.widen))
        if needed > peer.widen:
            message = f"`widen: {peer.widen}` would contain addresses that are not public"
            hint = f"write `widen: {needed}`, or leave it out"
    return message, hint


def _wrong_selection(name: str, found: RangesSpec, peer: Peer) -> tuple[str, str]:
    """Return what is wrong with what *peer* selects of the ranges *found* of the provider *name*, and a hint."""
    services, regions = _known(each.service for each in found.sets), _known(each.region for each in found.sets)
    if peer.select is None:
        if len(found.sets) == 1:
            return "", ""
        return f"`{name}` has {len(found.sets)} sets of ranges: select some", _listed("select", services or regions)
    if not services and not regions:
        return f"`{name}` has one list of ranges, nothing to select", "leave `select` out"
    for each in map(_selection, peer.select):
        for word in each.service or ():
            if str(word) not in services:
                return _no_service(name, str(word), services)
        for word in each.region or ():
            if str(word) not in regions:
                near = nearest(str(word), regions)
                more = f"run `bulkhead ranges update {name} --region {word}`"
                return f"no ranges of region {quoted(word)} of `{name}` are pinned", _did_you_mean(near, more)
        if not any(_is_selected(one, each) for one in found.sets):
            return f"no ranges of `{name}` are of that service in that region", "select a pair that is pinned"
    return "", ""


def _no_service(name: str, word: str, known: list[str]) -> tuple[str, str]:
    if word.upper() in UNPUBLISHED_SERVICES.get(name, ()):
        return f"`{name}` does not publish the ranges of {quoted(word)} apart from others", _INSTEAD_SERVICES[name]
    more = f"run `bulkhead ranges update {name} --service {quoted(word)[1:-1]}`"
    return f"no ranges of service {quoted(word)} of `{name}` are pinned", _did_you_mean(nearest(word, known), more)


def _did_you_mean(near: str, otherwise: str) -> str:
    return f"did you mean `{near}`?" if near else otherwise


def _listed(key: str, known: list[str]) -> str:
    return f"write `{key}: {known[0]}`, for example; there are {', '.join(known[:8])}{', …' * (len(known) > 8)}"


def _known(words: Iterable[Text | None]) -> list[str]:
    return sorted({str(word) for word in words if word is not None})


def _selection(raw: Text | Selection) -> Selection:
    return raw if isinstance(raw, Selection) else Selection(service=(raw,))


def _is_selected(found: RangeSet, asked: Selection) -> bool:
    return (asked.service is None or found.service in asked.service) and (
        asked.region is None or found.region in asked.region
    )


def is_selected(found: RangeSet, peer: Peer) -> bool:
    """Say whether the addresses of *found* are of *peer*, of the same provider."""
    return peer.select is None or any(_is_selected(found, _selection(each)) for each in peer.select)


def _blocks(found: RangesSpec, peer: Peer) -> Iterator[str]:
    for each in found.sets:
        if is_selected(each, peer):
            yield from map(str, each.blocks)


def provider_blocks(ranges: Mapping[str, RangesSpec], peer: Peer) -> list[str]:
    """Return the fewest blocks with exactly the addresses of *peer*, or as few as its ``widen`` asks for."""
    found = _blocks(ranges[str(peer.ranges)], peer)
    return collapsed(found) if peer.widen is None else widened(found, peer.widen)


def _most_of_a_family(blocks: list[str]) -> int:
    six = sum(":" in each for each in blocks)
    return max(six, len(blocks) - six)


def beyond_enforcer(enforcer: Enforcer, blocks: int, ports: int) -> tuple[str, str]:
    """
    Return why *enforcer* cannot take a rule with *blocks* blocks of providers and *ports* ports, and a hint.

    Both are empty where it can.
    """
    most_ports, most = MOST_PORTS.get(enforcer), MOST_ENTRIES.get(enforcer)
    if most_ports is not None and ports > most_ports:
        return (
            f"{ports} ports to the ranges of a provider are more than every enforcer takes, {most_ports}",
            "write ranges of ports, or name your `enforcer` in the ClusterProfile",
        )
    if most is not None and blocks * max(ports, 1) > most:
        said = f"{blocks} blocks" + (f" with {ports} ports" if ports > 1 else "")
        return (
            f"{said} are {blocks * max(ports, 1)} entries, and `{enforcer.value}` takes {most}",
            "select fewer ranges, or write `widen: N` for at most N blocks",
        )
    return "", ""
