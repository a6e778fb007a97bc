"""The reference cluster: the chart's policies are the plugin's, object by object."""

import yaml
from conftest import ROOT, Tree, run
from reference import PROTECTED, expected

from chart import CHART, HELM, built, documents, rendered, template

CLUSTER = Tree(ROOT)
HOME = CHART / "ci" / "home-values.yaml"


def test_the_chart_renders_what_the_plugin_renders() -> None:
    plugin = CLUSTER.build(".")
    assert plugin.status == 0, plugin.stderr
    found = rendered(HOME.read_text())
    assert found == built(plugin.stdout)
    assert len(found.policies) == sum(len(expected(namespace)) for namespace in PROTECTED) > 100


def test_every_policy_carries_its_namespace_and_helms_labels() -> None:
    for policy in documents(template(HOME.read_text()).stdout):
        assert policy["metadata"]["namespace"] in PROTECTED
        assert policy["metadata"]["labels"] == {
            "app.kubernetes.io/instance": "segmentation",
            "app.kubernetes.io/managed-by": "Helm",
            "helm.sh/chart": "netpol-0.1.0",
        }


def test_its_values_are_what_the_overlays_say_now() -> None:
    done = CLUSTER.bulkhead("values", ".", "-o", HOME, "--check")
    assert (done.status, done.stdout) == (0, "")


def test_a_release_for_one_namespace_has_its_policies_alone() -> None:
    values = yaml.safe_load(HOME.read_text())
    everything = rendered(values).policies
    values["namespaces"] = {"media": values["namespaces"]["media"]}
    assert rendered(values).policies == {key: each for key, each in everything.items() if key[0] == "media"}


def test_hardened_values_are_what_the_component_is(tree: Tree) -> None:
    for folder in sorted((ROOT / "overlays").iterdir()):
        for file in folder.iterdir():
            tree.write(f"overlays/{folder.name}/{file.name}", file.read_bytes())
    tree.write("kustomization.yaml", (ROOT / "kustomization.yaml").read_text())
    tree.write("base/kustomization.yaml", "resources: [cluster.yaml, namespace.yaml]\ncomponents: [hardened]\n")
    hardened = tree.build(".")
    assert hardened.status == 0, hardened.stderr
    found = rendered(HOME.read_text(), "-f", CHART / "values" / "hardened.yaml")
    assert found == built(hardened.stdout)
    assert found != rendered(HOME.read_text())


def test_this_helm_prints_the_same_documents_as_helm_4() -> None:
    """Of interest with `make helm3`."""
    assert run("helm", "version", "--short").stdout.startswith("v4.")
    for values in (HOME, *sorted((CHART / "values").glob("*.yaml"))):
        text = values.read_text()
        if values.stem in ("any", "k3s", "kind", "eks", "gke"):
            text += "namespaces: {blog: {}, shop: {egress: {dns: null, smtp: {to: internet, ports: 587}}}}\n"
        one, other = template(text, helm=HELM), template(text, helm="helm")
        assert one.status == other.status
        assert pieces(one.stdout) == pieces(other.stdout)


def pieces(text: str) -> list[str]:
    """The documents as text, but for the empty lines between them; helm 4 prints them in another order."""
    return sorted(each.strip() for each in text.split("---\n"))
