"""
Files that change, that no verdict is about, and that decide what is delivered.

A verdict is about what the root builds. What delivers it, what checks it, and what is delivered from elsewhere in the
same tree is named, with every file.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property

from bulkhead.core.record import record
from bulkhead.io.git import deliveries
from bulkhead.io.git.file_states import MODULE, FileState, FileStates
from bulkhead.io.kustomize.other_roots import OtherRoots


class DeliveryReason(Enum):
    """Why a file decides what is delivered."""

    DELIVERS = "it delivers or checks"
    ROOT = "a kustomization that is not judged here reads it"
    POLICY = "it holds a policy, and no kustomization that is judged here reads it"
    MODULE = "a submodule, whose files are not read"


@record
class DeliveryChange:
    """A *file* that changes, and the *reason* why it decides what is delivered."""

    file: str
    reason: DeliveryReason


class DeliverySide:
    """
    The files of one side.

    *judged* are those that the judged builds read, *folders* the folders of their kustomizations, *programs* those
    that a build can execute. *tops* are the folders from which files are named.
    """

    def __init__(
        self,
        files: FileStates,
        judged: Iterable[str],
        folders: Iterable[str],
        programs: Iterable[str],
        tops: Iterable[str],
    ) -> None:
        self.files = files
        self.judged, self.folders, self.programs = frozenset(judged), frozenset(folders), frozenset(programs)
        self.tops = tuple(tops)

    @cached_property
    def every(self) -> dict[str, FileState]:
        """The state of each file."""
        return dict(self.files.every())

    def reasons(self, changed: set[str]) -> Iterator[tuple[str, DeliveryReason]]:
        """Yield those of *changed* that decide what is delivered, the strongest reason last."""
        here = sorted(path for path in changed & self.every.keys() if path not in self.programs)
        contents = self.files.contents(path for path in here if deliveries.is_text(path, self.every[path]))
        own = {path for path in here if path not in self.judged}
        policies = {path for path, text in contents.items() if deliveries.has_policy(text)}
        yield from ((path, DeliveryReason.POLICY) for path in policies & own)
        roots = OtherRoots(self.files, self.every, self.folders)
        yield from ((path, DeliveryReason.ROOT) for path in roots.read(set(here)))
        yield from ((path, DeliveryReason.DELIVERS) for path, text in contents.items() if deliveries.delivers(text))
        named = {path for path in here if deliveries.is_named_delivery(path)}
        yield from ((path, DeliveryReason.DELIVERS) for path in named | (self._named() & own if own - named else set()))
        yield from ((path, DeliveryReason.MODULE) for path in here if self.every[path][0] == MODULE)

    def _named(self) -> set[str]:
        """Return the files that deliver or check by their names, and all that they name."""
        found = {path for path in self.every if deliveries.is_named_delivery(path)} - self.programs
        waiting = set(found)
        while waiting:
            texts = self.files.contents(path for path in waiting if deliveries.is_text(path, self.every[path]))
            named = {
                each for path, text in texts.items() for each in deliveries.named_in(path, text, self.every, self.tops)
            }
            waiting = named - found - self.judged - self.programs
            found |= waiting
        return found


def delivery_changes(before: DeliverySide, after: DeliverySide) -> tuple[DeliveryChange, ...]:
    """Return every file that differs between the sides and decides, on one of them, what is delivered."""
    old, new = before.every, after.every
    changed = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    if not changed:
        return ()
    found: dict[str, DeliveryReason] = {}
    for side in (before, after):
        for path, reason in side.reasons(changed):
            found[path] = reason
    return tuple(DeliveryChange(path, found[path]) for path in sorted(found))
