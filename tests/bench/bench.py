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
from collections.abc import Sequence
from pathlib import Path

from bench import shapes, trees

ROOT = trees.ROOT
PYTHON = str(ROOT / ".venv" / "bin" / "python")
FLAGS = ["--enable-alpha-plugins", "--enable-exec"]


def cpu(command: Sequence[str], cwd: Path = ROOT, statuses: Sequence[int] = (0,)) -> float:
    """Return the CPU seconds of one run, which must end with one of *statuses*."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL)
    if done.returncode not in statuses:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def interleaved(commands: dict[str, Sequence[str]], runs: int) -> dict[str, float]:
    """Return the median CPU milliseconds of each command."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(cpu(command) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


def plugin_call(work: Path, _quick: bool) -> None:
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


TIMED = """#!/bin/sh
start=$(date +%s%N)
kustomize "$@"
status=$?
echo $(($(date +%s%N) - start)) >> {log}
exit $status
"""


def reference(work: Path, _quick: bool) -> None:
    """Take the time of the analysing commands on the reference cluster, and kustomize's share of it."""
    subprocess.run(["git", "clone", "-q", ROOT, work / "clone"], check=True)
    rules = work / "clone" / "overlays" / "email-gateway" / "rules.yaml"
    rules.write_text(rules.read_text().replace("ports: 587", "ports: [465, 587]"))
    log = work / "log"
    timed = work / "kustomize"
    timed.write_text(TIMED.format(log=log))
    timed.chmod(0o755)
    os.environ["BULKHEAD_KUSTOMIZE"] = str(timed)
    asked: tuple[tuple[str, list[str], str], ...] = (
        ("reach", ["--format", "json"], "0.25 s"),
        ("diff", ["HEAD"], "0.3 s"),
        ("report", [], "1 s"),
    )
    for verb, arguments, wanted in asked:
        times, shares = [], []
        for _ in range(11):
            log.write_text("")  # plain overlays are built without kustomize
            times.append(cpu([PYTHON, "-m", "bulkhead", verb, *arguments], work / "clone", statuses=(0, 1)))
            shares.append(sum(map(int, log.read_text().split())) / 1e9)
        row(f"bulkhead {verb}, the reference cluster, CPU", f"{statistics.median(times):.2f} s", f"at most {wanted}")
        row("  kustomize's share", f"{statistics.median(shares):.2f} s")
    del os.environ["BULKHEAD_KUSTOMIZE"]


MANY = 1012
QUESTIONS = {
    "lint": (["lint", "--fail-on", "error"], 10),
    "explain, one pair": (["explain", "ns-0003", "ns-0007:443"], 2),
    "reach, one pair": (["reach", "--from", "ns-0003", "--to", "ns-0007"], 2),
    "reach, everything, JSON": (["reach", "--format", "json"], 8),
    "diff, one overlay changed": (["diff", "HEAD"], 3),
    "validate": (["validate"], 6),
}
"""What is asked about many overlays, and the CPU seconds that are wanted."""


def many_overlays(work: Path, _quick: bool) -> None:
    """Take the CPU time of questions about a tree of 1,012 overlays."""
    trees.overlays(work / "many", MANY)
    trees.committed(work / "many")
    for title, (arguments, wanted) in QUESTIONS.items():
        took = cpu([PYTHON, "-m", "bulkhead", *arguments], work / "many", statuses=(0, 1))
        row(f"{title}, {MANY:,} overlays, CPU", f"{took:.1f} s", f"at most {wanted} s")


def page(work: Path, _quick: bool) -> None:
    """Take the time and the memory of a report of 1,000 namespaces, and the size of its page."""
    trees.overlays(work / "many", 1000)
    took, peak = measured([PYTHON, "-m", "bulkhead", "report", "-o", "report.html"], work / "many")
    row("bulkhead report, 1,000 namespaces, wall", f"{took:.1f} s", "at most 15 s")
    row("  peak memory", f"{peak} MiB", "under 1,024 MiB")
    row("  size of the page", f"{(work / 'many' / 'report.html').stat().st_size / 1e6:.1f} MB", "at most 3 MB")


def hard_shapes(work: Path, _quick: bool) -> None:
    """Compare ``reach`` and ``diff`` of hard clusters with PyYAML's C loader, and with half the size."""
    loader = "import sys, yaml; list(yaml.load_all(open(sys.argv[1]), Loader=yaml.CSafeLoader))"
    for name, (shape, size) in shapes.SHAPES.items():
        took: dict[int, float] = {}
        for count in (size, 2 * size):
            file, old = work / "new.yaml", work / "old.yaml"
            shapes.write(file, shape(count))
            shapes.write(old, shape(count), without=1)
            took[count] = cpu([PYTHON, "-m", "bulkhead", "reach", "--manifests", str(file)])
        loading = cpu([PYTHON, "-c", loader, str(file)])
        compared = cpu([PYTHON, "-m", "bulkhead", "diff", "--manifests", str(old), str(file)], statuses=(0, 1))
        row(f"reach, {2 * size:,} {name}", f"{took[2 * size]:.1f} s")
        row("  against PyYAML's C loader alone", f"{took[2 * size] / loading:.2f}")
        row("  against half as many", f"{took[2 * size] / took[size]:.2f}", "at most 2.5")
        row("  diff, one policy changed, against the loader", f"{compared / loading:.2f}")


def row(what: str, found: str, wanted: str = "") -> None:
    """Print one line of the table."""
    print(f"| {what:<52} | {found:>16} | {wanted:<14} |", flush=True)


def main() -> None:
    """Print the table."""
    quick = "--quick" in sys.argv
    os.environ["PATH"] = f"{ROOT / '.tools' / 'bin'}:{os.environ['PATH']}"
    row("what", "measured", "wanted")
    print(f"|{'-' * 54}|{'-' * 18}|{'-' * 16}|")
    for part in (plugin_call, reference, many_overlays, page, hard_shapes, render):
        with tempfile.TemporaryDirectory() as work:
            part(Path(work), quick)


if __name__ == "__main__":
    main()
