"""``bulkhead new``: make an overlay for another namespace."""

import io
import os
from collections.abc import Sequence

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from bulkhead.cli.console import HERE, Console
from bulkhead.cli.options import Options, Parser, describe, folder_option
from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.language.resources import NamespaceSpec
from bulkhead.core.language.scalars import Name, Text
from bulkhead.io.files import Unreadable, text_of, write_files
from bulkhead.io.yaml.nodes import InvalidYaml, documents, reads_as_text
from bulkhead.io.yaml.paths import value_at

_KUSTOMIZATION = """\
resources: [../../base]
namespace: {written}
{patches}transformers: [../../plugin]
"""

_RULES = """\
# yaml-language-server: $schema=../../{schemas}/SegmentedNamespace.schema.json
# What differs from base/namespace.yaml: name a rule to add or change it, set it to null to remove it.
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata:
  name: {name}
spec:
{spec}"""

_EXAMPLE = """\
  egress:
    # smtp:
    #   to: internet
    #   ports: 587
    #   why: Who needs this, and for what
    {}
"""


class NewOverlayError(DiagnosticError):
    """The overlay cannot be made."""


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Make overlays/NAMESPACE with the standard pattern and add it to the root kustomization.yaml,\n"
        "whose comments and order stay as they are.",
    )
    parser.add_argument("namespace", metavar="NAMESPACE", help="the namespace's name")
    folder_option(parser, "the root of the tree (default: .)")
    parser.add_argument("--rules", action="store_true", help="with a rules.yaml for the rules of this namespace")
    parser.add_argument("--unprotected", metavar="REASON", help="record that it has no policies, and why")


def run(options: Options, console: Console) -> int:
    """Make ``overlays/NAMESPACE`` and list it in the root kustomization."""
    name = Name.parse(options.namespace)
    reason = None if options.unprotected is None else Text.parse(options.unprotected)
    for _, message, hint in NamespaceSpec(unprotected=reason).complaints():
        raise NewOverlayError(message, hint)
    if reason and not any(map(str.isalnum, reason)):
        raise NewOverlayError(f"`{reason}` is no reason", "write a few words")
    console.write(_make(options.dir, name, options.rules, reason))
    return 0


def _make(root: str, namespace: str, rules: bool, unprotected: str | None) -> str:
    root = "" if os.path.normpath(root) == HERE else root
    path = os.path.join(root, "kustomization.yaml")
    overlay = os.path.join(root, "overlays", namespace)
    if not os.path.isdir(os.path.join(root, "base")):
        raise NewOverlayError(
            f"there is no folder `base` in {root or HERE}: run this at the root of the tree, or with -C"
        )
    if os.path.lexists(overlay):
        raise NewOverlayError(f"{overlay} exists already")
    listed = with_resources(path, [f"overlays/{namespace}"])
    written = namespace if reads_as_text(namespace) else f'"{namespace}"'
    files = {"kustomization.yaml": _KUSTOMIZATION.format(written=written, patches="")}
    if rules or unprotected:
        patched = "patches: [{path: rules.yaml}]\n"
        files["kustomization.yaml"] = _KUSTOMIZATION.format(written=written, patches=patched)
        spec = _EXAMPLE if unprotected is None else _unprotected(unprotected)
        files["rules.yaml"] = _RULES.format(name=_base_name(root), spec=spec, schemas=_schemas(root))
    overlays = {os.path.join(overlay, name): text for name, text in files.items()}
    write_files({**overlays, path: listed})  # last: the root never lists an overlay that is not there
    lines = [f"made {os.path.join(overlay, name)}" for name in files] + [f"added overlays/{namespace} to {path}"]
    checked = "bulkhead validate" if root == "" else f"bulkhead validate {root}"
    return "".join(f"{line}\n" for line in [*lines, f"next: {checked}; bulkhead render {overlay}"])


def _unprotected(reason: str) -> str:
    written = io.StringIO()
    # YAML 1.1 reads more words as booleans and numbers than the writer, which knows YAML 1.2
    plain = reads_as_text(reason)
    YAML().dump({"unprotected": str(reason) if plain else DoubleQuotedScalarString(reason)}, written)
    return "  ingress: null\n  egress: null\n" + "".join(f"  {line}\n" for line in written.getvalue().splitlines())


def _schemas(root: str) -> str:
    """Return the folder of the schemas from the root: a vendored plugin brings its own."""
    return "plugin/schemas" if os.path.isdir(os.path.join(root, "plugin", "schemas")) else "docs/reference"


def _base_name(root: str) -> str:
    """Return the name of the SegmentedNamespace in base, which a patch needs; `standard` where base has none."""
    try:
        for each in documents(text_of(os.path.join(root, "base", "namespace.yaml"))):
            if isinstance(each.value, dict) and each.value.get("kind") == "SegmentedNamespace":
                return str(value_at(each.value, "metadata", "name") or "standard")
    except (Unreadable, InvalidYaml, KeyError, TypeError):
        pass
    return "standard"


def with_resources(path: str, entries: Sequence[str]) -> str:
    """
    Return the kustomization at *path* with *entries* in ``resources``: in order where they are sorted, else last.

    :raises NewOverlayError: where it cannot be read, or lists one of them already.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    try:
        text = text_of(path)
        list(documents(text))  # what a build refuses is refused here, with its line
        document = yaml.load(text)
    except Unreadable as refused:
        raise NewOverlayError(f"{path}: {refused.message}", refused.hint) from None
    except InvalidYaml as refused:
        raise NewOverlayError(
            str(refused.diagnostic.in_file(path).location) + f": {refused.message}", refused.hint
        ) from None
    except YAMLError as error:
        raise NewOverlayError(f"{path} is not valid YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(document, CommentedMap):
        raise NewOverlayError(f"{path} is not a map")
    listed = document.setdefault("resources", CommentedSeq())
    if not isinstance(listed, CommentedSeq):
        raise NewOverlayError(f"{path}: `resources` is not a list")
    written = io.StringIO()
    for entry in entries:
        if entry in listed:
            raise NewOverlayError(f"{path} lists {entry} already")
        _insert(listed, entry)
    _keep_indent(yaml, text)
    yaml.dump(document, written)
    return written.getvalue()


def _insert(listed: CommentedSeq, entry: str) -> None:
    names = [str(each) for each in listed]
    later = [i for i, name in enumerate(names) if name > entry]
    if names != sorted(names) or not later or later[0] == 0 or listed.ca.items.get(later[0]):
        listed.append(entry)  # the place between comments is a person's to choose
    else:
        listed.insert(later[0], entry)


def _keep_indent(yaml: YAML, text: str) -> None:
    """Write lists as far in as *text* does."""
    for line in text.splitlines():
        if line.lstrip().startswith("- "):
            indent = len(line) - len(line.lstrip())
            yaml.indent(mapping=2, sequence=indent + 2, offset=indent)
            return
