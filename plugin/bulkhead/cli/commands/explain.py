"""``bulkhead explain``: show why a connection is allowed, or what denies it and which rule would allow it."""

from bulkhead.analysis.analysis_input import AnalysisInput, as_known
from bulkhead.analysis.judged_addresses import check_judged
from bulkhead.analysis.pod_addresses import PodAddressAnswer, of_pods
from bulkhead.analysis.suggestions.suggested_rules import RefusedPair
from bulkhead.analysis.suggestions.suggestion import Suggestion
from bulkhead.analysis.unknown_facts import UnknownFacts
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import (
    BY_FOLDER,
    NOT_BY_FOLDER,
    analysis_input,
    by_folder,
    evidence_of,
    peers_of,
    vocabulary_of,
)
from bulkhead.cli.options import (
    ENDPOINTS_HELP,
    Options,
    Parser,
    all_option,
    analysis_options,
    describe,
    folder_option,
    format_option,
)
from bulkhead.cli.requested_ports import port_set_of, requested_port
from bulkhead.core.engine.endpoint_terms import EndpointSelection, target
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.deviations import with_deviations
from bulkhead.core.explanation.pair import (
    PairExplanation,
    all_allowed,
    explain_pairs,
    grouped_by_decision,
    open_ports_by_pair,
    single_pods,
)
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.language.scalars import InvalidValue, Port
from bulkhead.core.promises.possible import PossibleChecker
from bulkhead.core.record import replaced
from bulkhead.report.explain.explain_formats import EXPLAIN_FORMATS
from bulkhead.report.explain.explained import Explained, OfPods
from bulkhead.report.names.caveats import caveats
from bulkhead.report.names.evidence import not_read_text
from bulkhead.report.names.outside_names import Outside, unreal
from bulkhead.report.test.possible_breaches import BreachWriter


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Say whether SRC may connect to DST, which policies isolate each side, which rule allows it, with file,\n"
        "line and reason; where it is denied, which side denies it, and which rule would allow it.\n"
        "Without a port: all ports, each with what decides it.",
        ENDPOINTS_HELP
        + """
examples:
  bulkhead explain cardboard trade-bot:5432
  bulkhead explain media/jellyfin nas:2049
  bulkhead explain cardboard kube-system:53/UDP
  bulkhead explain internet media/jellyfin
  bulkhead explain --manifests dump.json cardboard/web '[fd00::1]:443'

exit status: 0 allowed (for every pair, where SRC or DST is several endpoints; without a port: on some port)
             1 denied
             2 there is no such endpoint, the input has problems, or it depends on an address or on labels
               that are not known
""",
    )
    parser.add_argument("source", metavar="SRC", help="where the connection comes from")
    parser.add_argument(
        "destination", metavar="DST[:PORT[/PROTO]]", help="where it goes to; the protocol is TCP unless it is given"
    )
    folder_option(parser, "the folder with the overlays (default: .)")
    analysis_options(parser)
    format_option(parser, EXPLAIN_FORMATS)
    all_option(parser)


def run(options: Options, console: Console) -> int:
    """Print why SRC does or does not reach DST; return 0 where allowed, 1 denied, 2 where unknown facts decide."""
    found = analysis_input(options, console)
    status = _answer(found, options, console)
    own = by_folder(found, console)
    if own is None:
        return status
    has_place = options.format == "text"
    if has_place:
        console.write(f"\n{BY_FOLDER}:\n\n")
    else:
        console.status_line(f"note: {NOT_BY_FOLDER}: `--format text` shows both")
    return status if _answer(own, options, console, has_place) == status else 2


