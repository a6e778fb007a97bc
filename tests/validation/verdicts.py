"""
What an API server says of manifests, asked of the program in `apiserver/` or recorded from it, and what we say.

`python -m validation.verdicts` in the folder `tests` writes the records again, after `make test-engines` has built the
program.
"""

import json
import math
import random
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bulkhead.core.kubernetes.cluster import Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.record import replaced
from bulkhead.io.manifests import object_reader
from bulkhead.io.yaml import documents
from bulkhead.io.yaml.nodes import InvalidYaml
from conftest import PATIENCE, ROOT
from validation import mutations, objects
from validation.cases import CASES, SCALARS

PROGRAM = ROOT / ".tools" / "engines" / "validation"
FOLDER = Path(__file__).parent
POLICIES = FOLDER / "policies.json"
"""Policies, each with the verdict of the program."""
OBJECTS = FOLDER / "objects.json"
"""Namespaces, pods and workloads, each with the verdict of the program."""
READINGS = FOLDER / "scalars.json"
"""Plain scalars of YAML, each with what kubectl sends for it as a value and as a key; null where it sends nothing."""

ADDED = (
    "kubernetes.io/metadata.name",
    "job-name",
    "controller-uid",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/controller-uid",
)
"""Labels that a server adds to namespaces and to the pods of Jobs."""

Verdict = dict[str, Any]
Thing = Namespace | Pod | NetworkPolicy


def judged(program: Path, texts: list[str], *flags: str) -> list[Verdict]:
    """Return what *program* says of each of *texts*."""
    done = subprocess.run(
        [program, *flags], input=json.dumps(texts).encode(), capture_output=True, check=True, timeout=PATIENCE
    )
    found: list[Verdict] = json.loads(done.stdout)
    return [{key: item for key, item in verdict.items() if item != []} for verdict in found]


def read(text: str) -> tuple[list[Thing], list[str]]:
    """Return what this project reads from *text*, and what it says is wrong with it."""
    problems: list[Any] = []
    try:
        found = [thing for each in documents.parse(text) for thing in _things(each, problems)]
    except InvalidYaml as error:
        return [], [error.message]
    return found, [problem.message for problem in problems]


def _things(document: Any, problems: list[Any]) -> list[Thing]:
    return [thing for each in object_reader.read(document, problems) if each for thing in each.things]


def is_refused(verdict: Verdict) -> bool:
    """Say whether `kubectl create` with its default settings fails."""
    return "refused" in verdict or "strict" in verdict


def disagreements(rows: Iterable[tuple[str, Verdict]]) -> str:
    """Return in what this project and the API server disagree about objects, the first few; empty if in nothing."""
    found = [(each, text) for text, verdict in rows if (each := disagreement(text, verdict))]
    return f"{len(found)} objects:\n" + "\n".join(f"{each}\n{text}" for each, text in found[:3]) if found else ""


