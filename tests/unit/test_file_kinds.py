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


TERRAFORM = 'resource "kubernetes_network_policy" "open" {\n  spec { egress {} }\n}\n'
PULUMI = 'import * as k8s from "@pulumi/kubernetes"; new k8s.networking.v1.NetworkPolicy("open", {});\n'
CLIENT = "from kubernetes import client\nclient.V1NetworkPolicy()\n"
CONFIG_MAP = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}, data: {a: b}}\n"
ROUTER = """apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-router}
spec: {template: {spec: {containers: [{name: x, args: ["--x=false"]}]}}}
"""


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("infra/netpol.tf", TERRAFORM, FileKinds(policy=True, delivers=True)),
        ("infra/x.tf", 'resource "helm_release" "x" {}\n', DELIVERS),
        ("infra/x.tf", 'resource "aws_s3_bucket" "x" {}\n', NOTHING),
        ("infra/index.ts", PULUMI, POLICY),
        ("infra/x.py", CLIENT, POLICY),
        ("web/x.py", "# kubectl apply, a NetworkPolicy\n", NOTHING),
        ("web/x.ts", 'import "@pulumi/aws";\n', NOTHING),
        ("a/cm.yaml", CONFIG_MAP % "argocd-cm", DELIVERS),
        ("a/cm.yaml", CONFIG_MAP % "cilium-config", DELIVERS),
        ("a/cm.yaml", CONFIG_MAP % "app", NOTHING),
        ("a/ds.yaml", ROUTER, DELIVERS),
        ("a/ds.yaml", ROUTER.replace("kube-router", "web"), NOTHING),
        ("argocd/values.yaml", 'configs: {cm: {resource.exclusions: "[]"}}\n', DELIVERS),
        ("k3s.yaml", "disable-network-policy: true\n", DELIVERS),
        ("k3s.yaml", "disable: [traefik]\n", NOTHING),
        ("site.yml", '- tasks: [{shell: "k3s kubectl -n media delete netpol --all"}]\n', DELIVERS),
        ("job.yaml", "command:\n- kubectl\n- --context=prod\n- delete\n- netpol\n", DELIVERS),
        ("job.yaml", "command:\n- kubectl\n- get\n- netpol\n", NOTHING),
        ("Dockerfile", "FROM x\nRUN kustomize cfg run-fns\n", DELIVERS),
        ("run.sh", "kubectl --context prod \\\n  -n x apply -k .\n", DELIVERS),
        ("run.sh", 'for n in a b; do "${KUBECTL}" $options -n $n apply -f x; done\n', DELIVERS),
        ("run.sh", "oc delete project x\n", DELIVERS),
        ("run.sh", "helm -n x upgrade --install a b\n", DELIVERS),
        ("run.sh", "argocd --grpc-web app sync x\n", DELIVERS),
        ("run.sh", "flux reconcile source git x\n", DELIVERS),
        ("run.sh", "terraform -chdir=infra apply\n", DELIVERS),
        ("run.sh", "helmfile -e prod sync\n", DELIVERS),
        ("run.sh", "kubectl get pods; helm list; terraform plan; echo apply\n", NOTHING),
        ("run.sh", "# kubectl is used to create nothing here; see the protocol\n", NOTHING),
    ],
)
def test_programs_settings_and_commands_of_other_deliveries_are_found(
    file: str, text: str, expected: FileKinds
) -> None:
    assert kinds_in(file, text.encode()) == expected


@pytest.mark.parametrize(
    "part", ["kubectl -a b ", "kubectl $a ", "kubectl \\\n", 'oc "', "KUBECTL}", "netpol oc\n", "oc -"]
)
def test_a_hostile_script_is_read_to_its_end(part: str) -> None:
    assert kinds_in("run.sh", (part * 20_000).encode()) == NOTHING
