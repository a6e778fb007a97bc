"""
Finds the files of a tree that say what is delivered to a cluster, check it, or are executed in the delivery.

They are known by their names (what CI, Argo CD, Flux and make read), by what is in them (objects of a delivery, the
commands that build or apply), and by being named in one that is known.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename, dirname, join, normpath

from bulkhead.io.delivery_commands import CODE, TERRAFORM
from bulkhead.io.folders import is_inside
from bulkhead.io.git.file_states import LINK, FileState
from bulkhead.io.input_files import CHART, PROGRAMS, SUFFIXES

_FOLDERS = frozenset(
    (".github", ".gitlab", ".ci", ".circleci", ".forgejo", ".gitea", ".woodpecker", ".buildkite", ".tekton", ".husky",
     "helmfile.d",
     ".jenkins", ".azuredevops", ".pipelines", "deploy")
)  # fmt: skip
_NAMES = re.compile(
    r"\.argocd-(?:source|allow-concurrency)[\w.-]*|(?:[\w.-]*\.)?\.?gitlab-ci[\w.-]*\.ya?ml|Jenkinsfile[\w.-]*"
    r"|\.(?:pre-commit-config|drone|travis|woodpecker|cirrus)\.ya?ml|(?:azure|bitbucket)-pipelines\.ya?ml"
    r"|cloudbuild\.(?:ya?ml|json)|(?:GNU)?[mM]akefile|[Jj]ustfile|Taskfile\.ya?ml|fleet\.yaml|skaffold\.yaml|Tiltfile"
    r"|[\w.-]*helmfile[\w.-]*|Pulumi[\w.-]*\.ya?ml|cdk8s\.ya?ml|terragrunt\.hcl|devspace\.ya?ml|werf\.ya?ml|Earthfile"
    r"|\.sourceignore|\.gitmodules|\.krmignore"
)
_TEXTS = (*SUFFIXES, *PROGRAMS, ".toml", ".sh", ".tpl", ".gotmpl", ".mk", *TERRAFORM)
_WORD = re.compile(rb"[\w./@+~-]+")
_LONGEST_WORD = 300


def is_named_delivery(path: str) -> bool:
    """Say whether the name of *path* says that it delivers or checks."""
    return bool(_FOLDERS & set(path.split("/")[:-1]) or _NAMES.fullmatch(basename(path)))


def is_text(path: str, state: FileState) -> bool:
    """Say whether the file at *path* may be read by a delivery, or run."""
    return state[0] in ("100755", LINK) or path.endswith(_TEXTS) or "." not in basename(path)


def may_make_policies(path: str, state: FileState) -> bool:
    """Say whether the file at *path* may be read by a delivery, or is a program that may make policies."""
    return is_text(path, state) or path.endswith(CODE)


def in_charts(paths: Iterable[str], every: Iterable[str]) -> Iterator[str]:
    """Yield each of *paths* that is in a folder with a Helm chart, or below it; *every* are all files of the tree."""
    charts = {dirname(path) for path in every if basename(path) == CHART}
    for path in paths if charts else ():
        folder = dirname(path)
        while folder not in charts and folder:
            folder = dirname(folder)
        if folder in charts:
            yield path


def named_in(path: str, content: bytes, files: Mapping[str, FileState], tops: Iterable[str]) -> Iterator[str]:
    """
    Yield each of *files* that the file at *path* names: from its own folder, or from one of *tops*.

    A link names what it leads to, all of it where that is a folder.
    """
    state = files.get(path)
    if state is not None and state[0] == LINK:
        target = _from(dirname(path), os.fsdecode(content))
        yield from (each for each in files if is_inside(each, target))
        return
    folders = dict.fromkeys((dirname(path), *tops))
    for word in {each.decode() for each in _WORD.findall(content) if len(each) < _LONGEST_WORD and each.isascii()}:
        for spelled in {word, word.lstrip("/"), word.partition("/")[2]}:  # of `$HOME/x`, too
            for folder in folders if spelled else ():
                target = _from(folder, spelled)
                if target in files and target != path:
                    yield target


def _from(folder: str, word: str) -> str:
    return normpath(join(folder, word)) if folder else normpath(word)
