"""
An HTTPS server on this machine that gives documents, redirects and what goes wrong.

`localhost.pem` has its key and its certificate, which `authority.pem` signed; no machine trusts that but these tests.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn

HERE = Path(__file__).parent
AUTHORITY = HERE / "authority.pem"


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        """Answer with the document, the redirect or the status that is kept for the path."""
        found = self.server.pages.get(self.path, 404)
        if isinstance(found, int):
            self.send_error(found)
        elif isinstance(found, str):
            self.send_response(302)
            self.send_header("Location", found)
            self.end_headers()
        else:
            self.send_response(200)
            if self.path == "/cut-off":
                self.send_header("Content-Length", str(len(found) + 10))
            self.end_headers()
            with suppress(OSError):  # a reader that has read enough goes away
                self.wfile.write(found)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name in http.server
        """Write nothing."""


class _Server(ThreadingMixIn, TCPServer):
    # Not an HTTPServer, which asks for the name of the machine.
    pages: dict[str, bytes | str | int]
    daemon_threads = True


@contextmanager
def serving(pages: dict[str, bytes | str | int], port: int = 0) -> Iterator[str]:
    """Serve *pages* by path (a document, a redirect's target, or a status), and yield the address of the server."""
    server = _Server(("localhost", port), _Handler)
    server.pages = pages
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(HERE / "localhost.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
