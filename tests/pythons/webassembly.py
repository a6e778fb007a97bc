"""CPython 3.14 as WebAssembly, with the packages that the tests need, below ``.tools/pythons``."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDER = ROOT / ".tools" / "pythons"
PACKAGES = FOLDER / "packages"
LOCKED = ROOT / ".ci" / "requirements"

PYTHON = "3.14"
PLATFORM = "pyemscripten_2026_0_wasm32"
NEEDED_BY_TESTS = {"hypothesis", "iniconfig", "packaging", "pluggy", "pygments", "pytest", "sortedcontainers"}
ENVIRONMENT = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_full_version": "3.14.2",
    "python_version": PYTHON,
    "sys_platform": "emscripten",
}


def command(*arguments: str) -> list[str]:
    """Return the command that runs pytest with *arguments* in this Python; install it first if it is not there."""
    _install()
    return ["node", str(HERE / "interpreter.mjs"), str(ROOT), str(PACKAGES), str(HERE / "pytest_main.py"), *arguments]


def _install() -> None:
    done = FOLDER / ".webassembly"
    state = _state()
    if done.exists() and done.read_text() == state:
        return
    print("installing CPython 3.14 as WebAssembly (once)", flush=True)
    done.unlink(missing_ok=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, FOLDER)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=FOLDER, check=True)
    shutil.rmtree(PACKAGES, ignore_errors=True)
    _install_packages()
    done.write_text(state)


def _state() -> str:
    own = ("package.json", "package-lock.json", "pure_libyaml.py", "webassembly.py")
    inputs = [*map(HERE.joinpath, own), LOCKED / "dev.txt", LOCKED / "run.txt"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()


def _install_packages() -> None:
    """Install the locked versions; PyYAML is the one whose binary part is not published for WebAssembly."""
    _pip([line for name, line in _locked() if name != "pyyaml"], "--platform", PLATFORM)
    linux = ("manylinux_2_28_x86_64", "manylinux2014_x86_64")
    _pip(
        [line for name, line in _locked() if name == "pyyaml"], *(part for one in linux for part in ("--platform", one))
    )
    for binary in PACKAGES.glob("yaml/_yaml*"):
        binary.unlink()
    shutil.copy(HERE / "pure_libyaml.py", PACKAGES / "yaml" / "_yaml.py")


def _locked() -> Iterator[tuple[str, str]]:
    """Yield the packages that the command line and its tests need, each as its name and a line with its hashes."""
    wanted = NEEDED_BY_TESTS | {name for name, _, _ in _lines("run.txt")}
    for name, requirement, hashes in _lines("dev.txt"):
        if name in wanted and (requirement.marker is None or requirement.marker.evaluate(ENVIRONMENT)):
            requirement.marker = None  # pip would ask it of the Python that runs pip
            yield name, f"{requirement} {hashes}"


def _lines(file: str) -> Iterator[tuple[str, Requirement, str]]:
    for line in (LOCKED / file).read_text().replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, mark, hashes = line.partition("--hash")
            parsed = Requirement(requirement)
            yield canonicalize_name(parsed.name), parsed, mark + hashes


def _pip(lines: list[str], *options: str) -> None:
    listed = FOLDER / "requirements.txt"
    listed.write_text("".join(f"{line}\n" for line in lines))
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--target", str(PACKAGES), "--no-deps", "--no-compile", "--only-binary", ":all:"),
            *("--python-version", PYTHON, "--implementation", "cp", "--abi", "cp314", "--abi", "none"),
            *("--platform", "any", *options, "--require-hashes", "-r", str(listed)),
        ],
        check=True,
    )
