"""The commands that deliver objects to a cluster, or change them there, as they are written in scripts."""

import re

_GAP = r"(?:[ \t,\"']+|[ \t]*\\\r?\n[ \t]*)"
"""What is between two words: blanks, the end of a line that goes on, or what separates the items of a list."""

_OPTION = rf"{_GAP}(?:-[^\s,\"'\\]+(?:{_GAP}[^\s,\"'\\$-][^\s,\"'\\]*)?|\$[^\s,\"'\\]+)"
"""An option with its value, or a variable that may be one."""

_OPTIONS = rf"(?:{_OPTION}){{0,12}}?{_GAP}"
_KUBECTL = r"(?:(?i:kubectl)\}?|\boc)"


def _run(programs: str, verbs: str) -> str:
    return rf"\b{programs}(?:\s+|{_OPTIONS})(?:{verbs})\b"


COMMANDS = re.compile(
    "|".join(
        (
            _run(_KUBECTL, "apply|create|delete|kustomize|patch|replace|annotate|label|edit"),
            _run("kapp", "deploy|delete"),
            _run("helm", "upgrade|install|template|rollback|uninstall"),
            _run("kustomize", "build|cfg|fn"),
            _run("argocd", "app|appset|proj"),
            _run("flux", "bootstrap|create|delete|install|reconcile|resume|suspend|uninstall"),
            _run("(?:terraform|tofu|terragrunt|pulumi)", "apply|destroy|up"),
            _run("helmfile", "apply|sync|destroy|template|write-values"),
            _run("cdk8s", "synth"),
            _run("bulkhead", "diff|lint|render|test|validate"),
        )
    )
)
"""A command that delivers, builds what is delivered, or checks it."""

NAMES_POLICIES = re.compile(r"\bnetpol\b|network_?polic(?:y|ies)", re.IGNORECASE)
"""A word for NetworkPolicies, in a command, a program or an object."""


def commands_about_policies(text: str) -> tuple[str, ...]:
    """Return the lines of the script *text* in which a command changes policies."""
    if not NAMES_POLICIES.search(text):
        return ()
    lines = text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines()
    return tuple(line for line in lines if NAMES_POLICIES.search(line) and COMMANDS.search(line))
