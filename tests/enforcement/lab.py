"""
The lab: a cluster's real enforcer in network namespaces, driven from Python.

One ``Lab`` runs many clusters, one after another, in one process; the start-up of the enforcer is paid once.

    with Lab() as lab:
        lab.build([*namespaces, *pods, *services], hosts={"lan": ["192.168.1.10"]}, probes=[Probe("a/x", "b/y", 80)])
        lab.judge(policies)     # [Verdict.REFUSED]
        lab.judge(others)       # the same cluster, other policies

Objects are Kubernetes manifests as dicts: Namespace, Pod (``status.podIPs`` in the range of its node, whose
address is in ``status.hostIP``; without, the first node), Service, NetworkPolicy.  What the API server would
fill in is filled in.  `build` finds every probe open before there are policies, or it fails.
"""

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".tools" / "bin" / "enforce"
TOOLS = ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore")

Object = dict[str, Any]


class LabFailure(Exception):
    """There is no verdict: a probe that is closed without policies, a time-out, an error that kube-router logged."""


class Verdict(Enum):
    """What the kernel did with a connection: it was open, or it was refused (REJECT). There is no third."""

    ALLOWED = "open"
    REFUSED = "refused"


@dataclass(frozen=True)
class Node:
    """
    A node: for each family an address, and a range for its pods.

    The ranges are parts of 10.42.0.0/16 and fd00:42::/56.
    """

    name: str
    addresses: tuple[str, ...]
    pods: tuple[str, ...]


ONE = Node("node", ("192.168.20.2",), ("10.42.0.0/24",))
TWO = Node("node-2", ("192.168.20.3",), ("10.42.1.0/24",))
DUAL = Node("node", ("192.168.20.2", "fd00:20::2"), ("10.42.0.0/24", "fd00:42::/64"))
DUAL_TWO = Node("node-2", ("192.168.20.3", "fd00:20::3"), ("10.42.1.0/24", "fd00:42:0:1::/64"))


@dataclass(frozen=True)
class Probe:
    """
    One connection.

    *source* is a pod (``namespace/name``), a host or a node.  *target* is one of these, or
    ``service:namespace/name`` (its cluster address), ``balancer:namespace/name`` (its LoadBalancer
    address), ``nodeport:namespace/name``, ``bridge:node`` (the node's address among its pods).
    """

    source: str
    target: str
    port: int
    protocol: str = "TCP"
    family: int = 4

    def __str__(self) -> str:
        six = " over IPv6" if self.family == 6 else ""
        return f"{self.source} -> {self.target}:{self.port}/{self.protocol}{six}"


@dataclass(frozen=True)
class Sample:
    """How a probe went after its pod appeared: what the first try gave, and when it first was as wanted."""

    first: Verdict
    milliseconds: float


@dataclass(frozen=True)
class Ran:
    """How a command in a pod's network ended, and what probes gave after it."""

    status: int
    output: str
    milliseconds: float
    then: tuple[Verdict, ...]


