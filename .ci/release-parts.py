#!/usr/bin/env python3
"""
The parts of a release that a shell does not make well; ``.ci/release`` runs it in a copy of the commit.

    release-parts.py version                         the version, which package and chart must have in common
    release-parts.py requirements                    what the kubectl plugin has inside, for pip, with hashes
    release-parts.py plugin FOLDER ARCHIVE           pack FOLDER, without what pip writes about its own run
    release-parts.py repack ARCHIVE                  write the archive again, with nothing of this machine in it
    release-parts.py manifest OWNER/NAME ARCHIVE     the krew manifest
    release-parts.py provenance                      the SLSA provenance of a run of GitHub Actions, as JSON
"""

import gzip
import hashlib
import io
import json
import os
import re
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

OLDEST = "; python_full_version < '3.11'"
NEWER = "; python_full_version >= '3.11'"
MADE_BY_PIP = ("RECORD", "REQUESTED", "INSTALLER", "direct_url.json")
MANIFEST = """\
apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: bulkhead
spec:
  version: v{version}
  homepage: https://github.com/{repository}
  shortDescription: Network segmentation as code, with proofs
  description: |
    Keeps the NetworkPolicies of a cluster in git, a few lines a namespace:
    says which traffic a change opens and closes, why a connection is allowed
    or denied with file and line, imports policies that exist, and plans how
    a running cluster takes them over. It reads files and dumps, and never
    connects to a cluster.
  caveats: |
    It needs Python 3.10 or newer with PyYAML as python3 on PATH (Debian:
    python3-yaml), or BULKHEAD_PYTHON names one, and kustomize 5 or the one
    in kubectl.
  platforms:
  - selector:
      matchExpressions:
      - key: os
        operator: In
        values: [linux, darwin]
    uri: https://github.com/{repository}/releases/download/v{version}/{name}
    sha256: {sha256}
    bin: kubectl-bulkhead
"""


def version() -> str:
    """Return the version of the package; exit where the chart has another one."""
    (own,) = re.findall('^__version__ = "(.*)"$', Path("plugin/bulkhead/__init__.py").read_text(), re.MULTILINE)
    chart = dict(re.findall("^(version|appVersion): (.*)$", Path("charts/netpol/Chart.yaml").read_text(), re.MULTILINE))
    for key, other in sorted(chart.items()):
        if other.strip('"') != own:
            sys.exit(
                f"release: error: the package has version {own}, and `{key}` of charts/netpol/Chart.yaml is {other}"
            )
    return str(own)


def requirements() -> str:
    """Return run.txt as for the oldest Python, whose packages run on newer ones too; without PyYAML, it is compiled."""
    entries = re.split(r"\n(?=\S)", Path(".ci/requirements/run.txt").read_text())
    kept = [each.replace(OLDEST, "") for each in entries if NEWER not in each and not each.startswith("pyyaml==")]
    return "\n".join(kept)


def plugin(folder: Path, archive: Path) -> None:
    """Pack *folder*, without byte code, without scripts, and without what pip writes about its own run."""
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            name = path.relative_to(folder)
            by_pip = path.name in MADE_BY_PIP and path.parent.name.endswith(".dist-info")
            if path.suffix != ".pyc" and name.parts[:2] != ("lib", "bin") and not by_pip:
                tar.add(path, str(name))


def repack(archive: Path) -> None:
    """Write *archive* again: same members in the same order, with one time, and modes and owners of no machine."""
    with tarfile.open(archive) as tar:
        members = [(each, _content(tar, each)) for each in tar.getmembers() if each.isfile() or each.isdir()]
        assert len(members) == len(tar.getmembers()), f"{archive}: it has something else than files and folders"
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, content in members:
            tar.addfile(_normal(member), io.BytesIO(content))
    with open(archive, "wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=_epoch()) as packed:
        packed.write(plain.getvalue())


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""


def _normal(member: tarfile.TarInfo) -> tarfile.TarInfo:
    normal = tarfile.TarInfo(member.name)
    normal.type, normal.size, normal.mtime = member.type, member.size, _epoch()
    normal.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return normal


def _epoch() -> int:
    return int(os.environ["SOURCE_DATE_EPOCH"])


def manifest(repository: str, archive: Path) -> str:
    """Return the krew manifest for *archive*, as an asset of the release of *repository*."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
        sys.exit(f"release: error: {repository!r} is no OWNER/NAME of a repository on GitHub")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    return MANIFEST.format(version=version(), repository=repository, name=archive.name, sha256=digest)


def provenance() -> str:
    """Return the predicate https://slsa.dev/provenance/v1 of this run, as GitHub's own attestations have it."""
    env = os.environ
    source = f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_REPOSITORY']}"
    workflow, _, ref = env["GITHUB_WORKFLOW_REF"].removeprefix(env["GITHUB_REPOSITORY"] + "/").partition("@")
    run = f"{source}/actions/runs/{env['GITHUB_RUN_ID']}/attempts/{env['GITHUB_RUN_ATTEMPT']}"
    predicate = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"ref": ref, "repository": source, "path": workflow}},
            "internalParameters": {
                "github": {
                    "event_name": env["GITHUB_EVENT_NAME"],
                    "repository_id": env["GITHUB_REPOSITORY_ID"],
                    "repository_owner_id": env["GITHUB_REPOSITORY_OWNER_ID"],
                    "runner_environment": env["RUNNER_ENVIRONMENT"],
                }
            },
            "resolvedDependencies": [
                {"uri": f"git+{source}@{env['GITHUB_REF']}", "digest": {"gitCommit": env["GITHUB_SHA"]}}
            ],
        },
        "runDetails": {
            "builder": {"id": f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_WORKFLOW_REF']}"},
            "metadata": {"invocationId": run},
        },
    }
    return json.dumps(predicate, indent=2) + "\n"


def main(command: str, arguments: Iterable[str]) -> None:
    """Do what *command* says."""
    given = list(arguments)
    if command == "plugin":
        plugin(Path(given[0]), Path(given[1]))
    elif command == "repack":
        repack(Path(given[0]))
    elif command == "manifest":
        sys.stdout.write(manifest(given[0], Path(given[1])))
    else:
        made = {"version": version, "requirements": requirements, "provenance": provenance}[command]()
        sys.stdout.write(made if made.endswith("\n") else made + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
