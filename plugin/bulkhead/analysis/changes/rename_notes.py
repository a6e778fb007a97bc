"""What has another name after a change, in one sentence each."""

from collections.abc import Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.diff.renamed import renamed_namespaces, renamed_policies
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy


def rename_notes(before: AnalysisInput, after: AnalysisInput) -> Iterator[str]:
    """Yield a sentence for each namespace, and each rule or policy, that has a new name and is the same otherwise."""
    for old, new in renamed_namespaces(before.cluster, after.cluster):
        yield f"namespace `{old}` is now `{new}`, and its policies are the same; pods that stay in `{old}` have none"
    for policy, same in renamed_policies(before.cluster, after.cluster):
        was, now = _rule(before, policy), _rule(after, same)
        if was and now and was != now:
            yield f"rule `{was}` of `{policy.namespace}` is now `{now}`, and allows the same"
        else:
            yield f"policy `{policy.namespace}/{policy.name}` is now `{same.namespace}/{same.name}`, and means the same"


def _rule(side: AnalysisInput, policy: NetworkPolicy) -> str:
    """Return the name of the only rule of *policy* that a person wrote in an overlay, else nothing."""
    sides = [(direction, side.rules.rule(policy, direction, 0)) for direction in policy.types if policy.of(direction)]
    written = [rule for _, rule in sides if rule.rule is not None]
    return written[0].name if len(sides) == len(written) == 1 else ""
