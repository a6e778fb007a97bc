"""
The expected policies of the reference cluster: one file a namespace, written by hand.

They follow the cluster's own description, not the program's output, and no switch refreshes them. Text in `why` is
the overlay's to word: the comparison leaves it out, and nothing else.
"""

import difflib
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
WHY = "bulkhead.dev/why"

PROTECTED = (
    "cardboard",
    "dev-workspace",
    "email-gateway",
    "home-assistant",
    "media",
    "monitoring",
    "open-webui",
    "openclaw-ops",
    "openclaw-personal",
    "proxmox-watchdog",
    "security-scanner",
    "trade-bot",
)
UNPROTECTED = ("digital-signage", "hamaja-recipes")

Policy = dict[str, Any]


def parse(text: str) -> list[Policy]:
    """Return the objects of a YAML stream, in its order."""
    return [document for document in yaml.safe_load_all(text) if document is not None]


def expected(namespace: str) -> list[Policy]:
    """Return the policies that *namespace* is to have."""
    return parse((FOLDER / f"{namespace}.yaml").read_text())


def differences(found: list[Policy], wanted: list[Policy]) -> str:
    """Return what tells *found* from *wanted* as a diff of YAML; empty where they are the same set of objects."""
    lines = difflib.unified_diff(_text(wanted), _text(found), "wanted", "found", n=12, lineterm="")
    return "\n".join(lines)


def _text(policies: list[Policy]) -> list[str]:
    """Return the lines of *policies* as YAML: sorted by namespace and name, and by key within them."""

    def identity(policy: Policy) -> tuple[str, str]:
        return policy["metadata"].get("namespace", ""), policy["metadata"]["name"]

    plain = [_without_why(policy) for policy in sorted(policies, key=identity)]
    return yaml.safe_dump_all(plain, sort_keys=True).splitlines()


def _without_why(policy: Policy) -> Policy:
    metadata = dict(policy["metadata"])
    if "annotations" in metadata:
        metadata["annotations"] = {key: value for key, value in metadata["annotations"].items() if key != WHY}
    return {**policy, "metadata": metadata}
