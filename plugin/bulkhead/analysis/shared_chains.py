"""
Policies that kube-router takes for one: which of them counts changes from one synchronisation to the next.

What follows from them cannot be said, so nothing is judged by kube-router where a cluster has two of them.
"""

from collections.abc import Iterator, Sequence

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.diagnostics import Diagnostic
from bulkhead.core.engine.kube_router import shared_chains
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import PolicyIndex
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import Enforcer
from bulkhead.io.kustomize.refusals import refusal


def shares_a_chain(
    policies: Sequence[NetworkPolicy], semantics: Semantics
) -> Iterator[tuple[PolicyIndex, NetworkPolicy]]:
    """Yield each of *policies* that shares the chain of an earlier one by *semantics*, with that one."""
    if semantics.enforcer is Enforcer.KUBE_ROUTER:
        yield from shared_chains(policies)


def chain_refusals(found: AnalysisInput, semantics: Semantics) -> Iterator[Diagnostic]:
    """Yield a refusal for each policy of *found* that shares the chain of another, if *semantics* is kube-router's."""
    for number, first in shares_a_chain(found.cluster.policies, semantics):
        policy = found.cluster.policies[number]
        yield refusal(
            found.policy_location(number),
            f"policies `{policy.name}` of namespace `{policy.namespace}` and `{first.name}` of namespace "
            f"`{first.namespace}` are one to kube-router, because namespace and name written together are the same, "
            "and which of them counts changes",
            "rename one of them",
        )
