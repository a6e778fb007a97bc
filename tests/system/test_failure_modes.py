"""
After any failure, no output looks to an API server like the complete set of policies.

In every mode the build fails, prints nothing, and says what to do.
"""

import re
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import FLAGS, PATIENCE, PYTHON, TOOLS, Done, Tree, git, run

KUSTOMIZE = ("kustomize", "build")
KUBECTL = ("kubectl", "kustomize")
BOTH_FLAGS = "--enable-alpha-plugins --enable-exec"

RESOURCE_LIST = """\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: bulkhead.dev/v1alpha1
  kind: ClusterProfile
  metadata: {name: home}
  spec: {peers: {lan: {cidr: 192.168.1.0/24}}}
- apiVersion: bulkhead.dev/v1alpha1
  kind: SegmentedNamespace
  metadata: {name: standard, namespace: shop}
  spec: {egress: {lan: {to: lan}}}
"""


@pytest.fixture
def shop(tree: Tree) -> Tree:
    tree.overlay("shop")
    return tree


def assert_closed(done: Done, *says: str) -> None:
    """Nothing was rendered, and stderr has each of *message*, without a traceback."""
    assert done.status != 0
    assert done.stdout == ""
    assert [each for each in says if each not in done.stderr] == []
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (KUSTOMIZE, "external plugins disabled"),
        ((*KUSTOMIZE, "--enable-exec"), "external plugins disabled"),
        ((*KUSTOMIZE, "--enable-alpha-plugins"), f"SegmentedNamespace not expanded: build with {BOTH_FLAGS}"),
        (KUBECTL, "external plugins disabled"),
        ((*KUBECTL, "--enable-alpha-plugins"), f"SegmentedNamespace not expanded: build with {BOTH_FLAGS}"),
    ],
    ids=" ".join,
)
def test_build_without_both_flags_fails_and_says_which(shop: Tree, command: Sequence[str], says: str) -> None:
    assert_closed(run(*command, shop.path / "overlays/shop"), says)


def test_missing_flag_fails_a_root_of_many_overlays(shop: Tree) -> None:
    shop.overlay("cardboard")
    shop.write("kustomization.yaml", "resources: [overlays/shop, overlays/cardboard]\n")
    assert_closed(shop.build(".", "--enable-alpha-plugins"), f"build with {BOTH_FLAGS}")


def test_missing_flag_fails_where_other_resources_are_fine(shop: Tree) -> None:
    shop.write("overlays/shop/web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")
    file = shop.path / "overlays/shop/kustomization.yaml"
    file.write_text(file.read_text().replace("[../../base]", "[../../base, web.yaml]"))
    assert_closed(shop.build("overlays/shop", "--enable-alpha-plugins"), f"build with {BOTH_FLAGS}")


def test_what_the_tripwire_stops_would_be_refused_by_an_api_server(shop: Tree) -> None:
    """Even without the tripwire: the unexpanded kind, which no cluster knows, is all that comes out."""
    shop.write("plugin/kustomization.yaml", "resources: [expand.yaml]\n")
    built = shop.build("overlays/shop", "--enable-alpha-plugins")
    assert re.findall("^kind: (.*)$", built.stdout, re.MULTILINE) == ["ClusterProfile", "SegmentedNamespace"]


