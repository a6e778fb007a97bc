"""
What each folder of a tree renders by itself, apart from the build of the root.

An ApplicationSet delivers each folder of `overlays/` by itself. A build of the root shows something else where the
root's kustomization patches or renames what a folder renders, or has resources of its own.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from bulkhead.analysis.overlays.kept_back import decides, kept_back
from bulkhead.analysis.overlays.overlay import Overlay
from bulkhead.analysis.overlays.root_build import RootBuild
from bulkhead.core.diagnostics import Diagnostic
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY, NetworkPolicy
from bulkhead.io.folders import is_inside
from bulkhead.io.kustomize.build import Failed, join
from bulkhead.io.kustomize.kustomization import Graph
from bulkhead.io.kustomize.unlisted import OVERLAYS
from bulkhead.io.manifests.assembly import things_of
from bulkhead.io.manifests.object_reader import read
from bulkhead.io.resources.decode import is_ours
from bulkhead.io.yaml.nodes import InvalidYaml
from bulkhead.io.yaml.resource_stream import Resource, of_build


@dataclass
class OwnBuilds:
    """
    What folders render by themselves: *built* by folder, the deepest first.

    *unknown* are folders whose own rendering is not known: they do not build by themselves, or what they render is not
    readable, or a folder further out renders an object of the same name with other content.
    """

    built: dict[str, Overlay] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The resources that the plugin passes on."""
        return join(each.text for overlay in self.built.values() for each in overlay.kept)

    def kept_back(self, graph: Graph) -> Iterator[Diagnostic]:
        """Yield a refusal for each policy or namespace that a delivery of its folder keeps back."""
        for folder, overlay in self.built.items():
            yield from kept_back(join(each.text for each in overlay.kept), graph.found[folder].file)


def own_builds(whole: RootBuild) -> OwnBuilds | None:
    """
    Return what the folders render by themselves, after the root of *whole* is built.

    ``None`` where nothing but overlays is delivered, and the root lists them as they are.
    """
    graph = whole.graph
    below = os.path.join(graph.root, OVERLAYS) + os.sep
    plugins = graph.plugins()
    others = [
        folder
        for folder, each in graph.found.items()
        if folder.startswith(below) and folder not in whole.overlays
        if not any(is_inside(folder, each) for each in plugins)
        if not whole.only_lists(each)
    ]
    if whole.listed and not others:
        return None
    found = OwnBuilds(dict(whole.overlays))
    later = [] if whole.listed else [folder for folder in whole.overlays if not whole.only_lists(graph.found[folder])]
    for folder, resources in _built(whole, [*later, *sorted(others, key=lambda each: (-each.count(os.sep), each))]):
        passed = [each for each in resources or () if not is_ours(each.head)]
        if resources is None or (folder in others and not _is_readable(passed)):
            found.unknown.append(folder)
            found.built.pop(folder, None)
        else:
            found.built[folder] = Overlay(passed)
    found.unknown += _written_again(found.built)
    return found


def _built(whole: RootBuild, folders: list[str]) -> Iterator[tuple[str, list[Resource] | None]]:
    """Yield each of *folders* with what it renders; ``None`` where it cannot be built or read."""
    for folder, built in whole.copy.build_all(folders) if folders else ():
        try:
            yield folder, of_build(whole.copy.build(folder)) if isinstance(built, Failed) else built
        except (Failed, InvalidYaml):
            yield folder, None


def _is_readable(resources: list[Resource]) -> bool:
    problems: list[Diagnostic] = []
    for each in resources:
        for _ in read(each.value(), problems):
            pass
    return not problems


def _written_again(built: dict[str, Overlay]) -> Iterator[str]:
    """Yield each folder that renders an object which another one of *built*, after it, renders otherwise."""
    known: dict[object, tuple[str, object]] = {}
    for folder, overlay in built.items():
        for name, content in _contents(overlay):
            other, before = known.get(name, (folder, content))
            if before != content:
                yield other
            known[name] = folder, content


def _contents(overlay: Overlay) -> Iterator[tuple[object, object]]:
    """Yield what names each object of *overlay* that decides about traffic, and what it says."""
    for policy in overlay.policies:
        yield (NETWORKPOLICY, policy.namespace, policy.name), (policy.meaning, policy.has_types)
    for each in overlay.kept:
        version, kind = str(each.head.get("apiVersion")), str(each.head.get("kind"))
        if decides(version, kind):
            name = kind, str(each.head.get("namespace") or ""), str(each.head.get("name"))
            if kind != NETWORKPOLICY:
                yield (version, *name), each.text
                continue
            things = things_of(read(each.value(), []))
            policies = (thing for thing in things if isinstance(thing, NetworkPolicy))
            yield from ((name, (policy.meaning, policy.has_types)) for policy in policies)
