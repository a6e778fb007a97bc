"""A repository of many clusters: each has a folder with a kustomization and overlays of its own."""

import os

from bulkhead.io.input_files import has_kustomization

CLUSTERS = "clusters"
"""The folder with one for each cluster."""


def clusters(folder: str) -> list[str]:
    """Return the clusters that have a kustomization of their own below *folder*, sorted."""
    inside = os.path.join(folder, CLUSTERS)
    names = sorted(os.listdir(inside)) if os.path.isdir(inside) else []
    folders = {name: os.path.join(inside, name) for name in names}
    return [
        name for name, at in folders.items() if has_kustomization(at) and os.path.isdir(os.path.join(at, "overlays"))
    ]
