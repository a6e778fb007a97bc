"""``diff`` of policies without `policyTypes`, which the API server sets when an object is created and not later."""

import json
from typing import Any

import jsonschema
import pytest
from conftest import ROOT, Tree

Json = dict[str, Any]

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {}}]}]
"""
EGRESS = "  egress: [{to: [{ipBlock: {cidr: 198.51.100.7/32}}]}]\n"
BOTH = "  policyTypes: [Ingress, Egress]\n"
PLACE = ["198.51.100.7/32"]
UNWRITTEN = "IT DEPENDS ON THE OBJECT IN THE CLUSTER what shop/web isolates: no `policyTypes`"


def compared(tree: Tree, before: str, after: str) -> tuple[int, Json]:
    tree.write("old/web.yaml", before)
    tree.write("new/web.yaml", after)
    done = tree.bulkhead("diff", "--manifests", "old", "new", "--format", "json")
    found = json.loads(done.stdout)
    jsonschema.validate(found, json.loads((ROOT / "docs/reference/diff.schema.json").read_text()))
    return done.status, found


def effects(found: Json, place: list[str] | None = None) -> set[tuple[str, str | None]]:
    """What opens and closes, and by which reading; to *place* only."""
    return {
        (each["effect"], each["when"]) for each in found["findings"] if place is None or each["to"]["cidrs"] == place
    }


def test_the_first_egress_rule_may_isolate_or_do_nothing_or_open(tree: Tree) -> None:
    status, found = compared(tree, POLICY, POLICY + EGRESS)
    assert (status, found["verdict"].split(";")[0]) == (1, UNWRITTEN)
    assert effects(found) == {("closes", "created"), ("opens", "updated")}
    assert effects(found, PLACE) == {("opens", "updated")}
    one, both = ["ingress"], ["ingress", "egress"]
    readings = [(each["before"], each["after"]) for each in found["policyTypes"][0]["readings"]]
    assert readings == [(one, both), (one, one), (both, both)]
    assert any(note.startswith("shop/web (new/web.yaml:1): an update keeps `policyTypes`") for note in found["notes"])
    assert all(note.endswith("write `policyTypes`") for note in found["notes"])


def test_the_last_egress_rule_may_leave_the_pods_isolated(tree: Tree) -> None:
    status, found = compared(tree, POLICY + EGRESS, POLICY)
    assert (status, found["verdict"].split(";")[0]) == (1, UNWRITTEN)
    assert effects(found) == {("opens", "created"), ("closes", "updated")}
    assert effects(found, PLACE) == {("closes", "updated")}


def test_policy_types_that_go_may_be_set_again_or_stay(tree: Tree) -> None:
    status, found = compared(tree, POLICY + BOTH, POLICY)
    assert (status, found["verdict"].split(";")[0]) == (1, UNWRITTEN)
    assert effects(found) == {("opens", "created")}


def test_policy_types_that_are_written_for_the_first_time_may_isolate(tree: Tree) -> None:
    """The object may have been created before it had egress rules."""
    status, found = compared(tree, POLICY + EGRESS, POLICY + EGRESS + BOTH)
    assert (status, found["verdict"].split(";")[0]) == (1, UNWRITTEN)
    assert effects(found) == {("closes", "updated")}
    assert found["notes"][0].endswith("[Ingress] before and [Ingress, Egress] after")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (POLICY, POLICY),
        (POLICY + EGRESS, POLICY + EGRESS),
        (POLICY + BOTH, POLICY + EGRESS + BOTH),
        (POLICY + EGRESS + BOTH, POLICY + EGRESS),
        (POLICY, POLICY.replace("name: web", "name: other") + EGRESS),
    ],
    ids=["the same", "the same with egress", "written", "removed and the same", "another name"],
)
def test_nothing_depends_on_the_object_where_each_reading_says_the_same(tree: Tree, before: str, after: str) -> None:
    _, found = compared(tree, before, after)
    assert (found["policyTypes"], {when for _, when in effects(found)} - {None}) == ([], set())


def test_text_and_markdown_say_when_a_row_holds(tree: Tree) -> None:
    compared(tree, POLICY, POLICY + EGRESS)
    for form in ("text", "markdown"):
        said = tree.bulkhead("diff", "--manifests", "old", "new", "--format", form, "--fail-on", "internet")
        assert said.status == 1
        text = said.stdout.replace("&#96;", "`")
        assert "if `policyTypes` are those that the API server sets for this text" in text
        assert "if `policyTypes` are those that the object was created with" in text


def test_a_policy_that_overlays_pass_through_is_read_in_each_way(tree: Tree) -> None:
    folder = tree.overlay("shop", kustomization="resources: [../../base, web.yaml]\nnamespace: shop\n"
                          "transformers: [../../plugin]\n")  # fmt: skip
    (folder / "web.yaml").write_text(POLICY)
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.commit()
    (folder / "web.yaml").write_text(POLICY + EGRESS)
    done = tree.bulkhead("diff", "--format", "json")
    found = json.loads(done.stdout)
    assert (done.status, found["verdict"].split(";")[0]) == (1, UNWRITTEN)
    # `default-deny-all` isolates these pods whatever this policy does, so the rule opens or does nothing.
    assert {each["effect"] for each in found["findings"]} == {"opens"}
    (rule,) = [each for each in found["findings"] if each["to"]["cidrs"] == PLACE and not each["possible"]]
    assert [place["place"] for place in rule["because"]] == ["overlays/shop/web.yaml:7"]


@pytest.mark.parametrize("wrote", [None, "Apply", "Update"])
def test_a_dump_says_what_the_object_keeps(tree: Tree, wrote: str | None) -> None:
    folder = tree.overlay("shop", kustomization="resources: [../../base, web.yaml]\nnamespace: shop\n"
                          "transformers: [../../plugin]\n")  # fmt: skip
    (folder / "web.yaml").write_text(POLICY + EGRESS)
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    metadata: Json = {"name": "web", "namespace": "shop", "uid": "1", "resourceVersion": "1"}
    if wrote:
        fields: Json = {"f:spec": {"f:policyTypes": {}, "f:ingress": {}}}
        metadata["managedFields"] = [{"manager": "x", "operation": wrote, "fieldsV1": fields}]
    live = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": {
            "podSelector": {"matchLabels": {"app": "web"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {}}]}],
        },
    }
    tree.write("cluster.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [live]}))
    done = tree.bulkhead("diff", "--dump", "cluster.json", "--format", "json")
    found = json.loads(done.stdout)
    jsonschema.validate(found, json.loads((ROOT / "docs/reference/diff.schema.json").read_text()))
    (kept,) = found["notReplaced"]
    assert (done.status, kept["name"], kept["part"], kept["sure"]) == (1, "web", "types", wrote == "Update")
    patch = [{"op": "replace", "path": "/spec/policyTypes", "value": ["Ingress", "Egress"]}]
    assert kept["repair"].endswith(f"'{json.dumps(patch)}'")
    causes = {place["rule"] for each in found["findings"] for place in each["because"]}
    assert ("egress[0]" in causes or "web" in causes) is (wrote != "Update")
