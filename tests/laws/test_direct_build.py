"""
What is merged without kustomize is what kustomize builds.

Random trees: bases, components, overlays and patches with values that YAML libraries read or write differently.
Whatever is not recognised as plain is left to kustomize, so the law is about what is recognised.
"""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from bulkhead.io.kustomize.build import Failed, mirror
from bulkhead.io.kustomize.direct_build import DirectBuilds, MergedResource
from bulkhead.io.kustomize.kustomization import Graph
from bulkhead.io.yaml.resource_stream import Resource
from conftest import IN_CI, ROOT, STANDARD_OVERLAY, Tree
from copies import copy_parts

Words = tuple[str, ...]

SCALARS: Words = (
    "web", "443", "192.0.2.1/32", "2001:db8::/32", "true", "false", "2026-11-30", "'*'", '"2026-11-30"', "'it''s: so'",
    "8080-8090", "0", "-1", "media/jellyfin", "é", "Something that only this needs", "'a, b'", '"53/UDP"',
    "A very long reason, which goes on and on, with commas and: no".replace(":", ""), "x" * 200, "a # note",
)  # fmt: skip
LISTS: Words = (
    "[53/UDP, 53]",
    "[a, b]",
    "[a, {cidr: 10.0.0.0/8}]",
    "[]",
    "[2026-11-30]",
    "[[a], [b]]",
    "\n{0}- a\n{0}- b: c\n{0}  d: 1",
)
MAPS: Words = ("{cidr: 10.0.0.0/8}", "{a: {b: c}}", "{}", "{to: null}", "{a: {to: null, why: x}}")
"""Values as people write them, for keys that have a scalar, a list or a map."""

UNUSUAL = (
    '"443"', "0443", "1e3", "1.0", ".5", "yes", '"yes"', "'null'", "~", "", '""', "1_000", "0x1F", "1:30", "=", '"="',
    "<<", "'<<'", ".inf", ".nan", "12345678901234567890", "9007199254740993", "-0", "+1", "00", "2026-02-30", "'a '",
    '" a"', '"a\\nb"', '"a\\tb"', '"\\u00e9\\u2028"', "!x a", "!!str 1", "'!x'", "&a b", "'@x'", "'%x'", "'# c'",
    "'- a'", 'a # {"$openapi":"x"}', "a # note", "2001-12-14t21:59:43.10-05:00", "'2001-12-14 21:59:43'", "[null]",
    "[{a: null}]", "{$patch: delete}", "{$patch: replace, a: b}", "[{$patch: replace}]", "{? a : b}", "{a: b, a: c}",
    "{yes: no}", "{1: 2}", '"\\u009b31m"', '"\\0"', '"a\\x07b"', '"\\ufeffa"', '"\\e[31m"', '"\\N"', '"\\x7f"',
    '"\\u200bz"', '"\\U0001F600"',
    "'😀'", "'...'", "'---'", ">-\n        folded\n        text", "|\n        block", ">\n        folded", "x" * 300,
    "'" + "x: y " * 60 + "z'", "'a  b'", "'?'", "'-'", "'~'", "'0'", "'a#b'", "'a #b'", "'[a]'", "'{a}'", "'a, b'",
    "'\"'", "-_1", "+_443", "'-_1'", '"+_1"', "4_43", "._5", "-0_x1F", "+1_0.5", "[-_1]", "{a: +_443}",
    "[a, # note\n        b]", "{a: b, # note\n        b: c}", "{a: b} # note", "[a] # note", "[a]\n        # note",
    "{a: b}\n        # note", "{a: b\n        # note\n        }",
    *(f'"a\\{escaped}b"' for escaped in ("/", " ", "_", "P", "L", "a", "v", "q", "'", "\\\\/", "r")),
)  # fmt: skip
"""Values that the versions of YAML, or its libraries, treat differently, and directives of kustomize."""

KEYS: dict[str, Words] = {
    "to": SCALARS,
    "why": SCALARS,
    "web-api": SCALARS,
    "ports": LISTS,
    "names": LISTS,
    "a": MAPS,
    "b": MAPS,
    "accept": MAPS,
}
UNUSUAL_KEYS = ("'443'", "yes", "1", "a b", "'a: b'", "$patch", "a.b/c", "'é'", "<<", "'='", "null", "k" * 120)


NO_NULLS: dict[Words, Words] = {
    each: tuple(word for word in each if "null" not in word) for each in (SCALARS, LISTS, MAPS)
}


COMMENTS = ("# c", "#", "#c", "# c: d", "# - a", "# 'x", '# "', "#[", "# ]", "#}", "# ---", "# a\n\n# b", "", "   ")
NOTES = (" # c", "  # - x", " #", " # 'q", " # a: b", " #]", "  ", " ")
"""What is between the lines of values and behind them."""


OBJECTS = (("SegmentedNamespace", "standard"), ("ClusterProfile", "home"), ("SegmentedNamespace", "other"))


