"""The command that compares."""

import argparse

from bulkhead.cli.arguments.reading import reading
from bulkhead.cli.arguments.verbs import Verbs, add, cluster

_DIFF = """\
Say which traffic a change opens and which it closes, and how serious that is.

Revisions are read from git's objects: nothing is checked out, and nothing of them runs. One
revision (default: HEAD) is compared with the working tree, uncommitted changes and all; two, or
A..B, with each other; A...B is what B did since it left A. Two folders are compared as they are.
"""

_DIFF_EPILOG = """\
grades, the most serious first:
  internet    from a pod to the internet
  outside     from outside the cluster to a pod
  across      from one namespace to another
  private     from a pod to a private network (RFC 1918, RFC 4193, the nodes)
  within      within one namespace
  --fail-on takes these for what opens, `opens` for all of them, and `closes` for whatever closes

examples:
  bulkhead diff                            what I have not committed yet
  bulkhead diff main                       my branch, and what is not committed, against main
  bulkhead diff main...pull-request        what a pull request does
  bulkhead diff main HEAD --format markdown --fail-on internet,outside
  bulkhead diff --dump cluster.json        what applying the overlays would change in the cluster, from
                                           kubectl get ns,pods,netpol -A -o json > cluster.json

exit status: 0 no traffic opens or closes (with --fail-on: none of those grades); 1 some does; 2 a side cannot be read
"""

GRADES = ("internet", "outside", "across", "private", "within", "opens", "closes")


def _grades(text: str) -> frozenset[str]:
    found = frozenset(part.strip() for part in text.split(","))
    unknown = sorted(found - set(GRADES))
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown grade `{unknown[0]}`: there are {', '.join(GRADES)}")
    return found


def diff(verbs: Verbs) -> None:
    """Add ``bulkhead diff``."""
    verb = add(verbs, "diff", "say which traffic a change opens and which it closes", _DIFF, _DIFF_EPILOG)
    verb.add_argument("revisions", nargs="*", metavar="REV", help="a branch, tag or hash, or A..B (default: HEAD)")
    verb.add_argument(
        "--dir", default=".", metavar="DIR", help="the folder with the overlays, on both sides (default: .)"
    )
    cluster(verb)
    sides = verb.add_mutually_exclusive_group()
    sides.add_argument("--dirs", nargs=2, default=(), metavar="DIR", help="compare the overlays in two folders")
    sides.add_argument(
        "--manifests", nargs=2, default=(), metavar="PATH", help="compare plain manifests, workloads and all"
    )
    sides.add_argument("--dump", default="", metavar="FILE", help="compare a running cluster with what DIR wants")
    reading(verb)
    verb.add_argument(
        "--format",
        choices=("text", "markdown", "json", "pairs"),
        default="text",
        help="how to print it (default: text)",
    )
    verb.add_argument(
        "--fail-on", type=_grades, default=frozenset(), metavar="GRADE[,GRADE]", help="exit 1 for these grades only"
    )
    verb.add_argument("--allow-remote", action="store_true", help="let kustomize fetch remote resources")
    verb.add_argument("--enable-helm", action="store_true", help="let kustomize run helm for `helmCharts`")
