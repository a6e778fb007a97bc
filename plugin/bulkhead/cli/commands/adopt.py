"""``bulkhead adopt``: plan how a running cluster takes over the overlays."""

from bulkhead.analysis.analysis_input import AnalysisInput, from_manifests
from bulkhead.analysis.changes.adoption import Adoption, AdoptionPlanner
from bulkhead.analysis.changes.comparison import NotComparable
from bulkhead.analysis.overlays_input import from_overlays
from bulkhead.analysis.semantics_options import semantics_of
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import STDIN, manifests_input, no_garbage_collection, nothing_to_judge
from bulkhead.cli.options import (
    Options,
    Parser,
    all_option,
    describe,
    folder_option,
    format_option,
    selection_asked,
    selection_options,
    semantics_asked,
    semantics_options,
)
from bulkhead.report.adopt.adopt_formats import ADOPT_FORMATS


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Plan, namespace by namespace, how a running cluster takes over the overlays: what each overlay opens and\n"
        "closes there, which policies of the cluster can then be deleted without an effect on traffic, and which\n"
        "keep open what the overlay closes. Policies add up: `kubectl apply` deletes none of them.",
        """\
examples:
  kubectl get ns,pods,svc,nodes,netpol,deploy,ds,sts -A -o json > cluster.json
  bulkhead adopt --dump cluster.json
  bulkhead adopt --dump cluster.json --ingress-first     close what comes in, then what goes out

exit status: 0 every other policy can be deleted without effect; 1 some stay, because their deletion has an effect;
             2 it could not be decided, or there is nothing to plan
""",
    )
    parser.add_argument("--dump", required=True, metavar="FILE", help="what kubectl printed; - is stdin")
    parser.add_argument("--ingress-first", action="store_true", help="plan each namespace in two parts, ingress first")
    folder_option(parser, "the folder with the overlays (default: .)")
    selection_options(parser)
    semantics_options(parser)
    format_option(parser, ADOPT_FORMATS)
    all_option(parser)


def run(options: Options, console: Console) -> int:
    """Print the plan; return 0 where nothing stays, 1 where something does, 2 where it is not decided."""
    with no_garbage_collection():
        found = _planned(options, console)
        console.write(ADOPT_FORMATS[options.format](found, console.style_of(options.all)))
    if not found.is_decided:
        return 2
    return int(bool(found.left))


def _planned(options: Options, console: Console) -> Adoption:
    """
    Return the plan.

    :raises CommandFailed: where a side has problems, or there is nothing to plan; the reason is written.
    """
    overlays = _checked(from_overlays(options.dir, progress=console.progress), console)
    dump = _checked(_dump(options, console), console)
    if dump.evidence.is_nothing:
        nothing_to_judge(dump, options.dump, console)
    semantics = semantics_of(semantics_asked(options), overlays.profile)
    try:
        return AdoptionPlanner(dump, overlays, semantics, options.ingress_first).plan(console.progress)
    except NotComparable as error:
        console.refuse(error.faults, "there is no plan")


def _dump(options: Options, console: Console) -> AnalysisInput:
    if options.dump == STDIN:
        return manifests_input([STDIN], selection_asked(options), console)
    return from_manifests(options.dump, selection=selection_asked(options))


def _checked(found: AnalysisInput, console: Console) -> AnalysisInput:
    if found.faults:
        console.refuse(found.faults, "there is no plan")
    return found
