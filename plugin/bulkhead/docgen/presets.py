"""Presets: what is known of a distribution of Kubernetes, in the form of the chart's values."""

from bulkhead.docgen.new_tree import Base
from bulkhead.io.shipped_files import shipped

DEFAULT = "any"
PRESETS = (
    "any",
    "k3s",
    "rke2",
    "kind",
    "kubeadm-calico",
    "cilium",
    "eks",
    "gke",
    "aks",
    "openshift",
    "talos",
)
"""The names of presets; `any` takes nothing for granted but the pods' labels of the cluster's DNS."""

_DNS = "    dns: {to: "


def preset(name: str) -> Base:
    """Return the preset *name*, one of ``PRESETS``."""
    comment, _, rest = shipped("presets")[f"{name}.yaml"].partition("profile:\n")
    profile, _, standard = rest.partition("standard:\n")
    rule = next(line for line in standard.splitlines() if line.startswith(_DNS)).removeprefix(_DNS)
    peer, _, after = rule.partition(", ports: ")
    return Base(comment, profile, standard, peer, after[: after.index("]") + 1])


def chart_values() -> dict[str, str]:
    """Return the presets as files of the Helm chart, by their path from its folder."""
    return {f"values/{name}": text for name, text in shipped("presets").items()}
