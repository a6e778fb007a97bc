"""Checks for parts of policies that never count, or not as they read, whatever enforces them."""

from collections.abc import Iterator

from bulkhead.core.kubernetes.networkpolicy import Direction, PodPeer, PolicyPort, PolicyRule
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.lint.context import LintContext, RuleReference, of_policy, rules
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.lint.pod_index import PodBits


def _left_out(scene: LintContext) -> Iterator[CheckResult]:
    for at in scene.left_out:
        namespace, _, name = at.name.partition("/")
        direction = str(at.path[-1])
        yield CheckResult(
            at,
            f"the {direction} rules of policy `{name}` have no effect: `policyTypes` leaves "
            f"`{direction.capitalize()}` out",
            f"add `{direction.capitalize()}` to `policyTypes`, or remove the rules",
            (namespace,),
        )


DIRECTION_LEFT_OUT = Check(
    "direction-left-out",
    Severity.WARNING,
    "Rules of a direction that `policyTypes` leaves out",
    "A policy counts only in the directions of its `policyTypes`. Rules of another direction are accepted by the API "
    "server and ignored: they allow nothing, and they do not isolate the pods either, so what they seem to limit "
    "stays open.",
    "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]",
    "Add the direction to `policyTypes`, or remove the rules.",
    _left_out,
)


def _unwritten(scene: LintContext) -> Iterator[CheckResult]:
    for policy in scene.cluster.policies:
        if not policy.has_types:
            types = ", ".join(each.value.capitalize() for each in policy.types)
            yield CheckResult(
                of_policy(policy, "spec"),
                f"policy `{policy.name}` has no `policyTypes`: an update keeps those of the object in the cluster, "
                "whatever rules it gets or loses",
                f"write `policyTypes: [{types}]`",
                (policy.namespace,),
            )


NO_POLICY_TYPES = Check(
    "no-policy-types",
    Severity.NOTE,
    "A policy without `policyTypes`",
    "The API server sets `policyTypes` when an object is created: `Ingress`, and `Egress` if it has egress rules. It "
    "does not set them again when the object is updated. A policy that gets its first egress rule later does not "
    "isolate egress, and one that loses its last egress rule still does, with nothing allowed.",
    "spec:\n  podSelector: {}\n  ingress: [{from: [{podSelector: {}}]}]\n  # egress: a rule that is added later",
    "Write `policyTypes`.",
    _unwritten,
)


def _nameless(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines if scene.workloads else ():
        for rule in rules(scene, line):
            for name in _dead_names(scene, line, rule):
                yield CheckResult(
                    line.at,
                    f"{line.title}: none of the pods that it is for has a port named `{name.port}` ({name.protocol}), "
                    "so the name opens nothing",
                    "write the name or the number of a port that the pods have",
                    (line.namespace,),
                )


def _dead_names(scene: LintContext, line: RuleReference, rule: PolicyRule) -> list[PolicyPort]:
    """Return the port names of *rule* that no destination has; none where a destination may not be known."""
    names = [port for port in rule.ports or () if isinstance(port.port, str)]
    destinations = _destinations(scene, line, rule) if names else 0
    if not destinations:
        return []
    dead = [name for name in names if not _having(scene, name) & destinations]
    if scene.enforcer is Enforcer.KUBE_ROUTER and len(dead) == len(rule.ports or ()):
        return []  # there the rule opens every port, which another check reports
    return dead


def _destinations(scene: LintContext, line: RuleReference, rule: PolicyRule) -> PodBits:
    """Return the pods that are destinations of *rule*; none where others may be, too."""
    if line.direction is Direction.INGRESS:
        pods = scene.cluster.policies[line.policy].pods
        return scene.pods.selected(line.namespace, pods) if scene.knows_pods({line.namespace}) else 0
    if rule.peers is None and scene.enforcer is not Enforcer.KUBE_ROUTER:  # there another check reports it
        return scene.pods.everyone if scene.every_namespace and scene.knows_pods(scene.listed) else 0
    found = 0
    for peer in rule.peers or ():
        if isinstance(peer, PodPeer):
            if not scene.knows_pods(scene.pods.namespaces(line.namespace, peer)):
                return 0
            found |= scene.pods.peers(line.namespace, peer)
    return found


def _having(scene: LintContext, name: PolicyPort) -> PodBits:
    return scene.pods.called(str(name.port), name.protocol, False) | scene.pods.called(
        str(name.port), name.protocol, True
    )


PORT_NAME_OF_NO_POD = Check(
    "port-name-of-no-pod",
    Severity.WARNING,
    "A port name that no pod has",
    "A port's name is looked up on the destination: on the pods that the policy selects in ingress, on the peers in "
    "egress, on every pod where egress has no peers. Where none of them has a port of that name and protocol, the name "
    "opens nothing. It is reported only where all pods of these namespaces are known.",
    "ingress:\n- from: [{podSelector: {}}]\n  ports: [{port: htpp, protocol: TCP}]",
    "Write the name as the container has it, or the number.",
    _nameless,
)

CHECKS = (DIRECTION_LEFT_OUT, NO_POLICY_TYPES, PORT_NAME_OF_NO_POD)
