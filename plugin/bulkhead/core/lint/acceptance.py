"""What people accept: a check's id with a reason, on a rule, on a namespace, or on the profile."""

from collections.abc import Iterable, Iterator, Mapping

from bulkhead.core.lint.check import Check, Finding, Found, Severity
from bulkhead.core.lint.scene import At, Kind, Scene, written
from bulkhead.core.notation import Name, Text
from bulkhead.core.problem import Key, Path, nearest
from bulkhead.core.value import value


@value
class Acceptance:
    """At *at*, findings of the check *id* below *above* are accepted for *reason*."""

    at: At
    above: At
    id: str
    reason: str


def acceptances(scene: Scene) -> tuple[Acceptance, ...]:
    """Return everything that *scene*'s resources accept."""
    found: list[Acceptance] = []
    if scene.profile:
        found += _of(Kind.PROFILE, scene.profile.name, ("spec",), scene.profile.spec.accept)
    for each in scene.namespaces:
        found += _of(Kind.NAMESPACE, each.namespace, ("spec",), each.spec.accept)
        for path, rule in written(each.spec):
            found += _of(Kind.NAMESPACE, each.namespace, path, rule.accept)
    return tuple(found)


def _of(kind: Kind, name: str, path: Path, accept: Mapping[Name, Text]) -> Iterator[Acceptance]:
    for check, reason in accept.items():
        yield Acceptance(At(kind, name, (*path, "accept", Key(check))), At(kind, name, path), check, reason)


def accepting(known: Iterable[Acceptance], finding: Finding) -> list[Acceptance]:
    """Return those of *known* that accept *finding*, the nearest first."""
    found = [each for each in known if each.id == finding.check.id and _is_below(finding.found, each.above)]
    return sorted(found, key=lambda each: -len(each.above.path))


def _is_below(found: Found, above: At) -> bool:
    if above.kind is Kind.NAMESPACE and above.path == ("spec",):
        return found.at.kind is not Kind.KUSTOMIZATION and found.namespaces == (above.name,)
    at = found.at
    return (at.kind, at.name) == (above.kind, above.name) and at.path[: len(above.path)] == above.path


def unknown(known: Iterable[Acceptance], ids: tuple[str, ...]) -> Iterator[Finding]:
    """Yield a finding for each of *known* that names none of *ids*."""
    for each in known:
        if each.id not in ids:
            near = nearest(each.id, ids)
            hint = f"did you mean `{near}`?" if near else "`bulkhead lint --list` names them"
            yield Finding(UNKNOWN, Found(each.at, f"there is no check `{each.id}` to accept", hint, _whose(each)))


def unused(known: Iterable[Acceptance], heeded: set[Acceptance], ran: set[str]) -> Iterator[Finding]:
    """Yield a finding for each of *known* that accepts nothing, though its check *ran*."""
    for each in known:
        if each.id in ran and each not in heeded:
            says = f"nothing is left of `{each.id}` to accept here"
            yield Finding(UNUSED, Found(each.at, says, "take the line out", _whose(each)))


def _whose(each: Acceptance) -> tuple[str, ...]:
    return (each.at.name,) if each.at.kind is Kind.NAMESPACE else ()


def _nothing(_scene: Scene) -> Iterator[Found]:
    return iter(())


UNKNOWN = Check(
    "unknown-check",
    Severity.ERROR,
    "An acceptance of a check that does not exist",
    "A misspelt id accepts nothing, and reads as if it did.",
    "egress:\n  external-https: {to: anywhere, ports: 443, accept: {anywhere-covers-privat: asked for}}",
    "Write the id as `bulkhead lint --list` has it.",
    _nothing,
)

UNUSED = Check(
    "unused-accept",
    Severity.NOTE,
    "An acceptance of nothing",
    "The finding that was accepted is gone. The reason that stands there explains nothing any more, and would accept "
    "the finding without a word on the day when it comes back.",
    "egress:\n  external-https: {to: internet, ports: 443, accept: {anywhere-covers-private: asked for}}",
    "Take it out.",
    _nothing,
)

CHECKS = (UNKNOWN, UNUSED)
