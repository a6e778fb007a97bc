"""The commands that ask what the policies allow."""

from bulkhead.cli.arguments.reading import NOTATION, looking
from bulkhead.cli.arguments.verbs import Verbs, add, cluster, folder


def reach(verbs: Verbs) -> None:
    """Add ``bulkhead reach``."""
    verb = add(
        verbs,
        "reach",
        "show who reaches whom, exactly",
        "Show who reaches whom on which ports: a matrix by namespace, or with a filter a row for each connection.\n"
        "Without workloads at hand, the endpoints are those that the rules can tell apart.",
        NOTATION
        + """
examples:
  bulkhead reach                                          the whole cluster as a matrix
  bulkhead reach --from cardboard --to 'trade-bot/*'      what is open between the two
  bulkhead reach --to media/postgresql --port 5432        who reaches the database
  kubectl get ns,pods,netpol -A -o json | bulkhead reach --manifests -

exit status: 0 it was shown; 2 something is wrong with what was to be read
""",
    )
    folder(verb)
    looking(verb)
    verb.add_argument("--from", dest="source", metavar="SRC", help="only connections from there")
    verb.add_argument("--to", dest="destination", metavar="DST[:PORT[/PROTO]]", help="only connections to there")
    verb.add_argument("--port", metavar="PORT[/PROTO]", help="only this port")
    verb.add_argument(
        "--format",
        choices=["text", "markdown", "json", "pairs"],
        default="text",
        help="json: docs/reference/output.md; pairs: a bare list of src, dst, conn (default: text)",
    )


def explain(verbs: Verbs) -> None:
    """Add ``bulkhead explain``."""
    verb = add(
        verbs,
        "explain",
        "say why a connection is allowed or refused, down to the line",
        "Say whether SRC may connect to DST, which policies isolate each side, which rule allows it, with file,\n"
        "line and reason; where it is refused, which side refuses, and what would have to be added.\n"
        "Without a port: all ports, each with what decides it.",
        NOTATION
        + """
examples:
  bulkhead explain cardboard trade-bot:5432
  bulkhead explain media/jellyfin nas:2049
  bulkhead explain cardboard kube-system:53/UDP
  bulkhead explain internet media/jellyfin
  bulkhead explain --manifests dump.json cardboard/web '[fd00::1]:443'

exit status: 0 allowed (for every pair, where an end is several; without a port: on some port)
             1 refused
             2 there is no such endpoint, or something is wrong with what was to be read
""",
    )
    verb.add_argument("source", metavar="SRC", help="where the connection comes from")
    verb.add_argument(
        "destination", metavar="DST[:PORT[/PROTO]]", help="where it goes to; the protocol is TCP if not said"
    )
    verb.add_argument("-C", "--directory", default=".", metavar="DIR", help="the folder with the overlays (default: .)")
    cluster(verb)
    looking(verb)
    verb.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
