"""
What is reviewed is what is built: a tree is read as kustomize reads it, or it is refused with the reason.

Each test first lets the real kustomize say what it makes of the tree.
"""

import shutil
from pathlib import Path
from typing import ClassVar

import pytest
from conftest import Tree
from hypothesis import given, settings
from hypothesis import strategies as st

PLUGINS = "transformers: [../../plugin]\n"
PREFIX = "{apiVersion: builtin, kind: PrefixTransformer, metadata: {name: x}, prefix: p-, fieldSpecs: [{path: a}]}"
BUILTIN = "{{apiVersion: builtin, kind: PatchTransformer, metadata: {{name: x}}"
DENY = "name: default-deny-all\n"


@pytest.fixture
def shop(tree: Tree) -> Tree:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    return tree


def assert_not_reviewed(tree: Tree, says: str, *commands: str) -> None:
    """Assert that the tree is refused as one that cannot be reviewed, with exit status 2."""
    for command in commands or ("validate", "render", "reach"):
        done = tree.bulkhead(command)
        assert (done.status, done.stdout) == (2, ""), done.stderr
        assert f"error: cannot be reviewed: {says}" in done.stderr


def overlay(tree: Tree, text: str, **files: str) -> None:
    tree.overlay("shop", kustomization="resources: [../../base]\nnamespace: shop\n" + text)
    for name, content in files.items():
        tree.write(f"overlays/shop/{name}.yaml", content)


