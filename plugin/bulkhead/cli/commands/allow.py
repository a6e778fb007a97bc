"""``bulkhead allow``: write the rules that allow a connection."""

from collections.abc import Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.editing.overlay_edit import OverlayEdit
from bulkhead.analysis.editing.peer_rules import peer_rule_edits, selects_nothing
from bulkhead.analysis.editing.rule_edits import NotAllowed, RuleRequest, denied_pairs, rule_edits
from bulkhead.analysis.judged_addresses import check_judged
from bulkhead.cli.console import Console
from bulkhead.cli.edits import EXIT_STATUS, EditError, carry_out, edit_options, editable_input, reason_options, reasons
from bulkhead.cli.inputs import peers_of, vocabulary_of
from bulkhead.cli.options import ENDPOINTS_HELP, Options, Parser, describe
from bulkhead.cli.requested_ports import requested_port
from bulkhead.core.engine.endpoint_terms import EndpointSelection, target
from bulkhead.core.language.scalars import Name
from bulkhead.io.editing.field_edits import FieldEdit


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Write the rules that allow SRC to connect to DST into the overlays of the two: the egress of the\n"
        "source, the ingress of the destination, as far as they deny it. Comments and order stay.\n"
        "The report is the one of `bulkhead diff`: what a reviewer will see.",
        ENDPOINTS_HELP
        + """
examples:
  bulkhead allow cardboard nas:2049 --why 'Backups of the board photos'
  bulkhead allow media/jellyfin trade-bot:8080 --why 'Posters' --until 2027-01-31 --owner team-media
"""
        + EXIT_STATUS,
    )
    parser.add_argument("source", metavar="SRC", help="where the connection comes from")
    parser.add_argument(
        "destination", metavar="DST:PORT[/PROTO]", help="where it goes to; the protocol is TCP unless it is given"
    )
    parser.add_argument("--name", type=Name.parse, metavar="RULE", help="the rule's name (default: after the peer)")
    reason_options(parser)
    edit_options(parser)


def run(options: Options, console: Console) -> int:
    """Write the rules; return 0."""
    request = RuleRequest(reasons(options), str(options.name or ""))
    name, port = target(options.destination)
    if not port:
        raise EditError(f"`{options.destination}` names no port", f"write `{name}:443`, `{name}:53/UDP` or a range")
    asked = requested_port(port)
    found = editable_input(options, console)

    def ends(of: AnalysisInput) -> tuple[EndpointSelection, EndpointSelection]:
        names = vocabulary_of(of)
        chosen = names.choose(options.source), names.choose(name)
        for each in chosen:
            check_judged(of, each, False)
        return chosen

    peer = name.removeprefix("peer=")
    names = vocabulary_of(found)
    if selects_nothing(names, peer):
        edits = peer_rule_edits(found, peers_of(found), names.choose(options.source), peer, asked, request)
        return carry_out(found, dict(_texts(found, edits)), console, options.dry_run)
    refused = denied_pairs(found, ends(found), asked)
    edits = rule_edits(found, peers_of(found), ends(found), asked, refused, request)
    texts = dict(_texts(found, edits))

    def check(after: AnalysisInput) -> None:
        try:
            still = denied_pairs(after, ends(after), asked)
        except NotAllowed:
            return
        if still:
            raise EditError("these rules would not allow it", "write them by hand: something else changes them")

    return carry_out(found, texts, console, options.dry_run, check)


def _texts(found: AnalysisInput, edits: dict[str, tuple[FieldEdit, ...]]) -> Iterator[tuple[str, str]]:
    for namespace, changes in edits.items():
        yield from OverlayEdit(found, namespace).written(changes).items()
