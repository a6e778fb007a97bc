"""Which manifests the commands read, what they say about the rest, and what they refuse."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import Done, Tree, bulkhead, without_evidence

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]}
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\n"
CILIUM = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: c, namespace: shop}
spec: {endpointSelector: {}, ingress: [{}]}
"""
COMMANDS = [
    ("reach",),
    ("reach", "--format", "markdown"),
    ("reach", "--format", "json"),
    ("reach", "--from", "shop", "--to", "shop"),
    ("explain", "shop/web", "internet:443"),
    ("explain", "shop/web", "internet:443", "--format", "json"),
    ("test", "--file", "rows.yaml"),
    ("test", "--file", "rows.yaml", "--format", "json"),
    ("test", "--file", "rows.yaml", "--format", "junit"),
    ("lint",),
    ("lint", "--format", "markdown"),
    ("lint", "--format", "json"),
    ("lint", "--format", "sarif"),
]
ROWS = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ReachabilityTest
metadata: {name: mine}
spec:
  tests:
  - {from: shop/web, to: internet, port: 443, allowed: true}
"""


@pytest.fixture
def files(tmp_path: Path) -> Tree:
    """A folder `m` with one policy and one pod."""
    made = Tree(tmp_path)
    made.write("m/policy.yaml", POLICY)
    made.write("m/pod.yaml", POD)
    made.write("rows.yaml", ROWS)
    return made


def reach(files: Tree, *arguments: str) -> Done:
    return files.bulkhead("reach", "--manifests", "m", *arguments)


def counted(done: Done) -> dict[str, object]:
    """Return the evidence of a report in JSON."""
    found: dict[str, object] = json.loads(done.stdout)["evidence"]
    return found


# --- Which files -----------------------------------------------------------------------------------------------------


def test_several_paths_are_one_cluster(files: Tree) -> None:
    done = files.bulkhead("reach", "--manifests", "m/pod.yaml", "--manifests", "m/policy.yaml", "--format", "json")
    assert [counted(done)[key] for key in ("files", "policies", "pods")] == [2, 1, 1]


def test_several_paths_on_both_sides_of_a_diff(files: Tree) -> None:
    files.write("new/policy.yaml", POLICY.replace("[{podSelector: {}}]", "[{namespaceSelector: {}}]"))
    done = files.bulkhead("diff", "--manifests", "m", "new", "--manifests", "m/pod.yaml", "m/pod.yaml")
    assert done.status == 1
    assert "before: m, m/pod.yaml; after: new, m/pod.yaml" in done.stdout
    assert done.stdout.startswith("OPENS traffic across namespaces")


@pytest.mark.parametrize(
    "pattern", ["broken.yaml", "x", "x/broken.yaml", "x/*", "*/broken*", "./x/", "x/**", "**/x", "**/broken.yaml"]
)
def test_what_is_excluded_is_not_read_and_is_counted(files: Tree, pattern: str) -> None:
    files.write("m/x/broken.yaml", "kind: [")
    assert reach(files).status == 2
    done = reach(files, "--exclude", pattern, "--format", "json")
    assert (done.status, counted(done)["excluded"]) == (0, 1)


def test_a_pattern_that_excludes_nothing_is_said(files: Tree) -> None:
    assert "note: `--exclude nothing` leaves nothing out" in reach(files, "--exclude", "nothing").stdout


def test_folders_with_a_dot_are_skipped_and_counted(files: Tree) -> None:
    files.write("m/.github/workflows/x.yaml", POLICY.replace("name: web", "name: other"))
    evidence = counted(reach(files, "--format", "json"))
    assert (evidence["policies"], evidence["dotFolders"]) == (1, 1)


def test_links_to_folders_are_not_followed_and_are_counted(files: Tree) -> None:
    files.write("other/p.yaml", POLICY.replace("name: web", "name: other"))
    (files.path / "m" / "link").symlink_to("../other")
    evidence = counted(reach(files, "--format", "json"))
    assert (evidence["policies"], evidence["linkedFolders"]) == (1, 1)


def test_a_link_to_nowhere_is_an_error(files: Tree) -> None:
    (files.path / "m" / "gone.yaml").symlink_to("nowhere")
    done = reach(files)
    assert (done.status, done.stdout) == (2, "")
    assert "m/gone.yaml: error: cannot be read" in done.stderr
    assert reach(files, "--exclude", "gone.yaml").status == 0


@pytest.mark.parametrize("command", [("reach",), ("test", "--file", "rows.yaml"), ("lint",), ("diff", "HEAD")])
def test_overlays_exclude_nothing(files: Tree, command: tuple[str, ...]) -> None:
    done = files.bulkhead(*command, "--exclude", "x")
    assert (done.status, done.stdout) == (2, "")
    assert "--exclude is about manifests" in done.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("values.yaml", "replicas: 3\n"),
        ("list.yaml", "- 1\n- 2\n"),
        ("text.yml", "just words\n"),
        ("package.json", '{"name": "x", "dependencies": {}}'),
        ("list.json", "[1, 2]"),
        ("cloud.yaml", "Bucket: !Ref Name\n"),
        ("broken.yaml", "a: [1\n"),
        ("empty.yaml", ""),
    ],
)
def test_a_file_without_a_kubernetes_object_is_counted(files: Tree, name: str, text: str) -> None:
    files.write(f"m/{name}", text)
    done = reach(files, "--format", "json")
    assert (done.status, counted(done)["filesWithoutObjects"]) == (0, 1)


@pytest.mark.parametrize(
    "text",
    [
        "kind: NetworkPolicy\nspec: [\n",
        "apiVersion: networking.k8s.io/v1\n\tkind: NetworkPolicy\n",
        '{"kind": "NetworkPolicy", "kind": "Pod"}',
        "spec: {podSelector: {}\n",
    ],
)
def test_a_broken_file_that_may_hold_a_policy_is_an_error(files: Tree, text: str) -> None:
    files.write("m/broken.yaml", text)
    done = reach(files)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("m/broken.yaml:")


@pytest.mark.parametrize(
    "names", [("a.bak",), ("p.yaml.bak", "q.yaml.bak"), ("web.yaml.tmpl", "Makefile"), ("p.YAML", "d.json.gz")]
)
def test_files_with_other_endings_are_counted_and_named(files: Tree, names: tuple[str, ...]) -> None:
    for name in names:
        files.write(f"m/sub/{name}", POLICY.replace("name: web", "name: other"))
    endings = sorted("" if "." not in name else name[name.index(".") :] for name in names)
    found = counted(reach(files, "--format", "json"))
    assert found["policies"] == 1
    assert found["otherFiles"] == [{"ending": each, "count": endings.count(each)} for each in sorted(set(endings))]
    said = f"{len(names)} other file{'s' if len(names) > 1 else ''} ("
    line = reach(files).stdout.splitlines()[-1]
    assert said in line
    assert all(f"{endings.count(each)} {each or 'without an ending'}" in line for each in endings)
    assert "otherFiles" in counted(reach(files, "--exclude", "sub", "--format", "json"))
    assert "other file" not in reach(files, "--exclude", "sub").stdout


# --- Render it first -------------------------------------------------------------------------------------------------


def test_a_helm_chart_is_to_be_rendered_first(files: Tree) -> None:
    files.write("m/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    for name in ("a", "b"):
        files.write(
            f"m/web/templates/{name}.yaml", POLICY.replace("name: web", f"name: {name}-{{{{ .Release.Name }}}}")
        )
    done = reach(files)
    assert (done.status, done.stdout) == (2, "")
    assert "m/web: error: a Helm chart" in done.stderr
    assert done.stderr.count("`helm template web m/web > web.yaml`") == 1
    assert reach(files, "--exclude", "web").status == 0


@pytest.mark.parametrize(
    "text",
    [
        "{{- if .Values.x }}\n" + POLICY + "{{- end }}\n",
        POLICY.replace("namespace: shop", 'namespace: "{{ .Release.Namespace }}"'),
        '{{ include "policies" . }}\n',
    ],
)
def test_a_template_outside_of_a_chart_is_to_be_rendered_first(files: Tree, text: str) -> None:
    files.write("m/template.yaml", text)
    done = reach(files)
    assert done.status == 2
    assert "this is a template" in done.stderr
    assert "helm template" in done.stderr


@pytest.mark.parametrize("path", ["m", "m/template.json"])
@pytest.mark.parametrize(
    "text",
    [
        '{{- if .Values.x }}\n{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}}\n{{- end }}\n',
        '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "{{ .Release.Name }}"}}',
        '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b", "labels": {"app": "{{ .Values.app }}"}}}',
        '{"apiVersion": "v1", "kind": "List", "items": [\n{"kind": "Pod", "metadata": {"name": {{ .x }} }}]}',
    ],
)
def test_a_template_of_json_is_to_be_rendered_first(files: Tree, text: str, path: str) -> None:
    files.write("m/template.json", text)
    done = files.bulkhead("reach", "--manifests", path)
    assert (done.status, done.stdout) == (2, "")
    assert "this is a template" in done.stderr


@pytest.mark.parametrize("paths", [("m",), ("m/policy.yaml", "m/pod.yaml", "m/sub")])
def test_a_finding_names_the_place_of_the_object_that_counts(files: Tree, paths: tuple[str, ...]) -> None:
    """The later file of a folder counts, and the later `--manifests`."""
    files.write("m/sub/a.yaml", "# later\n" + POLICY.replace("app: web", "app: nobody"))
    done = files.bulkhead("lint", *(word for path in paths for word in ("--manifests", path)), "--format", "json")
    places = {(each["check"], each["file"], each["line"]) for each in json.loads(done.stdout)["findings"]}
    assert ("selector-matches-nothing", "m/sub/a.yaml", 5) in places
    assert {file for _, file, _ in places} == {"m/sub/a.yaml"}


def test_braces_in_what_is_not_judged_are_no_template(files: Tree) -> None:
    files.write(
        "m/rule.yaml", 'apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec: {x: "{{ $labels.a }}"}\n'
    )
    files.write("m/args.yaml", POD.replace("name: web", "name: b") + 'spec: {containers: [{args: ["{{.x}}"]}]}\n')
    assert reach(files).status == 0


def test_a_kustomization_below_is_to_be_rendered_first(files: Tree) -> None:
    files.write("m/k/kustomization.yaml", "resources: [p.yaml]\n")
    files.write("m/k/p.yaml", POLICY)
    done = reach(files)
    assert (done.status, done.stdout) == (2, "")
    assert "m/k: error: a kustomization" in done.stderr
    assert "`kustomize build m/k > rendered.yaml`" in done.stderr


def test_a_kustomization_that_is_named_as_a_file_names_its_folder(files: Tree) -> None:
    files.write("k/kustomization.yaml", "resources: [p.yaml]\n")
    done = files.bulkhead("reach", "--manifests", "k/kustomization.yaml")
    assert (done.status, done.stdout) == (2, "")
    assert "hint: name `k`" in done.stderr


def test_a_folder_with_a_kustomization_is_built(files: Tree) -> None:
    files.write("k/base/kustomization.yaml", "resources: [p.yaml]\n")
    files.write("k/base/p.yaml", f"{POLICY}---\n{POD}")
    files.write("k/prod/kustomization.yaml", "resources: [../base]\nnamespace: prod\nnamePrefix: a-\n")
    done = files.bulkhead("reach", "--manifests", "k/prod", "--format", "markdown")
    assert done.status == 0, done.stderr
    assert "**prod**" in done.stdout
    assert "3 files, 1 policy, 1 pod" in done.stdout


@pytest.mark.parametrize(
    ("kustomization", "says"),
    [
        ("resources: [https://example.org/x.yaml]\n", "is remote"),
        ("helmCharts: [{name: x}]\n", "allow it with --enable-helm"),
        ("transformers: [t.yaml]\nresources: [p.yaml]\n", "kustomize: "),
        ("generators: [t.yaml]\nresources: [p.yaml]\n", "kustomize: "),
    ],
)
def test_a_kustomization_builds_without_plugins_executables_and_remotes(
    files: Tree, kustomization: str, says: str
) -> None:
    function = """\
