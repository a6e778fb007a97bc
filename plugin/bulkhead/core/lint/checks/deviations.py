"""Checks for policies that kube-router applies differently than the Kubernetes API describes them."""

from collections.abc import Iterator

from bulkhead.core.engine.ip_blocks import read
from bulkhead.core.engine.kube_router import shared_chains
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.kubernetes.networkpolicy import IpBlock
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.lint.context import LintContext, blocks, end, foreign, heeds, of_policy, rules
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.sets import addresses, intervals


def _both_directions(scene: LintContext) -> Iterator[CheckResult]:
    for at, policy in foreign(scene) if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        if policy.ingress is not None and policy.egress is not None and (policy.ingress or policy.egress):
            yield CheckResult(
                at,
                f"policy `{policy.name}` has rules and both directions: kube-router lets the rules of one direction "
                "pass the other, between the pods that it selects",
                "make two policies of it, one for each direction",
                (policy.namespace,),
            )


BOTH_DIRECTIONS = Check(
    "both-directions-in-one-policy",
    Severity.WARNING,
    "Both directions in one policy",
    "On kube-router the ingress rules of a policy with both policyTypes also let the egress of the selected pods to "
    "each other through, and the other way round. A policy with both types and no rules is harmless.",
    "policyTypes: [Ingress, Egress]\ningress: [{from: [{podSelector: {}}]}]\negress: [{to: [{ipBlock: {cidr: "
    "10.0.0.0/8}}]}]",
    "Write two policies, one for each direction, in addition to a deny without rules. That is what an overlay renders.",
    _both_directions,
)


