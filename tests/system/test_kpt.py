"""`kpt fn eval --exec`: the same executable, on a folder of resources or on a stream of them."""

import pytest
import yaml
from conftest import Done, Tree, run

SETTINGS = """\
# What the user of the shop reads
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {open: "yes"} # quoted
"""


@pytest.fixture
def package(tree: Tree) -> Tree:
    """A folder `package` of what an overlay is before it is expanded, with a ConfigMap; `overlays/shop` is the same."""
    tree.overlay("shop", "  egress:\n    lan: {to: lan, ports: [80, 8000-8010], why: 'printers: all'}\n")
    text = (tree.path / "overlays/shop/kustomization.yaml").read_text()
    bare = text.replace("transformers: [../../plugin]\n", "")
    tree.write("overlays/shop/kustomization.yaml", bare)
    unexpanded = tree.build("overlays/shop")
    assert unexpanded.status == 0
    tree.write("overlays/shop/kustomization.yaml", text)
    tree.write("package/resources.yaml", unexpanded.stdout)
    tree.write("package/settings.yaml", SETTINGS)
    return tree


def kpt(tree: Tree, *arguments: str, stdin: str = "") -> Done:
    command = ("kpt", "fn", "eval", "--truncate-output=false", "--exec", "plugin/expand")
    return run(*command, *arguments, cwd=tree.path, stdin=stdin)


def by_name(text: str) -> dict[str, object]:
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in yaml.safe_load_all(text)}


def test_folder_holds_the_policies_afterwards_and_what_else_it_held(package: Tree) -> None:
    done = kpt(package, "package")
    assert done.status == 0, done.stderr
    assert (package.path / "package/settings.yaml").read_text() == SETTINGS
    files = (package.path / "package").rglob("*.yaml")
    found = by_name("---\n".join(file.read_text() for file in files))
    settings = found.pop("ConfigMap/settings")
    assert settings == yaml.safe_load(SETTINGS)
    assert found == by_name(package.build("overlays/shop").stdout)


def test_stream_is_expanded_as_kustomize_expands_it(package: Tree) -> None:
    text = (package.path / "package/resources.yaml").read_text()
    done = kpt(package, "-", "--output", "unwrap", "--fn-config", "plugin/expand.yaml", stdin=text)
    assert done.status == 0, done.stderr
    assert by_name(done.stdout) == by_name(package.build("overlays/shop").stdout)
    assert len(by_name(done.stdout)) == 9


def test_arguments_that_someone_believes_in_are_refused(package: Tree) -> None:
    before = sorted(package.path.joinpath("package").rglob("*"))
    done = kpt(package, "package", "--", "policies=per-direction")
    assert done.status != 0
    assert "the function takes no settings" in done.stderr
    assert sorted(package.path.joinpath("package").rglob("*")) == before


def test_mistake_leaves_the_folder_as_it_is_and_is_explained(package: Tree) -> None:
    file = package.path / "package/resources.yaml"
    file.write_text(file.read_text().replace("from: traefik", "from: treafik"))
    before = {each: each.read_bytes() for each in package.path.joinpath("package").rglob("*.yaml")}
    done = kpt(package, "package")
    assert done.status != 0
    assert "unknown peer `treafik`" in done.stderr
    assert "did you mean `traefik`?" in done.stderr
    assert {each: each.read_bytes() for each in package.path.joinpath("package").rglob("*.yaml")} == before
