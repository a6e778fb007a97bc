"""Small trees of overlays and folders of manifests to lint, in this process."""

import json
from dataclasses import dataclass

import yaml
from bulkhead.cli.commands.lint import LintOptions, run
from conftest import ROOT

PROFILE = {
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
    """What a case of a check consists of; an overlay's text is what stands below ``spec:``, from line 5 on."""

    overlays: dict
    profile: dict
    root: str
    beside: str
    manifests: str
    asked: dict

    @staticmethod
    def of(case):
        known = ("overlays", "profile", "root", "beside", "manifests", "asked")
        empty = {"root": "", "beside": "", "manifests": ""}
        return Scene(**{key: case.get(key, empty.get(key, {})) for key in known})

    def write(self, folder):
        if self.overlays:
            for name in ("kustomization.yaml", "expand.yaml", "tripwire.yaml"):
                put(folder / "plugin" / name, (ROOT / "plugin" / name).read_text())
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

    def lint(self, capsys, form="json"):
        """Lint the scene in the current folder; return the status and what was printed."""
        asked = {"today": "2026-06-01", **self.asked}
        asked |= {"folder": "." if self.overlays else None, "manifests": "manifests.yaml" if self.manifests else None}
        capsys.readouterr()
        status = run(LintOptions(form=form, **asked))
        printed = capsys.readouterr()
        assert status != 2, printed.err
        return status, json.loads(printed.out) if form in ("json", "sarif") else printed.out


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
