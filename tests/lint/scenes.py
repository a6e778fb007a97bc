"""Small trees of overlays and folders of manifests to lint, in this process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from conftest import bulkhead
from copies import copy_parts

PROFILE: dict[str, Any] = {
    "apiVersion": "bulkhead.dev/v1alpha1",
    "kind": "ClusterProfile",
    "metadata": {"name": "home"},
    "spec": {
        "enforcer": "kube-router",
        "networks": {
            "pods": "10.42.0.0/16",
            "services": "10.43.0.0/16",
            "nodes": "192.168.20.0/24",
            "loadBalancers": "192.168.20.200/32",
        },
    },
}
HEAD = "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\nspec:\n"
OVERLAY = "resources: [../../base, rules.yaml]\nnamespace: NAME\ntransformers: [../../plugin]\n"


@dataclass
class Scene:
    """What a case of a check consists of; an overlay's text is what is below ``spec:``, from line 5 on."""

    overlays: dict[str, str]
    profile: dict[str, Any]
    root: str
    beside: str
    manifests: str
    asked: dict[str, Any]

    @staticmethod
    def of(case: Mapping[str, Any]) -> "Scene":
        known = ("overlays", "profile", "root", "beside", "manifests", "asked")
        empty = {"root": "", "beside": "", "manifests": ""}
        return Scene(**{key: case.get(key, empty.get(key, {})) for key in known})

    def write(self, folder: Path) -> None:
        if self.overlays:
            copy_parts(
                folder, *(f"plugin/{name}" for name in ("kustomization.yaml", "expand.yaml", "tripwire.yaml", "expand"))
            )
            profile = {**PROFILE, "spec": {**PROFILE["spec"], **self.profile}}
            put(folder / "base" / "cluster.yaml", yaml.safe_dump(profile))
            put(folder / "base" / "kustomization.yaml", "resources: [cluster.yaml]\n")
            listed = ", ".join(f"overlays/{name}" for name in self.overlays)
            put(folder / "kustomization.yaml", f"resources: [{listed}]\n{self.root}")
        for name, spec in self.overlays.items():
            put(folder / "overlays" / name / "rules.yaml", HEAD + "".join(f"  {line}\n" for line in spec.splitlines()))
            put(folder / "overlays" / name / "kustomization.yaml", OVERLAY.replace("NAME", name))
        if self.beside:
            first = folder / "overlays" / next(iter(self.overlays))
            put(first / "beside.yaml", self.beside)
            kustomization = first / "kustomization.yaml"
            put(kustomization, kustomization.read_text().replace("rules.yaml", "rules.yaml, beside.yaml"))
        if self.manifests:
            put(folder / "manifests.yaml", self.manifests)

    def lint(self, folder: Path, form: str = "json") -> tuple[int, Any]:
        """Lint the scene in *folder*; return the status and what was printed."""
        arguments = [".", *options(self.asked)] if self.overlays else options(self.asked)
        manifests = ["--manifests", "manifests.yaml"] if self.manifests else []
        done = bulkhead("lint", *arguments, *manifests, "--format", form, cwd=folder)
        assert done.status != 2, done.stderr
        return done.status, json.loads(done.stdout) if form in ("json", "sarif") else done.stdout


def options(asked: Mapping[str, Any]) -> list[str]:
    """Return the options *asked*, by name without dashes, as arguments; a list repeats one, ``True`` is a flag."""
    found = []
    for name, given in {"today": "2026-06-01", **asked}.items():
        flag = "--" + name.replace("_", "-")
        for each in given if isinstance(given, list) else [given]:
            found += [flag] if each is True else [flag, str(each)]
    return found


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
