"""
ReachabilityTest (``bulkhead.dev/v1alpha1``): promises about the cluster's traffic, as rows that can be checked.

Declared as in ``resources.py``, but in a module of its own, because the plugin never reads one.
"""

from collections.abc import Iterator

from bulkhead.core.language.resources import Complaint
from bulkhead.core.language.scalars import InvalidValue, Port, Text, quoted, text
from bulkhead.core.record import declare, record


class EndName(str):
    """
    An endpoint.

    `media` (every pod of it), `media/jellyfin`, `media/*` (any other pod, that no rule names), `media/post*`, `*`
    (every pod), `*/*` (a pod of a namespace that is not listed), an address, a CIDR, `internet`, or a peer's name.
    Where a namespace and a peer have one name: `namespace=media`, `peer=media`.
    """

    @staticmethod
    def parse(raw: object) -> "EndName":
        """Return the endpoint's name, one word."""
        word = text(raw, "an endpoint")
        if not word or any(character.isspace() for character in word):
            raise InvalidValue(
                f"{quoted(word)} is not an endpoint", "write `namespace`, `namespace/name` or an address"
            )
        return EndName(word)


class Flag(int):
    """`true` or `false`."""

    @staticmethod
    def parse(raw: object) -> "Flag":
        """Return the boolean."""
        if not isinstance(raw, bool):
            raise InvalidValue(f"{quoted(raw)} is neither `true` nor `false`", "write `true` or `false`")
        return Flag(raw)


@record
class PromiseRow:
    """
    One promise, in one of three forms.

    - `from`, `to`, `allowed`: every source reaches every destination on all of the ports, or none on any.
    - `to`, `from-only`: nothing else reaches it on any of the ports.
    - `from`, `to-only`: it reaches nothing else on any of the ports.

    The last two do not promise that the named ones are allowed: write another row for that.
    """

    source: tuple[EndName, ...] | None = declare(
        "The source of the connection; with a list, each of them.", default=None, key="from", example="cardboard"
    )
    destination: tuple[EndName, ...] | None = declare(
        "The destination; with a list, each of them.", default=None, key="to", example="trade-bot"
    )
    ports: tuple[Port, ...] | None = declare(
        "The destination's ports: `443` (TCP), `53/UDP`, `8000-8010`, or a list. Left out: all ports, all protocols.",
        default=None,
        key="port",
        example="5432",
    )
    allowed: Flag | None = declare(
        "`true`: the connection must be allowed. `false`: it must be denied.", default=None, example="false"
    )
    from_only: tuple[EndName, ...] | None = declare(
        "Nothing but these may reach `to`.", default=None, key="from-only", example="[media/jellyfin]"
    )
    to_only: tuple[EndName, ...] | None = declare(
        "`from` may reach nothing but these.", default=None, key="to-only", example="[internet, kube-system]"
    )
    because: Text | None = declare(
        "The reason for the promise, or who made it.", default=None, example="only trade-bot may use the trading keys"
    )
    known: Text | None = declare(
        "The reason why the promise does not hold yet. The row is reported and does not fail; it fails once it holds.",
        default=None,
        example="the standard pattern lets every pod in",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Yield a complaint if the row has none of the three forms, or a port by name."""
        if self.from_only is not None and self.to_only is not None:
            yield "to-only", "`to-only` cannot be combined with `from-only`", "write two rows"
        elif self.from_only is not None:
            yield from self._form("from-only", needs="to", bars=("from", "allowed"))
        elif self.to_only is not None:
            yield from self._form("to-only", needs="from", bars=("to", "allowed"))
        else:
            for key in ("from", "to", "allowed"):
                if self._of(key) is None:
                    yield (
                        "",
                        f"`{key}` is missing",
                        "a row has `from`, `to` and `allowed`, or `from-only`, or `to-only`",
                    )
        for port in self.ports or ():
            if port.name:
                yield "port", f"port `{port.name}` is a name", "write the container port's number"

    def _form(self, key: str, needs: str, bars: tuple[str, ...]) -> Iterator[Complaint]:
        if self._of(needs) is None:
            yield "", f"`{needs}` is missing", f"`{key}` needs it"
        for other in bars:
            if self._of(other) is not None:
                yield other, f"`{other}` cannot be combined with `{key}`", "write two rows"

    def _of(self, key: str) -> object:
        return {"from": self.source, "to": self.destination, "allowed": self.allowed}[key]


@record
class ReachabilitySpec:
    """Promises about the cluster's traffic, which `bulkhead test` checks. Never part of a build."""

    tests: tuple[PromiseRow, ...] = declare(
        "The promises.", example="[{from: cardboard, to: trade-bot, allowed: false}]"
    )
