"""Argo CD's repo-server and its sidecars, and a client that asks for manifests as the application controller does."""

import json
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import PYTHON, ROOT, TOOLS, run
from engines.network import accepts, answers, free_port
from engines.repositories import Repository
from engines.servers import Server, start

SHIPPED = ROOT / "deploy/argocd"
IN_THE_IMAGE = "/usr/local/bin/generate"  # where deploy/argocd/Dockerfile puts SHIPPED/generate
BOTH_FLAGS = "--enable-alpha-plugins --enable-exec"

Object = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a repo-server made of a folder: manifests, or why there are none."""

    manifests: tuple[Object, ...]
    source: str
    error: str


@dataclass(frozen=True)
class RepoServer:
    """A running repo-server."""

    program: Path
    folder: Path
    port: int
    server: Server

    @property
    def sockets(self) -> Path:
        """Where it looks for sidecars."""
        return self.folder / "s"

    def generate(
        self,
        repository: Repository,
        path: str,
        plugin: str | None = None,
        options: str = "",
        seconds: int = 600,
    ) -> Answer:
        """Ask for the manifests of *path*: by the plugin of this name (`""`: whichever says it can), or as they are."""
        asked = {
            "address": f"127.0.0.1:{self.port}",
            "repository": repository.url,
            "revision": "HEAD",
            "path": path,
            "plugin": None if plugin is None else {"name": plugin},
            "buildOptions": options,
            "application": f"bulkhead-{Path(path).name}",
            "seconds": seconds,
        }
        done = run(self.program, "generate", stdin=json.dumps(asked))
        if done.status != 0:
            assert done.stdout == ""
            return Answer((), "", done.stderr)
        answer = json.loads(done.stdout)
        manifests = tuple(json.loads(text) for text in answer.get("manifests", ()))
        return Answer(manifests, answer["sourceType"], "")

    @contextmanager
    def sidecar(
        self, name: str = "plugin.yaml", env: Mapping[str, str] | None = None, change: tuple[str, str] = ("", "")
    ) -> Iterator[Server]:
        """Run a sidecar with a configuration that is shipped; *change* replaces text of it."""
        text = (SHIPPED / name).read_text()
        assert IN_THE_IMAGE in text
        assert change[0] in text
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "plugin.yaml").write_text(text.replace(IN_THE_IMAGE, str(SHIPPED / "generate")).replace(*change))
        found = {
            "PATH": f"{TOOLS}:{PYTHON.parent}:/usr/bin:/bin",
            "BULKHEAD_PYTHON": str(PYTHON),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ARGOCD_PLUGINSOCKFILEPATH": str(self.sockets),
            "ARGOCD_CMP_WORKDIR": str(folder),
        }
        server = start(
            [self.program, "cmp-server", "--config-dir-path", folder], folder / "log", {**found, **(env or {})}
        )
        try:
            server.wait_until(lambda: any(map(accepts, self.sockets.iterdir())), "the sidecar has its socket")
            yield server
        finally:
            server.stop(signal.SIGKILL)  # asked kindly, it waits for ten seconds
            shutil.rmtree(self.sockets)
            self.sockets.mkdir()


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """Run a redis; give its port."""
    port = free_port()
    server = start(
        ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder],
        folder / "redis.log",
    )
    try:
        server.wait_until(lambda: answers(port), "redis listens")
        yield port
    finally:
        server.stop()


@contextmanager
def started(program: Path, cache: int, env: Mapping[str, str] | None = None) -> Iterator[RepoServer]:
    """Run a repo-server in a folder whose name is short, for the paths of sockets are."""
    folder = Path(tempfile.mkdtemp(prefix="argocd-"))
    port = free_port()
    (folder / "s").mkdir()
    found = {
        "PATH": f"{TOOLS}:/usr/bin:/bin",
        "TMPDIR": str(folder),
        "BULKHEAD_PYTHON": str(PYTHON),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_ASK_PASS_SOCK": str(folder / "ask-pass"),
        "ARGOCD_PLUGINSOCKFILEPATH": str(folder / "s"),
    }
    options: dict[str, str | int | Path] = {
        "address": "127.0.0.1",
        "port": port,
        "disable-tls": "true",
        "metrics-address": "127.0.0.1",
        "metrics-port": free_port(),
        "redis": f"127.0.0.1:{cache}",
    }
    server = start([program, "repo-server"], folder / "log", {**found, **(env or {})}, options)
    try:
        server.wait_until(lambda: answers(port), "the repo-server listens")
        yield RepoServer(program, folder, port, server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
