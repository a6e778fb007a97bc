"""Git repositories that an engine reads: the reference cluster's, changed as a test needs it."""

from dataclasses import dataclass
from pathlib import Path

from conftest import Tree, git
from copies import REFERENCE_CLUSTER, copy_parts

PARTS = ("plugin", "base", "overlays", "kustomization.yaml")


@dataclass(frozen=True)
class Repository:
    """A repository with a working tree, on its branch ``main``."""

    path: Path

    @property
    def url(self) -> str:
        """What an engine calls it."""
        return f"file://{self.path}"

    @property
    def tree(self) -> Tree:
        """Its working tree."""
        return Tree(self.path)

    def commit(self) -> str:
        """Commit all that is in the working tree; return the revision."""
        git(self.path, "add", "--all")
        git(self.path, "commit", "-q", "--allow-empty", "-m", "x")
        return git(self.path, "rev-parse", "HEAD")


def repository(path: Path) -> Repository:
    """Make a repository of the files in *path*."""
    git(path, "init", "-q", "-b", "main")
    made = Repository(path)
    made.commit()
    return made


def copy_of_this(path: Path) -> Repository:
    """Make a repository with this one's plugin, base and overlays."""
    return repository(copy_parts(path, *REFERENCE_CLUSTER, bytecode=False))