class Written:
    """Writes random YAML; *odd* is how likely a value is one that YAML libraries treat differently."""

    def __init__(self, seed: int, odd: float) -> None:
        self.pick = random.Random(seed)
        self.odd = odd
        self.noted = 0.0

    def of(self, usual: Sequence[str], unusual: Sequence[str]) -> str:
        return self.pick.choice(unusual if self.pick.random() < self.odd else usual)

    def value(self, key: str, indent: str, nulls: bool) -> str:
        if nulls and self.pick.random() < 0.1:
            return " null\n"
        usual = KEYS.get(key, SCALARS)
        if usual is MAPS and len(indent) < 8 and self.pick.random() < 0.7:
            return "\n" + self.rules(indent + "  ", nulls)
        return f" {self.of(usual if nulls else NO_NULLS[usual], UNUSUAL)}\n".replace("{0}", indent)

    def rules(self, indent: str, nulls: bool) -> str:
        keys = dict.fromkeys(self.of(tuple(KEYS), UNUSUAL_KEYS) for _ in range(self.pick.randint(1, 5)))
        return "".join(f"{indent}{key}:{self.value(key, indent, nulls)}" for key in keys)

    def resource(self, kind: str, name: str, nulls: bool = True) -> str:
        head = f"apiVersion: bulkhead.dev/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n"
        return self.with_comments(head + self.rules("  ", nulls))

    def with_comments(self, text: str) -> str:
        """Return *text* with comments at random places; *noted* is how likely one is at each."""
        if not self.noted or self.pick.random() < 0.5:
            return text
        found = []
        for line in text.split("\n"):
            if self.pick.random() < self.noted:
                found.append(" " * self.pick.randint(0, 10) + self.pick.choice(COMMENTS))
            found.append(line)
            if line and not line.endswith(">-") and self.pick.random() < self.noted:
                found[-1] += self.pick.choice(NOTES)
        return "\n".join(found)

    def resources(self, most: int) -> str:
        chosen = self.pick.sample(OBJECTS, self.pick.randint(1, most))
        return self.pick.choice(("---\n", "# c\n---\n", "")) + "---\n".join(self.resource(*each) for each in chosen)


def layer(written: Written, folder: Path, head: str, resources: list[str], components: list[str]) -> None:
    """Write a kustomization with one or two patches into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yaml").write_text(written.resources(2))
    patches: list[dict[str, str]] = [{"path": "rules.yaml"}]
    if written.pick.random() < 0.3:
        patches.insert(written.pick.randint(0, 1), {"patch": written.resource("SegmentedNamespace", "standard")})
    fields = {"resources": resources, "components": components, "patches": patches}
    (folder / "kustomization.yaml").write_text(
        head + "".join(f"{k}: {json.dumps(v, ensure_ascii=False)}\n" for k, v in fields.items() if v)
    )


def forest(top: Path, seed: int, overlays: int, odd: float, noted: float = 0) -> None:
    """Write a tree of *overlays* that share bases and components; *odd* and *noted* are as in :class:`Written`."""
    copy_parts(top, *(f"plugin/{name}" for name in ("expand", "expand.yaml", "kustomization.yaml", "tripwire.yaml")))
    written = Written(seed, 0)
    written.noted = noted
    (top / "base").mkdir()
    every = (written.resource(*each, nulls=False) for each in OBJECTS)
    (top / "base" / "all.yaml").write_text("---\n".join(every))
    (top / "base" / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    layer(written, top / "second", "", ["../base"], [])
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    layer(written, top / "hard", component, [], [])
    layer(written, top / "harder", component, [], ["../hard"])
    written.odd = odd
    names = [f"o-{number}" for number in range(overlays)]
    for name in names:
        base = written.pick.choice(("../../base", "../../second"))
        head = f"namespace: {name}\ntransformers: [../../plugin]\n"
        more = written.pick.choice(([], [], ["../../hard"], ["../../harder"], ["../../harder", "../../hard"]))
        layer(written, top / "overlays" / name, head, [base], more)
    (top / "kustomization.yaml").write_text(json.dumps({"resources": [f"overlays/{name}" for name in names]}))


def meaning(found: Sequence[Resource] | Failed) -> object:
    if isinstance(found, Failed):
        return found.message
    return [(each.head, json.dumps(each.value(), sort_keys=True)) for each in found]


@pytest.mark.native
@pytest.mark.parametrize("odd", [0, 0.03, 0.2])
def test_what_is_merged_here_is_what_kustomize_builds(tmp_path: Path, odd: float) -> None:
    merged = 0
    for seed in range(25 if IN_CI else 2):
        top = tmp_path / str(seed)
        forest(top, seed * 10 + int(odd * 100), 80, odd, noted=0.1 * (seed % 2))
        graph = Graph(str(top))
        assert not graph.faults
        here = {folder: built for folder, built in directly(graph).items() if built is not None}
        with mirror(graph) as copy:
            for folder, built in copy.build_all(list(here)):
                assert meaning(here[folder]) == meaning(built), folder
        merged += len(here)
    assert merged


def directly(graph: Graph) -> dict[str, list[MergedResource] | None]:
    """Return what each overlay of *graph* is merged to, by folder."""
    builds = DirectBuilds(graph)
    return {each.folder: builds.build(each) for each in graph.walk(graph.root) if graph.expands(each) is not None}


def test_every_overlay_of_the_reference_cluster_is_plain() -> None:
    assert None not in directly(Graph(str(ROOT))).values()


RULES = """\
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata: {name: standard}
spec: {egress: {lan: {to: lan, ports: 80}}}
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
OTHER = {
    "kind: Component\n": RULES,
    "metadata: {name: x}\n": RULES,
    "namePrefix: a-\n": RULES,
    "labels: [{pairs: {a: b}}]\n": RULES,
    "commonAnnotations: {a: b}\n": RULES,
    "replacements: []\n": RULES,
    "generators: []\n": RULES,
    "configMapGenerator: [{name: a, literals: [b=c]}]\n": RULES,
    "sortOptions: {order: fifo}\n": RULES,
    "transformers: [../../plugin, rules.yaml]\n": RULES,
    "validators: []\n": RULES,
    "patchesStrategicMerge: [rules.yaml]\n": RULES,
    "patches: [{path: rules.yaml, target: {kind: SegmentedNamespace}}]\n": RULES,
    "patches: [{path: rules.yaml, options: {allowNameChange: true}}]\n": RULES,
    "patches: [{path: rules.yaml}]\n": "[{op: remove, path: /spec/egress/dns}]\n",
    "patches: [{path: ./rules.yaml}, {path: rules.yaml}]\n": CONFIG_MAP,
    "patches: [{path: rules.yaml}] \n": RULES.replace("standard", "missing"),
    "patches: [ {path: rules.yaml}]\n": RULES.replace("{name: standard}", "{name: standard, labels: {a: b}}"),
    "patches:  [{path: rules.yaml}]\n": RULES.replace("lan: {", "$patch: delete, lan: {"),
    "patches: [{path: rules.yaml }]\n": RULES.replace("spec", "Spec"),
}
"""More lines of an overlay, with the text of its `rules.yaml`: what is not plain."""


