"""
What bulkhead would not see, or kustomize would not take, is refused and named: a tree renders whole or not at all.
"""

import os
from pathlib import Path
from textwrap import indent

import pytest
from conftest import STANDARD_OVERLAY, Tree

DELETES = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: late}
target: {kind: NetworkPolicy, name: default-deny-all}
patch: '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: any}, $patch: delete}'
"""


@pytest.fixture
def shop(tree: Tree) -> Tree:
    tree.overlay("shop")
    tree.overlay("blog")
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/blog]\n")
    return tree


def assert_refused(tree: Tree, says: str, status: int = 1) -> None:
    """Neither renders nor validates, and says why."""
    for command in ("render", "validate"):
        done = tree.bulkhead(command)
        assert (done.status, done.stdout) == (status, "")
        assert says in done.stderr
        assert "internal error" not in done.stderr


@pytest.mark.parametrize("folder", ["plugin", "overlays/shop/own"])
def test_nothing_else_acts_inside_a_plugin_folder(shop: Tree, folder: str) -> None:
    shop.write(f"{folder}/expand.yaml", (shop.path / "plugin/expand.yaml").read_bytes())
    shop.write(f"{folder}/late.yaml", DELETES)
    shop.write(f"{folder}/kustomization.yaml", "resources: [expand.yaml, late.yaml]\n")
    if folder != "plugin":
        shop.overlay("shop", kustomization=STANDARD_OVERLAY.format(namespace="shop").replace("../../plugin", "own"))
    assert "default-deny-all" not in shop.build("overlays/shop").stdout
    assert_refused(shop, f"{folder}/kustomization.yaml:1:1: error: `late.yaml` acts inside the plugin")


def test_no_field_of_a_plugin_folder_acts(shop: Tree) -> None:
    shop.write("plugin/kustomization.yaml", "resources: [expand.yaml, tripwire.yaml]\nnamePrefix: x-\n")
    assert_refused(shop, "plugin/kustomization.yaml:2:13: error: `namePrefix` acts inside the plugin")


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("validators: [../../plugin]", "the plugin has no place in `validators`"),
        ("generators: [../../plugin]", "the plugin has no place in `generators`"),
        ("components: [../../plugin]", "the plugin has no place in `components`"),
    ],
)
def test_the_plugin_is_named_under_transformers(shop: Tree, field: str, says: str) -> None:
    shop.overlay("shop", kustomization=STANDARD_OVERLAY.format(namespace="shop") + field + "\n")
    assert shop.build("overlays/shop").status == 1
    assert_refused(shop, says)


def test_an_overlay_without_the_plugin_is_refused_beside_others(shop: Tree) -> None:
    shop.overlay("shop", kustomization="resources: [../../base]\nnamespace: shop\n")
    assert_refused(
        shop, "overlays/shop/kustomization.yaml:1:1: error: the SegmentedNamespace of `shop` is not expanded"
    )


def test_a_plugin_behind_another_folder_is_refused_rather_than_missed(shop: Tree) -> None:
    shop.write("wrap/kustomization.yaml", "resources: [../plugin]\n")
    text = STANDARD_OVERLAY.format(namespace="shop").replace("../../plugin", "../../wrap")
    shop.overlay("shop", kustomization=text)
    assert_refused(shop, "wrap/kustomization.yaml:1:13: error: the plugin has no place in `resources`")


def test_an_overlay_on_an_overlay_is_refused_as_in_the_build(shop: Tree) -> None:
    text = STANDARD_OVERLAY.format(namespace="shop").replace("../../base", "../blog")
    shop.overlay("shop", kustomization=text)
    assert shop.build("overlays/shop").status == 1
    assert_refused(shop, "overlays/shop/kustomization.yaml:1:1: error: `../blog` is expanded by the plugin already")


def test_no_policy_left_is_no_result(shop: Tree) -> None:
    delete = f"transformers:\n- |\n{indent(DELETES.replace(', name: default-deny-all', ''), '  ')}"
    shop.write("kustomization.yaml", "resources: [overlays/shop]\n" + delete)
    assert shop.build(".").stdout == ""
    assert_refused(shop, "of the policies that the overlays expand to (8), none is left")


def test_a_policy_of_another_api_group_is_none_that_is_left(shop: Tree) -> None:
    one = DELETES.replace(", name: default-deny-all", "").replace("{kind:", "{group: networking.k8s.io, kind:")
    calico = "apiVersion: crd.projectcalico.org/v1\nkind: NetworkPolicy\nmetadata: {name: other, namespace: shop}\n"
    shop.write("calico.yaml", calico)
    text = "resources: [overlays/shop, calico.yaml]\n"
    shop.write("kustomization.yaml", f"{text}transformers:\n- |\n{indent(one, '  ')}")
    assert "crd.projectcalico.org" in shop.build(".").stdout
    assert "networking.k8s.io" not in shop.build(".").stdout
    assert_refused(shop, "of the policies that the overlays expand to (8), none is left")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("kind: Foo\nresources: [overlays/shop]\n", "1:7"),
        ("apiVersion: example.com/v1\nresources: [overlays/shop]\n", "1:13"),
        ("metadata: {unknown: x}\nresources: [overlays/shop]\n", "1:12"),
        ('resources: [overlays/shop, ""]\n', "1:28"),
        ("resources: [overlays/shop, 5]\n", "1:28"),
    ],
)
def test_a_root_that_kustomize_refuses_is_refused(shop: Tree, text: str, place: str) -> None:
    shop.write("kustomization.yaml", text)
    assert shop.build(".").status == 1
    assert_refused(shop, f"kustomization.yaml:{place}: error: ")


def test_a_root_that_lists_itself_is_refused(shop: Tree) -> None:
    shop.write("kustomization.yaml", "resources: [overlays/shop, .]\n")
    assert shop.build(".").status == 1
    assert_refused(shop, "kustomization.yaml:1:1: error: this kustomization leads back to itself")


def test_a_resource_may_have_any_name(shop: Tree) -> None:
    shop.write("overlays/shop/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bulkhead-marker-0}\n")
    text = STANDARD_OVERLAY.format(namespace="shop").replace("../../base", "../../base, map.yaml")
    shop.overlay("shop", kustomization=text)
    done = shop.bulkhead("render")
    assert (done.status, done.stdout) == (0, shop.build(".").stdout)


class TestFolders:
    """A folder that any text of a kustomization names is copied, as far as kustomize would follow."""

    GENERATOR = "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: x}\nname: x\nfiles: [data/entry]\n"

    @pytest.fixture
    def data(self, shop: Tree) -> Path:
        more = "generators: [generator.yaml]\ncommonAnnotations: {where: data}\n"
        shop.overlay("shop", kustomization=STANDARD_OVERLAY.format(namespace="shop") + more)
        shop.write("overlays/shop/generator.yaml", self.GENERATOR)
        shop.write("overlays/shop/data/entry", "mine\n")
        return shop.path / "overlays/shop/data"

    def test_what_is_in_it_is_read(self, shop: Tree, data: Path) -> None:
        done = shop.bulkhead("render", "overlays/shop")
        assert (done.status, done.stdout) == (0, shop.build("overlays/shop").stdout)
        assert "mine" in done.stdout

    def test_a_link_out_of_it_is_not_followed(
        self, shop: Tree, data: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        secret = tmp_path_factory.mktemp("elsewhere") / "secret"
        secret.write_text("not yours\n")
        (data / "entry").unlink()
        (data / "entry").symlink_to(secret)
        assert shop.build("overlays/shop").status == 1
        assert_refused(shop, "`data/entry` leads out of the kustomization's folder")

    def test_a_pipe_in_it_is_not_waited_for(self, shop: Tree, data: Path) -> None:
        os.mkfifo(data / "pipe")
        assert shop.bulkhead("validate").status == 0


def test_a_pipe_is_written_to_and_not_replaced(shop: Tree) -> None:
    os.mkfifo(shop.path / "pipe")
    reader = os.open(shop.path / "pipe", os.O_RDWR)
    try:
        assert shop.bulkhead("render", "-o", "pipe").status == 0
        assert (shop.path / "pipe").is_fifo()
        assert os.read(reader, 1 << 20).decode() == shop.bulkhead("render").stdout
    finally:
        os.close(reader)
