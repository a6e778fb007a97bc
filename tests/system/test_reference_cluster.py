"""The reference cluster renders what its description asks for, through the real kustomize and the real plugin."""

import json
from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from conftest import ROOT, TOOLS, Done, Tree, run
from kubernetes_validate.utils import schema_contents
from reference import FOLDER, PROTECTED, UNPROTECTED, WHY, Policy, differences, expected, parse

CLUSTER = Tree(ROOT)
OVERLAYS = [f"overlays/{namespace}" for namespace in sorted((*PROTECTED, *UNPROTECTED))]


@cache
def build(folder: str) -> str:
    """Return what kustomize prints for *folder* of the repository."""
    done = CLUSTER.build(folder)
    assert done.status == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("namespace", PROTECTED)
def test_overlay_renders_the_policies_written_by_hand(namespace: str) -> None:
    found = differences(parse(build(f"overlays/{namespace}")), expected(namespace))
    assert not found, "\n" + found


@pytest.mark.parametrize("namespace", UNPROTECTED)
def test_unprotected_namespace_renders_nothing(namespace: str) -> None:
    assert build(f"overlays/{namespace}").strip() == ""


@pytest.mark.parametrize("namespace", UNPROTECTED)
def test_unprotected_namespace_has_its_reason_on_record(namespace: str) -> None:
    patch = yaml.safe_load((ROOT / "overlays" / namespace / "rules.yaml").read_text())
    assert patch["spec"]["unprotected"].strip()


def test_every_overlay_is_either_protected_or_unprotected_on_record() -> None:
    folders = {path.name for path in (ROOT / "overlays").iterdir()}
    assert folders == {*PROTECTED, *UNPROTECTED}
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(PROTECTED)


def test_root_build_is_the_twelve_overlays_together() -> None:
    overlays = [policy for namespace in PROTECTED for policy in parse(build(f"overlays/{namespace}"))]
    found = differences(parse(build(".")), overlays)
    assert not found, "\n" + found


def test_root_build_is_the_policies_written_by_hand() -> None:
    found = differences(parse(build(".")), [policy for namespace in PROTECTED for policy in expected(namespace)])
    assert not found, "\n" + found


def test_every_rule_says_why() -> None:
    silent = [
        name_of(policy)
        for policy in parse(build("."))
        if policy["metadata"]["name"] != "default-deny-all"
        and not policy["metadata"]["annotations"].get(WHY, "").strip()
    ]
    assert silent == []


def test_every_special_rule_says_why_in_its_own_overlay() -> None:
    silent = []
    for namespace in PROTECTED:
        path = ROOT / "overlays" / namespace / "rules.yaml"
        spec = yaml.safe_load(path.read_text())["spec"] if path.exists() else {}
        for part in (spec, *spec.get("workloads", {}).values()):
            for direction in ("ingress", "egress"):
                for name, rule in (part.get(direction) or {}).items():
                    if rule is not None and not rule.get("why", "").strip():
                        silent.append((namespace, direction, name))
    assert silent == []


@pytest.mark.parametrize("folder", [".", *OVERLAYS])
def test_render_prints_what_the_plugin_prints_byte_for_byte(folder: str) -> None:
    done = CLUSTER.bulkhead("render", folder)
    assert done.status == 0, done.stderr
    assert done.stdout == build(folder)


def test_namespace_and_policy_name_fit_into_a_line_of_the_drop_log() -> None:
    too_long = [name for name in map(name_of, parse(build("."))) if len(name.replace("/", "")) >= 48]
    assert too_long == []


def test_every_policy_is_valid_for_kubeconform(tmp_path: Path) -> None:
    done = kubeconform(tmp_path, build("."))
    assert done.status == 0, done.stdout + done.stderr
    summary = json.loads(done.stdout)["summary"]
    assert summary == {"valid": len(parse(build("."))), "invalid": 0, "errors": 0, "skipped": 0}


def test_misspelt_field_is_invalid_for_kubeconform(tmp_path: Path) -> None:
    done = kubeconform(tmp_path, build("overlays/cardboard").replace("ipBlock:", "ipBlok:"))
    assert done.status == 1
    assert "'ipBlok' not allowed" in done.stdout


def name_of(policy: Policy) -> str:
    """Return a policy's namespace and name, as people write them."""
    return f"{policy['metadata']['namespace']}/{policy['metadata']['name']}"


def kubeconform(folder: Path, manifest: str) -> Done:
    """
    Validate *manifest* strictly and without a network.

    kubeconform ships no schema: kubernetes-validate's is written to *folder* as one file, its definitions inside.
    """
    version = kubernetes_validate.latest_version()
    home = f"kubernetes-json-schema/v{version}-local-strict"
    schema = schema_contents(f"{home}/networkpolicy-networking-v1.json", version)
    schema = json.loads(json.dumps(schema).replace("/api/_definitions.json#", "#"))
    del schema["$id"]
    schema["$defs"] = schema_contents(f"{home}/_definitions.json", version)["$defs"]
    (folder / "networkpolicy-networking-v1.json").write_text(json.dumps(schema))
    location = f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    command = (TOOLS / "kubeconform", "-strict", "-summary", "-output", "json", "-schema-location", location)
    return run(*command, stdin=manifest)
