"""The line that says what a report is based on, and what was not judged."""

from collections.abc import Iterable, Iterator

from bulkhead.core.kubernetes.evidence import Evidence, KindCounts
from bulkhead.core.record import replaced
from bulkhead.core.safe_text import printable
from bulkhead.report.layout.cut import SHORT
from bulkhead.report.layout.markdown import escaped
from bulkhead.report.layout.text import count

_IDLE = 6
_ENDINGS = 12


def evidence_lines(found: Evidence) -> str:
    """Return the line of evidence, and a line for each note."""
    return "".join(f"{line}\n" for line in (f"evidence: {evidence_text(found)}", *_notes(found)))


def sides_lines(before: Evidence, after: Evidence) -> tuple[str, ...]:
    """Return the evidence of two sides, in one line where it is the same, and a line for each note."""
    if before == after:
        return f"evidence: {evidence_text(before)} (both sides)", *_notes(before)
    line = f"evidence: before: {evidence_text(before)} | after: {evidence_text(after)}"
    return line, *_notes(before, "before: "), *_notes(after, "after: ")


def markdown_lines(found: Evidence) -> str:
    """Return the evidence as items of a Markdown list."""
    return "".join(f"- {escaped(line)}\n" for line in evidence_lines(found).splitlines())


def evidence_text(found: Evidence) -> str:
    """Return *found* in one line."""
    return "; ".join(_parts(found))


def not_read_text(found: Evidence) -> str:
    """Return in one line what *found* says was left out, not counted or not judged, and its notes."""
    return "; ".join((*list(_parts(replaced(found, idle=())))[1:], *map(printable, found.notes)))


def evidence_json(found: Evidence) -> dict[str, object]:
    """Return *found* for other programs."""
    return {
        "files": found.files,
        "policies": found.policies,
        "pods": found.pods,
        "workloads": found.workloads,
        "classes": found.classes,
        "finishedPods": found.finished,
        "withoutReplicas": list(found.idle),
        "notJudged": _counts(found.unjudged),
        "mayCreatePods": _counts(found.creators),
        "filesWithoutObjects": found.foreign,
        "excluded": found.excluded,
        "dotFolders": found.dot_folders,
        "linkedFolders": found.linked_folders,
        "otherFiles": [{"ending": ending, "count": number} for ending, number in found.other_files],
        "notes": list(found.notes),
    }


def _parts(found: Evidence) -> Iterator[str]:
    numbers = [
        count(found.files, "file"),
        count(found.policies, "policy"),
        count(found.pods, "pod"),
        count(found.workloads, "workload"),
    ]
    classes = [] if found.classes is None else [f"{found.classes} endpoint class{'' if found.classes == 1 else 'es'}"]
    yield ", ".join(numbers + classes)
    if found.unjudged:
        yield f"NOT JUDGED: {_kinds(found.unjudged)}"
    if found.creators:
        yield f"pods may also come from: {_kinds(found.creators)}"
    if found.finished:
        yield f"{count(found.finished, 'finished pod')} not counted"
    if found.idle:
        yield f"`replicas: 0`: {SHORT.row([printable(each) for each in found.idle], _IDLE)}"
    left_out = [
        (found.foreign, f"{count(found.foreign, 'file')} without a Kubernetes object"),
        (found.excluded, f"{found.excluded} excluded"),
        (found.dot_folders, count(found.dot_folders, "dot folder")),
        (found.linked_folders, count(found.linked_folders, "linked folder")),
    ]
    said = [words for number, words in left_out if number]
    others = sum(number for _, number in found.other_files)
    if others:
        endings = [f"{number} {printable(ending) or 'without an ending'}" for ending, number in found.other_files]
        said.append(f"{count(others, 'other file')} ({SHORT.row(endings, _ENDINGS)})")
    if said:
        yield f"left out: {', '.join(said)}"


def _notes(found: Evidence, side: str = "") -> Iterator[str]:
    return (f"note: {side}{printable(each)}" for each in found.notes)


def _kinds(found: KindCounts) -> str:
    return ", ".join(f"{number} {printable(kind)}" for kind, number in found)


def _counts(found: KindCounts) -> Iterable[dict[str, object]]:
    return [{"kind": kind, "count": number} for kind, number in found]
