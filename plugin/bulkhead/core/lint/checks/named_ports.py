"""Checks for named ports that kube-router resolves differently than the Kubernetes API describes it."""

from collections.abc import Iterator

from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, Direction, PodPeer, PolicyPort, PolicyRule
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.lint.context import LintContext, RuleReference, end, heeds, rules
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.lint.pod_index import PodBits


def _named_rules(scene: LintContext) -> Iterator[tuple[RuleReference, int, PolicyRule, list[PolicyPort], PodBits]]:
    """Yield each rule with named ports: line, entry, rule, names, and the pods on which kube-router looks them up."""
    for line in scene.lines if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        for entry, rule in enumerate(rules(scene, line)):
            names = [port for port in rule.ports or () if isinstance(port.port, str)]
            if names:
                yield line, entry, rule, names, _asked(scene, line, rule)


def _asked(scene: LintContext, line: RuleReference, rule: PolicyRule) -> PodBits:
    """Return the pods that are asked: of any of these namespaces with any of these labels."""
    found = 0
    if line.direction is Direction.INGRESS:
        found = scene.pods.selected(line.namespace, scene.cluster.policies[line.policy].pods)
    elif rule.peers is None:
        found = scene.pods.selected(line.namespace, EVERY_POD)
    for peer in rule.peers or () if line.direction is Direction.EGRESS else ():
        found |= scene.pods.peers(line.namespace, peer) if isinstance(peer, PodPeer) else 0
    return found & ~scene.pods.hosts


def _having(scene: LintContext, name: PolicyPort, sidecar: bool = False) -> PodBits:
    """Return the pods with a container, or a *sidecar*, that has a port of that *name*."""
    return scene.pods.called(str(name.port), name.protocol, sidecar)


def _unmatched(scene: LintContext) -> Iterator[CheckResult]:
    for line, entry, rule, names, pods in _named_rules(scene):
        peers = [number for number, peer in enumerate(rule.peers or ()) if isinstance(peer, PodPeer)]
        known = any(_having(scene, name) & pods for name in names)
        if (
            not peers
            or known
            or len(names) < len(rule.ports or ())
            or not (scene.workloads or line.direction is Direction.EGRESS)
        ):
            continue
        who = "no pod that the peers select has" if line.direction is Direction.EGRESS else "no pod that it is for has"
        who = who if scene.workloads else "it is not known that any peer has"
        yield CheckResult(
            end(line, entry, peers[0]),
            f"{line.title}: {who} a port named `{names[0].port}` ({names[0].protocol}), and kube-router then opens "
            "every port",
            "write the port's number",
            (line.namespace,),
        )


NAMED_PORT_WITHOUT_PEER = Check(
    "named-port-without-peer",
    Severity.WARNING,
    "A named port that no pod has",
    "kube-router looks a port's name up on the peers in egress, and on the pods that the policy selects in ingress. "
    "Where none has it, it leaves the port out of the rule, and a rule that is left without ports opens every port "
    "to pods. In ingress that is reported only where the workloads are known.",
    "egress:\n- to: [{podSelector: {matchLabels: {app: db}}}]\n  ports: [{port: postgres, protocol: TCP}]",
    "Write the number of the container port.",
    _unmatched,
)


def _to_everyone(scene: LintContext) -> Iterator[CheckResult]:
    for line, _entry, rule, names, _pods in _named_rules(scene):
        if line.direction is Direction.EGRESS and rule.peers is None:
            yield CheckResult(
                line.at,
                f"{line.title} names the port `{names[0].port}` and no peers: kube-router looks the name up on the "
                "pods of the policy's own namespace, and opens that number to every destination",
                "write the port's number, and whom it is for",
                (line.namespace,),
            )


NAMED_PORT_TO_EVERYONE = Check(
    "named-port-to-everyone",
    Severity.WARNING,
    "A named port in egress to everyone",
    "Without peers there are no pods on which a name could be looked up. kube-router takes those of the policy's own "
    "namespace, and opens the numbers that it finds there to every destination, also outside the cluster; what the "
    "name means on other pods is not asked.",
    "egress:\n- ports: [{port: http, protocol: TCP}]",
    "Write the number, and the peers.",
    _to_everyone,
)


def _shared(scene: LintContext) -> Iterator[CheckResult]:
    for line, _entry, rule, names, pods in _named_rules(scene) if scene.workloads else ():
        if line.direction is Direction.EGRESS and rule.peers is None:
            continue
        for name in names:
            others = scene.pods.owners(_sharing(scene, pods, _having(scene, name)))
            if others:
                yield CheckResult(
                    line.at,
                    f"{line.title} may open `{name.port}` of {_listed(others)} too: kube-router mixes up pods that "
                    "have another port in common with one that has it",
                    "write the port's number, or select only the pods that have it",
                    (line.namespace,),
                )


def _sharing(scene: LintContext, pods: PodBits, having: PodBits) -> PodBits:
    """Return those of *pods* that are not *having* the port, but another port of one of *pods* that is."""
    found = 0
    for port, those in scene.pods.having.items():
        if not port.sidecar and those & having & pods:
            found |= those & pods & ~having
    return found


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + (" and others" if names[_SHOWN:] else "")


_SHOWN = 3

NAMED_PORT_SHARED = Check(
    "named-port-shared",
    Severity.NOTE,
    "A named port that spreads to other pods",
    "kube-router keeps one list of addresses for all ports of the pod that it sees first, and adds every pod to it "
    "that has one of them. A rule for a port's name may therefore open that port's number on pods of the rule which "
    "have no such port, but share another one. Which pod is seen first is chance, and changes from one "
    "synchronisation to the next; the other commands say what can happen.",
    "# pods: web {http: 8080, metrics: 9090}, job {http: 8080}\ningress:\n- from: [{namespaceSelector: {}}]\n"
    "  ports: [{port: metrics, protocol: TCP}]   # may open 9090 of job",
    "Write the number, or a policy that selects only the pods that have the port.",
    _shared,
)


def _sidecar(scene: LintContext) -> Iterator[CheckResult]:
    for line, _entry, _rule, names, pods in _named_rules(scene) if scene.workloads else ():
        for name in names:
            owners = scene.pods.owners(_having(scene, name, sidecar=True) & pods & ~_having(scene, name))
            if owners:
                yield CheckResult(
                    line.at,
                    f"{line.title} names the port `{name.port}`, which on {_listed(owners)} is a sidecar's: "
                    "kube-router does not see the ports of init containers",
                    "write the port's number",
                    (line.namespace,),
                )


SIDECAR_PORT = Check(
    "sidecar-port",
    Severity.WARNING,
    "The name of a sidecar's port",
    "A sidecar is an init container that stays. kube-router looks names up on the other containers only, so the rule "
    "does not open the port, and where no pod has another port of that name it opens every port to pods.",
    "initContainers: [{name: proxy, restartPolicy: Always, ports: [{name: metrics, containerPort: 9090}]}]\n"
    "# and in a policy\nports: [{port: metrics, protocol: TCP}]",
    "Write the number.",
    _sidecar,
)

CHECKS = (NAMED_PORT_WITHOUT_PEER, NAMED_PORT_TO_EVERYONE, NAMED_PORT_SHARED, SIDECAR_PORT)
