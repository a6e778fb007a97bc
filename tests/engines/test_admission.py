"""
What the rules of deploy/admission refuse and what they let through, in a real API server.

Every user here may do everything by RBAC: what is refused, the rules refuse.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import ROOT, Done, run
from copies import copy_parts
from engines.cluster import Cluster
from engines.servers import wait_until

FLUX = "system:serviceaccount:flux-system:bulkhead"
ARGO_CD = "system:serviceaccount:argocd:argocd-application-controller"
NAMESPACES = "system:serviceaccount:kube-system:namespace-controller"
COLLECTOR = "system:serviceaccount:kube-system:generic-garbage-collector"
SOMEBODY = "mallory"
PLATFORM = "system:serviceaccount:flux-system:kustomize-controller"
USERS = (FLUX, ARGO_CD, NAMESPACES, COLLECTOR, SOMEBODY, PLATFORM)

LABEL = "bulkhead.dev/segmentation"
UNTIL = "bulkhead.dev/break-glass-until"


def day(ahead: int) -> str:
    """Return the date *ahead* days from today, in UTC."""
    return (datetime.now(timezone.utc) + timedelta(days=ahead)).strftime("%Y-%m-%d")


NAMES: dict[str, dict[str, str]] = {
    "guarded": {LABEL: "protected"},
    "other": {LABEL: "protected"},
    "ending": {LABEL: "protected"},
    "open": {LABEL: "protected", UNTIL: day(1)},
    "last-day": {LABEL: "protected", UNTIL: day(0)},
    "over": {LABEL: "protected", UNTIL: day(-1)},
    "odd": {LABEL: "protected", UNTIL: "tomorrow"},
    "empty": {LABEL: "protected", UNTIL: ""},
    "no-day": {LABEL: "protected", UNTIL: "2999-13-45"},
    "recorded": {LABEL: "unprotected"},
    "old": {},
}
DENY = "default-deny-all"


def policy(namespace: str, name: str, **metadata: object) -> str:
    """Return a policy that denies everything where it has this name, and allows what comes in otherwise."""
    spec: dict[str, object] = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    if name != DENY:
        spec = {"podSelector": {}, "ingress": [{}]}
    return json.dumps(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace, **metadata},
            "spec": spec,
        }
    )


def namespace(name: str, **labels: str) -> str:
    """Return a namespace."""
    return json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})


class Guarded:
    """An API server with the rules, in which :data:`USERS` may do everything by RBAC."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def by(self, user: str, *arguments: str, stdin: str = "") -> Done:
        """Run kubectl as *user*."""
        return self.cluster.kubectl(*arguments, "--as", user, stdin=stdin)

    def create(self, user: str, text: str, *options: str) -> Done:
        """Create an object as *user*."""
        return self.by(user, "create", "-f", "-", *options, stdin=text)

    def patch(self, user: str, kind: str, name: str, change: object, where: str = "default") -> Done:
        """Change an object as *user*; nothing is kept."""
        given = ("-n", where, "--type=merge", "--dry-run=server", "-p", json.dumps(change))
        return self.by(user, "patch", kind, name, *given)

    def delete(self, user: str, where: str, name: str, *options: str) -> Done:
        """Delete a policy as *user*."""
        return self.by(user, "delete", "networkpolicy", "-n", where, name, "--wait=false", *options)


