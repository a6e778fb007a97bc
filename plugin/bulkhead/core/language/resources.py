"""
The resources that people write (``bulkhead.dev/v1alpha1``): the only declaration of them.

The decoder (``io/resources/decode.py``), the JSON Schemas and the reference pages all read it from
here: a field's annotation is its shape, ``declare`` is its documentation.

Shapes: ``tuple[X, ...]`` is one X or a list of them, never an empty one; ``Mapping[K, X]``
is a map keyed by name (kept sorted by key); ``X | None`` may be left out.
"""

from collections.abc import Iterator, Mapping
from enum import Enum

from bulkhead.core.diagnostics import Path
from bulkhead.core.language.provider_ranges import Count, RangesSpec, Selection
from bulkhead.core.language.scalars import Cidr, Date, LabelKey, LabelValue, Name, Port, Text
from bulkhead.core.record import FrozenMap, declare, record

API_GROUP = "bulkhead.dev"
API_VERSION = f"{API_GROUP}/v1alpha1"

Complaint = tuple[str, str, str]
"""A problem that a record reports about itself: its key (``""`` for the whole record), the message and a hint."""


class Enforcer(Enum):
    """What enforces NetworkPolicies in the cluster."""

    KUBE_ROUTER = "kube-router"
    CALICO = "calico"
    CILIUM = "cilium"
    ANY = "any"


class Layout(Enum):
    """How many policies a namespace gets."""

    PER_RULE = "per-rule"
    PER_DIRECTION = "per-direction"


class Isolation(Enum):
    """For which directions everything is denied that no rule allows."""

    BOTH = "both"
    INGRESS = "ingress"
    EGRESS = "egress"
    NONE = "none"


class NetworkName(Enum):
    """The networks that a profile names."""

    PODS = "pods"
    SERVICES = "services"
    NODES = "nodes"
    LOAD_BALANCERS = "loadBalancers"


class Operator(Enum):
    """How an expression compares a label."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@record
class Expression:
    """One condition on a label, as in a NetworkPolicy's `matchExpressions`."""

    key: LabelKey = declare("The label's key.", example="tier")
    operator: Operator = declare("How the label is compared. `NotIn` and `DoesNotExist` match a missing key.")
    values: tuple[LabelValue, ...] | None = declare(
        "The values, for `In` and `NotIn` only.", default=None, example="[web, api]"
    )

    def complaints(self) -> Iterator[Complaint]:
        """Yield a complaint for what the API server would refuse."""
        takes = self.operator in (Operator.IN, Operator.NOT_IN)
        if takes and self.values is None:
            yield "", f"operator `{self.operator.value}` needs `values`", "add `values: [...]`"
        if not takes and self.values is not None:
            yield "values", f"operator `{self.operator.value}` takes no `values`", "leave `values` out"


@record
class LabelSelector:
    """
    Objects by their labels: `{app: web}`, or the long form of a NetworkPolicy.

    The short form is a map of labels; a map with `matchLabels` or `matchExpressions` is the long one.
    """

    match_labels: Mapping[LabelKey, LabelValue] = declare(
        "Labels that must all be there with these values.", default=FrozenMap(), key="matchLabels", example="{app: web}"
    )
    match_expressions: tuple[Expression, ...] | None = declare(
        "Conditions that must all hold.",
        default=None,
        key="matchExpressions",
        example="[{key: tier, operator: In, values: [web]}]",
    )

    @property
    def is_empty(self) -> bool:
        """Say whether it selects everything."""
        return not self.match_labels and self.match_expressions is None


def narrows(shape: object) -> bool:
    """Say whether a field of *shape* narrows what its record means, so that a missing value would allow more."""
    parts = getattr(shape, "__args__", ())
    said = LabelSelector in parts or LabelValue in parts
    return said or any(getattr(part, "__origin__", None) is tuple for part in parts)


