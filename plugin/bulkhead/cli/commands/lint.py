"""``bulkhead lint``: what an expert would find in the policies of a cluster."""

import os
import sys
import time
from collections.abc import Sequence

from bulkhead.analysis.analysis_input import AnalysisInput, enforcer_of, from_manifests, from_overlays
from bulkhead.analysis.lint_input import LintInput
from bulkhead.core.diagnostics import Diagnostic, nearest
from bulkhead.core.engine.semantics import specification
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.language.scalars import Date, InvalidValue
from bulkhead.core.lint.finding import Check, Severity
from bulkhead.core.lint.grouping import FindingGroup, grouped, worst
from bulkhead.core.lint.registry import CHECKS, lint
from bulkhead.core.record import record
from bulkhead.io.manifests.clusters import SUFFIXES
from bulkhead.report.lint import as_json, listing, markdown, summary, text
from bulkhead.report.sarif import sarif
from bulkhead.report.text import count, faults


@record
class LintOptions:
    """What the command line asks for; *folder* and *manifests* are ``None`` where they are not given."""

    folder: str | None = None
    manifests: str | None = None
    enforcer: str | None = None
    form: str = "text"
    everything: bool = False
    fail_on: str = "warning"
    enable: Sequence[str] = ()
    disable: Sequence[str] = ()
    today: str | None = None


def show() -> int:
    """Print the checks that there are."""
    sys.stdout.write(listing(CHECKS))
    return 0


def run(asked: LintOptions) -> int:
    """Print the findings; 1 where one is as bad as *fail_on* or worse, 2 where nothing could be judged."""
    try:
        checks = _checks(asked.enable, asked.disable)
        today = Date.parse(asked.today or time.strftime("%Y-%m-%d"))
    except InvalidValue as refused:
        sys.stderr.write(f"bulkhead: error: {refused.message}\n" + (f"hint: {refused.hint}\n" if refused.hint else ""))
        return 2
    overlays = from_overlays(asked.folder or ".") if asked.folder or not asked.manifests else None
    manifests = _manifests(asked, overlays) if asked.manifests else None
    wrong = [fault for each in (overlays, manifests) if each for fault in each.faults]
    if wrong:
        return _refuse(wrong)
    found = _found(asked, overlays, manifests, checks, today)
    shown = found if asked.everything else tuple(each for each in found if not each.finding.hidden)
    sys.stdout.write(_written(asked.form, found, shown))
    sys.stdout.flush()
    if asked.form == "text":
        sys.stderr.write(summary(found, shown))
    most = worst(shown)
    return int(most is not None and most.reaches(Severity(asked.fail_on)))


def _checks(enable: Sequence[str], disable: Sequence[str]) -> tuple[Check, ...]:
    ids = tuple(check.id for check in CHECKS)
    for each in (*enable, *disable):
        if each not in ids:
            near = nearest(each, ids)
            raise InvalidValue(
                f"there is no check `{each}`", f"did you mean `{near}`?" if near else "`--list` names them"
            )
    return tuple(check for check in CHECKS if check.id not in disable and (check.on or check.id in enable))


def _manifests(asked: LintOptions, overlays: AnalysisInput | None) -> AnalysisInput:
    return from_manifests(str(asked.manifests), specification(_enforcer(asked, overlays)))


def _enforcer(asked: LintOptions, overlays: AnalysisInput | None) -> Enforcer:
    return Enforcer(asked.enforcer) if asked.enforcer else enforcer_of(overlays.profile if overlays else None)


def _found(
    asked: LintOptions,
    overlays: AnalysisInput | None,
    manifests: AnalysisInput | None,
    checks: tuple[Check, ...],
    today: str,
) -> tuple[FindingGroup, ...]:
    files = _files(asked.manifests) if asked.manifests else []
    inspection = LintInput(overlays, manifests, files, _enforcer(asked, overlays), today)
    linted = lint(inspection.scene, checks)
    heeded = frozenset(inspection.place(at) for at in linted.heeded)
    return grouped([(inspection.place(each.found.at), each) for each in linted.findings], heeded)


def _files(path: str) -> list[str]:
    if os.path.isfile(path):
        return [os.path.realpath(path)]
    return [
        os.path.realpath(os.path.join(folder, name))
        for folder, _, names in os.walk(path)
        for name in names
        if name.endswith(SUFFIXES)
    ]


def _written(form: str, found: tuple[FindingGroup, ...], shown: tuple[FindingGroup, ...]) -> str:
    here = os.getcwd()
    if form == "json":
        return as_json(found, here)
    if form == "sarif":
        return sarif(found, CHECKS, _repository(here))
    return markdown(shown, here) if form == "markdown" else text(shown, here)


def _repository(here: str) -> str:
    """Return the root of the repository that *here* is in, or *here*."""
    folder = here
    while not os.path.exists(os.path.join(folder, ".git")):
        if folder == os.path.dirname(folder):
            return here
        folder = os.path.dirname(folder)
    return folder


def _refuse(wrong: list[Diagnostic]) -> int:
    sys.stderr.write(faults(wrong, os.getcwd()))
    sys.stderr.write(f"bulkhead: {count(len(set(wrong)), 'problem')}, nothing was judged\n")
    return 2
