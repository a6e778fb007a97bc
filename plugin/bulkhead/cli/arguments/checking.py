"""The commands that hold the overlays against what is right and what was promised."""

from bulkhead.cli.arguments.reading import NOTATION, looking
from bulkhead.cli.arguments.verbs import Verbs, add, cluster, folder


def validate(verbs: Verbs) -> None:
    """Add ``bulkhead validate``."""
    verb = add(
        verbs,
        "validate",
        "report every problem with its file, line and column",
        "Report everything that is wrong below DIR, each with file:line:column and what to write instead.",
    )
    folder(verb)


def lint(verbs: Verbs) -> None:
    """Add ``bulkhead lint``."""
    verb = add(
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
    cluster(verb)
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


def test(verbs: Verbs) -> None:
    """Add ``bulkhead test``."""
    verb = add(
        verbs,
        "test",
        "hold the promises that are kept in git",
        "Hold every row of the ReachabilityTests in DIR/tests/reachability (each .yaml or .yml file in it) against\n"
        "what the overlays below DIR allow. A row says `from`, `to`, `port` and `allowed`, or `from-only`, `to-only`:\n"
        "nothing else reaches it, it reaches nothing else. `known: REASON` marks a row that is broken on purpose;\n"
        "once it holds, the mark has to go. docs/how-to/test-reachability.md",
        NOTATION
        + """
examples:
  bulkhead test
  bulkhead test --file extra.yaml
  bulkhead test --manifests dump.json            the same promises, of what runs in the cluster
  bulkhead test --format junit > reachability.xml

exit status: 0 every row holds or is known; 1 a row fails; 2 something is wrong with what was to be read
""",
    )
    folder(verb)
    looking(verb)
    verb.add_argument("--file", action="append", metavar="F", help="read this file instead; may be given several times")
    verb.add_argument("--format", choices=["text", "json", "junit"], default="text", help="default: text")
