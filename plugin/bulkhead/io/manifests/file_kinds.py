"""
Whether a file that nobody builds here contains a policy, an object of a delivery, or what cannot be read.

The file is parsed, so that it does not matter how a kind is spelled: with escapes, tags, anchors, in several lines.
"""

import re
from typing import Any

from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY
from bulkhead.core.record import record
from bulkhead.io.delivery_commands import CODE, SETTINGS, delivers_by_resources, has_command, makes_policies
from bulkhead.io.files import MIB
from bulkhead.io.input_files import PROGRAMS, SUFFIXES
from bulkhead.io.manifests.kinds import DELIVERING_GROUPS, UNJUDGED_NAMES, delivers, group_of, is_unjudged
from bulkhead.io.manifests.manifest_files import MAY_BE_KUBERNETES
from bulkhead.io.manifests.pod_templates import containers_of, templates_of
from bulkhead.io.manifests.policy_changers import may_change_policies
from bulkhead.io.manifests.settings import configures
from bulkhead.io.yaml.documents import mapping_keys, parse, split
from bulkhead.io.yaml.nodes import InvalidYaml

LARGEST_PARSED = 4 * MIB
"""Bytes of a file that is parsed; a larger one counts as one that cannot be read."""

MOST_PARSED = 64 * MIB
"""Bytes of all files of a change that are parsed."""

_OWN = ("SegmentedNamespace", "ClusterProfile", "ProviderRanges")
_KEYS = frozenset(("kind", "apiversion", "items", "<<"))
"""Keys of an object or a list, in small letters. A document without them is no object."""

_POLICY = re.compile(rf"\bkind[\"']?\s*:\s*[\"']?(?:\w*(?:{'|'.join((NETWORKPOLICY, *UNJUDGED_NAMES, *_OWN))}))\b")
_DELIVERS = re.compile(
    rf"apiVersion[\"']?\s*:\s*[\"']?(?:{'|'.join(map(re.escape, sorted(DELIVERING_GROUPS)))}|[\w.-]*\bfluxcd\.io)/"
)


@record
class FileKinds:
    """
    What a file contains: a policy about traffic (*policy*), what *delivers* or the commands of it.

    *unread*: it cannot be parsed, or is a program, so that it may contain either.
    """

    policy: bool = False
    delivers: bool = False
    unread: bool = False

    @property
    def may_have_policy(self) -> bool:
        """Whether the file contains a policy, or may contain one."""
        return self.policy or self.unread

    @property
    def concerns(self) -> bool:
        """Whether the file decides about traffic or a delivery, or may do so."""
        return self.may_have_policy or self.delivers


UNREAD = FileKinds(unread=True)
"""A file that may contain anything."""


def kinds_in(path: str, content: bytes) -> FileKinds:
    """Return what the file at *path*, of this *content*, contains; any file but YAML and JSON is searched for words."""
    if path.endswith(PROGRAMS):
        return UNREAD
    if not path.endswith(SUFFIXES):
        return _of_program(path, content.decode("utf-8", "replace"))
    if len(content) > LARGEST_PARSED:
        return UNREAD
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return UNREAD
    found = [_of_chunk(chunk.text) for chunk in split(text)]
    runs = _does_deliver(text)
    return FileKinds(
        any(each.policy for each in found),
        runs or any(each.delivers for each in found),
        any(each.unread for each in found),
    )


def _of_program(path: str, text: str) -> FileKinds:
    """Return what a file that is no YAML contains. Of a program in a general language, only its own objects count."""
    makes = makes_policies(path, text)
    if path.endswith(CODE):
        return FileKinds(policy=makes or bool(_POLICY.search(text)))
    found = _of_text(text)
    return FileKinds(makes or found.policy, found.delivers or delivers_by_resources(path, text))


def _of_text(text: str) -> FileKinds:
    return FileKinds(bool(_POLICY.search(text)), _does_deliver(text))


def _does_deliver(text: str) -> bool:
    return bool(_DELIVERS.search(text) or has_command(text) or SETTINGS.search(text))


def _of_chunk(text: str) -> FileKinds:
    """Return what the document *text* contains. One that is refused and cannot be an object contains nothing."""
    try:
        return _of_documents(parse(text))
    except (InvalidYaml, RecursionError):
        pass
    try:
        is_foreign = not MAY_BE_KUBERNETES.search(text) or all(
            keys is not None and _KEYS.isdisjoint(map(str.casefold, keys)) for keys in mapping_keys(text)
        )
    except (InvalidYaml, RecursionError):
        is_foreign = False
    return FileKinds() if is_foreign else UNREAD


def _of_documents(documents: list[Any]) -> FileKinds:
    policy = does_deliver = False
    waiting: list[Any] = list(documents)
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            group, kind = group_of(_value(each, "apiversion")), str(_value(each, "kind"))
            policy = policy or _is_policy(group, kind, each)
            does_deliver = does_deliver or delivers(group, kind) or bool(_settings(group, kind, each))
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
            words = [word for word in each if isinstance(word, str)]
            does_deliver = does_deliver or (len(words) > 1 and has_command(" ".join(words)))
        elif isinstance(each, str) and (":" in each or " " in each):
            found = _of_text(each)
            policy, does_deliver = policy or found.policy, does_deliver or found.delivers
    return FileKinds(policy, does_deliver)


def _settings(group: str, kind: str, document: dict[str, Any]) -> str:
    """Return what *document* has the settings of; ``""`` where it is no object, or has none."""
    if not kind:
        return ""
    metadata = _value(document, "metadata")
    name = str(metadata.get("name")) if isinstance(metadata, dict) else ""
    return configures(group, kind, name, tuple(containers_of(templates_of(document))))


def _value(document: dict[str, Any], name: str) -> Any:
    """Return the value of the key *name*, in letters of any size."""
    return next((value for key, value in document.items() if str(key).casefold() == name), "")


def _is_policy(group: str, kind: str, document: dict[str, Any]) -> bool:
    """Say whether *document* is a policy, or changes policies. The items of a list may have no kind."""
    kind = kind.removesuffix("List")
    return kind in (NETWORKPOLICY, *_OWN) or is_unjudged(group, kind) or may_change_policies(group, kind, document)
