"""
``make bench``: costs as ratios against the bare parts, measured in one run.

CPU time is that of the process and all its children, from the kernel.  Machines are shared and
noisy, so variants are interleaved and medians compared; only ratios mean anything elsewhere.
``--quick`` leaves out what takes minutes (kustomize alone on 9,000 policies).
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import trees

ROOT = trees.ROOT
PYTHON = str(ROOT / ".venv" / "bin" / "python")
FLAGS = ["--enable-alpha-plugins", "--enable-exec"]


def cpu(command: Sequence[str], cwd: Path = ROOT) -> float:
    """Return the CPU seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def interleaved(commands: dict[str, Sequence[str]], runs: int) -> dict[str, float]:
    """Return the median CPU milliseconds of each command."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(cpu(command) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


def plugin_call(work: Path) -> None:
    """Compare a build with the plugin and a build of the same policies, in the same form, without it."""
    overlay = str(ROOT / "overlays" / "email-gateway")
    policies = subprocess.run(
        ["kustomize", "build", *FLAGS, overlay], capture_output=True, text=True, check=True
    ).stdout
    trees.same_form(work / "same", policies, "email-gateway")
    took = interleaved(
        {
            "with": ["kustomize", "build", *FLAGS, overlay],
            "without": ["kustomize", "build", str(work / "same" / "overlay")],
            "yaml": [PYTHON, "-I", "-c", "import yaml"],
        },
        runs=31,
    )
    ratio = (took["with"] - took["without"]) / took["yaml"]
    row("kustomize build, one overlay, with the plugin", f"{took['with']:.0f} ms")
    row("the same policies in the same form, without", f"{took['without']:.0f} ms")
    row('python -I -c "import yaml"', f"{took['yaml']:.0f} ms")
    row("plugin call against the bare import", f"{ratio:.2f}", "at most 1.4")


def measured(command: Sequence[str], cwd: Path) -> tuple[float, int]:
    """Return wall seconds and the peak MiB of the process itself."""
    script = (
        "import resource, subprocess, sys; "
        "status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)"
    )
    start = time.perf_counter()
    done = subprocess.run([PYTHON, "-c", script, *command], cwd=cwd, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, int(done.stdout) // 1024


def render(work: Path, quick: bool) -> None:
    """Compare ``bulkhead render`` with kustomize alone, and 2,000 namespaces with 1,000."""
    times: dict[int, float] = {}
    for count in (1000, 2000):
        trees.overlays(work / str(count), count)
        runs = [measured([PYTHON, "-m", "bulkhead", "render", "-o", "out.yaml"], work / str(count)) for _ in range(3)]
        times[count] = min(seconds for seconds, _ in runs)
        peak = max(mebibytes for _, mebibytes in runs)
        row(f"bulkhead render, {count} namespaces, wall", f"{times[count]:.1f} s")
        row("  peak memory", f"{peak} MiB", "under 500 MiB" if count == 1000 else "")
    row("twice the namespaces", f"{times[2000] / times[1000]:.2f}", "at most 2.3")
    policies = (work / "1000" / "out.yaml").read_text()
    count = policies.count("kind: NetworkPolicy")
    if quick:
        return
    trees.written_out(work / "plain", policies)
    alone, _ = measured(["kustomize", "build", "."], work / "plain")
    row(f"kustomize alone, the same {count} policies, wall", f"{alone:.0f} s")
    row("bulkhead render against kustomize alone", f"{alone / times[1000]:.0f} times faster", "at least 20")


def row(what: str, found: str, wanted: str = "") -> None:
    """Print one line of the table."""
    print(f"| {what:<52} | {found:>16} | {wanted:<14} |", flush=True)


def main() -> None:
    """Print the table."""
    quick = "--quick" in sys.argv
    os.environ["PATH"] = f"{ROOT / '.tools' / 'bin'}:{os.environ['PATH']}"
    row("what", "measured", "wanted")
    print(f"|{'-' * 54}|{'-' * 18}|{'-' * 16}|")
    parts: list[Callable[[Path], None]] = [plugin_call, lambda work: render(work, quick)]
    for part in parts:
        with tempfile.TemporaryDirectory() as work:
            part(Path(work))


if __name__ == "__main__":
    main()
