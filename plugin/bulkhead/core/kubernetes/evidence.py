"""
What a report is based on: the numbers of objects that were read, and the objects that were not judged.

Readers of overlays, manifests and dumps fill an :class:`Evidence`. Every report prints it.
"""

from collections.abc import Iterable

from bulkhead.core.record import record, replaced

KindCounts = tuple[tuple[str, int], ...]
"""Kinds, or endings of files, with the number of each, sorted. A kind is written ``Kind (group)``."""


@record
class UnjudgedPolicy:
    """
    A policy of a kind that is not judged, or an object that holds or delivers policies.

    *kind* is written ``Kind (group)``. *namespace* is empty where none is written. *content* is equal for two versions
    of the policy that say the same. *delivers*: it tells a delivery what to apply from elsewhere.
    """

    kind: str
    namespace: str
    name: str
    content: str
    delivers: bool = False

    @property
    def identity(self) -> tuple[str, str, str]:
        """What stays the same when the content changes."""
        return self.kind, self.namespace, self.name

    @property
    def title(self) -> str:
        """The kind and the name, as people write them."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@record
class Evidence:
    """
    Numbers of the *files* that were read and of the *policies*, *pods* and *workloads* in them.

    *classes* are endpoint classes, the pods that no policy distinguishes counted once; ``None`` where they were not
    computed. *finished* are pods that have ended: they are in no other number. *idle* are the workloads with
    ``replicas: 0``. *unjudged* are policies of kinds that are not judged. *creators* are objects without a pod
    template that may create pods. *foreign* are files that hold no Kubernetes object. *excluded* are files and folders
    that an option left out, *dot_folders* and *linked_folders* are folders that were not entered. *notes* are
    sentences that a reader must know. *creator_namespaces* are those of the creators, ``""`` where none is written.
    *other_files* are the files that were not read, because manifests have other endings, counted by ending.
    """

    files: int = 0
    policies: int = 0
    pods: int = 0
    workloads: int = 0
    classes: int | None = None
    finished: int = 0
    idle: tuple[str, ...] = ()
    unjudged: KindCounts = ()
    creators: KindCounts = ()
    foreign: int = 0
    excluded: int = 0
    dot_folders: int = 0
    linked_folders: int = 0
    notes: tuple[str, ...] = ()
    creator_namespaces: tuple[str, ...] = ()
    other_files: KindCounts = ()

    def renamed(self, old: str, new: str) -> "Evidence":
        """Return the same with the file *old* called *new* in the notes."""
        return replaced(self, notes=tuple(each.replace(old, new) for each in self.notes))

    def with_classes(self, classes: int) -> "Evidence":
        """Return the same with the number of endpoint *classes*."""
        return replaced(self, classes=classes)

    def and_of(self, other: "Evidence") -> "Evidence":
        """Return the evidence of a report that uses *other* too."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in _ADDED}
        kinds = {
            name: _sum(getattr(self, name), getattr(other, name)) for name in ("unjudged", "creators", "other_files")
        }
        return replaced(
            self,
            **sums,
            **kinds,
            classes=self.classes if other.classes is None else other.classes,
            creator_namespaces=tuple(sorted({*self.creator_namespaces, *other.creator_namespaces})),
        )

    @property
    def is_nothing(self) -> bool:
        """Whether there is no policy and no pod: nothing that could be judged."""
        return not (self.policies or self.pods or self.workloads)


_COUNTED = ("unjudged", "creators", "other_files")
_ADDED = (
    "files",
    "policies",
    "pods",
    "workloads",
    "finished",
    "idle",
    "foreign",
    "excluded",
    "dot_folders",
    "linked_folders",
    "notes",
)
"""Fields of an :class:`Evidence` that are added up for two of them: numbers, and lists of text."""

NO_EVIDENCE = Evidence()
"""Nothing was read."""


def counted(kinds: Iterable[str]) -> KindCounts:
    """Return how often each of *kinds* occurs."""
    found: dict[str, int] = {}
    for kind in kinds:
        found[kind] = found.get(kind, 0) + 1
    return tuple(sorted(found.items()))


def _sum(one: KindCounts, other: KindCounts) -> KindCounts:
    found = dict(one)
    for kind, count in other:
        found[kind] = found.get(kind, 0) + count
    return tuple(sorted(found.items()))
