"""Checks for what no policy covers."""

from collections.abc import Iterator

from bulkhead.core.kubernetes.cluster import policies_by_namespace
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, Direction
from bulkhead.core.language.resources import Isolation
from bulkhead.core.lint.context import FieldReference, Kind, LintContext, of_policy
from bulkhead.core.lint.finding import Check, CheckResult, Severity


def _no_deny(scene: LintContext) -> Iterator[CheckResult]:
    isolating = {each.namespace: each.spec.isolation for each in scene.namespaces}
    for namespace, policies in sorted(policies_by_namespace(scene.cluster.policies).items()):
        whole = [policy for policy in policies if policy.pods == EVERY_POD]
        missing = [direction for direction in Direction if all(getattr(policy, direction) is None for policy in whole)]
        if missing:
            written = isolating.get(namespace, Isolation.BOTH) is not Isolation.BOTH
            yield CheckResult(
                FieldReference(Kind.NAMESPACE, namespace, ("spec",)) if written else of_policy(policies[0]),
                f"no policy of the namespace denies {' and '.join(missing)} by default: pods that no policy selects "
                "for it stay open",
                "write `isolation: both`, or accept the finding with the reason"
                if written
                else "add a policy `default-deny-all`: `podSelector: {}`, `policyTypes: [Ingress, Egress]`, no rules",
                (namespace,),
            )


NO_DENY = Check(
    "no-default-deny",
    Severity.WARNING,
    "A protected namespace without a default deny",
    "A policy isolates only the pods that it selects, and only in its directions. What no policy selects is open, also "
    "the pod that comes tomorrow.",
    "# the only policy\nspec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: […]}",
    "Add a policy that selects every pod, has both policyTypes and no rules. An overlay renders one unless it says "
    "`isolation: ingress`, `egress` or `none`.",
    _no_deny,
)


def _unlisted(scene: LintContext) -> Iterator[CheckResult]:
    recorded = {each.namespace for each in scene.namespaces if each.spec.unprotected is not None}
    having = {policy.namespace for policy in scene.cluster.policies}
    inhabited = {pod.namespace for pod in scene.cluster.pods} if scene.workloads else set(scene.listed)
    for namespace in scene.listed:
        if namespace in inhabited and namespace not in having | recorded:
            yield CheckResult(
                FieldReference(Kind.CLUSTER, namespace),
                "the namespace has no policy, and nobody has put on record that it is meant to have none",
                "`bulkhead new NAMESPACE`, or `bulkhead new NAMESPACE --unprotected REASON`",
                (namespace,),
            )


UNLISTED = Check(
    "unlisted-namespace",
    Severity.WARNING,
    "A namespace that nobody has decided about",
    "Its pods reach everything, and everything reaches them. That can be right, but the reason should be recorded.",
    "# a namespace of the cluster without NetworkPolicy and without overlay",
    "Make an overlay for it: with rules, or with `unprotected: REASON`.",
    _unlisted,
)

CHECKS = (NO_DENY, UNLISTED)
