"""An interpreter of this machine, with an environment of its own below ``.tools/pythons``."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".tools" / "pythons"
REQUIREMENTS = ROOT / ".ci" / "requirements" / "dev.txt"


def find(version: str) -> str | None:
    """
    Return the program of Python *version* (``3.10``), ``None`` where this machine has none.

    It is the one that the variable PYTHON310 names, ``python3.10`` on PATH, or one that pyenv has installed.
    """
    return next((program for program in _candidates(version) if _version(program) == version), None)


def _candidates(version: str) -> Iterator[str]:
    chosen = os.environ.get(f"PYTHON{version.replace('.', '')}")
    if chosen:
        yield chosen
        return
    yield from filter(None, [shutil.which(f"python{version}")])
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")))


def _version(program: str) -> str:
    """Return the version of *program*, empty where it does not run: a shim of pyenv may have nothing behind it."""
    asked = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([program, "-c", asked], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def command(program: str, version: str, *arguments: str) -> list[str]:
    """Return the command that runs pytest with *arguments*; make the environment first if it is not there."""
    folder = FOLDER / version
    python, done = folder / "bin" / "python", folder / ".ready"
    if not (done.exists() and done.read_text() == REQUIREMENTS.read_text()):
        print(f"installing the packages for Python {version} (once)", flush=True)
        subprocess.run([program, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True)
        done.write_text(REQUIREMENTS.read_text())
    return [str(python), "-m", "pytest", *arguments]
