"""
What kustomize would build and the command line does not model: it is refused, never skipped.
"""

import os

from bulkhead.core.diagnostics import Diagnostic, Location

NO_KUSTOMIZATION = "there is no kustomization.yaml here"
NOTHING_EXPANDED = "nothing here is expanded by the plugin"

_BEGINS = "cannot be reviewed: "


def refusal(location: Location, message: str, hint: str = "") -> Diagnostic:
    """Return the diagnostic for something that kustomize would build and that is not modelled here."""
    return Diagnostic(location, _BEGINS + message, hint)


def is_refusal(found: Diagnostic) -> bool:
    """Say whether *found* is about something that is not modelled, not about a mistake."""
    return found.message.startswith(_BEGINS)


def is_nothing(found: Diagnostic, folder: str) -> bool:
    """Say whether *found* is that there is nothing to judge below *folder*, not a mistake in what is there."""
    is_root = found.message == NO_KUSTOMIZATION and os.path.realpath(found.location.file) == os.path.realpath(folder)
    return is_root or found.message == NOTHING_EXPANDED
