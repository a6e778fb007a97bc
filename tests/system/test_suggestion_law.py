"""What `explain` suggests allows the connection once it is added to the overlay, and opens nothing else."""

import json
import random
import shutil
from pathlib import Path

import pytest
import yaml
from bulkhead.core.sets import ports
from conftest import Tree, bulkhead

SPACES = ("alpha", "beta", "gamma")
ENDS = (*SPACES, "alpha/web", "beta/db", "lan", "internet", "nas", "192.168.7.3", "kube-system/traefik", "10.0.0.0/8")
PORTS = {"443": "TCP 443", "53/UDP": "UDP 53", "8000-8010": "TCP 8000-8010"}
PEERS = (
    "lan",
    "internet",
    "same-namespace",
    "{namespace: alpha}",
    "{namespace: beta, pods: {app: web}}",
    "{pods: {app: db}}",
    "{cidr: 192.168.7.0/24}",
    "{namespaces: {team: red}}",
)
PODS = {
    "web": "{app: web}",
    "db": "{app: db, tier: x}",
    "api": "{matchExpressions: [{key: app, operator: In, values: [api, web]}]}",
    "old": '{app: old, version: "1"}',
}


def rules(draw: random.Random, key: str) -> str:
    return f"{{some: {{{key}: {draw.choice(PEERS)}, ports: {draw.choice(list(PORTS))}, why: x}}}}"


def overlay(draw: random.Random) -> str:
    """Return a spec: the base's rules removed or not, and some workloads."""
    text = "".join(f"  {key}: null\n" for key in ("ingress", "egress") if draw.random() < 0.5)
    chosen = draw.sample(sorted(PODS), draw.randint(0, 2))
    for number, name in enumerate(chosen):
        text += "" if number else "  workloads:\n"
        text += f"    {name}: {{pods: {PODS[name]}, ingress: {rules(draw, 'from')}, egress: {rules(draw, 'to')}}}\n"
    return text or "  egress: {some: {to: lan, ports: 1, why: x}}\n"


def pasted(old: object, new: object) -> object:
    """Return *old* with *new* written into it, as a person does: in the place of what is there, `null` too."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: pasted(old.get(key), item) for key, item in new.items()}
    return new


def add(tree: Tree, file: str, text: str) -> None:
    path = tree.path / file
    if path.exists():
        path.write_text(yaml.safe_dump(pasted(yaml.safe_load(path.read_text()), yaml.safe_load(text))))
        return
    path.write_text(text)
    kustomization = path.parent / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text() + "patches: [{path: rules.yaml}]\n")


def check(tree: Tree, copy: Path, source: str, destination: str, port: str) -> bool:
    """Check the suggestion for one connection; return whether there was one."""
    done = tree.bulkhead("explain", source, f"{destination}:{port}", "--format", "json")
    remedies = json.loads(done.stdout)["remedies"] if done.status == 1 else []
    if not remedies:
        return False
    shutil.copytree(tree.path, copy, symlinks=True)
    changed = Tree(copy)
    for remedy in remedies:
        add(changed, remedy["file"], remedy["add"])
    built = changed.build(".")
    assert built.status == 0, built.stderr
    assert changed.bulkhead("explain", source, f"{destination}:{port}").status == 0
    compared = bulkhead("diff", "--dirs", tree.path, copy, "--format", "json")
    for finding in json.loads(compared.stdout)["findings"]:
        said = finding["effect"], finding["from"]["says"], finding["to"]["says"], finding["ports"]
        assert finding["effect"] == "opens", (said, remedies)
        extra = ports.subtract(ports.read(finding["ports"]), ports.read(PORTS[port]))
        assert not extra.spans, (said, remedies)
    return True


@pytest.mark.slow
@pytest.mark.usefixtures("remembered_builds")
@pytest.mark.parametrize("seed", range(8))
def test_what_is_suggested_opens_the_connection_and_nothing_else(
    tree: Tree, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    draw = random.Random(seed)
    for name in SPACES:
        tree.overlay(name, overlay(draw))
    tree.write("kustomization.yaml", "resources: [overlays/alpha, overlays/beta, overlays/gamma]\n")
    folder = tmp_path_factory.mktemp("copies")
    for number in range(6):
        check(tree, folder / str(number), draw.choice(ENDS), draw.choice(ENDS), draw.choice(list(PORTS)))


def test_the_rules_of_the_base_do_not_come_back(tree: Tree) -> None:
    """A rule in the place of `ingress: null` restores what `null` removed, unless that is removed by name."""
    tree.overlay("locked", "  ingress: null\n  egress: null\n")
    tree.write("kustomization.yaml", "resources: [overlays/locked]\n")
    done = tree.bulkhead("explain", "nas", "locked:443", "--format", "json")
    (remedy,) = json.loads(done.stdout)["remedies"]
    ingress = yaml.safe_load(remedy["add"])["spec"]["ingress"]
    base = yaml.safe_load((tree.path / "base/namespace.yaml").read_text())["spec"]["ingress"]
    assert {name for name, rule in ingress.items() if rule is None} == set(base)
    assert check(tree, tree.path.parent / f"{tree.path.name}-copy", "nas", "locked", "443")
