"""The words of the command line: every command, what it takes, and the help that teaches it."""

import argparse
from typing import TypeAlias

from bulkhead import __version__

_DESCRIPTION = """\
Keep the network segmentation of a Kubernetes cluster in git.

What each namespace may talk to stands in a few lines of a SegmentedNamespace, one kustomize
overlay per namespace. kustomize expands them with the plugin into NetworkPolicies; this command
does the same without the plugin and without running anything of the tree that it reads.
"""

_EPILOG = """\
examples:
  bulkhead validate                        is everything right? each problem with file:line:column
  bulkhead render overlays/media           the policies of one namespace
  bulkhead render -o policies.yaml         the whole cluster, into one file
  bulkhead render -o rendered/ --check     exit status 1 where what is written is stale
  bulkhead render -o rendered/ --layout tree   a folder for each namespace, for Argo CD and Flux
  bulkhead lint                            what an expert would find: too open, without effect, half open
  bulkhead new paperless                   an overlay for a further namespace
  bulkhead reach                           who reaches whom, a matrix by namespace
  bulkhead explain cardboard trade-bot:80  why, down to the line that a person wrote
  bulkhead test                            do the promises in tests/reachability hold?
  bulkhead diff main                       which traffic does my change open, and which does it close?

exit status: 0 all is well; 1 something is wrong, stale or different; 2 the command line or a file cannot be used
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="bulkhead",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"bulkhead {__version__}")
    verbs = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _render(verbs)
    _validate(verbs)
    _lint(verbs)
    _values(verbs)
    _schema(verbs)
    _new(verbs)
    _reach(verbs)
    _explain(verbs)
    _test(verbs)
    _diff(verbs)
    _completion(verbs)
    return top


_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(
    verbs: _Verbs,
    name: str,
    summary: str,
    description: str,
    epilog: str = "",
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return made


def _folder(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "dir", nargs="?", default=".", metavar="DIR", help="a folder with a kustomization.yaml (default: .)"
    )
    _cluster(verb)


def _cluster(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--cluster", metavar="NAME", help="the folder clusters/NAME, in place of naming it")


def _render(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "render",
        "write out the NetworkPolicies of an overlay or of all",
        "Print what `kustomize build --enable-alpha-plugins --enable-exec DIR` prints, byte for byte.\n"
        "kustomize runs on a copy in which the plugin is neutral; the expansion happens here.\n"
        "On any problem nothing is written.",
    )
    _folder(verb)
    verb.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="write to this file, or, where PATH ends in / or is a folder, to one file a namespace in it",
    )
    verb.add_argument("--layout", choices=["flat", "tree"], metavar="LAYOUT",
                      help="of a folder. flat: one file a namespace (default); tree: one folder a namespace with a "
                      "kustomization.yaml, for Argo CD and Flux; nothing else may be in it")  # fmt: skip
    verb.add_argument(
        "--check", action="store_true", help="write nothing; show the difference and exit 1 where PATH is stale"
    )


def _validate(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "validate",
        "report every problem with its file, line and column",
        "Report everything that is wrong below DIR, each with file:line:column and what to write instead.",
    )
    _folder(verb)


def _lint(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "lint",
        "report what an expert would find in the policies",
        "Report rules that open more than they read, that another rule makes superfluous, that have no effect on\n"
        "this enforcer, of which the other side is missing, and more; each on the line that a person wrote.\n"
        "`--list` names the checks, docs/reference/lint.md explains them.\n\n"
        "A finding is accepted where it stands, with a reason:\n"
        "  external-https: {to: anywhere, ports: 443, accept: {anywhere-covers-private: asked for}}\n\n"
        "examples:\n"
        "  bulkhead lint                                   the overlays below .\n"
        "  bulkhead lint --manifests rendered/             somebody else's NetworkPolicies and workloads\n"
        "  bulkhead lint --manifests dump.json             kubectl get ns,pods,netpol -A -o json > dump.json\n"
        "  bulkhead lint . --manifests dump.json           the overlays against the pods that really run\n"
        "  bulkhead lint --format sarif > lint.sarif       for code scanning\n\n"
        "exit status: 0 nothing as bad as --fail-on; 1 something is; 2 the input or the command line is unusable",
    )
    verb.add_argument("dir", nargs="?", metavar="DIR", help="a folder with a kustomization.yaml (default: . unless "
                      "--manifests is given)")  # fmt: skip
    _cluster(verb)
    verb.add_argument("--manifests", metavar="PATH", help="manifests in a file or folder, or a dump of a cluster: "
                      "alone, or with DIR for its pods and its other namespaces")  # fmt: skip
    verb.add_argument("--enforcer", choices=["kube-router", "calico", "cilium", "any"], metavar="NAME",
                      help="what enforces the policies (default: what the profile says, else any)")  # fmt: skip
    verb.add_argument("--format", choices=["text", "json", "sarif", "markdown"], default="text", metavar="FORMAT",
                      help="text, json, sarif or markdown (default: text)")  # fmt: skip
    verb.add_argument("--all", action="store_true", help="list accepted findings too, with the reasons")
    verb.add_argument("--fail-on", choices=["error", "warning", "note"], default="warning", metavar="SEVERITY",
                      help="exit 1 for findings this bad: error, warning, note (default: warning)")  # fmt: skip
    verb.add_argument("--enable", action="append", default=[], metavar="ID", help="run a check that is off by default")
    verb.add_argument("--disable", action="append", default=[], metavar="ID", help="leave a check out")
    verb.add_argument("--today", metavar="DATE", help="the day that `until` is compared with (default: today)")
    verb.add_argument("--list", action="store_true", help="name the checks, and do nothing else")


def _values(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "values",
        "write the overlays as values of the Helm chart",
        "Write what the overlays below DIR say as values for charts/netpol: the profile, the standard pattern, and\n"
        "for each namespace what differs from it. The chart renders the same policies from them. docs/how-to/helm.md",
    )
    _folder(verb)
    verb.add_argument("--base", metavar="DIR", help="the folder with the standard pattern (default: base at the root)")
    verb.add_argument("-o", "--output", metavar="FILE", help="write to this file (default: print)")
    verb.add_argument(
        "--check", action="store_true", help="write nothing; show the difference and exit 1 where FILE is stale"
    )


def _schema(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "schema",
        "print the JSON Schemas of the resources",
        "Print the JSON Schema of KIND, for editors and other tools. A file that people write names it in its\n"
        "first line: # yaml-language-server: $schema=PATH",
    )
    verb.add_argument("kind", nargs="?", metavar="KIND",
                      choices=["ClusterProfile", "SegmentedNamespace", "ReachabilityTest"],
                      help="ClusterProfile, SegmentedNamespace or ReachabilityTest")  # fmt: skip
    where = verb.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="FOLDER", help="write the schemas and the reference pages there")
    where.add_argument("--check", metavar="FOLDER", help="exit 1 where what is in FOLDER is stale")
    verb.add_argument("--chart", action="store_true", help="the generated files of the Helm chart in FOLDER instead")


def _new(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "new",
        "make an overlay for a namespace and add it to the root",
        "Make overlays/NAMESPACE with the standard pattern and add it to the root kustomization.yaml,\n"
        "whose comments and order stay as they are.",
    )
    verb.add_argument("namespace", metavar="NAMESPACE", help="the namespace's name")
    verb.add_argument("-C", "--directory", default=".", metavar="DIR", help="the root of the tree (default: .)")
    _cluster(verb)
    verb.add_argument("--rules", action="store_true", help="with a rules.yaml to write special rules into")
    verb.add_argument("--unprotected", metavar="REASON", help="record that it has no policies, and why")


_NOTATION = """\
endpoints:
  media             every pod of the namespace           media/jellyfin  one workload or pod
  media/*           any other pod, that no rule names    media/post*     those whose name fits
  *                 every pod of every namespace         */*             a pod of a namespace not listed
  192.168.1.40      an address, or a CIDR                internet        the public addresses
  lan               a named peer of the profile, where no namespace is called so