@record
class Peer:
    """
    The other end of a connection, in one of two forms.

    - `namespace` or `namespaces`, `pods`: pods by label. Without either of the first two: pods of the own namespace.
    - `cidr` (with `except`), `network` or `ranges` (with `select` and `widen`): addresses.
    """

    namespace: tuple[Name, ...] | None = declare(
        "The namespace, by name; a list means any of them.", default=None, example="kube-system"
    )
    namespaces: LabelSelector | None = declare("Namespaces, by their labels.", default=None, example="{team: shop}")
    pods: LabelSelector | None = declare(
        "Pods, by their labels. `{}` is every pod of the namespace.", default=None, example="{app: web}"
    )
    cidr: tuple[Cidr, ...] | None = declare(
        "Addresses; a list means any of them.", default=None, example="192.168.1.0/24"
    )
    excluded: tuple[Cidr, ...] | None = declare(
        "Addresses inside `cidr` that are left out.", default=None, key="except", example="[10.0.0.0/8]"
    )
    network: tuple[NetworkName, ...] | None = declare(
        "One of the profile's own `networks`, all its CIDRs, both families.", default=None, example="pods"
    )
    ranges: Name | None = declare(
        "The published addresses of a provider, as `bulkhead ranges update` pinned them.", default=None, example="aws"
    )
    select: tuple[Text | Selection, ...] | None = declare(
        "Which of the provider's ranges: a service, `{service: …, region: …}`, or a list of these. Needed where the "
        "provider has several.",
        default=None,
        example="{service: S3, region: eu-west-1}",
    )
    widen: Count | None = declare(
        "At most so many blocks of each address family: neighbours are joined, which allows more addresses.",
        default=None,
        example="20",
    )

    @property
    def is_everyone(self) -> bool:
        """Say whether it is every pod and every address."""
        return self == EVERYONE_PEER

    @property
    def by_address(self) -> bool:
        """Say whether it is addresses rather than pods."""
        return self.cidr is not None or self.network is not None or self.ranges is not None

    def complaints(self) -> Iterator[Complaint]:
        """Yield a complaint if the forms are mixed, if it matches everyone, or if `except` is outside of `cidr`."""
        by_pod = [key for key in ("namespace", "namespaces", "pods") if getattr(self, key) is not None]
        by_address = [key for key in ("cidr", "network", "ranges") if getattr(self, key) is not None]
        if not by_pod and not by_address:
            if self.excluded is not None:
                yield "except", "`except` needs a `cidr` to cut from", "add `cidr`"
            else:
                yield "", "the peer is empty, which would match everyone", "name a namespace or pods, or write a `cidr`"
        for key in by_address if by_pod else ():
            yield key, f"`{key}` cannot be combined with `{by_pod[0]}` in one peer", "make a list of two peers"
        for key in by_address[1:]:
            yield key, f"`{key}` cannot be combined with `{by_address[0]}` in one peer", "make a list of two peers"
        for key in ("select", "widen") if self.ranges is None else ():
            if getattr(self, key) is not None:
                yield key, f"`{key}` needs `ranges`, the name of a provider", "add `ranges`, or remove it"
        if self.namespace is not None and self.namespaces is not None:
            yield (
                "namespaces",
                "`namespaces` cannot be combined with `namespace` in one peer",
                "make a list of two peers",
            )
        if self.namespaces is not None and self.namespaces.is_empty:
            yield (
                "namespaces",
                "the empty selector would mean every pod of the cluster",
                f"if that is meant: `namespaces: {{matchExpressions: [{{key: {_NAME_KEY}, operator: Exists}}]}}`",
            )
        if self.excluded is not None and self.cidr is None and by_address + by_pod:
            yield "except", "`except` cuts only from a `cidr`", "write the addresses as `cidr`"
        yield from self._exclusions()

    def _exclusions(self) -> Iterator[Complaint]:
        for cut in self.excluded or () if self.cidr else ():
            families = {whole.version for whole in self.cidr or ()}
            if cut.version not in families:
                yield "except", f"`{cut}` is of another IP family than the `cidr`", "leave it out"
            elif not any(whole.holds(cut) for whole in self.cidr or ()):
                yield "except", f"`{cut}` is outside the `cidr`", "leave it out, or widen the `cidr`"
            elif any(whole == cut for whole in self.cidr or ()):
                yield "except", f"`{cut}` is the whole `cidr`: nothing is left", "remove the rule instead"


