"""The door for people: parses the command line, calls one command, returns its exit status."""

import argparse
import os
import sys
from collections.abc import Sequence

from bulkhead.cli.arguments import parser


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit status."""
    options = parser().parse_args(arguments)
    if getattr(options, "cluster", None) is not None:
        _choose(options)
    # Each command is imported when it is asked for: `--help` and completion stay instant.
    if options.command in ("render", "validate"):
        from bulkhead.cli.commands.render import render, validate

        if options.command == "validate":
            return validate(options.dir)
        if options.output is None and (options.check or options.layout):
            needing = "--check" if options.check else "--layout"
            parser().error(f"render: {needing} needs -o PATH, the file or folder")
        return render(options.dir, options.output, options.check, options.layout == "tree")
    if options.command == "lint":
        return _run_lint(options)
    if options.command == "schema":
        from bulkhead.cli.commands.schema import check, show, write

        if options.check:
            return check(options.check, options.chart)
        return write(options.output, options.chart) if options.output else show(options.kind, options.chart)
    if options.command == "values":
        from bulkhead.cli.commands.values import values

        if options.check and options.output is None:
            parser().error("values: --check needs -o FILE, the file to check")
        return values(options.dir, options.base, options.output, options.check)
    if options.command == "new":
        from bulkhead.cli.commands.new import new

        return new(options.directory, options.namespace, options.rules, options.unprotected)
    if options.command in ("reach", "explain", "test"):
        return _analyse(options)
    if options.command == "diff":
        return _diffed(options)
    from bulkhead.cli.commands.completion import completion

    return completion(parser(), options.shell)


def _choose(options: argparse.Namespace) -> None:
    """Put the folder of the cluster that was named where the command looks for its folder."""
    from bulkhead.io.kustomize.kustomization import CLUSTERS, clusters

    name = "directory" if hasattr(options, "directory") else "dir"
    if getattr(options, name) not in (None, "."):
        parser().error(f"{options.command}: give a folder or --cluster, not both")
    known = clusters(".")
    if options.cluster not in known:
        there = f"there are {', '.join(known)}" if known else f"there is no folder with a kustomization in {CLUSTERS}/"
        parser().error(f"{options.command}: there is no cluster `{options.cluster}`: {there}")
    setattr(options, name, f"{CLUSTERS}/{options.cluster}")


def _diffed(options: argparse.Namespace) -> int:
    from bulkhead.analysis.semantics_options import SemanticsOptions
    from bulkhead.cli.commands.diff import DiffOptions, diff

    others = options.dirs or options.manifests or options.dump
    if len(options.revisions) > 2 or (others and options.revisions):
        parser().error("diff: give at most two revisions, and none beside --dirs, --manifests or --dump")
    return diff(
        DiffOptions(
            given=options.revisions,
            directory=options.dir,
            folders=options.dirs,
            manifests=options.manifests,
            dump=options.dump,
            reading=SemanticsOptions(options.semantics, options.enforcer, options.ipblock),
            form=options.format,
            fail_on=options.fail_on,
            remote=options.allow_remote,
            helm=options.enable_helm,
        )
    )


def _analyse(options: argparse.Namespace) -> int:
    """Run one of the commands that ask what the policies allow."""
    from bulkhead.analysis.semantics_options import SemanticsOptions

    looked = options.manifests, SemanticsOptions(options.semantics, options.enforcer, options.ipblock)
    if options.command == "reach":
        from bulkhead.cli.commands.reach import reach

        return reach(options.dir, *looked, (options.source, options.destination, options.port), options.format)
    if options.command == "explain":
        from bulkhead.cli.commands.explain import explain

        as_text = options.format == "text"
        return explain(options.source, options.destination, options.directory, *looked, as_text)
    from bulkhead.cli.commands.test import test

    return test(options.dir, *looked, options.file, options.format)


def _run_lint(options: argparse.Namespace) -> int:
    from bulkhead.cli.commands import lint

    if options.list:
        return lint.show()
    return lint.run(
        lint.LintOptions(
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
