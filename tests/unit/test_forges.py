"""Which forge a pipeline runs on, and the links that it takes, by the forges' own documentation."""

import pytest
from bulkhead.cli.forge import forge_of

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "you/cluster"}
GITLAB = {"GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.example.org/group/sub/cluster"}
BITBUCKET = {"BITBUCKET_GIT_HTTP_ORIGIN": "https://bitbucket.org/you/cluster"}


@pytest.mark.parametrize(
    ("environment", "link"),
    [
        (GITHUB, "https://github.com/you/cluster/blob/1f/a/b%20c.yaml#L7"),
        (
            GITHUB | {"GITEA_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example.org:3000"},
            "https://git.example.org:3000/you/cluster/src/commit/1f/a/b%20c.yaml#L7",
        ),
        (GITLAB, "https://gitlab.example.org/group/sub/cluster/-/blob/1f/a/b%20c.yaml#L7"),
        (BITBUCKET, "https://bitbucket.org/you/cluster/src/1f/a/b%20c.yaml#lines-7"),
    ],
)
def test_forge_is_known_by_its_variables(environment: dict[str, str], link: str) -> None:
    forge = forge_of(environment)
    assert forge is not None
    assert forge.link("1f", "a/b c.yaml", 7) == link


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"GITHUB_ACTIONS": "true"},
        GITHUB | {"GITHUB_SERVER_URL": "javascript:alert(1)"},
        GITHUB | {"GITHUB_REPOSITORY": "you/cluster) [x](https://evil.example"},
        GITHUB | {"GITHUB_REPOSITORY": "you/clu{commit}ster"},
        GITLAB | {"CI_PROJECT_URL": "https://user:secret@gitlab.example.org/a/b"},
        GITLAB | {"CI_PROJECT_URL": "https://gitlab.example.org/a|b"},
        GITLAB | {"CI_PROJECT_URL": "https://gitlab.example.org/a/b\n"},
    ],
)
def test_no_links_where_the_address_is_not_that_of_a_repository(environment: dict[str, str]) -> None:
    assert forge_of(environment) is None


@pytest.mark.parametrize("path", ["a](b)|c<d>.yaml", "..\\x", "a\nb", "#L1?raw", "ü {line}"])
def test_no_path_ends_a_link(path: str) -> None:
    forge = forge_of(GITHUB)
    assert forge is not None
    assert not set(forge.link("1f", path, 1)) & set(" ()[]|<>\n\\{}\"'")
