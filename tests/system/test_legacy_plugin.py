"""
The legacy exec plugin: `kubectl kustomize` has no `--enable-exec`, and runs the same executable all the same.

An overlay names `plugin/legacy` in place of `plugin`; KUSTOMIZE_PLUGIN_HOME says where the program is.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from conftest import FLAGS, ROOT, STANDARD_OVERLAY, Done, Tree, run

FLAG = "--enable-alpha-plugins"
HOME = ROOT / "plugin/legacy/home"
APPLICATION = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, annotations: {note: "on"}}
data:
  # a comment
  script: |
    #!/bin/sh
      echo "a: b"
  unicode: "ünï 😀"
"""


@pytest.fixture
def shop(tree: Tree) -> Tree:
    """Two overlays that differ in nothing but the form of the plugin."""
    for name, plugin in (("function", "../../plugin"), ("legacy", "../../plugin/legacy")):
        text = STANDARD_OVERLAY.format(namespace="shop").replace("../../plugin", plugin)
        tree.overlay(name, kustomization=text.replace("base]", "base, settings.yaml]") + "namePrefix: x-\n")
        tree.write(f"overlays/{name}/settings.yaml", APPLICATION)
    return tree


WITH_HOME = {"KUSTOMIZE_PLUGIN_HOME": str(HOME)}


def kubectl(tree: Tree, folder: str, *flags: str, env: Mapping[str, str] = MappingProxyType(WITH_HOME)) -> Done:
    return run("kubectl", "kustomize", *flags, tree.path / folder, env=env)


def assert_closed(done: Done, says: str) -> None:
    assert done.status != 0
    assert done.stdout == ""
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_kubectl_gives_the_same_bytes_as_the_function_in_kustomize(shop: Tree) -> None:
    wanted = shop.build("overlays/function")
    assert wanted.stdout.count("kind: NetworkPolicy\n") == 8
    made = kubectl(shop, "overlays/legacy", FLAG)
    assert (made.stderr, made.status) == ("", 0)
    assert made.stdout == wanted.stdout
    assert shop.build("overlays/legacy", *FLAGS, env=WITH_HOME).stdout == wanted.stdout
    assert shop.bulkhead("render", "overlays/legacy").stdout == wanted.stdout


def test_root_of_many_overlays_is_expanded_too(shop: Tree) -> None:
    text = (shop.path / "overlays/legacy/kustomization.yaml").read_text()
    shop.overlay("second", kustomization=text.replace("namespace: shop", "namespace: second"))
    shop.write("overlays/second/settings.yaml", APPLICATION)
    shop.write("kustomization.yaml", "resources: [overlays/legacy, overlays/second]\n")
    made = kubectl(shop, ".", FLAG)
    assert made.stdout.count("kind: NetworkPolicy\n") == 16
    assert shop.bulkhead("render", ".").stdout == made.stdout


def test_program_that_kustomize_finds_is_the_function_itself() -> None:
    program = HOME / "bulkhead.dev/v1alpha1/expand/Expand"
    assert os.readlink(program) == "../../../../../expand"
    assert program.resolve() == ROOT / "plugin/expand"


def test_mistake_is_explained_and_renders_nothing(shop: Tree) -> None:
    profile = shop.path / "base/namespace.yaml"
    profile.write_text(profile.read_text().replace("from: traefik", "from: treafik"))
    assert_closed(kubectl(shop, "overlays/legacy", FLAG), "did you mean `traefik`?")


def test_build_without_the_plugins_home_renders_nothing(shop: Tree) -> None:
    assert_closed(kubectl(shop, "overlays/legacy", FLAG, env={}), "KUSTOMIZE_PLUGIN_HOME")


def test_build_without_the_flag_renders_nothing(shop: Tree) -> None:
    assert_closed(kubectl(shop, "overlays/legacy"), "external plugins disabled")


def test_another_program_in_the_plugins_place_springs_the_tripwire(shop: Tree) -> None:
    program = shop.write("elsewhere/bulkhead.dev/v1alpha1/expand/Expand", "#!/bin/sh\ncat\n")
    program.chmod(0o755)
    done = kubectl(shop, "overlays/legacy", FLAG, env={"KUSTOMIZE_PLUGIN_HOME": str(shop.path / "elsewhere")})
    assert_closed(done, "SegmentedNamespace not expanded: build with KUSTOMIZE_PLUGIN_HOME=")


@pytest.mark.parametrize("text", ["", "spec: {policies: per-direction}\n", "{broken: ", "\x00"])
def test_configuration_that_is_not_the_functions_is_refused(tree: Tree, text: str) -> None:
    tree.write("config.yaml", "apiVersion: bulkhead.dev/v1alpha1\nkind: Expand\nmetadata: {name: expand}\n" + text)
    stdin = "" if not text else "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    says = {"": "there is no SegmentedNamespace", "s": "the function takes no settings"}.get(text[:1], "not valid YAML")
    assert_closed(run("plugin/expand", "config.yaml", cwd=tree.path, stdin=stdin), says)


def test_missing_configuration_is_named(tree: Tree) -> None:
    assert_closed(run("plugin/expand", "nowhere.yaml", cwd=tree.path), "nowhere.yaml")
