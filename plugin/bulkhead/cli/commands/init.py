"""``bulkhead init``: start a tree in an empty folder or in an existing repository."""

import os
import re

from bulkhead.analysis.detection.dump_objects import NoDump, read_dump
from bulkhead.analysis.detection.facts import ClusterFacts, cluster_facts
from bulkhead.cli.console import HERE, Console
from bulkhead.cli.options import Options, Parser, describe, values
from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.safe_text import printable
from bulkhead.docgen.detected_base import detected_base
from bulkhead.docgen.new_tree import README, Base, Forge, new_tree, pipeline
from bulkhead.docgen.presets import DEFAULT, PRESETS, preset
from bulkhead.docgen.vendored_plugin import PROGRAM
from bulkhead.io.new_files import InTheWay, write_new


class InitError(DiagnosticError):
    """The tree cannot be started."""


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Start a tree: base with the facts of the cluster and the standard pattern, a pinned copy of the plugin,\n"
        "the root kustomization, a first reachability test and a README. Nothing is overwritten.",
    )
    parser.add_argument(
        "dir", nargs="?", default=HERE, metavar="DIR", help="the folder, made where missing (default: .)"
    )
    parser.add_argument("-C", "--dir", "--directory", dest="chosen_dir", metavar="DIR", help="the same as an option")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--from",
        dest="dump",
        metavar="DUMP",
        help="take the facts from what `kubectl get ns,nodes,svc,pods,deploy,ds,sts,netpol,endpointslices -A -o json` "
        "printed; - is stdin",
    )
    source.add_argument(
        "--preset",
        choices=PRESETS,
        default=DEFAULT,
        metavar="NAME",
        help=f"what is known of a distribution: {', '.join(PRESETS)} (default: {DEFAULT})",
    )
    parser.add_argument(
        "--ci",
        choices=values(Forge),
        default=Forge.NONE.value,
        help="write the pipeline for it at the root of the repository (default: none)",
    )


def run(options: Options, console: Console) -> int:
    """Write the tree; 0 where it is written. Nothing is written where something is in the way."""
    folder = os.path.normpath(options.dir)
    base, said = _base(options, console)
    files = new_tree(base)
    is_kept = os.path.lexists(os.path.join(folder, README))
    if is_kept:
        del files[README]
    top, prefix = _repository(folder)
    ci = pipeline(Forge(options.ci), prefix or HERE)
    placed = {os.path.join(prefix, path): text for path, text in files.items()} | ci
    try:
        write_new(top, placed, [os.path.join(prefix, PROGRAM)])
    except InTheWay as refused:
        raise InitError(f"{printable(folder)}: {refused.message}", refused.hint) from None
    console.write(_report(folder, files, ci, is_kept, said))
    return 0


def _base(options: Options, console: Console) -> tuple[Base, list[str]]:
    """Return base as a dump or a preset makes it, and what the report says about it."""
    if options.dump is None:
        known = "no preset: base/cluster.yaml names no network and no enforcer; write what your cluster has"
        compared = f"preset {options.preset}: compare base/cluster.yaml with your cluster"
        return preset(options.preset), [known if options.preset == DEFAULT else compared]
    try:
        facts = cluster_facts(read_dump(options.dump, console.stdin))
    except NoDump as refused:
        raise InitError(refused.message, refused.hint) from None
    return detected_base(facts), _detected(facts)


def _detected(facts: ClusterFacts) -> list[str]:
    """Return the lines about what a dump says, what was guessed, and what it does not say."""
    hosts = [
        f"on the host network, so no selector matches it and no rule was written: {each.what}, {each.source}"
        for each in (*facts.ingress, *facts.prometheus)
        if each.on_host_network
    ]
    unknown = [f"not detected: {each}" for each in facts.unknown]
    return [printable(line) for line in [*map(str, facts.facts()), *hosts, *unknown]]


def _repository(folder: str) -> tuple[str, str]:
    """Return the root of the git repository of *folder* and the path from it; without one, the folder itself."""
    path = os.path.realpath(folder)
    top = path
    while not os.path.lexists(os.path.join(top, ".git")):
        if top == os.path.dirname(top):
            return folder, ""
        top = os.path.dirname(top)
    prefix = os.path.relpath(path, top)
    if prefix == HERE:
        return folder, ""
    if not re.fullmatch(r"[\w./-]+", prefix):
        raise InitError(
            f"the path `{printable(prefix)}` cannot be written into a pipeline", "use letters, digits, `.`, `_` and `-`"
        )
    return top, prefix


def _report(folder: str, files: dict[str, str], ci: dict[str, str], is_kept: bool, said: list[str]) -> str:
    plugin = sum(path.startswith("plugin/") for path in files)
    lines = [f"made {each}" for each in [*(path for path in files if not path.startswith("plugin/")), *ci]]
    lines.append(f"made plugin/ ({plugin} files, pinned by plugin/VERSION)")
    if is_kept:
        lines.append(f"kept {README}, which was there")
    lines += said
    at = "" if folder == HERE else f" -C {folder}"
    lines.append(f"next: bulkhead new blog{at}; bulkhead lint{at}; bulkhead test{at}")
    return "".join(f"{line}\n" for line in lines)
