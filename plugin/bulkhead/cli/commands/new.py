"""``bulkhead new``: an overlay for a further namespace."""

import io
import os
import sys

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from bulkhead.core.language.scalars import InvalidValue, Name, Text
from bulkhead.io.files import Unwritable, write_file

_KUSTOMIZATION = """\
resources: [../../base]
namespace: {namespace}
{patches}transformers: [../../plugin]
"""

_RULES = """\
# yaml-language-server: $schema=../../docs/reference/SegmentedNamespace.schema.json
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


class _NewFailed(Exception):
    """It cannot be done, and why."""


def new(root: str, namespace: str, rules: bool, unprotected: str | None) -> int:
    """Make ``overlays/NAMESPACE`` below *root* and list it in the root kustomization; 2 where that cannot be."""
    try:
        name = Name.parse(namespace)
        reason = None if unprotected is None else Text.parse(unprotected)
        made = _make(root, name, rules, reason)
    except InvalidValue as refused:
        return _refuse(refused.message, refused.hint)
    except (_NewFailed, Unwritable) as error:
        return _refuse(str(error))
    sys.stdout.write(made)
    return 0


def _refuse(message: str, hint: str = "") -> int:
    sys.stderr.write(f"bulkhead: error: {message}\n" + (f"hint: {hint}\n" if hint else ""))
    return 2


def _make(root: str, namespace: str, rules: bool, unprotected: str | None) -> str:
    path = os.path.join(root, "kustomization.yaml")
    overlay = os.path.join(root, "overlays", namespace)
    if not os.path.isdir(os.path.join(root, "base")):
        raise _NewFailed(f"there is no folder `base` in {root}: run this at the root of the tree, or with -C")
    if os.path.lexists(overlay):
        raise _NewFailed(f"{overlay} exists already")
    listed = _with_resource(path, f"overlays/{namespace}")
    files = {"kustomization.yaml": _KUSTOMIZATION.format(namespace=namespace, patches="")}
    if rules or unprotected:
        patched = "patches: [{path: rules.yaml}]\n"
        files["kustomization.yaml"] = _KUSTOMIZATION.format(namespace=namespace, patches=patched)
        spec = _EXAMPLE if unprotected is None else _unprotected(unprotected)
        files["rules.yaml"] = _RULES.format(name=_base_name(root), spec=spec)
    for name, text in files.items():
        write_file(os.path.join(overlay, name), text)
    write_file(path, listed)  # last: the root never lists an overlay that is not there
    lines = [f"made {os.path.join(overlay, name)}" for name in files] + [f"added overlays/{namespace} to {path}"]
    return "".join(f"{line}\n" for line in [*lines, f"next: bulkhead render {overlay}"])


def _unprotected(reason: str) -> str:
    written = io.StringIO()
    YAML().dump({"unprotected": str(reason)}, written)
    return "  ingress: null\n  egress: null\n" + "".join(f"  {line}\n" for line in written.getvalue().splitlines())


def _base_name(root: str) -> str:
    """Return the name of base's SegmentedNamespace, which a patch must bear; `standard` where base has another form."""
    try:
        with open(os.path.join(root, "base", "namespace.yaml"), encoding="utf-8") as file:
            for document in YAML(typ="safe").load_all(file):
                if isinstance(document, dict) and document.get("kind") == "SegmentedNamespace":
                    return str(document["metadata"]["name"])
    except (OSError, YAMLError, KeyError, TypeError, UnicodeDecodeError):
        pass
    return "standard"


def _with_resource(path: str, entry: str) -> str:
    """Return the kustomization at *path* with *entry* in ``resources``: in order where they are sorted, else last."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        document = yaml.load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise _NewFailed(f"{path} cannot be read: {error}") from None
    except YAMLError as error:
        raise _NewFailed(f"{path} is not valid YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(document, CommentedMap):
        raise _NewFailed(f"{path} is not a map")
    listed = document.setdefault("resources", CommentedSeq())
    if not isinstance(listed, CommentedSeq):
        raise _NewFailed(f"{path}: `resources` is not a list")
    if entry in listed:
        raise _NewFailed(f"{path} lists {entry} already")
    written = io.StringIO()
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
