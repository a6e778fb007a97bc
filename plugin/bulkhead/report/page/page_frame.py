"""
One HTML file, which asks nothing of any server: its style and its script are in it.

A policy in the page allows that style and that script by their hashes, and nothing else.
"""

import base64
import hashlib
import html
from importlib import resources

from bulkhead.core.safe_text import printable, safe_text

POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data:; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The Content-Security-Policy of a page, with the hashes of its script and of its style."""


def framed(title: str, body: str, script: str, look: str) -> str:
    """Return a page with this *title*, which is any text. *body* is HTML, *script* JavaScript, *look* CSS."""
    policy = POLICY.format(script=_hash(script), style=_hash(look))
    parts = {"policy": html.escape(policy), "title": shown(title), "style": look, "body": body, "script": script}
    head, *rest = asset("page.html").split("{{")
    return head + "".join(parts[name] + text for name, _, text in (each.partition("}}") for each in rest))


def shown(text: str) -> str:
    """Return *text* as HTML that shows it as it is, also between quotes."""
    return html.escape(safe_text(printable(text)))


def asset(name: str) -> str:
    """Return the text of a file of this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
