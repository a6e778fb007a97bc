"""A new document of a provider against what is pinned: the new pinned ranges, what changed, or why it is refused."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.language.provider_ranges import Count, ProviderRanges, RangeSet, RangesSpec, spelt
from bulkhead.core.language.scalars import Cidr, Date, Text
from bulkhead.core.sets import intervals
from bulkhead.core.sets.addresses import family, network
from bulkhead.core.sets.public_blocks import collapsed, mistakes
from bulkhead.io.ranges.documents import PublishedRanges, Reader

GROWS = 10
"""Times as many addresses, or blocks, as before: a document that grows so is refused."""

SHRINKS = 2
"""A document with less than this part of the addresses before is refused."""

ACCEPTABLE = ("growth", "shrink", "overlap")
"""What a person may accept for one update. Blocks that are not public never are."""


class Suspicious(DiagnosticError):
    """A document is refused: the pinned ranges stay."""


class RangesChange(NamedTuple):
    """What an update changes: blocks *added* and *removed*, of all sets together, each counted once."""

    added: tuple[str, ...]
    removed: tuple[str, ...]

    def __str__(self) -> str:
        if not self.added and not self.removed:
            return "no block changed"
        return f"{_blocks(len(self.added))} added, {len(self.removed)} removed"


def _blocks(number: int) -> str:
    return f"{number} block" + "s" * (number != 1)


class Filter(NamedTuple):
    """The services and regions that are kept; ``None``: all."""

    services: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None


def new_ranges(
    name: str,
    content: bytes,
    read: Reader,
    source: str,
    today: str,
    keep: Filter,
    paths: Sequence[str] = (),
    accepted: Iterable[str] = (),
) -> tuple[ProviderRanges, PublishedRanges]:
    """
    Return the ranges in the document *content* of the provider *name*, and all that the document says.

    :raises Suspicious: where its blocks are not public or overlap, or a service or region to *keep* is not there.
    :raises InvalidDocument: as *read*.
    """
    try:
        published = read(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Suspicious("the document is not UTF-8 text") from None
    sets = tuple(_kept(published, keep, "overlap" in accepted))
    if not sets:
        raise Suspicious("the document has no blocks")
    spec = RangesSpec(
        source=Text(source),
        sha256=Text(hashlib.sha256(content).hexdigest()),
        fetched=Date.parse(today),
        version=Text(published.version) if published.version else None,
        keep_services=None if keep.services is None else tuple(map(Text, keep.services)),
        keep_regions=None if keep.regions is None else tuple(map(Text, keep.regions)),
        paths=tuple(map(Text, paths)) or None,
        count=Count(sum(len(each.blocks) for each in sets)),
        sets=sets,
    )
    return ProviderRanges(name, spec), published


def _kept(published: PublishedRanges, keep: Filter, may_overlap: bool) -> Iterator[RangeSet]:
    by_set: dict[tuple[str, str], dict[str, None]] = {}
    for block in published.blocks:
        by_set.setdefault((block.service, block.region), {})[block.cidr] = None
    for words, known, title in (
        (keep.services, {service for service, _ in by_set}, "service"),
        (keep.regions, {region for _, region in by_set}, "region"),
    ):
        for word in words or ():
            if word not in known:
                listed = ", ".join(sorted(known - {""})[:8]) or "none"
                raise Suspicious(f"the document has no {title} `{word}`", f"there are {listed}")
    for (service, region), blocks in sorted(by_set.items()):
        if (keep.services is None or service in keep.services) and (keep.regions is None or region in keep.regions):
            named = RangeSet(blocks=(), service=Text(service) or None, region=Text(region) or None)
            for message in mistakes(blocks):
                if not (may_overlap and message.endswith(" overlap")):
                    hint = "`--accept overlap` takes them, for this update" if message.endswith(" overlap") else ""
                    raise Suspicious(f"the document has blocks that no provider publishes: {message} "
                                     f"(set {spelt(named)})", hint)  # fmt: skip
            yield RangeSet(tuple(map(Cidr.parse, collapsed(blocks))), named.service, named.region)


def change(old: RangesSpec | None, new: RangesSpec) -> RangesChange:
    """Return what *new* changes of *old*."""
    before, after = _texts(old), _texts(new)
    return RangesChange(tuple(sorted(after - before, key=network)), tuple(sorted(before - after, key=network)))


def _texts(spec: RangesSpec | None) -> set[str]:
    return set(collapsed(str(block) for each in spec.sets for block in each.blocks)) if spec else set()


def check_change(old: RangesSpec, new: RangesSpec, accepted: Iterable[str]) -> None:
    """
    Refuse what looks like a mistake of the provider, or like an attack, where it is not *accepted*.

    :raises Suspicious: where *new* has far fewer or far more addresses than *old*, of which it keeps the same services
        and regions, or lacks a set of it.
    """
    before = {(each.service, each.region): each for each in old.sets}
    after = {(each.service, each.region): each for each in new.sets}
    if "shrink" not in accepted:
        for key in before.keys() - after.keys():
            raise Suspicious(f"the document no longer has ranges of {spelt(before[key])}", _ACCEPT.format("shrink"))
    for key in sorted(before.keys() & after.keys(), key=str):
        for title, was, now in _sizes(before[key], after[key]):
            if title != _BLOCKS and now * SHRINKS < was and "shrink" not in accepted:
                message = f"the ranges of {spelt(before[key])} shrink from {was:,} to {now:,} {title}"
                raise Suspicious(message, _ACCEPT.format("shrink"))
            if was and now >= was * GROWS and "growth" not in accepted:
                message = f"the ranges of {spelt(before[key])} grow from {was:,} to {now:,} {title}"
                raise Suspicious(message, _ACCEPT.format("growth"))
    if "growth" not in accepted and len(new.sets) >= GROWS * len(old.sets):
        raise Suspicious(f"the document grows from {len(old.sets)} to {len(new.sets)} sets", _ACCEPT.format("growth"))


_ACCEPT = "compare the document with what the provider announced; `--accept {}` takes it, for this update"


_BLOCKS = "blocks"
"""What grows, and does not matter where it shrinks: neighbours are joined."""


def _sizes(old: RangeSet, new: RangeSet) -> Iterator[tuple[str, int, int]]:
    """Yield what is compared, before and after: the addresses of each family, the number of blocks."""
    for number, title, unit in ((4, "IPv4 addresses", 1), (6, "IPv6 networks of /64", 1 << 64)):
        was, now = (
            sum(
                max(1, (last - first + 1) // unit)
                for first, last in intervals.merge(network(str(block)) for block in each.blocks)
                if family(first) == number
            )
            for each in (old, new)
        )
        yield title, was, now
    yield _BLOCKS, len(old.blocks), len(new.blocks)
