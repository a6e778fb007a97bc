"""``bulkhead peer``: add a named peer to the profile, or remove one."""

from enum import Enum

from bulkhead.analysis.editing.peer_edits import peer_added, peer_of, peer_removed
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.edits import EXIT_STATUS, EditError, carry_out, edit_options, editable_input
from bulkhead.cli.options import Options, Parser, describe, values
from bulkhead.core.language.resources import Peer
from bulkhead.core.language.scalars import Name
from bulkhead.io.yaml.nodes import Raw


class Action(Enum):
    """What is done with a peer."""

    ADD = "add"
    REMOVE = "remove"


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Add a named peer to the ClusterProfile, or remove one that no rule uses. Comments and order stay.",
        """\
examples:
  bulkhead peer add nas 192.168.30.0/24
  bulkhead peer add offices 198.51.100.0/24 2001:db8::/32 --except 198.51.100.7/32
  bulkhead peer add loki --namespace logging --pods app=loki
  bulkhead peer remove nas
"""
        + EXIT_STATUS,
    )
    parser.add_argument("action", choices=values(Action), metavar="ACTION", help="add or remove")
    parser.add_argument("name", type=Name.parse, metavar="PEER", help="the peer's name")
    parser.add_argument("cidr", nargs="*", metavar="CIDR", help="its addresses")
    parser.add_argument("--except", dest="excluded", action="append", default=[], metavar="CIDR",
                        help="addresses inside that are left out; may be repeated")  # fmt: skip
    parser.add_argument("--namespace", action="append", default=[], metavar="NAME",
                        help="its pods are in this namespace; may be repeated")  # fmt: skip
    parser.add_argument("--pods", action="append", default=[], metavar="KEY=VALUE",
                        help="its pods have this label; may be repeated")  # fmt: skip
    edit_options(parser)


def run(options: Options, console: Console) -> int:
    """Edit the profile; return 0."""
    action = Action(options.action)
    asked = options.cidr or options.excluded or options.namespace or options.pods
    if action is Action.REMOVE and asked:
        raise UsageError("`peer remove` takes a name only")
    if action is Action.ADD and not asked:
        raise UsageError("a peer is addresses, or pods: give CIDRs, --namespace or --pods")
    peer = _peer(options) if action is Action.ADD else None
    found = editable_input(options, console)
    texts = peer_added(found, options.name, peer) if peer else peer_removed(found, options.name)
    return carry_out(found, texts, console, options.dry_run)


def _peer(options: Options) -> tuple[Name | Peer, ...]:
    """Return the peer that *options* describe."""
    labels: dict[str, Raw] = {}
    for label in options.pods:
        key, separator, value = label.partition("=")
        if not separator or key in labels:
            raise EditError(f"`--pods {label}` is no label", "write KEY=VALUE, each key once")
        labels[key] = value
    written: dict[str, Raw] = {
        "cidr": _listed(options.cidr),
        "except": list(options.excluded),
        "namespace": _listed(options.namespace),
        "pods": labels,
    }
    return peer_of(options.name, {key: value for key, value in written.items() if value})


def _listed(values: list[str]) -> Raw:
    return values[0] if len(values) == 1 else list(values)
