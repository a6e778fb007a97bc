"""Whatever a build can execute is listed where it changes: THE PLUGIN CHANGES, with every file and exit status 1."""

import json
import os
import shutil

import pytest
from conftest import Done, Tree, git

HEADLINE = "THE PLUGIN CHANGES"


@pytest.fixture
def repository(tree: Tree) -> Tree:
    """Return a repository with one overlay, whose environment is not tracked."""
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    git(tree.path, "init", "-q", "-b", "main")
    commit(tree)
    return tree


def commit(tree: Tree, *more: str) -> None:
    git(tree.path, "add", "-A")
    for name in more:
        git(tree.path, "add", "-f", name)
    git(tree.path, "commit", "-qm", "change")


def assert_listed(tree: Tree, *files: str, last: str = "HEAD") -> Done:
    """Assert that the last commit is said to change exactly *files* of what a build executes, checked out or not."""
    for arguments in (("HEAD~1", last), ("HEAD~1",)):
        done = tree.bulkhead("diff", *arguments, "--format", "json")
        assert (done.status, json.loads(done.stdout)["plugin"]) == (1, sorted(files)), (arguments, done.stderr)
    text = tree.bulkhead("diff", "HEAD~1", last, "--fail-on", "internet")
    assert (text.status, text.stdout.startswith(HEADLINE)) == (1, True)
    assert all(f"\n  {file}\n" in text.stdout for file in files)
    return text


def test_without_a_change_there_is_no_headline(repository: Tree) -> None:
    repository.overlay("shop", "  egress:\n    lan: {to: lan, ports: 80}\n")
    commit(repository)
    assert HEADLINE not in repository.bulkhead("diff", "HEAD~1", "HEAD").stdout
    assert HEADLINE not in repository.bulkhead("diff", "HEAD~1").stdout


def test_every_file_is_listed(repository: Tree) -> None:
    names = [f"plugin/bulkhead/more/m{i}.py" for i in range(30)]
    for name in names:
        repository.write(name, "\n")
    commit(repository)
    assert_listed(repository, *names)
    markdown = repository.bulkhead("diff", "HEAD~1", "HEAD", "--format", "markdown").stdout
    assert markdown.startswith((f"**{HEADLINE} \\(30 files\\)", f"**{HEADLINE} (30 files)"))
    assert markdown.count("bulkhead/more") == 30


def test_a_mode_is_a_change(repository: Tree) -> None:
    (repository.path / "plugin/bulkhead/krm.py").chmod(0o755)
    commit(repository)
    assert_listed(repository, "plugin/bulkhead/krm.py")


def test_the_configuration_of_the_function_is_a_change(repository: Tree) -> None:
    file = repository.path / "plugin/expand.yaml"
    file.write_text(file.read_text() + "# more\n")
    commit(repository)
    assert_listed(repository, "plugin/expand.yaml")


def test_compiled_python_that_is_committed_is_a_change(repository: Tree) -> None:
    name = "plugin/bulkhead/__pycache__/krm.cpython-311.pyc"
    repository.write(name, b"\0")
    commit(repository, name)
    assert_listed(repository, name)


def test_an_interpreter_that_is_committed_is_a_change(repository: Tree) -> None:
    (repository.path / ".venv").unlink()
    repository.write(".venv/bin/python", "#!/bin/sh\n").chmod(0o755)
    commit(repository, ".venv")
    assert_listed(repository, ".venv/bin/python")
    repository.write(".venv/lib/sitecustomize.py", "import this\n")
    commit(repository, ".venv")
    assert_listed(repository, ".venv/lib/sitecustomize.py")


def test_a_file_that_a_link_leads_to_is_listed_when_the_link_comes_and_when_the_file_changes(repository: Tree) -> None:
    repository.write("tools/py/bin/python", "#!/bin/sh\n").chmod(0o755)
    commit(repository)
    (repository.path / ".venv").unlink()
    (repository.path / ".venv").symlink_to("tools/py")
    commit(repository, ".venv")
    assert_listed(repository, ".venv", "tools/py/bin/python")
    repository.write("tools/py/bin/python", "#!/bin/sh\nrm -rf /\n")
    commit(repository)
    assert_listed(repository, "tools/py/bin/python")


def test_a_module_behind_a_link_inside_the_plugin_is_part_of_it(repository: Tree) -> None:
    repository.write("lib/yaml/__init__.py", "\n")
    (repository.path / "plugin/yaml").symlink_to("../lib/yaml")
    commit(repository)
    assert_listed(repository, "plugin/yaml", "lib/yaml/__init__.py")
    repository.write("lib/yaml/_yaml.py", "\n")
    commit(repository)
    assert_listed(repository, "lib/yaml/_yaml.py")


def test_a_link_to_the_plugin_that_leads_elsewhere_is_listed(repository: Tree) -> None:
    shutil.copytree(repository.path / "plugin", repository.path / "vendor/plugin", symlinks=True)
    repository.write("vendor/plugin/bulkhead/krm.py", "\n")
    (repository.path / "clusters").mkdir()
    (repository.path / "clusters/plugin").symlink_to("../plugin")
    text = "resources: [../../../base]\nnamespace: shop\ntransformers: [../../plugin]\n"
    repository.write("clusters/overlays/shop/kustomization.yaml", text)
    repository.write("kustomization.yaml", "resources: [clusters/overlays/shop]\n")
    shutil.rmtree(repository.path / "overlays")  # the root lists every overlay that there is
    commit(repository)
    (repository.path / "clusters/plugin").unlink()
    (repository.path / "clusters/plugin").symlink_to("../vendor/plugin")
    commit(repository)
    done = repository.bulkhead("diff", "HEAD~1", "HEAD", "--format", "json")
    listed = json.loads(done.stdout)["plugin"]
    assert done.status == 1
    assert {"clusters/plugin", "plugin/bulkhead/krm.py", "vendor/plugin/bulkhead/krm.py"} <= set(listed)


