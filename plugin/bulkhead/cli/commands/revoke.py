"""``bulkhead revoke``: remove a rule."""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.editing.removed_rules import named_rule, without
from bulkhead.cli.console import Console
from bulkhead.cli.edits import REMOVAL_STATUS, EditError, carry_out, edit_options, editable_input, removal_options
from bulkhead.cli.options import Options, Parser, describe, values
from bulkhead.core.kubernetes.networkpolicy import Direction


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Remove a rule from the overlay of a namespace: its lines, or with `RULE: null` where the base has it.\n"
        "Comments and order stay. The report is the one of `bulkhead diff`: what a reviewer will see.",
        """\
examples:
  bulkhead revoke email-gateway aws-ses
  bulkhead revoke media/jellyfin nas-nfs          a rule of a workload, also written `media jellyfin.nas-nfs`
  bulkhead revoke monitoring lan --direction egress
"""
        + REMOVAL_STATUS,
    )
    parser.add_argument("namespace", metavar="NAMESPACE[/WORKLOAD]", help="the overlay's namespace")
    parser.add_argument("rule", metavar="RULE", help="the rule's name")
    parser.add_argument("--direction", choices=values(Direction), help="where both directions have a rule of that name")
    edit_options(parser)
    removal_options(parser)


def run(options: Options, console: Console) -> int:
    """Remove the rule; return 0, or 1 where that opens traffic and is not accepted."""
    found = editable_input(options, console)
    direction = Direction(options.direction) if options.direction else None
    rule = named_rule(found, options.namespace, options.rule, direction)

    def check(after: AnalysisInput) -> None:
        if after.rules.declared(rule.namespace, rule.path):
            raise EditError(f"`{options.rule}` would still be there", "something else writes it: edit it by hand")

    texts = without(found, [rule])
    return carry_out(found, texts, console, options.dry_run, check, may_open=options.accept)