_NAME_KEY = "kubernetes.io/metadata.name"

EVERYONE = Name("everyone")
"""The name for every pod and every address, unless the profile defines a peer of this name."""

EVERYONE_PEER = Peer()
"""What ``EVERYONE`` means. Nobody can write it in another way: an empty peer is refused."""


_WHY = declare("The reason for the rule, for later readers.", default=None, example="SMTP submission")
_OWNER = declare("Who answers for the rule.", default=None, example="team-mail")
_UNTIL = declare("The last day on which the rule is needed.", default=None, example="2027-03-31")
_ACCEPT = declare(
    "Findings of `bulkhead lint` that are accepted here: the check's id, and the reason.",
    default=FrozenMap(),
    example="{already-allowed: this rule documents who needs it}",
)
_LABELS = declare(
    "Further labels of the rule's policy.", default=FrozenMap(), example="{app.kubernetes.io/part-of: shop}"
)
_ANNOTATIONS = declare(
    "Further annotations of the rule's policy.", default=FrozenMap(), example='{example.org/ticket: "4711"}'
)


@record
class IngressRule:
    """Who may connect to the pods, and to which of their ports."""

    peers: tuple[Name | Peer, ...] = declare(
        "Who may connect: a peer's name in the profile, a peer written out, `everyone`, or a list of these.",
        key="from",
        example="traefik",
    )
    ports: tuple[Port, ...] | None = declare(
        "The pods' ports: `443` (TCP), `53/UDP`, `8000-8010`, `http`, `UDP` (all of its ports), or a list. "
        "Left out: all ports, all protocols.",
        default=None,
        example="[8080, metrics]",
    )
    why: Text | None = _WHY
    owner: Text | None = _OWNER
    until: Date | None = _UNTIL
    accept: Mapping[Name, Text] = _ACCEPT
    labels: Mapping[LabelKey, LabelValue] = _LABELS
    annotations: Mapping[LabelKey, Text] = _ANNOTATIONS

    def complaints(self) -> Iterator[Complaint]:
        """Yield a complaint for each label or annotation that is this project's, or on which others act."""
        yield from _metadata_complaints(self)


@record
class EgressRule:
    """Where the pods may connect to, and to which ports there."""

    peers: tuple[Name | Peer, ...] = declare(
        "Where to: a peer's name in the profile, a peer written out, `everyone`, or a list of these.",
        key="to",
        example="internet",
    )
    ports: tuple[Port, ...] | None = declare(
        "The ports there: `443` (TCP), `53/UDP`, `8000-8010`, `UDP` (all of its ports), or a list; `http`, the name of "
        "a container port, where the enforcer resolves it. Left out: all ports, all protocols.",
        default=None,
        example="[53/UDP, 53]",
    )
    why: Text | None = _WHY
    owner: Text | None = _OWNER
    until: Date | None = _UNTIL
    accept: Mapping[Name, Text] = _ACCEPT
    labels: Mapping[LabelKey, LabelValue] = _LABELS
    annotations: Mapping[LabelKey, Text] = _ANNOTATIONS

    def complaints(self) -> Iterator[Complaint]:
        """Yield a complaint for each label or annotation that is this project's, or on which others act."""
        yield from _metadata_complaints(self)


Rule = IngressRule | EgressRule