def test_the_older_kind_of_plugin_includes_what_it_links_to(repository: Tree) -> None:
    program = repository.path / "plugin/legacy/home/bulkhead.dev/v1alpha1/expand/Expand"
    program.unlink()
    program.symlink_to("../../../../../expand")
    repository.overlay(
        "shop", kustomization="resources: [../../base]\nnamespace: shop\ntransformers: [../../plugin/legacy]\n"
    )
    commit(repository)
    repository.write("plugin/bulkhead/krm.py", "\n")
    commit(repository)
    assert_listed(repository, "plugin/bulkhead/krm.py")


def test_what_is_not_committed_is_listed_too(repository: Tree) -> None:
    repository.write("plugin/bulkhead/new.py", "\n")
    (repository.path / "plugin/expand").chmod(0o711)
    done = repository.bulkhead("diff", "--format", "json")
    assert (done.status, json.loads(done.stdout)["plugin"]) == (1, ["plugin/bulkhead/new.py"])


def test_line_ends_that_git_converts_are_no_change(repository: Tree) -> None:
    git(repository.path, "config", "core.autocrlf", "true")
    file = repository.path / "plugin/bulkhead/krm.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert HEADLINE not in repository.bulkhead("diff").stdout
    file.write_bytes(file.read_bytes() + b"import this\r\n")
    assert repository.bulkhead("diff").stdout.startswith(f"{HEADLINE} (1 file)")


def test_a_plugin_that_is_not_the_bulkhead_that_judges_is_named(repository: Tree) -> None:
    repository.write("plugin/bulkhead/krm.py", "\n")
    commit(repository)
    repository.overlay("shop", "  egress:\n    lan: {to: lan, ports: 80}\n")
    done = repository.bulkhead("diff")
    note = "note: the plugin in plugin is not the bulkhead that runs here (1 file): plugin/bulkhead/krm.py"
    assert note in done.stdout


@pytest.mark.parametrize("target", ["plugin", "../../..", "/etc", "nowhere", "./plugin/../plugin"])
def test_links_that_lead_nowhere_or_in_circles_end(repository: Tree, target: str) -> None:
    os.symlink(target, repository.path / "plugin/loop")
    commit(repository)
    done = repository.bulkhead("diff", "HEAD~1", "HEAD", "--format", "json")
    assert (done.status, json.loads(done.stdout)["plugin"]) == (1, ["plugin/loop"])


def test_two_folders_are_compared_too(repository: Tree) -> None:
    other = repository.path.parent / f"{repository.path.name}-other"
    shutil.copytree(repository.path, other, symlinks=True)
    assert repository.bulkhead("diff", "--dirs", ".", other).status == 0
    Tree(other).write("plugin/bulkhead/krm.py", "\n")
    done = repository.bulkhead("diff", "--dirs", ".", other)
    assert (done.status, done.stdout.startswith(HEADLINE)) == (1, True)
    assert "\n  plugin/bulkhead/krm.py\n" in done.stdout


@pytest.mark.parametrize("is_repository", [True, False])
@pytest.mark.parametrize("program", [".venv/bin/python", "plugin/bulkhead/__pycache__/krm.cpython-311.pyc"])
def test_of_two_folders_everything_that_a_build_executes_is_listed(
    repository: Tree, program: str, is_repository: bool
) -> None:
    for made in (repository.path / "plugin").rglob("__pycache__"):
        shutil.rmtree(made)
    (repository.path / ".venv").unlink()
    other = Tree(repository.path.parent / f"{repository.path.name}-other")
    shutil.copytree(repository.path, other.path, symlinks=True)
    other.write(program, "#!/bin/sh\nexit 1\n").chmod(0o755)
    if is_repository:
        commit(other, program)
    else:
        shutil.rmtree(repository.path / ".git")
        shutil.rmtree(other.path / ".git")
    done = repository.bulkhead("diff", "--dirs", ".", other.path, "--format", "json")
    assert (done.status, json.loads(done.stdout)["plugin"]) == (1, [program]), done.stderr


def test_of_two_working_trees_what_python_makes_is_no_change(repository: Tree) -> None:
    other = Tree(repository.path.parent / f"{repository.path.name}-other")
    shutil.copytree(repository.path, other.path, symlinks=True)
    other.write("plugin/bulkhead/__pycache__/krm.cpython-399.pyc", "made")
    done = repository.bulkhead("diff", "--dirs", ".", other.path)
    assert (done.status, done.stdout[:9]) == (0, "NO EFFECT"), done.stderr


def test_an_unlisted_folder_of_a_revision_is_named_by_its_path_in_the_repository(repository: Tree) -> None:
    rules = repository.path / "overlays/other"
    shutil.copytree(repository.path / "overlays/shop", rules)
    commit(repository)
    done = repository.bulkhead("diff", "HEAD~1", "HEAD")
    assert done.status == 2
    assert done.stderr.startswith("overlays/other: error: cannot be reviewed: the root does not list it")
