"""
The chart and the plugin side by side.

One call of helm renders hundreds of cases: a copy of the chart gets one more template, which calls the chart's own
`netpol.render` with the values of each case in turn and prints what it says. The chart's entry does the same once.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from bulkhead.analysis.overlays.overlay import Overlay
from bulkhead.core.diagnostics import spell
from bulkhead.io.rendered.write_networkpolicy import document
from bulkhead.io.yaml.resource_stream import resources
from conftest import ROOT, Done, run

HELM = os.environ.get("HELM", "helm")
"""Which helm: `make helm3` runs these tests with helm 3."""
CHART = ROOT / "charts" / "netpol"
VERSION = "bulkhead.dev/v1alpha1"
Values = dict[str, Any]
Diagnostic = tuple[str, str, str]

_BATCH = """\
{{- $answers := list -}}
{{- $shared := dict -}}
{{- template "netpol.rendering" (dict "context" . "to" $shared) -}}
{{- range $values := .Values.cases -}}
{{- $rendering := dict "values" $values "records" $shared.records "any" $shared.any "labels" $shared.labels -}}
{{- $_ := set $rendering "acted_on_domains" $shared.acted_on_domains -}}
{{- $policies := include "netpol.render" $rendering -}}
{{- $answers = append $answers (dict "policies" $policies "problems" (values $rendering.found)) -}}
{{- end -}}
{{ dict "answers" $answers | toJson }}
"""


def as_yaml(value: Any) -> str:
    """Return *value* as JSON that is YAML too: control characters escaped, and no surrogates."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


class Answer:
    """What a renderer said to one case: the *policies* that it gave, or the *problems* (where, what, hint)."""

    def __init__(self, policies: Iterable[dict[str, Any]], problems: Iterable[Diagnostic]) -> None:
        self.problems = set(problems)
        self.policies = {} if self.problems else {_identity(policy): _without_tool(policy) for policy in policies}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Answer) and (self.policies, self.problems) == (other.policies, other.problems)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.problems)))

    def __repr__(self) -> str:
        return repr(sorted(self.problems) or self.policies)


def _identity(policy: dict[str, Any]) -> tuple[str, str]:
    assert (policy["apiVersion"], policy["kind"]) == ("networking.k8s.io/v1", "NetworkPolicy")
    return policy["metadata"]["namespace"], policy["metadata"]["name"]


def _without_tool(policy: dict[str, Any]) -> dict[str, Any]:
    """Leave out the labels that name the tool."""
    labels = policy["metadata"]["labels"]
    assert set(labels) & set(LABELS) in ({"app.kubernetes.io/managed-by"}, set(LABELS)), labels
    others = {key: value for key, value in labels.items() if key not in LABELS}
    return {**policy, "metadata": {**policy["metadata"], "labels": others}}


LABELS = ("app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "helm.sh/chart")


def documents(text: str) -> list[dict[str, Any]]:
    """Return the objects of a YAML stream."""
    return [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each is not None]


def copy_with_batch(folder: Path) -> Path:
    """Copy the chart to *folder*, with the template that renders many cases instead of its own entry and schema."""
    chart = folder / "netpol"
    shutil.copytree(CHART, chart)
    for name in ("values.schema.json", "templates/policies.yaml", "templates/NOTES.txt"):
        (chart / name).unlink(missing_ok=True)
    shutil.rmtree(chart / "templates" / "tests", ignore_errors=True)
    (chart / "templates" / "batch.yaml").write_text(_BATCH)
    return chart


def chart_answers(chart: Path, cases: list[Values], helm: str | Path = HELM) -> list[Answer]:
    """Return what the chart says to each case, all in one call of helm; *chart* is a copy with the batch template."""
    done = run(helm, "template", "batch", chart, "-f", "-", stdin=as_yaml({"cases": cases}))
    assert done.status == 0, done.stderr
    answers = json.loads(re.sub(r"^(---|#.*)$", "", done.stdout, flags=re.MULTILINE))["answers"]
    return [Answer(documents(each["policies"]), [_said(problem) for problem in each["problems"]]) for each in answers]


def _said(problem: dict[str, str]) -> Diagnostic:
    where = re.sub(r"^(profile|standard|namespaces\.[^.]*|namespaces\[\"[^\"]*\"\])\.?", "", problem["where"])
    return where, _anywhere(problem["says"]), problem["hint"]


def _anywhere(says: str) -> str:
    """A mistake in the standard is told once, for the first namespace that has it."""
    return re.sub(r" of namespace `[^`]*`$", "", says)


def plugin_answer(values: Values) -> Answer:
    """Return what the plugin says to the resources of *values*: the standard with each namespace's patch merged in."""
    listed = [_resource("ClusterProfile", {"name": "home"}, values["profile"])]
    for name, differs in values["namespaces"].items():
        spec = merged(values["standard"], differs)
        listed.append(_resource("SegmentedNamespace", {"name": "standard", "namespace": name}, spec))
    overlay = Overlay(resources("---\n".join(as_yaml(each) for each in listed)))
    problems = [
        (_tail(problem.location.path), _anywhere(problem.message), problem.hint) for problem in overlay.problems
    ]
    policies = [document for policy in overlay.policies for document in documents(_text(policy))]
    return Answer(policies, problems)


def _text(policy: Any) -> str:
    return document(policy)


def _tail(path: tuple[str | int, ...]) -> str:
    return "" if path[:1] == ("metadata",) else spell(path[1:])


def _resource(kind: str, metadata: dict[str, str], spec: Any) -> dict[str, Any]:
    return {"apiVersion": VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def merged(base: Any, over: Any) -> Any:
    """Return *base* with *over* merged in: RFC 7386, but a `null` for what is not there stays, to be judged."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    result = dict(base)
    for key, value in over.items():
        if value is None and key in result:
            del result[key]
        else:
            result[key] = merged(result.get(key), value)
    return result


def template(values: Values | str, *arguments: str | Path, helm: str | Path = HELM, chart: Path = CHART) -> Done:
    """Run ``helm template`` of the chart itself with *values*, or with YAML text as it is."""
    text = values if isinstance(values, str) else as_yaml(values)
    return run(helm, "template", "segmentation", chart, "-f", "-", *arguments, stdin=text)


def rendered(values: Values | str, *arguments: str | Path, chart: Path = CHART) -> Answer:
    """Return the policies that the chart itself renders; it must."""
    done = template(values, *arguments, chart=chart)
    assert done.status == 0, done.stderr
    return Answer(documents(done.stdout), ())


def built(text: str) -> Answer:
    """Return the policies in what ``kustomize build`` printed."""
    return Answer(documents(text), ())
