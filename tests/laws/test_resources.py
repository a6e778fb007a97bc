"""What holds for everything that can be read: it is understood or refused, never half of each, and nothing crashes."""

import io
import ipaddress
import json
from typing import Any

import yaml
from bulkhead import krm
from bulkhead.core.diagnostics import edits
from bulkhead.core.language.scalars import Cidr, InvalidValue, Port
from bulkhead.io.rendered.write_networkpolicy import plain
from bulkhead.io.resources.decode import decode
from bulkhead.io.yaml.nodes import Ambiguous, documents, reads_as_text
from hypothesis import assume, example, given, reject
from hypothesis import strategies as st
from laws.written import namespace, profile

text = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="\x85\u2028\u2029\ufeff")
)
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | text,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(text.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(text, trees, max_size=4))
def test_a_json_document_is_read_as_json_reads_it(tree: dict[str, Any]) -> None:
    assert [document.value for document in documents(json.dumps(tree, ensure_ascii=False))] == [tree]


@given(st.binary(max_size=400))
@example(b"")
@example(b"kind: ResourceList\nitems: {}")
@example(b"kind: ResourceList\nitems: [1, null]")
@example(b"kind: ResourceList\nitems: [{apiVersion: bulkhead.dev/v1alpha1, kind: {}, metadata: []}]")
def test_no_input_crashes_the_function_and_none_that_is_wrong_gets_output(data: bytes) -> None:
    stdout, stderr = io.BytesIO(), io.StringIO()
    assert krm.run([], io.BytesIO(data), stdout, stderr) == 1
    assert stdout.getvalue() == b""
    assert "nothing was rendered" in stderr.getvalue()


@given(trees, st.sampled_from([(), ("ingress",), ("ingress", "web"), ("ingress", "web", "from"), ("workloads", "w")]))
def test_whatever_stands_in_a_resource_is_decoded_or_explained(tree: Any, path: tuple[str, ...]) -> None:
    for key in reversed(path):
        tree = {key: tree}
    for resource in (namespace(tree), {**profile(), "spec": tree}):
        made, problems = decode(resource)
        assert (made is None) == bool(problems)
        assert all(problem.message for problem in problems)


@given(
    st.from_regex(r"[-+]?[0-9a-fx_.:eTZ-]{1,12}", fullmatch=True)
    | st.sampled_from(["no", "On", "y", "~", "null", "TRUE", "=", ".inf"])
)
def test_text_is_what_no_version_of_yaml_reads_otherwise(word: str) -> None:
    # PyYAML is the reader for 1.1 that every Python tool has; what only it takes for text is quoted once more.
    try:
        old = yaml.safe_load(f"k: {word}")["k"]
    except (yaml.YAMLError, ValueError, TypeError):
        reject()  # not one scalar, or a date that the calendar does not have
    assume(not isinstance(old, (list, dict)))
    if reads_as_text(word):
        assert old == word
    document = next(documents(f"k: {word}")).value
    assert isinstance(document, dict)
    read = document["k"]
    if isinstance(read, str) and not isinstance(read, Ambiguous):
        assert isinstance(old, str) or not isinstance(old, (bool, int, float)), (old, read)


@given(text.filter(lambda word: word and not word.isspace() and " " not in word and word != "="))
def test_a_scalar_is_written_so_that_it_is_read_back(word: str) -> None:
    assert yaml.safe_load("k: " + plain(word)) == {"k": word}


@given(st.ip_addresses(), st.integers(0, 128))
def test_a_cidr_is_what_the_standard_library_takes_for_one(address: Any, length: int) -> None:
    word = f"{address}/{length}"
    try:
        expected: Any = ipaddress.ip_network(word)
    except ValueError:
        expected = None
    if getattr(address, "ipv4_mapped", None):
        expected = None  # the API server refuses these
    try:
        found: Any = Cidr.parse(word)
    except InvalidValue:
        found = None
    assert str(found) == str(expected)


@given(st.ip_addresses(v=4), st.integers(0, 32), st.ip_addresses(v=4), st.integers(0, 32))
def test_a_network_holds_what_the_standard_library_says(a: Any, i: int, b: Any, j: int) -> None:
    left, right = ipaddress.IPv4Network((a, i), strict=False), ipaddress.IPv4Network((b, j), strict=False)
    assert Cidr.parse(str(left)).holds(Cidr.parse(str(right))) == right.subnet_of(left)


@given(st.integers(-5, 70000), st.integers(-5, 70000), st.sampled_from(["", "/TCP", "/UDP", "/SCTP", "/tcp"]))
def test_a_port_range_is_read_or_refused(first: int, last: int, protocol: str) -> None:
    fine = 1 <= first <= last <= 65535 and protocol != "/tcp"
    try:
        port = Port.parse(f"{first}-{last}{protocol}")
    except InvalidValue:
        assert not fine
    else:
        assert fine
        assert (port.first, port.last, port.protocol) == (first, last, protocol[1:] or "TCP")


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_the_distance_of_words_is_the_least_number_of_edits(left: str, right: str) -> None:
    assert edits(left, right) == slowly(left, right)


def slowly(left: str, right: str) -> int:
    if not left or not right:
        return len(left) + len(right)
    least = min(
        slowly(left[1:], right) + 1, slowly(left, right[1:]) + 1, slowly(left[1:], right[1:]) + (left[0] != right[0])
    )
    if left[:2] == right[1::-1] and len(right) > 1 and len(left) > 1:
        least = min(least, slowly(left[2:], right[2:]) + 1)
    return least