With manifests all pods are known: media/* is every pod of media, */* every pod.
ports: 443 is TCP, 53/UDP, 8000-8010
"""


def _looking(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--manifests",
        metavar="PATH",
        help="instead of overlays: a folder or file of manifests with workloads, or what "
        "`kubectl get ns,pods,netpol -A -o json` printed; - is stdin",
    )
    _reading(verb)


def _reading(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--semantics",
        choices=["api", "enforcer"],
        help="api: as the Kubernetes specification says; enforcer: with everything in which the cluster's enforcer "
        "departs from it (default: enforcer where the profile or --enforcer names one, else api)",
    )
    verb.add_argument(
        "--enforcer",
        choices=["kube-router", "calico", "cilium"],
        help="what enforces the policies: kube-router is measured, of the others only what they document is known "
        "(default: what the profile says)",
    )
    verb.add_argument(
        "--ipblock",
        choices=["pods", "never"],
        help="what the specification leaves open, so it means --semantics api: an ipBlock matches pods too "
        "(kube-router, Calico), or never does (Cilium); default: as the profile's enforcer, else pods",
    )


def _reach(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "reach",
        "show who reaches whom, exactly",
        "Show who reaches whom on which ports: a matrix by namespace, or with a filter a row for each connection.\n"
        "Without workloads at hand, the endpoints are those that the rules can tell apart.",
        _NOTATION
        + """
