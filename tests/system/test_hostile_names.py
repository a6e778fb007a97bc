"""
No name acts on a terminal or on the log of a CI system: every command and every format, over names of a stranger.

A name is a key or a text in YAML, a path, a revision, an argument, or what kustomize and git say about one of these.
"""

import io
import itertools
import json
import re
import unicodedata
from collections.abc import Iterator

import pytest
from bulkhead import krm
from bulkhead.cli.registry import COMMANDS
from bulkhead.core.safe_text import printable, safe_text
from conftest import PYTHON, Done, Tree, git, run

NAMES = {
    "escape": "x\x1b[2J\x1b]0;title\x07y",
    "C1 control": "x\x9b2Jy\x85",
    "workflow command": "x\n::error file=a:b,line=1::y",
    "workflow command behind blanks": "x\n \t ::add-mask::y",
    "log command": "##[group]y",
    "log command of Azure": "x ##vso[task.setvariable variable=a]y",
    "carriage return": "x\r::warning::y",
    "other line ends": "x\u2028::error::y\u2029z\x0b::error::\x0c",
    "bidi": "x\u202ey\u2066z\u200f",
    "no width": "x\u200by\u2060\ufeff\u00adz\u180e",
    "no width, printable": "x\ufe0f\u034f\u3164\U000e0100",
    "tags": "x\U000e0041\U000e007f",
}

IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point of Unicode, without the musical and shorthand ones."""


def acts(text: str) -> Iterator[str]:
    """Yield what of *text* acts on who shows it: the rules of GitHub's and Azure's runners, and of Unicode."""
    for each in text:
        if each not in "\n\t" and unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
            yield f"U+{ord(each):04X}"
    yield from (f"U+{ord(each):04X}" for each in IGNORABLE.findall(text))
    for line in text.splitlines():
        said = line.strip()
        if said.startswith("::") and said.find("::", 2) > 2:
            yield said
        yield from re.findall(r"##(?:\[|vso\[)", line)


def assert_harmless(done: Done, *shown: str) -> None:
    """Nothing in *shown*, by default in both streams, acts; the command has ended with a status of its own."""
    for text in shown or (done.stdout, done.stderr):
        assert list(acts(text)) == [], text
    assert done.status in (0, 1, 2), done
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr


def written(name: str) -> str:
    """Return *name* as YAML writes it, in ASCII."""
    return '"' + "".join(f"\\U{ord(each):08X}" if ord(each) > 0xFFFF else json.dumps(each)[1:-1] for each in name) + '"'


NAMED = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())


@NAMED
def test_the_check_sees_each_name(name: str) -> None:
    assert list(acts(f"{name}\n"))
    for shown in (safe_text(printable(name)), safe_text(name), safe_text(f"a\n{name}", True), safe_text(f" {name}")):
        assert list(acts(shown)) == []


MANIFESTS = """\
apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {{team: {name}}}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}, {name}: x}}}}
spec: {{containers: [{{name: {name}, ports: [{{name: {name}, containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: other, namespace: {name}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: shop, annotations: {{bulkhead.dev/why: {name}, bulkhead.dev/rule: {name}}}}}
spec:
  podSelector: {{}}
  ingress: [{{from: [{{podSelector: {{matchLabels: {{app: {name}}}}}}}, {{namespaceSelector: {{matchExpressions: [
    {{key: team, operator: In, values: [{name}]}}]}}}}], ports: [{{port: {port}}}]}}]
"""

ENDS = ["shop", "shop/other"]


def analyses(*given: str) -> list[list[str]]:
    """Return every command that analyses policies, in every format, with the options *given*."""
    forms = {
        "reach": ["text", "markdown", "json", "pairs"],
        "explain": ["text", "json"],
        "lint": ["text", "json", "sarif", "markdown"],
        "test": ["text", "json", "junit"],
    }
    ends = {"explain": ENDS}
    found = [[each, *ends.get(each, []), *given, "--format", form] for each, known in forms.items() for form in known]
    found += [["report", *given], *(["draw", *given, "--format", form] for form in ("mermaid", "dot"))]
    return [*found, ["reach", "--from", "shop", *given], ["reach", "--to", "shop", *given, "--format", "markdown"]]


TESTS = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ReachabilityTest
metadata: {{name: shop}}
spec: {{tests: [{{from: internet, to: shop, allowed: true, because: {name}}}]}}
"""


@NAMED
@pytest.mark.parametrize("port", ["80", "{name}"], ids=["number", "name"])
def test_names_in_manifests(tree: Tree, name: str, port: str) -> None:
    text = MANIFESTS.format(name=written(name), port=port.format(name=written(name)))
    tree.write("m/a.yaml", text)
    tree.write("m/valid.yaml", MANIFESTS.format(name="plain", port=80).replace("rule: plain", f"rule: {written(name)}"))
    tree.write("n/a.yaml", text.replace("podSelector: {}", "podSelector: {matchLabels: {app: x}}"))
    tree.write("tests/reachability/shop.yaml", TESTS.format(name=written(name)))
    for at in ("m", "m/valid.yaml", "m/a.yaml"):
        for command in analyses("--manifests", at):
            assert_harmless(tree.bulkhead(*command))
    for form in ("text", "markdown", "html", "sarif", "json", "pairs"):
        for other in ("n", "m/valid.yaml"):
            assert_harmless(tree.bulkhead("diff", "--manifests", other, "m", "--format", form))


@NAMED
def test_names_of_files(tree: Tree, name: str) -> None:
    path = name.replace("/", "_")
    good = MANIFESTS.format(name="plain", port=80)
    for text in (good, good.replace("NetworkPolicy", "NetworkPolicy\nspec: x"), "a: [", "kind: [a]\n"):
        tree.write(f"m/{path}.yaml", text)
        for command in analyses("--manifests", "m"):
            assert_harmless(tree.bulkhead(*command))
        tree.write(f"tests/reachability/{path}.yaml", text)
        assert_harmless(tree.bulkhead("test", "--manifests", "m"))
        assert_harmless(tree.bulkhead("diff", "--manifests", "m", f"m/{path}.yaml"))


RULES = """\
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata: {name: standard}
spec:
  egress:
    smtp: {to: internet, ports: 587, why: NAME, owner: NAME, accept: {named-port-shared: NAME}}
"""

PLACES = [
    ("why: NAME", "why: NAME"),
    ("to: internet", "to: NAME"),
    ("smtp", "NAME"),
    ("ports: 587", "ports: NAME"),
    ("owner:", "NAME:"),
    ("named-port-shared", "NAME"),
    ("name: standard", "name: NAME"),
    ("egress", "NAME"),
    ("kind: SegmentedNamespace", "kind: NAME"),
    ("v1alpha1", "v1alpha1\nNAME: x"),
]


def proposed(name: str) -> Iterator[str]:
    """Yield the rules of an overlay with *name* in one place each; the rest is as it should be."""
    plain = RULES.replace("NAME", "plain")
    yield RULES.replace("NAME", written(name))
    for old, new in PLACES:
        yield plain.replace(old.replace("NAME", "plain"), new.replace("NAME", written(name)), 1)


def all_commands() -> list[list[str]]:
    return [["validate"], ["render"], ["values"], ["render", "-o", "out/"], *analyses(), ["diff", "--dirs", ".", "."]]


@pytest.mark.slow
@NAMED
@pytest.mark.usefixtures("remembered_builds")
def test_names_in_overlays(tree: Tree, name: str) -> None:
    for number, rules in enumerate(proposed(name)):
        tree.overlay("shop", "  egress: {}\n")
        tree.write("overlays/shop/rules.yaml", rules)
        tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
        tree.write("tests/reachability/shop.yaml", TESTS.format(name=written(name)))
        commands = all_commands() if number == 0 else [["validate"], ["render"], ["lint"], ["reach"]]
        for command in commands:
            done = tree.bulkhead(*command)
            exact = command[0] in ("render", "values") and done.status == 0
            assert_harmless(done, *([done.stderr] if exact else []))


@NAMED
def test_names_in_what_the_plugin_says(name: str) -> None:
    for rules in proposed(name):
        lines = rules.replace("name: standard", "name: standard, namespace: shop").splitlines()
        items = "".join(f"  {line}\n" if number else f"- {line}\n" for number, line in enumerate(lines))
        text = f"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n{items}"
        stdout, stderr = io.BytesIO(), io.StringIO()
        status = krm.run([], io.BytesIO(text.encode()), stdout, stderr)
        assert (status, stdout.getvalue()) == (1, b""), "there is no profile"
        assert list(acts(stderr.getvalue())) == []


@NAMED
@pytest.mark.usefixtures("remembered_builds")
def test_names_in_kustomizations_and_what_kustomize_says_of_them(tree: Tree, name: str) -> None:
    plain = "resources: [../../base]\nnamespace: shop\ntransformers: [../../plugin]\n"
    for old, new in [
        ("../../base", f"../../base, {written(name)}"),
        ("namespace: shop", f"namespace: {written(name)}"),
        ("namespace: shop", f"namespace: shop\n{written(name)}: x"),
        ("namespace: shop", f"namespace: shop\ncomponents: [{written(name)}]"),
        ("namespace: shop", f"namespace: shop\nhelmCharts: [{{name: {written(name)}}}]"),
        ("namespace: shop", f"namespace: shop\npatches: [{{path: {written(name)}}}]"),
        ("namespace: shop", f"namespace: shop\npatches: [{{patch: {written(name)}}}]"),
        ("namespace: shop", f"namespace: shop\nlabels: [{{pairs: {{a: {written(name)}}}}}]"),
        ("../../plugin", f"../../plugin, {written(name)}"),
    ]:
        tree.overlay("shop", kustomization=plain.replace(old, new))
        tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
        for command in (["validate"], ["render", "overlays/shop"], ["lint"], ["diff", "--dirs", ".", "."]):
            done = tree.bulkhead(*command)
            exact = command[0] == "render" and done.status == 0
            assert_harmless(done, *([done.stderr] if exact else []))


@NAMED
def test_names_on_the_command_line(tree: Tree, name: str) -> None:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    argument = name.strip() or "x"
    for command in [
        [argument],
        ["validate", argument],
        ["validate", "--cluster", argument],
        ["validate", "--timeout", argument],
        ["render", "-o", argument, "--check"],
        ["render", "--layout", argument],
        ["new", argument],
        ["new", "shed", "--unprotected", argument],
        ["reach", "--from", argument],
        ["reach", "--to", f"shop:{argument}"],
        ["reach", "--format", argument],
        ["reach", "--manifests", argument],
        ["explain", argument, "shop"],
        ["explain", "shop", argument],
        ["lint", "--enable", argument],
        ["lint", "--today", argument],
        ["test", "--file", argument],
        ["schema", argument],
        ["schema", "--check", argument],
        ["completion", argument],
        ["diff", argument],
        ["diff", f"{argument}..HEAD"],
        ["diff", f"{argument}...HEAD"],
        ["diff", "--fail-on", argument],
        ["diff", "--dump", argument],
        ["diff", "--dir", argument],
        ["values", "--base", argument],
        ["allow", argument, "lan:1", "--why", "x"],
        ["allow", "shop", f"{argument}:1", "--why", "x"],
        ["allow", "shop", "lan:1", "--why", "x", "--name", argument],
        ["allow", "shop", "lan:1", "--why", argument, "--owner", argument, "--dry-run"],
        ["revoke", argument, "dns"],
        ["revoke", "shop", argument],
        ["peer", "add", argument, "192.0.2.0/24"],
        ["peer", "add", "new", argument, "--except", argument],
        ["peer", "add", "new", "--namespace", argument, "--pods", f"app={argument}"],
        ["peer", "remove", argument],
        ["expire", "--today", argument],
        ["adopt", "--dump", argument],
        ["import", "--manifests", argument, "-o", "new"],
        ["import", "--manifests", "base", "--revision", argument, "-o", "new"],
        ["import", "--manifests", "base", "-o", argument],
        ["init", "new", "--from", argument],
        ["init", "new", "--preset", argument],
        ["vendor", "--check", "-C", argument],
        ["ranges", "update", argument],
        ["flows", argument, "--inventory", argument],
        ["missing", argument],
        ["missing", "base/cluster.yaml", "--inventory", argument, "--input-format", argument],
    ]:
        assert_harmless(tree.bulkhead(*command))


REFS = [each for each in NAMES.values() if not re.search(r"[\x00-\x20\x7f~^:?*\[\\]", each)]
"""Names that git takes for a branch."""


@pytest.mark.parametrize("name", REFS, ids=map(repr, REFS))
def test_names_of_revisions(tree: Tree, name: str) -> None:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.write(".gitignore", ".venv\n__pycache__\n")
    git(tree.path, "init", "-q", "-b", "main")
    git(tree.path, "add", "--all")
    git(tree.path, "commit", "-q", "-m", "x")
    git(tree.path, "branch", name)
    tree.overlay("shop", "  egress: {smtp: {to: internet, ports: 587, why: mail}}\n")
    for form in ("text", "markdown", "json", "pairs"):
        assert_harmless(tree.bulkhead("diff", name, "--format", form))
    tree.overlay("shop", "  egress: {smtp: {to: nobody}}\n")
    assert_harmless(tree.bulkhead("diff", name))


@NAMED
def test_terminal_is_shown_no_character_of_a_manifest_that_acts(tree: Tree, name: str) -> None:
    """Python's own pseudo-terminal; into a file or a pipe the document goes as it is."""
    tree.overlay("shop", f"  egress: {{smtp: {{to: internet, ports: 587, why: {written(name)}}}}}\n")
    script = (
        f"import pty, sys; sys.exit(pty.spawn([{str(PYTHON)!r}, '-m', 'bulkhead', 'render', 'overlays/shop']) >> 8)"
    )
    done = run(PYTHON, "-c", script, cwd=tree.path)
    shown = re.sub(r"(\r\x1b\[K[^\r\n]*)*\r\x1b\[K", "", done.stdout)  # the progress bar of a busy machine
    assert list(acts(shown.replace("\r\n", "\n"))) == []


EDITING = ("allow", "flows", "missing", "revoke", "peer", "expire", "adopt", "import", "init", "vendor", "ranges")


def test_every_command_and_format_is_in_these_tests() -> None:
    run_here = {
        tuple(each[:1])
        for each in itertools.chain(
            all_commands(), [["new"], ["schema"], *([name] for name in EDITING), ["completion"], ["help"], ["version"]]
        )
    }
    assert {each for (each,) in run_here} == set(COMMANDS)
