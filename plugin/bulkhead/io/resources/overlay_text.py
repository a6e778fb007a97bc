"""The YAML text of the files of a tree: resources, kustomizations, policies as they were."""

from collections.abc import Iterable, Iterator, Mapping

import yaml

from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import API_VERSION
from bulkhead.io.rendered.write_networkpolicy import document
from bulkhead.io.yaml.nodes import Raw, reads_as_text

_WIDTH = 110
_BLOCK = ("spec", "ingress", "egress", "workloads", "peers", "networks")
"""Keys whose maps have a line for each entry."""


class _Dumper(yaml.SafeDumper):
    """Quotes what some version of YAML does not read as text."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if reads_as_text(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def resource_text(kind: str, name: str, spec: Mapping[str, Raw], comment: str = "") -> str:
    """Return a resource of this project with *spec*, below *comment*."""
    lead = "".join(f"# {line}\n" for line in comment.splitlines())
    head = f"{lead}apiVersion: {API_VERSION}\nkind: {kind}\nmetadata:\n  name: {_flow(name)}\n"
    if not spec:
        return f"{head}spec: {{}}\n"
    return head + "spec:\n" + "".join(f"{line}\n" for line in _lines(spec, 1, "spec"))


def _lines(value: Mapping[str, Raw], depth: int, within: str) -> Iterator[str]:
    """Yield the lines of a map: an entry on one line if it is short, unless it is a rule or a map of names."""
    lead = "  " * depth
    for key, item in value.items():
        flow = f"{lead}{_flow(key)}: {_flow(item)}"
        is_rule = within in ("ingress", "egress") and isinstance(item, dict) and len(item) > 1
        if not isinstance(item, dict) or not item or not (key in _BLOCK or is_rule or len(flow) > _WIDTH):
            if isinstance(item, str) and len(flow) > _WIDTH:
                yield from _folded(key, item, depth)
            elif isinstance(item, list) and len(flow) > _WIDTH:
                yield f"{lead}{_flow(key)}:"
                yield from (f"{lead}- {_flow(each)}" for each in item)
            else:
                yield flow
            continue
        yield f"{lead}{_flow(key)}:"
        yield from _lines(item, depth + 1, key)


def _folded(key: str, text: str, depth: int) -> Iterator[str]:
    """Yield a long text: folded where its words allow it, else on one line."""
    lead = "  " * depth
    words = text.split(" ")
    if "\n" in text or "" in words or not text.isprintable() or text[0] in "-#" or text[-1] == ":":
        yield f"{lead}{_flow(key)}: {_flow(text)}"
        return
    yield f"{lead}{_flow(key)}: >-"
    line = ""
    for word in words:
        if line and len(lead) + len(line) + len(word) + 3 > _WIDTH:
            yield f"{lead}  {line}"
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield f"{lead}  {line}"


def _flow(value: Raw) -> str:
    """Return *value* on one line."""
    made: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, sort_keys=False, width=2**30, allow_unicode=True
    )
    return made.removesuffix("\n").removesuffix("\n...")


def kustomization_text(resources: Iterable[str], namespace: str = "", patches: Iterable[str] = ()) -> str:
    """Return the kustomization of an overlay for *namespace*, or of a folder of resources."""
    lines = [f"resources: {_flow(list(resources))}"]
    if namespace:
        lines.append(f"namespace: {_flow(namespace)}")
        lines += [f"patches: [{{path: {each}}}]" for each in patches]
        lines.append("transformers: [../../plugin]")
    return "\n".join(lines) + "\n"


def root_text(resources: Iterable[str]) -> str:
    """Return the kustomization of the root, which lists *resources*."""
    lines = "".join(f"- {_flow(each)}\n" for each in resources)
    return f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{lines}"


def policies_text(policies: Iterable[tuple[NetworkPolicy, str]]) -> str:
    """Return *policies* as they are, each below its comment."""
    return "---\n".join(f"# {comment}\n{document(policy)}" for policy, comment in policies)
