"""The door for people: parses the command line, calls one command, returns its exit status."""

import argparse
import os
import sys
from collections.abc import Sequence

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
  bulkhead new paperless                   an overlay for a further namespace
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
    _schema(verbs)
    _new(verbs)
    _diff(verbs)
    _completion(verbs)
    return top


_Verbs = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(verbs: _Verbs, name: str, summary: str, description: str) -> argparse.ArgumentParser:  # type: ignore[valid-type]
    made: argparse.ArgumentParser = verbs.add_parser(  # type: ignore[attr-defined]
        name, help=summary, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    return made


def _folder(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "dir", nargs="?", default=".", metavar="DIR", help="a folder with a kustomization.yaml (default: .)"
    )


def _render(verbs: _Verbs) -> None:  # type: ignore[valid-type]
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
    verb.add_argument(
        "--check", action="store_true", help="write nothing; show the difference and exit 1 where PATH is stale"
    )


def _validate(verbs: _Verbs) -> None:  # type: ignore[valid-type]
    verb = _add(
        verbs,
        "validate",
        "report every problem with its file, line and column",
        "Report everything that is wrong below DIR, each with file:line:column and what to write instead.",
    )
    _folder(verb)


def _schema(verbs: _Verbs) -> None:  # type: ignore[valid-type]
    verb = _add(
        verbs,
        "schema",
        "print the JSON Schemas of the resources",
        "Print the JSON Schema of KIND, for editors and other tools. A file that people write names it in its\n"
        "first line: # yaml-language-server: $schema=PATH",
    )
    verb.add_argument("kind", nargs="?", choices=["ClusterProfile", "SegmentedNamespace"], metavar="KIND",
                      help="ClusterProfile or SegmentedNamespace")  # fmt: skip
    where = verb.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="FOLDER", help="write the schemas and the reference pages there")
    where.add_argument("--check", metavar="FOLDER", help="exit 1 where what is in FOLDER is stale")


def _new(verbs: _Verbs) -> None:  # type: ignore[valid-type]
    verb = _add(
        verbs,
        "new",
        "make an overlay for a namespace and add it to the root",
        "Make overlays/NAMESPACE with the standard pattern and add it to the root kustomization.yaml,\n"
        "whose comments and order stay as they are.",
    )
    verb.add_argument("namespace", metavar="NAMESPACE", help="the namespace's name")
    verb.add_argument("-C", "--directory", default=".", metavar="DIR", help="the root of the tree (default: .)")
    verb.add_argument("--rules", action="store_true", help="with a rules.yaml to write special rules into")
    verb.add_argument("--unprotected", metavar="REASON", help="record that it has no policies, and why")


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


def _diff(verbs: _Verbs) -> None:  # type: ignore[valid-type]
    verb = _add(verbs, "diff", "say which traffic a change opens and which it closes", _DIFF)
    verb.epilog = _DIFF_EPILOG
    verb.add_argument("revisions", nargs="*", metavar="REV", help="a branch, tag or hash, or A..B (default: HEAD)")
    verb.add_argument(
        "--dir", default=".", metavar="DIR", help="the folder with the overlays, on both sides (default: .)"
    )
    sides = verb.add_mutually_exclusive_group()
    sides.add_argument("--dirs", nargs=2, default=(), metavar="DIR", help="compare the overlays in two folders")
    sides.add_argument(
        "--manifests", nargs=2, default=(), metavar="PATH", help="compare plain manifests, workloads and all"
    )
    sides.add_argument("--dump", default="", metavar="FILE", help="compare a running cluster with what DIR wants")
    verb.add_argument(
        "--ipblock",
        choices=("pods", "never"),
        help="an ipBlock matches pods too (kube-router, Calico) or never (Cilium); default: as the profile's enforcer",
    )
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


def _diffed(options: argparse.Namespace) -> int:
    from bulkhead.commands.diff import Asked, diff
    from bulkhead.core.survey import IpBlockMode

    others = options.dirs or options.manifests or options.dump
    if len(options.revisions) > 2 or (others and options.revisions):
        parser().error("diff: give at most two revisions, and none beside --dirs, --manifests or --dump")
    return diff(
        Asked(
            given=options.revisions,
            directory=options.dir,
            folders=options.dirs,
            manifests=options.manifests,
            dump=options.dump,
            mode=IpBlockMode(options.ipblock) if options.ipblock else None,
            form=options.format,
            fail_on=options.fail_on,
            remote=options.allow_remote,
            helm=options.enable_helm,
        )
    )


def _completion(verbs: _Verbs) -> None:  # type: ignore[valid-type]
    verb = _add(
        verbs,
        "completion",
        "print the completion script for a shell",
        "Print the completion script for a shell, for example:\n"
        '  eval "$(bulkhead completion bash)"\n'
        "  bulkhead completion zsh > ~/.zfunc/_bulkhead",
    )
    verb.add_argument("shell", choices=["bash", "zsh", "tcsh"], metavar="SHELL", help="bash, zsh or tcsh")


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit status."""
    options = parser().parse_args(arguments)
    # Each command is imported when it is asked for: `--help` and completion stay instant.
    if options.command in ("render", "validate"):
        from bulkhead.commands.render import render, validate

        if options.command == "validate":
            return validate(options.dir)
        if options.check and options.output is None:
            parser().error("render: --check needs -o PATH, the file or folder to check")
        return render(options.dir, options.output, options.check)
    if options.command == "schema":
        from bulkhead.commands.schema import check, show, write

        if options.check:
            return check(options.check)
        return write(options.output) if options.output else show(options.kind)
    if options.command == "new":
        from bulkhead.commands.new import new

        return new(options.directory, options.namespace, options.rules, options.unprotected)
    if options.command == "diff":
        return _diffed(options)
    from bulkhead.commands.completion import completion

    return completion(parser(), options.shell)


def main() -> int:
    """Run the process's own command line; whatever goes wrong ends in a message, never in a traceback."""
    try:
        status = run(sys.argv[1:])
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`). Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        sys.stderr.write(f"bulkhead: error: {error}\n")
        return 2
    except Exception as error:
        if os.environ.get("BULKHEAD_DEBUG"):
            raise
        sys.stderr.write(
            f"bulkhead: internal error: {type(error).__name__}: {error}\n"
            "hint: this is a defect; run again with BULKHEAD_DEBUG=1 and report what it prints\n"
        )
        return 3
