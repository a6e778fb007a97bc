"""`bulkhead explain`: the verdict, the line that a person wrote, and a remedy that works when it is pasted."""

import json
from pathlib import Path

import pytest
import yaml
from conftest import PYTHON, ROOT, TOOLS, Tree, run, without_evidence
from terminal import shown_on_terminal

REFERENCE = Tree(ROOT)

ALLOWED = """\
cardboard/* -> trade-bot/*, port 5432: allowed
  out of cardboard/*: allowed by
    intra-namespace  base/namespace.yaml:{out}
      Intra-namespace pod traffic
  into trade-bot/*: allowed by
    intra-namespace  base/namespace.yaml:{into}
      Intra-namespace pod traffic
"""

REFUSED = """\
media/jellyseerr -> media/postgresql, port 5432: refused
  out of media/jellyseerr: refused, no rule allows it
    isolated by allow-dns-egress, default-deny-all, jellyseerr-allow-jellyfin-egress
  into media/postgresql: refused, no rule allows it
    isolated by default-deny-all, postgresql-allow-jellyfin-ingress

to allow it, add to overlays/media/rules.yaml:

    spec:
      workloads:
        jellyseerr:
          egress:
            postgresql: {to: {pods: {app.kubernetes.io/name: postgresql}}, ports: 5432, \
why: 'say here who needs it, and what for'}
        postgresql:
          ingress:
            jellyseerr: {from: {pods: {app.kubernetes.io/name: jellyseerr}}, ports: 5432, \
why: 'say here who needs it, and what for'}
"""


def written(file: str, text: str, after: str = "") -> int:
    """Return the line, from 1, of *text* in a file of the repository, behind the line *after*."""
    lines = (ROOT / file).read_text().splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip() == after), 0)
    return next(i for i, line in enumerate(lines, 1) if i > start and line.strip().startswith(text))


def test_an_allowed_connection_names_the_line_and_the_reason_on_each_side() -> None:
    done = REFERENCE.bulkhead("explain", "cardboard", "trade-bot:5432")
    out = written("base/namespace.yaml", "intra-namespace:", "egress:")
    into = written("base/namespace.yaml", "intra-namespace:", "ingress:")
    assert (done.status, done.stderr) == (0, "")
    assert without_evidence(done.stdout) == ALLOWED.format(out=out, into=into) + "\n"


def test_a_refused_connection_names_who_refuses_and_what_would_have_to_be_added() -> None:
    done = REFERENCE.bulkhead("explain", "media/jellyseerr", "media/postgresql:5432")
    assert (done.status, without_evidence(done.stdout)) == (1, REFUSED + "\n")


def test_a_rule_of_an_overlay_is_found_in_the_overlay() -> None:
    done = REFERENCE.bulkhead("explain", "media/jellyfin", "nas:2049", "--format", "json")
    (rule,) = json.loads(done.stdout)["answers"][0]["egress"]["allowedBy"]
    assert rule["rule"] == "jellyfin.nas-nfs"
    assert (rule["file"], rule["line"]) == (
        "overlays/media/rules.yaml",
        written("overlays/media/rules.yaml", "nas-nfs:"),
    )
    assert rule["why"].startswith("Media files on the NAS")


def test_without_a_port_every_port_has_what_decides_it() -> None:
    done = REFERENCE.bulkhead("explain", "media/jellyfin", "kube-system/traefik")
    assert done.status == 0
    assert "ports 53, 53/UDP: allowed" in done.stdout
    assert "all ports but 53, 53/UDP: refused" in done.stdout


@pytest.mark.parametrize(
    ("source", "destination", "status"),
    [
        ("cardboard", "internet:443", 0),
        ("cardboard", "internet:587", 1),
        ("email-gateway", "internet:587", 0),
        ("internet", "media/jellyfin", 1),
        ("nodes", "media/jellyfin:8096", 0),
        ("192.168.1.40", "monitoring:9091", 0),
        ("openclaw-personal", "kube-system:53/UDP", 0),
        ("openclaw-personal", "openclaw-personal:80", 1),
        ("media", "lan:443", 1),
        ("media", "kube-system:53-54", 1),
        ("hamaja-recipes", "*/*", 0),
    ],
)
def test_the_exit_status_is_the_verdict(source: str, destination: str, status: int) -> None:
    assert REFERENCE.bulkhead("explain", source, destination).status == status


