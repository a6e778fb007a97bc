"""What the commands that read policies have in common."""

import argparse

NOTATION = """\
endpoints:
  media             every pod of the namespace           media/jellyfin  one workload or pod
  media/*           any other pod, that no rule names    media/post*     those whose name fits
  *                 every pod of every namespace         */*             a pod of a namespace not listed
  192.168.1.40      an address, or a CIDR                internet        the public addresses
  lan               a named peer of the profile, where no namespace is called so
With manifests all pods are known: media/* is every pod of media, */* every pod.
ports: 443 is TCP, 53/UDP, 8000-8010
"""
"""How the ends of a connection are written."""


def looking(verb: argparse.ArgumentParser) -> None:
    """Let *verb* take manifests in place of overlays, and what they are read by."""
    verb.add_argument(
        "--manifests",
        metavar="PATH",
        help="instead of overlays: a folder or file of manifests with workloads, or what "
        "`kubectl get ns,pods,netpol -A -o json` printed; - is stdin",
    )
    reading(verb)


def reading(verb: argparse.ArgumentParser) -> None:
    """Let *verb* take whose semantics the policies have."""
    verb.add_argument(
        "--semantics",
        choices=["api", "enforcer"],
        help="api: as the Kubernetes specification says; enforcer: with everything in which the cluster's enforcer "
        "departs from it (default: enforcer where the profile or --enforcer names one, else api)",
    )
    verb.add_argument(
        "--enforcer",
        choices=["kube-router", "calico", "cilium"],
        help="what enforces the policies: kube-router is measured, of the others only what they document is known "
        "(default: what the profile says)",
    )
    verb.add_argument(
        "--ipblock",
        choices=["pods", "never"],
        help="what the specification leaves open, so it means --semantics api: an ipBlock matches pods too "
        "(kube-router, Calico), or never does (Cilium); default: as the profile's enforcer, else pods",
    )
