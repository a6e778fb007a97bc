"""The chart as Helm users know charts: linted, packaged, pushed, upgraded, a dependency, inside kustomize."""

import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bulkhead
import pytest
import yaml
from conftest import TOOLS, Done, run

from chart import CHART, HELM, Answer, documents, rendered, template

HOME = CHART / "ci" / "home-values.yaml"
READY = ("any", "k3s", "kind", "eks", "gke")
ONE: dict[str, Any] = {"namespaces": {"shop": {}}}
PEERS = {"traefik": {"namespace": "kube-system"}, "internet": {"cidr": "0.0.0.0/0"}}


def names(found: Answer) -> set[str]:
    return {f"{namespace}/{name}" for namespace, name in found.policies}


def values(namespaces: dict[str, Any], standard: dict[str, Any] | None = None) -> dict[str, Any]:
    standard = {"ingress": {"web": {"from": "traefik"}}, "egress": {"out": {"to": "internet"}}, **(standard or {})}
    return {"profile": {"peers": PEERS}, "standard": standard, "namespaces": namespaces}


# Defaults


def test_without_values_nothing_is_rendered_and_it_says_what_to_write() -> None:
    done = template({})
    assert (done.status, done.stdout) == (1, "")
    assert "namespaces: error: there is no namespace to expand\nhint: name each under `namespaces`" in done.stderr


@pytest.mark.parametrize("namespaces", [{}, None, {"shop": False}])
def test_a_release_without_a_namespace_is_refused(namespaces: Any) -> None:
    assert template({"namespaces": namespaces}).status == 1


def test_the_charts_own_standard_is_closed_but_for_its_own_pods_dns_and_the_internet() -> None:
    found = rendered(ONE)
    assert names(found) == {
        "shop/default-deny-all",
        "shop/allow-intra-namespace-ingress",
        "shop/allow-intra-namespace-egress",
        "shop/allow-dns-egress",
        "shop/allow-external-https-egress",
    }
    (https,) = found.policies["shop", "allow-external-https-egress"]["spec"]["egress"]
    assert https["to"][0]["ipBlock"]["except"] == [
        "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"
    ]  # fmt: skip
    assert https["ports"] == [{"port": 443, "protocol": "TCP"}]


def test_a_standard_of_ones_own_is_all_there_is() -> None:
    values = {"profile": {"peers": PEERS}, "standard": {"ingress": {"web": {"from": "traefik"}}}, **ONE}
    assert names(rendered(values)) == {"shop/default-deny-all", "shop/allow-web-ingress"}
    assert names(rendered({**values, "standard": {}})) == {"shop/default-deny-all"}


@pytest.mark.parametrize("profile", [{}, None, {"peers": {}}, {"networks": {}}, {"enforcer": "any"}])
def test_a_profile_with_nothing_in_it_still_closes_the_namespaces(profile: Any) -> None:
    """A release that renders nothing removes every policy."""
    assert names(rendered({"profile": profile, "standard": {}, **ONE})) == {"shop/default-deny-all"}


def test_the_charts_own_peers_are_known_to_the_charts_own_standard_alone() -> None:
    rule = {"namespaces": {"shop": {"egress": {"mine": {"to": ["internet", "db"]}}}}}
    mine = {"peers": {"db": {"namespace": "db"}, "kube-dns": {"namespace": "dns"}}}
    found = rendered({**rule, "profile": mine})
    (dns,) = found.policies["shop", "allow-dns-egress"]["spec"]["egress"]
    assert dns["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dns"}}}]
    done = template({**rule, "profile": mine, "standard": {}})
    assert "unknown peer `internet` in rule `mine` of namespace `shop`" in done.stderr
    assert "hint: the profile's peers: `db`, `kube-dns`" in done.stderr


@pytest.mark.parametrize("name", READY)
def test_ready_values_close_a_namespace(name: str) -> None:
    found = rendered(ONE, "-f", CHART / "values" / f"{name}.yaml")
    assert "shop/default-deny-all" in names(found)
    assert {"shop/allow-dns-egress", "shop/allow-external-https-egress"} < names(found)


