"""The promises in probes.yaml: probes with the verdict that a person wrote."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from enforcement.lab import Probe, Verdict

FILE = Path(__file__).with_name("probes.yaml")
VERDICTS = {"allow": Verdict.ALLOWED, "deny": Verdict.REFUSED}


@dataclass(frozen=True)
class Promise:
    """What a probe has to give, as rendered and with base/hardened."""

    probe: Probe
    standard: Verdict
    hardened: Verdict
    because: str


def promises() -> list[Promise]:
    """Return all promises, those for several namespaces written out."""
    found = []
    for group in yaml.safe_load(FILE.read_text()):
        for space in group.get("namespaces", [""]):
            found += [_promise(row, space) for row in group["rows"]]
    verdicts = {(each.probe, each.standard, each.hardened) for each in found}
    assert len(verdicts) == len({each.probe for each in found}), "two rows contradict each other"
    return found


def _promise(row: dict[str, Any], space: str) -> Promise:
    assert set(row) <= {"from", "to", "port", "expect", "hardened", "because"}, row
    port, _, protocol = str(row["port"]).partition("/")
    source, target = (row[end].replace("NS/", f"{space}/") for end in ("from", "to"))
    probe = Probe(source, target, int(port), protocol or "TCP")
    return Promise(probe, VERDICTS[row["expect"]], VERDICTS[row.get("hardened", row["expect"])], row["because"])
