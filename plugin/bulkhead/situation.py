"""
What the analysing commands look at: one cluster, from overlays, from manifests or from a dump.

From overlays there are no workloads, so the endpoints are what the rules can tell apart: each
workload that an overlay names, each named peer, any other pod of a namespace, and any pod of a
namespace that is not listed.  A pod named ``*`` stands for any other pod, a namespace named
``*`` for any other namespace; neither is a name that Kubernetes allows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bulkhead.core.cluster import Cluster, Namespace, Pod
from bulkhead.core.notation import Cidr
from bulkhead.core.policy import EVERY_POD, NAMESPACE_NAME, NetworkPolicy, PodPeer, Selector
from bulkhead.core.resources import ClusterProfile, Enforcer
from bulkhead.core.survey import IpBlockMode
from bulkhead.io import clusters
from bulkhead.io.kustomization import LOCAL, Bounds, Fault
from bulkhead.io.kustomize import join
from bulkhead.load import Loaded, load

ANY = "*"


@dataclass
class Situation:
    """
    A *cluster* and how its enforcer reads an ``ipBlock``; with *faults* it is not to be judged by.

    *origins* says for (namespace, policy name) where a person wrote each of the policy's
    entries, ingress before egress; policies from elsewhere are not in it.  *loaded* is ``None``
    where the situation does not come from overlays.
    """

    cluster: Cluster
    mode: IpBlockMode = IpBlockMode.PODS
    profile: ClusterProfile | None = None
    origins: Mapping[tuple[str, str], tuple[Fault, ...]] = field(default_factory=dict)
    unprotected: Mapping[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    loaded: Loaded | None = None


def from_overlays(folder: str, bounds: Bounds = LOCAL) -> Situation:
    """Return the situation that the overlays below *folder* describe, without any workload known."""
    loaded = load(folder, bounds=bounds)
    if loaded.faults:
        return Situation(Cluster(), faults=loaded.faults, loaded=loaded)
    overlays = list(loaded.overlays.values())
    profile = next((overlay.profile for overlay in overlays if overlay.profile), None)
    policies, faults = _policies(loaded)
    if faults:
        return Situation(Cluster(), faults=faults, loaded=loaded)
    namespaces = [each for overlay in overlays for each in overlay.namespaces]
    made = _endpoints([each.namespace for each in namespaces], policies)
    return Situation(
        Cluster(
            namespaces=tuple(Namespace(name, labels) for name, labels in sorted({p[0]: p[1] for p in made}.items())),
            pods=tuple(sorted({pod for _, _, pod in made}, key=lambda pod: (pod.namespace, pod.name))),
            policies=policies,
            networks=_texts(profile.spec.networks.pods if profile else None),
            nodes=_texts(profile.spec.networks.nodes if profile else None),
        ),
        mode_of(profile),
        profile,
        dict(_origins(loaded)),
        {each.namespace: each.spec.unprotected for each in namespaces if each.spec.unprotected is not None},
        loaded=loaded,
    )


def _policies(loaded: Loaded) -> tuple[tuple[NetworkPolicy, ...], list[Fault]]:
    """
    Return every policy that *loaded* renders, and what is wrong with those that are not ours.

    An overlay may bring NetworkPolicies of its own, an outer kustomization may add some or change ours: a
    review that looked at ours alone would miss them.
    """
    ours = tuple(policy for overlay in loaded.overlays.values() for policy in overlay.policies)
    if loaded.listed:
        kept = [each for overlay in loaded.overlays.values() for each in overlay.kept]
        text = join(each.text for each in kept if each.head.get("kind") == "NetworkPolicy")
    else:
        text = loaded.text
    others, problems = clusters.policies_in(text) if text else ((), ())
    faults = [Fault(each.resource, 0, 0, each.says, each.hint) for each in problems]
    if loaded.listed:
        return ours + others, faults
    known = {_meaning(policy): policy for policy in ours}
    return tuple(known.get(_meaning(policy), policy) for policy in others), faults


def _meaning(policy: NetworkPolicy) -> tuple[object, ...]:
    return policy.namespace, policy.name, policy.pods, policy.ingress, policy.egress


def from_manifests(path: str, mode: IpBlockMode = IpBlockMode.PODS, known: clusters.Known | None = None) -> Situation:
    """Return the situation of the manifests, or of the dump, at *path*."""
    read = clusters.load(path, known)
    faults = [Fault(each.file, each.line, each.column, each.problem.says, each.problem.hint) for each in read.faults]
    return Situation(read.cluster, mode, faults=faults)


def mode_of(profile: ClusterProfile | None) -> IpBlockMode:
    """Return how the profile's enforcer reads an ``ipBlock``: only Cilium's never matches a pod."""
    return IpBlockMode.NEVER if profile and profile.spec.enforcer is Enforcer.CILIUM else IpBlockMode.PODS


def _texts(networks: tuple[Cidr, ...] | None) -> tuple[str, ...]:
    return tuple(map(str, networks or ()))


def _origins(loaded: Loaded) -> Iterator[tuple[tuple[str, str], tuple[Fault, ...]]]:
    for folder, overlay in loaded.overlays.items():
        for policy, paths in zip(overlay.policies, overlay.origins, strict=True):
            places = (
                [loaded.sources.locate(folder, "SegmentedNamespace", path) for path in paths] if loaded.sources else []
            )
            yield (policy.namespace, policy.name), tuple(Fault(*place, says="") for place in places)


_Made = tuple[str, tuple[tuple[str, str], ...], Pod]


def _endpoints(namespaces: Iterable[str], policies: Iterable[NetworkPolicy]) -> list[_Made]:
    """Return (namespace, its labels, pod) for everything that *policies* can tell apart."""
    made: list[_Made] = [(ANY, (), Pod(ANY, ANY))]
    made += [(name, (), Pod(name, ANY)) for name in namespaces]
    for policy in policies:
        made.append((policy.namespace, (), Pod(policy.namespace, ANY)))
        if policy.pods != EVERY_POD:
            made.append((policy.namespace, (), _pod(policy.namespace, policy.pods)))
        for rule in [*(policy.ingress or ()), *(policy.egress or ())]:
            for peer in rule.peers or ():
                if isinstance(peer, PodPeer):
                    made += _of_peer(policy.namespace, peer)
    return made


def _of_peer(own: str, peer: PodPeer) -> Iterator[_Made]:
    for name, labels in _namespaces(own, peer.namespaces):
        yield name, labels, Pod(name, ANY)
        if peer.pods != EVERY_POD:
            yield name, labels, _pod(name, peer.pods)


def _namespaces(own: str, selector: Selector | None) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Yield a namespace, with its labels, for each that *selector* names; one that stands for all that it selects."""
    if selector is None:
        yield own, ()
        return
    labels = _labels(selector)
    names = [dict(labels).get(NAMESPACE_NAME, "")]
    for each in selector.expressions:
        if each.key == NAMESPACE_NAME and each.operator == "In":
            names = list(each.values)
    others = tuple((key, word) for key, word in labels if key != NAMESPACE_NAME)
    for name in names:
        if name:
            yield name, others
        elif others:
            yield f"{ANY}({_spelt(others)})", others


def _pod(namespace: str, selector: Selector) -> Pod:
    """Return a pod that *selector* selects, named for the labels that make it so."""
    labels = _labels(selector)
    name = labels[0][1] if len(labels) == 1 and labels[0][1] else _spelt(labels)
    return Pod(namespace, name or ANY, labels=labels)


def _labels(selector: Selector) -> tuple[tuple[str, str], ...]:
    """Return labels that *selector* selects: the first of several values, ``any`` where any will do."""
    labels = dict(selector.labels)
    for each in selector.expressions:
        if each.operator == "In":
            labels.setdefault(each.key, each.values[0])
        elif each.operator == "Exists":
            labels.setdefault(each.key, "any")
    return tuple(sorted(labels.items()))


def _spelt(labels: Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{key}={word}" for key, word in labels)
