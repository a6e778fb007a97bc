"""Text that is nested too deeply, or too large, is refused with a message and a place."""

import io
from pathlib import Path

import pytest
from bulkhead import krm
from bulkhead.io.files import MIB
from bulkhead.io.manifests.manifest_files import load
from bulkhead.io.yaml import json_stream
from bulkhead.io.yaml.documents import parse
from bulkhead.io.yaml.nodes import DEEPEST, InvalidYaml, documents

# The stack of WebAssembly ends before the limits of this project do.
pytestmark = pytest.mark.native
DEEP = 100_000


def nested_yaml(levels: int) -> str:
    return "a: " + "[" * levels + "]" * levels + "\n"


@pytest.mark.parametrize("levels", [DEEPEST + 1, 900, 1_500, DEEP])
def test_yaml_nested_too_deeply_is_refused_with_its_place(levels: int) -> None:
    with pytest.raises(InvalidYaml) as refused:
        list(documents(nested_yaml(levels)))
    assert (refused.value.location.line, refused.value.location.column > 1) == (1, True)
    with pytest.raises(InvalidYaml) as also:
        parse(nested_yaml(levels))
    assert (also.value.location.line, also.value.location.column > 1) == (1, True)


def test_yaml_as_deep_as_any_schema_is_read() -> None:
    (found,) = documents(nested_yaml(DEEPEST - 1))
    assert parse(nested_yaml(DEEPEST - 1)) == [found.value]


@pytest.mark.parametrize("levels", [2_000, DEEP])
@pytest.mark.parametrize(
    "form", ['{"a": %s}', '{"kind": "List", "items": [%s]}', '{"kind": "List", "items": [{"kind": %s}]}']
)
def test_json_nested_too_deeply_is_refused_with_its_place(tmp_path: Path, form: str, levels: int) -> None:
    text = form % ("[" * levels + "]" * levels)
    for name in ("dump.json", "dump.yaml"):
        (tmp_path / name).write_text(text)
        (fault,) = load(str(tmp_path / name)).faults
        assert (fault.location.line, "nested too deeply" in fault.message) == (1, True)


@pytest.mark.parametrize("levels", [150, 500, 900])
def test_json_of_any_depth_is_read_or_refused(tmp_path: Path, levels: int) -> None:
    deep = "[" * levels + "]" * levels
    for kind in ('"Pod"', deep):
        text = (
            f'{{"kind": "List", "items": [{{"apiVersion": "v1", "kind": {kind}, "metadata": {deep}, "spec": {deep}}}]}}'
        )
        for name in ("dump.json", "dump.yaml"):
            (tmp_path / name).write_text(text)
            assert load(str(tmp_path / name)).faults


def test_number_of_very_many_digits_is_no_error_of_the_program(tmp_path: Path) -> None:
    digits = "9" * 5_000
    (tmp_path / "text.yaml").write_text(f"kind: {digits}\n")  # it is text to kubectl, and the name of no kind
    assert not load(str(tmp_path / "text.yaml")).cluster.pods
    for name, text in {"a.json": '{"kind": %s}', "c.yaml": '{"kind": %s}'}.items():
        (tmp_path / name).write_text(text % digits)
        (fault,) = load(str(tmp_path / name)).faults
        assert fault.location.line == 1


def test_one_value_of_a_stream_has_a_size_limit() -> None:
    text = '{"kind": "List", "items": [{"kind": "Pod", "x": "' + "y" * (json_stream.LARGEST_VALUE + 3 * MIB)
    with pytest.raises(json_stream.ValueTooLarge, match="one value has more than 16 MiB"):
        list(json_stream.items(io.StringIO(text)))


def test_what_is_too_large_says_how_to_dump_it(tmp_path: Path) -> None:
    """As a list of resources in JSON, in a file that is named itself."""
    huge = " " * (17 * MIB)
    (tmp_path / "value.json").write_text('{"kind": "Pod", "metadata": {"a": "' + huge)
    (tmp_path / "document.yaml").write_text(f"kind: Pod\nx: '{huge}'\n")
    for name in ("whole.yaml", "folder/dump.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with (tmp_path / name).open("w") as file:
            file.truncate(65 * MIB)
    for name, message, hint in (
        ("value.json", "one value has more than 16 MiB, which is the most for one resource", "-A -o json > dump.json`"),
        ("document.yaml", "one document has more than 16 MiB", "write it as JSON"),
        ("whole.yaml", "the file has 65.0 MiB: at most 64 MiB are read", "JSON is read as a stream"),
        ("folder", "the file has 65.0 MiB: at most 64 MiB are read", "name the file itself"),
    ):
        found = {(fault.message, hint in fault.hint) for fault in load(str(tmp_path / name)).faults}
        assert found == {(message, True)}


def test_items_get_the_kind_that_their_list_has_named_before_them() -> None:
    text = '{"kind": "PodList", "items": [{"a": 1},\n{"kind": "Other"}, {"a": 2}]}'
    found = [(each.data, each.kind, each.line) for each in json_stream.items(io.StringIO(text))]
    assert found[:3] == [({"a": 1}, "Pod", 0), ({"kind": "Other"}, "", 1), ({"a": 2}, "Pod", 1)]


HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
RESOURCE = HEAD + "items:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: x}\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (HEAD + "? [a]\n: b\nitems: []\n", "3:3"),
        (RESOURCE + "  ? [a]\n  : b\n", "7:5"),
        (RESOURCE + "  ? {a: b}\n  : b\n", "7:5"),
        (RESOURCE.replace("{name: x}", "{? [a] : b}"), "6:16"),
        (RESOURCE.replace("ConfigMap", "[a]"), "5:9"),
        (RESOURCE.replace("v1\n  kind", "{a: b}\n  kind"), "4:15"),
        (RESOURCE.replace("name: x", "name: [x]"), "6:20"),
        (HEAD + nested_yaml(DEEP), "3:"),
        (RESOURCE + "functionConfig: " + nested_yaml(300), "7:"),
        (HEAD + "functionConfig: {? [a] : b}\n", "3:20"),
        ("x" * (9 * MIB), "error"),
    ],
)
def test_what_no_resource_list_has_gets_a_message_with_its_place(text: str, place: str) -> None:
    stdout, stderr = io.BytesIO(), io.StringIO()
    assert krm.run([], io.BytesIO(text.encode()), stdout, stderr) == 1
    assert stdout.getvalue() == b""
    assert stderr.getvalue().startswith("input:"), stderr.getvalue()
    assert place in stderr.getvalue().split(" error", 1)[0] + "error"
    assert "internal error" not in stderr.getvalue()
