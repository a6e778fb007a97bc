"""
The entry point for kustomize and kpt: a KRM function, and kustomize's legacy exec plugin.

Both are one program.  As a function it reads a ResourceList on stdin and writes one to
stdout.  As a legacy plugin (``kubectl kustomize --enable-alpha-plugins``) its first argument
is a configuration file, and stdin and stdout are plain resources.

All output is built first and written once: kustomize takes exit status 0 with empty output as
"delete everything".  On any problem nothing is written, the reasons go to stderr, and the exit
status is 1.
"""

import os
import sys
from collections.abc import Iterable, Sequence

from bulkhead.analysis.overlays.overlay import Overlay
from bulkhead.core.diagnostics import Diagnostic, in_resource, sorted_diagnostics
from bulkhead.io.rendered.write_networkpolicy import document
from bulkhead.io.yaml.nodes import LARGEST, InvalidYaml, Raw, decoded, documents
from bulkhead.io.yaml.resource_stream import Resource, resource_list, resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

_OPENING = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:"


def run(arguments: Sequence[str], stdin: "IO[bytes]", stdout: "IO[bytes]", stderr: "IO[str]") -> int:
    """
    Expand what comes in on *stdin*; return the exit status.

    *arguments* are those after the program's name: none for a KRM function, the path of the
    configuration for a legacy plugin.
    """
    try:
        found, config = _read(arguments, stdin.read(LARGEST + 1))
        overlay = Overlay(found)
    except InvalidYaml as unreadable:
        return _refuse(stderr, [str(unreadable.diagnostic.in_file("input"))])
    except OSError as error:
        return _refuse(stderr, [f"error: cannot read the configuration: {error}"])
    problems = [*_settings(config), *overlay.problems]
    if problems:
        return _refuse(stderr, map(str, sorted_diagnostics(problems)))
    texts = [each.text for each in overlay.kept] + [document(policy) for policy in overlay.policies]
    stdout.write((_listed(texts) if not arguments else "---\n".join(texts)).encode())
    stdout.flush()
    return 0


def _read(arguments: Sequence[str], data: bytes) -> tuple[list[Resource], Raw]:
    text = decoded(data)
    if not arguments:
        return resource_list(text)
    with open(arguments[0], "rb") as file:
        config = [each.value for each in documents(decoded(file.read()))]
    return resources(text), config[0] if config else None


def _settings(config: Raw) -> list[Diagnostic]:
    """Return an error for each setting in the function config: the function takes none."""
    said = config if isinstance(config, dict) else {}
    # kpt passes a ConfigMap with an empty `data` where no config is written.
    unknown = sorted(key for key in set(said) - {"apiVersion", "kind", "metadata"} if said[key] not in (None, {}))
    return [
        Diagnostic(
            in_resource("function config", (key,)),
            f"unknown key `{key}`",
            "the function takes no settings; write them into the ClusterProfile",
        )
        for key in unknown
    ]


def _listed(texts: Iterable[str]) -> str:
    """Return a ResourceList of the resources *texts*, each indented as one item."""
    lines = [_OPENING]
    for text in texts:
        lead = "- "
        for line in text[:-1].split("\n"):
            lines.append(lead + line if line else line)
            lead = "  "
    if len(lines) == 1:
        lines[0] += " []"
    return "\n".join(lines) + "\n"


def _refuse(stderr: "IO[str]", lines: Iterable[str]) -> int:
    from bulkhead.core.safe_text import safe_text  # here: a build that succeeds writes no message

    stderr.write(safe_text("\n".join([*lines, "bulkhead: nothing was rendered"]) + "\n"))
    stderr.flush()
    return 1


def main() -> int:
    """Run on the process's own streams."""
    if sys.stdin is None or sys.stdout is None:
        return _refuse(sys.stderr, ["error: stdin or stdout is closed"]) if sys.stderr else 1
    try:
        return run(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer, sys.stderr)
    except OSError as error:
        return _refuse(sys.stderr, [f"error: {error}"])
    except Exception as error:  # a defect of ours: still no traceback for the reader, and nothing rendered
        if os.environ.get("BULKHEAD_DEBUG"):
            raise
        message = f"internal error: {type(error).__name__}: {error}"
        return _refuse(
            sys.stderr, [message, "hint: this is a defect; build with BULKHEAD_DEBUG=1 and report what it prints"]
        )
