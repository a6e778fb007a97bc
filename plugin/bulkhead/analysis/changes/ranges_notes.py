"""What a change does to the pinned ranges of providers, in one sentence for each provider."""

from collections.abc import Iterator

from bulkhead.analysis.ranges_update import change
from bulkhead.core.language.resources import ClusterProfile
from bulkhead.io.ranges.providers import PROVIDERS


def ranges_notes(before: ClusterProfile | None, after: ClusterProfile | None) -> Iterator[str]:
    """Yield a sentence for each provider whose pinned ranges are new, gone, or have other blocks."""
    was, now = (profile.ranges if profile else {} for profile in (before, after))
    for name in sorted(was.keys() | now.keys()):
        title = PROVIDERS[name].title if name in PROVIDERS else name
        if name not in now:
            yield f"{title}: its ranges are no longer pinned"
        elif name not in was:
            yield f"{title}: {int(now[name].count)} blocks pinned, of {now[name].fetched}"
        elif was[name].sets != now[name].sets:
            yield f"{title}: {change(was[name], now[name])}"
