"""Both renderers give equal policies, or both refuse with the same problems: random values, hundreds in one call."""

import copy
import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from conftest import IN_CI
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from laws.written import PEER_NAMES, PROFILE, any_specs, names

from chart import chart_answers, copy_with_batch, merged, plugin_answer, template

CASES = (4 if IN_CI else 2) * int(os.environ.get("LAWS", "100"))

# Text is of the letters of Unicode 3.2: of later ones Python and Go need not both know yet what can be shown.
junk: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [
            None, True, [], {}, "", "x", "Not A Name", "10.0.0.1/8", "fd00::1/8", "::ffff:1.2.3.4/128", "::/0",
            "1::2:3:4:5:6:7:8/128", "2001:DB8:0:0:1::/80", "1:2:3:4:5:6:1.2.3.4/128", "10.0.0.0/08", "10.0.0.0", "::1",
            0, 443, -1, 65535, 65536, 443.5, "443", "0443", "000443", "+443", "--1", "8010-8000", "8000-8010/UDP",
            "53/udp", "53/", "http", "http--alt", "a" * 16, "80-http", "HTTP", "2027-02-29", "2028-02-29", "2027-2-1",
            "0000-01-01", "2027-12-31T00:00:00Z", "treafik", "all-of-then", "n" * 64, "é", "tab\there", "\u2028",
            "bell\u0007", "\u00a0padded\u00a0", "x" * 61, "two  blanks\n and a line", {"cidr": "10.0.0.0/8"},
            ["x", "x"],
            {"namespace": "web"}, {"pods": None}, {"matchLabels": {}}, {"pods": {}, "network": "pods"},
            {"network": "nodes"}, {"cidr": "10.0.0.0/8", "except": "10.0.0.0/8"}, {"except": "10.0.0.0/8"},
            {"cidr": ["10.0.0.0/8", "fd00::/8"], "except": ["10.1.0.0/16", "fd00:1::/32", "192.168.0.0/16"]},
            {"pods": {"matchLabels": None}}, {"pods": {"matchLabels": False}}, {"pods": {"app": False}},
            {"matchExpressions": [{"key": "a", "operator": "in"}]},
            {"matchExpressions": {"key": "a", "operator": "In"}},
            {"app": 1}, {"-app": "web!"}, {"a/b/c": "x"}, {"example.org/": "x"},
        ]
    ),
    st.ip_addresses().map(str).flatmap(lambda ip: st.integers(0, 129).map(lambda length: f"{ip}/{length}")),
    st.ip_addresses().map(lambda ip: {"cidr": f"{ip.exploded}/{ip.max_prefixlen}"}),
    st.text(st.characters().filter(lambda letter: unicodedata.ucd_3_2_0.category(letter) != "Cn"), max_size=6),
    st.integers(-2, 70000),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside *value*."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inner for found in ((*path, key), *places(item, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], item: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = item


@st.composite
def changes(draw: st.DrawFn, standard: dict[str, Any]) -> dict[str, Any]:
    """What a namespace changes: rules of its own, and some of the standard's taken away or changed."""
    over: dict[str, Any] = copy.deepcopy(draw(any_specs))
    for direction, end in (("ingress", "from"), ("egress", "to")):
        for name in standard.get(direction, {}):
            change = draw(st.sampled_from(["leave", "leave", "remove", "peer", "ports"]))
            if change == "remove":
                over.setdefault(direction, {})[name] = None
            elif change != "leave":
                to = {end: draw(st.sampled_from(PEER_NAMES))} if change == "peer" else {"ports": draw(st.just(8443))}
                over.setdefault(direction, {})[name] = to
    if draw(st.integers(0, 9)) == 0:
        over |= {"unprotected": "for now", **draw(st.sampled_from([{}, {"ingress": None, "egress": None}]))}
    return over


@st.composite
def values(draw: st.DrawFn) -> dict[str, Any]:
    """Values as people could write them; half of them with mistakes."""
    enforcer = draw(st.sampled_from(["kube-router", "calico", "cilium", "any"]))
    layout = draw(st.sampled_from(["per-rule", "per-direction"]))
    standard = copy.deepcopy(draw(any_specs))
    made = {
        "profile": draw(
            st.sampled_from([{}] + 19 * [copy.deepcopy({**PROFILE, "enforcer": enforcer, "policies": layout})])
        ),
        "standard": standard,
        "namespaces": {
            name: draw(st.one_of(st.builds(dict), changes(standard)))
            for name in draw(st.lists(names, min_size=1, max_size=3, unique=True))
        },
    }
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3]))):
        path = draw(st.sampled_from([path for path in places(made) if len(path) > 1]))
        item = copy.deepcopy(draw(junk))  # a later mistake may be inside of it
        if draw(st.integers(0, 3)) == 0:
            path = (*path[:-1], draw(st.sampled_from(["ingres", "port", "pods", "except", "A", "1"])))
        try:
            put(made, path, item)
        except (TypeError, IndexError, KeyError):
            continue  # a place in what the mistake before took away
    return made