def _answer(found: AnalysisInput, options: Options, console: Console, is_shown: bool = True) -> int:
    """Return the exit status for *found*, and write its answer where it *is_shown*."""
    names = vocabulary_of(found)
    name, port = target(options.destination)
    asked = requested_port(port) if port else None
    try:
        ends = _judged(found, names.choose(options.source), False), _judged(found, names.choose(name), True)
    except InvalidValue as unknown:
        raise InvalidValue(unknown.message, _with_what_was_not_read(unknown.hint, found.evidence)) from None
    explained = _explained(found, ends, port, asked, console.folder)
    if not explained.groups and explained.of_pods is None:
        return console.error("no policy decides this: neither endpoint is a pod, or they share no address family")
    if is_shown:
        console.write(EXPLAIN_FORMATS[options.format]((explained, found), console.style_of(options.all)))
    return 0 if explained.allowed else 2 if explained.depends else 1


def _judged(found: AnalysisInput, chosen: EndpointSelection, in_part: bool) -> EndpointSelection:
    """Return *chosen*, if policies see its addresses; without known networks, with the pods that have one of them."""
    check_judged(found, chosen, in_part)
    return chosen if chosen.of_pods else replaced(chosen, pods=(*chosen.pods, *chosen.holders))


def _with_what_was_not_read(hint: str, evidence: Evidence) -> str:
    """Return *hint*, and what was given and is no endpoint: the name may be one of that."""
    return "; ".join(part for part in (hint, not_read_text(evidence)) if part)


def _explained(
    found: AnalysisInput,
    ends: tuple[EndpointSelection, EndpointSelection],
    port: str,
    asked: Port | None,
    here: str,
) -> Explained:
    answer = reach(found.cluster, found.semantics)
    question = UnknownFacts(found, answer)
    pairs = explain_pairs(answer, *ends, port_set_of(asked), found.loaded is not None)
    explanations = list(question.with_uncertain_ports(with_deviations(answer, pairs)))
    remedies: list[tuple[str, str]] = []
    if asked:
        refused = [
            RefusedPair(each, not each.egress_allows(verdict), not each.ingress_allows(verdict))
            for each in explanations
            for verdict in each.denied
        ]
        remedies = Suggestion(found, peers_of(found), ends, asked).texts(refused)
    groups = tuple(tuple(group) for group in grouped_by_decision(explanations))
    writer = BreachWriter(found, question.checker, Outside(found, peers_of(found)), here)
    depending = tuple(dict.fromkeys(writer.depending(*each) for each in question.breaches))
    notes = (*caveats(found, *ends, port_set_of(asked)), *depending)
    is_refused = any(each.denied for each in explanations)
    alone = tuple(single_pods(layer, found.loaded is not None) for layer in answer.layers)
    held = None
    if any(end.of_pods for end in ends):  # a checker reads all policies
        held = of_pods(_checker(found, answer), ends, port_set_of(asked), alone, unreal(found.profile))
    is_unknown = any(each.uncertain.spans for each in explanations) or (held is not None and held.verdict is None)
    depends = is_unknown and not (is_refused and asked)
    allowed = (not explanations or _allowed(explanations, asked)) and (held is None or held.verdict is True)
    return Explained(
        *ends,
        port,
        groups,
        tuple(remedies),
        allowed,
        found.semantics,
        notes,
        evidence_of(found, answer),
        depends,
        _written(found, held, answer, here),
    )


def _checker(found: AnalysisInput, answer: Reachability) -> PossibleChecker:
    return PossibleChecker(as_known(found), found.semantics, found.loaded is not None, unreal(found.profile), answer)


def _written(found: AnalysisInput, held: PodAddressAnswer | None, answer: Reachability, here: str) -> OfPods | None:
    """Return the answer *held* about addresses of the pod network in words."""
    if held is None:
        return None
    writer = BreachWriter(found, _checker(found, answer), Outside(found, peers_of(found)), here)
    opened, refused = (
        tuple(dict.fromkeys(writer.reason(*each) for each in examples)) for examples in (held.open, held.refused)
    )
    return OfPods(held.verdict, opened, refused, writer.hard(held.hard) if held.hard else "")


def _allowed(explanations: list[PairExplanation], asked: Port | None) -> bool:
    """Say whether each pair has the port open; without a port, any port over some address family."""
    if asked:
        return all_allowed(explanations, port_set_of(asked))
    return all(each.spans for each in open_ports_by_pair(explanations))
