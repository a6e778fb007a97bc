"""
What configures an enforcer or a delivery: which policies count, and which are applied, depends on it.

ConfigMaps are known by their names, agents by the names of their images, workloads and programs.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from posixpath import basename
from typing import Any

from bulkhead.core.record import record
from bulkhead.io.manifests.pod_templates import words_of

ENFORCER, DELIVERY = "settings of an enforcer", "settings of a delivery"


@record
class _Settings:
    """What settings are known by: names of ConfigMaps and Secrets, images, workloads, kinds (``*``: all of a group)."""

    maps: "re.Pattern[str]"
    images: "re.Pattern[str]"
    workloads: "re.Pattern[str]"
    kinds: frozenset[tuple[str, str]]


@cache
def _known() -> dict[str, _Settings]:
    """Return what settings are known by. The patterns are large, and few commands need them."""
    return {
        ENFORCER: _Settings(
            re.compile(
                r"cilium-config|calico-config|canal-config|antrea-config[\w.-]*|amazon-vpc-cni|kube-router-c\w+|kube-flannel-cfg"
                r"|ovn-?kube[\w.-]*|ovn-[\w.-]*|kube-ovn[\w.-]*|weave-net|cni-config|azure-npm-config|multus-[\w.-]*config\w*"
                r"|kubernetes-services-endpoint|kubeadm-config"
            ),
            re.compile(
                r"kube-router|cilium[/-](?:cilium|operator)|calico[/-](?:node|kube-controllers|typha|cni|apiserver)"
                r"|tigera[/-]operator|antrea[/-]|kube-?ovn|ovn-kube|weave-(?:npc|kube)|amazon-k8s-cni|aws-network-policy"
                r"|kube-network-policies|azure-npm|flannel|multus-cni|kindnetd|nsx-ncp"
            ),
            re.compile(
                r"kube-router|cilium(?:-agent|-operator)?|calico-(?:node|kube-controllers|typha|apiserver)|canal|tigera-operator"
                r"|aws-node|antrea-(?:agent|controller)|ovnkube[\w-]*|kube-ovn-[\w-]+|weave-net|kindnet|azure-npm"
                r"|kube-flannel[\w-]*|kube-multus[\w-]*|kube-network-policies"
            ),
            frozenset(
                (
                    ("operator.tigera.io", "*"),
                    ("operator.antrea.io", "*"),
                    ("operator.openshift.io", "Network"),
                    ("config.openshift.io", "Network"),
                    ("k0s.k0sproject.io", "ClusterConfig"),
                    ("kops.k8s.io", "Cluster"),
                    ("kubeadm.k8s.io", "ClusterConfiguration"),
                )
            ),
        ),
        DELIVERY: _Settings(
            re.compile(
                r"argocd-(?:cm|cmd-params-cm|ssh-known-hosts-cm)|fleet-(?:agent|controller)|kapp-controller-config"
            ),
            re.compile(r"(?:kustomize|helm|source)-controller|flux-operator|fleet(?:-agent)?$|kapp-controller"),
            re.compile(
                r"(?:[\w-]+-)?argocd-(?:application-controller|repo-server|applicationset-controller)|fleet-(?:agent|controller)"
                r"|(?:kustomize|helm|source)-controller|flux-operator|kapp-controller"
            ),
            frozenset((("argoproj.io", "ArgoCD"), ("operator.argoproj.io", "ArgoCD"))),
        ),
    }


MAPS = ("ConfigMap", "Secret")
_FIELDS = ("name", "args", "command", "env", "envFrom")
"""What is configured of a container. Another image is another version, not another setting."""


Containers = Sequence[dict[str, Any]]
"""The containers of the pods of an object."""


def configures(group: str, kind: str, name: str, containers: Containers) -> str:
    """Return what the object has the settings of, by its *containers* or its kind; ``""`` where that is not known."""
    for title, known in _known().items():
        if group and known.kinds & {(group, "*"), (group, kind)}:
            return title
        if not group and kind in MAPS and known.maps.fullmatch(name):
            return title
    if not group and kind in MAPS:
        return ""
    found = [_of_program(name)] if containers and kind != "Pod" else []  # a controller chose the name of a pod
    found += [_of_image(str(each.get("image"))) for each in containers]
    found += [_of_program(word) for each in containers for word in words_of(each)]
    return next(filter(None, found), "")


def agent_settings(containers: Containers) -> list[object]:
    """Return what is configured of *containers*."""
    return [{key: each.get(key) for key in _FIELDS} for each in containers]


@lru_cache(maxsize=1024)
def _of_program(word: str) -> str:
    """Return what the workload or program *word* has the settings of; a program may have its folder before it."""
    return next((title for title, known in _known().items() if known.workloads.fullmatch(basename(word))), "")


@lru_cache(maxsize=1024)
def _of_image(image: str) -> str:
    folder, slash, last = image.partition("@")[0].rpartition("/")
    name = f"{folder}{slash}{last.partition(':')[0]}"
    return next((title for title, known in _known().items() if known.images.search(name)), "")