def built(folder: Path | str) -> str:
    done = run("kustomize", "build", folder)
    assert done.status == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def guarded(running_cluster: Cluster) -> Iterator[Guarded]:
    cluster = running_cluster
    cluster.forget()
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "everything-for-tests"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "User", "name": user} for user in USERS],
    }
    cluster.asked("apply", "-f", "-", stdin=json.dumps(binding))
    for name, labels in NAMES.items():
        cluster.asked("apply", "-f", "-", stdin=namespace(name, **labels))
        if labels.get(LABEL) == "protected":
            cluster.asked("apply", "-f", "-", stdin=policy(name, DENY))
            cluster.asked("apply", "-f", "-", stdin=policy(name, "web"))
    owner = {"apiVersion": "v1", "kind": "Secret", "name": "owner", "uid": "1"}
    cluster.asked("apply", "-f", "-", stdin=policy("guarded", "owned", ownerReferences=[owner]))
    cluster.asked("delete", "namespace", "ending", "--wait=false")
    rules = built(ROOT / "deploy/admission")
    applied = cluster.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", stdin=rules)
    assert (applied.status, applied.stderr) == (0, "")
    found = Guarded(cluster)
    try:
        # The rules count a moment after they are written.
        wait_until(lambda: found.delete(SOMEBODY, "guarded", DENY, "--dry-run=server").status != 0, "a policy is kept")
        wait_until(
            lambda: found.create(SOMEBODY, namespace("x", **{LABEL: "x"}), "--dry-run=server").status != 0,
            "a label is kept",
        )
        wait_until(
            lambda: "Warning" in found.create(SOMEBODY, namespace("x"), "--dry-run=server").stderr, "there is a warning"
        )
        yield found
    finally:
        cluster.asked("delete", "-f", "-", stdin=rules)
        wait_until(lambda: found.delete(SOMEBODY, "guarded", DENY, "--dry-run=server").status == 0, "nothing is kept")
        cluster.asked("delete", "clusterrolebinding", "everything-for-tests")
        cluster.forget()


def test_expressions_have_no_type_errors(guarded: Guarded) -> None:
    """The API server checks the types of expressions: it writes what is wrong into the status."""
    rules = guarded.cluster.get("validatingadmissionpolicies")
    assert {rule["metadata"]["name"] for rule in rules} == {
        "bulkhead-policies",
        "bulkhead-namespaces",
        "bulkhead-unrecorded",
    }
    assert [rule.get("status", {}).get("typeChecking", {}).get("expressionWarnings") for rule in rules] == [None] * 3


@pytest.mark.parametrize("user", [FLUX, ARGO_CD])
def test_delivery_writes_changes_and_deletes_policies(guarded: Guarded, user: str) -> None:
    made = guarded.create(user, policy("guarded", "made"))
    assert made.status == 0, made.stderr
    for name in ("made", DENY):
        changed = guarded.patch(user, "networkpolicy", name, {"spec": {"ingress": [{}]}}, "guarded")
        assert changed.status == 0, changed.stderr
        assert guarded.delete(user, "guarded", name, "--dry-run=server").status == 0
    assert guarded.delete(user, "guarded", "made").status == 0


REFUSED = "are written by the delivery, not by `mallory`"


def refused(done: Done, message: str) -> None:
    """Check that the rules refused, with this *message*."""
    assert done.status != 0
    assert message in done.stderr, done.stderr


@pytest.mark.parametrize("where", ["guarded", "over", "odd", "empty"])
def test_nobody_else_writes_changes_or_deletes_policies(guarded: Guarded, where: str) -> None:
    refused(guarded.create(SOMEBODY, policy(where, "mine")), REFUSED)
    refused(guarded.create(SOMEBODY, policy(where, "").replace('"name": ""', '"generateName": "m-"')), REFUSED)
    refused(guarded.patch(SOMEBODY, "networkpolicy", "web", {"spec": {"ingress": [{}, {}]}}, where), REFUSED)
    refused(guarded.patch(SOMEBODY, "networkpolicy", "web", {"metadata": {"labels": {"a": "b"}}}, where), REFUSED)
    refused(
        guarded.patch(SOMEBODY, "networkpolicy", DENY, {"spec": {"podSelector": {"matchLabels": {"a": "b"}}}}, where),
        REFUSED,
    )
    for name in ("web", DENY):
        refused(guarded.delete(SOMEBODY, where, name), REFUSED)
    refused(guarded.by(SOMEBODY, "delete", "networkpolicies", "-n", where, "--all", "--wait=false"), REFUSED)
    assert set(guarded.cluster.policies(where)) >= {"web", DENY}


def test_administrator_is_refused_too(guarded: Guarded) -> None:
    done = guarded.cluster.kubectl("create", "-f", "-", stdin=policy("guarded", "mine"))
    refused(done, "are written by the delivery, not by `admin`")


