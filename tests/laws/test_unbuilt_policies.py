"""
Where the policies in files that no judged kustomization reads differ between two trees, a file is named.

PyYAML says which policies a tree has: it reads every spelling, and UTF-16.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import yaml
from bulkhead.analysis.changes.delivery_changes import DeliverySide, delivery_changes
from bulkhead.io.git.file_states import LINK, FileState, object_name
from hypothesis import given, settings
from hypothesis import strategies as st

Contents = Mapping[str, bytes]

KINDS = ("NetworkPolicy", '"NetworkPolicy"', '"Network\\x50olicy"', "!!str NetworkPolicy", "&a NetworkPolicy",
         ">-\n  NetworkPolicy", "|-\n  NetworkPolicy", "\n  NetworkPolicy", "Deployment")  # fmt: skip
KEYS = ("kind: ", '"kind": ', '"\\x6bind": ', "!!str kind: ", "? kind\n: ", "&b kind : ")
FRAMES = ("{}", "# x\n---\n{}", "a: b\n---\n{}\n---\nc: d\n", "a: &x {{}}\n---\n{}", "\n\n{}\n...\n")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")
FOLDERS = ("", "apps/", "apps/web/", ".hidden/", "overlays/shop/", "docs/")
ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class MadeFiles:
    """A tree in memory; a text that begins with ``->`` is a link."""

    made: Contents

    def every(self) -> Mapping[str, FileState]:
        return {path: (LINK if text[:2] == b"->" else "100644", object_name(text)) for path, text in self.made.items()}

    def contents(self, paths: Iterable[str]) -> Contents:
        return {path: self.made[path].removeprefix(b"->") for path in paths if path in self.made}

    def content(self, path: str) -> bytes | None:
        return self.made.get(path)

    def at(self, path: str) -> FileState | None:
        return self.every().get(path)

    def below(self, folder: str) -> Mapping[str, FileState]:
        return {path: state for path, state in self.every().items() if path.startswith(f"{folder}/")}

    def target(self, path: str) -> str:
        return self.made[path].removeprefix(b"->").decode()

    def is_tracked(self, path: str) -> bool:
        return path in self.made


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """One file: a policy or a workload, spelled in any way, alone or with other documents."""
    name = f"p{draw(st.integers(0, 9))}"
    if draw(st.booleans()):
        kind = draw(st.sampled_from(["NetworkPolicy", "Deployment"]))
        one: dict[str, object] = {"apiVersion": "networking.k8s.io/v1", "kind": kind, "metadata": {"name": name}}
        if draw(st.booleans()):
            one = {"apiVersion": "v1", "kind": "List", "items": [one]}
        body = json.dumps(one)
        body = body.replace(kind, f"\\u{ord(kind[0]):04x}{kind[1:]}") if draw(st.booleans()) else body
    else:
        kind = draw(st.sampled_from(KEYS)) + draw(st.sampled_from(KINDS))
        body = f"apiVersion: networking.k8s.io/v1\n{kind}\nmetadata: {{name: {name}}}\n"
    text = draw(st.sampled_from(FRAMES)).format(body)
    text = text.replace("\n", "\r\n") if draw(st.booleans()) else text
    return text.encode(draw(st.sampled_from(ENCODINGS)))


PATHS = st.builds(lambda *parts: "".join(parts), *map(st.sampled_from, (FOLDERS, ("a", "b"), (*ENDINGS, ".txt"))))
TREES = st.dictionaries(PATHS, texts(), max_size=4)


def policies(tree: Contents) -> set[tuple[str, str]]:
    """Return the folder and name of each policy in *tree*."""
    found = set()
    for path, text in tree.items():
        for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if path.endswith(ENDINGS) else ():
            for each in document.get("items", [document]) if isinstance(document, dict) else ():
                if each.get("kind") == "NetworkPolicy":
                    found.add((path.rpartition("/")[0], each["metadata"]["name"]))
    return found


def side(tree: Contents) -> DeliverySide:
    return DeliverySide(MadeFiles(tree), (), (), (), ("",))


@given(TREES, TREES, st.booleans())
@settings(max_examples=120, deadline=None)
def test_a_tree_with_other_policies_is_never_called_the_same(before: Contents, more: Contents, keeps: bool) -> None:
    after = {**before, **more} if keeps else more
    found = {each.file for each in delivery_changes(side(before), side(after))}
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert found <= changed
    if policies(before) != policies(after):
        assert found, (before, after)


@given(TREES)
@settings(max_examples=50, deadline=None)
def test_a_tree_is_the_same_as_itself(tree: Contents) -> None:
    assert delivery_changes(side(tree), side(tree)) == ()