apiVersion: example.org/v1
kind: Run
metadata:
  name: run
  annotations: {config.kubernetes.io/function: "exec: {path: ./run}"}
"""
    files.write("k/t.yaml", function)
    files.write("k/run", "#!/bin/sh\ntouch ran\n").chmod(0o755)
    files.write("k/p.yaml", POLICY)
    files.write("k/kustomization.yaml", kustomization)
    done = files.bulkhead("reach", "--manifests", "k")
    assert (done.status, done.stdout) == (2, "")
    assert says in done.stderr
    assert not list(files.path.rglob("ran"))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: x}\n", "`bulkhead render DIR"),
        ("apiVersion: template.openshift.io/v1\nkind: Template\nobjects: []\n", "`oc process -f FILE"),
    ],
)
def test_an_object_that_holds_policies_to_be_rendered_is_to_be_rendered_first(
    files: Tree, text: str, command: str
) -> None:
    files.write("m/x.yaml", text)
    done = reach(files)
    assert (done.status, done.stdout) == (2, "")
    assert "is not what is applied\nhint: render it first: " + command in done.stderr


# --- Nothing to judge ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["empty", "services.yaml", "only-excluded", "nowhere", "namespace.yaml", "cilium.yaml", "values.json"]
)
@pytest.mark.parametrize("command", [("reach",), ("explain", "a", "b"), ("test", "--file", "rows.yaml"), ("lint",)])
def test_nothing_to_judge_is_an_error(files: Tree, command: tuple[str, ...], path: str) -> None:
    nothing(files)
    done = files.bulkhead(*command, "--manifests", path, "--exclude", "gone.yaml")
    assert (done.status, done.stdout) == (2, "")
    assert "nothing to judge" in done.stderr or "no such file" in done.stderr


@pytest.mark.parametrize("path", ["services.yaml", "namespace.yaml"])
def test_a_side_from_which_the_last_policy_is_removed_is_compared(files: Tree, path: str) -> None:
    nothing(files)
    files.write("p/all.yaml", POLICY)
    opens, closes = (files.bulkhead("diff", "--manifests", *sides) for sides in (("p", path), (path, "p")))
    assert (opens.status, closes.status) == (1, 1), opens.stderr + closes.stderr
    assert opens.stdout.startswith("OPENS ") and closes.stdout.startswith("CLOSES ")
    done = files.bulkhead("diff", "--manifests", path, path)
    assert (done.status, done.stdout, "nothing to judge" in done.stderr) == (2, "", True)


@pytest.mark.parametrize("path", ["empty", "only-excluded", "nowhere", "values.json"])
def test_nothing_to_judge_on_a_side_of_a_diff_is_an_error(files: Tree, path: str) -> None:
    nothing(files)
    for sides in ((path, "m"), ("m", path), (path, path)):
        done = files.bulkhead("diff", "--manifests", *sides, "--exclude", "gone.yaml")
        assert (done.status, done.stdout) == (2, "")
        assert "nothing to judge" in done.stderr or "no such file" in done.stderr


def nothing(files: Tree) -> None:
    """Write what holds neither a policy nor a pod."""
    (files.path / "empty").mkdir()
    files.write("services.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n")
    files.write("only-excluded/gone.yaml", POLICY)
    files.write("namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n")
    files.write("cilium.yaml", CILIUM)
    files.write("values.json", '{"a": 1}')


# --- What is not judged ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_report_names_the_policies_that_are_not_judged(files: Tree, command: tuple[str, ...]) -> None:
    files.write("m/cilium.yaml", CILIUM)
    files.write("m/prometheus.yaml", "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: x}\n")
    done = files.bulkhead(*command, "--manifests", "m")
    assert done.status != 2, done.stderr
    assert "CiliumNetworkPolicy (cilium.io)" in done.stdout
    assert "Prometheus (monitoring.coreos.com)" in done.stdout


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
@pytest.mark.parametrize(
    ("before", "after", "event"),
    [("", CILIUM, "appears"), (CILIUM, "", "goes"), (CILIUM, CILIUM.replace("[{}]", "[]"), "changes")],
)
def test_a_change_of_a_policy_that_is_not_judged_is_a_headline(
    files: Tree, form: str, before: str, after: str, event: str
) -> None:
    for side, text in (("one", before), ("two", after)):
        files.write(f"{side}/all.yaml", f"{POLICY}---\n{POD}---\n{text}")
    done = files.bulkhead("diff", "--manifests", "one", "two", "--format", form)
    assert done.status == 2
    verdict = f"WHAT IS NOT JUDGED CHANGES: CiliumNetworkPolicy (cilium.io) shop/c {event}"
    assert verdict in done.stdout
    assert "NO EFFECT" not in done.stdout


def test_what_delivery_tools_write_is_no_change(files: Tree) -> None:
    files.write("one/all.yaml", f"{POLICY}---\n{CILIUM}")
    noted = CILIUM.replace("name: c,", "name: c, uid: x, annotations: {argocd.argoproj.io/tracking-id: y},")
    files.write("two/all.yaml", f"{POLICY}---\n{noted}status: {{x: y}}\n")
    done = files.bulkhead("diff", "--manifests", "one", "two")
    assert (done.status, without_evidence(done.stdout).splitlines()[0][:9]) == (0, "NO EFFECT")


def test_the_status_of_a_pod_among_the_resources_of_an_overlay_is_not_used(tree: Tree) -> None:
    tree.overlay("one")
    tree.write("kustomization.yaml", "resources: [overlays/one]\n")
    overlay = tree.path / "overlays/one/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace("../../base", "../../base, pod.yaml"))
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c", "image": "i"}]}}
    pod["metadata"] = {"name": "web", "uid": "1", "resourceVersion": "7", "creationTimestamp": "2026-01-31T12:00:00Z"}
    tree.write("overlays/one/pod.yaml", json.dumps(pod))
    plain = tree.bulkhead("reach").stdout
    tree.write("overlays/one/pod.yaml", json.dumps({**pod, "status": {"phase": "Succeeded", "podIP": "10.42.0.9"}}))
    note = "note: `status` is not used, because it does not come from a dump of a cluster: Pod one/web\n"
    assert note in (done := tree.bulkhead("reach").stdout)
    assert done.replace(note, "") == plain


def test_policies_that_are_not_judged_count_among_the_resources_of_an_overlay(tree: Tree) -> None:
    tree.overlay("one")
    tree.write("kustomization.yaml", "resources: [overlays/one]\n")
    tree.write("overlays/one/cilium.yaml", CILIUM)
    overlay = tree.path / "overlays/one/kustomization.yaml"
    plain = overlay.read_text()
    changed = tree.path / "changed"
    overlay.write_text(plain.replace("../../base", "../../base, cilium.yaml"))
    assert "1 CiliumNetworkPolicy (cilium.io)" in tree.bulkhead("reach").stdout
    shutil.copytree(tree.path, changed, symlinks=True, ignore=shutil.ignore_patterns("changed"))
    overlay.write_text(plain)
    done = tree.bulkhead("diff", "--dirs", ".", "changed")
    assert done.status == 2
    assert "NOT JUDGED CHANGES: CiliumNetworkPolicy (cilium.io) one/c appears" in done.stdout
    dump = {
        "kind": "List",
        "apiVersion": "v1",
        "items": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "one"}}],
    }
    tree.write("dump.json", json.dumps(dump))
    done = tree.bulkhead("diff", "--dump", "dump.json", "--dir", "changed")
    assert done.status == 2
    assert "NOT JUDGED CHANGES: CiliumNetworkPolicy (cilium.io) one/c appears" in done.stdout


# --- Dumps -----------------------------------------------------------------------------------------------------------


def test_promises_written_for_overlays_hold_for_a_dump(files: Tree) -> None:
    labels = {"app": "web", "pod-template-hash": "7d4b9c8f5"}
    owner = {"kind": "ReplicaSet", "name": "web-7d4b9c8f5", "controller": True}
    metadata = {"name": "web-7d4b9c8f5-abcde", "namespace": "shop", "labels": labels, "ownerReferences": [owner]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"phase": "Running", "podIP": "10.0.0.1"}}
    done = {**pod, "metadata": {**metadata, "name": "web-7d4b9c8f5-old"}, "status": {"phase": "Succeeded"}}
    dump = json.dumps({"kind": "List", "apiVersion": "v1", "items": [pod, done]})
    found = bulkhead("test", "--file", files.path / "rows.yaml", "--manifests", "-", stdin=dump)
    assert found.status == 0, found.stderr
    assert "1 file, 0 policies, 1 pod, 0 workloads" in found.stdout
    assert "1 finished pod not counted" in found.stdout


def test_notes_call_stdin_by_its_name(files: Tree) -> None:
    done = files.bulkhead("reach", "--manifests", "-", "--manifests", "m/pod.yaml", stdin=POD)
    assert (done.status, done.stderr) == (0, "")
    assert "only the last one counts: Pod shop/web (stdin:1, m/pod.yaml:1)" in done.stdout


def test_pairs_for_other_tools_count_each_object_by_itself(files: Tree) -> None:
    labels = {"app": "web", "pod-template-hash": "7d4b9c8f5"}
    owner = {"kind": "ReplicaSet", "name": "web-7d4b9c8f5", "controller": True}
    metadata = {"name": "web-7d4b9c8f5-abcde", "namespace": "shop", "labels": labels, "ownerReferences": [owner]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"phase": "Running", "podIP": "10.0.0.1"}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c"}]}}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
    ended = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "once"}, "status": {"phase": "Failed"}}
    items = [pod, {**deployment, "spec": {"template": template}}, ended]
    dump = json.dumps({"kind": "List", "apiVersion": "v1", "items": items})
    files.write("dump.json", dump)
    done = files.bulkhead("reach", "--manifests", "dump.json", "--format", "pairs")
    names = {entry["src"] for entry in json.loads(done.stdout) if "[" in entry["src"]}
    assert names == {"shop/web-7d4b9c8f5[ReplicaSet]", "shop/web[Deployment]", "default/once[Pod]"}
    rows = without_evidence(files.bulkhead("reach", "--manifests", "dump.json", "--from", "*").stdout).splitlines()[1:]
    assert {row.split()[0] for row in rows} == {"shop/web"}


def test_an_empty_status_of_a_policy_says_nothing(files: Tree) -> None:
    files.write("m/policy.yaml", POLICY + "status: {}\n")
    assert reach(files).status == 0
    files.write("m/policy.yaml", POLICY + "status: {x: y}\n")
    assert reach(files).status == 2
