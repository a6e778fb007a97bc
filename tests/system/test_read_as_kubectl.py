"""
What is read of a manifest is what the real kubectl reads of it, or the manifest is refused.

kubectl decodes each file without a server (`kubectl annotate --local`) and prints the names of the policies.
"""

import json
from pathlib import Path

import pytest
import yaml
from bulkhead.io.manifests.manifest_files import load
from conftest import run

pytestmark = pytest.mark.native

POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "p", "namespace": "shop"},
    "spec": {"podSelector": {}},
}
OTHER = {**POLICY, "metadata": {"name": "q", "namespace": "shop"}}
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}}
P, Q, M = (yaml.safe_dump(each) for each in (POLICY, OTHER, MAP))
J, K, L = (json.dumps(each) for each in (POLICY, OTHER, MAP))
LIST = {"apiVersion": "v1", "kind": "List"}
HIDDEN = J.replace("kind", r"\u006bind").replace("apiVersion", r"api\u0056ersion").replace("podS", r"\u0070odS")


def kubectl_reads(file: Path) -> list[str]:
    done = run("kubectl", "annotate", "--local", "-f", file, "a=b", "-o", "name")
    return sorted(line.removeprefix(name) for line in done.stdout.split() if line.startswith(name := f"{KIND}/"))


KIND = "networkpolicy.networking.k8s.io"


def check(file: Path, is_refused: bool) -> None:
    """Check that *file*, alone and in its folder, is refused or read as kubectl reads it."""
    for path in (file, file.parent):
        found = load(str(path))
        assert bool(found.faults) == is_refused, found
        assert is_refused or sorted(each.name for each in found.cluster.policies) == kubectl_reads(file)
        assert all(fault.location.line for fault in found.faults)


BREAKS = ["\r", "\u2028", "\u2029", "\u0085"]
DIVIDED = [
    (f"{P}---\n{Q}", False),
    (f"{P}--- # a comment\n{Q}", False),
    (f"{P}---\r\n{Q}", False),
    (f"---\n---\n{P}---\n\n---\n{Q}---\n", False),
    (f"{P}...\n---\n{Q}", False),
    (f"{P}...\n", False),
    (f"{J}\n---\n{K}\n", False),
    (f"{P}...\n{Q}", True),
    (f"{M}--- {json.dumps(POLICY)}\n", True),
    (f"--- {json.dumps(POLICY)}\n", True),
    (f'{P}--- "x"\n', True),
    (f"{P}---\r{Q}", True),
    (f"{P}...\n{{}}\n", True),
    *((f"{M}#{each}---\n{P}", True) for each in BREAKS),
    *((f"{M}#{each}---{each}{P}", True) for each in BREAKS),
    *((f"---\n#{each}---\n{P}", True) for each in BREAKS),
    *((f"{L}{each}---\n{P}", True) for each in BREAKS),
]


@pytest.mark.parametrize(("text", "is_refused"), DIVIDED)
def test_a_document_that_kubectl_does_not_read_is_refused(tmp_path: Path, text: str, is_refused: bool) -> None:
    (tmp_path / "a.yaml").write_text(text, newline="")
    check(tmp_path / "a.yaml", is_refused)


@pytest.mark.parametrize("between", ["", " ", "\n", "\n\n", "\r\n"])
@pytest.mark.parametrize("text", [J, HIDDEN])
def test_several_documents_of_json_are_refused_also_with_escapes(tmp_path: Path, text: str, between: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"{text}{between}{text.replace('shop', 'else')}\n", newline="")
    assert kubectl_reads(file) == ["p", "p"]
    check(file, is_refused=True)
    file.rename(tmp_path / "a.json")
    check(tmp_path / "a.json", is_refused=True)


