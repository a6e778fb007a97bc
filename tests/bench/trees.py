"""Trees of overlays of any size: the standard pattern, every other namespace with a special rule."""

import subprocess
from pathlib import Path

from copies import ROOT, copy_with_environment

__all__ = ["ROOT", "overlays"]

RULES = """\
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata:
  name: standard
spec:
  egress:
    special:
      to: {{cidr: 192.0.2.{host}/32}}
      ports: {port}
      why: Something that only {namespace} needs
    special-two:
      to: internet
      ports: [587, 53/UDP]
"""


def overlays(top: Path, count: int) -> None:
    """Make a tree of *count* namespaces below *top*: 8 policies, or 10, so 9 on average."""
    copy_with_environment(top, "plugin", "base")
    names = [f"ns-{number:04}" for number in range(count)]
    for number, name in enumerate(names):
        folder = top / "overlays" / name
        folder.mkdir(parents=True)
        special = number % 2 == 1
        lines = ["resources: [../../base]", f"namespace: {name}"]
        if special:
            lines.append("patches: [{path: rules.yaml}]")
            rules = RULES.format(host=number % 250, port=1024 + number, namespace=name)
            (folder / "rules.yaml").write_text(rules)
        lines.append("transformers: [../../plugin]")
        (folder / "kustomization.yaml").write_text("\n".join(lines) + "\n")
    listed = "".join(f"- overlays/{name}\n" for name in names)
    (top / "kustomization.yaml").write_text(f"resources:\n{listed}")


def committed(top: Path) -> None:
    """Commit the tree below *top*, then change the rules of one namespace."""
    author = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    for arguments in (("init", "-q"), ("add", "-A"), (*author, "commit", "-q", "-m", "before")):
        subprocess.run(["git", *arguments], cwd=top, check=True)
    rules = top / "overlays" / "ns-0001" / "rules.yaml"
    rules.write_text(rules.read_text().replace("ports: [587,", "ports: [465, 587,"))


def written_out(top: Path, policies: str) -> None:
    """Make a kustomization of one file with the finished *policies*."""
    top.mkdir(parents=True)
    (top / "policies.yaml").write_text(policies)
    (top / "kustomization.yaml").write_text("resources: [policies.yaml]\n")


def same_form(top: Path, policies: str, namespace: str) -> None:
    """Make an overlay of the usual form (base, namespace, patch) around the finished *policies*, without plugin."""
    written_out(top / "base", policies)
    overlay = top / "overlay"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        f"resources: [../base]\nnamespace: {namespace}\npatches: [{{path: rules.yaml}}]\n"
    )
    (overlay / "rules.yaml").write_text(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: default-deny-all, namespace: {namespace}}}\nspec: {{podSelector: {{}}}}\n"
    )
