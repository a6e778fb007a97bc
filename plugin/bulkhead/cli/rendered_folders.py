"""Rendered policies in one folder per namespace, for a GitOps engine: ``bulkhead render --layout tree``."""

import os
from collections.abc import Iterator

from bulkhead.analysis.overlays.overlay_tree import OverlayTree
from bulkhead.cli.console import Console
from bulkhead.core.kubernetes.networkpolicy import is_networkpolicy
from bulkhead.core.language.scalars import InvalidValue, Name
from bulkhead.core.safe_text import printable
from bulkhead.io.files import Unwritable, locked
from bulkhead.io.rendered import rendered_tree
from bulkhead.io.rendered.rendered_tree import Belongs
from bulkhead.io.yaml.resource_stream import Resource, of_build
from bulkhead.report.layout.file_diff import file_diff
from bulkhead.report.layout.text import count


def write(rendered: OverlayTree, folder: str, output: str, console: Console) -> None:
    """
    Make the tree in *output* what *folder* renders to; namespaces that lose their policies are named on stderr.

    :raises Unwritable: before anything is changed, where *output* is not a rendered tree of the same cluster.
    """
    with locked(output):
        wanted, present = _sides(rendered, folder, output)
        rendered_tree.replace(output, wanted, present)
    for namespace in sorted(rendered_tree.namespaces(present) - rendered_tree.namespaces(wanted)):
        console.status_line(f"{output}: `{namespace}` has no policies any more: its folder is removed")


def check(rendered: OverlayTree, folder: str, output: str, console: Console) -> int:
    """Show how the tree in *output* differs from what *folder* renders to; return 1 where it does."""
    with locked(output, to_write=False):
        wanted, present = _sides(rendered, folder, output)
    differing = sorted(path for path in wanted | present if wanted.get(path) != present.get(path))
    for path in differing:
        name = os.path.join(output, path)
        console.write(file_diff(name, present.get(path, ""), wanted.get(path, "")))
    for path in differing:
        state = "is missing" if path not in present else "is stale" if path in wanted else "must be removed"
        console.note(f"{printable(os.path.join(output, path))}: {state}\n")
    state = f"stale in {count(len(differing), 'file')}: render it again" if differing else "up to date"
    console.status_line(f"{output} is {state}")
    return int(bool(differing))


def _sides(rendered: OverlayTree, folder: str, output: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the tree that is wanted and the one that is written, where the first may replace the second."""
    found = [_placed(each) for each in of_build(rendered.text)]
    if not any(each.is_policy for each in found):
        raise Unwritable("there is no policy to render, and from an empty tree every policy would be pruned")
    profiles = {overlay.profile.name for overlay in rendered.overlays.values() if overlay.profile}
    wanted = rendered_tree.tree(", ".join(sorted(profiles)), found, dict(_unprotected(rendered)))
    present = rendered_tree.read(output)
    there, here = rendered_tree.cluster_of(present), rendered_tree.cluster_of(wanted)
    if there and there != here:
        raise Unwritable(f"it holds the cluster `{there}`, and this is `{here}`: choose another folder, or remove it")
    others = sorted(rendered_tree.namespaces(present) - rendered_tree.namespaces(wanted))
    if others and os.path.realpath(folder) in rendered.overlays:
        raise Unwritable(f"it holds `{others[0]}` too, and {folder} is one overlay: render the folder that lists all")
    return wanted, present


def _placed(resource: Resource) -> Belongs:
    kind, name, namespace = (resource.head.get(key) for key in ("kind", "name", "namespace"))
    try:
        owner = Name.parse(name if kind == "Namespace" and namespace is None else namespace)
    except InvalidValue:
        raise Unwritable(
            f"the {kind} `{name}` belongs to no namespace, and the tree is made of namespaces: deliver it another way"
        ) from None
    return Belongs(owner, resource.text, is_networkpolicy(resource.head.get("apiVersion"), kind))


def _unprotected(rendered: OverlayTree) -> Iterator[tuple[str, str]]:
    for overlay in rendered.overlays.values():
        for each in overlay.namespaces:
            if each.spec.unprotected is not None:
                yield each.namespace, each.spec.unprotected
