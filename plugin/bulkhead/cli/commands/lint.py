"""``bulkhead lint``: report rules that are too open, without effect or incomplete."""

import os
import time
from collections.abc import Sequence

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.lint_input import LintInput
from bulkhead.analysis.overlays_input import from_overlays
from bulkhead.analysis.semantics_options import semantics_of
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import STDIN, by_folder, check_selection, manifests_input, nothing_to_judge
from bulkhead.cli.options import (
    Options,
    Parser,
    describe,
    folder_option,
    format_option,
    selection_asked,
    selection_options,
    semantics_asked,
    semantics_options,
    values,
)
from bulkhead.core.diagnostics import nearest
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.language.scalars import Date, InvalidValue
from bulkhead.core.lint.finding import Check, Severity
from bulkhead.core.lint.grouping import FindingGroup, found_by_either, grouped, worst
from bulkhead.core.lint.registry import CHECKS, lint
from bulkhead.io.kustomize.kustomization import Bounds
from bulkhead.report.lint.findings import listing, summary
from bulkhead.report.lint.lint_formats import LINT_FORMATS, LintReport


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Report rules that allow more than they seem to, that another rule makes superfluous, that have no effect on\n"
        "this enforcer, whose other side is missing, and more; each with the line that a person wrote.\n"
        "`--list` names the checks, docs/reference/lint.md explains them.\n\n"
        "A finding is accepted in the rule itself, with a reason:\n"
        "  external-https: {to: anywhere, ports: 443, accept: {anywhere-covers-private: asked for}}",
        "examples:\n"
        "  bulkhead lint                                   the overlays below .\n"
        "  bulkhead lint --manifests rendered/             NetworkPolicies and workloads of another source\n"
        "  bulkhead lint --manifests dump.json             kubectl get ns,pods,netpol -A -o json > dump.json\n"
        "  bulkhead lint . --manifests dump.json           the overlays against the pods that run\n"
        "  bulkhead lint --format sarif > lint.sarif       for code scanning\n\n"
        "exit status: 0 no finding of --fail-on or worse; 1 there is one; 2 the input or the command line is unusable",
    )
    parser.add_argument("dir", nargs="?", metavar="DIR", help="a folder with a kustomization.yaml (default: . unless "
                        "--manifests is given)")  # fmt: skip
    folder_option(parser)
    parser.set_defaults(dir=None)
    parser.add_argument("--manifests", action="append", metavar="PATH", help="manifests in a file or folder, or a dump "
                        "of a cluster: alone, or with DIR for its pods and its other namespaces; - is stdin; may be "
                        "repeated")  # fmt: skip
    selection_options(parser)
    semantics_options(parser)
    format_option(parser, LINT_FORMATS)
    parser.add_argument("--all", action="store_true", help="list accepted findings too, with the reasons, and "
                        "long lists whole")  # fmt: skip
    parser.add_argument("--fail-on", choices=values(Severity), default=Severity.WARNING.value, metavar="SEVERITY",
                        help=f"exit 1 for findings this bad or worse: {', '.join(values(Severity))} "
                        "(default: warning)")  # fmt: skip
    parser.add_argument(
        "--enable", action="append", default=[], metavar="ID", help="run a check that is off by default"
    )
    parser.add_argument("--disable", action="append", default=[], metavar="ID", help="leave a check out")
    parser.add_argument("--today", metavar="DATE", help="the day that `until` is compared with (default: today)")
    parser.add_argument("--list", action="store_true", help="name the checks, and do nothing else")


def run(options: Options, console: Console) -> int:
    """Print the findings; return 1 where one is as bad as ``--fail-on`` or worse."""
    if options.list:
        console.write(listing(CHECKS))
        return 0
    checks = _checks(options.enable, options.disable)
    today = Date.parse(options.today or time.strftime("%Y-%m-%d"))
    if not options.manifests:
        check_selection(selection_asked(options))
    bounds = Bounds(helm=options.enable_helm)
    overlays = (
        from_overlays(options.dir or ".", bounds, progress=console.progress)
        if options.dir or not options.manifests
        else None
    )
    semantics = semantics_of(semantics_asked(options), overlays.profile if overlays else None)
    if overlays:
        overlays.semantics = semantics
    selected = selection_asked(options)
    manifests = (
        manifests_input(options.manifests, selected, console, semantics.specification) if options.manifests else None
    )
    problems = [fault for each in (overlays, manifests) if each for fault in each.faults]
    if problems:
        console.refuse(problems, "nothing was judged")
    if manifests and manifests.evidence.is_nothing and not (overlays and manifests.cluster.namespaces):
        nothing_to_judge(manifests, ", ".join(options.manifests), console)
    evidence = Evidence()
    for side in (overlays, manifests):
        evidence = evidence.and_of(side.evidence) if side else evidence
    found = _found(options.manifests, overlays, manifests, semantics.enforcer, checks, today)
    own = by_folder(overlays, console) if overlays else None
    if own:
        others = _found(options.manifests, own, manifests, semantics.enforcer, checks, today)
        found = found_by_either(found, others)
    shown = found if options.all else tuple(each for each in found if not each.finding.hidden)
    console.write(LINT_FORMATS[options.format](LintReport(found, shown, evidence), console.style_of(options.all)))
    if options.format == "text":
        console.note(summary(found, shown))
    most = worst(shown)
    return int(most is not None and most.reaches(Severity(options.fail_on)))


def _checks(enable: Sequence[str], disable: Sequence[str]) -> tuple[Check, ...]:
    ids = tuple(check.id for check in CHECKS)
    for each in (*enable, *disable):
        if each not in ids:
            near = nearest(each, ids)
            raise InvalidValue(
                f"there is no check `{each}`", f"did you mean `{near}`?" if near else "`--list` names them"
            )
    return tuple(check for check in CHECKS if check.id not in disable and (check.on or check.id in enable))


def _found(
    paths: Sequence[str],
    overlays: AnalysisInput | None,
    manifests: AnalysisInput | None,
    enforcer: Enforcer,
    checks: tuple[Check, ...],
    today: str,
) -> tuple[FindingGroup, ...]:
    files = (
        [os.path.realpath(each) for each in manifests.rules.places.files] if manifests and STDIN not in paths else []
    )
    inspection = LintInput(overlays, manifests, files, enforcer, today)
    linted = lint(inspection.scene, checks)
    heeded = frozenset(inspection.place(at) for at in linted.heeded)
    return grouped([(inspection.place(each.found.at), each) for each in linted.findings], heeded)