def _except(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        for entry, rule in enumerate(rules(scene, line)):
            found = [(number, peer) for number, peer in enumerate(rule.peers or ()) if isinstance(peer, IpBlock)]
            for number, peer, text in _losing(found):
                yield CheckResult(
                    end(line, entry, number),
                    f"`{peer.cidr}` in {line.title} loses `{text}` to the `except` of another peer: kube-router "
                    "keeps all addresses of a rule in one set, where the narrowest entry wins, and of two equal "
                    "ones the later",
                    "write the peer with `except` as a rule of its own",
                    (line.namespace,),
                )


def _losing(peers: list[tuple[int, IpBlock]]) -> Iterator[tuple[int, IpBlock, str]]:
    """Yield each of the numbered *peers* of one rule that loses addresses, with the ``except`` that takes them."""
    cuts = [(addresses.network(text), text, number) for number, peer in peers for text in peer.excluded]
    if len(peers) < 2 or not cuts:
        return
    for family in addresses.FAMILIES:
        mine = [one for one in peers if addresses.family(addresses.network(one[1].cidr)[0]) == family]
        blocks_of = [peer for _, peer in mine]
        together = intervals.merge(
            span for spans in read(blocks_of, family, frozenset({Deviation.ONE_ADDRESS_SET})) for span in spans
        )
        for number, peer in mine:
            lost = intervals.subtract(addresses.block(peer.cidr, peer.excluded), together)
            for span, text, other in cuts if lost else ():
                if other != number and intervals.intersect(lost, (span,)):
                    yield number, peer, text
                    break


EXCEPT_NARROWS_OTHERS = Check(
    "except-narrows-other-peers",
    Severity.WARNING,
    "`except` together with other peers",
    "kube-router keeps all `ipBlock`s of a rule in one set, in which the narrowest entry decides, and of two equal "
    "ones the later. The `except` of one peer therefore cuts into the others of the same rule.",
    "from:\n- ipBlock: {cidr: 0.0.0.0/0, except: [10.1.0.0/16]}\n- ipBlock: {cidr: 10.0.0.0/8}   # loses 10.1.0.0/16",
    "Give each `ipBlock` with `except` a rule of its own. That is what an overlay renders.",
    _except,
)


def _unspoken(scene: LintContext) -> Iterator[CheckResult]:
    for at in scene.unspoken if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        namespace, _, name = at.name.partition("/")
        yield CheckResult(
            at,
            f"policy `{name}` has a port without `protocol`, and relies on the API server to write TCP",
            "write `protocol: TCP`",
            (namespace,),
        )


PORT_WITHOUT_PROTOCOL = Check(
    "port-without-protocol",
    Severity.NOTE,
    "A port without protocol",
    "The API server writes `protocol: TCP` where it is left out. Where that is bypassed, iptables refuses the rule, "
    "and kube-router gives up the whole synchronisation: for all policies of all namespaces.",
    "ports: [{port: 443}]",
    "Write the protocol. An overlay always renders it.",
    _unspoken,
)


def _whole_ipv6(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        for at, block in blocks(scene, line):
            if block.cidr == "::/0":
                yield CheckResult(
                    at,
                    f"`::/0` in {line.title} is `2000::/3` and `fd00::/8` to kube-router, nothing else",
                    "write the networks that are meant",
                    (line.namespace,),
                )


WHOLE_IPV6 = Check(
    "whole-ipv6",
    Severity.NOTE,
    "`::/0` is not everything",
    "kube-router replaces `::/0` by `2000::/3` and `fd00::/8`. Link-local addresses and `fc00::/8` stay closed.",
    "egress:\n  anywhere: {to: {cidr: '::/0'}}",
    "Write the networks that are meant.",
    _whole_ipv6,
)


def _log_name(scene: LintContext) -> Iterator[CheckResult]:
    ours = {line.policy: line for line in scene.lines if line.rule}
    for number, policy in enumerate(scene.cluster.policies if heeds(scene, Enforcer.KUBE_ROUTER) else ()):
        length = len(policy.namespace) + len(policy.name)
        if length >= LOG_NAME:
            line = ours.get(number)
            yield CheckResult(
                line.at if line else of_policy(policy, "metadata", "name"),
                f"the drop log cuts `{policy.namespace}/{policy.name}` off: namespace and name have {length} letters",
                f"shorten the rule's name by {length - LOG_NAME + 1}, or the namespace's"
                if line
                else f"shorten the name by {length - LOG_NAME + 1}",
                (policy.namespace,),
            )


LOG_NAME = 48
"""So many characters of namespace and name no longer fit into a line of the drop log."""

DROP_LOG_NAME = Check(
    "drop-log-name",
    Severity.NOTE,
    "A name that the drop log cuts off",
    "kube-router logs what it drops as `DROP by policy NAMESPACE/NAME`, and cuts the text where the two together have "
    "48 characters or more. Two policies can then no longer be distinguished.",
    "egress:\n  everything-that-the-nightly-backup-job-needs: {to: nas}",
    "Shorten the rule's name: the policy is called `allow-RULE-ingress` or `allow-RULE-egress`, behind the workload's "
    "name where there is one.",
    _log_name,
)


def _shared_chains(scene: LintContext) -> Iterator[CheckResult]:
    for number, first in shared_chains(scene.cluster.policies if heeds(scene, Enforcer.KUBE_ROUTER) else ()):
        policy = scene.cluster.policies[number]
        ours = next((line.at for line in scene.lines if line.rule and line.policy == number), None)
        yield CheckResult(
            ours or of_policy(policy, "metadata", "name"),
            f"policies `{policy.name}` of namespace `{policy.namespace}` and `{first.name}` of namespace "
            f"`{first.namespace}` are one to kube-router, because namespace and name written together are the "
            "same: the pods of one get the rules of both, those of the other get none",
            "rename one of them",
            (policy.namespace,),
        )


SHARED_CHAIN = Check(
    "policies-share-a-chain",
    Severity.ERROR,
    "Two policies that kube-router takes for one",
    "kube-router names the chain and the sets of a policy by a hash of its namespace and name, written together "
    "without anything between them. Two policies for which that is the same text share them: the rules of both land "
    "in one chain, for the pods of the one that is written last, and which that is changes from one synchronisation "
    "to the next. `explain`, `reach`, `test` and `diff` give no answer then.",
    "metadata: {namespace: shop, name: stock-in}   # and\nmetadata: {namespace: shops, name: tock-in}",
    "Rename one of them.",
    _shared_chains,
)

CHECKS = (
    BOTH_DIRECTIONS,
    EXCEPT_NARROWS_OTHERS,
    PORT_WITHOUT_PROTOCOL,
    WHOLE_IPV6,
    DROP_LOG_NAME,
    SHARED_CHAIN,
)