def test_message_says_that_the_break_glass_is_over(guarded: Guarded) -> None:
    refused(guarded.create(SOMEBODY, policy("over", "mine")), f"its break-glass label `{day(-1)}` is over")


def test_day_that_does_not_exist_opens_nothing(guarded: Guarded) -> None:
    done = guarded.create(SOMEBODY, policy("no-day", "mine"))
    assert done.status != 0
    assert "ValidatingAdmissionPolicy 'bulkhead-policies'" in done.stderr


@pytest.mark.parametrize("where", ["open", "last-day"])
def test_break_glass_lets_everybody_add_and_remove_policies(guarded: Guarded, where: str) -> None:
    made = guarded.create(SOMEBODY, policy(where, "mine"))
    assert made.status == 0, made.stderr
    assert guarded.patch(SOMEBODY, "networkpolicy", "web", {"spec": {"ingress": [{}, {}]}}, where).status == 0
    assert guarded.delete(SOMEBODY, where, "mine").status == 0


@pytest.mark.parametrize("where", ["open", "last-day"])
def test_default_deny_stays_while_a_break_glass_lasts(guarded: Guarded, where: str) -> None:
    message = f"`{DENY}` of the protected namespace `{where}` is written by the delivery only"
    refused(guarded.delete(SOMEBODY, where, DENY), message)
    refused(guarded.patch(SOMEBODY, "networkpolicy", DENY, {"spec": {"ingress": [{}]}}, where), message)


def test_other_namespaces_are_free(guarded: Guarded) -> None:
    for where in ("recorded", "old"):
        assert guarded.create(SOMEBODY, policy(where, "mine")).status == 0
        assert guarded.delete(SOMEBODY, where, "mine").status == 0


def test_namespace_that_ends_takes_its_policies_along(guarded: Guarded) -> None:
    assert guarded.delete(NAMESPACES, "ending", DENY, "--dry-run=server").status == 0
    refused(guarded.delete(NAMESPACES, "guarded", DENY), "are written by the delivery")
    refused(guarded.delete(SOMEBODY, "ending", DENY), REFUSED)


def test_collector_takes_what_has_an_owner_and_changes_nothing(guarded: Guarded) -> None:
    assert guarded.delete(COLLECTOR, "guarded", "owned", "--dry-run=server").status == 0
    refused(guarded.delete(COLLECTOR, "guarded", "web"), "are written by the delivery")
    finalizers = {"metadata": {"finalizers": ["example.org/a"]}}
    assert guarded.patch(COLLECTOR, "networkpolicy", "web", finalizers, "guarded").status == 0
    changes: tuple[object, ...] = {"spec": {"ingress": [{}, {}]}}, {"metadata": {"labels": {"a": "b"}}}
    for change in changes:
        refused(guarded.patch(COLLECTOR, "networkpolicy", "web", change, "guarded"), "are written by the delivery")


def labelled(**labels: str | None) -> object:
    """Return a change of labels; ``None`` removes one."""
    return {"metadata": {"labels": labels}}


@pytest.mark.parametrize(("value", "says"), [(None, "one without the label"), ("unprotected", "unprotected")])
def test_protection_is_taken_away_by_who_decides_only(guarded: Guarded, value: str | None, says: str) -> None:
    change = labelled(**{LABEL: value})
    refused(
        guarded.patch(SOMEBODY, "namespace", "guarded", change),
        f"`mallory` may not make the namespace `guarded` {says}",
    )
    refused(guarded.patch(FLUX, "namespace", "guarded", change), "may not make the namespace")
    assert guarded.patch(PLATFORM, "namespace", "guarded", change).status == 0
    assert guarded.cluster.kubectl("label", "namespace", "guarded", f"{LABEL}-", "--dry-run=server").status == 0


