"""
The real kustomize against `bulkhead render`: random features of kustomizations, in random order, in overlay and root.

What is rendered is byte for byte what the real build prints.  Where the real build succeeds and nothing is rendered,
the reason is that it cannot be reviewed.  Where it fails, nothing is rendered.
"""

import json
import shutil

import pytest
from conftest import IN_CI, Tree
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

FILES = {
    "web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}, annotations: {note: $(SETTINGS)}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: nginx, envFrom: [{configMapRef: {name: settings}}]}]
""",
    "ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: red}}\n",
    "policy.yaml": "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: more}\n"
    "spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}\n",
    "list.yaml": "apiVersion: v1\nkind: List\nitems:\n"
    "- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n"
    "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
    "local.yaml": "apiVersion: v1\nkind: ConfigMap\n"
    "metadata: {name: local, annotations: {config.kubernetes.io/local-config: 'true'}}\n",
    "local-policy.yaml": "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: local, annotations: "
    '{"config.kubernetes.io/local\\x2dconfig": "true"}}\nspec: {podSelector: {}, ingress: [{}]}\n',
    "internal.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: internal\n  annotations:\n"
    "    internal.config.kubernetes.io/previousNames: default-deny-all\n"
    "    internal.config.kubernetes.io/previousKinds: NetworkPolicy\n"
    "    internal.config.kubernetes.io/previousNamespaces: shop\n",
    "widget.yaml": "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w}\n"
    "spec: {policy: default-deny-all, map: settings}\n",
    "names.yaml": "nameReference:\n- kind: NetworkPolicy\n  fieldSpecs: [{kind: Widget, path: spec/policy}]\n",
    "schema.json": json.dumps({"definitions": {}}),
    "rules.yaml": "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\n"
    "spec: {egress: {lan: {to: lan, ports: 80, why: $(SETTINGS)}}}\n",
    "label.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels: {tier: one}\n"
    "fieldSpecs: [{path: metadata/labels, create: true}]\n",
    "prefix.yaml": "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: p}\nprefix: t-\n"
    "fieldSpecs: [{path: metadata/name}]\n",
    "away.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\n"
    "target: {kind: NetworkPolicy, name: allow-dns-egress}\n"
    "patch: '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: any}, $patch: delete}'\n",
    "unlocal.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: u}\ntarget: {kind: NetworkPolicy}\n"
    "patch: '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: any, annotations: "
    "{\"config.kubernetes.io/local-config\": null}}}'\n",
    "component/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    "labels: [{pairs: {component: 'yes'}, includeSelectors: true}]\n",
}  # fmt: skip
INLINE = FILES["label.yaml"].replace("one", "two")
ONE_LINE = (
    "{apiVersion: builtin, kind: AnnotationsTransformer, metadata: {name: x}, annotations: {x: y}, "
    "fieldSpecs: [{path: metadata/annotations, create: true}]}"
)

USUAL_RESOURCES = ("web.yaml", "ns.yaml", "policy.yaml", "list.yaml", "local.yaml", "widget.yaml")
RESOURCES = (*USUAL_RESOURCES, "local-policy.yaml", "internal.yaml")
USUAL_TRANSFORMERS = ("label.yaml", "prefix.yaml", "away.yaml", INLINE, ONE_LINE)
TRANSFORMERS = (*USUAL_TRANSFORMERS, "unlocal.yaml", "", "# nothing")
UNUSUAL = frozenset(("NamePrefix", "Labels", "configurations", "crds", "openapi", "vars"))
"""Fields that are refused, whatever is in them."""

OPTIONS = {"create": True}
SOURCE = {"kind": "ClusterProfile", "fieldPath": "metadata.name"}
FEATURES: dict[str, list[object]] = {
    "namePrefix": ["n-"],
    "nameSuffix": ["-s"],
    "labels": [[{"pairs": {"team": "x"}}], [{"pairs": {"team": "x"}, "includeSelectors": True}]],
    "commonLabels": [{"common": "1e3"}],
    "commonAnnotations": [{"note": "on"}, {"config.kubernetes.io/local-config": "true"}],
    "images": [[{"name": "nginx", "newTag": "2"}]],
    "replicas": [[{"name": "web", "count": 3}]],
    "configMapGenerator": [
        [{"name": "settings", "literals": ["a=b"]}],
        [{"name": "settings", "files": ["web.yaml"], "options": {"disableNameSuffixHash": True}}],
    ],
    "secretGenerator": [[{"name": "key", "literals": ["a=b"]}]],
    "components": [["component"]],
    "patches": [
        [{"target": {"kind": "NetworkPolicy"}, "patch": "- {op: add, path: /metadata/labels, value: {p: q}}"}],
        [{"target": {"kind": "Deployment"}, "patch": "- {op: add, path: /spec/paused, value: true}"}],
    ],
    "replacements": [
        [{"source": SOURCE, "targets": [
            {"select": {"kind": "NetworkPolicy"}, "fieldPaths": ["metadata.labels.from"], "options": OPTIONS}]}],
        [{"source": {"kind": "NetworkPolicy", "name": "default-deny-all", "fieldPath": "metadata.name"}, "targets": [
            {"select": {"kind": "Namespace"}, "fieldPaths": ["metadata.labels.to"], "options": OPTIONS}]}],
    ],
    "sortOptions": [{"order": "fifo"}, {"order": "legacy"}],
    "buildMetadata": [["managedByLabel"], ["originAnnotations"]],
    "configurations": [["names.yaml"]],
    "crds": [["schema.json"]],
    "openapi": [{"path": "schema.json"}],
    "vars": [[{"name": "SETTINGS", "objref": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}]],
    "validators": [["label.yaml"]],
    "generators": [["{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: g}, name: g, literals: [a=b]}"]],
    "NamePrefix": ["c-"],
    "Labels": [[{"pairs": {"team": "folded"}}]],
    "namespace": ["shop"],
}  # fmt: skip


@st.composite
def kustomizations(draw: st.DrawFn, resources: list[str], plugin: str) -> str:
    """Draw the text of a kustomization of some features; its fields and lists are in any order."""
    fields: dict[str, object] = {}
    is_usual = draw(st.integers(0, 3)) > 0  # most are, or hardly any would be rendered
    names = sorted(set(FEATURES) - UNUSUAL if is_usual else FEATURES)
    for name in draw(st.lists(st.sampled_from(names), max_size=4, unique=True)):
        fields[name] = draw(st.sampled_from(FEATURES[name]))
    more = draw(st.lists(st.sampled_from(USUAL_RESOURCES if is_usual else RESOURCES), max_size=3, unique=True))
    fields["resources"] = draw(st.permutations([*resources, *more]))
    known = USUAL_TRANSFORMERS if is_usual else TRANSFORMERS
    transformers = draw(st.lists(st.sampled_from(known), max_size=2, unique=True))
    if plugin or transformers:
        fields["transformers"] = draw(st.permutations([*([plugin] if plugin else []), *transformers]))
    if plugin:
        fields["namespace"] = "shop"
        if draw(st.booleans()):
            fields["patchesStrategicMerge"] = ["rules.yaml"]
    order = draw(st.permutations(sorted(fields)))
    return json.dumps({name: fields[name] for name in order})


OVERLAY = kustomizations(["../../base"], "../../plugin")
ROOT = st.one_of(st.just('{"resources": ["overlays/shop"]}'), kustomizations(["overlays/shop"], ""))


@pytest.mark.slow
@pytest.mark.native
@settings(max_examples=settings().max_examples * (8 if IN_CI else 3) // 20)
@example(
    json.dumps(
        {"namespace": "shop", "resources": ["../../base"], "transformers": ["../../plugin", INLINE, "label.yaml"]}
    ),
    '{"resources": ["overlays/shop"]}',
)
@given(OVERLAY, ROOT)
def test_what_is_rendered_is_what_is_built(tree: Tree, overlay: str, root: str) -> None:
    shutil.rmtree(tree.path / "overlays", ignore_errors=True)
    for folder in ("", "overlays/shop/"):
        for name, text in FILES.items():
            tree.write(folder + name, text)
    tree.write("overlays/shop/kustomization.yaml", overlay)
    tree.write("kustomization.yaml", root)
    built, rendered = tree.build("."), tree.bulkhead("render")
    assert "Traceback" not in rendered.stderr and "internal error" not in rendered.stderr
    event(("built" if built.status == 0 else "not built") + (", rendered" if rendered.status == 0 else ", refused"))
    if rendered.status == 0:
        assert (built.status, built.stdout) == (0, rendered.stdout), built.stderr
    elif built.status == 0:
        assert "cannot be reviewed: " in rendered.stderr or "are not known without the plugin" in rendered.stderr
