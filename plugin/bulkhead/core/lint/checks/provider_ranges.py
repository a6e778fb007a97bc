"""Checks of the pinned ranges of providers: their age, and ranges that everybody can rent."""

from collections.abc import Iterator

from bulkhead.core.expansion.peers import Peers
from bulkhead.core.language.resources import Peer, rules_of
from bulkhead.core.language.scalars import Date
from bulkhead.core.lint.context import FieldReference, Kind, LintContext
from bulkhead.core.lint.finding import Check, CheckResult, Severity

DAYS = 30
"""How old pinned ranges may be. GitHub changes what people reach about four times a year, AWS S3 every month."""

_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def age(fetched: str, today: str) -> int:
    """Return the days from one day to another, both `YYYY-MM-DD`."""
    return _number(Date.parse(today)) - _number(Date.parse(fetched))


def _number(day: str) -> int:
    """Return the number of a day in the calendar."""
    year, month, date = map(int, day.split("-"))
    past = year - (month <= 2)  # leap days are at the end of February
    return 365 * year + past // 4 - past // 100 + past // 400 + _BEFORE_MONTH[month - 1] + date


def _providers(scene: LintContext) -> Iterator[tuple[str, str]]:
    """Yield each namespace and provider that its rules lead to."""
    if scene.profile is None or not scene.profile.ranges:
        return
    peers = Peers(scene.profile)
    for each in scene.namespaces:
        for _, rule in rules_of(each.spec):
            for peer in peers.written_out(rule.peers):
                if isinstance(peer, Peer) and peer.ranges is not None:
                    yield each.namespace, str(peer.ranges)


def _outdated(scene: LintContext) -> Iterator[CheckResult]:
    if scene.profile is None or not scene.today:
        return
    users: dict[str, set[str]] = {}
    for namespace, provider in _providers(scene):
        users.setdefault(provider, set()).add(namespace)
    for provider, namespaces in sorted(users.items()):
        spec = scene.profile.ranges.get(provider)
        days = age(spec.fetched, scene.today) if spec is not None else 0
        if spec is not None and days > DAYS:
            at = FieldReference(Kind.RANGES, provider, ("spec", "fetched"))
            says = f"the ranges of `{provider}` are {days} days old"
            yield CheckResult(at, says, f"run `bulkhead ranges update {provider}`", tuple(sorted(namespaces)))


OUTDATED = Check(
    "range-outdated",
    Severity.WARNING,
    "Pinned ranges that are old",
    f"After more than {DAYS} days, pinned ranges may lack addresses that the provider uses, and contain some that it "
    "gave up. Only ranges that a rule uses are reported.",
    'kind: ProviderRanges\nspec:\n  fetched: "2026-03-31"',
    "Run `bulkhead ranges update`, and review the difference with `bulkhead diff`.",
    _outdated,
)

CHECKS = (OUTDATED,)
