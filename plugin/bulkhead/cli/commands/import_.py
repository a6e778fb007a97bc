"""``bulkhead import``: write overlays for NetworkPolicies that exist, and prove that they allow the same."""

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import Comparison, NotComparable
from bulkhead.analysis.importing.imported_facts import ImportedFacts, imported_facts
from bulkhead.analysis.importing.imported_tree import (
    ImportedTree,
    ImportFailed,
    KnownBase,
    add_promises,
    imported_tree,
    known_base,
)
from bulkhead.analysis.importing.policy_origins import PolicyOrigins
from bulkhead.analysis.importing.proof import proof, rendered
from bulkhead.analysis.importing.revision_files import revision_files, shown
from bulkhead.analysis.semantics_options import NO_OPTIONS, SemanticsOptions, semantics_of
from bulkhead.cli.commands.new import with_resources
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import manifests_input, no_garbage_collection
from bulkhead.cli.options import (
    Options,
    Parser,
    all_option,
    describe,
    selection_asked,
    selection_options,
    semantics_asked,
    semantics_options,
)
from bulkhead.core.diagnostics import Diagnostic
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.importing.imported_namespaces import Kept
from bulkhead.docgen.new_tree import README
from bulkhead.docgen.vendored_plugin import PLUGIN, PROGRAM, vendored_plugin
from bulkhead.io.files import temporary_folder, text_of, undone_if_ended, write_file
from bulkhead.io.new_files import in_the_way, write_new
from bulkhead.io.resources.overlay_text import root_text
from bulkhead.io.shipped_files import shipped
from bulkhead.report.diff.diff_formats import DIFF_FORMATS
from bulkhead.report.imports.import_text import import_text
from bulkhead.report.names.evidence import evidence_text

_DESCRIPTION = """\
Write overlays that say what NetworkPolicies say which exist, and prove that both allow the same.

Rules that most namespaces share become the standard pattern in base/; an overlay has what differs. Selectors and
blocks become named peers. A dump also says the enforcer and the networks, as `bulkhead init --from` reads them. In a
tree that exists, overlays are added on its base; no file is overwritten but the root kustomization.yaml, to which
they are added.
"""

_EPILOGUE = """\
examples:
  kubectl get ns,nodes,svc,pods,deploy,ds,sts,netpol -A -o json > cluster.json
  bulkhead import --manifests cluster.json -o policies     its enforcer and networks are those of the dump
  bulkhead import --manifests deploy/policies -o policies --exact

exit status: 0 the overlays allow the same for every possible pod; 1 they differ, which is written with the cause;
2 nothing could be imported, or it could not be decided whether they differ
"""


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(parser, _DESCRIPTION, _EPILOGUE)
    parser.add_argument(
        "--manifests",
        action="append",
        required=True,
        metavar="PATH",
        help="the policies: a folder or file of manifests, a folder with a kustomization, or what `kubectl get "
        "ns,pods,svc,netpol -A -o json` printed; - is stdin; may be repeated",
    )
    parser.add_argument("--revision", metavar="REV", help="read the paths from this revision of git, not from the disk")
    parser.add_argument(
        "-o", "--output", required=True, metavar="DIR", help="the tree: a new folder, or one with base/"
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="render nothing that differs: what is open stays open, and no default deny is added",
    )
    selection_options(parser)
    semantics_options(parser)
    all_option(parser)


def run(options: Options, console: Console) -> int:
    """Write the tree; return 0 where it allows the same, 1 where it differs, 2 where that was not decided."""
    selection = selection_asked(options)
    with no_garbage_collection():
        named: Mapping[str, str] = {}
        with contextlib.ExitStack() as opened:
            paths = options.manifests
            if options.revision is not None:
                paths, named = opened.enter_context(revision_files(options.revision, paths))
            before = manifests_input(paths, selection, console)
            if before.faults:
                console.refuse((_renamed(each, named) for each in before.faults), "nothing was imported")
            origin = PolicyOrigins(before.rules.places.files, named)
            before.rules = before.rules.renamed(lambda file: shown(file, named), before.cluster.policies)
        if not before.cluster.policies:
            raise ImportFailed(
                f"there is no NetworkPolicy in {', '.join(options.manifests)} ({evidence_text(before.evidence)})",
                "name other files or folders",
            )
        base = known_base(options.output)
        facts, semantics = _facts(semantics_asked(options), paths, base)
        _check_free(before, options.output, base is not None)
        for kept in (Kept.WHAT_DIFFERS, Kept.EVERY) if options.exact else (Kept.UNSAYABLE,):
            tree = imported_tree(before.cluster.policies, origin, facts, kept, base)
            compared = _proved(tree, before, semantics, options.output, console)
            if compared is None or _equal(compared):
                break
        _write(tree, options.output)
        console.write("".join(f"{line}\n" for line in facts.sources))
        console.write(import_text(tree, before, options.output, options.exact, compared is None or _equal(compared)))
        if compared is not None and not _equal(compared):
            console.write(DIFF_FORMATS["text"](compared, console.style_of(options.all)))
    if compared is None or _equal(compared):
        return 0
    return 2 if compared.undecided else 1


