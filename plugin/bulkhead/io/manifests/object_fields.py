"""Fields of an object as plain data, each of the type that the API has for it, or an error with its path."""

from typing import Any

from bulkhead.core.diagnostics import DiagnosticError, Location, Path


class InvalidField(DiagnosticError):
    """Data of another shape than the API has it, at the path of its location."""

    def __init__(self, path: Path, message: str, hint: str = "") -> None:
        super().__init__(message, hint, Location(path=path))


def mapping(data: dict[str, Any], key: str, path: Path = ()) -> dict[str, Any]:
    """
    Return the mapping at *key* of *data*, which is at *path*; an empty one where there is none.

    :raises InvalidField: where it is no mapping.
    """
    found = data.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidField((*path, key), f"`{key}` must be a mapping")
    return found


def items(data: dict[str, Any], key: str, path: Path) -> list[Any]:
    """
    Return the list at *key* of *data*, which is at *path*; an empty one where there is none.

    :raises InvalidField: where it is no list.
    """
    found = data.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise InvalidField((*path, key), f"`{key}` must be a list")
    return found


def text(data: dict[str, Any], key: str, path: Path) -> str:
    """
    Return the text at *key* of *data*, which is at *path*.

    :raises InvalidField: where there is none, or it is no text.
    """
    found = data.get(key)
    if not isinstance(found, str) or not found:
        raise InvalidField(
            (*path, key), f"`{key}` must be text, not `{found}`" if found is not None else f"`{key}` is missing"
        )
    return found