@pytest.mark.parametrize(
    "text",
    [
        f"{HIDDEN}]",
        '"\\x6bind": NetworkPolicy\n"api\\x56ersion": networking.k8s.io/v1\n}',
        '"ki\\\nnd": NetworkPolicy\n"apiVer\\\n  sion": networking.k8s.io/v1\n}',
        "!!binary a2luZA==: NetworkPolicy\n}",
    ],
)
def test_a_broken_file_whose_words_are_hidden_is_not_skipped(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text(P)
    assert [fault.location.file for fault in load(str(tmp_path)).faults] == [str(tmp_path / "a.yaml")]


def test_a_broken_file_without_those_words_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("{regex: '\\d+'")
    (tmp_path / "b.yaml").write_text(P)
    found = load(str(tmp_path))
    assert (found.faults, found.evidence.foreign) == ((), 1)


FOLDED = {
    "items": ["Items", "ITEMS", "item\u017f"],
    "kind": ["Kind", "\u212aind"],
    "apiVersion": ["ApiVersion", "apiversion", "apiVer\u017fion"],
    "metadata": ["Metadata", "METADATA"],
    "spec": ["Spec", "\u017fpec"],
}


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
@pytest.mark.parametrize(("key", "folded"), [(key, each) for key in FOLDED for each in FOLDED[key]])
@pytest.mark.parametrize("kind", ["List", "NetworkPolicyList", "ConfigMap", "NetworkPolicy", "Pod", "Rollout"])
def test_a_key_that_is_another_one_but_for_its_case_is_refused(
    tmp_path: Path, kind: str, key: str, folded: str, name: str
) -> None:
    whole = {**POLICY, "kind": kind, "items": []} if kind.endswith("List") else {**POLICY, "kind": kind}
    added = {**whole, folded: [OTHER] if key == "items" else whole.get(key)}
    moved = {folded if each == key else each: value for each, value in whole.items()}
    for document in (added, {folded: added[folded], **whole}, moved) if key in whole else (added,):
        for written in (document, {**LIST, "items": [POLICY, document]}):
            (tmp_path / name).write_text(json.dumps(written, ensure_ascii=False))
            check(tmp_path / name, is_refused=True)


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
@pytest.mark.parametrize("kind", ["ConfigMap", "NetworkPolicy", "Pod", "SegmentedNamespace", "Rollout", "Listing"])
def test_an_object_with_items_is_a_list_to_kubectl_and_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    for document in ({**POLICY, "kind": kind, "items": [OTHER]}, {"items": [OTHER], **POLICY, "kind": kind}):
        (tmp_path / name).write_text(json.dumps(document))
        assert kubectl_reads(tmp_path / name) == ["q"]
        check(tmp_path / name, is_refused=True)


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
@pytest.mark.parametrize(
    "document",
    [
        {**LIST, "items": [POLICY, {**LIST, "items": None}]},
        {**LIST, "kind": "AnyList", "items": [POLICY]},
        {**LIST, "kind": "AnyList", "spec": {}, "items": [POLICY]},
        {"items": [POLICY], "kind": "List"},
        {"items": None, **LIST, "spec": {}},
    ],
)
def test_lists_are_read_as_kubectl_reads_them(tmp_path: Path, document: object, name: str) -> None:
    (tmp_path / name).write_text(json.dumps(document))
    check(tmp_path / name, is_refused=False)


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
@pytest.mark.parametrize("items", [[], [OTHER]])
def test_a_list_in_a_list_which_kubectl_does_not_read_is_refused(tmp_path: Path, items: object, name: str) -> None:
    for kind in ("List", "NetworkPolicyList"):
        (tmp_path / name).write_text(json.dumps({**LIST, "items": [POLICY, {**LIST, "kind": kind, "items": items}]}))
        assert kubectl_reads(tmp_path / name) == []
        check(tmp_path / name, is_refused=True)


HEAD = '{"kind": "List", "apiVersion": "v1", '
TWICE = [
    f'{HEAD}"items": [{J}], @"items": [{L}]}}',
    f'{HEAD}"items": [{J}], @"it\\u0065ms": [{L}]}}',
    f'{{"kind": "List", {HEAD.replace("{", "@")}"items": [{J}]}}',
    f'{HEAD}"items": [{J[:-1]}, @"spec": {{}}}}]}}',
    f'{HEAD}"items": [{L}, {J.replace("podS", """podSelector": {}, @"podS""")}]}}',
    J.replace('"podS', '"podSelector": {}, @"podS'),
    J.replace('"name":', '"name": "{\\"name\\":", @"name":'),
    J.replace('"spec":', '"spec": [[{}, {"a": 1}]], @"sp\\u0065c":'),
]
"""Each has an ``@`` before the key that is the second one."""


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
@pytest.mark.parametrize("text", TWICE)
def test_a_key_that_occurs_twice_in_json_is_an_error_at_the_second_one(tmp_path: Path, text: str, name: str) -> None:
    for marked in (text, text.replace(", ", ",\n  "), "\n" * 3 + text):
        before, _, after = marked.partition("@")
        (tmp_path / name).write_text(before + after)
        for path in (tmp_path / name, tmp_path):
            (fault,) = load(str(path)).faults
            key = json.loads(after.partition(":")[0])
            assert (fault.message, fault.hint) == (f"duplicate key `{key}`", "remove one of the two")
            place = before.count("\n") + 1, len(before) - before.rfind("\n")
            assert (fault.location.line, fault.location.column) == place
