"""`bulkhead reach --format pairs`: pairs on stdout, problems on stderr; status 2 where any input is unreadable."""

import json
from pathlib import Path

from conftest import bulkhead

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: one}
---
apiVersion: v1
kind: Pod
metadata: {name: two}
"""
DENY = """
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}
"""


def printed_by(*arguments: str | Path) -> tuple[int, str, str]:
    done = bulkhead(*arguments)
    return done.status, done.stdout, done.stderr


def test_reach_prints_every_pair_that_has_a_connection(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PODS + DENY)
    status, printed, _ = printed_by("reach", "--manifests", tmp_path, "--ipblock", "never", "--format", "pairs")
    everywhere = "0.0.0.0-255.255.255.255"
    assert status == 0
    assert json.loads(printed) == [
        {"src": "default/one[Pod]", "dst": everywhere, "conn": "All Connections"},
        {"src": "default/one[Pod]", "dst": "default/two[Pod]", "conn": "TCP 80"},
        {"src": "default/two[Pod]", "dst": everywhere, "conn": "All Connections"},
        {"src": "default/two[Pod]", "dst": "default/one[Pod]", "conn": "TCP 80"},
    ]


def test_diff_prints_the_pairs_that_differ(tmp_path: Path) -> None:
    for name, text in (("before", PODS), ("after", PODS + DENY)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(text)
    status, printed, _ = printed_by("diff", "--manifests", tmp_path / "before", tmp_path / "after", "--format", "pairs")
    assert status == 1
    assert {
        "src": "default/one[Pod]",
        "dst": "default/two[Pod]",
        "before": "All Connections",
        "after": "TCP 80",
    } in json.loads(printed)
    pairs = [entry for entry in json.loads(printed) if entry["before"] is not None]
    assert len(pairs) == 4


def test_nothing_is_printed_where_anything_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PODS + "---\na: [")
    status, printed, said = printed_by("reach", "--manifests", tmp_path, "--format", "pairs")
    assert (status, printed) == (2, "")
    assert "a.yaml" in said
