"""What a file contains does not depend on how its kinds are spelled; what cannot be read may contain anything."""

import json
import random

import pytest
from bulkhead.io.manifests.file_kinds import LARGEST_PARSED, UNREAD, FileKinds, kinds_in

POLICY, DELIVERS, NOTHING = FileKinds(policy=True), FileKinds(delivers=True), FileKinds()

SPELLINGS = (
    "{0}",
    '"{0}"',
    "'{0}'",
    '"{1}"',
    "!!str {0}",
    "&a {0}",
    ">-\n  {0}",
    "|-\n  {0}",
    "\n  {0}",
    '"\\\n  {0}"',
)
"""How YAML writes a word: {0} as it is, {1} with an escape for its first letter."""

KEYS = ("{0}: ", '"{0}": ', "'{0}' : ", '"{1}": ', "!!str {0}: ", "&k {0}: ", "? {0}\n: ", "? &q\n  {0}\n: ")

OBJECTS = [
    ("networking.k8s.io/v1", "NetworkPolicy", POLICY),
    ("cilium.io/v2", "CiliumNetworkPolicy", POLICY),
    ("security.istio.io/v1", "AuthorizationPolicy", POLICY),
    ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", POLICY),
    ("bulkhead.dev/v1alpha1", "SegmentedNamespace", POLICY),
    ("argoproj.io/v1alpha1", "Application", DELIVERS),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", DELIVERS),
    ("apps/v1", "Deployment", NOTHING),
    ("v1", "ConfigMap", NOTHING),
]


def spelled(form: str, word: str) -> str:
    return form.format(word, f"\\x{ord(word[0]):02x}{word[1:]}")


@pytest.mark.parametrize(("version", "kind", "expected"), OBJECTS)
def test_a_kind_is_found_however_it_is_spelled(version: str, kind: str, expected: FileKinds) -> None:
    chosen = random.Random(kind)
    for value in SPELLINGS:
        for key in KEYS:
            fields = [
                (key, "kind", value, kind),
                (chosen.choice(KEYS), "apiVersion", chosen.choice(SPELLINGS), version),
            ]
            chosen.shuffle(fields)
            parts = [spelled(k, name) + spelled(v, word) for k, name, v, word in fields]
            text = "\n".join(parts).replace("&k", "&k1", 1).replace("&a", "&a1", 1) + "\n"
            found = kinds_in("x.yaml", text.encode())
            assert found == expected or (found.unread and not ordinary(text)), text


def ordinary(text: str) -> bool:
    """Say whether *text* has nothing that the strict reader refuses."""
    return not any(mark in text for mark in ("!", "&", "?"))


@pytest.mark.parametrize(("version", "kind", "expected"), OBJECTS)
def test_a_kind_is_found_in_lists_streams_and_json(version: str, kind: str, expected: FileKinds) -> None:
    one = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}}
    text = json.dumps(one)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in kind)
    for content in (
        text,
        text.replace(kind, escaped),
        json.dumps({"kind": "List", "apiVersion": "v1", "items": [one]}),
        f"a: b\n---\n{text}\n---\n- x\n",
        f"a: b\r\n---\r\n{text}\r\n",
        f"\ufeff{text}",
    ):
        for name in ("x.json", "x.yaml", "a/b.yml"):
            assert kinds_in(name, content.encode()) == expected, content


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_what_is_not_utf8_is_unread(encoding: str) -> None:
    assert kinds_in("x.yaml", "kind: NetworkPolicy # ü\n".encode(encoding)) == UNREAD


@pytest.mark.parametrize(
    "text",
    [
        "{{ if .Values.x }}\nkind: NetworkPolicy\n{{ end }}\n",
        '{"kind": "X"}{"kind": "NetworkPolicy"}',
        "kind: NetworkPolicy\nkind: Deployment\n",
        "a: &a {kind: NetworkPolicy}\n<<: *a\n",
        "? [kind]\n: x\n",
        "kind: NetworkPolicy\n\t- x",
        "kind: x\na: " + "[" * 500 + "]" * 500,
        "kind: x\n#" + "x" * LARGEST_PARSED,
    ],
)
def test_what_cannot_be_parsed_is_unread(text: str) -> None:
    assert kinds_in("x.yaml", text.encode()).unread


def test_a_program_is_unread() -> None:
    assert kinds_in("x.jsonnet", b"{}") == kinds_in("lib/x.libsonnet", b"{}") == UNREAD


@pytest.mark.parametrize(
    "text",
    [
        "x: !Ref y\n",
        "job: {script: !reference [.x, y]}\n",
        "a: &a {b: c}\nd: {<<: *a}\n",
        '{"a": 1, "a": 2}',
        "// a comment\n{}\n",
        "- {kind: x}\n",
        "",
    ],
)
def test_what_cannot_be_an_object_contains_nothing(text: str) -> None:
    assert kinds_in("x.yaml", text.encode()) == NOTHING


@pytest.mark.parametrize("holder", ["ConfigMap", "ClusterResourceSet", "Anything"])
def test_a_policy_in_the_text_of_another_object_is_found(holder: str) -> None:
    inner = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
    content = json.dumps({"kind": holder, "apiVersion": "example.org/v1", "data": {"x": inner}})
    assert kinds_in("x.json", content.encode()).policy


@pytest.mark.parametrize("text", ["run: bulkhead test\n", "a: [kubectl apply -f x]\n", 'a: "kubectl \\x61pply -f x"\n'])
def test_the_commands_of_a_delivery_are_found(text: str) -> None:
    assert kinds_in("x.yaml", text.encode()) == DELIVERS
