"""What the README says is so. Its commands are run in order by test_fresh_checkout.py."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, Tree, git, run
from system.pages import commands


def test_every_page_that_is_linked_is_there() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page}: {link}"


@pytest.mark.parametrize("flags", [[], ["--enable-alpha-plugins"], ["--enable-alpha-plugins", "--enable-exec"]])
def test_what_happens_without_the_flags_is_what_the_readme_says(flags: list[str]) -> None:
    done = run("kustomize", "build", *flags, "overlays/media")
    assert (done.status == 0) == (len(flags) == 2)
    assert bool(done.stdout) == (len(flags) == 2)


def test_the_change_at_the_top_is_reviewed_as_the_readme_shows(cluster: Tree) -> None:
    overlay = cluster.path / "overlays/email-gateway/kustomization.yaml"
    patched = overlay.read_text()
    overlay.write_text(patched.replace("patches: [{path: rules.yaml}]\n", ""))
    git(cluster.path, "init", "-q", "-b", "main")
    git(cluster.path, "add", "base", "overlays", "plugin", "kustomization.yaml")
    git(cluster.path, "commit", "-q", "-m", "The standard pattern")
    overlay.write_text(patched)
    (example, *_) = commands(Path("README.md"))
    reviewed = cluster.bulkhead(*example.text.split()[1:])
    assert reviewed.status == 1
    commit = re.compile(r"main \([0-9a-f]+\)")
    assert commit.sub("main", reviewed.stdout) == commit.sub("main", example.output)


def test_the_lines_at_the_top_are_those_of_the_overlay() -> None:
    (shown, *_) = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    written = (ROOT / "overlays/email-gateway/rules.yaml").read_text()
    assert shown.partition("\n")[2] == written.partition("\n")[2]
