"""
Which kinds of objects are judged, which are policies that are not judged, and which may create pods.

A kind that is not known is taken to create pods: pods of it are possible.
"""

from typing import Any

from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY

_CORE_GROUPS = frozenset(("", "apps", "batch", "extensions"))
"""The groups of the kinds that are judged; ``extensions`` had some of them before."""

_BUILT_IN_GROUPS = frozenset(
    {"autoscaling", "policy"}
    | {
        f"{group}.k8s.io"
        for group in (
            "admissionregistration", "apiextensions", "apiregistration", "audit", "authentication", "authorization",
            "certificates", "coordination", "discovery", "events", "flowcontrol.apiserver", "imagepolicy",
            "internal.apiserver", "metrics", "node", "rbac.authorization", "resource", "scheduling", "storage",
            "storagemigration",
        )
    }
)  # fmt: skip
"""API groups of Kubernetes itself that have no workloads and no policies about traffic."""

NETWORKING = "networking.k8s.io"
"""The group of NetworkPolicy."""

NETWORKING_KINDS = ("ClusterCIDR", "IPAddress", "Ingress", "IngressClass", "NetworkPolicy", "ServiceCIDR")
"""All kinds of this group that there ever were."""

_CORE_KINDS = frozenset(
    ("Binding", "ComponentStatus", "ConfigMap", "Endpoints", "Event", "LimitRange", "Namespace", "NetworkPolicy",
     "Node", "PersistentVolume", "PersistentVolumeClaim", "PodTemplate", "ResourceQuota", "Secret", "Service",
     "ServiceAccount")
)  # fmt: skip
"""Kinds of the group without a name that create no pods."""

_UNJUDGED_GROUPS = frozenset(
    ("policy.networking.k8s.io", "policy.linkerd.io", "access.smi-spec.io", "specs.smi-spec.io",
     "mutations.gatekeeper.sh", "hnc.x-k8s.io")
)  # fmt: skip
"""Groups in which every kind is about which traffic is allowed, or changes objects that decide about it."""

_CALICO = (
    "FelixConfiguration", "GlobalNetworkPolicy", "GlobalNetworkSet", "HostEndpoint", "NetworkPolicy", "NetworkSet",
    "Profile", "StagedGlobalNetworkPolicy", "StagedKubernetesNetworkPolicy", "StagedNetworkPolicy", "Tier",
)  # fmt: skip
_ANTREA = ("ClusterGroup", "ClusterNetworkPolicy", "Group", "NetworkPolicy", "Tier")

_UNJUDGED_KINDS = frozenset(
    (
        *((group, kind) for group in ("projectcalico.org", "crd.projectcalico.org") for kind in _CALICO),
        *((group, kind) for group in ("crd.antrea.io", "security.antrea.tanzu.vmware.com") for kind in _ANTREA),
        ("cilium.io", "CiliumNetworkPolicy"),
        ("cilium.io", "CiliumClusterwideNetworkPolicy"),
        ("cilium.io", "CiliumCIDRGroup"),
        ("cilium.io", "CiliumEgressGatewayPolicy"),
        ("cilium.io", "CiliumLocalRedirectPolicy"),
        ("cilium.io", "CiliumNodeConfig"),
        ("networking.istio.io", "Sidecar"),
        ("k8s.cni.cncf.io", "NetworkAttachmentDefinition"),
        ("security.istio.io", "AuthorizationPolicy"),
        ("security.istio.io", "PeerAuthentication"),
        ("security.istio.io", "RequestAuthentication"),
        ("k8s.ovn.org", "EgressFirewall"),
        ("k8s.ovn.org", "UserDefinedNetwork"),
        ("k8s.ovn.org", "ClusterUserDefinedNetwork"),
        ("network.openshift.io", "NetNamespace"),
        ("vpcresources.k8s.aws", "SecurityGroupPolicy"),
        ("networking.k8s.aws", "ApplicationNetworkPolicy"),
        ("networking.k8s.aws", "ClusterNetworkPolicy"),
        ("networking.gke.io", "FQDNNetworkPolicy"),
        ("consul.hashicorp.com", "ServiceIntentions"),
        ("kuma.io", "MeshTrafficPermission"),
        ("kuma.io", "TrafficPermission"),
        ("kubeovn.io", "SecurityGroup"),
        ("kubeovn.io", "Subnet"),
        ("crd.nsx.vmware.com", "SecurityPolicy"),
    )
)