class TestEntries:
    """An entry of a list of plugins is a path or a resource."""

    @pytest.mark.parametrize("field", ["transformers", "generators", "validators"])
    def test_one_that_is_a_resource_and_a_path_is_refused(self, shop: Tree, field: str) -> None:
        text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"
        overlay(shop, PLUGINS + f"{field}:\n- '{text}'\n" if field != "transformers" else f"{field}:\n- '{text}'\n")
        shop.write(f"overlays/shop/{text}", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\n")
        assert_not_reviewed(shop, "this entry is a resource and also the path of a file")

    @pytest.mark.parametrize("entry", ['""', '"# ../../plugin"', '"~"', '"null"', '"[]"', '"{}"', '"---"'])
    def test_one_that_kustomize_ignores_is_refused(self, shop: Tree, entry: str) -> None:
        overlay(shop, f"transformers: [../../plugin, {entry}]\n")
        assert DENY in shop.build("overlays/shop").stdout
        assert_not_reviewed(shop, "this entry is neither a path nor a resource")

    def test_one_on_a_single_line_acts_before_the_plugin_as_in_kustomize(self, shop: Tree) -> None:
        label = (
            "{apiVersion: builtin, kind: LabelTransformer, metadata: {name: x}, labels: {a: b}, "
            "fieldSpecs: [{path: metadata/labels, create: true}]}"
        )
        overlay(shop, f"transformers:\n- ../../plugin\n- '{label}'\n")
        built = shop.build("overlays/shop").stdout
        assert "a: b" not in built
        assert shop.bulkhead("render", "overlays/shop").stdout == built

    def test_one_that_is_not_text_is_refused(self, shop: Tree) -> None:
        overlay(shop, "transformers: [../../plugin, {kind: x}]\n")
        assert shop.build("overlays/shop").status == 1
        assert_not_reviewed(shop, "this entry is not text")


class TestPrograms:
    """kustomize starts the function from the folder of the overlay."""

    def moved(self, tree: Tree, folder: str) -> None:
        up = "../" * folder.count("/") + ".."
        tree.write(
            f"{folder}/kustomization.yaml",
            f"resources: [{up}/base]\nnamespace: shop\ntransformers: [{up}/plugin]\n",
        )
        tree.write("kustomization.yaml", f"resources: [{folder}]\n")

    @pytest.mark.parametrize("folder", ["shop", "teams/red/shop", "a/b/c/shop"])
    def test_an_overlay_at_a_depth_where_the_plugin_is_not_found_is_refused(self, tree: Tree, folder: str) -> None:
        self.moved(tree, folder)
        assert "fork/exec ../../plugin/expand" in tree.build(".").stderr
        done = tree.bulkhead("validate")
        assert (done.status, done.stdout) == (1, "")
        assert f"{folder}/kustomization.yaml:3:16: error: `kustomize build` does not find the plugin" in done.stderr

    def test_an_overlay_that_runs_another_program_is_refused(self, tree: Tree) -> None:
        self.moved(tree, "teams/red/shop")
        program = tree.write(
            "teams/plugin/expand", "#!/bin/sh\necho '{kind: ResourceList, apiVersion: config.kubernetes.io/v1}'\n"
        )
        program.chmod(0o755)
        assert DENY not in tree.build(".").stdout
        assert_not_reviewed(tree, "from this folder `../../plugin/expand` is `../../plugin/expand`, not the plugin's")

    def test_a_plugin_whose_program_is_a_link_is_refused(self, shop: Tree) -> None:
        shutil.move(shop.path / "plugin/expand", shop.path / "elsewhere")
        (shop.path / "plugin/expand").symlink_to("../elsewhere")
        assert_not_reviewed(shop, "from this folder `../../plugin/expand` is `../../elsewhere`, not the plugin's own")

    def test_a_program_that_cannot_be_started_is_refused(self, shop: Tree) -> None:
        (shop.path / "plugin/expand").chmod(0o644)
        assert shop.build(".").status == 1
        done = shop.bulkhead("validate")
        assert (done.status, "`../../plugin/expand` is not executable" in done.stderr) == (1, True)

    def test_links_that_lead_to_the_plugin_are_followed(self, tree: Tree) -> None:
        shutil.move(tree.path / "plugin", tree.path / "vendor")
        tree.write("clusters/oslo/overlays/shop/kustomization.yaml",
                   "resources: [../../../../base]\nnamespace: shop\ntransformers: [../../plugin]\n")  # fmt: skip
        (tree.path / "clusters/oslo/plugin").symlink_to("../plugin")
        (tree.path / "clusters/plugin").symlink_to("../vendor")
        tree.write("clusters/oslo/kustomization.yaml", "resources: [overlays/shop]\n")
        built = tree.build("clusters/oslo").stdout
        assert DENY in built
        assert tree.bulkhead("render", "clusters/oslo").stdout == built

    @pytest.mark.parametrize(
        "change",
        [
            ("path: ../../plugin/expand", "path: expand"),
            ("exec:\n        path: ../../plugin/expand", "container: {image: example.org/x, network: true}"),
            ("exec:\n        path: ../../plugin/expand", "starlark: {path: x.star}"),
            ("annotations:\n", 'annotations:\n    config.kubernetes.io/local-config: "true"\n'),
            ("bulkhead.dev/v1alpha1", "bulkhead.dev/v2"),
            ("kind: Expand", "Kind: Expand\nkind: Expand"),
        ],
    )
    def test_a_function_that_is_configured_in_another_way_is_refused(self, shop: Tree, change: tuple[str, str]) -> None:
        text = (shop.path / "plugin/expand.yaml").read_text()
        assert text.count(change[0]) == 1
        shop.write("plugin/expand.yaml", text.replace(*change))
        done = shop.bulkhead("validate")
        assert done.status in (1, 2)
        assert "acts inside the plugin" in done.stderr or "is looked for on PATH" in done.stderr

    def test_a_tripwire_that_does_more_than_test_is_refused(self, shop: Tree) -> None:
        file = shop.path / "plugin/tripwire.yaml"
        evil = "Patch: '[{op: remove, path: /spec}]'\n"
        file.write_text(file.read_text() + evil)
        done = shop.bulkhead("validate")
        assert (done.status, "`tripwire.yaml` acts inside the plugin" in done.stderr) == (1, True)


class TestSpelling:
    """Go's JSON decoder takes keys that match after case folding."""

    @pytest.mark.parametrize("key", ["Resources", "RESOURCES", "reſources"])
    def test_a_key_that_matches_after_folding_is_refused_with_its_spelling(self, shop: Tree, key: str) -> None:
        shop.write("kustomization.yaml", f"{key}: [overlays/shop]\n")
        assert DENY in shop.build(".").stdout
        assert_not_reviewed(shop, f"kustomize takes `{key}` for `resources`")
        assert "hint: write `resources`" in shop.bulkhead("validate").stderr

    @pytest.mark.parametrize(
        "text",
        [
            "configMapGenerator: [{name: x, Literals: [a=b]}]",
            "configMapGenerator: [{name: x, Files: [kustomization.yaml]}]",
            "BuildMetadata: [originAnnotations]",
            "patches: [{Path: p.yaml}]",
            "patches: [{path: p.yaml, target: {Kind: SegmentedNamespace}}]",
            "labels: [{Pairs: {a: b}}]",
            "replacements: [{source: {kind: ClusterProfile}, Targets: []}]",
            "sortOptions: {Order: fifo}",
            "generatorOptions: {Labels: {a: b}}",
        ],
    )
    def test_so_is_one_inside_a_field(self, shop: Tree, text: str) -> None:
        patch = "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\n"
        overlay(shop, PLUGINS + text + "\n", p=patch)
        assert "unknown field" not in shop.build("overlays/shop").stderr
        assert_not_reviewed(shop, "kustomize takes `")

    def test_maps_whose_keys_people_choose_may_have_any(self, shop: Tree) -> None:
        overlay(shop, PLUGINS + "labels: [{pairs: {Resources: x, Name: y}}]\ncommonAnnotations: {Kind: z}\n")
        assert shop.bulkhead("render", "overlays/shop").stdout == shop.build("overlays/shop").stdout

    @pytest.mark.parametrize(
        "text",
        [
            "Resources: [{url}]\n",
            "configMapGenerator: [{{name: x, Files: [{url}]}}]\n",
            "configMapGenerator: [{{name: x, files: [a={url}]}}]\n",
            "patches: [{{Path: {url}}}]\n",
            "transformers: ['" + BUILTIN + ", path: ''{url}''}}']\n",
            "transformers: ['" + BUILTIN + ", PATH: ''{url}''}}']\n",
            "generators: [g.yaml]\n",
            "OpenAPI: {{path: {url}}}\n",
            "crds: [{url}]\n",
        ],
    )
    def test_nothing_is_fetched(self, shop: Tree, text: str) -> None:
        import http.server
        import threading

        asked: list[str] = []

        class Server(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"kind: X")

            def log_message(self, *_: object) -> None: ...

        with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}/x"
            generator = (
                f"apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {{name: x}}\nname: x\nFiles: [{url}]\n"
            )
            overlay(shop, (PLUGINS if "transformers" not in text else "") + text.format(url=url), g=generator)
            if text.startswith("Resources"):
                shop.write("overlays/shop/kustomization.yaml", text.format(url=url))
            shop.build("overlays/shop")
            assert asked, "kustomize itself fetches it"
            asked.clear()
            done = shop.bulkhead("validate", "overlays/shop")
            server.shutdown()
        assert (done.status in (1, 2), asked) == (True, [])
        assert "is remote" in done.stderr or "kustomize takes" in done.stderr or "cannot be reviewed" in done.stderr


