"""
How scripts and programs are recognised that deliver objects to a cluster, or change them there.

They are searched for words, not understood: what is found is named, and a person reads it.
"""

import re
from functools import cache

_GAP = r"(?:[ \t,\"']+|[ \t]*\\\r?\n[ \t]*)"
"""What is between two words: blanks, the end of a line that goes on, or what separates the items of a list."""

_OPTION = rf"{_GAP}(?:-[^\s,\"'\\]+(?:{_GAP}[^\s,\"'\\$-][^\s,\"'\\]*)?|\$[^\s,\"'\\]+)"
"""An option with its value, or a variable that may be one."""

_OPTIONS = rf"(?:{_OPTION}){{0,12}}?{_GAP}"
_KUBECTL = r"(?:(?i:kubectl)\}?|\boc)"


def _run(programs: str, verbs: str) -> str:
    return rf"\b{programs}(?:\s+|{_OPTIONS})(?:{verbs})\b"


_COMMANDS = (
    (_KUBECTL, "apply|create|delete|kustomize|patch|replace|annotate|label|edit"),
    ("kapp", "deploy|delete"),
    ("helm", "upgrade|install|template|rollback|uninstall"),
    ("kustomize", "build|cfg|fn"),
    ("argocd", "app|appset|proj"),
    ("flux", "bootstrap|create|delete|install|reconcile|resume|suspend|uninstall"),
    ("(?:terraform|tofu|terragrunt|pulumi)", "apply|destroy|up"),
    ("helmfile", "apply|sync|destroy|template|write-values"),
    ("cdk8s", "synth"),
    ("bulkhead", "diff|lint|render|test|validate"),
)
"""Programs, with their commands that deliver, build what is delivered, or check it."""


@cache
def _commands() -> re.Pattern[str]:
    """Return what finds a command. It is large, and few runs need it."""
    return re.compile("|".join(_run(program, verbs) for program, verbs in _COMMANDS))


def has_command(text: str) -> bool:
    """Say whether *text* has a command that delivers, builds what is delivered, or checks it."""
    return bool(_commands().search(text))


NAMES_POLICIES = re.compile(r"\bnetpol\b|network_?polic(?:y|ies)", re.IGNORECASE)
"""A word for NetworkPolicies, in a command, a program or an object."""


CODE = (".ts", ".js", ".mjs", ".cjs", ".py", ".go", ".java", ".kt", ".cs", ".rb")
"""Endings of programs in general languages, which can make objects of a cluster (Pulumi, cdk8s, a client)."""

TERRAFORM = (".tf", ".hcl", ".tofu")

_CLIENTS = re.compile(
    r"pulumi|cdk8s|cdktf|@kubernetes/client-node|k8s\.io/(?:client-go|api)/|\b(?:from|import) kubernetes(?:_asyncio)?\b"
    r"|\bio\.fabric8\.kubernetes|\bio\.kubernetes\.client"
)
_RESOURCES = re.compile(
    r"\bkubernetes_(?:manifest|namespace|labels|annotations|network_policy)|\bkubectl_manifest|\bhelm_release|\bargocd_\w+"
    r"|\bflux_bootstrap|\bkustomization_resource"
)
"""Types of resources of Terraform that are objects of a cluster, or deliver them."""

SETTINGS = re.compile(
    r"(?:\bdisable-network-policy|\bresource\.(?:ex|in)clusions|\benable-(?:k8s-)?network-?policy(?:-controller)?"
    r"|\benable-policy|\bpolicyEnforcementMode|\benableK8sNetworkPolicy|\benableNetworkPolicy|\brun-firewall"
    r"|\bNETWORK_POLICY_ENFORCING_MODE)[\"'\]]*\s*[:=]"
)
"""Settings by which an enforcer, or a delivery, leaves policies out, in the files of those who install them."""


def makes_policies(path: str, text: str) -> bool:
    """Say whether the program *text* at *path* makes policies, or may make them."""
    if path.endswith(TERRAFORM):
        return bool(NAMES_POLICIES.search(text))
    return path.endswith(CODE) and bool(NAMES_POLICIES.search(text)) and bool(_CLIENTS.search(text))


def delivers_by_resources(path: str, text: str) -> bool:
    """Say whether the program *text* at *path* delivers objects with resources of Terraform."""
    return path.endswith(TERRAFORM) and bool(_RESOURCES.search(text))


def commands_about_policies(text: str) -> tuple[str, ...]:
    """Return the lines of the script *text* in which a command changes policies."""
    if not NAMES_POLICIES.search(text):
        return ()
    lines = text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines()
    return tuple(line for line in lines if NAMES_POLICIES.search(line) and has_command(line))