_COMMON_NAMES = frozenset(("Group", "Profile", "Subnet", "Tier"))

UNJUDGED_NAMES = tuple(sorted({kind for _, kind in _UNJUDGED_KINDS} - _COMMON_NAMES))
"""The kinds of policies that are not judged, without the names that other groups have for other things."""

_DELIVERING_GROUPS = frozenset(
    ("fluxcd.controlplane.io", "fleet.cattle.io", "configsync.gke.io", "kappctrl.k14s.io", "packaging.carvel.dev",
     "addons.cluster.x-k8s.io", "apps.open-cluster-management.io", "work.open-cluster-management.io",
     "policy.open-cluster-management.io", "policy.karmada.io", "work.karmada.io", "gitops.kluctl.io", "core.oam.dev",
     "config.projectsveltos.io", "lib.projectsveltos.io", "kargo.akuity.io", "pulumi.com", "resources.gardener.cloud",
     "kubernetes.crossplane.io", "kubernetes.m.crossplane.io", "helm.crossplane.io", "helm.m.crossplane.io",
     "types.kubefed.io", "placement.kubernetes-fleet.io", "deployments.plural.sh")
)  # fmt: skip
"""Groups in which every kind is about what is applied to a cluster, from where; so is every group of Flux but one."""

_DELIVERING_KINDS = frozenset(
    (
        ("argoproj.io", "Application"),
        ("argoproj.io", "ApplicationSet"),
        ("argoproj.io", "AppProject"),
        ("helm.cattle.io", "HelmChart"),
        ("helm.cattle.io", "HelmChartConfig"),
        ("k3s.cattle.io", "Addon"),
    )
)

DELIVERING_GROUPS = _DELIVERING_GROUPS | {group for group, _ in _DELIVERING_KINDS}
"""Groups with kinds that say what is applied to a cluster."""

_DELIVERING_DOMAIN = ".fluxcd.io"
_NOTIFICATION = "notification.toolkit.fluxcd.io"

_HARMLESS_GROUPS = frozenset(
    ("bulkhead.dev", "projectcalico.org", "crd.projectcalico.org", "crd.antrea.io",
     "cilium.io", "kustomize.config.k8s.io", "config.kubernetes.io", "kyverno.io", "metallb.io",
     "networking.istio.io", "security.istio.io", "telemetry.istio.io", "constraints.gatekeeper.sh",
     "templates.gatekeeper.sh", "external-secrets.io", "generators.external-secrets.io", "snapshot.storage.k8s.io",
     "groupsnapshot.storage.k8s.io", "traefik.io", "traefik.containo.us", "externaldns.k8s.io", "bitnami.com",
     "route.openshift.io", "security.openshift.io", "authorization.openshift.io", "user.openshift.io",
     "project.openshift.io", "k8s.cni.cncf.io", "source.toolkit.fluxcd.io", "notification.toolkit.fluxcd.io",
     "wgpolicyk8s.io", "openreports.io", "reports.kyverno.io", "aquasecurity.github.io",
     "k8s.ovn.org", "vpcresources.k8s.aws", "networking.k8s.aws", "elbv2.k8s.aws")
)  # fmt: skip
"""Groups none of whose kinds creates pods in the cluster."""

