"""The commands that write: policies, values of the chart, schemas, a new overlay."""

from bulkhead.cli.arguments.verbs import Verbs, add, cluster, folder


def render(verbs: Verbs) -> None:
    """Add ``bulkhead render``."""
    verb = add(
        verbs,
        "render",
        "write out the NetworkPolicies of an overlay or of all",
        "Print what `kustomize build --enable-alpha-plugins --enable-exec DIR` prints, byte for byte.\n"
        "kustomize runs on a copy in which the plugin is neutral; the expansion happens here.\n"
        "On any problem nothing is written.",
    )
    folder(verb)
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


def values(verbs: Verbs) -> None:
    """Add ``bulkhead values``."""
    verb = add(
        verbs,
        "values",
        "write the overlays as values of the Helm chart",
        "Write what the overlays below DIR say as values for charts/netpol: the profile, the standard pattern, and\n"
        "for each namespace what differs from it. The chart renders the same policies from them. docs/how-to/helm.md",
    )
    folder(verb)
    verb.add_argument("--base", metavar="DIR", help="the folder with the standard pattern (default: base at the root)")
    verb.add_argument("-o", "--output", metavar="FILE", help="write to this file (default: print)")
    verb.add_argument(
        "--check", action="store_true", help="write nothing; show the difference and exit 1 where FILE is stale"
    )


def schema(verbs: Verbs) -> None:
    """Add ``bulkhead schema``."""
    verb = add(
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


def new(verbs: Verbs) -> None:
    """Add ``bulkhead new``."""
    verb = add(
        verbs,
        "new",
        "make an overlay for a namespace and add it to the root",
        "Make overlays/NAMESPACE with the standard pattern and add it to the root kustomization.yaml,\n"
        "whose comments and order stay as they are.",
    )
    verb.add_argument("namespace", metavar="NAMESPACE", help="the namespace's name")
    verb.add_argument("-C", "--directory", default=".", metavar="DIR", help="the root of the tree (default: .)")
    cluster(verb)
    verb.add_argument("--rules", action="store_true", help="with a rules.yaml to write special rules into")
    verb.add_argument("--unprotected", metavar="REASON", help="record that it has no policies, and why")
