"""Fetches a document over HTTPS, or reads it from a file; never more than :data:`LARGEST` bytes."""

import http.client
import os
import ssl
import time
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import urlsplit

from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.io.files import MIB, regular_file

LARGEST = 32 * MIB
"""Bytes of a document. The largest that is known, Azure's service tags, has about 5 MiB."""

SECONDS = 30.0
"""How long a server may be silent, and half of how long a document may take."""

_CHUNK = 64 * 1024
_AGENT = "bulkhead-ranges"


class FetchError(DiagnosticError):
    """A document cannot be fetched or read."""


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, to HTTPS alone."""

    max_redirections = 5

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the next request, or refuse a redirect to anything but HTTPS."""
        if urlsplit(newurl).scheme != "https":
            raise FetchError(f"the server redirects to `{newurl}`, which is not HTTPS")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def is_url(source: str) -> bool:
    """Say whether *source* is an address rather than a path."""
    return "://" in source


def fetched(source: str, seconds: float = SECONDS) -> bytes:
    """
    Return the document at *source*, an HTTPS address or a path.

    :raises FetchError: where it cannot be had whole: no HTTPS, a certificate that is not valid, a server that does not
        answer for *seconds*, a status other than 200, more than :data:`LARGEST` bytes.
    :raises Unreadable: where the file at a path cannot be read.
    """
    if not is_url(source):
        with regular_file(source, LARGEST) as file:
            return file.read()
    if urlsplit(source).scheme != "https":
        raise FetchError(f"`{source}` is not an HTTPS address", "write `https://…`, or the path of a file")
    opener = urllib.request.build_opener(_HttpsOnly, urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    request = urllib.request.Request(source, headers={"User-Agent": _AGENT, "Accept-Encoding": "identity"})
    try:
        with opener.open(request, timeout=seconds) as answer:
            return _whole(answer, source, seconds)
    except FetchError:
        raise
    except urllib.error.HTTPError as error:
        hint = "wait an hour: the provider limits requests" if error.code in (403, 429) else ""
        raise FetchError(
            f"`{source}`: the server answers {error.code} {str(error.reason).partition(chr(10))[0]}", hint
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise FetchError(f"`{source}` cannot be fetched: {reason or type(error).__name__}") from None


def _whole(answer: http.client.HTTPResponse, source: str, seconds: float) -> bytes:
    """Return the body of *answer*; a server that sends it slowly for twice *seconds* is refused."""
    if answer.status != 200:
        raise FetchError(f"`{source}`: the server answers {answer.status}")
    end = time.monotonic() + 2 * seconds
    found = bytearray()
    while part := answer.read1(_CHUNK):
        found += part
        if len(found) > LARGEST:
            raise FetchError(f"`{source}` has more than {LARGEST // MIB} MiB")
        if time.monotonic() > end:
            raise FetchError(f"`{source}` takes more than {2 * seconds:.0f} seconds")
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and int(length) != len(found):
        raise FetchError(f"`{source}` ends after {len(found)} of {length} bytes")
    return bytes(found)


def shown_source(source: str) -> str:
    """Return how the pinned file calls *source*: an address as it is, a file by its name."""
    return source if is_url(source) else f"file {os.path.basename(source)}"
