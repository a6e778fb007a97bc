"""A new tree: base, plugin, root, the first promise, a pipeline and a README, as text by path."""

from collections.abc import Mapping
from enum import Enum

from bulkhead import __version__
from bulkhead.core.record import record
from bulkhead.docgen.vendored_plugin import PLUGIN, vendored_plugin
from bulkhead.io.shipped_files import shipped

CLUSTER = "base/cluster.yaml"
STANDARD = "base/namespace.yaml"
PROMISES = "tests/reachability/standard.yaml"
README = "README.md"

_KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
_RESOURCE = """\
# yaml-language-server: $schema={up}plugin/schemas/{kind}.schema.json
{comment}apiVersion: bulkhead.dev/v1alpha1
kind: {kind}
metadata:
  name: {name}
spec:
{spec}"""
_PATTERN = "# The standard pattern. An overlay adds a rule by naming it, changes a field of it, removes it with null.\n"
_PROMISES = """\
  tests:
  - {{from: '*', to: {dns}, port: {ports}, allowed: true, because: Every pod resolves names}}
  # Two rows for each protected namespace, once there is one:
  # - {{from: internet, to: blog, allowed: false, because: Nothing comes in from outside the cluster}}
  # - {{from: blog, to: internet, port: [22, 25], allowed: false, because: HTTPS is all that leaves the cluster}}
"""


class Forge(Enum):
    """Where the pipeline of the tree runs."""

    GITHUB = "github"
    GITLAB = "gitlab"
    FORGEJO = "forgejo"
    NONE = "none"


_PIPELINES = {
    Forge.GITHUB: ".github/workflows/bulkhead.yaml",
    Forge.GITLAB: ".gitlab-ci.yml",
    Forge.FORGEJO: ".forgejo/workflows/bulkhead.yaml",
}


@record
class Base:
    """
    What is in base: the facts of the cluster and the standard pattern.

    *comment* has whole lines of YAML comments. *profile* and *standard* are the `spec` of the ClusterProfile and of the
    SegmentedNamespace, as lines that are indented by two. *dns* is the peer that answers for names, and *dns_ports* its
    ports, as they are written.
    """

    comment: str
    profile: str
    standard: str
    dns: str = "kube-dns"
    dns_ports: str = "[53/UDP, 53]"


def new_tree(base: Base, overlays: Mapping[str, str] | None = None) -> dict[str, str]:
    """
    Return the text of each file of a new tree by its path from the root of the tree.

    *overlays* are files below `overlays/` by their path from the root; each of their folders is listed in the root.
    """
    files = {f"{PLUGIN}/{path}": text for path, text in vendored_plugin().items()}
    files[CLUSTER] = resource("ClusterProfile", "cluster", base.profile, base.comment)
    files[STANDARD] = resource("SegmentedNamespace", "standard", base.standard, _PATTERN)
    files["base/kustomization.yaml"] = f"{_KUSTOMIZATION}resources:\n- cluster.yaml\n- namespace.yaml\n"
    files[PROMISES] = resource(
        "ReachabilityTest", "standard", _PROMISES.format(dns=base.dns, ports=base.dns_ports), up="../../"
    )
    files[README] = shipped("ci")["README.md"]
    folders = sorted({"/".join(path.split("/")[:2]) for path in overlays or {}})
    listed = "".join(f"\n- {each}" for each in folders) or " []"
    files["kustomization.yaml"] = f"{_KUSTOMIZATION}resources:{listed}\n"
    return files | dict(overlays or {})


def resource(kind: str, name: str, spec: str, comment: str = "", up: str = "../") -> str:
    """Return the text of a resource of the tree; *up* leads from its folder to the root."""
    return _RESOURCE.format(kind=kind, name=name, spec=spec, comment=comment, up=up)


def pipeline(forge: Forge, folder: str = ".") -> dict[str, str]:
    """Return the pipeline of *forge* for the tree in *folder*, by its path from the root of the repository."""
    if forge is Forge.NONE:
        return {}
    text = shipped("ci")[f"{forge.value}.yaml"]
    return {_PIPELINES[forge]: text.replace("@FOLDER@", folder).replace("@VERSION@", __version__)}