class TestUnmodelled:
    """Fields and annotations whose effect needs the policies."""

    @pytest.mark.parametrize("where", ["overlays/shop", "", "base"])
    @pytest.mark.parametrize(
        "text",
        [
            "configurations: [x.yaml]\n",
            "openapi: {path: x.yaml}\n",
            "crds: [x.yaml]\n",
            "vars: [{name: X, objref: {apiVersion: v1, kind: ConfigMap, name: x}}]\n",
        ],
    )
    def test_what_acts_on_the_whole_build_is_refused(self, shop: Tree, where: str, text: str) -> None:
        file = shop.path / where / "kustomization.yaml"
        file.write_text(file.read_text() + text)
        shop.write(f"{where or '.'}/x.yaml", "{}\n")
        assert_not_reviewed(shop, f"`{text.partition(':')[0]}`: ")

    @pytest.mark.parametrize(
        "annotation",
        [
            "internal.config.kubernetes.io/previousNames",
            "config.kubernetes.io/index",
            "config.kubernetes.io/local-config",
            "config.k8s.io/function",
            "kustomize.config.k8s.io/id",
        ],
    )
    @pytest.mark.parametrize(
        "text",
        [
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x, annotations: {KEY: 'true'}}\n",
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n  annotations:\n    \"HEX\": 'true'\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {? \"FOLD\" : 'true'}}\n",
        ],
    )
    def test_annotations_that_kustomize_acts_on_are_refused(self, shop: Tree, annotation: str, text: str) -> None:
        written = text.replace("KEY", annotation).replace("HEX", "".join(f"\\x{ord(each):02x}" for each in annotation))
        written = written.replace("FOLD", annotation.replace("config", "con\\\n  fig", 1))
        overlay(shop, PLUGINS, more=written)
        file = shop.path / "overlays/shop/kustomization.yaml"
        file.write_text(file.read_text().replace("[../../base]", "[../../base, more.yaml]"))
        if "FOLD" in text and "local-config" in annotation:
            return  # of a ConfigMap no verdict depends, where it is written plainly
        assert_not_reviewed(shop, f"kustomize acts on the annotation `{annotation}`")

    @pytest.mark.parametrize(
        "more",
        [
            'commonAnnotations: {config.kubernetes.io/local-config: "true"}\n',
            "patches:\n- target: {kind: NetworkPolicy}\n  patch: |-\n"
            "    - {op: add, path: /metadata/annotations/config.kubernetes.io~1local-config, value: 'true'}\n",
            "replacements:\n- source: {kind: ClusterProfile}\n  targets:\n  - select: {kind: SegmentedNamespace}\n"
            "    fieldPaths: ['metadata.annotations.config\\.kubernetes\\.io/local-config']\n",
            "patches:\n- target: {kind: NetworkPolicy}\n"
            '  patch: "{metadata: {annotations: {\\"c\\\\u006fnfig.kubernetes.io/local-config\\": \\"true\\"}}}"\n',
        ],
    )
    def test_wherever_they_come_from(self, shop: Tree, more: str) -> None:
        overlay(shop, PLUGINS + more)
        assert_not_reviewed(shop, "kustomize acts on the annotation `config.kubernetes.io/local-config`")

    def test_a_local_resource_on_which_no_verdict_depends_is_left_out_as_in_the_build(self, shop: Tree) -> None:
        local = "annotations: {config.kubernetes.io/local-config: 'true'}"
        text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x, {local}}}\n"
        overlay(shop, PLUGINS, local=text)
        file = shop.path / "overlays/shop/kustomization.yaml"
        file.write_text(file.read_text().replace("[../../base]", "[../../base, local.yaml]"))
        assert shop.bulkhead("render").stdout == shop.build(".").stdout


