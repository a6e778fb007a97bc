"""
Other programs that answer the same question, on the same clusters: ``make bench-peers``.

The answers are compared before anything is measured: each of the others takes an ``ipBlock`` for pods or not, and so
does ``bulkhead`` where it is compared with it. CPU seconds are measured in one run, interleaved, and medians compared.
The table goes into ``docs/benchmarks.md``.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from bench.bench import PYTHON, ROOT, interleaved
from bench.generate import cluster, write_dump

TOOLS = ROOT / ".tools" / "peers"
MODULES = Path(__file__).parent / "peers"
PAGE = ROOT / "docs" / "benchmarks.md"
PLACE = re.compile(r"(<!-- peers -->\n).*?(<!-- end of peers -->\n)", re.DOTALL)

CLUSTERS = ((12, 5), (50, 10))
"""Namespaces, and pods in each of them."""

PORTS = (("TCP", 5432),)
"""What cyclonus is asked about; the others say what is open on every port."""

Allowed = set[tuple[str, str, str]]
"""Source, destination and connections of each pair of ends that are connected, as np-guard writes them."""

Json = dict[str, Any]


class Prepared:
    """The files of one cluster in *folder*, as each program reads them."""

    def __init__(self, folder: Path, namespaces: int, pods_each: int) -> None:
        self.spaces, self.pods, self.policies = cluster(namespaces, pods_each)
        self.dump, self.rules, self.model = folder / "dump" / "all.json", folder / "policies", folder / "model.json"
        self.dump.parent.mkdir()
        self.rules.mkdir()
        write_dump(str(self.dump), self.spaces, self.pods, self.policies)
        for number, each in enumerate(self.policies):
            (self.rules / f"{number}.yaml").write_text(yaml.dump(each, Dumper=yaml.CSafeDumper))
        self.model.write_text(json.dumps(self._model()))

    def _model(self) -> Json:
        """Return what cyclonus is asked: pods with all of the ports, because it asks of no others."""
        served = [{"Name": f"p{number}", "Port": number, "Protocol": protocol} for protocol, number in PORTS]
        pods = [
            {
                "Namespace": pod["metadata"]["namespace"],
                "Name": pod["metadata"]["name"],
                "Labels": pod["metadata"]["labels"],
                "IP": pod["status"]["podIP"],
                "Containers": served,
            }
            for pod in self.pods
        ]
        namespaces = {each["metadata"]["name"]: each["metadata"]["labels"] for each in self.spaces}
        probes = [{"Protocol": protocol, "Port": number} for protocol, number in PORTS]
        return {"Resources": {"Namespaces": namespaces, "Pods": pods}, "Probes": probes}

    def bulkhead(self, mode: str) -> list[str]:
        """Return the command that lists every connection, where an ``ipBlock`` means pods as *mode* says."""
        asked = ["reach", "--manifests", str(self.dump), "--ipblock", mode, "--format", "pairs"]
        return [PYTHON, "-m", "bulkhead", *asked]

    def netpol_analyzer(self) -> list[str]:
        """Return the command that lists every connection. To it an ``ipBlock`` matches no pod."""
        return [str(TOOLS / "netpolicy"), "list", "-q", "-o", "json", "--dirpath", str(self.dump.parent)]

    def cyclonus(self) -> list[str]:
        """Return the command that asks about every two pods. To it an ``ipBlock`` matches pods too."""
        asked = [
            "analyze",
            "--verbosity",
            "error",
            "--mode",
            "probe",
            "--policy-path",
            str(self.rules),
            "--probe-path",
            str(self.model),
        ]
        return [str(TOOLS / "cyclonus"), *asked]


def connections(text: str) -> Allowed:
    """Return what the list *text* says, of np-guard or of ``bulkhead reach --format pairs``; ranges one by one."""
    return {
        (source, destination, row["conn"])
        for row in json.loads(text)
        for source in row["src"].split(",")
        for destination in row["dst"].split(",")
    }


def open_ports(allowed: Allowed) -> Allowed:
    """Return which of ``PORTS`` are open between every two different pods that are connected in *allowed*."""
    found = set()
    for source, destination, opened in allowed:
        pods = [end.removesuffix("[Pod]") for end in (source, destination) if end.endswith("[Pod]")]
        for protocol, number in PORTS if len(pods) == 2 else ():
            if opened == "All Connections" or _has(opened, protocol, number):
                found.add((pods[0], pods[1], f"{protocol} {number}"))
    return found


def _has(opened: str, protocol: str, number: int) -> bool:
    """Say whether *opened* (``TCP 53,5432-5440,UDP 53``) has the port."""
    current = ""
    for part in opened.split(","):
        words = part.split(" ")
        current = words[0] if len(words) == 2 else current
        first, _, last = words[-1].partition("-")
        if current == protocol and int(first) <= number <= int(last or first):
            return True
    return False


def probed(text: str) -> Allowed:
    """Return what the tables *text* of cyclonus say: one of all pairs of pods for each of ``PORTS``."""
    tables = text.split("Combined:\n")[
        1 : len(PORTS) + 1
    ]  # and one of the pods of a live cluster, of which there are none
    return {
        each
        for (protocol, number), table in zip(PORTS, tables, strict=True)
        for each in _cells(table, f"{protocol} {number}")
    }


def _cells(table: str, port: str) -> Iterator[tuple[str, str, str]]:
    rows = [line.strip("|").split("|") for line in table.split("\n\n")[0].splitlines() if line.startswith("|")]
    names = [cell.strip().lower() for cell in rows[0][1:]]
    for row in rows[1:]:
        source = row[0].strip()
        for destination, cell in zip(names, row[1:], strict=True):
            assert cell.strip() in (".", "X"), cell
            if cell.strip() == "." and source != destination:
                yield source, destination, port


def version(name: str) -> str:
    """Return the version of the program that the module *name* builds."""
    text = (MODULES / name / "go.mod").read_text()
    tool = re.search(r"^tool (\S+)/cmd/\S+$", text, re.MULTILINE)
    assert tool
    found = re.search(rf"^\s*(?:require )?{re.escape(tool[1])} (\S+)", text, re.MULTILINE)
    assert found
    return found[1]


def answer(command: Sequence[str]) -> str:
    """Return what *command* prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check(made: Prepared) -> None:
    """End with a message where two programs give different answers."""
    ours = connections(answer(made.bulkhead("never")))
    _same("netpol-analyzer", ours, connections(answer(made.netpol_analyzer())))
    ours = open_ports(connections(answer(made.bulkhead("pods"))))
    _same("cyclonus", ours, probed(answer(made.cyclonus())))


