"""What people accept: a check's id with a reason, on a rule, on a namespace, or on the profile."""

from collections.abc import Iterable, Iterator, Mapping

from bulkhead.core.diagnostics import Key, Path, nearest
from bulkhead.core.language.resources import rules_of
from bulkhead.core.language.scalars import Name, Text
from bulkhead.core.lint.context import FieldReference, Kind, LintContext
from bulkhead.core.lint.finding import Check, CheckResult, LintFinding, Severity
from bulkhead.core.record import record


@record
class Acceptance:
    """At *at*, findings of the check *id* below *above* are accepted for *reason*."""

    at: FieldReference
    above: FieldReference
    id: str
    reason: str


def acceptances(scene: LintContext) -> tuple[Acceptance, ...]:
    """Return everything that *scene*'s resources accept."""
    found: list[Acceptance] = []
    if scene.profile:
        found += _of(Kind.PROFILE, scene.profile.name, ("spec",), scene.profile.spec.accept)
    for each in scene.namespaces:
        found += _of(Kind.NAMESPACE, each.namespace, ("spec",), each.spec.accept)
        for path, rule in rules_of(each.spec):
            found += _of(Kind.NAMESPACE, each.namespace, path, rule.accept)
    return tuple(found)


def _of(kind: Kind, name: str, path: Path, accept: Mapping[Name, Text]) -> Iterator[Acceptance]:
    for check, reason in accept.items():
        yield Acceptance(
            FieldReference(kind, name, (*path, "accept", Key(check))), FieldReference(kind, name, path), check, reason
        )


class AcceptanceIndex:
    """Finds those of some *acceptances* that accept a finding, by its check and by the resource that it is in."""

    def __init__(self, acceptances: Iterable[Acceptance]) -> None:
        self.found: dict[tuple[str, Kind, str], list[Acceptance]] = {}
        for each in acceptances:
            self.found.setdefault((each.id, each.above.kind, each.above.name), []).append(each)

    def accepting(self, finding: LintFinding) -> list[Acceptance]:
        """Return the acceptances of *finding*, the nearest first."""
        found, at = finding.found, finding.found.at
        resources = dict.fromkeys([(at.kind, at.name), *((Kind.NAMESPACE, name) for name in found.namespaces[:1])])
        near = [each for kind, name in resources for each in self.found.get((finding.check.id, kind, name), ())]
        return sorted((each for each in near if _is_below(found, each.above)), key=lambda each: -len(each.above.path))


def _is_below(found: CheckResult, above: FieldReference) -> bool:
    if above.kind is Kind.NAMESPACE and above.path == ("spec",):
        return found.at.kind is not Kind.KUSTOMIZATION and found.namespaces == (above.name,)
    at = found.at
    return (at.kind, at.name) == (above.kind, above.name) and at.path[: len(above.path)] == above.path


def unknown(known: Iterable[Acceptance], ids: tuple[str, ...]) -> Iterator[LintFinding]:
    """Yield a finding for each of *known* that names none of *ids*."""
    for each in known:
        if each.id not in ids:
            near = nearest(each.id, ids)
            hint = f"did you mean `{near}`?" if near else "`bulkhead lint --list` names them"
            yield LintFinding(
                UNKNOWN, CheckResult(each.at, f"there is no check `{each.id}` to accept", hint, _whose(each))
            )


def unused(known: Iterable[Acceptance], heeded: set[Acceptance], ran: set[str]) -> Iterator[LintFinding]:
    """Yield a finding for each of *known* that accepts nothing, though its check *ran*."""
    for each in known:
        if each.id in ran and each not in heeded:
            message = f"`{each.id}` has no finding here that could be accepted"
            yield LintFinding(UNUSED, CheckResult(each.at, message, "remove the line", _whose(each)))


def _whose(each: Acceptance) -> tuple[str, ...]:
    return (each.at.name,) if each.at.kind is Kind.NAMESPACE else ()


def _nothing(_scene: LintContext) -> Iterator[CheckResult]:
    return iter(())


UNKNOWN = Check(
    "unknown-check",
    Severity.ERROR,
    "An acceptance of a check that does not exist",
    "A misspelt id accepts no finding, but looks as if it did.",
    "egress:\n  external-https: {to: anywhere, ports: 443, accept: {anywhere-covers-privat: asked for}}",
    "Write the id as `bulkhead lint --list` has it.",
    _nothing,
)

UNUSED = Check(
    "unused-accept",
    Severity.NOTE,
    "An acceptance of nothing",
    "The finding that was accepted is gone. The reason there explains nothing any more, and would accept the finding "
    "silently if it returns.",
    "egress:\n  external-https: {to: internet, ports: 443, accept: {anywhere-covers-private: asked for}}",
    "Take it out.",
    _nothing,
)

CHECKS = (UNKNOWN, UNUSED)