def judged(case: dict[str, Any]) -> bool:
    """Say whether the plugin has the same question: a patch on what is no map is kustomize's to refuse."""
    return isinstance(case["standard"], dict) and all(isinstance(each, dict) for each in case["namespaces"].values())


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_with_batch(tmp_path_factory.mktemp("chart"))


def drawn(count: int) -> list[dict[str, Any]]:
    """Return *count* cases, drawn one by one: a list of so many would be more than Hypothesis draws at once."""
    cases: list[dict[str, Any]] = []

    @settings(max_examples=count, phases=[Phase.generate], database=None)
    @given(values().filter(judged))
    def collect(case: dict[str, Any]) -> None:
        cases.append(case)

    collect()
    return cases


@pytest.mark.slow
def test_the_chart_gives_what_the_plugin_gives_or_refuses_as_it_does(chart: Path) -> None:
    cases = drawn(CASES)
    differ = [
        f"{json.dumps(case)}\nchart:  {found}\nplugin: {wanted}"
        for case, found, wanted in zip(cases, chart_answers(chart, cases), map(plugin_answer, cases), strict=True)
        if found != wanted
    ]
    assert not differ, f"{len(differ)} of {len(cases)}; the smallest:\n" + min(differ, key=len)


NAMES = list("abcdef")
graphs = st.dictionaries(
    st.sampled_from(NAMES),
    st.lists(
        st.sampled_from([*NAMES, *NAMES, {"cidr": "10.0.0.0/8"}, {"pods": {"app": "a"}}, {"network": "pods"}]),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
)
"""Named peers that name others, themselves, and names that nobody has."""


def test_lists_of_lists_of_peers_are_what_the_plugin_makes_of_them(chart: Path) -> None:
    made: list[dict[str, Any]] = []

    @settings(max_examples=60, phases=[Phase.generate], database=None)
    @given(graphs, st.sampled_from(NAMES))
    def collect(graph: dict[str, Any], name: str) -> None:
        rule = {"standard": {"egress": {"out": {"to": name}}}, "namespaces": {"shop": {}}}
        made.append({"profile": {**PROFILE, "enforcer": "any", "peers": graph}, **rule})

    collect()
    # Each of 200 is a list of the next two: written out one by one, no machine would come to an end.
    many: dict[str, Any] = {f"p{i:03}": [f"p{i + 1:03}", f"p{i + 2:03}"] for i in range(200)}
    ends = {"p200": {"cidr": "10.0.0.0/8"}, "p201": {"cidr": "192.0.2.0/24"}}
    rule = {"standard": {"egress": {"out": {"to": "p000"}}}, "namespaces": {"shop": {}}}
    made.append({"profile": {**PROFILE, "enforcer": "any", "peers": {**many, **ends}}, **rule})
    assert chart_answers(chart, made) == list(map(plugin_answer, made))


@pytest.mark.parametrize("word", ["x\n::error::pwned", "a\u001b]0;title\u0007\u001b[31m", "n" * 400])
@pytest.mark.parametrize("at", ["namespaces", "rules", "labels", "peers"])
def test_a_name_in_a_message_is_one_line_of_what_can_be_shown(at: str, word: str) -> None:
    rule = {"to": {"pods": {word: "web!"} if at == "labels" else {"app": "a"}}}
    made = {
        "profile": {"peers": {word: "nobody"} if at == "peers" else {}},
        "standard": {"egress": {word if at == "rules" else "out": rule}},
        "namespaces": {word if at == "namespaces" else "shop": {}},
    }
    done = template(made)
    assert done.status == 1 and "error: " in done.stderr
    assert not [c for c in done.stderr if c != "\n" and not c.isprintable()]
    assert not [line for line in done.stderr.split("\n") if line.startswith("::") or len(line) > 250]


def test_merging_is_by_key_and_null_removes() -> None:
    base = {"a": {"x": 1, "y": 2}, "b": [1]}
    assert merged(base, {"a": {"x": None, "z": 3}, "b": [2], "c": {}}) == {"a": {"y": 2, "z": 3}, "b": [2], "c": {}}
