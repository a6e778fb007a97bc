"""
What kustomize would build and the command line does not model: it is refused, never skipped.
"""

from bulkhead.core.diagnostics import Diagnostic, Location

_BEGINS = "cannot be reviewed: "


def refusal(location: Location, message: str, hint: str = "") -> Diagnostic:
    """Return the diagnostic for something that kustomize would build and that is not modelled here."""
    return Diagnostic(location, _BEGINS + message, hint)


def is_refusal(found: Diagnostic) -> bool:
    """Say whether *found* is about something that is not modelled, not about a mistake."""
    return found.message.startswith(_BEGINS)
