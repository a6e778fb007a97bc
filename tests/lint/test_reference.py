"""What lint says of the reference cluster, written by hand from its description, and what hardening takes away."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import ROOT, Tree
from lint.scenes import put

STANDARD = [
    "cardboard",
    "dev-workspace",
    "email-gateway",
    "home-assistant",
    "monitoring",
    "open-webui",
    "openclaw-ops",
    "openclaw-personal",
    "proxmox-watchdog",
    "security-scanner",
    "trade-bot",
]
"""media is pod by pod, and has nothing of the pattern but DNS."""

NARROW = "openclaw-personal"
"""It has no egress to pods, and HTTPS to the internet alone."""

WIDE = [name for name in STANDARD if name != NARROW]

FREE = ["authentik", "default", "digital-signage", "hamaja-recipes", "kube-system"]
"""Nothing limits the egress of these: two are unprotected on record, three belong to no overlay."""

BASE = "base/namespace.yaml"
EXPECTED = [
    # check, file, the line as it reads, namespaces, accepted
    ("every-pod-can-come-in", BASE, "from: pod-network", STANDARD, True),
    ("already-allowed", BASE, "traefik:", STANDARD, True),
    ("already-allowed", BASE, "prometheus:", STANDARD, True),
    ("already-allowed", BASE, "dashboard:", STANDARD, True),
    ("host-in-pod-network", BASE, "to: pod-network", WIDE, True),
    ("service-address", BASE, "to: kube-dns", sorted([*STANDARD, "media"]), True),
    ("anywhere-covers-private", BASE, "to: anywhere", WIDE, True),
    ("already-allowed", "overlays/open-webui/rules.yaml", "ai-providers:", ["open-webui"], False),
    ("already-allowed", "overlays/security-scanner/rules.yaml", "scan-workloads:", ["security-scanner"], False),
    ("host-in-pod-network", "overlays/security-scanner/rules.yaml", "to: pod-network", ["security-scanner"], True),
    ("already-allowed", "overlays/monitoring/rules.yaml", "scrape-pods:", ["monitoring"], False),
    ("host-in-pod-network", "overlays/monitoring/rules.yaml", "to: pod-network", ["monitoring"], True),
    ("service-address", "overlays/openclaw-ops/rules.yaml", "to: kubernetes-service", ["openclaw-ops"], True),
    ("already-allowed", "overlays/openclaw-ops/rules.yaml", "github:", ["openclaw-ops"], False),
    ("already-allowed", "overlays/openclaw-ops/rules.yaml", "slack:", ["openclaw-ops"], False),
    ("kubelet-mount", "overlays/media/rules.yaml", "to: nas", ["media"], True),
    ("load-balancer-address", "overlays/media/rules.yaml", "to: authentik", ["media"], True),
    (
        "metadata-address",
        "base/cluster.yaml",
        "internet: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}",
        ["email-gateway", "media", "open-webui", "openclaw-ops", "openclaw-personal"],
        True,
    ),
    ("unused-peer", "base/cluster.yaml", "same-namespace: {pods: {}}", [], True),
]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _accepted_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield every line below ``accept:``, one for each check, with its number from 0."""
    depth = None
    for number, line in enumerate(text.splitlines()):
        if depth is not None and _depth(line) > depth:
            yield number, line
        else:
            depth = _depth(line) if line.strip() == "accept:" else None


def lint(tree: Tree, *arguments: str) -> list[dict[str, Any]]:
    done = tree.bulkhead("lint", "--today", "2026-06-01", "--format", "json", *arguments)
    assert done.status in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return found


def read(tree: Tree, finding: dict[str, Any]) -> tuple[str, str, str, list[str], bool]:
    """Return a finding as the table has it; the line as it is in the file."""
    line = (tree.path / finding["file"]).read_text().splitlines()[finding["line"] - 1].strip()
    return finding["check"], finding["file"], line, finding["namespaces"], finding["accepted"] is not None


def test_the_reference_cluster_has_the_findings_written_by_hand(cluster: Tree) -> None:
    found = [read(cluster, finding) for finding in lint(cluster)]
    assert sorted(found, key=str) == sorted(EXPECTED, key=str)


def test_the_standard_pattern_lets_every_pod_in_and_says_from_where(cluster: Tree) -> None:
    (found,) = [each for each in lint(cluster) if each["check"] == "every-pod-can-come-in"]
    assert found["facts"]["from"] == [*sorted([*FREE, *WIDE]), "any namespace not listed"]


def test_hardened_leaves_those_whose_egress_is_free_or_names_all_pods(cluster: Tree) -> None:
    put(cluster.path / "base/kustomization.yaml", "resources: [cluster.yaml, namespace.yaml]\ncomponents: [hardened]\n")
    found = {
        tuple(each["namespaces"]): each["facts"]["from"]
        for each in lint(cluster)
        if each["check"] == "every-pod-can-come-in"
    }
    left = [*FREE, "security-scanner", "any namespace not listed"]
    others = tuple(name for name in STANDARD if name != "monitoring")
    assert found == {
        others: sorted([*left[:-1], "monitoring/prometheus"]) + left[-1:],
        ("monitoring",): left,
    }


def test_hardened_makes_no_acceptance_superfluous(cluster: Tree) -> None:
    put(cluster.path / "base/kustomization.yaml", "resources: [cluster.yaml, namespace.yaml]\ncomponents: [hardened]\n")
    assert [each["says"] for each in lint(cluster) if each["check"] == "unused-accept"] == []


def test_lint_of_the_reference_cluster_passes_and_never_hides_that_every_pod_can_come_in(cluster: Tree) -> None:
    done = cluster.bulkhead("lint", "--today", "2026-06-01")
    assert done.status == 0
    assert "note: every-pod-can-come-in: " in done.stdout
    assert "already-allowed: ingress rule `traefik`" not in done.stdout
    assert "12 accepted findings not shown (--all)" in done.stderr
    assert "already-allowed: ingress rule `traefik`" in cluster.bulkhead("lint", "--all").stdout


def test_acceptances_of_the_reference_cluster_are_in_its_repository() -> None:
    accepted = [check for check, *_, yes in EXPECTED if yes]
    text = "".join(path.read_text() for folder in ("base", "overlays") for path in (ROOT / folder).rglob("*.yaml"))
    assert all(f"{check}: " in text for check in accepted)


ACCEPTANCES = [
    (file.relative_to(ROOT).as_posix(), number, line.strip().partition(":")[0])
    for folder in ("base", "overlays")
    for file in sorted((ROOT / folder).rglob("*.yaml"))
    for number, line in _accepted_lines(file.read_text())
]


def test_base_and_overlays_accept_something() -> None:
    assert len(ACCEPTANCES) > 10


@pytest.mark.parametrize(("file", "number", "check"), ACCEPTANCES)
def test_each_acceptance_answers_a_finding_that_would_be_there_without_it(
    cluster: Tree, file: str, number: int, check: str
) -> None:
    before = [each for each in lint(cluster) if each["check"] == check and each["accepted"] is None]
    lines = (cluster.path / file).read_text().splitlines(keepends=True)
    alone = lines[number - 1].strip() == "accept:" and _depth((*lines, "")[number + 1]) < _depth(lines[number])
    del lines[number - alone : number + 1]
    put(cluster.path / file, "".join(lines))
    after = [each for each in lint(cluster) if each["check"] == check and each["accepted"] is None]
    assert len(after) > len(before)


def test_no_acceptance_is_left_over(cluster: Tree) -> None:
    assert [each for each in lint(cluster) if each["check"] in ("unused-accept", "unknown-check")] == []