def _same(name: str, ours: Allowed, theirs: Allowed) -> None:
    if ours != theirs:
        raise SystemExit(f"{name} gives another answer: {sorted(ours - theirs)[:5]} and {sorted(theirs - ours)[:5]}")
    if not ours:
        raise SystemExit(f"{name}: nothing is connected, so that nothing was compared")


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return the table of *rows*, CPU milliseconds by program for each cluster."""
    programs = list(next(iter(rows.values())))
    lines = [f"| CPU | {' | '.join(programs)} |", f"|---|{'---|' * len(programs)}"]
    for name, took in rows.items():
        least = took[programs[0]]
        cells = [f"{took[each] / 1000:.2f} s, **{took[each] / least:.1f}** times" for each in programs]
        lines.append(f"| {name} | {took[programs[0]] / 1000:.2f} s | {' | '.join(cells[1:])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Compare, measure, and write the table."""
    rows: dict[str, dict[str, float]] = {}
    others = {f"{name} {version(name)}": name for name in ("netpol-analyzer", "cyclonus")}
    for namespaces, pods in CLUSTERS:
        with tempfile.TemporaryDirectory() as work:
            made = Prepared(Path(work), namespaces, pods)
            check(made)
            commands: dict[str, Sequence[str]] = {"bulkhead": made.bulkhead("pods")}
            commands |= dict(zip(others, (made.netpol_analyzer(), made.cyclonus()), strict=True))
            title = f"{namespaces} namespaces × {pods} pods, {len(made.policies)} policies"
            rows[title] = interleaved(commands, runs=1 if "--quick" in sys.argv else 3)
            print(table({title: rows[title]}), flush=True)
    text, places = PLACE.subn(lambda found: f"{found[1]}{table(rows)}{found[2]}", PAGE.read_text())
    assert places == 1, PAGE
    beside = PAGE.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, PAGE)


if __name__ == "__main__":
    main()
