"""The JSON documents that commands print for other programs, as docs/reference/output.md describes them."""

import json
from collections.abc import Mapping

from bulkhead.core.engine.semantics import Semantics
from bulkhead.report.names.semantics import semantics_json


def json_document(report: str, body: Mapping[str, object], semantics: Semantics | None = None, version: int = 1) -> str:
    """
    Return the document of *report*: its ``schema`` and ``version``, the *semantics* that were used, and *body*.

    The *version* rises when a key is removed, renamed or gets another meaning. A new key does not raise it.
    """
    head: dict[str, object] = {"schema": f"bulkhead.dev/{report}/v{version}", "version": version}
    if semantics is not None:
        head |= semantics_json(semantics)
    return json_text({**head, **body})


def json_text(value: object) -> str:
    """
    Return *value* as JSON of ASCII characters, indented.

    ``##`` is escaped: some CI systems run a command that follows it anywhere in a line of a log.
    """
    return json.dumps(value, indent=2).replace("##", "#\\u0023") + "\n"


def json_line(value: object) -> str:
    """Return *value* as JSON in one line without its end; otherwise as :func:`json_text`."""
    return json.dumps(value).replace("##", "#\\u0023")
