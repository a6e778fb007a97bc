"""
A rendered tree: a folder for each namespace, each a kustomization of its own, and one that lists them all.

A GitOps engine can read the tree at any moment, and a writer can be killed at any moment.  Therefore: each file
is replaced in one rename; the policies of a namespace are one file, so that old and new ones never mix; a new
folder is complete before it is listed; stale files are removed last, and the kustomization of a folder after its
other files, so that a folder that is only partly removed fails to build instead of rendering fewer policies.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bulkhead.io.files import GENERATED, TEMPORARY, Unwritable, write_files, written_text
from bulkhead.io.kustomize.build import join
from bulkhead.io.rendered.write_networkpolicy import plain

ROOT = "kustomization.yaml"
POLICIES = "network-policies.yaml"
OTHERS = "resources.yaml"
_CLUSTER = "# The cluster: "
_LISTING = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"


@dataclass(frozen=True)
class Belongs:
    """A resource: its *text*, the *namespace* that it belongs to (a valid name), and whether it is a policy."""

    namespace: str
    text: str
    is_policy: bool


def tree(cluster: str, found: Iterable[Belongs], unprotected: Mapping[str, str]) -> dict[str, str]:
    """
    Return the files of the tree by path, in the order in which they have to be written.

    *unprotected* are the namespaces on record as having no policies, with the reason.
    """
    texts: dict[str, dict[str, list[str]]] = {}
    for each in found:
        files = texts.setdefault(each.namespace, {})
        files.setdefault(POLICIES if each.is_policy else OTHERS, []).append(each.text)
    made = {}
    for namespace, files in sorted(texts.items()):
        for name in sorted(files):
            made[f"{namespace}/{name}"] = GENERATED + join(files[name])
        made[f"{namespace}/{ROOT}"] = GENERATED + _listing(sorted(files))
    notes = [f"# Without policies, on record: {name} ({_line(why)})\n" for name, why in sorted(unprotected.items())]
    made[ROOT] = GENERATED + f"{_CLUSTER}{cluster}\n" + "".join(notes) + _listing(sorted(texts))
    return made


def read(folder: str) -> dict[str, str]:
    """
    Return the files of the tree in *folder* by path; none where there is no such folder.

    The top folder may also contain files that no engine reads as a manifest: `.git*`, and files that are not YAML.

    :raises Unwritable: where anything else is there that was not rendered.
    """
    try:
        return dict(_read(folder))
    except OSError as error:
        raise Unwritable(f"cannot be read: {error.strerror}") from None


def namespaces(files: Iterable[str]) -> set[str]:
    """Return the namespaces that *files* have a folder for."""
    return {os.path.dirname(path) for path in files} - {""}


def cluster_of(files: Mapping[str, str]) -> str:
    """Return the cluster that the tree *files* was rendered for; empty if the tree does not name it."""
    found = re.search(rf"^{_CLUSTER}(.*)$", files.get(ROOT, ""), re.MULTILINE)
    return found[1] if found else ""


def replace(folder: str, wanted: Mapping[str, str], present: Mapping[str, str]) -> None:
    """
    Make the tree in *folder*, which holds *present*, hold *wanted*; a file that is right is not touched.

    :raises Unwritable: where a file cannot be written or removed; each one is then as it was, or as it should be.
    """
    write_files({os.path.join(folder, path): text for path, text in wanted.items() if present.get(path) != text})
    stale = sorted(set(present) - set(wanted), key=lambda path: (os.path.basename(path) == ROOT, path))
    try:
        for path in stale:
            os.unlink(os.path.join(folder, path))
        for namespace in sorted(namespaces(present) - namespaces(wanted)):
            os.rmdir(os.path.join(folder, namespace))
    except OSError as error:
        raise Unwritable(f"stale files cannot be removed: {error.strerror}") from None


def _listing(entries: list[str]) -> str:
    return _LISTING + "".join(f"- {plain(entry)}\n" for entry in entries)


def _line(text: str) -> str:
    """Return *text* in one line, because it is written into a comment."""
    return " ".join(text.split())


def _read(folder: str) -> Iterator[tuple[str, str]]:
    if not os.path.lexists(folder):
        return
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        if entry.name.startswith(".git"):
            continue
        if entry.is_dir(follow_symlinks=False):
            for inner in sorted(os.scandir(entry.path), key=lambda each: each.name):
                yield _ours(inner, f"{entry.name}/{inner.name}")
        elif _is_manifest(entry.name) or entry.is_symlink():
            yield _ours(entry, entry.name)


def _is_manifest(name: str) -> bool:
    return name.endswith((".yaml", ".yml", ".json")) or name == "Kustomization" or name.startswith(".")


def _ours(entry: "os.DirEntry[str]", path: str) -> tuple[str, str]:
    if entry.name.startswith(TEMPORARY) and entry.is_file(follow_symlinks=False):
        return path, ""  # left by a writer that was killed: stale
    text = written_text(entry.path, path) if entry.is_file(follow_symlinks=False) else ""
    if not text.startswith(GENERATED):
        raise Unwritable(f"`{path}` is there and was not rendered by bulkhead; move it away")
    return path, text
