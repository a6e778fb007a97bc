"""The files of a tree, each read once, so that what is checked is what is built, and a thousand overlays are cheap."""

import os

from bulkhead.io.files import Unreadable, bytes_of
from bulkhead.io.yaml.nodes import Document, InvalidYaml, Raw, decoded, documents

KEPT = 64 * 1024
"""Characters of a file whose documents are kept: those of a larger one take fifty times as much memory."""


class ParsedTexts:
    """What texts mean, which does not depend on the tree that they are in: two sides of a comparison share most."""

    def __init__(self) -> None:
        self.documents: dict[str, list[Document]] = {}
        self.objects: dict[str, tuple[dict[str, Raw], ...] | None] = {}

    def read(self, text: str) -> list[Document]:
        """
        Return the documents of *text*.

        :raises InvalidYaml: where it is no YAML.
        """
        known = self.documents.get(text)
        if known is not None:
            return known
        found = list(documents(text))
        if len(text) <= KEPT:
            self.documents[text] = found
        return found


class ReadFiles:
    """What was read of the files of one tree; *parsed* is what is known of texts."""

    def __init__(self, parsed: ParsedTexts | None = None) -> None:
        self.parsed = parsed or ParsedTexts()
        self._texts: dict[str, str] = {}
        self._real: dict[str, str] = {}

    def text(self, file: str) -> str:
        """
        Return the text of *file*.

        :raises InvalidYaml: where it is not UTF-8, too large, or cannot be read.
        """
        if file not in self._texts:
            self._texts[file] = text_of(file)
        return self._texts[file]

    def documents(self, file: str) -> list[Document]:
        """
        Return the documents of *file*.

        :raises InvalidYaml: as :meth:`text`, and where it is no YAML.
        """
        return self.parsed.read(self.text(file))

    def readable_documents(self, file: str) -> list[Document]:
        """Return the documents of *file*; none where it cannot be read, which the code that builds it reports."""
        try:
            return self.documents(file)
        except InvalidYaml:
            return []

    def real(self, path: str) -> str:
        """Return *path* without links."""
        if path not in self._real:
            folder, name = os.path.split(path)
            if name in ("", ".", "..") or os.path.islink(path) or not os.path.isabs(path):
                self._real[path] = os.path.realpath(path)
            else:
                self._real[path] = path if folder == "/" else os.path.join(self.real(folder), name)
        return self._real[path]


def text_of(file: str) -> str:
    """
    Return the text of *file*.

    :raises InvalidYaml: where it is not UTF-8, too large, or cannot be read.
    """
    try:
        return decoded(bytes_of(file))
    except Unreadable as refused:
        raise InvalidYaml(refused.message, refused.location.line, refused.location.column, refused.hint) from None
