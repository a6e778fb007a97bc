"""The rows and columns of the matrix of a page: namespaces and networks, and what is between each two of them."""

from bulkhead.core.engine.alike import alike, group_cells
from bulkhead.core.engine.reachability import Reachability, port_set
from bulkhead.core.explanation.pair import single_pods
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.record import record
from bulkhead.core.sets import intervals
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ranges import PUBLIC
from bulkhead.report.names.outside_names import Outside
from bulkhead.report.page.page_tables import Tables, runs
from bulkhead.report.reach.matrix import Between, inner_groups, over_families

ANY_NAMESPACE = "*"
"""Begins the name of a group of namespaces that are not listed."""

HOSTS = "host network"


@record
class PageGroups:
    """
    *names* of the groups, namespaces first, and for each address family the members of each.

    The groups in *outside* are addresses; those in *internet* have public ones.
    """

    names: tuple[str, ...]
    members: tuple[tuple[Members, ...], ...]
    outside: frozenset[int]
    internet: frozenset[int]

    def is_namespace(self, number: int) -> bool:
        """Say whether group *number* is one namespace."""
        name = self.names[number]
        return number not in self.outside and name != HOSTS and not name.startswith(ANY_NAMESPACE)

    def as_json(self, tables: Tables) -> list[object]:
        """Return a list for each group: its name, and what it is."""
        return [[tables.text(name), self._kind(number)] for number, name in enumerate(self.names)]

    def _kind(self, number: int) -> str:
        if number in self.outside:
            return "internet" if number in self.internet else "outside"
        return "namespace" if self.is_namespace(number) else "other"


def page_groups(answer: Reachability, outside: Outside) -> PageGroups:
    """Return the groups of *answer*."""
    outer = [outside.groups(layer.space) for layer in answer.layers]
    parts = [inner_groups(layer) | those for layer, those in zip(answer.layers, outer, strict=True)]
    inner = list(dict.fromkeys(name for layer in answer.layers for name in inner_groups(layer)))
    names = [*inner, *dict.fromkeys(name for each in outer for name in each)]
    public = set()
    for layer in answer.layers:
        base = layer.space.outside and (layer.space.outside & -layer.space.outside).bit_length() - 1
        for name, members in outside.groups(layer.space).items():
            regions = [layer.space.address_cells.regions[member - base] for member in indices(members)]
            if any(intervals.intersect(region, PUBLIC) for region in regions):
                public.add(name)
    numbers = range(len(inner), len(names))
    return PageGroups(
        tuple(names),
        tuple(tuple(each.get(name, 0) for name in names) for each in parts),
        frozenset(numbers),
        frozenset(number for number in numbers if names[number] in public),
    )


def matrix_json(answer: Reachability, groups: PageGroups, templates: bool, tables: Tables) -> dict[str, object] | None:
    """
    Return what is between each two *groups*, and which namespaces are alike to all pods; ``None``: too many steps.

    *kinds* are lists of sets of ports: none, the one that all pairs have, or all that occur. *rows* has for each group
    the numbers of kinds, as ``runs``. *folds* are lists of groups: what they reach outside the cluster may differ.
    """
    layers = [
        group_cells(layer, members, single_pods(layer, templates))
        for layer, members in zip(answer.layers, groups.members, strict=True)
    ]
    found = [each for each in layers if each]
    if len(found) < len(layers):
        return None
    kinds, rows = over_families(found)
    return {
        "kinds": [_ports(answer, kind, tables) for kind in kinds],
        "rows": [runs(row) for row in rows],
        "folds": _folds(rows, groups, {policy.namespace for policy in answer.cluster.policies}),
    }


def _ports(answer: Reachability, kind: Between, tables: Tables) -> list[int]:
    sets = {
        port_set(layer, port_cells)
        for layer, cell in zip(answer.layers, kind, strict=True)
        for port_cells in cell
    }  # fmt: skip
    return sorted(tables.port_set(each) for each in sets)


def _folds(rows: list[list[int]], groups: PageGroups, guarded: set[str]) -> list[list[int]]:
    """
    Return the groups that nothing between pods distinguishes, as lists in order of their first.

    Namespaces with a policy, which are *guarded*, and those without are never in one list.
    """
    inner = len(groups.names) - len(groups.outside)
    apart = [not groups.is_namespace(number) for number in range(inner)]
    folds = alike([row[:inner] for row in rows[:inner]], apart)
    split = [
        [each for each in fold if (groups.names[each] in guarded) is has] for fold in folds for has in (True, False)
    ]
    return [*sorted(filter(None, split)), *([number] for number in range(inner, len(rows)))]