def disagreement(text: str, verdict: Verdict) -> str:
    """Return in what this project and the API server disagree about the object *text*; empty if in nothing."""
    found, problems = read(text)
    if not problems and "refused" not in verdict and verdict.get("strict") == ['unknown field "status"']:
        return ""  # On purpose: an empty one, which is all that is accepted, says nothing.
    if is_refused(verdict):
        if verdict.get("refused") and "selector" in verdict["refused"][0] and '"NetworkPolicy"' not in text:
            return ""  # On purpose: which pods a workload takes for its own decides nothing.
        return "" if problems else f"accepted, and the API server says {verdict.get('refused') or verdict['strict']}"
    if problems:
        # On purpose: what is null in a place for text or for a rule is empty text, or a rule that allows everything.
        return "" if all("found nothing" in each or "null" in each for each in problems) else f"refused: {problems}"
    wrong: list[Any] = []
    sent = verdict.get("sent", {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"})
    kind = {key: sent[key] for key in ("apiVersion", "kind")}
    wanted = _things({**verdict["accepted"], **kind}, wrong)
    return (
        ""
        if list(map(_as_stored, found)) == list(map(_as_written, wanted)) and not wrong
        else f"read as {found}, and the API server stores {wanted}"
    )


def _as_stored(thing: Thing) -> Thing:
    """Return *thing* with its ``policyTypes`` written: the server writes them where nobody did."""
    return replaced(thing, has_types=True) if isinstance(thing, NetworkPolicy) else thing


def _as_written(thing: Thing) -> Thing:
    """Return *thing* without the labels that a server adds to namespaces and to the pods of Jobs."""
    if isinstance(thing, NetworkPolicy):
        return thing
    return replaced(thing, labels=tuple(each for each in thing.labels if each[0] not in ADDED))


def as_value(scalar: str) -> str:
    """Return a document that has *scalar* as a value."""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\nv: {scalar}\n"


def as_key(scalar: str) -> str:
    """Return a document that has *scalar* as a key."""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\nv: {{{scalar}: 1}}\n"


def sent(verdict: Verdict) -> Any:
    """Return what kubectl sends as `v`, in a list; ``None`` if it sends nothing."""
    return [verdict["sent"]["v"]] if "sent" in verdict else None


def readings(program: Path, scalars: list[str]) -> list[dict[str, Any]]:
    """Return what kubectl sends for each of *scalars*."""
    values = judged(program, [as_value(each) for each in scalars])
    keys = judged(program, [as_key(each) for each in scalars])
    return [
        {"scalar": each, "value": sent(value), "key": sent(key)}
        for each, value, key in zip(scalars, values, keys, strict=True)
    ]


def reads_alike(row: dict[str, Any]) -> bool:
    """Say whether this project reads the scalar of a *row* of readings as kubectl does."""
    return _is(_own(as_value(row["scalar"])), row["value"]) and _is(_own(as_key(row["scalar"])), row["key"])


def _own(text: str) -> Any:
    try:
        return [documents.parse(text)[0]["v"]]
    except InvalidYaml:
        return None


def _is(found: Any, sent: Any) -> bool:
    if sent is None:  # no document at all, or numbers and keys that JSON does not have
        return found is None or found == [{None: 1}] or (isinstance(found[0], float) and not math.isfinite(found[0]))
    return found == sent and isinstance(found[0], bool) == isinstance(sent[0], bool)


def policies(program: Path) -> list[dict[str, Any]]:
    """Return the policies of the record with their verdicts."""
    numbers = random.Random(11)
    texts = [mutations.text_of(mutations.policy()), *CASES, *(mutations.mutated(numbers) for _ in range(30))]
    return _recorded(texts, judged(program, texts))


def others(program: Path) -> list[dict[str, Any]]:
    """Return the namespaces, pods and workloads of the record with their verdicts."""
    numbers = random.Random(12)
    texts = [*map(mutations.text_of, objects.documents()), *(objects.mutated(numbers) for _ in range(100))]
    return _recorded(texts, judged(program, texts))


def _without_uids(data: Any) -> Any:
    """Return *data* without the labels that a server draws anew each time."""
    if isinstance(data, list):
        return [_without_uids(each) for each in data]
    if not isinstance(data, dict):
        return data
    return {key: _without_uids(item) for key, item in data.items() if not key.endswith("controller-uid")}


def _recorded(texts: list[str], verdicts: list[Verdict]) -> list[dict[str, Any]]:
    for verdict in verdicts:
        sent = verdict.pop("sent", {})
        if sent.get("kind") != "NetworkPolicy" and "accepted" in verdict:
            verdict["sent"] = {key: sent[key] for key in ("apiVersion", "kind")}
            verdict["accepted"] = _without_uids(verdict["accepted"])
        for key in ("refused", "strict"):
            if key in verdict:
                verdict[key] = [each[:160] for each in verdict[key]]
    return [{"text": text, **verdict} for text, verdict in zip(texts, verdicts, strict=True)]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")


if __name__ == "__main__":
    _write(READINGS, readings(PROGRAM, list(SCALARS)))
    _write(POLICIES, policies(PROGRAM))
    _write(OBJECTS, others(PROGRAM))
