"""The form of SARIF 2.1.0 that every report for code scanning has."""

import os
from urllib.parse import quote

from bulkhead import __version__
from bulkhead.core.diagnostics import Location
from bulkhead.report.layout.json_document import json_text

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_log(rules: list[Json], results: list[Json], properties: dict[str, Json]) -> str:
    """Return a log of one run: the *rules* that it knows, its *results*, and its *properties*."""
    driver: dict[str, Json] = {"name": "bulkhead", "version": __version__, "rules": rules}
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "results": results,
        "properties": properties,
    }
    whole: dict[str, Json] = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(whole)


def sarif_location(at: Location, root: str) -> dict[str, Json]:
    """Return the place *at* of a file, which is named relative to *root* where it is below it."""
    physical: dict[str, Json] = {"artifactLocation": _artifact(at.file, root)}
    if at.line:
        physical["region"] = {"startLine": at.line, "startColumn": max(1, at.column)}
    return {"physicalLocation": physical}


def _artifact(file: str, root: str) -> dict[str, Json]:
    whole, top = os.path.realpath(file), os.path.realpath(root)
    if os.path.commonpath([whole, top]) == top:
        return {"uri": quote(os.path.relpath(whole, top)), "uriBaseId": "SRCROOT"}
    return {"uri": "file://" + quote(whole)}
