"""``bulkhead import``: overlays for policies that exist, proved to allow the same, or the differences."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from bulkhead.io.files import Unwritable
from conftest import FLAGS, PATIENCE, PYTHON, ROOT, TOOLS, bulkhead, git, run

EQUAL = "EQUAL for every possible pod\n"
SHOP = """\
# Customers come in through the ingress controller
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow-web, namespace: shop, labels: {team: shop}, annotations: {example.org/ticket: "4711"}}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}}]
    ports: [{port: 8080, protocol: TCP}, {protocol: UDP}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: public, namespace: shop}
spec:
  podSelector: {matchLabels: {app: status}}
  policyTypes: [Ingress]
  ingress: [{}]
"""


def policy(name: str, namespace: str, spec: str) -> str:
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )


def everything(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def spec(file: Path) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(file.read_text())["spec"]
    return found


def lines(*folders: Path) -> int:
    return sum(len(each.read_text().splitlines()) for folder in folders for each in folder.rglob("*.yaml"))


def test_reference_cluster_comes_back_with_its_standard_pattern(tmp_path: Path) -> None:
    rendered = tmp_path / "policies.yaml"
    rendered.write_text(bulkhead("render").stdout)
    done = bulkhead("import", "--manifests", rendered, "-o", "new", "--enforcer", "kube-router", cwd=tmp_path)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.endswith(EQUAL)
    written = spec(ROOT / "base/namespace.yaml")
    imported = spec(tmp_path / "new/base/namespace.yaml")
    assert {side: set(imported[side]) for side in imported} == {side: set(written[side]) for side in written}  # type: ignore[call-overload]
    by_hand = sum(lines(each) for each in (ROOT / "base", ROOT / "overlays")) - lines(ROOT / "base/hardened")
    assert lines(tmp_path / "new/base", tmp_path / "new/overlays") <= 1.3 * by_hand
    built = run(TOOLS / "kustomize", "build", *FLAGS, "new", cwd=tmp_path)
    assert built.status == 0, built.stderr
    assert identities(built.stdout) == identities(rendered.read_text())


def identities(text: str) -> list[str]:
    return sorted("{namespace}/{name}".format(**each["metadata"]) for each in documents(text))


def documents(text: str) -> list[dict[str, dict[str, str]]]:
    return [each for each in yaml.safe_load_all(text) if each]


def test_rules_get_names_reasons_labels_and_named_peers(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    done = bulkhead("import", "--manifests", "shop.yaml", "-o", "new", "--exact", cwd=tmp_path)
    assert (done.status, done.stdout.endswith(EQUAL)) == (0, True), done
    assert spec(tmp_path / "new/overlays/shop/rules.yaml") == {
        "isolation": "none",
        "workloads": {
            "status": {
                "pods": {"app": "status"},
                "ingress": {"public": {"from": "everyone", "why": "imported from public, shop.yaml:12"}},
            },
            "web": {
                "pods": {"app": "web"},
                "ingress": {
                    "web": {
                        "from": "ingress",
                        "ports": [8080, "UDP"],
                        "why": "Customers come in through the ingress controller",
                        "labels": {"team": "shop"},
                        "annotations": {"example.org/ticket": "4711"},
                    }
                },
            },
        },
    }
    assert spec(tmp_path / "new/base/cluster.yaml")["peers"] == {"ingress": {"namespace": "ingress"}}
    assert bulkhead("validate", cwd=tmp_path / "new").status == 0


def test_added_default_deny_is_named_with_what_it_closes(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    done = bulkhead("import", "--manifests", "shop.yaml", "-o", "new", cwd=tmp_path)
    assert done.status == 1
    assert EQUAL not in done.stdout
    assert "default deny added: shop had none for ingress and egress" in done.stdout
    assert "opens none" in done.stdout
    assert "isolated for egress by default-deny-all, new/overlays/shop/rules.yaml:" in done.stdout
    assert "isolation" not in spec(tmp_path / "new/overlays/shop/rules.yaml")


def test_what_no_overlay_can_say_stays_as_it_is_with_the_reason(tmp_path: Path) -> None:
    both = "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}]}]}"
    named = (
        "{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress], "
        "egress: [{to: [{podSelector: {}}], ports: [{port: http, protocol: TCP}]}]}"
    )
    given = policy("both", "shop", both) + "---\n" + policy("default-deny-all", "blog", named)
    (tmp_path / "given.yaml").write_text(given)
    asked = "--manifests", "given.yaml", "-o", "new", "--exact", "--enforcer", "kube-router"
    done = bulkhead("import", *asked, cwd=tmp_path)
    assert (done.status, done.stdout.endswith(EQUAL)) == (0, True), done
    assert "not said in an overlay: shop/both: it has both policyTypes" in done.stdout
    assert "not said in an overlay: blog/default-deny-all: named port `http` in egress" in done.stdout
    built = run(TOOLS / "kustomize", "build", *FLAGS, "new", cwd=tmp_path)
    assert [each["metadata"]["name"] for each in documents(built.stdout)] == ["default-deny-all-as-it-was", "both"]


def test_enforcer_that_reads_split_policies_in_another_way_is_a_difference(tmp_path: Path) -> None:
    both = "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}]}]}"
    (tmp_path / "given.yaml").write_text(policy("both", "shop", both))
    done = bulkhead("import", "--manifests", "given.yaml", "-o", "new", "--enforcer", "kube-router", cwd=tmp_path)
    assert done.status == 1
    assert "CLOSES traffic within a namespace" in done.stdout
    plain = bulkhead("import", "--manifests", "given.yaml", "-o", "plain", cwd=tmp_path)
    assert (plain.status, plain.stdout.endswith(EQUAL)) == (0, True), plain


def test_one_direction_alone_is_isolated_and_stays_so(tmp_path: Path) -> None:
    (tmp_path / "given.yaml").write_text(policy("deny", "shop", "{podSelector: {}, policyTypes: [Ingress]}"))
    done = bulkhead("import", "--manifests", "given.yaml", "-o", "new", "--exact", cwd=tmp_path)
    assert (done.status, done.stdout.endswith(EQUAL)) == (0, True), done
    assert spec(tmp_path / "new/overlays/shop/rules.yaml") == {"isolation": "ingress"}


def test_what_the_base_says_of_workloads_is_not_in_an_exact_overlay(tmp_path: Path) -> None:
    assert bulkhead("init", cwd=tmp_path).status == 0
    with (tmp_path / "base/namespace.yaml").open("a") as file:
        file.write("  workloads:\n    web: {pods: {app: web}, egress: {all: {to: everyone}}}\n")
    (tmp_path / "given.yaml").write_text(SHOP)
    done = bulkhead("import", "--manifests", "given.yaml", "-o", ".", "--exact", cwd=tmp_path)
    assert (done.status, done.stdout.endswith(EQUAL)) == (0, True), done


def test_tree_that_exists_gets_overlays_on_its_base(tmp_path: Path) -> None:
    assert bulkhead("init", "--preset", "k3s", cwd=tmp_path).status == 0
    (tmp_path / "given.yaml").write_text(SHOP)
    before = everything(tmp_path)
    done = bulkhead("import", "--manifests", "given.yaml", "-o", ".", "--exact", cwd=tmp_path)
    assert (done.status, done.stdout.endswith(EQUAL)) == (0, True), done
    after = everything(tmp_path)
    assert {path for path in after if after[path] != before.get(path)} == {
        "kustomization.yaml", "overlays/shop/kustomization.yaml", "overlays/shop/rules.yaml",
    }  # fmt: skip
    assert bulkhead("validate", cwd=tmp_path).status == 0
    again = bulkhead("import", "--manifests", "given.yaml", "-o", ".", cwd=tmp_path)
    assert again.status == 2
    assert "nothing is overwritten, and this is in the way: `./overlays/shop`" in again.stderr
    assert everything(tmp_path) == after


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", "there is no NetworkPolicy in given.yaml"),
        (policy("p", "shop", "{podSelector: {matchLabels: {a: [b]}}}"), "given.yaml:4:"),
        ("kind: [", "given.yaml:2:1: error: not valid YAML"),
    ],
)
def test_what_cannot_be_imported_is_named_and_nothing_is_written(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "given.yaml").write_text(text)
    done = bulkhead("import", "--manifests", "given.yaml", "-o", "new", cwd=tmp_path)
    assert done.status == 2
    assert says in done.stderr
    assert not (tmp_path / "new").exists()


def test_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "given.yaml").write_text(SHOP)
    done = bulkhead("import", "--manifests", "given.yaml", "-o", "given.yaml", cwd=tmp_path)
    assert (done.status, done.stderr) == (2, "bulkhead: error: given.yaml is no folder\nhint: name a folder\n")
    assert (tmp_path / "given.yaml").read_text() == SHOP


def test_policy_of_another_kind_is_named(tmp_path: Path) -> None:
    other = "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: all}\nspec: {}\n"
    (tmp_path / "given.yaml").write_text(SHOP + other)
    done = bulkhead("import", "--manifests", "given.yaml", "-o", "new", "--exact", cwd=tmp_path)
    assert "not imported, and not judged: GlobalNetworkPolicy (projectcalico.org) all\n" in done.stdout


def test_failed_write_leaves_the_tree_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bulkhead("init", cwd=tmp_path).status == 0
    (tmp_path / "given.yaml").write_text(SHOP)
    before = everything(tmp_path)

    def full(path: str, text: str) -> None:
        raise Unwritable("cannot be written: No space left on device")

    monkeypatch.setattr("bulkhead.cli.commands.import_.write_file", full)
    done = bulkhead("import", "--manifests", "given.yaml", "-o", ".", "--exact", cwd=tmp_path)
    assert done.status == 2
    assert everything(tmp_path) == before


def test_dump_is_imported_with_its_lines(tmp_path: Path) -> None:
    items = [*documents(SHOP)]
    (tmp_path / "dump.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1))
    done = bulkhead("import", "--manifests", "dump.json", "-o", "new", "--exact", cwd=tmp_path)
    assert (done.status, done.stdout.endswith(EQUAL)) == (0, True), done
    assert "imported from public, dump.json:" in (tmp_path / "new/overlays/shop/rules.yaml").read_text()


def plain(kind: str, name: str, namespace: str = "", **rest: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}


CLUSTER = [
    plain(
        "Node",
        "n1",
        spec={"podCIDRs": ["10.42.0.0/24"]},
        status={
            "nodeInfo": {"kubeletVersion": "v1.34.1+k3s1"},
            "addresses": [{"type": "InternalIP", "address": "192.168.20.11"}],
        },
    ),
    plain("Service", "kubernetes", "default", spec={"clusterIP": "10.43.0.1", "ports": [{"port": 443}]}),
    {**plain("DaemonSet", "svclb", "kube-system"), "apiVersion": "apps/v1"},
]


def test_facts_of_the_cluster_are_those_of_the_dump(tmp_path: Path) -> None:
    items = [*documents(SHOP), *CLUSTER]
    (tmp_path / "dump.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    done = bulkhead("import", "--manifests", "dump.json", "-o", "new", "--exact", cwd=tmp_path)
    assert (done.status, done.stdout.endswith(EQUAL)) == (0, True), done
    found = spec(tmp_path / "new/base/cluster.yaml")
    assert found["enforcer"] == "kube-router"
    assert set(found["networks"]) >= {"pods", "services", "nodes"}  # type: ignore[call-overload]
    assert "enforcer: kube-router (" in done.stdout
    comments = [each for each in (tmp_path / "new/base/cluster.yaml").read_text().splitlines() if each.startswith("# ")]
    assert any("kube-router" in each for each in comments)
    assert all(each in done.stdout for each in (line.removeprefix("# ") for line in comments[1:]))


def test_option_names_another_enforcer_than_the_dump(tmp_path: Path) -> None:
    items = [*documents(SHOP), *CLUSTER]
    (tmp_path / "dump.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    done = bulkhead("import", "--manifests", "dump.json", "-o", "new", "--exact", "--enforcer", "calico", cwd=tmp_path)
    assert done.status == 0, done.stderr
    assert spec(tmp_path / "new/base/cluster.yaml")["enforcer"] == "calico"


def test_first_reachability_test_holds(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text(bulkhead("render").stdout)
    bulkhead("import", "--manifests", "policies.yaml", "-o", "new", "--enforcer", "kube-router", cwd=tmp_path)
    tests = tmp_path / "new/tests/reachability/imported.yaml"
    assert "- {from: internet, to: cardboard, allowed: false, because: " in tests.read_text()
    done = bulkhead("test", cwd=tmp_path / "new")
    assert (done.status, done.stdout.endswith("12 rows hold, 0 failed\n")) == (0, True), done
    folder = tmp_path / "new/overlays/cardboard"
    (folder / "more.yaml").write_text(policy("more", "cardboard", "{podSelector: {}, ingress: [{}]}"))
    kustomization = (folder / "kustomization.yaml").read_text()
    (folder / "kustomization.yaml").write_text(kustomization.replace("[../../base]", "[../../base, more.yaml]"))
    assert bulkhead("test", cwd=tmp_path / "new").status == 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay", [0.2, 0.5, 0.9, 1.3])
def test_signal_leaves_the_whole_tree_or_nothing(tmp_path: Path, delay: float, number: signal.Signals) -> None:
    """Which moment this is, the machine decides: each has to be one of them."""
    spec_ = "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}"
    (tmp_path / "many.yaml").write_text(
        "---\n".join(policy(f"p{number}", f"ns-{number}", spec_) for number in range(150))
    )
    process = subprocess.Popen(
        [PYTHON, "-m", "bulkhead", "import", "--manifests", "many.yaml", "-o", "new"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(delay)
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    assert b"Traceback" not in said
    there = sorted(each.name for each in tmp_path.iterdir())
    assert there in (["many.yaml"], ["many.yaml", "new"])
    if "new" in there:
        assert {"base", "kustomization.yaml", "overlays", "plugin"} <= {
            each.name for each in (tmp_path / "new").iterdir()
        }
        assert len(list((tmp_path / "new/overlays").iterdir())) == 150


def test_revision_is_read_from_git(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/shop.yaml").write_text(SHOP)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "policies")
    (tmp_path / "policies/shop.yaml").unlink()
    done = bulkhead("import", "--revision", "HEAD", "--manifests", "policies", "-o", "new", "--exact", cwd=tmp_path)
    assert (done.status, done.stdout.endswith(EQUAL)) == (0, True), done
    assert "imported from public, HEAD:policies/shop.yaml:12" in (tmp_path / "new/overlays/shop/rules.yaml").read_text()
    missing = bulkhead("import", "--revision", "HEAD", "--manifests", "other", "-o", "else", cwd=tmp_path)
    assert missing.status == 2
    assert "`HEAD` has no `other`" in missing.stderr


def test_a_link_in_a_revision_is_refused_not_left_out(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/shop.yaml").write_text(SHOP)
    (tmp_path / "policies/other.yaml").symlink_to("shop.yaml")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "policies")
    done = bulkhead("import", "--revision", "HEAD", "--manifests", "policies", "-o", "new", "--exact", cwd=tmp_path)
    assert (done.status, done.stdout) == (2, "")
    assert "`HEAD:policies/other.yaml` is a symbolic link" in done.stderr
    assert not (tmp_path / "new").exists()
