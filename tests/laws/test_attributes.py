"""Law: a file that git says it alters, in a checkout or in an archive, is one that the review refuses."""

import os
import subprocess
from pathlib import Path

import pytest
from bulkhead.io.git.attributes import altered_texts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.native  # git needs a process

FILES = ["overlays/shop/rules.yaml", "overlays/shop/kustomization.yaml", "base/cluster.yaml"]
FOLDERS = ["overlays", "overlays/shop", "base"]
NAMES = ["ident", "filter", "working-tree-encoding", "export-ignore", "export-subst", "eol"]

PATTERNS = st.sampled_from(
    [
        "*",
        "*.yaml",
        "rules.yaml",
        "/overlays/shop/rules.yaml",
        "overlays/shop/rules.yaml",
        "overlays/**",
        "**/rules.yaml",
        "overlays/**/rules.yaml",
        "overlays/*",
        "overlays",
        "overlays/shop",
        "overlays/shop/",
        "overlays/",
        "r*.yaml",
        "r[!x]les.yaml",
        "!rules.yaml",
        "\\rules.yaml",
        '"rules.yaml"',
        '"overlays/shop/rules.yaml"',
        '"*.yaml"',
        '"r\\165les.yaml"',
        '"unclosed',
        "#rules.yaml",
        "[attr]odd",
        "[attr]ident",
        "**",
        "rules.yaml/**",
        "rules.yam?",
        "\ufeff*.yaml",
        "*\u00a0.yaml",
    ]
)
SETS = st.sampled_from(
    ["ident", "filter=x", "working-tree-encoding=UTF-16", "export-ignore", "export-subst", "eol=crlf", "odd"]
)
UNSETS = st.builds("".join, st.tuples(st.sampled_from("-!"), st.sampled_from([*NAMES, "odd"])))
ODD = st.sampled_from(
    [
        "b@d",
        "-ident",
        'x="',
        "a" * 2100,
        "builtin_x",
        "-builtin_objectmode",
        "x\0y",
        "\0",
        "ident\0",
        "-ident\0",
        "--ident",
        "eol=lf",
        "text",
        "binary",
        "ident=",
        "filter",
        "-filter=x",
        "!",
        "-",
        "=",
        "ident\u00a0",
        "-\u00efdent",
        "x=\x7f",
    ]
)
LINES = st.builds(
    lambda pattern, words, blank: blank.join([pattern, *words]),
    PATTERNS,
    st.lists(SETS | UNSETS | ODD, max_size=4),
    st.sampled_from([" ", "\t", "  ", " \r", "\x0c", "\x0b"]),
)
CONTENTS = st.builds("".join, st.lists(st.builds("".join, st.tuples(LINES, st.sampled_from("\n\r"))), max_size=5))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("attributes")
    subprocess.run(["git", "init", "-q", top], check=True)
    for folder in FOLDERS:
        (top / folder).mkdir(parents=True, exist_ok=True)
    return top


def set_by_git(top: Path) -> set[tuple[str, str]]:
    """Return path and attribute of what git alters; a folder that an archive leaves out takes its files along."""
    asked = "\0".join([*FILES, *FOLDERS])
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(top), "check-attr", "-z", "--stdin", *NAMES]
    done = subprocess.run(command, input=asked.encode(), capture_output=True, check=True, env=environment)
    words = done.stdout.decode(errors="replace").split("\0")
    found = set()
    for path, name, value in zip(words[::3], words[1::3], words[2::3], strict=False):
        if (value == "crlf") if name == "eol" else value not in ("unset", "unspecified"):
            below = [file for file in FILES if file.startswith(f"{path}/")] if name == "export-ignore" else []
            found |= {(each, name) for each in [path, *below] if each in FILES}
    return found


@given(st.dictionaries(st.sampled_from(["", "overlays/", "overlays/shop/"]), CONTENTS, min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_git_alters_is_found(repository: Path, contents: dict[str, str]) -> None:
    for folder in ("", "overlays/", "overlays/shop/"):
        (repository / f"{folder}.gitattributes").unlink(missing_ok=True)
    for folder, content in contents.items():
        (repository / f"{folder}.gitattributes").write_bytes(content.encode())

    def read(name: str) -> bytes | None:
        file = repository / name
        return file.read_bytes() if file.is_file() else None

    found = {(each.path, each.attribute.lstrip("-!").partition("=")[0]) for each in altered_texts(FILES, read)}
    assert set_by_git(repository) - found == set()