@pytest.mark.parametrize(
    ("name", "pods", "services"),
    [
        ("k3s", "10.42.0.0/16", "10.43.0.0/16"),
        ("kind", "10.244.0.0/16", "10.96.0.0/16"),
        ("eks", "192.168.0.0/16", "10.100.0.0/16"),
        ("gke", None, "34.118.224.0/20"),
    ],
)
def test_ready_values_have_the_networks_that_such_a_cluster_has(name: str, pods: str | None, services: str) -> None:
    networks = yaml.safe_load((CHART / "values" / f"{name}.yaml").read_text())["profile"]["networks"]
    assert (networks.get("pods"), networks["services"]) == (pods, services)


# What differs


def test_null_and_false_remove() -> None:
    for gone in (None, False):
        assert names(rendered(values({"shop": {"ingress": gone}}))) == {
            "shop/default-deny-all",
            "shop/allow-out-egress",
        }
        assert names(rendered(values({"shop": {"egress": {"out": gone, "other": gone}}}))) == {
            "shop/default-deny-all",
            "shop/allow-web-ingress",
        }


LIMITED = {
    "ingress": {"web": {"from": {"namespace": "web", "pods": {"app": "a", "debug": "yes"}}, "ports": 80}},
    "workloads": {"db": {"pods": {"app": "db", "debug": "yes"}, "egress": {"out": {"to": "internet"}}}},
}


@pytest.mark.parametrize(
    ("limit", "says", "selects"),
    [
        ({"ingress": {"web": {"ports": ...}}}, "a port cannot be `false`", None),
        ({"ingress": {"web": {"from": {"pods": {"debug": ...}}}}}, "a label's value must be text, found `false`", None),
        ({"ingress": {"web": {"from": {"pods": ...}}}}, "this must be a map, found `false`", None),
        ({"ingress": {"web": {"from": {"namespace": ...}}}}, "a name must be text, found `false`", None),
        ({"workloads": {"db": {"pods": {"debug": ...}}}}, "a label's value must be text, found `false`", {"app": "db"}),
    ],
)
def test_false_lifts_no_limit_but_null_does(limit: Any, says: str, selects: Any) -> None:
    """A `debug: false` that lacks its quotes must not mean every pod."""

    def with_limit(gone: Any) -> dict[str, Any]:
        return values({"shop": json.loads(json.dumps(limit, default=lambda _: gone))}, LIMITED)

    done = template(with_limit(False), "--skip-schema-validation")
    assert (done.status, done.stdout) == (1, "")
    assert f": error: {says}" in done.stderr
    assert template(with_limit(False)).status == 1
    found = rendered(with_limit(None))
    assert found != rendered(values({"shop": {}}, LIMITED))
    if selects:
        assert found.policies["shop", "db-allow-out-egress"]["spec"]["podSelector"] == {"matchLabels": selects}


@pytest.mark.parametrize("wrong", [None, False])
def test_match_labels_without_a_value_are_not_every_pod(wrong: Any) -> None:
    standard = {"ingress": {"web": {"from": {"namespace": "web", "pods": {"matchLabels": wrong}}}}}
    done = template(values({"shop": {}}, standard), "--skip-schema-validation")
    assert (done.status, done.stdout) == (1, "")
    assert "standard.ingress.web.from.pods.matchLabels: error: " in done.stderr


def test_a_namespace_with_nothing_behind_it_has_the_standard_and_false_takes_it_out() -> None:
    assert names(rendered(values({"a": None, "b": False}))) == names(rendered(values({"a": {}})))


def test_what_a_namespace_changes_stays_its_own() -> None:
    found = rendered(
        values({"a": {"ingress": {"web": {"ports": 80}}}, "b": {}, "c": {"ingress": {"web": {"ports": 90}}}})
    )
    ports = {name: found.policies[name, "allow-web-ingress"]["spec"]["ingress"][0].get("ports") for name in "abc"}
    assert ports == {"a": [{"port": 80, "protocol": "TCP"}], "b": None, "c": [{"port": 90, "protocol": "TCP"}]}


def test_a_workload_of_the_standard_can_get_other_pods() -> None:
    standard = {"workloads": {"db": {"pods": {"app": "db"}, "ingress": {"in": {"from": "traefik"}}}}}
    found = rendered(values({"a": {}, "b": {"workloads": {"db": {"pods": {"app": "pg"}}}}, "c": {}}, standard))
    pods = {name: found.policies[name, "db-allow-in-ingress"]["spec"]["podSelector"] for name in "abc"}
    assert pods == {name: {"matchLabels": {"app": app}} for name, app in zip("abc", ("db", "pg", "db"), strict=True)}


