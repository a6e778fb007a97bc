"""The options that several commands have, each declared once."""

import argparse
from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

from bulkhead.analysis.semantics_options import SemanticsOptions
from bulkhead.cli.console import HERE
from bulkhead.core.engine.semantics import IpBlockMode, SemanticsName
from bulkhead.core.language.resources import Enforcer
from bulkhead.io.manifests.manifest_files import Selection

Parser: TypeAlias = argparse.ArgumentParser
Options: TypeAlias = argparse.Namespace

ENDPOINTS_HELP = """\
endpoints:
  media             every pod of the namespace           media/jellyfin  one workload or pod
  media/*           any other pod, that no rule names    media/post*     those whose name fits
  *                 every pod of every namespace         */*             a pod of a namespace not listed
  192.168.1.40      an address, or a CIDR                internet        the public addresses
  lan               a named peer of the profile
  peer=lan          the named peer, where a namespace has the same name; namespace=lan is the namespace
With manifests all pods are known: media/* is every pod of media, */* every pod.
ports: 443 is TCP, 53/UDP, 8000-8010
"""
"""How the endpoints of a connection are written."""


def describe(parser: Parser, description: str, epilog: str = "") -> None:
    """Set the texts of a command's help, whose line breaks stay."""
    parser.description, parser.epilog = description, epilog


def values(members: Iterable[Enum]) -> list[str]:
    """Return the values of *members*: what an option may be set to."""
    return [str(each.value) for each in members]


def folder_options(parser: Parser) -> None:
    """Declare the folder that a command reads: as an argument, or as :func:`folder_option`."""
    parser.add_argument(
        "dir", nargs="?", default=HERE, metavar="DIR", help="a folder with a kustomization.yaml (default: .)"
    )
    folder_option(parser)


def folder_option(parser: Parser, about: str = "the same as an option, as every command has it") -> None:
    """Declare ``-C``, which every command that reads a folder has, and ``--cluster``, another way to name one."""
    parser.set_defaults(dir=HERE)
    parser.add_argument("-C", "--dir", "--directory", dest="chosen_dir", metavar="DIR", help=about)
    parser.add_argument("--cluster", metavar="NAME", help="read the folder clusters/NAME")


def analysis_options(parser: Parser) -> None:
    """Declare what a command that analyses policies reads, and by which semantics."""
    parser.add_argument(
        "--manifests",
        action="append",
        metavar="PATH",
        help="instead of overlays: a folder or file of manifests with workloads, a folder with a kustomization, or "
        "what `kubectl get ns,pods,netpol -A -o json` printed; - is stdin; may be repeated",
    )
    selection_options(parser)
    semantics_options(parser)


def selection_options(parser: Parser) -> None:
    """Declare which of the manifests are read."""
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="read no file and no folder of this name, or with a / of this path below --manifests; may be repeated",
    )
    parser.add_argument("--enable-helm", action="store_true", help="let kustomize run helm for `helmCharts`")


def selection_asked(options: Options) -> Selection:
    """Return what the options say about which manifests are read."""
    return Selection(tuple(options.exclude), options.enable_helm)


def semantics_options(parser: Parser) -> None:
    """Declare by which semantics policies are read."""
    parser.add_argument(
        "--semantics",
        choices=values(SemanticsName),
        help="api: as the Kubernetes specification says; enforcer: with the deviations of the cluster's enforcer from "
        "it (default: enforcer where the profile or --enforcer names one, else api)",
    )
    parser.add_argument(
        "--enforcer",
        choices=values(Enforcer),
        help="what enforces the policies: kube-router is measured, of the others only what they document is known "
        "(default: what the profile says, else any)",
    )
    parser.add_argument(
        "--ipblock",
        choices=values(IpBlockMode),
        help="what the specification leaves open, so it means --semantics api: an ipBlock matches pods too "
        "(kube-router, Calico), or never does (Cilium); default: as the profile's enforcer, else pods",
    )


def semantics_asked(options: Options) -> SemanticsOptions:
    """Return what the options say about the semantics."""
    return SemanticsOptions(
        SemanticsName(options.semantics) if options.semantics else None,
        Enforcer(options.enforcer) if options.enforcer else None,
        IpBlockMode(options.ipblock) if options.ipblock else None,
    )


def format_option(parser: Parser, formats: Iterable[str]) -> None:
    """Declare ``--format`` with the names of the registered *formats*. The first is the default."""
    names = list(formats)
    described = f"{', '.join(names)} (default: {names[0]}); json: docs/reference/output.md"
    parser.add_argument("--format", choices=names, default=names[0], metavar="FORMAT", help=described)


def all_option(parser: Parser, also: str = "") -> None:
    """Declare ``--all``, which shows lists whole, and what *also* says."""
    described = f"{also}; show" if also else "show"
    parser.add_argument(
        "--all", action="store_true", help=f"{described} long lists whole (JSON and other documents always have all)"
    )
