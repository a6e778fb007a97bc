"""Checks that keep what people wrote tidy: dates, reasons, names that nothing uses."""

from collections.abc import Iterator

from bulkhead.core.expansion.peers import Peers
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, PodPeer, Selector
from bulkhead.core.language.resources import API_GROUP, rules_of
from bulkhead.core.language.scalars import Name
from bulkhead.core.lint.context import FieldReference, Kind, LintContext, end, foreign, of_policy, rules
from bulkhead.core.lint.finding import Check, CheckResult, Severity


def _expired(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines:
        if line.rule and line.rule.until and line.rule.until < scene.today:
            at = FieldReference(line.at.kind, line.at.name, (*line.at.path, "until"))
            yield CheckResult(at, _past(line.title, line.rule.until), _ANOTHER_DAY, (line.namespace,))
    key = f"{API_GROUP}/until"
    for _, policy in foreign(scene):
        until = dict(policy.annotations).get(key, "")
        if len(until) == len("2027-03-31") and until < scene.today:
            at = of_policy(policy, "metadata", "annotations", key)
            yield CheckResult(at, _past(f"policy `{policy.name}`", until), _ANOTHER_DAY, (policy.namespace,))


def _past(title: str, until: str) -> str:
    return f"{title} was meant to live until {until}"


_ANOTHER_DAY = "remove it, or give it another day"


EXPIRED = Check(
    "expired",
    Severity.WARNING,
    "Past its day",
    "`until` is the last day on which the rule is meant to be there. Nothing takes it out by itself: traffic must not "
    "stop because a day has passed.",
    "egress:\n  migration: {to: lan, until: 2026-03-31}",
    "Remove the rule, or move the day after having asked its owner.",
    _expired,
)


def _no_why(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines:
        if line.rule and line.rule.why is None:
            yield CheckResult(line.at, f"{line.title} does not say why", "add `why: …`", (line.namespace,))


NO_WHY = Check(
    "no-why",
    Severity.NOTE,
    "A rule without a reason",
    "Anyone who wants to remove the rule in a year needs to know what breaks.",
    "egress:\n  smtp: {to: internet, ports: 587}",
    "Add `why: …`.",
    _no_why,
    on=False,
)


def _unused_peer(scene: LintContext) -> Iterator[CheckResult]:
    if not scene.profile or not scene.whole:
        return
    peers = Peers(scene.profile)
    used: set[Name] = set()
    for each in scene.namespaces:
        for _, rule in rules_of(each.spec):
            for peer in rule.peers:
                used |= peers.reached(peer)
    for name in scene.profile.spec.peers:
        if name not in used:
            at = FieldReference(Kind.PROFILE, scene.profile.name, ("spec", "peers", name))
            yield CheckResult(at, f"peer `{name}` is used by no rule", "remove it")


UNUSED_PEER = Check(
    "unused-peer",
    Severity.NOTE,
    "A peer that no rule uses",
    "It reads as if somebody could reach it, or be reached by it.",
    "peers:\n  old-nas: {cidr: 192.168.31.0/24}",
    "Remove it from the profile. A peer that only a component uses which nothing includes yet can be accepted.",
    _unused_peer,
)


def _matches_nothing(scene: LintContext) -> Iterator[CheckResult]:
    if not scene.workloads:
        return
    yield from _subjects(scene)
    for line in scene.lines:
        for entry, rule in enumerate(rules(scene, line)):
            for number, peer in enumerate(rule.peers or ()):
                if isinstance(peer, PodPeer) and peer != PodPeer(EVERY_POD) and _is_nobody(scene, line.namespace, peer):
                    yield CheckResult(
                        end(line, entry, number),
                        f"a peer of {line.title} matches no pod",
                        "compare its labels with those of the pods",
                        (line.namespace,),
                    )


def _is_nobody(scene: LintContext, own: str, peer: PodPeer) -> bool:
    """Say whether *peer* of a policy in *own* selects no pod, and no pod that is not given may be one."""
    if scene.pods.peers(own, peer):
        return False
    names = scene.pods.namespaces(own, peer)
    return scene.knows_pods(names or scene.listed) and (bool(names) or scene.every_namespace)


def _subjects(scene: LintContext) -> Iterator[CheckResult]:
    """Yield each selector of policies that selects no pod of the namespace, once."""
    written = {line.policy: line.at for line in scene.lines if line.rule}
    seen: set[tuple[str, Selector]] = set()
    for number, policy in enumerate(scene.cluster.policies):
        key = policy.namespace, policy.pods
        if policy.pods == EVERY_POD or key in seen or not _is_nobody(scene, policy.namespace, PodPeer(policy.pods)):
            continue
        seen.add(key)
        at, title = of_policy(policy, "spec", "podSelector"), f"policy `{policy.name}`"
        if number in written:
            path = (*written[number].path[:3], "pods")
            at, title = FieldReference(Kind.NAMESPACE, policy.namespace, path), f"workload `{path[2]}`"
        yield CheckResult(
            at,
            f"the selector of {title} matches no pod of its namespace",
            "compare its labels with those of the pods",
            (policy.namespace,),
        )


MATCHES_NOTHING = Check(
    "selector-matches-nothing",
    Severity.WARNING,
    "A selector that matches nothing",
    "Among the pods that are given, none has these labels. A misspelt label in a peer closes what was to be open; in a "
    "policy's own selector it leaves open what was to be closed. It is reported only where all pods are known: not for "
    "a namespace of which no pod is given (except in a dump of all namespaces), nor for one with an object that may "
    "create pods later, such as a Prometheus or a Knative Service.",
    "workloads:\n  web: {pods: {app: wbe}, ingress: {…}}",
    "Compare the labels with those of the pods: `kubectl get pods -n NAMESPACE --show-labels`.",
    _matches_nothing,
)


def _outer(scene: LintContext) -> Iterator[CheckResult]:
    for each in scene.outer:
        yield CheckResult(
            FieldReference(Kind.KUSTOMIZATION, each.folder, each.path),
            f"`{each.field}` changes the policies after they were expanded{_CONSEQUENCE.get(each.field, '')}",
            "move it into the overlays, below `transformers`, or take it out",
            each.overlays,
        )


_CONSEQUENCE = {
    "labels.includeSelectors": ": their selectors then ask for labels that pods and peers do not have",
    "commonLabels": ": their selectors then ask for labels that pods and peers do not have",
    "namespace": ": all of them land in one namespace",
}

OUTER = Check(
    "outer-transformation",
    Severity.ERROR,
    "An outer kustomization rewrites the policies",
    "An overlay expands its rules into policies; a kustomization above it that adds labels to selectors, renames or "
    "moves resources does that to the finished policies, `podSelector` and `from` included. They then mean "
    "something else than what was written and reviewed.",
    "# kustomization.yaml, above the overlays\nlabels: [{pairs: {team: home}, includeSelectors: true}]",
    "Use `labels` without `includeSelectors`, and set `namespace` in the overlays.",
    _outer,
)

CHECKS = (EXPIRED, NO_WHY, UNUSED_PEER, MATCHES_NOTHING, OUTER)
