"""
A verdict is about what is delivered: folders that the root does not list, and text as git checks it out or packs it.

Real git says each time that the text differs.
"""

import io
import json
import tarfile

import pytest
from conftest import STANDARD_OVERLAY, Tree, git, run


@pytest.fixture
def repository(tree: Tree) -> Tree:
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.commit("--allow-empty")
    return tree


def assert_not_compared(tree: Tree, says: str) -> None:
    """Assert that neither the last commit nor the working tree is compared with the one before."""
    for arguments in (("HEAD~1", "HEAD"), ("HEAD~1",)):
        done = tree.bulkhead("diff", *arguments)
        assert (done.status, done.stdout) == (2, ""), done.stdout
        assert f"error: cannot be reviewed: {says}" in done.stderr


class TestUnlisted:
    """Folders below `overlays/` that the root does not list."""

    SAYS = "the root does not list it, and an ApplicationSet delivers it"

    @pytest.mark.parametrize("folder", ["blog", "team/blog"])
    def test_a_new_one_is_refused_by_both_commands(self, repository: Tree, folder: str) -> None:
        up = "../" * folder.count("/")
        text = f"resources: [{up}../../base]\nnamespace: blog\n"
        repository.write(f"overlays/{folder}/kustomization.yaml", text)
        repository.commit("--allow-empty")
        done = repository.bulkhead("validate")
        assert (done.status, done.stdout) == (1, "")
        assert f"overlays/{folder}: error: {self.SAYS}" in done.stderr
        assert_not_compared(repository, self.SAYS)

    def test_one_of_plain_manifests_is_one_too(self, repository: Tree) -> None:
        repository.write("overlays/blog/policy.yaml", "kind: NetworkPolicy\n")
        repository.commit("--allow-empty")
        assert_not_compared(repository, self.SAYS)

    def test_one_that_is_the_same_on_both_sides_is_noted(self, repository: Tree) -> None:
        repository.overlay("blog")
        repository.commit("--allow-empty")
        repository.overlay("shop", "  egress:\n    lan: {to: lan, ports: 80}\n")
        repository.commit("--allow-empty")
        done = repository.bulkhead("diff", "HEAD~1", "HEAD")
        assert done.status == 1
        assert "note: overlays/blog is not judged: the root does not list it, and it is the same" in done.stdout

    @pytest.mark.parametrize("what", ["its own file", "its base", "its absence"])
    def test_one_that_changes_is_refused(self, repository: Tree, what: str) -> None:
        repository.overlay("blog", "  egress:\n    lan: {to: lan, ports: 80}\n")
        repository.commit("--allow-empty")
        if what == "its own file":
            repository.overlay("blog", "  egress:\n    lan: {to: lan, ports: 81}\n")
        elif what == "its base":
            file = repository.path / "base/namespace.yaml"
            file.write_text(file.read_text() + "# more\n")
        else:
            for name in ("kustomization.yaml", "rules.yaml"):
                (repository.path / "overlays/blog" / name).unlink()
        repository.commit("--allow-empty")
        assert_not_compared(repository, self.SAYS)

    def test_one_that_is_listed_and_changed_at_once_is_refused(self, repository: Tree) -> None:
        repository.overlay("blog")
        repository.commit("--allow-empty")
        repository.write("kustomization.yaml", "resources: [overlays/shop, overlays/blog]\n")
        repository.commit("--allow-empty")
        done = repository.bulkhead("diff", "HEAD~1", "HEAD")
        assert (done.status, "CLOSES" in done.stdout, "does not list it before" in done.stdout) == (1, True, True)
        repository.overlay("blog", "  egress:\n    lan: {to: lan, ports: 80}\n")
        git(repository.path, "commit", "-qa", "--amend", "-m", "change")
        git(repository.path, "add", "-A")
        git(repository.path, "commit", "-q", "--amend", "-m", "change")
        assert_not_compared(repository, self.SAYS)

    def test_one_that_leads_to_a_listed_one_and_hidden_ones_are_none(self, repository: Tree) -> None:
        (repository.path / "overlays/link").symlink_to("shop")
        repository.write("overlays/.old/kustomization.yaml", STANDARD_OVERLAY.format(namespace="old"))
        assert repository.bulkhead("validate").status == 0

    @pytest.mark.parametrize("place", ["file", "inline"])
    def test_one_that_runs_a_program_of_its_own_is_the_same_as_none(self, repository: Tree, place: str) -> None:
        config = {
            "apiVersion": "example.org/v1",
            "kind": "Made",
            "metadata": {
                "name": "made",
                "annotations": {"config.kubernetes.io/function": "exec: {path: ./make.sh}"},
            },
        }
        repository.write("overlays/blog/made.yaml", json.dumps(config))
        entry = "made.yaml" if place == "file" else json.dumps(json.dumps(config))
        repository.write("overlays/blog/kustomization.yaml", f"generators: [{entry}]\n")
        self.program(repository, "one")
        repository.commit("--allow-empty")
        assert "name: one" in repository.build("overlays/blog").stdout
        self.program(repository, "other")
        repository.commit("--allow-empty")
        assert "name: other" in repository.build("overlays/blog").stdout
        assert_not_compared(repository, self.SAYS)

    def program(self, tree: Tree, name: str) -> None:
        item = f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}"
        text = f"#!/bin/sh\necho '{{apiVersion: config.kubernetes.io/v1, kind: ResourceList, items: [{item}]}}'\n"
        tree.write("overlays/blog/make.sh", text).chmod(0o755)

    def test_one_with_a_plugin_of_its_own_is_the_same_as_none(self, repository: Tree) -> None:
        run("cp", "-r", repository.path / "plugin", repository.path / "second")
        config = repository.path / "second/expand.yaml"
        config.write_text(config.read_text().replace("../../plugin/expand", "../../second/expand"))
        text = STANDARD_OVERLAY.format(namespace="blog").replace("../../plugin", "../../second")
        repository.write("overlays/blog/kustomization.yaml", text)
        repository.commit("--allow-empty")
        (repository.path / "second/expand").write_text("#!/bin/sh\nexit 1\n")
        assert repository.build("overlays/blog").status == 1
        repository.commit("--allow-empty")
        assert_not_compared(repository, self.SAYS)

    def test_two_folders_are_compared_in_the_same_way(self, repository: Tree, tmp_path_factory: object) -> None:
        other = repository.path.parent / f"{repository.path.name}-other"
        run("cp", "-r", repository.path, other)
        Tree(other).overlay("blog")
        done = repository.bulkhead("diff", "--dirs", ".", other)
        assert (done.status, self.SAYS in done.stderr) == (2, True)


