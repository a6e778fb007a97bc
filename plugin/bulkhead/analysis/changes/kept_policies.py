"""
Policies that are rendered before a change and not after it, and that stay in the cluster all the same.

An annotation keeps the delivery from pruning such a policy. It still allows what it allows, so nothing closes.
"""

from collections.abc import Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.live_policies import KEEPING, kept_by
from bulkhead.core.diagnostics import Diagnostic
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.io.kustomize.refusals import refusal
from bulkhead.io.manifests.manifest_files import policies_in


def kept_policies(before: AnalysisInput, after: AnalysisInput) -> tuple[list[str], list[Diagnostic]]:
    """
    Return a note about each policy that stays in the cluster and allows nothing, and a refusal for each other one.

    Without a policy that allows nothing, more is open: a comparison without it says too much, not too little.
    """
    notes, faults = [], []
    rendered = {(each.namespace, each.name) for each in after.cluster.policies}
    for policy in _annotated(before):
        setting = kept_by(policy)
        if not setting or (policy.namespace, policy.name) in rendered:
            continue
        message = (
            f"the NetworkPolicy `{policy.namespace}/{policy.name}` is not rendered after, and stays for `{setting}`"
        )
        if policy.ingress or policy.egress:
            hint = "take the setting off in a change of its own, or compare a dump of the cluster: `--dump`"
            faults.append(refusal(before.rules.policy(policy).location, message, hint))
        else:
            notes.append(f"{message}: what it denies is judged as open after, until it is deleted")
    return notes, faults


def kept_settings(side: AnalysisInput) -> Iterator[tuple[str, str, str]]:
    """Yield each policy of *side* that a delivery does not prune: its namespace, its name, and why."""
    for policy in _annotated(side):
        setting = kept_by(policy)
        if setting:
            yield policy.namespace, policy.name, setting


def _annotated(side: AnalysisInput) -> Iterator[NetworkPolicy]:
    """Yield the policies of *side* that may have marks of a delivery, with their annotations as they are delivered."""
    if side.loaded is None:
        yield from side.cluster.policies
    elif any(word in side.loaded.passed_text for word in KEEPING):
        yield from policies_in(side.loaded.passed_text)[0]
