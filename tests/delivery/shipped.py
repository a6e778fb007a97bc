"""What is shipped under deploy/, and the schemas of the engines that read it."""

import json
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any

import jsonschema
import yaml
from conftest import ROOT

DEPLOY = ROOT / "deploy"
ARGO_CD = "github.com/argoproj/argo-cd/v3@v3.2.11"
FLUX = ("github.com/fluxcd/source-controller@v1.10.1", "github.com/fluxcd/kustomize-controller@v1.10.1")


def files(module: str, folder: str) -> dict[str, str]:
    """
    The YAML files in a *folder* of a Go module, by name: the engines' own CRDs and manifests are in theirs.

    Read from the archive: go unpacks it only where it is new enough to build it.
    """
    done = subprocess.run(["go", "mod", "download", "-json", module], cwd="/", capture_output=True, check=False)
    archive = json.loads(done.stdout).get("Zip", "")
    assert archive, done.stdout.decode() + done.stderr.decode()
    with zipfile.ZipFile(archive) as opened:
        paths = [path for path in opened.namelist() if PurePath(path).parent == PurePath(module, folder)]
        found = {PurePath(path).name: opened.read(path).decode() for path in paths if path.endswith(".yaml")}
    assert found, f"there is no {folder} in {module}"
    return found


def schemas(texts: Iterable[str]) -> dict[tuple[str, str], Any]:
    """The schema of each kind, by apiVersion and kind, that the CRDs in *texts* declare; unknown fields are errors."""
    found = {}
    for crd in [crd for text in texts for crd in yaml.safe_load_all(text)]:
        if not crd or crd.get("kind") != "CustomResourceDefinition":
            continue
        for version in crd["spec"]["versions"]:
            at = f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]
            found[at] = closed(version["schema"]["openAPIV3Schema"])
    return found


def closed(schema: Any) -> Any:
    """The schema with every field that it does not know refused, as an API server with strict validation does."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    known = isinstance(schema.get("properties"), dict) and "type" in schema
    if known and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
    return made


def problems(resource: Any, known: dict[tuple[str, str], Any]) -> list[str]:
    """What the schema of its kind says against *resource*."""
    schema = dict(known[resource["apiVersion"], resource["kind"]])
    schema["properties"] = {**schema["properties"], "metadata": {}}
    return [
        f"{list(each.path)}: {each.message}" for each in jsonschema.Draft202012Validator(schema).iter_errors(resource)
    ]


def resources(folder: Path) -> list[Any]:
    """The resources in the YAML files of *folder* that are meant for an API server."""
    found = [each for file in sorted(folder.glob("*.yaml")) for each in yaml.safe_load_all(file.read_text())]
    return [
        each
        for each in found
        if each and "apiVersion" in each and not each["apiVersion"].startswith("kustomize.config")
    ]
