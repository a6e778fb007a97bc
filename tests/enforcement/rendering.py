"""The policies of the reference cluster, as the real tools render them."""

from collections.abc import Callable
from pathlib import Path

from conftest import FLAGS, ROOT, Done, run
from copies import copy_reference_cluster
from enforcement.lab import Object, manifests

COMPONENT = "\ncomponents:\n- hardened\n"
CHART = ROOT / "charts" / "netpol"


def rendered(folder: Path) -> list[Object]:
    """Return what ``kustomize build`` prints for *folder*."""
    return _policies(run("kustomize", "build", *FLAGS, folder))


def standard(folder: Path) -> list[Object]:
    """Return the policies of the reference cluster as it is; *folder* is not needed."""
    return rendered(ROOT)


def hardened(folder: Path) -> list[Object]:
    """Return the policies with ``base/hardened`` in base, for all namespaces."""
    base = copy_reference_cluster(folder) / "base" / "kustomization.yaml"
    base.write_text(base.read_text() + COMPONENT)
    return rendered(folder)


def per_direction(folder: Path) -> list[Object]:
    """Return the policies with ``policies: per-direction``."""
    profile = copy_reference_cluster(folder) / "base" / "cluster.yaml"
    text = profile.read_text()
    assert text.count("\nspec:\n") == 1
    profile.write_text(text.replace("\nspec:\n", "\nspec:\n  policies: per-direction\n"))
    return rendered(folder)


def charted(folder: Path) -> list[Object]:
    """Return the policies that the chart renders from the values of the reference cluster; *folder* is not needed."""
    return _policies(run("helm", "template", "netpol", CHART, "-f", CHART / "ci" / "home-values.yaml"))


RENDERINGS: dict[str, Callable[[Path], list[Object]]] = {
    "standard": standard,
    "hardened": hardened,
    "per-direction": per_direction,
    "chart": charted,
}


def _policies(done: Done) -> list[Object]:
    assert done.status == 0, done.stderr
    found = manifests(done.stdout)
    assert {one["kind"] for one in found} == {"NetworkPolicy"}
    return found
