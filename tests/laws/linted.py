"""What the laws of lint judge: the rules of a cluster, without files."""

from bulkhead.core.engine.semantics import Semantics, mode_of
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.lint.context import LintContext, LintedCluster, RuleReference, of_policy
from laws.strategies import PORTS, PROTOCOLS

PROBES = [(protocol, port) for protocol in PROTOCOLS for port in (*PORTS, 7777)]


def scene_of(cluster: Cluster, enforcer: Enforcer, workloads: bool = False) -> LintContext:
    lines = tuple(
        RuleReference(
            policy.namespace, number, direction, (entry,), f"{number} {direction} {entry}",
            of_policy(policy, "spec", direction, entry),
        )
        for number, policy in enumerate(cluster.policies)
        for direction in Direction
        for entry in range(len(policy.of(direction) or ()))
    )  # fmt: skip
    return LintContext(LintedCluster(cluster, Semantics(mode_of(enforcer))), lines, enforcer, workloads=workloads)
