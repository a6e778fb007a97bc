"""
Every file that a build can execute: the plugin, what links lead to, and the interpreter that the plugin picks up.

`plugin/expand` runs the Python of the `.venv` next to the plugin's folder, if there is one.  A build therefore
executes that as well, and the target of each link in its path: an unchanged file is listed where a
link begins to lead to it.
"""

import os
from collections.abc import Iterable, Mapping
from posixpath import basename, dirname, join, normpath

import bulkhead
from bulkhead.io.folders import walk
from bulkhead.io.git.file_states import LINK, FileState, FileStates, object_name
from bulkhead.io.kustomize.function_configs import PROGRAM
from bulkhead.io.shipped_files import VERSION_FILE, plugin_files

_ENVIRONMENT = ".venv"
_LINKS = 40
"""The number of links that are followed in the path of one file, as in Linux."""


def executed(files: FileStates, plugins: Iterable[str], spelled: Iterable[str]) -> dict[str, FileState]:
    """
    Return the state of every file that a build with one of *plugins* can execute.

    *plugins* are their folders, *spelled* the paths by which overlays name them: links on the way belong to it.
    """
    walk = _Closure(files)
    for path in [*spelled, *plugins]:
        walk.follow(path)
    waiting = set(plugins)
    done: set[str] = set()
    while waiting - done:
        folder = (waiting - done).pop()
        done.add(folder)
        walk.follow(folder)
        environment = join(dirname(folder), _ENVIRONMENT)
        if files.is_tracked(environment):
            walk.follow(environment)
        # A plugin of the older kind is a link to the program of another folder, which has an environment of its own.
        waiting |= {dirname(path) for path, (mode, _) in walk.found.items() if mode != LINK and _is_program(path)}
    return walk.found


def _is_program(path: str) -> bool:
    return basename(path).lower() == PROGRAM


class _Closure:
    def __init__(self, files: FileStates) -> None:
        self.files = files
        self.found: dict[str, FileState] = {}
        self.seen: set[str] = set()

    def follow(self, path: str) -> None:
        """Find the file at *path*, or all files below it, and every link in the path."""
        waiting = [path]
        while waiting:
            real = self._real(waiting.pop())
            if real in self.seen or real.startswith("../"):
                continue
            self.seen.add(real)
            state = self.files.at(real)
            below = {real: state} if state else self.files.below(real)
            self.found.update(below)
            waiting += [each for each, (mode, _) in below.items() if mode == LINK]

    def _real(self, path: str) -> str:
        """Return the target of *path* and find the links in it. Links in a circle have themselves as target."""
        done, steps = "", path.split("/")
        for _ in range(_LINKS):
            done, steps, at = self._to_link(done, steps)
            if not at:
                return done
            target = self.files.target(at)
            if os.path.isabs(target):
                return "../"
            done, steps = dirname(at), [*target.split("/"), *steps]
        return "../"

    def _to_link(self, done: str, steps: list[str]) -> tuple[str, list[str], str]:
        """Follow *steps* from *done* to the next link; return the path reached, the steps left, the link or `""`."""
        for i, step in enumerate(steps):
            done = normpath(join(done, step)) if step else done
            done = "" if done == "." else done
            state = self.files.at(done) if step not in ("", ".", "..") else None
            if state and state[0] == LINK:
                self.found[done] = state
                return done, steps[i + 1 :], done
        return done, [], ""


def changed_programs(before: Mapping[str, FileState], after: Mapping[str, FileState]) -> tuple[str, ...]:
    """Return the paths of the files that a build can execute after a change, or could before, and that differ."""
    return tuple(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))


def other_than_this(files: FileStates, plugin: str, algorithm: str = "sha1") -> tuple[str, ...]:
    """
    Return the files of the package in the folder *plugin* that are not those of the running command line.

    A vendored plugin has only the modules that a build needs: that the others are not there is no difference.
    """
    top = os.path.dirname(os.path.abspath(bulkhead.__file__))
    own: dict[str, str] = {}
    for at, _, names in walk(top):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(at, name)
                with open(path, "rb") as file:
                    own[join(plugin, "bulkhead", os.path.relpath(path, top))] = object_name(file.read(), algorithm)
    theirs = {path: state[1] for path, state in files.below(join(plugin, "bulkhead")).items() if path.endswith(".py")}
    if join(plugin, VERSION_FILE) in files.below(plugin):
        own = {path: own[path] for path in (join(plugin, each) for each in plugin_files()) if path in own}
    return tuple(sorted(path for path in own.keys() | theirs.keys() if own.get(path) != theirs.get(path)))
