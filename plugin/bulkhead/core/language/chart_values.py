"""
The values of the Helm chart: the same specs as the resources', and a test pod.

The chart's schema, its table of values and the language that its templates read come from here
and from ``resources.py``.
"""

from collections.abc import Mapping

from bulkhead.core.language.reachability_test import Flag
from bulkhead.core.language.resources import NamespaceSpec, ProfileSpec
from bulkhead.core.language.scalars import Name, Text
from bulkhead.core.record import FrozenMap, declare, record


@record
class ChartTest:
    """The pod that `helm test` runs: it tries connections from inside one namespace."""

    enabled: Flag | None = declare("Whether there is a test pod.", default=None, example="true")
    namespace: Name | None = declare("The namespace that it runs in, a protected one.", default=None, example="shop")
    image: Text | None = declare(
        "Its image, which needs `sh`, `nc` and `timeout`.",
        default=None,
        example="busybox:1.37.0@sha256:bdf57e528e45e4433820e045b29b4597825a1c9e38353532d90a01445013f82e",
    )
    allowed: tuple[Text, ...] | None = declare(
        "What it must reach, as HOST:PORT (TCP).", default=None, example="[kubernetes.default:443]"
    )
    denied: tuple[Text, ...] | None = declare(
        "What it must not reach, as HOST:PORT (TCP).", default=None, example="[web.blog:80]"
    )


@record
class ChartValues:
    """What `helm install` is given: the cluster, the standard pattern, and what differs in each namespace."""

    profile: ProfileSpec | None = declare(
        "The facts of the cluster: the spec of a ClusterProfile.",
        default=None,
        example="{networks: {pods: 10.42.0.0/16}, peers: {nas: {cidr: 192.168.30.0/24}}}",
    )
    standard: NamespaceSpec | None = declare(
        "What every namespace may do: the spec of the standard SegmentedNamespace. Without it, the chart's own "
        "`values/any.yaml` applies, and its peers are added to yours. With it, only what you write applies.",
        default=None,
        example="{egress: {dns: {to: kube-dns, ports: [53/UDP, 53]}}}",
    )
    namespaces: Mapping[Name, NamespaceSpec] = declare(
        "The namespaces to protect, each with what differs from the standard. Maps merge key by key; `null` or "
        "`false` removes. `{}` is the standard pattern; `false` instead of a namespace's spec removes the namespace.",
        default=FrozenMap(),
        example="{blog: {}, shop: {egress: {smtp: {to: internet, ports: 587}}}}",
    )
    test: ChartTest | None = declare("The pod that `helm test` runs.", default=None, example="{enabled: true}")
