"""
Files that change, that no verdict is about, and that decide what is delivered.

A verdict is about what the root builds. What delivers it, what checks it, and what is delivered from elsewhere in the
same tree is named, with every file.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import cached_property
from posixpath import basename, dirname, join, normpath

from bulkhead.core.record import record
from bulkhead.io.git import deliveries
from bulkhead.io.git.attributes import ATTRIBUTES, may_alter
from bulkhead.io.git.deliveries import in_charts
from bulkhead.io.git.file_states import LINK, MODULE, DiskFiles, FileState, FileStates
from bulkhead.io.git.repository import Repository
from bulkhead.io.git.staged import ignored, staged_otherwise
from bulkhead.io.git.value_files import may_deliver, value_files
from bulkhead.io.kustomize.other_roots import OtherRoots
from bulkhead.io.kustomize.unlisted import OVERLAYS
from bulkhead.io.manifests.file_kinds import MOST_PARSED, UNREAD, FileKinds, kinds_in


class DeliveryReason(Enum):
    """Why a file decides what is delivered."""

    DELIVERS = "it delivers or checks"
    ROOT = "a kustomization that is not judged here reads it"
    POLICY = "it holds a policy that no verdict here is about"
    UNREAD = "what it holds cannot be read, and may be a policy"
    ATTRIBUTES = "by it git checks out, or packs, another text than it stores"
    CHART = "a part of a Helm chart, which can be rendered from elsewhere"
    LINK = "a link: what it leads to can be delivered from here"
    MODULE = "a submodule, whose files are not read"
    STAGED = "what is staged of it is not what was compared, and is committed"
    LEFT_OUT = "it is not read here, and other tools may apply it"
    IGNORED = "git ignores it, so that no commit has what was compared"


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
        own = {path for path in here if path not in self.judged}
        kinds = dict(self._kinds(here))
        yield from ((path, DeliveryReason.UNREAD) for path, each in kinds.items() if each.unread and path in own)
        yield from ((path, DeliveryReason.POLICY) for path, each in kinds.items() if each.policy and path in own)
        yield from ((path, DeliveryReason.CHART) for path in in_charts(own, self.every))
        yield from ((path, DeliveryReason.LINK) for path in own if self._is_link_inside(path))
        roots = OtherRoots(self.files, self.every, self.folders)
        yield from ((path, DeliveryReason.ROOT) for path in roots.read(set(here)))
        yield from ((path, DeliveryReason.DELIVERS) for path, each in kinds.items() if each.delivers)
        named = {path for path in here if deliveries.is_named_delivery(path)}
        if own - named:
            named |= self._named() & own
            texts = self.files.contents(filter(may_deliver, self.every.keys() - self.programs))
            named.update(value_files(own - named, texts))
        yield from ((path, DeliveryReason.DELIVERS) for path in named)
        attributes = self.files.contents(path for path in here if basename(path) == ATTRIBUTES)
        yield from ((path, DeliveryReason.ATTRIBUTES) for path, text in attributes.items() if may_alter(text))
        yield from ((path, DeliveryReason.MODULE) for path in here if self.every[path][0] == MODULE)

    def _is_link_inside(self, path: str) -> bool:
        """Say whether *path* is a link to something in the tree. What is outside of it is in no clone."""
        if self.every[path][0] != LINK:
            return False
        target = self.files.target(path)
        return not target.startswith("/") and not normpath(join(dirname(path), target)).startswith("../")

    def _kinds(self, paths: Sequence[str]) -> Iterator[tuple[str, FileKinds]]:
        """Yield what each text of *paths* contains. What is too large, alone or with those before it, is not read."""
        texts = [path for path in paths if deliveries.may_make_policies(path, self.every[path])]
        contents, parsed = self.files.contents(texts), 0
        for path in texts:
            content = contents.get(path)
            parsed += len(content or b"")
            if content is None or parsed > MOST_PARSED:
                yield path, UNREAD
            elif self.every[path][0] != LINK:
                yield path, kinds_in(path, content)

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


def uncommitted(side: DeliverySide, repository: Repository, disk: DiskFiles) -> Iterator[DeliveryChange]:
    """Yield each file of *side*, on the *disk*, that a commit has with another content, or not at all."""
    overlays = f"{OVERLAYS}/"
    for path in staged_otherwise(repository, disk):
        state = disk.at(path) or disk.tracked.get(path, ("", ""))
        inside = any(path.startswith(f"{top}/{overlays}".lstrip("/")) for top in side.tops)
        if inside or path in side.judged | side.programs or deliveries.is_text(path, state):
            yield DeliveryChange(path, DeliveryReason.STAGED)
    for path in ignored(disk, side.judged):
        yield DeliveryChange(path, DeliveryReason.IGNORED)
