"""Commits edited files, and only these."""

import os
from collections.abc import Sequence

from bulkhead.io.git.repository import GitError
from bulkhead.io.programs import ProgramError, run_program


def check_clean(folder: str, files: Sequence[str]) -> None:
    """
    Check that none of *files* has changes that are not committed: a commit would have them as well.

    :raises GitError: where one has, or *folder* is in no repository.
    """
    changed = _git(folder, "status", "--porcelain", "--", *files)
    if changed:
        names = ", ".join(f"`{line[3:]}`" for line in changed.splitlines()[:5])
        raise GitError(f"there are changes that are not committed in {names}", "commit them, or leave --commit out")


def commit(folder: str, files: Sequence[str], message: str) -> str:
    """
    Commit *files* of the repository around *folder* with *message*; return the new commit's short hash.

    What is staged of other files stays staged. The user's settings and hooks of git count.

    :raises GitError: where git refuses.
    """
    _git(folder, "add", "--", *files)
    _git(folder, "commit", "--quiet", "--only", "--message", message, "--", *files)
    return _git(folder, "rev-parse", "--short", "HEAD").strip()


def _git(folder: str, *arguments: str) -> str:
    try:
        done = run_program(["git", "-C", folder, *arguments], dict(os.environ), about="git commits")
    except FileNotFoundError:
        raise GitError("git was not found", "install it, or leave --commit out") from None
    except ProgramError as ended:
        raise GitError(ended.message, ended.hint) from None
    if done.status:
        raise GitError(f"git: {done.message.removeprefix('fatal: ') or 'it refused'}")
    return done.stdout.decode(errors="replace")
