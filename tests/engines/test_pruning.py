"""
A render that is broken, delivered by an engine that prunes: not one policy is lost.

kubectl's ApplySet is the smallest such engine. Each render goes through a pipe in a plain shell, where nobody looks
at the exit status of the build.
"""

import re
import shlex
import venv
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from conftest import ROOT, Done, Tree, run
from engines.cluster import Cluster, delivery

BUILD = "kustomize build --enable-alpha-plugins --enable-exec"
NOT_EXPANDED = "SegmentedNamespace not expanded: build with --enable-alpha-plugins --enable-exec"
NO_SUCH_KIND = 'no matches for kind "SegmentedNamespace" in version "bulkhead.dev/v1alpha1"'


def remove(name: str) -> Callable[[Tree], None]:
    return lambda tree: (tree.path / name).unlink()


def write(name: str, text: str) -> Callable[[Tree], object]:
    return lambda tree: tree.write(name, text)


def without_python(tree: Tree) -> None:
    remove(".venv")(tree)
    script = tree.path / "plugin/expand"
    script.write_text(script.read_text().replace("python3", "python-is-not-here"))


def without_pyyaml(tree: Tree) -> None:
    venv.create(tree.path / "bare", with_pip=False, symlinks=True)


def without_exec_bit(tree: Tree) -> None:
    (tree.path / "plugin/expand").chmod(0o644)


def without_plugin(tree: Tree) -> None:
    (tree.path / "plugin").rename(tree.path / "gone")


def unknown_peer(tree: Tree) -> None:
    tree.overlay("shop", "  egress: {mail: {to: mial, ports: 25}}\n")


def nothing(tree: Tree) -> None:
    del tree


@dataclass(frozen=True)
class Broken:
    """One way in which a render breaks: what happens to the tree, the command, and the message."""

    says: str
    tree: Callable[[Tree], object] = nothing
    build: str = BUILD
    env: dict[str, str] = field(default_factory=dict)


KILLED_WHILE_WRITING = """\
import os, signal, sys
def main():
    sys.stdout.write('apiVersion: config.kubernetes.io/v1\\nkind: ResourceList\\nitems:\\n')
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
BROKEN = {
    "no flag": Broken("external plugins disabled", build="kustomize build"),
    "no --enable-exec": Broken(NOT_EXPANDED, build="kustomize build --enable-alpha-plugins"),
    "no --enable-alpha-plugins": Broken("external plugins disabled", build="kustomize build --enable-exec"),
    "kubectl kustomize": Broken("external plugins disabled", build="kubectl kustomize"),
    "kubectl kustomize with plugins": Broken(NOT_EXPANDED, build="kubectl kustomize --enable-alpha-plugins"),
    "no kustomize": Broken("not found", build="kustomize-is-not-here build"),
    "no plugin folder": Broken("no such file or directory", without_plugin),
    "no plugin program": Broken("plugin/expand: no such file or directory", remove("plugin/expand")),
    "no exec bit": Broken("plugin/expand: permission denied", without_exec_bit),
    "no Python": Broken("no Python 3.10 or newer with PyYAML was found", without_python),
    "no PyYAML": Broken("python3 -m pip install PyYAML", without_pyyaml, env={"BULKHEAD_PYTHON": "bare/bin/python"}),
    "the plugin crashes": Broken("RuntimeError: x", write("plugin/bulkhead/krm.py", "raise RuntimeError('x')\n")),
    "the plugin is killed": Broken("exit status 137", write("plugin/bulkhead/krm.py", KILLED_WHILE_WRITING)),
    "the plugin is half there": Broken(
        "bulkhead.analysis.overlays.overlay", remove("plugin/bulkhead/analysis/overlays/overlay.py")
    ),
    "a rule is wrong": Broken("unknown peer `mial`", unknown_peer),
    "the base is gone": Broken("base", remove("base/kustomization.yaml")),
    "no exec and no tripwire": Broken(
        NO_SUCH_KIND,
        write("plugin/kustomization.yaml", "resources: [expand.yaml]\n"),
        "kustomize build --enable-alpha-plugins",
    ),
    "a neutral plugin": Broken(NO_SUCH_KIND, write("plugin/kustomization.yaml", "resources: []\n"), "kustomize build"),
}


def delivered(tree: Tree, cluster: Cluster, broken: Broken) -> Done:
    """Build and apply the overlay as a script does that looks at nothing in between."""
    command = f"{broken.build} overlays/shop | {shlex.join(('kubectl', *delivery('shop'), '-f', '-'))}"
    env = {"KUBECONFIG": str(cluster.configuration), "KUBECTL_APPLYSET": "true", **broken.env}
    return run("sh", "-c", command, cwd=tree.path, env=env)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_broken_render_leaves_every_policy_and_says_why(tree: Tree, cluster: Cluster, broken: Broken) -> None:
    tree.overlay("shop")
    assert delivered(tree, cluster, Broken("")).status == 0
    before = cluster.versions("shop")
    assert len(before) > 5
    broken.tree(tree)
    done = delivered(tree, cluster, broken)
    assert done.status != 0
    assert broken.says in done.stderr
    assert cluster.versions("shop") == before


def test_unexpanded_resource_among_others_takes_no_policy_away(tree: Tree, cluster: Cluster) -> None:
    tree.overlay("shop")
    assert delivered(tree, cluster, Broken("")).status == 0
    before = cluster.versions("shop")
    tree.write("plugin/kustomization.yaml", "resources: []\n")
    text = tree.build("overlays/shop").stdout
    assert re.findall("^kind: (.*)$", text, re.MULTILINE) == ["ClusterProfile", "SegmentedNamespace"]
    text += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\n"
    done = cluster.deliver("shop", text)
    assert done.status != 0
    assert NO_SUCH_KIND in done.stderr
    assert cluster.versions("shop") == before


def test_pruning_is_on_and_removes_what_a_render_no_longer_has(tree: Tree, cluster: Cluster) -> None:
    """So the tests above can fail: an empty namespace that is rendered on purpose does lose its policies."""
    tree.overlay("shop")
    assert delivered(tree, cluster, Broken("")).status == 0
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\n"
    assert cluster.deliver("shop", text).status == 0
    assert cluster.policies("shop") == {}


def test_rule_that_leaves_an_overlay_takes_exactly_its_policy_along(tree: Tree, cluster: Cluster) -> None:
    rules = ROOT / "overlays/email-gateway/rules.yaml"
    overlay = tree.overlay("email-gateway", "  egress: {}\n")
    (overlay / "rules.yaml").write_text(rules.read_text())
    assert cluster.deliver("email-gateway", tree.build(overlay).stdout).status == 0
    before = cluster.versions("email-gateway")
    tree.overlay("email-gateway")
    assert cluster.deliver("email-gateway", tree.build(overlay).stdout).status == 0
    after = cluster.versions("email-gateway")
    assert set(before) - set(after) == {"allow-aws-ses-egress"}
    assert after == {name: version for name, version in before.items() if name != "allow-aws-ses-egress"}


def test_standard_rule_that_an_overlay_removes_takes_exactly_its_policy_along(tree: Tree, cluster: Cluster) -> None:
    overlay = tree.overlay("shop")
    assert cluster.deliver("shop", tree.build(overlay).stdout).status == 0
    before = cluster.versions("shop")
    tree.overlay("shop", "  egress: {external-https: null}\n")
    assert cluster.deliver("shop", tree.build(overlay).stdout).status == 0
    after = cluster.versions("shop")
    assert after == {name: version for name, version in before.items() if name != "allow-external-https-egress"}
    assert len(after) == len(before) - 1
