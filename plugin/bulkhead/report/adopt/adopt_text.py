"""A plan of adoption for a terminal: the namespaces in their order, with commands."""

import os
import shlex
from collections.abc import Iterator

from bulkhead.analysis.changes.adoption import Adoption, Deletion, Step
from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.safe_text import printable
from bulkhead.report.diff.diff_rows import diff_summary
from bulkhead.report.diff.diff_text import row_lines
from bulkhead.report.diff.live_policies import delete_command
from bulkhead.report.layout.cut import EVERYTHING
from bulkhead.report.layout.style import Style
from bulkhead.report.layout.text import count
from bulkhead.report.names.evidence import evidence_text

_ROWS = 12
"""Rows of one effect. The rest is counted."""

_NAMES = 8


def text_report(found: Adoption, style: Style) -> str:
    """Return *found* as text."""
    lines = [style.palette.bold(headline(found)), *(f"note: {note}" for note in notes(found, style)), ""]
    for number, step in enumerate(found.steps, 1):
        lines += [*_step(number, step, style), ""]
    evidence = f"dump: {evidence_text(found.dump.evidence)} | overlays: {evidence_text(found.overlays.evidence)}"
    lines.append(style.palette.faint(f"evidence: {printable(evidence)}"))
    return "".join(f"{line}\n" for line in lines)


def headline(found: Adoption) -> str:
    """Return what the plan comes to, in one line."""
    free = sum(each.is_free for step in found.steps for each in step.deletions)
    parts = [
        count(len(found.steps), "namespace"),
        f"{count(free, 'policy')} of the cluster can be deleted without effect",
    ]
    if found.left:
        parts.append(f"{len(found.left)} {'STAYS' if len(found.left) == 1 else 'STAY'}: a deletion has an effect")
    if not found.is_decided:
        parts.append("NOT DECIDED in part")
    return ", ".join(parts)


def notes(found: Adoption, style: Style) -> Iterator[str]:
    """Yield what a reader of the plan must know."""
    yield f"policies of the cluster that have the names of rendered ones: {len(found.ours)}"
    yield from (f"NOT DECIDED: {each}" for each in found.doubts)
    lists = (
        ("policies stay in namespaces that no overlay is for", [_name(each.policy) for each in found.elsewhere]),
        ("the dump does not have these namespaces of overlays", list(found.absent)),
        ("no policy will be in these namespaces of the dump", list(found.open)),
    )
    for title, names in lists:
        if names:
            yield f"{title}: {printable(style.cut.row(names, _NAMES))}"
    kinds = sorted({each.kind for each in found.dump.unjudged})
    if kinds:
        yield f"not judged, they may allow or deny as well: {printable(', '.join(kinds))}"


def _name(policy: NetworkPolicy) -> str:
    return f"{policy.namespace}/{policy.name}"


def _step(number: int, step: Step, style: Style) -> Iterator[str]:
    yield style.palette.bold(f"{number}. {printable(step.namespace)}")
    for field in step.kept:
        may = "keeps" if field.sure else "may keep"
        part = field.part.value.removeprefix("the ")
        yield f"   NOT DECIDED: a delivery {may} the {part} of `{printable(field.name)}`; make it what is rendered:"
        yield f"       {printable(field.repair)}"
    if step.ingress:
        yield "   first with `isolation: ingress` and `egress: null` in the overlay:"
        yield from _effect(step.ingress, style)
        yield "   then without these two lines:"
    if step.renders:
        yield f"   {apply_command(step, style.folder)}"
        yield from _effect(step.applied, style)
    else:
        yield "   its overlay renders no policy"
    free = [each for each in step.deletions if each.is_free]
    if free:
        yield "   then delete, in this order, without an effect on traffic:"
        yield from (f"       {printable(delete_command(each.live))}" for each in free)
    for each in step.deletions:
        if not each.is_free:
            yield from _left(each, style)


def _left(found: Deletion, style: Style) -> Iterator[str]:
    opens, closes = (any(each.opens is sign for each in found.effect.findings) for sign in (True, False))
    verbs = [verb for verb, there in (("opens", opens), ("closes", closes)) if there]
    said = f"deleting it {' and '.join(verbs)}:" if verbs else "it is not decided what its deletion does:"
    if closes and not opens:
        said = "it keeps open what the overlay closes; deleting it closes:"
    yield f"   {printable(_name(found.live.policy))} stays: {said}"
    yield from _effect(found.effect, style)
    yield f"       to delete it: {printable(delete_command(found.live))}"


def _effect(found: Comparison, style: Style) -> Iterator[str]:
    summary = diff_summary(found, style.folder, style.cut)
    possible = [row for row in summary.rows if row.is_possible]
    given = [row for row in summary.rows if not row.is_possible]
    shown, more = style.cut.first(given, _ROWS)
    if style.cut is EVERYTHING:
        shown, possible = list(summary.rows), []
    yield f"     {printable(summary.verdict)}"
    yield from (f"     {line}" for row in shown for line in row_lines(row, style.cut))
    if more:
        yield f"       and {more} more rows like these (--all)"
    if possible:
        yield f"       and {count(len(possible), 'row')} for pods that could exist (--all)"


def apply_command(step: Step, folder: str) -> str:
    """Return the command that applies the overlay of *step*, as seen from *folder*."""
    path = shlex.quote(os.path.relpath(step.folder, folder))
    build = f"kustomize build --enable-alpha-plugins --enable-exec {path}"
    return f"{build} | kubectl apply --server-side -f -"