class TestWaysAround:
    """Trees made to be built in another way than they are reviewed."""

    OPEN = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, annotations: {KEY: 'true'}}\n"
    OPEN += "spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}\n"
    LOCAL = "config.kubernetes.io/local-config"

    def test_a_patch_that_is_also_the_data_of_a_generator(self, shop: Tree) -> None:
        """The first transformer makes the policy local, the one after the plugin takes that back."""
        patch = '{{op: {}, path: /metadata/annotations/config.kubernetes.io~1local-config, value: "true"}}'
        transformer = "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {{name: {0}}}\npath: {0}.patch\n"
        transformer += "target: {{kind: NetworkPolicy, name: open}}\n"
        overlay(
            shop,
            "transformers: [one.yaml, ../../plugin, two.yaml]\n"
            "configMapGenerator: [{name: x, files: [one.patch, two.patch]}]\n",
            one=transformer.format("one"),
            two=transformer.format("two"),
            open=self.OPEN.replace("KEY", "a"),
        )
        file = shop.path / "overlays/shop/kustomization.yaml"
        file.write_text(file.read_text().replace("[../../base]", "[../../base, open.yaml]"))
        shop.write("overlays/shop/one.patch", f"- {patch.format('add')}\n")
        shop.write("overlays/shop/two.patch", f"- {patch.format('remove')}\n")
        assert "name: open\n" in shop.build(".").stdout
        assert_not_reviewed(shop, f"kustomize acts on the annotation `{self.LOCAL}`")

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_a_file_in_another_encoding(self, shop: Tree, encoding: str) -> None:
        overlay(shop, PLUGINS)
        file = shop.path / "overlays/shop/kustomization.yaml"
        file.write_text(file.read_text().replace("[../../base]", "[../../base, open.yaml]"))
        shop.write("overlays/shop/open.yaml", ("\ufeff" + self.OPEN.replace("KEY", self.LOCAL)).encode(encoding))
        assert "name: open\n" not in shop.build(".").stdout
        done = shop.bulkhead("validate")
        assert (done.status, done.stdout) == (1, "")
        assert "overlays/shop/open.yaml:1:1: error: not UTF-8 text" in done.stderr

    def test_a_group_that_only_looks_like_ours(self, shop: Tree) -> None:
        """A patch of the root makes a policy of it, which a target of our group must not have removed before."""
        overlay(
            shop,
            PLUGINS,
            open=self.OPEN.replace("KEY", "a").replace(
                "networking.k8s.io/v1\nkind: NetworkPolicy", "bulkhead-dev/v1\nkind: X"
            ),
        )
        file = shop.path / "overlays/shop/kustomization.yaml"
        file.write_text(file.read_text().replace("[../../base]", "[../../base, open.yaml]"))
        shop.write(
            "kustomization.yaml",
            "resources: [overlays/shop]\n"
            "patches:\n- target: {kind: X}\n  options: {allowKindChange: true}\n  patch: |-\n"
            "    - {op: replace, path: /kind, value: NetworkPolicy}\n"
            "    - {op: replace, path: /apiVersion, value: networking.k8s.io/v1}\n",
        )
        built = shop.build(".").stdout
        assert "name: open\n" in built
        assert shop.bulkhead("render").stdout == built

    @pytest.mark.parametrize("entry", ["../../plugin/", "./../../plugin", "../../plugin/.", "../../base/../plugin"])
    def test_the_plugin_by_another_path_is_the_plugin(self, shop: Tree, entry: str) -> None:
        overlay(shop, f"transformers: [{entry}]\n")
        built = shop.build(".").stdout
        assert DENY in built
        assert shop.bulkhead("render").stdout == built

    def test_files_that_the_configuration_of_a_builtin_plugin_names_are_read(self, shop: Tree) -> None:
        overlay(
            shop,
            "transformers: [../../plugin, t.yaml]\n",
            t="apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: p.yaml\n"
            "target: {kind: NetworkPolicy}\n",
            p="- {op: add, path: /spec/ingress, value: [{}]}\n",
        )
        built = shop.build(".").stdout
        assert "ingress:\n  - {}\n" in built
        assert shop.bulkhead("render").stdout == built

    def test_one_overlay_that_two_roots_change_in_two_ways(self, shop: Tree) -> None:
        for name in ("one", "two"):
            shop.write(f"{name}/kustomization.yaml", f"resources: [../overlays/shop]\nnamePrefix: {name}-\n")
        shop.write("kustomization.yaml", "resources: [two, one]\n")
        built = shop.build(".").stdout
        assert "name: one-default-deny-all\n" in built
        assert shop.bulkhead("render").stdout == built

    def test_folders_with_the_names_that_the_copy_uses(self, shop: Tree) -> None:
        shop.write("overlays/bulkhead-inner-shop/kustomization.yaml", "resources: []\n")
        shop.write("overlays/shop/bulkhead-policies.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
        overlay(shop, PLUGINS)
        file = shop.path / "overlays/shop/kustomization.yaml"
        file.write_text(file.read_text().replace("[../../base]", "[../../base, bulkhead-policies.yaml]"))
        shop.write("kustomization.yaml", "resources: [overlays/shop, overlays/bulkhead-inner-shop]\nnamePrefix: x-\n")
        assert shop.bulkhead("render").stdout == shop.build(".").stdout


class TestExtent:
    """Kustomizations of any number end with a result or a message."""

    def refused(self, tree: Tree, folder: str) -> str:
        done = tree.bulkhead("validate", folder)
        assert done.status in (1, 2)
        assert "Traceback" not in done.stderr and "internal error" not in done.stderr
        return done.stderr

    def test_nesting_has_a_bound(self, shop: Tree) -> None:
        for i in range(1500):
            shop.write(f"deep/{i}/kustomization.yaml", f"resources: [../{i + 1}]\n")
        shop.write("deep/1500/kustomization.yaml", "resources: [../../overlays/shop]\n")
        assert "cannot be reviewed: kustomizations are nested 1503 deep: more than 100" in self.refused(shop, "deep/0")

    def test_a_circle_is_an_error(self, shop: Tree) -> None:
        for i in range(1500):
            shop.write(f"ring/{i}/kustomization.yaml", f"resources: [../{(i + 1) % 1500}, ../../overlays/shop]\n")
        assert "this kustomization leads back to itself" in self.refused(shop, "ring/0")

    def test_a_diamond_is_read_once_and_bounded(self, shop: Tree) -> None:
        for i in range(40):
            shop.write(f"half/{i}/kustomization.yaml", f"resources: [../{i + 1}, ../{i + 1}/../{i + 1}]\n")
        shop.write("half/40/kustomization.yaml", "resources: [../../overlays/shop]\n")
        assert "a build reads more than 100000 kustomizations" in self.refused(shop, "half/0")


NAMES = st.sampled_from(["resources", "transformers", "namespace", "patches", "components", "labels", "namePrefix"])


@settings(max_examples=40)
@given(NAMES, st.data())
def test_no_case_of_any_field_is_missed(tree: Tree, name: str, data: st.DataObject) -> None:
    """As Go folds: each letter in either case, `s` also as U+017F and `k` as U+212A."""
    forms = [{each, each.upper(), *("ſ" if each == "s" else ""), *("\u212a" if each == "k" else "")} for each in name]
    key = "".join(data.draw(st.sampled_from(sorted(each))) for each in forms)
    value = {"namespace": "shop", "namePrefix": "x-"}.get(name, "[]")
    tree.write("one/kustomization.yaml", f"{key}: {value}\n")
    done = tree.bulkhead("validate", Path("one"))
    assert (f"kustomize takes `{key}` for `{name}`" in done.stderr) == (key != name)


class TestNamespaceLabels:
    """The labels of a Namespace decide what a `namespaceSelector` matches."""

    SHOP = "  ingress:\n    intra-namespace: null\n    red: {from: {namespaces: {team: red}}, ports: 80}\n"
    BLOG = "  egress:\n    shop: {to: {namespaces: {kubernetes.io/metadata.name: shop}}, ports: 80}\n"
    NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: blog, labels: {a: b}}\n"
    LABEL: ClassVar[dict[str, tuple[str, str]]] = {
        "in its file": ("overlays/blog/ns.yaml", NAMESPACE.replace("a: b", "a: b, team: red")),
        "by a patch": (
            "kustomization.yaml",
            "resources: [overlays/shop, overlays/blog]\npatches:\n- target: {kind: Namespace, name: blog}\n"
            "  patch: |-\n    - {op: add, path: /metadata/labels/team, value: red}\n",
        ),
        "by the root": (
            "kustomization.yaml",
            "resources: [overlays/shop, overlays/blog]\nlabels: [{pairs: {team: red}}]\n",
        ),
    }

    @pytest.mark.parametrize("how", LABEL)
    def test_a_label_that_a_peer_selects_opens_traffic(self, tree: Tree, how: str) -> None:
        strict = "    intra-namespace: null\n    external-https: null\n"
        for name, rules in (("shop", self.SHOP), ("blog", self.BLOG + strict)):
            tree.overlay(name, rules)
        file = tree.path / "overlays/blog/kustomization.yaml"
        file.write_text(file.read_text().replace("[../../base]", "[../../base, ns.yaml]"))
        tree.write("overlays/blog/ns.yaml", self.NAMESPACE)
        tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/blog]\n")
        before = tree.path.parent / f"{tree.path.name}-before"
        shutil.copytree(tree.path, before, symlinks=True)
        tree.write(*self.LABEL[how])
        assert tree.bulkhead("diff", "--dirs", before, before).status == 0
        done = tree.bulkhead("diff", "--dirs", before, ".")
        assert (done.status, done.stdout.partition("\n")[0]) == (1, "OPENS traffic across namespaces"), done.stderr
        assert "blog -> shop: port 80" in done.stdout