@pytest.mark.parametrize(
    ("ends", "says", "hint"),
    [
        (("cardbord", "trade-bot"), "there is no namespace or peer `cardbord`", "did you mean `cardboard`?"),
        (("cardboard", "media/jelyfin:80"), "nothing in namespace `media` is known", "did you mean `media/jellyfin`?"),
        (("cardboard", "trade-bot:http"), "port `http` is a name", "write the container port's number"),
        (("cardboard", "trade-bot:80/tcp"), "unknown protocol `tcp`", "write `80/TCP`"),
        (("lan", "nas"), "no policy decides this", ""),
    ],
)
def test_an_end_that_is_not_there_is_an_error_with_the_nearest_name(
    ends: tuple[str, str], says: str, hint: str
) -> None:
    done = REFERENCE.bulkhead("explain", *ends)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(f"bulkhead: error: {says}")
    assert hint in done.stderr


def merged(old: object, new: object) -> object:
    """Return *old* with *new* pasted into it."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: merged(old.get(key), item) for key, item in new.items()}
    return new


def paste(cluster: Tree, file: str, text: str) -> None:
    """Do what the remedy asks for: add *text* to *file*, which is listed in the kustomization where it is new."""
    path = cluster.path / file
    if path.exists():
        path.write_text(yaml.safe_dump(merged(yaml.safe_load(path.read_text()), yaml.safe_load(text))))
        return
    path.write_text(text)
    kustomization = path.parent / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text() + "patches: [{path: rules.yaml}]\n")


@pytest.mark.parametrize(
    ("source", "destination"),
    [
        ("locked", "other:5432"),
        ("locked/web", "other:53/UDP"),
        ("locked", "locked/web:80"),
        ("locked/web", "192.168.1.40:22"),
        ("locked", "lan:8000-8010"),
        ("locked", "internet"),
        ("other", "locked/db:5432"),
        ("lan", "locked:80"),
        ("internet", "locked/web:8080"),
        ("kube-system/traefik", "locked:80"),
    ],
)
def test_what_would_have_to_be_added_allows_it_once_it_is(tree: Tree, source: str, destination: str) -> None:
    locked = (
        "  ingress: null\n  egress: null\n  workloads:\n"
        "    web: {pods: {app: web}, egress: {kube-system: {to: kube-dns, ports: 53}}}\n"
        "    store: {pods: {app: db}, ingress: {web: {from: {pods: {app: web}}, ports: 1}}}\n"
    )
    tree.overlay("locked", locked)
    tree.overlay("other")
    tree.write("kustomization.yaml", "resources: [overlays/locked, overlays/other]\n")
    destination += "" if ":" in destination else ":443"
    done = tree.bulkhead("explain", source, destination, "--format", "json")
    assert done.status == 1, done.stdout + done.stderr
    for remedy in json.loads(done.stdout)["remedies"]:
        paste(tree, remedy["file"], remedy["add"])
    done = tree.bulkhead("explain", source, destination)
    assert done.status == 0, done.stdout + done.stderr


def test_a_remedy_takes_no_rule_s_name(tree: Tree) -> None:
    tree.overlay("web", "  egress: {lan: {to: lan, ports: 80, why: lights}, intra-namespace: null}\n")
    tree.write("kustomization.yaml", "resources: [overlays/web]\n")
    done = tree.bulkhead("explain", "web", "lan:22", "--format", "json")
    (remedy,) = json.loads(done.stdout)["remedies"]
    assert set(yaml.safe_load(remedy["add"])["spec"]["egress"]) == {"lan-22"}


def test_two_rules_that_are_suggested_have_two_names(tree: Tree) -> None:
    database = "  workloads: {db: {pods: {app: db}, ingress: {x: {from: lan, ports: 1}}}}\n"
    tree.overlay("locked", "  ingress: null\n  egress: null\n")
    tree.overlay("one", "  ingress: null\n" + database)
    tree.overlay("two", "  ingress: null\n" + database)
    tree.write("kustomization.yaml", "resources: [overlays/locked, overlays/one, overlays/two]\n")
    done = tree.bulkhead("explain", "locked", "*/db:5432", "--format", "json")
    remedies = {each["file"]: each["add"] for each in json.loads(done.stdout)["remedies"]}
    rules = yaml.safe_load(remedies["overlays/locked/rules.yaml"])["spec"]["egress"]
    added = {name: rule["to"]["namespace"] for name, rule in rules.items() if rule is not None}
    assert added == {"db": "one", "db-5432": "two"}
    for file, text in remedies.items():
        paste(tree, file, text)
    assert tree.bulkhead("explain", "locked", "*/db:5432").status == 0


def test_a_new_workload_takes_no_workload_s_name(tree: Tree) -> None:
    web = "{pods: {app: web, tier: front}, egress: {x: {to: lan, ports: 1}}}"
    tree.overlay("shop", f"  ingress: null\n  egress: null\n  workloads: {{web: {web}}}\n")
    tree.overlay("other", "  egress: {shop: {to: {namespace: shop, pods: {app: web}}, ports: 80}}\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/other]\n")
    done = tree.bulkhead("explain", "shop/web", "lan:22", "--format", "json")
    for remedy in json.loads(done.stdout)["remedies"]:
        added = yaml.safe_load(remedy["add"])["spec"]["workloads"]
        assert {name: workload["pods"] for name, workload in added.items()} == {"web-2": {"app": "web"}}
        paste(tree, remedy["file"], remedy["add"])
    assert tree.bulkhead("explain", "shop/web", "lan:22").status == 0


def test_a_suggestion_that_an_outer_kustomization_would_change_is_not_shown(tree: Tree) -> None:
    tree.overlay("locked", "  ingress: null\n  egress: null\n")
    tree.write("kustomization.yaml", "resources: [overlays/locked]\nnamePrefix: x-\n")
    done = tree.bulkhead("explain", "locked", "lan:22", "--format", "json")
    assert (done.status, json.loads(done.stdout)["remedies"]) == (1, [])


def test_a_name_of_a_namespace_and_a_peer_is_answered_for_what_was_meant() -> None:
    both = REFERENCE.bulkhead("explain", "media/jellyfin", "authentik:9443")
    assert (both.status, both.stdout) == (2, "")
    assert "`authentik` is a namespace and a named peer" in both.stderr
    assert "write `namespace=authentik` or `peer=authentik`" in both.stderr
    done = REFERENCE.bulkhead("explain", "media/jellyfin", "peer=authentik:443", "--format", "json")
    assert json.loads(done.stdout)["answers"][0]["egress"]["allowedBy"][0]["rule"] == "jellyfin.authentik"


OF_SERVER = "uid: '1', resourceVersion: '7', creationTimestamp: '2026-01-31T12:00:00Z'"
MANIFESTS = """\
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {}}}
---
kind: List
items:
- {kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}, OF_SERVER}, status: {podIP: 10.0.0.9}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: lock, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
""".replace("OF_SERVER", OF_SERVER)


def test_manifests_get_the_networkpolicy_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(MANIFESTS)
    ask = ("explain", "--manifests", str(tmp_path / "shop.yaml"), "shop/web", "10.0.0.9:5432")
    done = REFERENCE.bulkhead(*ask, "--format", "json")
    assert done.status == 1
    found = json.loads(done.stdout)
    assert found["answers"][0]["pairs"] == [{"from": ["shop/web"], "to": ["shop/db"]}]
    assert found["answers"][0]["ingress"]["isolatedBy"] == ["lock"]
    lock = {"policy": "lock", "file": str(tmp_path / "shop.yaml"), "line": 9}
    assert found["answers"][0]["ingress"]["isolating"] == [lock]
    assert f"    isolated by lock ({tmp_path}/shop.yaml:9)\n" in REFERENCE.bulkhead(*ask).stdout.replace(
        "\n      ", " "
    )
    (tmp_path / "missing.yaml").write_text(found["remedies"][0]["add"])
    assert REFERENCE.bulkhead(*ask, "--manifests", str(tmp_path / "missing.yaml")).status == 0


ROLLED_OUT = """\
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web, pod-template-hash: 5d8c9, app.kubernetes.io/version: "1.2"}}
status: {podIP: 10.0.0.9}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow-egress, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}
"""


SPEC = "spec:\n  podSelector: {matchLabels: {app: web}}\n  policyTypes: [Egress]\n"


def test_a_suggested_policy_outlives_the_rollout_and_replaces_none(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(ROLLED_OUT)
    ask = ("explain", "--manifests", str(tmp_path), "shop/web-1", "internet:8000-8010")
    found = json.loads(REFERENCE.bulkhead(*ask, "--format", "json").stdout)
    policy = yaml.safe_load(found["remedies"][0]["add"])
    assert policy["metadata"]["name"] == "allow-egress-2"
    assert policy["spec"]["podSelector"] == {"matchLabels": {"app": "web"}}
    private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
    assert policy["spec"]["egress"] == [
        {
            "ports": [{"port": 8000, "endPort": 8010, "protocol": "TCP"}],
            "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": private}}],
        }
    ]
    (tmp_path / "missing.yaml").write_text(found["remedies"][0]["add"])
    assert REFERENCE.bulkhead(*ask).status == 0


def test_a_rule_of_a_manifest_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    rules = ROLLED_OUT + "  egress: \n  - ports: [{port: 80}]\n  - ports: [{port: 443}]\n"
    text = rules.replace("spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}\n", SPEC)
    (tmp_path / "shop.yaml").write_text(text)
    line = text.split("- ports: [{port: 443}]")[0].count("\n") + 1
    ask = ("explain", "--manifests", str(tmp_path), "shop/web-1", "1.1.1.1:443")
    assert f"allow-egress egress[1]  {tmp_path}/shop.yaml:{line}" in REFERENCE.bulkhead(*ask).stdout
    (rule,) = json.loads(REFERENCE.bulkhead(*ask, "--format", "json").stdout)["answers"][0]["egress"]["allowedBy"]
    assert (rule["rule"], rule["file"], rule["line"]) == ("egress[1]", f"{tmp_path}/shop.yaml", line)
    piped = run(PYTHON, "-m", "bulkhead", "explain", "--manifests", "-", *ask[3:], stdin=text)
    assert f"allow-egress egress[1]  stdin:{line}" in piped.stdout


def test_a_policy_that_would_isolate_other_pods_is_not_suggested(tmp_path: Path) -> None:
    narrow = ROLLED_OUT.replace("matchLabels: {app: web}", 'matchLabels: {app.kubernetes.io/version: "1.2"}')
    free = "---\nkind: Pod\nmetadata: {name: web-2, namespace: shop, labels: {app: web}}\nstatus: {podIP: 10.0.0.8}\n"
    (tmp_path / "shop.yaml").write_text(narrow + free)
    done = REFERENCE.bulkhead("explain", "--manifests", str(tmp_path), "shop/web-1", "1.1.1.1:443", "--format", "json")
    assert (done.status, json.loads(done.stdout)["remedies"]) == (1, [])


def test_a_pod_reaches_itself_whatever_the_policies_say(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(MANIFESTS)
    done = REFERENCE.bulkhead("explain", "--manifests", str(tmp_path), "shop/db", "shop/db:1")
    assert done.status == 0
    assert "a pod always reaches itself" in done.stdout


def test_faults_of_the_tree_are_printed_as_validate_prints_them(tree: Tree) -> None:
    tree.overlay("web", "  egress: {x: {to: treafik}}\n")
    tree.write("kustomization.yaml", "resources: [overlays/web]\n")
    for command in (("explain", "web", "lan"), ("reach",)):
        done = tree.bulkhead(*command)
        assert (done.status, done.stdout) == (2, "")
        assert "overlays/web/rules.yaml:5:20: error: unknown peer `treafik`" in done.stderr
        assert "did you mean `traefik`" in done.stderr


def on_a_terminal(**env: str) -> str:
    """Return what is printed on a terminal."""
    command: list[str | Path] = [PYTHON, "-m", "bulkhead", "explain", "cardboard", "trade-bot:80"]
    plain = {"PATH": f"{TOOLS}:/usr/bin:/bin", "TERM": "xterm", "COLUMNS": "80", **env}
    return shown_on_terminal(command, ROOT, plain)


def test_colour_is_for_terminals_and_nobody_who_wants_none() -> None:
    assert "\x1b[32mallowed\x1b[0m" in on_a_terminal()
    assert "\x1b" not in on_a_terminal(NO_COLOR="1")
    assert "\x1b" not in REFERENCE.bulkhead("explain", "cardboard", "trade-bot:80").stdout


FINISHED = "kind: List\nitems: [{kind: Pod, metadata: {name: gone, namespace: shop, %s}, status: {phase: Succeeded}}]\n"
FINISHED %= OF_SERVER
POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{containers: [{{name: a}}]}}\n"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("done.yaml", FINISHED, "1 finished pod not counted"),
        (
            "thing.yaml",
            "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: gone, namespace: shop}\n",
            "pods may also come from: 1 Thing (example.org)",
        ),
        (
            "other.yaml",
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: gone, namespace: shop}\n",
            "NOT JUDGED: 1 CiliumNetworkPolicy (cilium.io)",
        ),
        (".hidden/pod.yaml", POD.format(name="gone"), "left out: 1 dot folder"),
        ("pod.yaml.bak", POD.format(name="gone"), "left out: 1 other file (1 .yaml.bak)"),
        ("notes.yaml", "gone: true\n", "left out: 1 file without a Kubernetes object"),
        ("idle.yaml", "", ""),
    ],
)
def test_a_name_that_is_not_known_comes_with_what_was_not_read(tree: Tree, file: str, text: str, said: str) -> None:
    tree.write("m/web.yaml", POD.format(name="web"))
    if text:
        tree.write(f"m/{file}", text)
    for ends in (("shop/web", "shop/gone"), ("shop/gone", "shop/web")):
        files = ("m/web.yaml", "--manifests", f"m/{file}") if text is FINISHED else ("m",)
        done = tree.bulkhead("explain", "--manifests", *files, *ends)
        assert (done.status, done.stdout) == (2, "")
        assert done.stderr == (
            "bulkhead: error: nothing in namespace `shop` is known as `gone`\n"
            f"hint: there are `shop/web`{f'; {said}' if said else ''}\n"
        )
