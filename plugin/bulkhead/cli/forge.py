"""The forge on which a pipeline runs, by the variables that it sets."""

import re
from collections.abc import Mapping

from bulkhead.report.layout.permalinks import Forge

_ADDRESS = r"https?://[A-Za-z0-9][A-Za-z0-9.:-]*(?:/[A-Za-z0-9._~-]+)+"
"""What an address of a repository may be: nothing in it can end a link."""


def forge_of(environment: Mapping[str, str]) -> Forge | None:
    """
    Return where the forge of *environment* shows files, ``None`` where it is not known.

    Sources: the variables that GitHub Actions, Forgejo and Gitea Actions, GitLab CI and Bitbucket Pipelines document.
    """
    repository = environment.get("CI_PROJECT_URL", "")
    form = "/-/blob/{commit}/{path}#L{line}"
    if environment.get("GITHUB_ACTIONS"):
        repository = f"{environment.get('GITHUB_SERVER_URL', '')}/{environment.get('GITHUB_REPOSITORY', '')}"
        is_gitea = environment.get("GITEA_ACTIONS") or environment.get("FORGEJO_ACTIONS")
        form = "/src/commit/{commit}/{path}#L{line}" if is_gitea else "/blob/{commit}/{path}#L{line}"
    elif environment.get("BITBUCKET_GIT_HTTP_ORIGIN"):
        repository = environment["BITBUCKET_GIT_HTTP_ORIGIN"]
        form = "/src/{commit}/{path}#lines-{line}"
    return Forge(repository + form) if repository and re.fullmatch(_ADDRESS, repository) else None
