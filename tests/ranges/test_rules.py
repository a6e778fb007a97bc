"""Rules that name a provider: what they render, what is refused, and how a change of ranges is reviewed."""

from ipaddress import collapse_addresses, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Done, Tree, git

from ranges.server import HERE

PEERS = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ClusterProfile
metadata: {name: home}
spec:
  peers:
    github: {ranges: github, select: [api, git]}
"""
OVERLAY = """\
resources: [../../base, ../../base/ranges]
namespace: shop
patches: [{path: rules.yaml}, {path: peers.yaml}]
transformers: [../../plugin]
"""
RULES = """\
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata: {name: standard}
spec:
  egress:
    external-https: null
    code: {to: PEER, ports: PORTS, why: releases}
"""


def shop(tree: Tree, peer: str = "github", ports: str = "443") -> None:
    tree.write("overlays/shop/kustomization.yaml", OVERLAY)
    tree.write("overlays/shop/rules.yaml", RULES.replace("PEER", peer).replace("PORTS", ports))
    tree.write("overlays/shop/peers.yaml", PEERS)


def update(tree: Tree, provider: str, document: str, *words: str) -> Done:
    tree.write("document", document)
    return tree.bulkhead("ranges", "update", provider, "--from", "document", "--today", "2026-11-27", *words)


def blocks(policy: dict[str, Any]) -> list[str]:
    return [peer["ipBlock"]["cidr"] for rule in policy["spec"]["egress"] for peer in rule["to"]]


def code(text: str) -> dict[str, dict[str, Any]]:
    return {
        each["metadata"]["name"]: each
        for each in yaml.safe_load_all(text)
        if each["metadata"]["name"].startswith("allow-code-egress")
    }


def test_a_provider_is_rendered_as_its_blocks_by_kustomize_and_by_the_command_line(tree: Tree) -> None:
    shop(tree)
    built, rendered = tree.build("overlays/shop"), tree.bulkhead("render", "overlays/shop")
    assert (built.status, rendered.status) == (0, 0), built.stderr + rendered.stderr
    assert built.stdout == rendered.stdout
    assert tree.bulkhead("render", "overlays/shop", env={"BULKHEAD_DIRECT": "0"}).stdout == rendered.stdout
    pinned = yaml.safe_load((tree.path / "base/ranges/github.yaml").read_text())["spec"]["sets"]
    networks = [ip_network(block) for each in pinned for block in each["blocks"]]
    four, six = ([each for each in networks if each.version == version] for version in (4, 6))
    wanted = [*sorted(collapse_addresses(four)), *sorted(collapse_addresses(six))]  # type: ignore[type-var]
    assert blocks(code(built.stdout)["allow-code-egress"]) == list(map(str, wanted))
    assert len(networks) == 46 and len(wanted) == 39
    assert "ProviderRanges" not in built.stdout


@pytest.mark.parametrize(
    ("peer", "message", "hint"),
    [
        ("{ranges: github}", "`github` has 2 sets of ranges: select some", "write `select: api`, for example"),
        ("{ranges: github, select: hooks}", "no ranges of service `hooks` of `github` are pinned",
         "run `bulkhead ranges update github --service hooks`"),
        ("{ranges: github, select: gti}", "no ranges of service `gti` of `github` are pinned", "did you mean `git`?"),
        ("{ranges: github, select: {region: eu}}", "no ranges of region `eu` of `github` are pinned", "--region eu"),
        ("{ranges: gihtub, select: git}", "the ranges of `gihtub` are not pinned", "did you mean `github`?"),
        ("{ranges: fastly}", "the ranges of `fastly` are not pinned", "run `bulkhead ranges update fastly`"),
        ("{ranges: slack}", "there are no ranges of `slack`: Slack publishes host names only", "egress proxy"),
        ("{ranges: github, select: git, widen: 1}", "`widen: 1` would contain addresses that are not public",
         "write `widen: "),
        ("{ranges: github, select: git, widen: 0}", "`0` is not a number above 0", "write a whole number"),
        ("{ranges: github, select: {}}", "the selection is empty", "name a `service` or a `region`"),
        ("{ranges: github, cidr: 20.0.0.0/8}", "`ranges` cannot be combined with `cidr`", "make a list of two peers"),
        ("{ranges: github, pods: {app: a}}", "`ranges` cannot be combined with `pods`", "make a list of two peers"),
        ("{cidr: 20.0.0.0/8, widen: 3}", "`widen` needs `ranges`, the name of a provider", "add `ranges`"),
        ("{ranges: github, select: git, except: 20.0.0.0/8}", "`except` cuts only from a `cidr`", "write the"),
    ],
)  # fmt: skip
def test_a_peer_that_means_nothing_is_refused_at_its_line(tree: Tree, peer: str, message: str, hint: str) -> None:
    shop(tree, peer)
    done = tree.bulkhead("validate", "overlays/shop")
    assert done.status == 1
    assert "overlays/shop/rules.yaml:7:" in done.stderr and message in done.stderr and hint in done.stderr
    assert message in tree.build("overlays/shop").stderr


def test_the_ranges_of_ses_are_not_apart_from_others(tree: Tree) -> None:
    document = (
        '{"syncToken": "1", "ipv6_prefixes": [], "prefixes": '
        '[{"ip_prefix": "3.5.64.0/22", "region": "eu-west-1", "service": "S3"},'
        ' {"ip_prefix": "3.5.0.0/19", "region": "us-east-2", "service": "S3"},'
        ' {"ip_prefix": "3.5.64.0/22", "region": "eu-west-1", "service": "AMAZON"}]}'
    )
    assert update(tree, "aws", document).status == 0
    shop(tree, "{ranges: aws, select: {service: SES}}")
    assert (
        "`aws` does not publish the ranges of `SES` apart from others"
        in tree.bulkhead("validate", "overlays/shop").stderr
    )
    shop(tree, "{ranges: aws, select: {service: AMAZON, region: us-east-2}}")
    assert "no ranges of `aws` are of that service in that region" in tree.bulkhead("validate", "overlays/shop").stderr
    shop(tree, "{ranges: aws, select: {service: S3, region: eu-west-1}}")
    assert blocks(code(tree.build("overlays/shop").stdout)["allow-code-egress"]) == ["3.5.64.0/22"]


def list_of(count: int) -> str:
    """Return *count* single addresses of which no two are neighbours."""
    return "".join(f"20.{i >> 15}.{i >> 7 & 255}.{(i & 127) * 2}\n" for i in range(count))


def test_more_blocks_than_an_object_can_have_are_several_policies(tree: Tree) -> None:
    update(tree, "many", list_of(5_500))
    shop(tree, "{ranges: many}")
    found = code(tree.bulkhead("render", "overlays/shop").stdout)
    assert list(found) == ["allow-code-egress", "allow-code-egress-2"]
    listed = [block for policy in found.values() for block in blocks(policy)]
    assert listed == [f"{line}/32" for line in list_of(5_500).split()]
    for policy in found.values():
        assert len(yaml.safe_dump(policy, default_flow_style=True, width=10**9)) < 256 * 1024
        assert policy["metadata"]["annotations"]["bulkhead.dev/rule"] == "code"
    explained = tree.bulkhead("explain", "shop", f"{list_of(5_500).split()[-1]}:443", "-C", "overlays/shop")
    assert "overlays/shop/rules.yaml:7" in explained.stdout
    refused = tree.bulkhead("values", "overlays/shop")
    assert refused.status == 2 and "renders a rule as several policies" in refused.stderr


@pytest.mark.parametrize(
    ("enforcer", "count", "ports", "message"),
    [
        ("any", 5_462, "[443, 80, 22]", "5462 blocks with 3 ports are 16386 entries, and `any` takes 16384"),
        ("cilium", 6_000, "[443, 80, 22]", "6000 blocks with 3 ports are 18000 entries, and `cilium` takes 16384"),
        ("any", 1, str(list(range(1, 26))), "25 ports to the ranges of a provider"),
        ("kube-router", 6_000, "[443, 80, 22]", ""),
        ("any", 5_461, "[443, 80, 22]", ""),
    ],
)  # fmt: skip
def test_more_than_the_enforcer_takes_is_refused_with_the_count(
    tree: Tree, enforcer: str, count: int, ports: str, message: str
) -> None:
    update(tree, "many", list_of(count))
    shop(tree, "{ranges: many}", ports)
    tree.write("overlays/shop/peers.yaml", PEERS.replace("  peers:", f"  enforcer: {enforcer}\n  peers:"))
    done = tree.bulkhead("validate", "overlays/shop")
    assert (done.status, message in done.stderr) == (int(bool(message)), True), done.stderr


def test_a_change_of_ranges_is_one_finding_with_the_count(tree: Tree) -> None:
    shop(tree)
    newer = (HERE / "github.json").read_text()
    for old, new in (
        ("20.201.28.148/32", "20.5.0.1/32"),
        ("4.208.26.198/32", "20.5.0.3/32"),
        ("20.87.245.6/32", "20.5.0.5/32"),
    ):
        newer = newer.replace(old, new)
    git(tree.path, "init", "-q", "-b", "main")
    git(tree.path, "add", "--all")
    git(tree.path, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "old")
    done = update(tree, "github", newer)
    assert done.stdout == "GitHub: 3 blocks added, 3 removed (base/ranges/github.yaml)\n"
    found = tree.bulkhead("diff", "HEAD", "-C", "overlays/shop", "--endpoints", "existing")
    assert "\nnote: GitHub: 3 blocks added, 3 removed\n" in found.stdout
    assert found.stdout.count("through `github` ranges: 3 blocks added, 3 removed, base/ranges/github.yaml:") == 2
    rows = [line for line in found.stdout.splitlines() if line.startswith(("  + ", "  - "))]
    assert rows == [
        "  + shop -> 20.5.0.1/32, 20.5.0.3/32, 20.5.0.5/32: port 443",
        "  - shop -> 4.208.26.198/32, 20.87.245.6/32, 20.201.28.148/32: port 443",
    ]


def test_what_widen_opens_more_is_graded(tree: Tree) -> None:
    shop(tree)
    git(tree.path, "init", "-q", "-b", "main")
    git(tree.path, "add", "--all")
    git(tree.path, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "old")
    tree.write("overlays/shop/peers.yaml", PEERS.replace("git]", "git], widen: 35"))
    found = tree.bulkhead("diff", "HEAD", "-C", "overlays/shop", "--endpoints", "existing")
    assert found.status == 1 and found.stdout.startswith("OPENS traffic to the internet\n")
    assert "CLOSES" not in found.stdout


def test_values_have_the_blocks(tree: Tree) -> None:
    shop(tree, "{ranges: github, select: git, widen: 30}")
    done = tree.bulkhead("values", "overlays/shop", "--base", "base")
    assert done.status == 0, done.stderr
    values = yaml.safe_load(done.stdout)
    found = values["namespaces"]["shop"]["egress"]["code"]["to"]["cidr"]
    assert found == blocks(code(tree.build("overlays/shop").stdout)["allow-code-egress"])
    assert len(values["profile"]["peers"]["github"]["cidr"]) == 39


def test_a_pinned_file_with_a_mistake_is_named_with_its_line(tree: Tree) -> None:
    shop(tree)
    file: Path = tree.path / "base/ranges/github.yaml"
    file.write_text(file.read_text().replace("20.87.245.6/32", "10.87.245.6/32"))
    done = tree.bulkhead("validate", "overlays/shop")
    assert done.status == 1
    assert "base/ranges/github.yaml:15:" in done.stderr and "`10.87.245.6/32` is not public (set `api`)" in done.stderr


def test_the_pinned_files_of_the_example_are_what_an_update_writes(tree: Tree) -> None:
    wanted = {name: (tree.path / f"base/ranges/{name}.yaml").read_text() for name in ("github", "anthropic")}
    github, anthropic = str(HERE / "github.json"), str(HERE / "anthropic.md")
    call = ("ranges", "update")
    services = ("--service", "api", "--service", "git")
    assert tree.bulkhead(*call, "github", "--from", github, *services, "--today", "2025-07-25").status == 0
    assert tree.bulkhead(*call, "anthropic", "--from", anthropic, "--today", "2026-08-31").status == 0
    assert wanted == {name: (tree.path / f"base/ranges/{name}.yaml").read_text() for name in wanted}


def test_a_component_gives_peers_and_ranges_to_some_overlays(cluster: Tree) -> None:
    file = cluster.path / "overlays/open-webui/kustomization.yaml"
    file.write_text(file.read_text().replace("namespace:", "components: [../../base/providers]\nnamespace:"))
    rules = cluster.path / "overlays/open-webui/rules.yaml"
    rules.write_text(rules.read_text().replace("to: internet", "to: anthropic"))
    cluster.commit()
    linted = cluster.bulkhead("lint", "--today", "2026-12-01")
    assert linted.status == 1 and "range-outdated: the ranges of `anthropic` are 92 days old" in linted.stdout
    assert cluster.bulkhead("explain", "open-webui", "anthropic:443").status == 0
    refused = cluster.bulkhead("explain", "open-webui", "8.8.8.8:443").stdout
    assert refused.startswith("open-webui/* -> 8.8.8.8, port 443: refused")
    peers = cluster.path / "base/providers/peers.yaml"
    peers.write_text(peers.read_text().replace("select: inbound", "select: [inbound, outbound]"))
    found = cluster.bulkhead("diff", "HEAD", "--endpoints", "existing").stdout
    assert "  + open-webui -> 160.79.106.0/23, 160.79.108.0/22: port 443\n" in found
    assert "egress rule ai-providers, through peer `anthropic`, base/providers/peers.yaml:9" in found