def test_every_problem_is_told_at_once_each_where_it_was_written() -> None:
    wrong = values(
        {"a": {"egress": {"out": {"ports": 99999}}}, "b": {"ingress": {"web": {"from": "nobody-else"}}}, "c": {}},
        {"ingress": {"web": {"from": "treafik"}}},
    )
    done = template(wrong, "--skip-schema-validation")
    assert re.findall(r"^(\S+): error: (.*)$", done.stderr, re.MULTILINE)[-3:] == [
        ("standard.ingress.web.from", "unknown peer `treafik` in rule `web` of namespace `c`"),
        ("namespaces.a.egress.out.ports", "port `99999` is out of range"),
        ("namespaces.b.ingress.web.from", "unknown peer `nobody-else` in rule `web` of namespace `b`"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "removed", "added"),
    [
        ({"a": {}, "b": {}}, {"a": {}}, {"b/default-deny-all", "b/allow-web-ingress", "b/allow-out-egress"}, set()),
        ({"a": {}}, {"a": {"egress": {"out": None}}}, {"a/allow-out-egress"}, set()),
        ({"a": {"egress": {"x": {"to": "internet"}}}}, {"a": {}}, {"a/allow-x-egress"}, set()),
        ({"a": {}}, {"a": {"egress": {"out": {"ports": 443}}}}, set(), set()),
        (
            {"a": {}},
            {"a": {"ingress": None, "egress": None, "unprotected": "for now"}, "b": {"ingress": None, "egress": None}},
            {"a/default-deny-all", "a/allow-web-ingress", "a/allow-out-egress"},
            {"b/default-deny-all"},
        ),
    ],
)
def test_an_upgrade_removes_exactly_what_it_should(
    before: dict[str, Any], after: dict[str, Any], removed: set[str], added: set[str]
) -> None:
    old, new = names(rendered(values(before))), names(rendered(values(after)))
    assert (old - new, new - old) == (removed, added)


@pytest.mark.parametrize("key", ["profil", "Namespaces"])
def test_an_unknown_key_of_the_values_is_refused_by_schema_and_by_templates(key: str) -> None:
    assert f"additional properties '{key}' not allowed" in template({**ONE, key: {}}).stderr
    done = template({**ONE, key: {}}, "--skip-schema-validation")
    assert f"{key}: error: unknown key `{key}`" in done.stderr


def test_numbers_are_what_helm_makes_of_them() -> None:
    rule = (
        "{profile: {peers: {x: {cidr: 0.0.0.0/0}}}, standard: {}, namespaces: {a: {egress: {r: {to: x, ports: %s}}}}}"
    )
    for written, port in (("443.0", 443), ("1e3", 1000), ("'0443'", 443)):
        found = rendered(rule % written)
        (entry,) = found.policies["a", "allow-r-egress"]["spec"]["egress"]
        assert entry["ports"] == [{"port": port, "protocol": "TCP"}]
    for written in ("443.5", "1e30", "[443, yes]", "'1e3'"):
        assert template(rule % written).status == 1


def test_of_two_equal_keys_helm_takes_the_last() -> None:
    """The plugin refuses them; the README says so."""
    text = "standard: {}\nnamespaces:\n  a: {ingress: {x: {from: {pods: {}}}}}\n  a: {}\n"
    assert names(rendered(text)) == {"a/default-deny-all"}


def test_without_a_standard_of_ones_own_the_charts_own_is_back(tmp_path: Path) -> None:
    later = tmp_path / "later.yaml"
    for standard, wanted in (
        (None, names(rendered(ONE))),
        ({"ingress": False, "egress": None}, {"shop/default-deny-all"}),
    ):
        later.write_text(json.dumps({"standard": standard}))
        # helm reads `-f -` first here, and the file merges into it
        assert names(rendered(values({"shop": {}}), "-f", later)) == wanted


# Helm's own ways


def test_lint_finds_nothing() -> None:
    files = [HOME, *(CHART / "values" / f"{name}.yaml" for name in READY)]
    for file in [None, *files]:
        arguments: list[str | Path] = [] if file is None else ["-f", file]
        done = run(HELM, "lint", "--strict", CHART, *arguments)
        assert done.status == 0, done.stdout + done.stderr
        assert "0 chart(s) failed" in done.stdout
        assert "[WARNING]" not in done.stdout and "[ERROR]" not in done.stdout


