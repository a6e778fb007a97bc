"""The proof that overlays allow what the imported policies allow."""

from dataclasses import replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.compared_readings import compare_readings
from bulkhead.analysis.changes.comparison import ComparedSides, Comparison, NotComparable, compare_manifests
from bulkhead.analysis.overlays_input import from_overlays
from bulkhead.analysis.shared_chains import chain_refusals
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.importing.same_policies import say_the_same
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.record import replaced


def rendered(folder: str, name: str) -> AnalysisInput:
    """
    Return what the tree in *folder* renders, which is called *name*.

    :raises NotComparable: where it renders nothing, because something in it is wrong.
    """
    found = from_overlays(folder)
    if found.faults:
        raise NotComparable(name, (each.in_file(each.location.file.replace(folder, name)) for each in found.faults))
    rules = found.rules.renamed(lambda file: file.replace(folder, name), found.cluster.policies)
    return replace(found, rules=rules)


def created(policies: tuple[NetworkPolicy, ...]) -> tuple[NetworkPolicy, ...]:
    """Return *policies* with the ``policyTypes`` that the API server gives those without when it creates them."""
    return tuple(each if each.has_types else replaced(each, has_types=True) for each in policies)


def proof(before: AnalysisInput, after: AnalysisInput, semantics: Semantics, folder: str) -> Comparison | None:
    """
    Return what differs between the policies *before* and those *after*, rendered from *folder*.

    ``None``: nothing can differ, because both have the same entries. Both sides have the pods and namespaces before,
    and every pod that could exist.

    :raises NotComparable: where it cannot be said what the policies do.
    """
    was, now = created(before.cluster.policies), after.cluster.policies
    one = replace(before, cluster=replaced(before.cluster, policies=was))
    other = replace(before, cluster=replaced(before.cluster, policies=now), rules=after.rules)
    names = "the policies as they were", f"the overlays in {folder}"
    for name, side in zip(names, (one, other), strict=True):
        refused = list(chain_refusals(side, semantics))
        if refused:
            raise NotComparable(name, refused)
    if say_the_same(was, now, semantics.enforcer is not Enforcer.KUBE_ROUTER):
        return None
    return compare_readings(ComparedSides(names, one, other, (semantics, semantics)), compare_manifests)
