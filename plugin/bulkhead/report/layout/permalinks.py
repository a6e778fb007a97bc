"""Links to lines of files at a forge: to a commit, so that they never lead to another text."""

from bulkhead.core.record import record


@record
class Forge:
    """
    Where a forge shows files: a *pattern* with ``{commit}``, ``{path}`` and ``{line}``.

    >>> Forge("https://example.org/a/blob/{commit}/{path}#L{line}").link("1f", "a b/c(d).yaml", 3)
    'https://example.org/a/blob/1f/a%20b/c%28d%29.yaml#L3'
    """

    pattern: str

    def link(self, commit: str, path: str, line: int) -> str:
        """Return the link to *line*, from 1, of the file at *path* from the top of the repository."""
        from urllib.parse import quote  # here: most commands write no link

        return self.pattern.format(commit=quote(commit), path=quote(path), line=line)