def test_the_chart_has_the_projects_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == bulkhead.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", chart["version"])
    assert chart["annotations"]["artifacthub.io/category"] == "security"


def test_notes_say_what_is_closed_and_how_to_look() -> None:
    # Helm 3 wants to reach a cluster for this; what it renders, the other tests see.
    done = run("helm", "install", "segmentation", CHART, "--dry-run=client", "-f", HOME)
    assert done.status == 0, done.stderr
    notes = done.stdout.partition("NOTES:\n")[2]
    assert "in both directions (12):\n  cardboard, dev-workspace, email-gateway," in notes
    assert "on record (2):\n  digital-signage, hamaja-recipes" in notes
    assert "kubectl get networkpolicies -A -l app.kubernetes.io/instance=segmentation" in notes


def test_there_is_no_test_pod_unless_asked_for() -> None:
    assert "Pod" not in {each["kind"] for each in documents(template(ONE).stdout)}
    test = {"enabled": True, "namespace": "shop", "allowed": "kubernetes.default:443", "denied": ["web.blog:80"]}
    (pod,) = (each for each in documents(template({**ONE, "test": test}).stdout) if each["kind"] == "Pod")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert pod["metadata"]["namespace"] == "shop"
    environment = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    assert environment == {"ALLOWED": "kubernetes.default:443", "DENIED": "web.blog:80"}
    for wrong in ({"namespace": ""}, {"namespace": "blog"}, {"allowed": None, "denied": None}, {"enabled": "yes"}):
        assert template({**ONE, "test": {**test, **wrong}}).status == 1, wrong
    for namespace in (False, {"unprotected": "for now"}):
        done = template({"namespaces": {"shop": namespace, "blog": {}}, "test": test})
        assert (done.status, done.stdout) == (1, "") and "test.namespace: error: " in done.stderr


@pytest.mark.parametrize("at", ["namespaces", "standard"])
def test_a_label_without_a_value_is_told_where_it_was_written(at: str) -> None:
    workload = {"workloads": {"db": {"pods": {"app": None}}}}
    own, shared = (workload, {}) if at == "namespaces" else ({}, workload)
    done = template(values({"a": own}, shared), "--skip-schema-validation")
    where = {"namespaces": "namespaces.a", "standard": "standard"}[at]
    assert re.findall(r"^(\S+): error: ", done.stderr, re.MULTILINE)[-1:] == [f"{where}.workloads.db.pods.app"]


