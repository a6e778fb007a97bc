"""
Label selectors: for one set of labels, and for all members of an endpoint space at once.

``matches`` follows the text of the specification. ``select`` answers the same question for all members with set
operations on an index. A property test checks that the two agree.
"""

from collections.abc import Iterable, Mapping

from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, Requirement, Selector
from bulkhead.core.record import record

Members = int
"""A bit set of the members of an endpoint space: each bit is an endpoint class."""


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Say whether *selector* selects something labelled *labels*. NotIn and DoesNotExist match a missing key."""
    return all(labels.get(key) == wanted for key, wanted in selector.labels) and all(
        _meets(requirement, labels) for requirement in selector.expressions
    )


def _meets(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    match requirement.operator:
        case "In":
            return requirement.key in labels and labels[requirement.key] in requirement.values
        case "NotIn":
            return requirement.key not in labels or labels[requirement.key] not in requirement.values
        case "Exists":
            return requirement.key in labels
        case _:
            return requirement.key not in labels


def matching(selector: Selector, labelled: Mapping[str, Mapping[str, str]]) -> list[str]:
    """
    Return the namespaces of *labelled* that *selector* selects; *labelled* has the labels of each namespace by name.

    The label with the name of the namespace is one of them. A selector that requires it is compared with that namespace
    only.
    """
    wanted = dict(selector.labels).get(NAMESPACE_NAME)
    if wanted is not None:
        return [wanted] if wanted in labelled and matches(selector, labelled[wanted]) else []
    return [name for name, labels in labelled.items() if matches(selector, labels)]


Vocabulary = dict[str, frozenset[str]]
"""The label keys that selectors mention, each with the values that they mention for it."""


def vocabulary(selectors: Iterable[Selector]) -> Vocabulary:
    """Return the keys and values that *selectors* mention."""
    known: dict[str, set[str]] = {}
    for selector in selectors:
        for key, wanted in selector.labels:
            known.setdefault(key, set()).add(wanted)
        for requirement in selector.expressions:
            known.setdefault(requirement.key, set()).update(requirement.values)
    return {key: frozenset(wanted) for key, wanted in known.items()}


KnownLabels = tuple[tuple[str, str | None], ...]
"""Labels whose keys selectors mention; the value is ``None`` where no selector mentions it."""


def known_labels(labels: Iterable[tuple[str, str]], known: Vocabulary) -> KnownLabels:
    """Return those of *labels* whose keys are in *known*."""
    return tuple((key, text if text in known[key] else None) for key, text in labels if key in known)


@record
class Index:
    """Members by label: for each pair of key and value, for each key with any value, and *everyone*."""

    pairs: Mapping[tuple[str, str], Members]
    keys: Mapping[str, Members]
    everyone: Members


def index(labelled: Iterable[tuple[Members, KnownLabels]]) -> Index:
    """Return the index of *labelled*, sets of members with their labels."""
    pairs: dict[tuple[str, str], int] = {}
    keys: dict[str, int] = {}
    everyone = 0
    for bit, labels in labelled:
        everyone |= bit
        for key, text in labels:
            keys[key] = keys.get(key, 0) | bit
            if text is not None:
                pairs[key, text] = pairs.get((key, text), 0) | bit
    return Index(pairs, keys, everyone)


def select(selector: Selector, members: Index) -> Members:
    """Return those of *members* that *selector* selects; they are indexed by a vocabulary with its keys and values."""
    found = members.everyone
    for label in selector.labels:
        found &= members.pairs.get(label, 0)
    for requirement in selector.expressions:
        found &= _meeting(requirement, members)
    return found


def _meeting(requirement: Requirement, members: Index) -> Members:
    having = members.keys.get(requirement.key, 0)
    among = 0
    for text in requirement.values:
        among |= members.pairs.get((requirement.key, text), 0)
    match requirement.operator:
        case "In":
            return among
        case "NotIn":
            return members.everyone & ~among
        case "Exists":
            return having
        case _:
            return members.everyone & ~having
