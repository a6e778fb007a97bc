"""
Measure the engine as a process: CPU seconds and peak memory, from files to the answer with attribution.

``make bench`` prints a line for each size and what is promised for it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.generate import cluster, write_dump, write_folder

HERE = Path(__file__).parent
PLUGIN = HERE.parents[1] / "plugin"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for namespaces, pods, promised in ((50, 10, "0.30 s"), (200, 50, "2.5 s, 200 MiB")):
            before, after = f"{folder}/{namespaces}", f"{folder}/{namespaces}-changed"
            write_folder(before, *cluster(namespaces, pods))
            write_folder(after, *cluster(namespaces, pods, changed=True))
            one = report(f"reach {namespaces} x {pods}, YAML", promised, "reach", before)
            report(f"diff  {namespaces} x {pods}, YAML", f"{one * 1.3:.2f} s", "diff", before, after)
        dump = f"{folder}/dump.json"
        for namespaces in (500, 1000, 2000):
            write_dump(dump, *cluster(namespaces, 50))
            report(f"reach {namespaces} x 50, dump", "30 s, 2 GiB at 2000", "reach", dump)
        changed = f"{folder}/changed.json"
        write_dump(changed, *cluster(2000, 50, changed=True))
        report("diff  2000 x 50, dumps", "30 s, 2 GiB", "diff", dump, changed)


def report(what: str, promised: str, verb: str, *paths: str) -> Any:
    """Print what one process takes, the best of three runs on a machine that others use too; return its CPU seconds."""
    command = [sys.executable, str(HERE / "totals.py"), verb, *paths]
    seconds, memory, said = min(run(command) for _ in range(3))
    print(f"{what:26} {seconds:6.2f} s {memory:5} MiB  (at most {promised})  {said}", flush=True)
    return seconds


def run(command: list[str]) -> Any:
    """Return CPU seconds, peak MiB and what was printed."""
    environment = {**os.environ, "PYTHONPATH": str(PLUGIN)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        said = process.stdout.read().decode().strip()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime, used.ru_maxrss >> 10, said


if __name__ == "__main__":
    main()
