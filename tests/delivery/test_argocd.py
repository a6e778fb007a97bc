"""What is shipped for Argo CD is what its own schemas take, fits its own manifests, and never delivers nothing."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PYTHON, ROOT, TOOLS, Done, Tree, run, wait_until
from delivery.shipped import ARGO_CD, DEPLOY, files, problems, resources, schemas

ARGO = DEPLOY / "argocd"
ROUTES = ("plugin", "plain", "rendered", "hydrator", "clusters")
GENERATE = ARGO / "generate"


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], Any]:
    return schemas(files(ARGO_CD, "manifests/crds").values())


def template(route: str) -> Any:
    (found,) = (each for each in resources(ARGO / route) if each["kind"] == "ApplicationSet")
    return found["spec"]["template"]["spec"]


@pytest.mark.slow
@pytest.mark.parametrize("route", [*ROUTES, "project"])
def test_every_resource_is_what_the_crd_takes(route: str, known: dict[tuple[str, str], Any]) -> None:
    found = resources(ARGO / route)
    assert [each["kind"] for each in found]
    assert [each for resource in found for each in problems(resource, known)] == []


def test_the_check_against_the_crd_sees_a_mistake(known: dict[tuple[str, str], Any]) -> None:
    (application,) = (each for each in resources(ARGO / "plugin") if each["kind"] == "Application")
    application["spec"]["source"]["plugin"]["nam"] = "bulkhead"
    application["spec"]["syncPolicy"]["syncOptions"] = "ServerSideApply=true"
    assert len(problems(application, known)) == 2


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_is_applied_with_one_command(route: str) -> None:
    built = run("kubectl", "kustomize", ARGO / route)
    assert re.findall("^kind: (.*)$", built.stdout, re.MULTILINE) == ["AppProject", "ApplicationSet"]


@pytest.mark.parametrize("route", ROUTES)
def test_no_route_lets_an_empty_render_prune(route: str) -> None:
    (found,) = (each for each in resources(ARGO / route) if each["kind"] == "ApplicationSet")
    assert found["spec"]["syncPolicy"] == {"applicationsSync": "create-update", "preserveResourcesOnDeletion": True}
    policy = template(route)["syncPolicy"]
    assert policy["automated"] == {"prune": True, "selfHeal": True, "allowEmpty": False}
    assert {"ServerSideApply=true", "PruneLast=true", "FailOnSharedResource=true"} == set(policy["syncOptions"])


def test_the_single_application_is_delivered_as_one_of_the_set() -> None:
    (application,) = (each for each in resources(ARGO / "plugin") if each["kind"] == "Application")
    several = template("plugin")
    assert "finalizers" not in application["metadata"]
    assert application["spec"]["syncPolicy"]["automated"] == several["syncPolicy"]["automated"]
    assert application["spec"]["syncPolicy"]["syncOptions"] == several["syncPolicy"]["syncOptions"]
    assert application["spec"]["source"]["plugin"] == several["source"]["plugin"] == {"name": "bulkhead"}


def test_the_project_lets_nothing_but_policies_through() -> None:
    (project,) = resources(ARGO / "project")
    assert project["spec"]["clusterResourceWhitelist"] == []
    assert project["spec"]["namespaceResourceWhitelist"] == [{"group": "networking.k8s.io", "kind": "NetworkPolicy"}]


@pytest.mark.parametrize("file", ["plugin.yaml", "plugin-render.yaml"])
def test_the_plugin_is_named_and_never_discovered(file: str) -> None:
    plugin = yaml.safe_load((ARGO / file).read_text())
    assert plugin["metadata"]["name"] == template("plugin")["source"]["plugin"]["name"]
    assert {"discover", "version"} & set(plugin["spec"]) == set()
    assert plugin["spec"]["generate"]["command"][0] == "/usr/local/bin/generate"
    assert bool(plugin["spec"].get("preserveFileMode")) == (file == "plugin.yaml")


def test_the_sidecar_fits_the_repo_server_of_argo_cd(tmp_path: Path) -> None:
    (tmp_path / "argo").mkdir()
    for name, text in files(ARGO_CD, "manifests/base/repo-server").items():
        (tmp_path / "argo" / name).write_text(text)
    shutil.copytree(ARGO / "repo-server", tmp_path / "sidecar")
    (tmp_path / "kustomization.yaml").write_text("resources: [argo]\ncomponents: [sidecar]\n")
    built = run("kustomize", "build", tmp_path)
    assert built.status == 0, built.stderr
    (deployment,) = (each for each in yaml.safe_load_all(built.stdout) if each["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    sidecar = next(each for each in pod["containers"] if each["name"] == "bulkhead")
    server = next(each for each in pod["containers"] if each["name"] == "argocd-repo-server")
    assert {each["name"] for each in sidecar["volumeMounts"]} <= {each["name"] for each in pod["volumes"]}
    where = {each["name"]: each["mountPath"] for each in server["volumeMounts"]}
    assert where["plugins"] == "/home/argocd/cmp-server/plugins"
    assert "bulkhead-tmp" not in where


def generate(folder: Path, *command: str, env: dict[str, str] | None = None) -> Done:
    env = {"BULKHEAD_PYTHON": str(PYTHON), "PATH": f"{PYTHON.parent}:{TOOLS}:/usr/bin:/bin", **(env or {})}
    return run(GENERATE, *command, cwd=folder, env=env)


def test_generate_prints_what_kustomize_builds() -> None:
    wanted = run("kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "overlays/media").stdout
    assert generate(ROOT / "overlays/media") == Done(0, wanted, "")
    assert generate(ROOT / "overlays/media", "bulkhead", "render", ".") == Done(0, wanted, "")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["kustomize", "build", "."], "external plugins disabled"),
        (["kustomize", "build", "--enable-alpha-plugins", "."], "SegmentedNamespace not expanded"),
        (["true"], "no NetworkPolicy came out"),
        (["echo", "items: []"], "no NetworkPolicy came out"),
        (["echo", "apiVersion: bulkhead.dev/v1alpha1"], "a resource was not expanded"),
        (["sh", "-c", "echo 'kind: NetworkPolicy'; exit 3"], ""),
        (["nowhere"], "nowhere"),
    ],
)
def test_generate_delivers_everything_or_fails(command: list[str], says: str) -> None:
    done = generate(ROOT / "overlays/media", *command)
    assert (done.status != 0, done.stdout) == (True, "")
    assert says in done.stderr


@pytest.mark.parametrize(
    "written",
    [
        "to: internet, ports: ",
        "to: {pods: {app: }}, ports: 587",
        "to: {cidr: 10.0.0.0/8, except: }, ports: 587",
        "to: internet, ports: 0587",
    ],
)
def test_generate_refuses_what_plain_kustomize_would_open(tree: Tree, written: str) -> None:
    folder = tree.overlay("shop", f"  egress:\n    smtp: {{{written}}}\n")
    built = tree.build("overlays/shop")
    assert (built.status, "name: allow-smtp" in built.stdout) == (0, True), "the plugin cannot see it"
    for command in ([], ["bulkhead", "render", "."]):
        done = generate(folder, *command)
        assert (done.status, done.stdout) == (1, "")
        assert "rules.yaml:6:" in done.stderr


def test_generate_executes_nothing_of_an_overlay_that_is_refused(tree: Tree) -> None:
    folder = tree.overlay("shop", "  egress:\n    smtp: {to: internet, ports: }\n")
    tree.write("plugin/expand", f"#!/bin/sh\ntouch {tree.path}/ran\nexec cat\n")
    assert generate(folder).status == 1
    assert not (tree.path / "ran").exists()


def test_generate_without_bulkhead_delivers_nothing() -> None:
    done = generate(ROOT / "overlays/media", env={"PATH": f"{TOOLS}:/usr/bin:/bin"})
    assert (done.status != 0, done.stdout) == (True, "")
    assert "bulkhead" in done.stderr


@pytest.mark.parametrize("asleep", ["bulkhead", "kustomize"])
def test_generate_takes_no_longer_than_its_limit_in_both_steps(tree: Tree, asleep: str) -> None:
    folder = tree.overlay("shop")
    """Each of the two programs sleeps once; a machine on which the first takes long ends it in the same way."""
    tree.write(f"bin/{asleep}", "#!/bin/sh\nsleep 3600\n").chmod(0o755)
    path = f"{tree.path}/bin:{PYTHON.parent}:{TOOLS}:/usr/bin:/bin"
    done = generate(folder, env={"BULKHEAD_TIMEOUT": "3", "ARGOCD_APP_NAME": "shop", "PATH": path})
    assert (done.status, done.stdout) == (124, "")
    assert "shop: the build took longer than 3 s, nothing is delivered" in done.stderr


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("asleep", ["bulkhead", "kustomize"])
def test_generate_leaves_nothing_behind_when_a_signal_ends_it(tree: Tree, asleep: str, sent: signal.Signals) -> None:
    folder, left = tree.overlay("shop"), tree.path / "left"
    left.mkdir()
    pid = tree.path / "pid"
    program = f"#!/bin/sh\necho $$ >{pid}.new\nmv {pid}.new {pid}\nexec sleep 3600\n"
    tree.write(f"bin/{asleep}", program).chmod(0o755)
    env = {"PATH": f"{tree.path}/bin:{PYTHON.parent}:{TOOLS}:/usr/bin:/bin", "TMPDIR": str(left)}
    command = ["env", "--default-signal", str(GENERATE)]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **env}, stdout=subprocess.PIPE) as process:
        wait_until(pid.exists, "the program runs")
        process.send_signal(sent)
        assert (process.communicate()[0], process.returncode) == (b"", 128 + sent)
    assert list(left.iterdir()) == []
    wait_until(lambda: not Path("/proc", pid.read_text().strip()).exists(), "the program has ended")


def test_image_of_the_sidecar_holds_what_generate_runs() -> None:
    """bulkhead is in the image that it is made from, whose folder of programs is on PATH; the rest is copied."""
    sidecar = (ARGO / "Dockerfile").read_text()
    base = (DEPLOY / "image/Dockerfile").read_text()
    assert "FROM ${BULKHEAD}\n" in sidecar
    assert "/usr/local/bin/kustomize\n" in sidecar and "/usr/local/bin/generate\n" in sidecar
    assert "ENV PATH=/opt/bulkhead/bin:$PATH\n" in base and "/opt/bulkhead/bin/pip install" in base
    mounted = yaml.safe_load((ARGO / "repo-server/sidecar.yaml").read_text())["spec"]["template"]["spec"]
    (container,) = mounted["containers"]
    assert "/tmp" in {each["mountPath"] for each in container["volumeMounts"]}, "where its copy of the sources goes"


def test_generate_of_an_unprotected_namespace_fails_and_names_the_application() -> None:
    done = generate(ROOT / "overlays/digital-signage", env={"ARGOCD_APP_NAME": "bulkhead-digital-signage"})
    assert (done.status, done.stdout) == (1, "")
    assert "bulkhead-digital-signage: no NetworkPolicy came out, nothing is delivered" in done.stderr


def test_generate_without_python_fails_and_says_what_is_missing() -> None:
    done = generate(ROOT / "overlays/media", env={"BULKHEAD_PYTHON": "/nonexistent"})
    assert (done.status, done.stdout) == (1, "")
    assert "no Python 3.10 or newer with PyYAML was found" in done.stderr


def test_generate_with_a_full_disk_fails(tmp_path: Path) -> None:
    done = generate(ROOT / "overlays/media", "sh", "-c", "cat /dev/zero >/dev/full")
    assert (done.status != 0, done.stdout) == (True, "")


def check_excludes(tree: Path, *files: Path) -> Done:
    return run(ROOT / "deploy/ci/check-excludes", tree, *files, env={"BULKHEAD": str(PYTHON.parent / "bulkhead")})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        *(
            ("BULKHEAD_TIMEOUT", each, "BULKHEAD_TIMEOUT is no number")
            for each in ("x", "-1", "0", "1d", "1e3", "inf", "1.2.3", "0.0")
        ),
        ("TMPDIR", "/nowhere", "no file can be made in /nowhere"),
        ("PATH", "/usr/bin:/bin", "there is no program `bulkhead`"),
    ],
)
def test_wrong_setting_of_the_sidecar_is_named(tmp_path: Path, name: str, value: str, says: str) -> None:
    env = {"PATH": f"{PYTHON.parent}:{TOOLS}:/usr/bin:/bin", "ARGOCD_APP_NAME": "a\x1b]0;t\x07"} | {name: value}
    done = run(ROOT / "deploy/argocd/generate", cwd=tmp_path, env=env)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(f"bulkhead: error: a]0;t: {says}") and ", nothing is delivered\nhint: " in done.stderr


def test_the_unprotected_namespaces_have_no_application() -> None:
    sets = [ARGO / route / "applicationset.yaml" for route in ("plugin", "plain", "hydrator", "rendered")]
    said = f"{sets[3]}: not checked: it takes its folders from elsewhere than `overlays`\n"
    assert check_excludes(ROOT, *sets) == Done(0, "", said)
    for each in sets[:3]:
        assert each.read_text().count("exclude: true") == 2


def test_an_exclusion_that_is_not_due_is_found(cluster: Tree) -> None:
    cluster.overlay("digital-signage")
    cluster.overlay("trade-bot", "  ingress: null\n  egress: null\n  unprotected: for now\n")
    done = check_excludes(cluster.path, ARGO / "plugin/applicationset.yaml")
    assert done.status == 1
    assert "`digital-signage` is excluded and is not on record as unprotected" in done.stderr
    assert "`trade-bot` has no policies and is not excluded" in done.stderr


def test_what_cannot_be_checked_is_refused(tmp_path: Path) -> None:
    text = (ARGO / "plugin/applicationset.yaml").read_text()
    local = 'metadata:\n  annotations: {config.kubernetes.io/local-config: "true"}\n'
    entry = "      - {a: b, path: overlays/media, exclude: true}\n      - path: overlays/digital-signage"
    changed = {
        "another key": text.replace("      - path: overlays/digital-signage", entry, 1),
        "a text": text.replace("exclude: true", "exclude: 'true'", 1),
        "no git generator": text.replace("directories:", "files:"),
        "left out by kustomize": text.replace("metadata:\n", local, 1),
        "no resource": "",
    } | {
        each: text.replace("path: overlays/*", f"path: {each}")
        for each in ("overlays/?*", "over*/*", "overlays/[a-z]*")
    }
    files = [tmp_path / str(number) for number in range(len(changed))]
    for file, (name, wrong) in zip(files, changed.items(), strict=True):
        assert wrong != text, name
        file.write_text(wrong)
    (tmp_path / "link").symlink_to(ARGO)
    os.mkfifo(tmp_path / "pipe")
    for each in (*files, tmp_path / "link", tmp_path / "pipe", tmp_path / "absent", Path("-t")):
        done = check_excludes(ROOT, each)
        assert (done.status, done.stdout, f"{each}: error: " in done.stderr) == (2, "", True), (each, done.stderr)
    assert check_excludes(ROOT).status == 2


@pytest.mark.parametrize(
    "name",
    [
        "x\\n::error::pwn",
        "x\\033]0;title\\007",
        "'x\\n::error::pwn'",
        '"x\\n::error::pwn"',
        '"x\\e]0;title\\a"',
        "-n",
        "\\c",
    ],
)
def test_no_name_reaches_the_log_as_a_command(tmp_path: Path, name: str) -> None:
    quote = name[0] if name[0] in "'\"" else ""
    file = tmp_path / "set.yaml"
    text = (ARGO / "plugin/applicationset.yaml").read_text()
    entry = f"- exclude: true\n        path: {quote}overlays/{name.strip(quote)}{quote}\n      "
    file.write_text(text.replace("- path: overlays/digital-signage", f"{entry}- path: overlays/digital-signage"))
    done = check_excludes(ROOT, file)
    assert [line for line in done.stderr.splitlines() if not line.startswith((f"{file}: error: ", "hint: "))] == []
    assert all(each.isprintable() for each in done.stderr.replace("\n", ""))


@pytest.mark.parametrize(
    "entry",
    [
        "- path: overlays/media\n        exclude: true",
        "- exclude: true\n        path: overlays/media",
        "- {path: overlays/media, exclude: true}",
        "- path: overlays/*\n        exclude: true",
    ],
)
def test_an_exclusion_is_found_however_it_is_written(tmp_path: Path, entry: str) -> None:
    text = (ARGO / "plugin/applicationset.yaml").read_text()
    file = tmp_path / "set.yaml"
    file.write_text(
        text.replace("- path: overlays/digital-signage", f"{entry}\n      - path: overlays/digital-signage")
    )
    done = check_excludes(ROOT, file)
    assert done.status == 1
    assert "is excluded and is not on record as unprotected" in done.stderr