class Lab:
    """
    A process with the nodes of a lab. Needs root, iptables and ipset; leaves nothing behind.

    The nodes stay the same as long as it lives.  *backend* is ``nft`` or ``legacy``, else the machine's own
    iptables.  After a failure the next `build` starts a new process.
    """

    def __init__(self, nodes: Sequence[Node] = (ONE,), backend: str = "", program: Path = PROGRAM) -> None:
        self.backend, self._nodes, self._program = backend, tuple(nodes), program
        self._process: subprocess.Popen[str] | None = None
        self._complaints: Any = None
        self._probes: tuple[Probe, ...] = ()

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and with it all that it made."""
        if self._process:
            assert self._process.stdin and self._process.stdout
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()
            self._complaints.close()
        self._process = None

    def build(
        self,
        objects: Iterable[Object],
        *,
        hosts: Mapping[str, Sequence[str]] | None = None,
        probes: Sequence[Probe],
        late: Sequence[str] = (),
    ) -> None:
        """Make a cluster, in place of the last one. Pods of *late* have a network, but the API does not know them."""
        self._probes = tuple(probes)
        self._ask(
            build={
                "nodes": [asdict(node) for node in self._nodes],
                "hosts": [{"name": name, "addresses": list(found)} for name, found in (hosts or {}).items()],
                "objects": [one for one in objects if one["kind"] != "NetworkPolicy"],
                "late": list(late),
                "probes": [_sent(probe) for probe in probes],
            }
        )

    def judge(self, policies: Iterable[Object], probes: Iterable[Probe] | None = None) -> list[Verdict]:
        """Return the verdict on each of *probes* (all that the cluster was built with) once *policies* are enforced."""
        places = range(len(self._probes)) if probes is None else [self._probes.index(probe) for probe in probes]
        answer = self._ask(judge={"policies": list(policies), "probes": list(places)})
        found = zip(places, answer.get("results", ()), strict=True)
        return [self._verdict(self._probes[place], result) for place, result in found]

    def lag(self, policies: Iterable[Object], wants: Mapping[Probe, Verdict], runs: int) -> dict[Probe, list[Sample]]:
        """Let the late pods appear *runs* times; return how long each probe took until it was as *wants* has it."""
        places = {self._probes.index(probe): verdict.value for probe, verdict in wants.items()}
        answer = self._ask(lag={"policies": list(policies), "runs": runs, "wants": places})
        return {
            self._probes[place]: [
                Sample(self._verdict(self._probes[place], one["first"]), one["milliseconds"])
                for one in answer["lags"][place]
            ]
            for place in places
        }

    def run(
        self,
        policies: Iterable[Object],
        *,
        pod: str,
        command: Sequence[str],
        seconds: float,
        appears: bool = True,
        then: Iterable[Probe] = (),
    ) -> Ran:
        """
        Run *command* in the network of a late pod as the late pods appear in the API, and try probes when it is over.

        If it does not appear, the enforcer never learns of the pod.
        """
        places = [self._probes.index(probe) for probe in then]
        asked = {"in": pod, "command": list(command), "seconds": seconds, "appears": appears, "then": places}
        ran = self._ask(run={"policies": list(policies), **asked})["ran"]
        verdicts = [
            self._verdict(self._probes[at], result) for at, result in zip(places, ran["then"] or (), strict=True)
        ]
        return Ran(ran["status"], ran["output"], ran["milliseconds"], tuple(verdicts))

    def dump(self, node: str) -> str:
        """Return the rules and sets that *node*'s kernel holds."""
        return str(self._ask(dump=node)["text"])

    def _verdict(self, probe: Probe, result: str) -> Verdict:
        if result not in {verdict.value for verdict in Verdict}:
            raise LabFailure(f"{probe}: {result}")
        return Verdict(result)

    def _ask(self, **request: object) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"failure": "the lab is gone"}
        if "failure" in answer:
            process.wait()
            self._complaints.seek(0)
            says = f"{answer['failure']}\n{self._complaints.read()}".strip()
            self.close()
            raise LabFailure(says)
        return answer

    def _start(self) -> "subprocess.Popen[str]":
        path = os.environ["PATH"]
        if self.backend:
            path = f"{chosen(self.backend)}:{path}"
        self._complaints = tempfile.TemporaryFile("w+", prefix="bulkhead-enforce-")  # noqa: SIM115 (closed with the lab)
        self._process = subprocess.Popen(
            [self._program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            env={**os.environ, "PATH": path},
        )
        return self._process


def _sent(probe: Probe) -> dict[str, object]:
    return {
        "from": probe.source,
        "to": probe.target,
        "port": probe.port,
        "protocol": probe.protocol.lower(),
        "family": probe.family,
    }


def chosen(backend: str) -> Path:
    """
    Return a folder of links, so that ``iptables`` on a PATH that begins with it is that of *backend*.

    It stays next to the program: a temporary one would outlive a driver that is killed.
    """
    folder = PROGRAM.parent / f"iptables-{backend}"
    folder.mkdir(exist_ok=True)
    for tool in TOOLS:
        family, _, verb = tool.partition("-")
        with contextlib.suppress(FileExistsError):
            (folder / tool).symlink_to(f"/usr/sbin/{family}-{backend}{'-' + verb if verb else ''}")
    return folder


def manifests(text: str) -> list[Object]:
    """Return the objects of a stream of manifests."""
    return [one for one in yaml.load_all(text, yaml.CSafeLoader) if one]
