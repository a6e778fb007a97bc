"""Copies of parts of this repository, for tests that change them."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE_CLUSTER = ("plugin", "base", "overlays", "kustomization.yaml")


def copy_parts(folder: Path, *parts: str, bytecode: bool = True) -> Path:
    """
    Copy the files and folders *parts* of this repository into *folder*, under the same names; return *folder*.

    Without *bytecode* the copy has tracked files only. With it, Python starts faster from the copy.
    """
    ignore = shutil.ignore_patterns("*.egg-info", *(() if bytecode else ("__pycache__",)))
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignore)
        else:
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / part, folder / part)
    return folder


def copy_with_environment(folder: Path, *parts: str, bytecode: bool = True) -> Path:
    """Do the same, and let the copy of the plugin find the interpreter of this checkout."""
    copy_parts(folder, *parts, bytecode=bytecode)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def copy_reference_cluster(folder: Path) -> Path:
    """Copy the reference cluster and the plugin into *folder*; return *folder*."""
    return copy_with_environment(folder, *REFERENCE_CLUSTER)
