"""Checks of the pinned ranges of providers: their age, and ranges that everybody can rent."""

from collections.abc import Iterator

from bulkhead.core.expansion.peers import Peers
from bulkhead.core.expansion.provider_peers import is_selected
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.language.provider_ranges import RangesSpec
from bulkhead.core.language.resources import Peer, rules_of
from bulkhead.core.language.scalars import Date
from bulkhead.core.lint.context import FieldReference, Kind, LintContext, end
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

_SHARED: dict[str, tuple[str, ...] | None] = {
    "aws": ("AMAZON", "API_GATEWAY", "CLOUDFRONT", "CODEBUILD", "EC2", "GLOBALACCELERATOR", "S3"),
    "azure": None,
    "cloudflare": None,
    "fastly": None,
    "github": ("actions", "actions_macos", "codespaces", "pages"),
    "google-cloud": None,
}
"""The services of a provider whose addresses its customers use; ``None``: all of them."""


def _shared(scene: LintContext) -> Iterator[CheckResult]:
    if scene.profile is None or not scene.profile.ranges:
        return
    peers = Peers(scene.profile)
    for line in scene.lines:
        for peer in peers.written_out(line.rule.peers) if line.rule and line.direction is Direction.EGRESS else ():
            name = str(peer.ranges)
            if peer.ranges is not None and name in _SHARED:
                found = _selected(scene.profile.ranges[name], peer) & _shared_services(scene.profile.ranges[name], name)
                for said in sorted(found)[:1]:
                    title = f"`{said}` of `{name}`" if said else f"`{name}`"
                    says = f"{line.title} reaches {title}, whose addresses its customers share"
                    yield CheckResult(end(line, 0, 0), says, _OWN, (line.namespace,))


def _selected(found: RangesSpec, peer: Peer) -> set[str]:
    """Return the services, ``""`` where the provider has none, whose ranges *peer* contains."""
    return {str(each.service or "") for each in found.sets if is_selected(each, peer)}


def _shared_services(found: RangesSpec, name: str) -> set[str]:
    shared = _SHARED[name]
    return {str(each.service or "") for each in found.sets} if shared is None else set(shared)


_OWN = "accept it with a reason, or reach the service through a private endpoint or a proxy"

SHARED = Check(
    "range-shared",
    Severity.NOTE,
    "Ranges that everybody can rent",
    "Anybody can have a server or a bucket at an address of a cloud or of a content network. A rule for these ranges "
    "allows that one, too: what leaks through the internet leaks through them.",
    "egress:\n  backup: {to: {ranges: aws, select: {service: S3, region: eu-west-1}}, ports: 443}",
    "Use a private endpoint or a proxy that knows names, or accept the finding with the reason.",
    _shared,
    exposed=True,
)

CHECKS = (OUTDATED, SHARED)
