"""Where imported policies were written, and what somebody wrote above them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from bulkhead.analysis.importing.revision_files import shown
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY, NetworkPolicy
from bulkhead.core.language.scalars import InvalidValue, Text
from bulkhead.io.manifests.manifest_locations import Places, Standing

_LONGEST = 300
"""Characters of a comment that can be a reason; a longer one is a licence or a page of explanation."""

_NO_REASON = re.compile(r"yaml-language-server|^source:|licen[cs]e|copyright|^[-=#*\s]*$|^\w+:(\s|$)", re.IGNORECASE)
"""Comments that are no reasons: of tools and templates, rulers, and YAML that was commented out."""


class PolicyOrigins:
    """Finds the file, the line and the comment of policies in *files*; *named* is how folders are called."""

    def __init__(self, files: Iterable[str], named: Mapping[str, str]) -> None:
        self.named = named
        self._found: dict[tuple[str, str], Standing] = {}
        self._loose: dict[str, Standing] = {}
        for (kind, name), standings in Places(files).read().items():
            for each in standings if kind == NETWORKPOLICY else ():
                self._found[each.namespace or "default", name] = each
                if not each.namespace:
                    self._loose[name] = each

    def __call__(self, policy: NetworkPolicy) -> tuple[str, str]:
        """Return the origin of *policy*, ``NAME, file:line``, and the comment above it, ``""`` where there is none."""
        found = self._found.get((policy.namespace, policy.name)) or self._loose.get(policy.name)
        if found is None:
            return policy.name, ""
        file, line = shown(found.file, self.named), found.line + 1
        if not found.text:
            return f"{policy.name}, {file}:{line}", ""
        lines = found.text.splitlines()
        first = next(
            (i for i, each in enumerate(lines) if each.strip() and not each.lstrip().startswith(("#", "---"))), 0
        )
        comment = "" if found.path else _comment(lines[:first])
        return f"{policy.name}, {file}:{line + first}", comment


def _comment(lines: Iterable[str]) -> str:
    words = " ".join(_comment_lines(lines))
    try:
        return str(Text.parse(" ".join(words.split()))) if words and len(words) <= _LONGEST else ""
    except InvalidValue:
        return ""


def _comment_lines(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        text = line.strip().removeprefix("---").strip()
        if text.startswith("#"):
            text = text.lstrip("#").strip()
            if not _NO_REASON.search(text):
                yield text
