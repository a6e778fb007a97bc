"""
The real kustomize, run on a copy of the tree in which nothing can execute.

Only the files that a build reads are copied, and the plugin's folder is replaced by an empty
kustomization, so that SegmentedNamespaces come out unexpanded.  No flag is given: whatever else
would run a program is refused by kustomize itself.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.io.files import temporary_folder
from bulkhead.io.kustomize.kustomization import Graph
from bulkhead.io.programs import ProgramError, run_program
from bulkhead.io.yaml.nodes import Raw
from bulkhead.io.yaml.resource_stream import Resource, of_build

CHUNK = 40
"""Overlays in one run. kustomize starts in 0.1 s and is quadratic in resources: both stay small here."""

_OFFLINE = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "GIT_ALLOW_PROTOCOL": "",
}
"""Nothing answers there, and git fetches nothing: what a build tries to fetch in spite of all checks fails at once."""

UNUSED = f"bulkhead-{os.urandom(8).hex()}-"
"""A prefix that no file and no resource of a tree has."""

_MARKER = f"{UNUSED}marker-"


class Failed(DiagnosticError):
    """kustomize could not build. Where it *refused* the files, the message is its own, with the real paths."""

    refused = False


def find() -> list[str]:
    """
    Return the command that builds a folder: ``kustomize`` on PATH or in the checkout's .tools, or ``kubectl``.

    :raises Failed: where neither is installed.
    """
    chosen = os.environ.get("BULKHEAD_KUSTOMIZE")
    own = os.path.join(os.path.dirname(__file__), "..", "..", "..", ".tools", "bin", "kustomize")
    for candidate in [chosen] if chosen else ["kustomize", os.path.normpath(own)]:
        found = shutil.which(candidate)
        if found:
            return [found, "build"]
    kubectl = None if chosen else shutil.which("kubectl")
    if kubectl:
        return [kubectl, "kustomize"]
    raise Failed("kustomize was not found: install kustomize 5, or set BULKHEAD_KUSTOMIZE to its path")


class Mirror:
    """A copy of what a graph's builds read, under *top*, made when it is first needed; nothing in it runs."""

    def __init__(self, graph: Graph, top: str) -> None:
        self.top = top
        self.graph = graph
        self.bounds = graph.bounds
        self.command: list[str] = []

    def _make(self) -> None:
        """
        Make the copy, once.

        :raises Failed: where there is no kustomize.
        """
        if self.command:
            return
        graph = self.graph
        self.command = [*find(), *(["--enable-helm"] if graph.bounds.helm else [])]
        for folder, each in graph.found.items():
            os.makedirs(self.path(folder), exist_ok=True)
            if graph.is_plugin(folder):
                self.write(os.path.join(folder, "kustomization.yaml"), "resources: []\n")
                continue
            for file in [each.file, *each.files]:
                os.makedirs(os.path.dirname(self.path(file)), exist_ok=True)
                shutil.copyfile(file, self.path(file))
        for link, real in graph.links.items():
            if not os.path.lexists(self.path(link)):
                os.makedirs(os.path.dirname(self.path(link)), exist_ok=True)
                os.symlink(self.path(real), self.path(link))

    def path(self, real: str) -> str:
        """Return where the copy of *real* is."""
        return self.top + real

    def write(self, real: str, text: str) -> None:
        """Write *text* in place of *real*."""
        self._make()
        with open(self.path(real), "w", encoding="utf-8") as file:
            file.write(text)

    def duplicate(self, folder: str, to: str) -> None:
        """Copy a folder of the copy to another place in it."""
        self._make()
        shutil.copytree(self.path(folder), self.path(to), symlinks=True)

    def build(self, folder: str) -> str:
        """
        Return what kustomize builds from the copy of *folder*.

        :raises Failed: where it does not build.
        """
        self._make()
        # HOME and similar variables are not passed on: a build must not depend on the user who runs it.
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": self.top, "TMPDIR": self.top}
        if not self.bounds.remote:
            environment |= _OFFLINE
        try:
            done = run_program([*self.command, self.path(folder)], environment, about="kustomize builds the overlays")
        except ProgramError as ended:
            raise Failed(ended.message, ended.hint) from None
        if done.status:
            failed = Failed(done.message.removeprefix("Error: ").replace(self.top, ""))
            failed.refused = True
            raise failed
        return done.stdout.decode()

    def build_all(self, folders: Sequence[str]) -> Iterator[tuple[str, list[Resource] | Failed]]:
        """
        Yield each of *folders* with its resources in the order of accumulation, or why it does not build.

        Many are built in one run of kustomize, distinguished by marker resources between them; where
        such a run fails, each of its folders is built alone.
        """
        if not folders:
            return
        self._make()
        chunks = [folders[i : i + CHUNK] for i in range(0, len(folders), CHUNK)]
        for chunk, built in zip(chunks, self._built(chunks), strict=True):
            yield from zip(chunk, built, strict=True)

    def _built(self, chunks: Sequence[Sequence[str]]) -> Iterator[list[list[Resource] | Failed]]:
        if len(chunks) == 1:
            yield self._chunk(0, chunks[0])
            return
        from concurrent.futures import ThreadPoolExecutor  # here: most trees are one chunk, and the import is slow

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            yield from pool.map(self._chunk, range(len(chunks)), chunks)

    def _chunk(self, number: int, folders: Sequence[str]) -> list[list[Resource] | Failed]:
        try:
            return self._together(f"/{UNUSED}chunk-{number}", folders)
        except Failed as failed:
            if len(folders) == 1:
                return [failed]
        return [each for folder in folders for each in self._chunk_of_one(number, folder)]

    def _chunk_of_one(self, number: int, folder: str) -> list[list[Resource] | Failed]:
        try:
            return self._together(f"/{UNUSED}chunk-{number}", [folder])
        except Failed as failed:
            return [failed]

    def _together(self, at: str, folders: Sequence[str]) -> list[list[Resource] | Failed]:
        os.makedirs(self.path(at), exist_ok=True)
        lines = ["sortOptions: {order: fifo}", "resources:"]
        for i, folder in enumerate(folders):
            marker = f"{_MARKER}{i}"
            self.write(f"{at}/{marker}.yaml", f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {marker}}}\n")
            lines += [f"- {marker}.yaml", f"- {_quoted(os.path.relpath(folder, at))}"]
        self.write(f"{at}/kustomization.yaml", "\n".join(lines) + "\n")
        built: list[list[Resource] | Failed] = []
        current: list[Resource] = []
        for each in of_build(self.build(at)):
            if str(each.head.get("name")).startswith(_MARKER) and each.head.get("kind") == "ConfigMap":
                current = []
                built.append(current)
            else:
                current.append(each)
        return built


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


@contextmanager
def mirror(graph: Graph) -> Iterator[Mirror]:
    """Yield a copy of what *graph* reads; it is gone afterwards."""
    with temporary_folder() as top:
        yield Mirror(graph, os.path.realpath(top))


def kustomization_text(fields: dict[str, Raw]) -> str:
    """Return the text of a kustomization with *fields*."""
    return json.dumps(fields, ensure_ascii=False) + "\n"


def remedy(message: str) -> str:
    """Return the hint for the most frequent message of kustomize; empty for any other message."""
    if "wrong node kind" in message:
        return (
            "a patch cannot turn one value into a map or a list: remove the rule with `null` and add one of another "
            "name, or use a JSON 6902 patch; `ingress` and `egress` are maps of rules by name, not lists"
        )
    if "no resource matches strategic merge patch" in message:
        return (
            "a patch needs the `kind` and `metadata.name` of a resource in the base: a `rules.yaml` has "
            "`kind: SegmentedNamespace` and the name that `base/namespace.yaml` has, not that of the namespace"
        )
    return ""


def join(texts: Iterable[str]) -> str:
    """Return one YAML stream of documents, as kustomize writes it."""
    return "---\n".join(texts)
