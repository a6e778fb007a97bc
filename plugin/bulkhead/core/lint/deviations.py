"""Checks for policies that kube-router applies otherwise than the Kubernetes API describes them."""

from collections.abc import Iterator

from bulkhead.core import addresses
from bulkhead.core.addresses import AddressSet, intersect
from bulkhead.core.lint.check import Check, Found, Severity
from bulkhead.core.lint.effect import reach_of
from bulkhead.core.lint.scene import Scene, blocks, end, foreign, heeds, of_policy, rules
from bulkhead.core.policy import IpBlock, PodPeer, PolicyPort
from bulkhead.core.resources import Enforcer
from bulkhead.core.selectors import matches


def _both_directions(scene: Scene) -> Iterator[Found]:
    for at, policy in foreign(scene) if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        if policy.ingress is not None and policy.egress is not None and (policy.ingress or policy.egress):
            yield Found(
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
    "Write two policies, one for each direction, beside a deny without rules. That is what an overlay renders.",
    _both_directions,
)


def _except(scene: Scene) -> Iterator[Found]:
    for line in scene.lines if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        for entry, rule in enumerate(rules(scene, line)):
            found = [(number, peer) for number, peer in enumerate(rule.peers or ()) if isinstance(peer, IpBlock)]
            for number, peer in found:
                cut = [text for other, one in found if other != number for text in _cut(one, peer)]
                if cut:
                    yield Found(
                        end(line, entry, number),
                        f"`{peer.cidr}` in {line.title} loses `{cut[0]}` to the `except` of another peer: kube-router "
                        "keeps all addresses of a rule in one set, where the narrowest entry wins",
                        "write the peer with `except` as a rule of its own",
                        (line.namespace,),
                    )


def _cut(one: IpBlock, peer: IpBlock) -> list[str]:
    """Return what *one* leaves out of *peer*, by entries that are narrower than it."""
    wanted = AddressSet(addresses.block(peer.cidr, peer.excluded))
    return [
        text
        for text in one.excluded
        if intersect(wanted, AddressSet((addresses.network(text),))).spans
        and int(text.partition("/")[2]) >= int(peer.cidr.partition("/")[2])
    ]


EXCEPT_BESIDE_OTHERS = Check(
    "except-beside-other-peers",
    Severity.WARNING,
    "`except` beside other peers",
    "kube-router keeps all `ipBlock`s of a rule in one set, in which the narrowest entry decides. The `except` of one "
    "peer therefore cuts into the others of the same rule.",
    "from:\n- ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}\n- ipBlock: {cidr: 10.1.0.0/16}   # is cut away",
    "Give each `ipBlock` with `except` a rule of its own. That is what an overlay renders.",
    _except,
)


def _named(scene: Scene) -> Iterator[Found]:
    for line in scene.lines if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        for entry, rule in enumerate(rules(scene, line) if line.direction == "egress" else ()):
            for number, peer in enumerate(rule.peers or ()):
                for port in rule.ports or ():
                    if (
                        isinstance(peer, PodPeer)
                        and isinstance(port.port, str)
                        and not _has(scene, line.namespace, peer, port)
                    ):
                        known = (
                            "no pod that the peer selects has"
                            if scene.workloads
                            else "it is not known that any peer has"
                        )
                        yield Found(
                            end(line, entry, number),
                            f"{line.title}: {known} a port named `{port.port}` ({port.protocol}), and kube-router then "
                            "opens every port",
                            "write the port's number",
                            (line.namespace,),
                        )


def _has(scene: Scene, own: str, peer: PodPeer, port: PolicyPort) -> bool:
    spaces = reach_of(scene, own, peer)
    return any(
        pod.namespace in spaces
        and matches(peer.pods, dict(pod.labels))
        and any((one.name, one.protocol) == (port.port, port.protocol) for one in pod.ports)
        for pod in scene.cluster.pods
    )


NAMED_PORT_WITHOUT_PEER = Check(
    "named-port-without-peer",
    Severity.WARNING,
    "A named port that no peer has",
    "In egress to pods kube-router looks a port's name up on the peers. Where none has it, it leaves the port out of "
    "the rule, and every port is open.",
    "egress:\n- to: [{podSelector: {matchLabels: {app: db}}}]\n  ports: [{port: postgres, protocol: TCP}]",
    "Write the number of the container port.",
    _named,
)


def _unspoken(scene: Scene) -> Iterator[Found]:
    for at in scene.unspoken if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        namespace, _, name = at.name.partition("/")
        yield Found(
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


def _whole_ipv6(scene: Scene) -> Iterator[Found]:
    for line in scene.lines if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        for at, block in blocks(scene, line):
            if block.cidr == "::/0":
                yield Found(
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


def _log_name(scene: Scene) -> Iterator[Found]:
    ours = {line.policy: line for line in scene.lines if line.rule}
    for number, policy in enumerate(scene.cluster.policies if heeds(scene, Enforcer.KUBE_ROUTER) else ()):
        length = len(policy.namespace) + len(policy.name)
        if length >= LOG_NAME:
            line = ours.get(number)
            yield Found(
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
    "48 characters or more. Two policies can then no longer be told apart.",
    "egress:\n  everything-that-the-nightly-backup-job-needs: {to: nas}",
    "Shorten the rule's name: the policy is called `allow-RULE-ingress` or `allow-RULE-egress`, behind the workload's "
    "name where there is one.",
    _log_name,
)

CHECKS = (
    BOTH_DIRECTIONS,
    EXCEPT_BESIDE_OTHERS,
    NAMED_PORT_WITHOUT_PEER,
    PORT_WITHOUT_PROTOCOL,
    WHOLE_IPV6,
    DROP_LOG_NAME,
)