def test_the_test_pods_script_tells_what_it_reaches(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        open_port = server.getsockname()[1]
        for allowed, denied, status in ((open_port, 1, 0), (1, open_port, 1)):
            test = {
                "enabled": True,
                "namespace": "shop",
                "allowed": f"127.0.0.1:{allowed}",
                "denied": f"127.0.0.1:{denied}",
            }
            (pod,) = (each for each in documents(template({**ONE, "test": test}).stdout) if each["kind"] == "Pod")
            container = pod["spec"]["containers"][0]
            env = {each["name"]: each["value"] for each in container["env"]}
            nc = tmp_path / "nc"  # busybox's, of which there is none here, by bash's own
            nc.write_text('#!/bin/bash\nexec 3<>"/dev/tcp/$2/$3"\n')
            nc.chmod(0o755)
            script = container["args"][0].replace("sleep 5", "sleep 0")
            done = run(*container["command"], script, env={**env, "PATH": f"{tmp_path}:/usr/bin:/bin"})
            assert done.status == status, done.stdout
            assert done.stdout.count("ok: ") == 2 * (1 - status)


@pytest.fixture
def registry() -> Iterator[str]:
    """A registry on a port that it has chosen, which it says when it listens."""
    command: list[str | Path] = [TOOLS / "crane", "registry", "serve", "--address", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        said = server.stderr.readline()
        threading.Thread(target=server.stderr.read, daemon=True).start()
        port = re.search(r"serving on port (\d+)$", said.strip())
        assert port, said
        try:
            yield f"127.0.0.1:{port[1]}"
        finally:
            server.terminate()


def test_a_package_goes_through_a_registry_and_renders_the_same(tmp_path: Path, registry: str) -> None:
    packed = run(HELM, "package", CHART, "-d", tmp_path)
    assert packed.status == 0, packed.stderr
    package = tmp_path / f"netpol-{bulkhead.__version__}.tgz"
    pushed = run(HELM, "push", package, f"oci://{registry}/charts", "--plain-http")
    assert pushed.status == 0, pushed.stderr
    pulled = run(
        HELM, "pull", f"oci://{registry}/charts/netpol", "--version", bulkhead.__version__, "--plain-http",
        "--untar", "-d", tmp_path / "pulled",
    )  # fmt: skip
    assert pulled.status == 0, pulled.stderr
    folder = tmp_path / "pulled" / "netpol"
    assert rendered(HOME.read_text(), chart=folder) == rendered(HOME.read_text())
    assert (folder / "values" / "k3s.yaml").exists() and (folder / "README.md").exists()


def test_kustomize_renders_it_as_a_helm_chart(tmp_path: Path) -> None:
    shutil.copytree(CHART, tmp_path / "charts" / "netpol")
    shutil.copy(HOME, tmp_path / "values.yaml")
    entry = {"name": "netpol", "releaseName": "segmentation", "valuesFile": "values.yaml"}
    (tmp_path / "kustomization.yaml").write_text(json.dumps({"helmCharts": [entry]}))
    done = run(
        "kustomize", "build", "--enable-helm", "--helm-command", shutil.which(HELM, path=TOOLS) or HELM, tmp_path
    )
    assert done.status == 0, done.stderr
    assert Answer(documents(done.stdout), ()) == rendered(HOME.read_text())


def test_false_survives_where_null_is_lost(tmp_path: Path) -> None:
    """kustomize's valuesInline and an umbrella chart's own values drop a null; the overlays' values have none."""
    shutil.copytree(CHART, tmp_path / "charts" / "netpol")
    home = yaml.safe_load(HOME.read_text())
    (tmp_path / "kustomization.yaml").write_text(
        json.dumps({"helmCharts": [{"name": "netpol", "releaseName": "r", "valuesInline": home}]})
    )
    done = run(
        "kustomize", "build", "--enable-helm", "--helm-command", shutil.which(HELM, path=TOOLS) or HELM, tmp_path
    )
    assert done.status == 0, done.stderr
    assert Answer(documents(done.stdout), ()) == rendered(home)

    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: umbrella, version: 0.1.0}")
    (tmp_path / "values.yaml").write_text(json.dumps({"netpol": home, "global": {"team": "platform"}}))
    done = run(HELM, "template", "r", tmp_path)
    assert done.status == 0, done.stderr
    assert Answer(documents(done.stdout), ()) == rendered(home)


UMBRELLA = "{apiVersion: v2, name: umbrella, version: 0.1.0%s}\n"
DEPENDENCY = ", dependencies: [{name: netpol, version: '*', condition: netpol.enabled}]"


def umbrella(folder: Path, dependency: str, **own: Any) -> Done:
    """Render an umbrella chart with *own* values of this chart in it, beside `global`."""
    shutil.copytree(CHART, folder / "charts" / "netpol")
    (folder / "Chart.yaml").write_text(UMBRELLA % dependency)
    (folder / "values.yaml").write_text(json.dumps({"global": {"enabled": False}, "netpol": own}))
    return run(HELM, "template", "r", folder)


@pytest.mark.parametrize("dependency", ["", DEPENDENCY])
@pytest.mark.parametrize("own", [{"enabled": True}, {"enabled": None}, {}])
def test_a_chart_that_an_umbrella_chart_turns_on_is_rendered(
    tmp_path: Path, dependency: str, own: dict[str, bool | None]
) -> None:
    home = yaml.safe_load(HOME.read_text())
    done = umbrella(tmp_path, dependency, **home, **own)
    assert done.status == 0, done.stderr
    assert Answer(documents(done.stdout), ()) == rendered(home)


def test_a_chart_that_a_condition_turns_off_renders_nothing(tmp_path: Path) -> None:
    done = umbrella(tmp_path, DEPENDENCY, **ONE, enabled=False)
    assert (done.status, list(documents(done.stdout))) == (0, []), done.stderr


@pytest.mark.parametrize("own", [{"enabled": False}, {"enabled": "yes"}])
def test_a_chart_that_is_turned_off_where_nothing_reads_it_is_refused(tmp_path: Path, own: dict[str, object]) -> None:
    done = umbrella(tmp_path, "", **ONE, **own)
    assert done.status and ("enabled: error: this must be `true`, found `false`" in done.stderr) is (not own["enabled"])
    for more in ((), ("--skip-schema-validation",)):
        assert template({**ONE, **own}, *more).status, "by itself, too"