_HARMLESS_KINDS = frozenset(
    (
        *(
            ("monitoring.coreos.com", kind)
            for kind in (
                "AlertmanagerConfig", "PodMonitor", "Probe", "PrometheusRule", "ScrapeConfig", "ServiceMonitor",
            )
        ),
        *(
            ("gateway.networking.k8s.io", kind)
            for kind in (
                "BackendTLSPolicy", "GRPCRoute", "GatewayClass", "HTTPRoute", "ReferenceGrant", "TCPRoute", "TLSRoute",
                "UDPRoute",
            )
        ),
        *(
            ("networking.gke.io", kind)
            for kind in ("GCPBackendPolicy", "GCPGatewayPolicy", "HealthCheckPolicy", "ManagedCertificate")
        ),
        *(("keda.sh", kind) for kind in ("ClusterTriggerAuthentication", "ScaledObject", "TriggerAuthentication")),
        ("apps", "ControllerRevision"),
        ("extensions", "Ingress"),
        ("extensions", "PodSecurityPolicy"),
        *((NETWORKING, kind) for kind in NETWORKING_KINDS),
        ("argoproj.io", "AppProject"),
        ("argoproj.io", "AnalysisTemplate"),
        ("argoproj.io", "ClusterAnalysisTemplate"),
        ("cert-manager.io", "CertificateRequest"),
        ("image.openshift.io", "ImageStream"),
        ("postgresql.cnpg.io", "Database"),
        ("postgresql.cnpg.io", "ImageCatalog"),
        ("postgresql.cnpg.io", "ClusterImageCatalog"),
        ("postgresql.cnpg.io", "ScheduledBackup"),
        ("kafka.strimzi.io", "KafkaTopic"),
        ("kafka.strimzi.io", "KafkaUser"),
        ("autoscaling.k8s.io", "VerticalPodAutoscaler"),
    )
)  # fmt: skip
"""Kinds that create no pods, of groups with others that do."""


def group_of(api_version: Any) -> str:
    """Return the API group of an ``apiVersion``; ``""`` for the core group and where none is written."""
    return api_version.rpartition("/")[0] if isinstance(api_version, str) else ""


def render_first(group: str, kind: str) -> str:
    """Return the command that renders objects of *kind*, which hold others; ``""`` for all other kinds."""
    if (group, kind) == ("bulkhead.dev", "SegmentedNamespace"):
        return "bulkhead render DIR > rendered.yaml"
    if kind == "Template" and group in ("", "template.openshift.io"):
        return "oc process -f FILE -o yaml > rendered.yaml"
    return ""


def is_core(group: str) -> bool:
    """Say whether Kubernetes' own pods, namespaces and workloads are of *group*."""
    return group in _CORE_GROUPS


def is_unjudged(group: str, kind: str) -> bool:
    """
    Say whether objects of *kind* decide about traffic and are not judged.

    Any kind that ends in ``NetworkPolicy`` is one, unless it is Kubernetes' own: nobody can know all of them.
    """
    if kind == NETWORKPOLICY and (group in _CORE_GROUPS or group == NETWORKING):
        return False
    return group in _UNJUDGED_GROUPS or (group, kind) in _UNJUDGED_KINDS or kind.endswith("NetworkPolicy")


def delivers(group: str, kind: str) -> bool:
    """Say whether objects of *kind* tell a delivery (Argo CD, Flux, a controller of Helm) what to apply from where."""
    is_flux = group.endswith(_DELIVERING_DOMAIN) and group != _NOTIFICATION
    return is_flux or group in _DELIVERING_GROUPS or (group, kind) in _DELIVERING_KINDS


def creates_no_pods(group: str, kind: str) -> bool:
    """Say whether it is known that objects of *kind* create no pods."""
    if not group:
        return kind in _CORE_KINDS
    return group in _BUILT_IN_GROUPS or group in _HARMLESS_GROUPS or (group, kind) in _HARMLESS_KINDS


def kind_title(group: str, kind: str) -> str:
    """Return ``Kind (group)``, or the kind alone for the core group. What is longer than any kind is cut."""
    title = f"{kind} ({group})" if group else kind
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"


_LONGEST_TITLE = 160
