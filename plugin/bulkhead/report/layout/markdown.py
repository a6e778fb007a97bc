"""Text of other people inside Markdown: it is shown, and never interpreted."""

import re

from bulkhead.core.safe_text import printable

_LONGEST = 2_000
"""The longest text of one cell in characters, so that a row always fits."""

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$]")
_LINKING = re.compile(r"[@#]|:(?=//)|(?<=www)\.|!(?=\d)")
"""Characters that make a mention, a reference or a link of the text next to them, also as an entity."""


def escaped(text: str) -> str:
    """
    Return *text* so that Markdown and HTML show it as it is: no link, mention, tag, table or line of its own.

    >>> escaped("<b>a|b</b>")
    '&#60;b&#62;a&#124;b&#60;/b&#62;'
    """
    shown = printable(text)
    if len(shown) > _LONGEST // 4:
        shown = shown[: _LONGEST // 4] + "…"
    entities = _SPECIAL.sub(lambda match: f"&%{ord(match.group())};", shown)
    return _LINKING.sub(lambda match: f"{match.group()}&%8203;", entities).replace("&%", "&#")


def code(text: str) -> str:
    """
    Return *text* as code in one line.

    >>> code("media/web"), code("a|b")
    ('`media/web`', '<code>a&#124;b</code>')
    """
    shown = printable(text)
    plain = shown and not set(shown) & set("`|") and shown == shown.strip()
    return f"`{shown}`" if plain else f"<code>{escaped(text)}</code>"


def message(text: str) -> str:
    """
    Return a message that has names between backticks, each of them as code.

    >>> message("rule `web` is *open*")
    'rule <code>web</code> is &#42;open&#42;'
    """
    parts = [escaped(part) for part in text.split("`")]
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