def _facts(asked: SemanticsOptions, paths: Sequence[str], base: KnownBase | None) -> tuple[ImportedFacts, Semantics]:
    """Return the facts of the tree that exists, else what dumps among *paths* say, and how policies are read."""
    if base is not None:
        return ImportedFacts(base.profile.spec.enforcer), semantics_of(asked, base.profile)
    semantics = semantics_of(asked, None)
    facts = imported_facts(paths, None if asked == NO_OPTIONS else semantics.enforcer)
    if asked == NO_OPTIONS:
        semantics = semantics_of(replace(asked, enforcer=facts.enforcer), None)
    return facts, semantics


def _equal(compared: Comparison) -> bool:
    return not (compared.findings or compared.undecided or compared.relabelled or compared.unwritten)


def _renamed(fault: Diagnostic, named: Mapping[str, str]) -> Diagnostic:
    return fault.in_file(shown(fault.location.file, named))


def _check_free(before: AnalysisInput, folder: str, has_base: bool) -> None:
    """
    Check, before anything is compared, that nothing would be overwritten.

    :raises ImportFailed: where something is there.
    """
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise ImportFailed(f"{folder} is no folder", "name a folder")
    paths = {f"overlays/{policy.namespace}" for policy in before.cluster.policies}
    blocking = in_the_way(folder, paths if has_base else {*paths, "base", PLUGIN, "kustomization.yaml"})
    if blocking:
        shown = ", ".join(f"`{os.path.join(folder, each)}`" for each in blocking[:5])
        hint = "leave the policies of these namespaces out of what is imported" if has_base else "name another folder"
        raise ImportFailed(f"nothing is overwritten, and this is in the way: {shown}", hint)


def _proved(
    tree: ImportedTree, before: AnalysisInput, semantics: Semantics, folder: str, console: Console
) -> Comparison | None:
    """
    Return what differs between the policies and *tree*, which is written to a temporary folder for it.

    A new tree gets its first reachability test.
    """
    with temporary_folder() as top:
        staged = os.path.join(os.path.realpath(top), "tree")
        if tree.base:
            for name in ("base", PLUGIN):
                shutil.copytree(os.path.join(folder, name), os.path.join(staged, name), symlinks=True)
            root = root_text(f"overlays/{each}" for each in tree.namespaces)
            write_new(staged, {**tree.files, "kustomization.yaml": root})
        else:
            write_new(staged, _whole(tree), [PROGRAM])
        try:
            after = rendered(staged, folder)
            add_promises(tree, after.cluster.policies)
            return proof(before, after, semantics, folder)
        except NotComparable as error:
            console.refuse(error.faults, "nothing was imported")


def _whole(tree: ImportedTree) -> dict[str, str]:
    """Return every file of a new tree: the imported ones, the plugin and a README."""
    plugin = {f"{PLUGIN}/{path}": text for path, text in vendored_plugin().items()}
    return {**plugin, README: shipped("ci")[README], **tree.files}


def _write(tree: ImportedTree, folder: str) -> None:
    """
    Write the tree to *folder*, all of it or nothing. The root, which lists the overlays, is last.

    :raises InTheWay: where something would be overwritten.
    """
    if not tree.base:
        files = _whole(tree)
        if os.path.lexists(os.path.join(folder, README)):
            del files[README]
        write_new(folder, files, [PROGRAM])
        return
    root = os.path.join(folder, "kustomization.yaml")
    listed = with_resources(root, [f"overlays/{each}" for each in tree.namespaces])

    def drop() -> None:
        if text_of(root) != listed:
            for namespace in tree.namespaces:
                shutil.rmtree(os.path.join(folder, "overlays", namespace), ignore_errors=True)

    with undone_if_ended(drop):
        write_new(folder, tree.files)
        try:
            write_file(root, listed)
        finally:
            drop()
