"""
Streams of resources, each kept as the text that it came as.

What is not this project's own passes through as text, never as values: nothing of it can
change on the way, comments and quoting included.
"""

from collections.abc import Iterator

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bulkhead.io.yaml.nodes import InvalidYaml, Raw, at, document_of, is_nothing, nodes


class Resource:
    """
    One resource.

    *head* has the fields that identify a resource: ``apiVersion``, ``kind``, and ``metadata``'s name and namespace.
    """

    def __init__(self, head: dict[str, Raw]) -> None:
        self.head = head

    def value(self) -> dict[str, Raw]:
        """
        Return the whole value, which must not be changed.

        :raises Unreadable: as :func:`documents`.
        """
        raise NotImplementedError

    def keys(self) -> list[str]:
        """Return the keys of the resource, each as often as it is there."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """The resource as YAML, from column 1, ending in a newline."""
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """What is equal exactly for resources of the same text; it can cost less than the text."""
        return self.text

    @property
    def text_without_namespace(self) -> str:
        """The text of the resource as kustomize prints it, equal for equal resources of two namespaces."""
        return self.text.replace(f"\n  namespace: {self.head.get('namespace')}\n", "\n", 1)


class _WrittenResource(Resource):
    """One resource in a stream, its text kept as it came."""

    def __init__(self, node: MappingNode, stream: str) -> None:
        super().__init__(_head(node))
        self.node = node
        self.stream = stream

    def value(self) -> dict[str, Raw]:
        """Return the whole value."""
        read = document_of(self.node).value
        return read if isinstance(read, dict) else {}

    def keys(self) -> list[str]:
        """Return the keys of the resource."""
        return [str(key.value) for key, _ in self.node.value]

    @property
    def text(self) -> str:
        """The resource as it was written."""
        start, end = self.node.start_mark, self.node.end_mark
        first, *rest = self.stream[start.index : end.index].split("\n")
        lines = [first, *(line[len(line[: start.column]) - len(line[: start.column].lstrip(" ")) :] for line in rest)]
        text = "\n".join(lines)
        return text if text.endswith("\n") else text + "\n"


def _head(node: MappingNode) -> dict[str, Raw]:
    """
    Return the scalars that name a resource, without reading anything else of it.

    :raises InvalidYaml: where one of them is no scalar, or a key is none.
    """
    head: dict[str, Raw] = {}
    for key, child in _pairs(node):
        if key in ("apiVersion", "kind"):
            head[key] = _named(key, child)
        elif isinstance(child, MappingNode) and key == "metadata":
            head |= {name: _named(name, part) for name, part in _pairs(child) if name in ("name", "namespace")}
    return head


def _pairs(node: MappingNode) -> Iterator[tuple[str, Node]]:
    for key, child in node.value:
        if not isinstance(key, ScalarNode):
            raise at(key, "a map's key must be text, found a map or list")
        yield key.value, child


def _named(key: str, node: Node) -> str:
    if not isinstance(node, ScalarNode):
        raise at(node, f"`{key}` must be text, found a {'map' if isinstance(node, MappingNode) else 'list'}")
    return str(node.value)


def resources(text: str) -> list[Resource]:
    """
    Return the resources of a YAML stream; a document that is a list's kind counts as one.

    :raises Unreadable: for what :func:`documents` refuses, and for a document that is not a map.
    """
    return [_resource(node, text) for node in nodes(text) if not is_nothing(node)]


def of_build(text: str) -> list[Resource]:
    """
    Return the resources of what kustomize printed, however long: each of its documents is read by itself.

    :raises Unreadable: as :func:`resources`.
    """
    # Inside a document no line can be `---`, and kustomize writes nothing else between two.
    return [each for document in text.replace("\n---\n", "\n\0").split("\0") for each in resources(document)]


def resource_list(text: str) -> tuple[list[Resource], Raw]:
    """
    Return the items of a ResourceList and its ``functionConfig``.

    :raises Unreadable: for what is not one ResourceList.
    """
    found = list(nodes(text))
    parts = {key: child for node in found[:1] if isinstance(node, MappingNode) for key, child in _pairs(node)}
    kind = parts.get("kind")
    if len(found) != 1 or not isinstance(kind, ScalarNode) or kind.value != "ResourceList":
        raise InvalidYaml(
            "the input is not a ResourceList" if text.strip() else "the input is empty",
            hint="this program is called by kustomize or kpt; to render by hand, run `bulkhead render`",
        )
    items = parts.get("items")
    if items is None or is_nothing(items):
        listed = []
    elif isinstance(items, SequenceNode):
        listed = [_resource(node, text) for node in items.value]
    else:
        raise at(items, "`items` of the ResourceList is not a list")
    config = parts.get("functionConfig")
    return listed, None if config is None else document_of(config).value


def _resource(node: Node, text: str) -> Resource:
    if not isinstance(node, MappingNode):
        raise at(node, "a resource must be a map")
    if "&" in text and "*" in text:
        _refuse_aliases(node)
    return _WrittenResource(node, text)


def _refuse_aliases(node: Node) -> None:
    """Refuse an alias in what is passed through: kustomize does not read one back from a function."""
    seen: set[int] = set()
    waiting: list[Node] = [node]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            raise at(each, "aliases are not passed through", "write out what is meant")
        seen.add(id(each))
        if isinstance(each, MappingNode):
            waiting += [part for pair in each.value for part in pair]
        elif isinstance(each, SequenceNode):
            waiting += each.value
