"""Every JSON document that a command prints names its schema and version, as docs/reference/output.md promises."""

import importlib
import json
import re
from collections.abc import Iterator

import pytest
from bulkhead.cli.registry import COMMANDS
from conftest import ROOT, Tree, bulkhead

ARGUMENTS = {
    "reach": [],
    "explain": ["cardboard", "trade-bot:80"],
    "lint": [],
    "test": [],
    "diff": ["--dirs", ".", "."],
    "flows": ["tests/flows/records.csv", "--inventory", "tests/flows/cluster.json"],
    "adopt": ["--dump", "tests/reference/cardboard.yaml"],
}
"""A use of each command that has a format `json`, in the reference cluster."""


def formats() -> dict[str, list[str]]:
    """Return the formats of each command that has several, from its help."""
    found = {}
    for command in COMMANDS:
        listed = re.search(r"--format FORMAT\s+([a-z, ]+)", bulkhead(command, "--help").stdout)
        if listed:
            found[command] = [each.strip() for each in listed[1].split(",")]
    return found


def registered() -> Iterator[tuple[str, str]]:
    """Yield each command with a format that is registered for it in ``bulkhead.report``."""
    for command in ARGUMENTS:
        module = importlib.import_module(f"bulkhead.report.{command}.{command}_formats")
        yield from ((command, each) for each in vars(module)[f"{command.upper()}_FORMATS"])


REGISTERED = list(registered())


def test_every_command_with_a_json_format_is_tested_here() -> None:
    assert {command for command, known in formats().items() if "json" in known} == set(ARGUMENTS)


@pytest.mark.parametrize(("command", "form"), [each for each in REGISTERED if each[1] in ("json", "sarif", "pairs")])
def test_json_document_names_its_schema_and_version(command: str, form: str) -> None:
    done = bulkhead(command, *ARGUMENTS[command], "--format", form, cwd=ROOT)
    assert done.status in (0, 1), done.stderr
    document = json.loads(done.stdout)
    described = (ROOT / "docs/reference/output.md").read_text() + (ROOT / "docs/reference/lint.md").read_text()
    if form == "pairs":
        assert isinstance(document, list) and f"`{command} --format pairs`" in described, "the one bare list"
        return
    first, second = list(document)[:2]
    if form == "sarif":
        assert (first, document["version"]) == ("$schema", "2.1.0")
        return
    assert (first, second) == ("schema", "version")
    assert document["schema"] == f"bulkhead.dev/{command}/v{document['version']}"
    assert f"`{document['schema']}`" in described


def test_document_of_nothing_is_whole(tree: Tree) -> None:
    tree.write("empty.json", '{"kind": "List", "items": []}')
    done = tree.bulkhead("lint", "--manifests", "empty.json", "--format", "json")
    if done.status != 2:
        assert json.loads(done.stdout)["schema"] == "bulkhead.dev/lint/v1"


def test_validate_does_not_speak_of_rendering(tree: Tree) -> None:
    tree.overlay("shop", "  egress: {x: {to: nobody}}\n")
    said = tree.bulkhead("validate", "overlays/shop")
    assert (said.status, "rendered" in said.stdout + said.stderr) == (1, False)
    assert "nothing was rendered" in tree.bulkhead("render", "overlays/shop").stderr