_OWN_LABELS = ("app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "helm.sh/chart")
ACTED_ON = (
    API_GROUP, "config.kubernetes.io", "config.k8s.io", "kustomize.config.k8s.io", "fluxcd.io", "argoproj.io",
    "kapp.k14s.io", "configmanagement.gke.io", "configsync.gke.io", "addonmanager.kubernetes.io", "helm.sh",
    "fleet.cattle.io", "cleanup.kyverno.io", "janitor", "kubectl.kubernetes.io", "applyset.kubernetes.io",
)  # fmt: skip
"""Domains of keys by which this project, kustomize or a delivery writes, leaves out or deletes a policy."""


def is_acted_on(key: str) -> bool:
    """Say whether the label or annotation *key* is one that a rule may not set."""
    domain, slash, _ = key.partition("/")
    return bool(slash) and any(domain == each or domain.endswith("." + each) for each in ACTED_ON)


def _metadata_complaints(rule: Rule) -> Iterator[Complaint]:
    for field, keys in (("labels", rule.labels), ("annotations", rule.annotations)):
        for key in keys:
            if (field == "labels" and key in _OWN_LABELS) or is_acted_on(key):
                yield (
                    field,
                    f"`{key}` cannot be set by a rule: this project, kustomize or a delivery acts on it",
                    f"remove `{key}`, or set it in a kustomization for all policies",
                )


@record
class Workload:
    """Rules for some pods of the namespace only."""

    pods: LabelSelector = declare("Which pods, by their labels.", example="{app.kubernetes.io/name: jellyfin}")
    ingress: Mapping[Name, IngressRule] = declare("Who may connect to them, by rule name.", default=FrozenMap())
    egress: Mapping[Name, EgressRule] = declare("Where they may connect to, by rule name.", default=FrozenMap())
    isolation: Isolation | None = declare(
        "The directions in which these pods are denied what no rule allows, where the namespace leaves one open. "
        "A rule isolates them in its own direction anyway.",
        default=None,
        example="ingress",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Yield a selector that would mean every pod, a workload without rules, and `isolation: none`."""
        if self.pods.is_empty:
            yield (
                "pods",
                "the empty selector would mean every pod of the namespace",
                "name their labels, or write the rules under `spec.ingress` and `spec.egress`",
            )
        if self.isolation is Isolation.NONE:
            yield "isolation", "`none` is not for a workload", "leave `isolation` out"
        if not self.ingress and not self.egress and self.isolation is None:
            yield "", "the workload has no rules", "add `ingress` or `egress`, or remove it with `null`"


# Who writes `unprotected: "false"` means the contrary of what it would do.
_ANSWERS = ("false", "n", "no", "off", "on", "true", "y", "yes")


@record
class NamespaceSpec:
    """What a namespace may talk to. Everything that no rule names is denied, unless `isolation` leaves it open."""

    ingress: Mapping[Name, IngressRule] = declare(
        "Who may connect to the pods of the namespace, by rule name.",
        default=FrozenMap(),
        example="{traefik: {from: traefik}}",
    )
    egress: Mapping[Name, EgressRule] = declare(
        "Where the pods of the namespace may connect to, by rule name.",
        default=FrozenMap(),
        example="{dns: {to: kube-dns}}",
    )
    workloads: Mapping[Name, Workload] = declare("Rules for some of its pods, by a name for them.", default=FrozenMap())
    isolation: Isolation = declare(
        "The directions in which every pod is denied what no rule allows. `ingress`, `egress`: the other direction "
        "stays open. `none`: only the pods of `workloads` are isolated, all others stay open.",
        default=Isolation.BOTH,
        example="ingress",
    )
    unprotected: Text | None = declare(
        "The reason why this namespace has no policies. It cannot be combined with rules.",
        default=None,
        example="lower risk; gets policies later",
    )
    accept: Mapping[Name, Text] = _ACCEPT

    def complaints(self) -> Iterator[Complaint]:
        """Yield a complaint for rules that contradict `isolation` or `unprotected`, and for an answer as a reason."""
        if self.unprotected is None:
            yield from self._open_directions()
            return
        if self.unprotected.lower() in _ANSWERS:
            yield (
                "unprotected",
                f"`{self.unprotected}` is no reason",
                "write why the namespace has no policies, or `unprotected: null` to protect it",
            )
        for key in ("ingress", "egress", "workloads"):
            if getattr(self, key):
                yield (
                    key,
                    f"`{key}` rules are combined with `unprotected`, which means that there are none",
                    f"write `{key}: null`, or `unprotected: null` to protect the namespace",
                )

    def _open_directions(self) -> Iterator[Complaint]:
        """Yield a complaint for rules of all pods in a direction that is not isolated: such a rule would isolate it."""
        for key in ("ingress", "egress"):
            if getattr(self, key) and self.isolation not in (Isolation.BOTH, Isolation(key)):
                yield (
                    key,
                    f"`{key}` rules isolate every pod, and `isolation: {self.isolation.value}` leaves `{key}` open",
                    f"write `{key}: null`, or another `isolation`",
                )
        if self.isolation is Isolation.NONE and not self.workloads:
            yield (
                "isolation",
                "`isolation: none` without `workloads` means that there are no policies",
                "write `unprotected: REASON` instead",
            )


def rules_of(spec: NamespaceSpec) -> Iterator[tuple[Path, Rule]]:
    """Yield every rule of *spec*, those of its workloads included, with its path in the resource."""
    parts: list[tuple[Path, NamespaceSpec | Workload]] = [(("spec",), spec)]
    parts += [(("spec", "workloads", str(name)), workload) for name, workload in spec.workloads.items()]
    for path, part in parts:
        yield from (((*path, "ingress", str(name)), rule) for name, rule in part.ingress.items())
        yield from (((*path, "egress", str(name)), rule) for name, rule in part.egress.items())


@record
class Networks:
    """The cluster's own networks: one CIDR each, or a list (dual stack)."""

    pods: tuple[Cidr, ...] | None = declare("The addresses of pods.", default=None, example="10.42.0.0/16")
    services: tuple[Cidr, ...] | None = declare("The cluster IPs of Services.", default=None, example="10.43.0.0/16")
    nodes: tuple[Cidr, ...] | None = declare("The addresses of nodes.", default=None, example="192.168.20.0/24")
    load_balancers: tuple[Cidr, ...] | None = declare(
        "The addresses that LoadBalancer Services get (for example a MetalLB pool).",
        default=None,
        key="loadBalancers",
        example="192.168.20.200/32",
    )

    def of(self, name: NetworkName) -> tuple[Cidr, ...] | None:
        """Return the CIDRs of the network *name*, ``None`` if the profile has none."""
        return {
            NetworkName.PODS: self.pods,
            NetworkName.SERVICES: self.services,
            NetworkName.NODES: self.nodes,
            NetworkName.LOAD_BALANCERS: self.load_balancers,
        }[name]


@record
class ProfileSpec:
    """The facts of one cluster: its networks, its enforcer, and the peers that rules name."""

    enforcer: Enforcer = declare(
        "What enforces the policies. `any` renders only what all of them do alike.",
        default=Enforcer.ANY,
        example="kube-router",
    )
    networks: Networks = declare("The cluster's own networks.", default=Networks())
    peers: Mapping[Name, tuple[Name | Peer, ...]] = declare(
        "Named peers. A peer may be a list, of peers and of other peers' names: any of them.",
        default=FrozenMap(),
        example="{traefik: {namespace: kube-system, pods: {app.kubernetes.io/name: traefik}}}",
    )
    policies: Layout = declare(
        "`per-rule`: a policy for each rule. `per-direction`: one allow policy a direction, "
        "for large clusters and clean drop logs.",
        default=Layout.PER_RULE,
        example="per-direction",
    )
    accept: Mapping[Name, Text] = _ACCEPT


@record
class ClusterProfile:
    """
    The facts of one cluster. Configuration only: it is never applied to a cluster.

    *ranges* are the pinned ranges that the overlay has next to it, by provider.
    """

    name: str
    spec: ProfileSpec
    ranges: Mapping[str, RangesSpec] = FrozenMap()


@record
class SegmentedNamespace:
    """What one namespace may talk to. Configuration only: it is never applied to a cluster."""

    namespace: str
    spec: NamespaceSpec

    @property
    def title(self) -> str:
        """Return how messages call it."""
        return f"namespace {self.namespace}"