@pytest.mark.parametrize(("line", "rules"), OTHER.items())
def test_what_is_not_plain_is_left_to_kustomize(tree: Tree, line: str, rules: str) -> None:
    overlay = STANDARD_OVERLAY.format(namespace="shop")
    overlay = overlay.replace("transformers: [../../plugin]\n", "") if "transformers" in line else overlay
    tree.overlay("shop", kustomization=overlay + line)
    tree.write("overlays/shop/rules.yaml", rules)
    graph = Graph(str(tree.path / "overlays/shop"))
    assert [built for built in directly(graph).values() if built] == []


HEAD = RULES.partition("spec:")[0] + "spec:\n  egress:\n    lan:\n"


@pytest.mark.parametrize(
    "lines",
    [r'why: "a\/b"', "ports: -_1", "ports: '+_443'", "ports: [80] # note", "ports: [80, # note\n        443]",
     "accept: {service-address: y} # note"],
)  # fmt: skip
def test_values_that_libraries_read_differently_are_left_to_kustomize(tree: Tree, lines: str) -> None:
    tree.overlay("shop", kustomization=STANDARD_OVERLAY.format(namespace="shop") + "patches: [{path: rules.yaml}]\n")
    tree.write("overlays/shop/rules.yaml", f"{HEAD}      to: lan\n      {lines}\n")
    assert set(directly(Graph(str(tree.path / "overlays/shop"))).values()) == {None}


@pytest.mark.parametrize(("base", "is_plain"), [("spec: {egress: {lan: {to: lan}}}\n", False), ("", True)])
def test_comments_are_plain_unless_they_change_maps_in_brackets(tree: Tree, base: str, is_plain: bool) -> None:
    tree.overlay("shop", kustomization=STANDARD_OVERLAY.format(namespace="shop") + "patches: [{path: rules.yaml}]\n")
    rules = f"# c\n{HEAD}      # a comment\n      to: lan # note\n      ports: [80]\n    # more\n    dns: null\n# end\n"
    tree.write("overlays/shop/rules.yaml", rules)
    if base:
        tree.write("base/namespace.yaml", RULES.partition("metadata:")[0] + "metadata:\n  name: standard\n" + base)
    assert (directly(Graph(str(tree.path / "overlays/shop"))).popitem()[1] is not None) == is_plain


def test_a_linked_folder_is_left_to_kustomize(tree: Tree) -> None:
    (tree.path / "linked").symlink_to("base")
    text = STANDARD_OVERLAY.format(namespace="shop").replace("../../base", "../../linked")
    tree.overlay("shop", kustomization=text)
    assert set(directly(Graph(str(tree.path / "overlays/shop"))).values()) == {None}


def test_kustomize_builds_plain_overlays_too_where_that_is_asked_for(tree: Tree) -> None:
    tree.overlay("shop", kustomization=STANDARD_OVERLAY.format(namespace="shop"))
    no_kustomize = {"BULKHEAD_KUSTOMIZE": "/nonexistent"}
    assert tree.bulkhead("render", "overlays/shop", env=no_kustomize).status == 0
    done = tree.bulkhead("render", "overlays/shop", env={**no_kustomize, "BULKHEAD_DIRECT": "0"})
    assert done.status != 0
    assert "kustomize was not found" in done.stderr
