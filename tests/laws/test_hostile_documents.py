"""Whatever stands in a document, a command ends with status 0, 1 or 2, and what it refuses has a place."""

import copy
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from bulkhead import krm
from conftest import Tree
from hypothesis import given
from hypothesis import strategies as st

MANIFESTS: list[Any] = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "red"}}},
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "a", "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}]}]},
        "status": {"phase": "Running", "podIPs": [{"ip": "10.42.0.7"}]},
    },
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"hostNetwork": True}}},
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "a", "namespace": "shop", "annotations": {"bulkhead.dev/why": "x"}},
        "spec": {
            "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]},
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
                    "ports": [{"port": 80, "endPort": 90, "protocol": "TCP"}],
                }
            ],
        },
    },
]

TESTS: list[Any] = [
    {
        "apiVersion": "bulkhead.dev/v1alpha1",
        "kind": "ReachabilityTest",
        "metadata": {"name": "shop"},
        "spec": {"tests": [{"from": "internet", "to": "shop", "port": 80, "allowed": True, "because": "x"}]},
    }
]

RESOURCES: list[Any] = [
    {
        "apiVersion": "bulkhead.dev/v1alpha1",
        "kind": "ClusterProfile",
        "metadata": {"name": "home"},
        "spec": {"peers": {"lan": {"cidr": "192.168.1.0/24"}}},
    },
    {
        "apiVersion": "bulkhead.dev/v1alpha1",
        "kind": "SegmentedNamespace",
        "metadata": {"name": "standard", "namespace": "shop"},
        "spec": {"egress": {"lan": {"to": ["lan"], "ports": [80, "53/UDP"], "why": "x", "accept": {"no-why": "y"}}}},
    },
]

WRITTEN = [
    *["null", "~", "", "[]", "{}", "[x]", "{a: b}", "[[[]]]", "true", "no", "0", "-1", "1.5", ".nan", "-.inf", "1e400"],
    *["9" * 30, "9" * 5_000, "0443", "0x1f", "2026-02-30", "2026-02-28", "!!binary aGk=", "!!set {a, b}", "!x y"],
    *["&a [x]", "*a", "&b {c: *b}", "{? [a] : b}", "{a: 1, a: 2}", "{<<: {a: b}}", '"\\x00\\u202e"', "'::error::'"],
    *["|\n  x\n", "x\r\ny", "\ufeffx", "\x1b[2J", "[" * 300 + "]" * 300, "x" * 100_000, "10.0.0.0/99", "::/0", "-"],
]
"""What is written in the place of a node: each kind of value, and what else YAML allows."""

MARK = "replaced-here"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each node below *value*."""
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in steps:
        yield (*path, step)
        yield from places(below, (*path, step))


@st.composite
def mutated(draw: st.DrawFn, documents: list[Any], around: str = "%s") -> bytes:
    """Draw the text of *documents* with one or two nodes, or keys, replaced by what is written."""
    made = copy.deepcopy(documents)
    texts = []
    for number in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(places(made))))
        node = made
        for step in path[:-1]:
            node = node[step]
        mark = f"{MARK}-{number}"
        if isinstance(node, dict) and draw(st.integers(0, 4)) == 0:
            node[mark] = node.pop(path[-1])
        else:
            node[path[-1]] = mark
        texts.append((mark, draw(st.sampled_from(WRITTEN))))
    flow = draw(st.booleans())
    lines = [yaml.safe_dump(each, default_flow_style=flow, width=10_000, sort_keys=False) for each in made]
    text = around % "---\n".join(lines) if around == "%s" else around + "".join(_item(each) for each in lines)
    for mark, written in texts:
        text = text.replace(mark, written)
    encoding = draw(st.sampled_from(["utf-8"] * 8 + ["utf-16", "latin-1", "utf-8-sig"]))
    return text.encode(encoding, errors="replace")


def _item(text: str) -> str:
    return "".join(f"{'  ' if number else '- '}{line}\n" for number, line in enumerate(text.splitlines()))


COMMANDS = [
    ["reach", "--manifests", "m.yaml"],
    ["reach", "--manifests", "m.yaml", "--format", "json"],
    ["explain", "shop", "shop", "--manifests", "m.yaml"],
    ["lint", "--manifests", "m.yaml"],
    ["test", "--manifests", "m.yaml"],
    ["diff", "--manifests", "good.yaml", "m.yaml"],
    ["diff", "--manifests", "m.yaml", "good.yaml", "--format", "json"],
]


def assert_ended(status: int, stderr: str) -> None:
    assert status in (0, 1, 2)
    assert "Traceback" not in stderr and "internal error" not in stderr
    if status == 2:
        assert "error: " in stderr or "NOT DECIDED" in stderr or not stderr, stderr
        first = stderr.split("error: ")[0]
        assert re.match(r"(\S*\.yaml|bulkhead)(:\d+)*: $", first) or "\n" in first or not first, stderr


@given(data=mutated(MANIFESTS), command=st.sampled_from(COMMANDS))
def test_any_manifest(tree: Tree, data: bytes, command: list[str]) -> None:
    tree.write("good.yaml", yaml.safe_dump_all(MANIFESTS))
    tree.write("tests/reachability/shop.yaml", yaml.safe_dump_all(TESTS))
    tree.write("m.yaml", data)
    done = tree.bulkhead(*command)
    assert_ended(done.status, done.stderr)


@given(data=mutated(TESTS))
def test_any_test(tree: Tree, data: bytes) -> None:
    tree.write("good.yaml", yaml.safe_dump_all(MANIFESTS))
    tree.write("t.yaml", data)
    done = tree.bulkhead("test", "--manifests", "good.yaml", "--file", "t.yaml")
    assert_ended(done.status, done.stderr)


HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"


@given(data=mutated(RESOURCES, HEAD))
def test_any_resource_list(data: bytes) -> None:
    stdout, stderr = io.BytesIO(), io.StringIO()
    status = krm.run([], io.BytesIO(data), stdout, stderr)
    assert (status == 0) is bool(stdout.getvalue())
    assert status in (0, 1) and "internal error" not in stderr.getvalue()
    assert status == 0 or ": error: " in stderr.getvalue()


@pytest.mark.parametrize("written", WRITTEN)
def test_each_value_as_a_whole_document(tree: Tree, written: str) -> None:
    tree.write("good.yaml", yaml.safe_dump_all(MANIFESTS))
    tree.write("m.yaml", written)
    for command in (["reach", "--manifests", "m.yaml"], ["test", "--manifests", "good.yaml", "--file", "m.yaml"]):
        done = tree.bulkhead(*command)
        assert_ended(done.status, done.stderr)