def test_everybody_may_protect_and_only_who_decides_may_record(guarded: Guarded) -> None:
    for name in ("recorded", "old"):
        assert guarded.patch(SOMEBODY, "namespace", name, labelled(**{LABEL: "protected"})).status == 0
    refused(
        guarded.patch(SOMEBODY, "namespace", "old", labelled(**{LABEL: "unprotected"})), "may not make the namespace"
    )
    refused(guarded.create(SOMEBODY, namespace("new", **{LABEL: "unprotected"})), "may not make the namespace")
    assert guarded.create(PLATFORM, namespace("new", **{LABEL: "unprotected"}), "--dry-run=server").status == 0


@pytest.mark.parametrize("value", ["", "Protected", "yes"])
def test_label_has_two_values(guarded: Guarded, value: str) -> None:
    for user in (SOMEBODY, PLATFORM):
        refused(
            guarded.patch(user, "namespace", "guarded", labelled(**{LABEL: value})),
            "is `protected` or `unprotected`, not",
        )
        refused(guarded.create(user, namespace("new", **{LABEL: value})), "is `protected` or `unprotected`, not")


def test_glass_is_broken_by_who_decides_only(guarded: Guarded) -> None:
    change = labelled(**{UNTIL: day(1)})
    refused(guarded.patch(SOMEBODY, "namespace", "guarded", change), f"`mallory` may not set the label `{UNTIL}`")
    refused(guarded.create(SOMEBODY, namespace("new", **{LABEL: "protected", UNTIL: day(1)})), "may not set the label")
    assert guarded.patch(PLATFORM, "namespace", "guarded", change).status == 0
    assert guarded.patch(SOMEBODY, "namespace", "open", labelled(**{UNTIL: None})).status == 0


@pytest.mark.parametrize("value", ["soon", "2026-1-1", day(-1), day(9), "2999-01-01"])
def test_glass_is_not_broken_for_long(guarded: Guarded, value: str) -> None:
    refused(
        guarded.patch(PLATFORM, "namespace", "guarded", labelled(**{UNTIL: value})), "the last day of a break-glass"
    )


@pytest.mark.parametrize("value", [day(0), day(6)])
def test_glass_is_broken_for_some_days(guarded: Guarded, value: str) -> None:
    assert guarded.patch(PLATFORM, "namespace", "guarded", labelled(**{UNTIL: value})).status == 0


@pytest.mark.parametrize("name", ["over", "odd"])
def test_namespace_with_an_old_label_can_still_be_changed(guarded: Guarded, name: str) -> None:
    assert guarded.patch(SOMEBODY, "namespace", name, labelled(team="red")).status == 0


def test_namespace_that_nobody_decided_about_gets_a_warning(guarded: Guarded) -> None:
    done = guarded.create(SOMEBODY, namespace("new"), "--dry-run=server")
    assert done.status == 0
    assert "nobody has decided whether the namespace `new` is protected" in done.stderr
    for text in (namespace("new", **{LABEL: "protected"}),):
        done = guarded.create(SOMEBODY, text, "--dry-run=server")
        assert (done.status, done.stderr) == (0, "")
    done = guarded.patch(SOMEBODY, "namespace", "old", labelled(team="red"))
    assert (done.status, done.stderr) == (0, "")


def test_component_makes_it_a_refusal(guarded: Guarded, tmp_path: Path) -> None:
    copy_parts(tmp_path, "deploy/admission")
    (tmp_path / "kustomization.yaml").write_text(
        "resources: [deploy/admission]\ncomponents: [deploy/admission/refuse-unrecorded]\n"
    )
    guarded.cluster.asked("apply", "--server-side", "-f", "-", stdin=built(tmp_path))
    try:
        wait_until(lambda: guarded.create(SOMEBODY, namespace("x"), "--dry-run=server").status != 0, "it is refused")
        refused(
            guarded.create(SOMEBODY, namespace("new")), "nobody has decided whether the namespace `new` is protected"
        )
        assert guarded.create(SOMEBODY, namespace("new", **{LABEL: "protected"}), "--dry-run=server").status == 0
        assert guarded.patch(SOMEBODY, "namespace", "old", labelled(team="red")).status == 0
    finally:
        guarded.cluster.asked("apply", "--server-side", "-f", "-", stdin=built(ROOT / "deploy/admission"))