def archived(tree: Tree, name: str) -> bytes | None:
    """Return what an archive of the last commit holds of *name*."""
    done = run("git", "archive", "--format=tar", "-o", tree.path.parent / "archive.tar", "HEAD", cwd=tree.path)
    assert done.status == 0
    with tarfile.open(fileobj=io.BytesIO((tree.path.parent / "archive.tar").read_bytes())) as archive:
        try:
            file = archive.extractfile(name)
        except KeyError:
            return None
        return file.read() if file else None


def checked_out(tree: Tree, name: str) -> bytes:
    """Return what a clone of the last commit holds of *name*."""
    clone = tree.path.parent / f"{tree.path.name}-clone"
    run("rm", "-rf", clone)
    git(tree.path, "clone", "-q", tree.path, clone)
    return (clone / name).read_bytes()


def stored(tree: Tree, name: str) -> bytes:
    return git(tree.path, "show", f"HEAD:{name}").encode() + b"\n"


class TestAttributes:
    """Attributes of git on files that a build reads or executes."""

    RULES = "overlays/shop/rules.yaml"

    def written(self, tree: Tree, attributes: str, where: str = "", rules: str = "") -> None:
        tree.write(f"{where}.gitattributes", attributes)
        self.written_rules(tree, rules)

    def written_rules(self, tree: Tree, rules: str = "") -> None:
        tree.overlay("shop", f"  egress:\n    lan: {{to: lan, ports: 80}} # $Id$ $Format:%H$\n{rules}")
        tree.commit("--allow-empty")

    @pytest.mark.parametrize(
        ("where", "pattern", "attribute"),
        [
            ("", "*.yaml", "ident"),
            ("", "*.yaml", "eol=crlf"),
            ("", "*.yaml", "working-tree-encoding=ISO-8859-1"),
            ("", "/overlays/*/rules.yaml", "ident"),
            ("", "**/rules.yaml", "ident"),
            ("", "overlays/**/rules.yaml", "ident"),
            ("", "overlays/shop/**/rules.yaml", "ident"),
            ("", "overlays/shop/r[!x]les.yam?", "ident"),
            ("overlays/", "*.yaml", "ident"),
            ("overlays/shop/", "/rules.yaml", "ident"),
            ("overlays/", "shop/rules.yaml", "ident"),
            ("", '"rules.yaml"', "ident"),
            ("", "**.yaml", "ident"),
            ("", "[[:alpha:]]ules.yaml", "ident"),
            ("", "overlays/shop/[\x0cr]ules.yaml", "ident"),
            ("", "overlays/shop/\\rules.yaml", "ident"),
            ("", "*.yaml ident\n[!r]ules.yaml -ident\n/other/**.yaml", "-ident"),
        ],
    )
    def test_another_text_in_the_checkout_is_refused(
        self, repository: Tree, where: str, pattern: str, attribute: str
    ) -> None:
        self.written(repository, f"{pattern} {attribute}\n", where, "    # \u00e9\n")
        assert checked_out(repository, self.RULES) != stored(repository, self.RULES)
        assert_not_compared(repository, f"`{attribute.removeprefix('-')}` makes git check `")

    @pytest.mark.parametrize(
        "attributes",
        ["[attr]odd ident\n*.yaml odd\n", "*.yaml odd\n[attr]odd ident\n",
         "*.yaml odd\n[attr]odd even\n[attr]even ident\n"],
    )  # fmt: skip
    def test_a_macro_is_followed_wherever_it_is_defined(self, repository: Tree, attributes: str) -> None:
        self.written(repository, attributes)
        assert checked_out(repository, self.RULES) != stored(repository, self.RULES)
        assert_not_compared(repository, "`ident` makes git check `")

    @pytest.mark.parametrize("pattern", ["rules.yaml", "overlays/shop", "/overlays", "overlays/"])
    @pytest.mark.parametrize("attribute", ["export-ignore", "export-subst"])
    def test_another_text_in_an_archive_is_refused(self, repository: Tree, pattern: str, attribute: str) -> None:
        self.written(repository, f"{pattern} {attribute}\n")
        if archived(repository, self.RULES) == stored(repository, self.RULES):
            assert repository.bulkhead("diff", "HEAD~1", "HEAD").status == 1
        else:
            assert_not_compared(repository, f"`{attribute}` changes or leaves out `")

    def test_a_filter_is_refused_whether_or_not_it_is_known_here(self, repository: Tree) -> None:
        self.written(repository, "*.yaml filter=lfs\n")
        assert_not_compared(repository, "`filter=lfs` makes git check `")

    @pytest.mark.parametrize("name", ["plugin/expand", "plugin/bulkhead/krm.py"])
    def test_programs_are_files_that_a_build_reads(self, repository: Tree, name: str) -> None:
        self.written(repository, f"/{name} ident\n")
        assert_not_compared(repository, f"`ident` makes git check `{name}`")

    @pytest.mark.parametrize(
        "attributes",
        [
            "*.yaml text\n", "*.yaml text=auto eol=lf\n", "*.rst ident\n", "docs/** filter=x\n", "*.yaml diff=x\n",
            "*.yaml ident\n*.yaml -ident\n", "*.yaml ident\n/overlays/** -ident\nbase/* !ident\nplugin/** !ident\n"
            "kustomization.yaml !ident\n", "# *.yaml ident\n", "*.yaml binary\n", "overlays ident\n",
        ],
    )  # fmt: skip
    def test_attributes_that_change_nothing_here_are_not_in_the_way(self, repository: Tree, attributes: str) -> None:
        self.written(repository, attributes)
        assert checked_out(repository, self.RULES) == stored(repository, self.RULES)
        done = repository.bulkhead("diff", "HEAD~1", "HEAD")
        assert (done.status, done.stderr) == (1, "")

    @pytest.mark.parametrize(
        ("where", "target"),
        [
            ("", "* ident"),
            ("overlays/", "/nowhere"),
            ("overlays/shop/", "../x"),
            ("base/", "* -ident"),
            ("plugin/bulkhead/", "x"),
        ],
    )
    def test_attributes_that_are_a_link_are_refused(self, repository: Tree, where: str, target: str) -> None:
        (repository.path / f"{where}.gitattributes").symlink_to(target)
        self.written_rules(repository)
        assert_not_compared(repository, "git may take the text of this symbolic link for attributes")

    def test_git_takes_the_text_of_a_link_for_attributes(self, repository: Tree) -> None:
        (repository.path / "overlays/.gitattributes").symlink_to("*.yaml ident")
        self.written_rules(repository)
        assert checked_out(repository, self.RULES) != stored(repository, self.RULES)

    def test_a_link_next_to_what_no_build_reads_is_not_in_the_way(self, repository: Tree) -> None:
        (repository.path / "pictures").mkdir()
        (repository.path / "pictures/.gitattributes").symlink_to("* ident")
        self.written_rules(repository)
        done = repository.bulkhead("diff", "HEAD~1", "HEAD")
        assert (done.status, done.stderr) == (1, "")

    def test_attributes_outside_of_the_tree_count(self, repository: Tree) -> None:
        self.written(repository, "")
        (repository.path / ".git/info/attributes").write_text("*.yaml ident\n")
        assert_not_compared(repository, "`ident` makes git check `")
        (repository.path / ".git/info/attributes").unlink()
        users = repository.path.parent / "attributes"
        users.write_text("*.yaml ident\n")
        git(repository.path, "config", "core.attributesFile", users)
        assert_not_compared(repository, "`ident` makes git check `")
