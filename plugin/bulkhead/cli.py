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
  bulkhead lint                            what an expert would find: too open, without effect, half open
  bulkhead new paperless                   an overlay for a further namespace

exit status: 0 all is well; 1 something is wrong or stale; 2 the command line or a file cannot be used
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
    _schema(verbs)
    _new(verbs)
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


def _lint(verbs: _Verbs) -> None:  # type: ignore[valid-type]
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
    if options.command == "lint":
        return _run_lint(options)
    if options.command == "schema":
        from bulkhead.commands.schema import check, show, write

        if options.check:
            return check(options.check)
        return write(options.output) if options.output else show(options.kind)
    if options.command == "new":
        from bulkhead.commands.new import new

        return new(options.directory, options.namespace, options.rules, options.unprotected)
    from bulkhead.commands.completion import completion

    return completion(parser(), options.shell)


def _run_lint(options: argparse.Namespace) -> int:
    from bulkhead.commands import lint

    if options.list:
        return lint.show()
    return lint.run(
        lint.Asked(
            options.dir,
            options.manifests,
            options.enforcer,
            options.format,
            options.all,
            options.fail_on,
            options.enable,
            options.disable,
            options.today,
        )
    )


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
