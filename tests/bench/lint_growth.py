"""
How the cost of ``bulkhead lint`` grows: CPU seconds of some shapes of clusters, at one size and at twice the size.

``make bench`` prints a row for each. A ratio near 2 is linear growth. The shapes are those in which each policy could
be compared with all others: overlays with a rule each, port ranges in one namespace, blocks in one rule, namespaces of
which each is different.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import generate, trees
from bench.bench import PYTHON, ROOT, row
from bench.generate import Json

LABELS = 20


def overlays(folder: Path, count: int) -> list[str]:
    """Make *count* overlays, every other one with rules of its own; return the arguments of the command."""
    trees.overlays(folder, count)
    return ["."]


def port_ranges(folder: Path, count: int) -> list[str]:
    """Write *count* policies of one namespace, each for a range of ports."""
    pick = random.Random(count)
    found = [generate.namespace("x"), *_pods("x", 200)]
    for number in range(count):
        first = pick.randrange(1, 60_000)
        span = {"port": first, "endPort": min(65_535, first + pick.randrange(5_000))}
        ports = [{"protocol": pick.choice(("TCP", "UDP")), **span}]
        peer, own = ({"matchLabels": {"app": f"a{pick.randrange(LABELS)}"}} for _ in range(2))
        found.append(generate.policy("x", f"p{number}", generate.coming({"podSelector": peer}, pods=own, to=ports)))
    return _written(folder, found)


def blocks(folder: Path, count: int) -> list[str]:
    """Write 20 policies of *count* blocks each, as the ranges of a provider are."""
    pick = random.Random(count)
    found = [generate.namespace("x"), *_pods("x", 100)]
    for number in range(20):
        cidrs = [f"{pick.randrange(1, 224)}.{pick.randrange(256)}.{pick.randrange(256)}.0/24" for _ in range(count)]
        peers = [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]
        own = {"matchLabels": {"app": f"a{number}"}}
        found.append(generate.policy("x", f"p{number}", generate.going(*peers, pods=own, to=generate.ports(443))))
    return _written(folder, found)


def different_namespaces(folder: Path, count: int) -> list[str]:
    """Write *count* namespaces of 50 pods, each with policies that no other namespace has."""
    pick = random.Random(count)
    names = [f"ns-{number}" for number in range(count)]
    found = [generate.namespace(name) for name in names]
    for name in names:
        found += _pods(name, 50)
        for number in range(5):
            peers = [pick.choice(_peers(pick, names)) for _ in range(2)]
            own = {"matchLabels": {"app": f"a{pick.randrange(LABELS)}"}} if number else {}
            ports = generate.ports(pick.randrange(1000, 1060), protocol=pick.choice(("TCP", "UDP")))
            spec = (generate.coming if number % 2 else generate.going)(*peers, pods=own, to=ports)
            found.append(generate.policy(name, f"p{number}", spec))
    return _written(folder, found)


def _peers(pick: random.Random, names: list[str]) -> list[Json]:
    return [
        {"podSelector": {"matchLabels": {"app": f"a{pick.randrange(LABELS)}"}}},
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": pick.choice(names)}}},
        {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": f"a{pick.randrange(LABELS)}"}}},
        {"ipBlock": {"cidr": f"{pick.randrange(1, 220)}.{pick.randrange(256)}.0.0/16"}},
    ]


def _pods(namespace: str, count: int) -> list[Json]:
    return [generate.pod(at, namespace, f"p{at}", {"app": f"a{at % LABELS}"}) for at in range(2, count + 2)]


def _written(folder: Path, found: list[Json]) -> list[str]:
    folder.mkdir(parents=True)
    (folder / "all.yaml").write_text("\n---\n".join(map(json.dumps, found)))
    return ["--manifests", ".", "--enforcer", "kube-router"]


SHAPES: tuple[tuple[str, Callable[[Path, int], list[str]], int, float], ...] = (
    ("overlays with a rule each", overlays, 500, 10),
    ("policies with port ranges", port_ranges, 2000, 10),
    ("blocks in each of 20 rules", blocks, 500, 5),
    ("different namespaces of 50 pods", different_namespaces, 100, 10),
)
"""What is made, how, the smaller size, and the seconds that are promised for the larger one."""

GROWTH = 2.4


def seconds(arguments: list[str], cwd: Path) -> float:
    """Return the CPU seconds of one run, with those of the programs that it starts."""
    command = [PYTHON, "-m", "bulkhead", "lint", "--fail-on", "error", *arguments]
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1), process.returncode
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the table."""
    os.environ["PATH"] = f"{ROOT / '.tools' / 'bin'}:{os.environ['PATH']}"
    runs = 1 if "--quick" in sys.argv else 3
    row("what", "measured", "wanted")
    print(f"|{'-' * 54}|{'-' * 18}|{'-' * 16}|")
    for title, make, size, promised in SHAPES:
        took = []
        for count in (size, 2 * size):
            with tempfile.TemporaryDirectory() as work:
                folder = Path(work, "tree")
                arguments = make(folder, count)
                took.append(min(seconds(arguments, folder) for _ in range(runs)))
        row(f"lint, {2 * size} {title}, CPU", f"{took[1]:.1f} s", f"at most {promised:g} s")
        row(f"  against {size}", f"{took[1] / took[0]:.2f}", f"at most {GROWTH}")


if __name__ == "__main__":
    main()