examples:
  bulkhead reach                                          the whole cluster as a matrix
  bulkhead reach --from cardboard --to 'trade-bot/*'      what is open between the two
  bulkhead reach --to media/postgresql --port 5432        who reaches the database
  kubectl get ns,pods,netpol -A -o json | bulkhead reach --manifests -

exit status: 0 it was shown; 2 something is wrong with what was to be read
""",
    )
    _folder(verb)
    _looking(verb)
    verb.add_argument("--from", dest="source", metavar="SRC", help="only connections from there")
    verb.add_argument("--to", dest="destination", metavar="DST[:PORT[/PROTO]]", help="only connections to there")
    verb.add_argument("--port", metavar="PORT[/PROTO]", help="only this port")
    verb.add_argument(
        "--format",
        choices=["text", "markdown", "json", "pairs"],
        default="text",
        help="json: docs/reference/output.md; pairs: a bare list of src, dst, conn (default: text)",
    )


def _explain(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "explain",
        "say why a connection is allowed or refused, down to the line",
        "Say whether SRC may connect to DST, which policies isolate each side, which rule allows it, with file,\n"
        "line and reason; where it is refused, which side refuses, and what would have to be added.\n"
        "Without a port: all ports, each with what decides it.",
        _NOTATION
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
    _cluster(verb)
    _looking(verb)
    verb.add_argument("--format", choices=["text", "json"], default="text", help="default: text")


def _test(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "test",
        "hold the promises that are kept in git",
        "Hold every row of the ReachabilityTests in DIR/tests/reachability (each .yaml or .yml file in it) against\n"
        "what the overlays below DIR allow. A row says `from`, `to`, `port` and `allowed`, or `from-only`, `to-only`:\n"
        "nothing else reaches it, it reaches nothing else. `known: REASON` marks a row that is broken on purpose;\n"
        "once it holds, the mark has to go. docs/how-to/test-reachability.md",
        _NOTATION
        + """
examples:
  bulkhead test
  bulkhead test --file extra.yaml
  bulkhead test --manifests dump.json            the same promises, of what runs in the cluster
  bulkhead test --format junit > reachability.xml

exit status: 0 every row holds or is known; 1 a row fails; 2 something is wrong with what was to be read
""",
    )
    _folder(verb)
    _looking(verb)
    verb.add_argument("--file", action="append", metavar="F", help="read this file instead; may be given several times")
    verb.add_argument("--format", choices=["text", "json", "junit"], default="text", help="default: text")


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


def _diff(verbs: _Verbs) -> None:
    verb = _add(verbs, "diff", "say which traffic a change opens and which it closes", _DIFF, _DIFF_EPILOG)
    verb.add_argument("revisions", nargs="*", metavar="REV", help="a branch, tag or hash, or A..B (default: HEAD)")
    verb.add_argument(
        "--dir", default=".", metavar="DIR", help="the folder with the overlays, on both sides (default: .)"
    )
    _cluster(verb)
    sides = verb.add_mutually_exclusive_group()
    sides.add_argument("--dirs", nargs=2, default=(), metavar="DIR", help="compare the overlays in two folders")
    sides.add_argument(
        "--manifests", nargs=2, default=(), metavar="PATH", help="compare plain manifests, workloads and all"
    )
    sides.add_argument("--dump", default="", metavar="FILE", help="compare a running cluster with what DIR wants")
    _reading(verb)
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


def _completion(verbs: _Verbs) -> None:
    verb = _add(
        verbs,
        "completion",
        "print the completion script for a shell",
        "Print the completion script for a shell, for example:\n"
        '  eval "$(bulkhead completion bash)"\n'
        "  bulkhead completion zsh > ~/.zfunc/_bulkhead",
    )
    verb.add_argument("shell", choices=["bash", "zsh", "tcsh"], metavar="SHELL", help="bash, zsh or tcsh")