def without_python(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Take every Python away from the tree's plugin; return an environment in which there is none."""
    folder = tmp_path_factory.mktemp("bin")
    for tool in ("sh", "readlink"):
        (folder / tool).symlink_to(f"/bin/{tool}")
    (folder / "kustomize").symlink_to(TOOLS / "kustomize")
    (tree.path / ".venv").unlink()
    script = tree.path / "plugin/expand"
    script.write_text(script.read_text().replace("/usr/bin/python3", "/nonexistent/python3"))
    return {"PATH": str(folder)}


def test_missing_python_is_named_with_what_to_install(shop: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    built = shop.build("overlays/shop", env=without_python(shop, tmp_path_factory))
    assert_closed(built, "no Python 3.10 or newer with PyYAML was found", "make demo", "python3 -m pip install PyYAML")


def test_chosen_python_that_is_missing_is_not_replaced_by_another(shop: Tree) -> None:
    built = shop.build("overlays/shop", env={"BULKHEAD_PYTHON": "/nonexistent/python"})
    assert_closed(built, "(tried: /nonexistent/python)", "set BULKHEAD_PYTHON")


def test_python_without_pyyaml_is_named_with_what_to_install(
    shop: Tree, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=True)
    built = shop.build("overlays/shop", env={"BULKHEAD_PYTHON": str(folder / "bin/python")})
    assert_closed(built, f"(tried: {folder}/bin/python)", "python3 -m pip install PyYAML")


def test_python_without_pyyaml_is_passed_over_for_one_that_has_it(
    shop: Tree, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=True)
    wanted = shop.build("overlays/shop").stdout
    (shop.path / ".venv").unlink()
    script = shop.path / "plugin/expand"
    script.write_text(script.read_text().replace("/usr/bin/python3", str(PYTHON)))
    (shop.path / ".venv").symlink_to(folder)
    built = shop.build("overlays/shop", env={"PATH": f"{folder}/bin:{TOOLS}:/usr/bin:/bin"})
    assert (built.stderr, built.stdout) == ("", wanted)


def test_plugin_without_exec_bit_fails_and_is_named(shop: Tree) -> None:
    (shop.path / "plugin/expand").chmod(0o644)
    assert_closed(shop.build("overlays/shop"), "plugin/expand: permission denied")


def test_plugin_with_carriage_returns_fails_and_is_named(shop: Tree) -> None:
    script = shop.path / "plugin/expand"
    script.write_bytes(script.read_bytes().replace(b"\n", b"\r\n"))
    assert_closed(shop.build("overlays/shop"), "plugin/expand: no such file or directory")


def test_checkout_that_converts_line_ends_leaves_the_plugin_working(shop: Tree, tmp_path: Path) -> None:
    wanted = shop.build("overlays/shop").stdout
    copy = shop.path / "copy"
    converting = ("-c", "core.autocrlf=true", "-c", "core.safecrlf=false")
    for command in (
        ("init", "-q"),
        ("add", "plugin", "base", "overlays"),
        ("commit", "-qm", "tree"),
        ("clone", "-q", ".", copy),
    ):
        git(shop.path, *converting, *command)
    assert b"\r\n" in (copy / "base/cluster.yaml").read_bytes()
    (copy / ".venv").symlink_to(shop.path / ".venv")
    built = Tree(copy).build("overlays/shop")
    assert (built.stderr, built.stdout) == ("", wanted)


def test_missing_plugin_file_fails_and_is_named(shop: Tree) -> None:
    (shop.path / "plugin/expand").unlink()
    assert_closed(shop.build("overlays/shop"), "plugin/expand: no such file or directory")


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("raise RuntimeError('broken')\n", "RuntimeError: broken"),
        ("def main(:\n", "SyntaxError"),
        ("def main():\n    raise ImportError('gone')\n", "ImportError: gone"),
        ("def main():\n    print('items: []')\n    raise SystemExit(3)\n", "exit status 3"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "exit status 137"),
        (
            "import os, signal, sys\n"
            "def main():\n"
            "    sys.stdout.write('apiVersion: config.kubernetes.io/v1\\nkind: ResourceList\\nitems:\\n')\n"
            "    sys.stdout.flush()\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n",
            "exit status 137",
        ),
    ],
    ids=["raises", "does-not-compile", "import-fails", "exits", "killed-at-start", "killed-while-writing"],
)
def test_crashed_function_renders_nothing(shop: Tree, program: str, says: str) -> None:
    shop.write("plugin/bulkhead/krm.py", program)
    built = shop.build("overlays/shop")
    assert built.status != 0
    assert built.stdout == ""
    assert says in built.stderr


def test_function_in_which_a_module_is_missing_renders_nothing(shop: Tree) -> None:
    (shop.path / "plugin/bulkhead/analysis/overlays/overlay.py").unlink()
    built = shop.build("overlays/shop")
    assert (built.status != 0, built.stdout) == (True, "")
    assert "bulkhead.analysis.overlays.overlay" in built.stderr


@pytest.mark.parametrize(
    ("redirection", "says"),
    [
        ("</dev/null", "the input is empty"),
        ("<&-", "stdin or stdout is closed"),
        ("<list.yaml >&-", "stdin or stdout is closed"),
        ("<list.yaml >/dev/full", "No space left on device"),
        ("<blank.yaml", "the input is empty"),
        ("<none.yaml", "there is no SegmentedNamespace to expand"),
        ("<stream.yaml", "the input is not a ResourceList"),
    ],
    ids=["empty", "stdin-closed", "stdout-closed", "disk-full", "blank", "no-items", "no-list"],
)
def test_function_called_with_broken_streams_says_so(tree: Tree, redirection: str, says: str) -> None:
    tree.write("list.yaml", RESOURCE_LIST)
    tree.write("blank.yaml", "\n\n")
    tree.write("none.yaml", "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n")
    tree.write("stream.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")
    done = run("sh", "-c", f"plugin/expand {redirection}", cwd=tree.path)
    assert_closed(done, says, "nothing was rendered")


def test_function_with_every_stream_closed_fails(tree: Tree) -> None:
    tree.write("list.yaml", RESOURCE_LIST)
    assert run("sh", "-c", "plugin/expand <list.yaml >&- 2>&-", cwd=tree.path) == Done(1, "", "")
    assert run("sh", "-c", "plugin/expand <&- 2>&-", cwd=tree.path) == Done(1, "", "")


def test_reader_that_went_away_fails_the_function_without_traceback(tree: Tree) -> None:
    process = subprocess.Popen(
        [tree.path / "plugin/expand"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.write(RESOURCE_LIST.encode())
    process.stdin.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(PATIENCE) == 1
    assert "Broken pipe" in said
    assert "Traceback" not in said


def test_function_reads_no_module_from_the_folder_that_it_is_called_in(shop: Tree) -> None:
    for name in ("yaml.py", "gc.py", "re.py", "bulkhead.py"):
        shop.write(f"overlays/shop/{name}", "raise SystemExit('executed')\n")
    built = shop.build("overlays/shop")
    assert (built.status, built.stderr) == (0, "")


@pytest.mark.parametrize("flags", [FLAGS, ("--enable-alpha-plugins",), ()], ids=["both", "one", "none"])
def test_plugin_as_a_generator_is_not_what_the_tree_uses(shop: Tree, flags: Sequence[str]) -> None:
    """A generator that is skipped leaves nothing behind, and a controller that prunes would remove every policy."""
    text = (shop.path / "overlays/shop/kustomization.yaml").read_text()
    assert "transformers: [../../plugin]" in text
    assert "generators" not in text
    built = run(*KUSTOMIZE, *flags, shop.path / "overlays/shop")
    assert (built.status == 0) == (flags == FLAGS)
    assert bool(built.stdout) == (flags == FLAGS)
