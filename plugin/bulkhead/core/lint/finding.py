"""What a check is, and what it finds."""

from collections.abc import Callable, Iterator
from enum import Enum

from bulkhead.core.lint.context import FieldReference, LintContext
from bulkhead.core.record import record


class Severity(Enum):
    """How bad a finding is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    def reaches(self, least: "Severity") -> bool:
        """Say whether it is *least* or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(least)


Facts = tuple[tuple[str, tuple[str, ...]], ...]
"""Lists that belong to a finding, each with its title: ``("from", ("default", "media"))``."""


@record
class CheckResult:
    """What is wrong *at* a place, in *hint* what to write instead, and the *namespaces* for which it is true."""

    at: FieldReference
    message: str
    hint: str = ""
    namespaces: tuple[str, ...] = ()
    facts: Facts = ()


@record
class Check:
    """
    One check: what it *finds*, *why* that matters, an *example* in YAML and how to *fix* it.

    What is *exposed* never disappears from the list: accepted, it stays there as a note.  A check
    that is not *on* runs only when it is asked for.
    """

    id: str
    severity: Severity
    title: str
    why: str
    example: str
    fix: str
    find: Callable[[LintContext], Iterator[CheckResult]]
    on: bool = True
    exposed: bool = False


@record
class LintFinding:
    """What *check* *found*; *accepted* is the reason why it is accepted, ``""`` where it is not."""

    check: Check
    found: CheckResult
    accepted: str = ""

    @property
    def severity(self) -> Severity:
        """The severity; an accepted finding is a note."""
        return Severity.NOTE if self.accepted else self.check.severity

    @property
    def hidden(self) -> bool:
        """Whether it is left out of the list unless everything is asked for."""
        return bool(self.accepted) and not self.check.exposed