class TestKeptBack:
    """Policies that a delivery does not simply apply."""

    @pytest.mark.parametrize("field", ["commonAnnotations: {{{0}: {1}}}", "labels: [{{pairs: {{{0}: {1}}}}}]"])
    @pytest.mark.parametrize(
        ("word", "value"),
        [
            ("argocd.argoproj.io/hook", "Skip"),
            ("helm.sh/hook", "pre-delete"),
            ("kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
            ("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent"),
        ],
    )
    def test_a_policy_that_is_not_applied_is_no_policy(self, shop: Tree, field: str, word: str, value: str) -> None:
        shop.write("kustomization.yaml", "resources: [overlays/shop]\n" + field.format(word, value) + "\n")
        assert f"{word}: {value}" in shop.build(".").stdout
        assert_not_reviewed(shop, "a delivery keeps the NetworkPolicy `shop/")

    def test_so_is_one_that_is_written_by_hand_and_a_policy_of_another_kind(self, shop: Tree) -> None:
        for head in ("networking.k8s.io/v1\nkind: NetworkPolicy", "cilium.io/v2\nkind: CiliumNetworkPolicy"):
            hook = "{argocd.argoproj.io/hook: Skip}"
            text = f"apiVersion: {head}\nmetadata: {{name: x, annotations: {hook}}}\nspec: {{podSelector: {{}}}}\n"
            shop.write("overlays/shop/x.yaml", text)
            shop.write("overlays/shop/kustomization.yaml",
                       f"resources: [../../base, x.yaml]\nnamespace: shop\n{PLUGINS}")  # fmt: skip
            assert_not_reviewed(shop, f"a delivery keeps the {head.rpartition(' ')[2]} `shop/x` back")

    def test_a_mark_that_nobody_knows_is_never_no_effect(self, shop: Tree) -> None:
        before = shop.path.parent / f"{shop.path.name}-before"
        shutil.copytree(shop.path, before, symlinks=True)
        text = (shop.path / "kustomization.yaml").read_text()
        shop.write("kustomization.yaml", text + "commonAnnotations: {kapp.k14s.io/next-year: x}\n")
        assert "kapp.k14s.io/next-year: x" in shop.build(".").stdout
        done = shop.bulkhead("diff", "--dirs", before, ".")
        assert (done.status, "NO EFFECT" in done.stdout) == (2, False), done
        assert "NetworkPolicy with `kapp.k14s.io/next-year` shop/" in done.stdout

    def test_jobs_and_other_data_may_be_hooks(self, shop: Tree) -> None:
        text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {argocd.argoproj.io/hook: PreSync}}\n"
        shop.write("overlays/shop/kustomization.yaml",
                   f"resources: [../../base, x.yaml]\nnamespace: shop\n{PLUGINS}")  # fmt: skip
        shop.write("overlays/shop/x.yaml", text)
        assert shop.bulkhead("validate").status == 0
