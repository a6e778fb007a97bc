"""
The documents of providers as lists of blocks.

A document that does not have the published shape is refused: a block that is left out closes traffic, and a key that is
misread opens it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from typing import Any, NamedTuple

from bulkhead.core.diagnostics import DiagnosticError


class InvalidDocument(DiagnosticError):
    """A document does not have the shape that its provider published."""


class PublishedBlock(NamedTuple):
    """One block, and the service and region that it is for; empty where the document has none."""

    cidr: str
    service: str = ""
    region: str = ""


class PublishedRanges(NamedTuple):
    """What a document says: its *blocks*, its own *version*, and keys that are no ranges and are *left_out*."""

    blocks: tuple[PublishedBlock, ...]
    version: str = ""
    left_out: tuple[str, ...] = ()


Reader = Callable[[str], PublishedRanges]

_GITHUB_OTHER = frozenset(
    ("verifiable_password_authentication", "ssh_key_fingerprints", "ssh_keys", "domains", "commit_signing_keys")
)
"""Keys of GitHub's document that are no ranges."""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidDocument(f"the document is not JSON: {error}") from None


def _map(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidDocument(f"{where} is not a map")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidDocument(f"{where} is not a list")
    return value


def _word(value: dict[str, Any], key: str, where: str) -> str:
    found = value.get(key)
    if not isinstance(found, str):
        raise InvalidDocument(f"`{key}` of {where} is not text")
    return found


def _cidr(raw: Any, where: str) -> str:
    """Return *raw*, a network or one address, as a CIDR."""
    try:
        if not isinstance(raw, str) or not raw[:1].strip():
            raise ValueError
        return str(ip_network(raw))
    except ValueError:
        raise InvalidDocument(f"{where} has `{str(raw)[:60]}`, which is no CIDR") from None


def github(text: str) -> PublishedRanges:
    """Read https://api.github.com/meta: an object of lists, the keys are the services."""
    whole = _map(_json(text), "the document")
    found: list[PublishedBlock] = []
    for key, value in whole.items():
        if key in _GITHUB_OTHER or not isinstance(value, list):
            continue
        found += (PublishedBlock(_cidr(each, f"`{key}`"), key) for each in value)
    left_out = sorted(key for key, value in whole.items() if key not in _GITHUB_OTHER and not isinstance(value, list))
    return PublishedRanges(tuple(found), "", tuple(left_out))


def aws(text: str) -> PublishedRanges:
    """Read https://ip-ranges.amazonaws.com/ip-ranges.json."""
    whole = _map(_json(text), "the document")
    found: list[PublishedBlock] = []
    for key, cidr in (("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")):
        for number, raw in enumerate(_list(whole.get(key), f"`{key}`")):
            where = f"`{key}[{number}]`"
            each = _map(raw, where)
            found.append(
                PublishedBlock(
                    _cidr(each.get(cidr), where), _word(each, "service", where), _word(each, "region", where)
                )
            )
    return PublishedRanges(tuple(found), _word(whole, "syncToken", "the document"))


def google(text: str) -> PublishedRanges:
    """Read https://www.gstatic.com/ipranges/goog.json, or cloud.json, which has a service and a scope."""
    whole = _map(_json(text), "the document")
    found: list[PublishedBlock] = []
    for number, raw in enumerate(_list(whole.get("prefixes"), "`prefixes`")):
        where = f"`prefixes[{number}]`"
        each = _map(raw, where)
        cidr = _cidr(each.get("ipv4Prefix", each.get("ipv6Prefix")), where)
        found.append(PublishedBlock(cidr, str(each.get("service") or ""), str(each.get("scope") or "")))
    return PublishedRanges(tuple(found), str(whole.get("syncToken") or ""))


def azure(text: str) -> PublishedRanges:
    """Read ServiceTags_Public_*.json: the tags are the services, `Storage.WestEurope` is `Storage` in a region."""
    whole = _map(_json(text), "the document")
    found: list[PublishedBlock] = []
    for number, raw in enumerate(_list(whole.get("values"), "`values`")):
        where = f"`values[{number}]`"
        each = _map(raw, where)
        more = _map(each.get("properties"), f"`properties` of {where}")
        name, region = _word(each, "name", where), str(more.get("region") or "")
        service = name.rpartition(".")[0] if region and "." in name else name
        for block in _list(more.get("addressPrefixes"), f"`addressPrefixes` of {where}"):
            found.append(PublishedBlock(_cidr(block, f"`{name}`"), service, region))
    return PublishedRanges(tuple(found), str(whole.get("changeNumber") or ""))


def cloudflare(text: str) -> PublishedRanges:
    """Read https://api.cloudflare.com/client/v4/ips, or the lists of text."""
    if not text.lstrip().startswith("{"):
        return plain_list(text)
    whole = _map(_json(text), "the document")
    if whole.get("success") is not True:
        raise InvalidDocument("`success` of the document is not true")
    result = _map(whole.get("result"), "`result`")
    found = [
        PublishedBlock(_cidr(each, f"`{key}`"))
        for key in ("ipv4_cidrs", "ipv6_cidrs")
        for each in _list(result.get(key), f"`result.{key}`")
    ]
    return PublishedRanges(tuple(found), str(result.get("etag") or ""))


def fastly(text: str) -> PublishedRanges:
    """Read https://api.fastly.com/public-ip-list."""
    whole = _map(_json(text), "the document")
    return PublishedRanges(
        tuple(
            PublishedBlock(_cidr(each, f"`{key}`"))
            for key in ("addresses", "ipv6_addresses")
            for each in _list(whole.get(key), f"`{key}`")
        )
    )


def plain_list(text: str) -> PublishedRanges:
    """Read a list of text: a CIDR or an address on each line, or in the first column; `#` begins a comment."""
    found: list[PublishedBlock] = []
    for number, line in enumerate(text.splitlines(), 1):
        word = re.split(r"[,;\s]", line.partition("#")[0].strip(), maxsplit=1)[0]
        if word:
            found.append(PublishedBlock(_cidr(word, f"line {number}")))
    return PublishedRanges(tuple(found))


_HEADING = re.compile(r"^#{1,6}[ \t]+([^\n]*)$|<h[1-6][^>]*>(.*?)</h[1-6]>", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_WRITTEN_CIDR = re.compile(r"(?<![\w.:/])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}:[0-9a-fA-F:]+)/\d{1,3}(?![\w/])")
_PAGE_SERVICES = ("inbound", "outbound")


def anthropic(text: str) -> PublishedRanges:
    """
    Read the page platform.claude.com/docs/en/api/ip-addresses, or a list of text.

    The page, HTML or Markdown, has headings: blocks below one with "inbound" or "outbound" count, others are left out.
    """
    headings = list(_HEADING.finditer(text))
    if not headings:
        return plain_list(text)
    found: list[PublishedBlock] = []
    left_out: list[str] = []
    for heading, end in zip(headings, [*(each.start() for each in headings[1:]), len(text)], strict=True):
        title = re.sub(r"<[^>]*>", "", heading.group(1) or heading.group(2) or "").strip()
        words = [service for service in _PAGE_SERVICES if service in title.lower()]
        blocks = _WRITTEN_CIDR.findall(text[heading.end() : end])
        if len(words) == 1:
            found += (PublishedBlock(_cidr(each, f"`{title}`"), words[0]) for each in dict.fromkeys(blocks))
        elif blocks:
            left_out.append(title)
    for service in _PAGE_SERVICES:
        if not any(each.service == service for each in found):
            raise InvalidDocument(
                f"the page has no blocks below a heading with `{service}`",
                "write its blocks into a file, one a line, and name it with --from",
            )
    return PublishedRanges(tuple(found), "", tuple(left_out))


def at_paths(paths: Iterable[str]) -> Reader:
    """Return what reads the blocks at *paths* of a JSON document, each like `regions[].cidrs[].cidr`."""

    def read(text: str) -> PublishedRanges:
        whole = _json(text)
        found = [PublishedBlock(_cidr(each, f"`{path}`")) for path in paths for each in _at(whole, path, path)]
        return PublishedRanges(tuple(found))

    return read


def _at(value: Any, path: str, whole: str) -> Iterator[Any]:
    """Yield what is at *path* of *value*; an entry of a list that lacks the key is left out, others must not."""
    if not path:
        if isinstance(value, (dict, list)):
            raise InvalidDocument(f"`{whole}` leads to a {'map' if isinstance(value, dict) else 'list'}, not to text")
        yield value
    elif path.startswith("[]"):
        for each in _list(value, f"a part of `{whole}`"):
            rest = path[2:].removeprefix(".")
            key = re.split(r"[.\[]", rest, maxsplit=1)[0]
            if not (key and isinstance(each, dict) and key not in each):
                yield from _at(each, rest, whole)
    else:
        key, rest = re.fullmatch(r"([^.\[]*)(.*)", path, re.DOTALL).groups()  # type: ignore[union-attr]
        found = _map(value, f"a part of `{whole}`")
        if key not in found:
            raise InvalidDocument(f"there is no `{key}` in the document, which `{whole}` names")
        yield from _at(found[key], rest.removeprefix("."), whole)
