"""
ProviderRanges (``bulkhead.dev/v1alpha1``): the published addresses of one provider, as they were on one day.

``bulkhead ranges update`` writes it, people review it, and a peer names it: `{ranges: github, select: [api, git]}`.
"""

from collections.abc import Iterator

from bulkhead.core.language.scalars import Cidr, Date, InvalidValue, Text, quoted
from bulkhead.core.record import declare, record


class Count(int):
    """A whole number, at least 1."""

    @staticmethod
    def parse(raw: object) -> "Count":
        """Return the number."""
        if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
            raise InvalidValue(f"{quoted(raw)} is not a number above 0", "write a whole number, without quotes")
        return Count(raw)


@record
class Selection:
    """Some of a provider's ranges: those of any of the services that are in any of the regions."""

    service: tuple[Text, ...] | None = declare(
        "The service, as the provider spells it; a list means any of them. Left out: every pinned one.",
        default=None,
        example="S3",
    )
    region: tuple[Text, ...] | None = declare(
        "The region, as the provider spells it; a list means any of them. Left out: every pinned one.",
        default=None,
        example="eu-west-1",
    )

    def complaints(self) -> Iterator[tuple[str, str, str]]:
        """Yield a complaint where it selects everything."""
        if self.service is None and self.region is None:
            yield "", "the selection is empty", "name a `service` or a `region`"


@record
class RangeSet:
    """The addresses of one service in one region; a provider with one list has neither."""

    blocks: tuple[Cidr, ...] = declare("Its blocks, sorted, none inside another.", example="[140.82.112.0/20]")
    service: Text | None = declare("The service, as the provider spells it.", default=None, example="git")
    region: Text | None = declare("The region, as the provider spells it.", default=None, example="eu-west-1")


@record
class RangesSpec:
    """The published addresses of one provider on one day. `bulkhead ranges update` writes it, people review it."""

    source: Text = declare("Where the document came from.", example="https://api.github.com/meta")
    sha256: Text = declare("The checksum of the document.", example="0f4c…")
    fetched: Date = declare("The day on which it was fetched.", example="2026-11-27")
    count: Count = declare("How many blocks there are in all sets.", example="42")
    sets: tuple[RangeSet, ...] = declare("The blocks, by service and region.", example="[{service: git, blocks: […]}]")
    version: Text | None = declare("The document's own version, where it has one.", default=None, example="1764201600")
    keep_services: tuple[Text, ...] | None = declare(
        "The services that updates keep. Left out: all.", default=None, key="keepServices", example="[api, git]"
    )
    keep_regions: tuple[Text, ...] | None = declare(
        "The regions that updates keep. Left out: all.", default=None, key="keepRegions", example="[eu-west-1]"
    )
    paths: tuple[Text, ...] | None = declare(
        "Where the blocks are in a JSON document of another provider.",
        default=None,
        example="prefixes[].ipv4Prefix",
    )

    def complaints(self) -> Iterator[tuple[str, str, str]]:
        """Yield a complaint for what no update writes: another count, blocks that are not public or overlap."""
        from bulkhead.core.sets.public_blocks import mistakes  # here: few builds have ranges

        update = "run `bulkhead ranges update`: nobody edits this file"
        found = sum(len(each.blocks) for each in self.sets)
        if found != self.count:
            yield "count", f"`count` is {self.count}, and the sets have {found}", update
        seen = set()
        for each in self.sets:
            if (each.service, each.region) in seen:
                yield "sets", f"there are two sets for {spelt(each)}", update
            seen.add((each.service, each.region))
            for message in mistakes([str(block) for block in each.blocks]):
                yield "sets", f"{message} (set {spelt(each)})", update


def spelt(found: RangeSet) -> str:
    """Return how messages call a set."""
    parts = [f"`{part}`" for part in (found.service, found.region) if part is not None]
    return " in ".join(parts) or "of all addresses"


@record
class ProviderRanges:
    """The published addresses of a provider. Configuration only: it is never applied to a cluster."""

    name: str
    spec: RangesSpec
