"""
ReachabilityTest (``bulkhead.dev/v1alpha1``): what a cluster promises, as rows that can be checked.

Declared as in ``resources.py``; apart from it, because the plugin never reads one.
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

    - `from`, `to`, `allowed`: every one of the ends reaches every other on all of the ports, or none on any.
    - `to`, `from-only`: nothing else reaches it on any of the ports.
    - `from`, `to-only`: it reaches nothing else on any of the ports.

    The last two do not say that those named do reach it: that is a row of its own.
    """

    source: tuple[EndName, ...] | None = declare(
        "Where the connection comes from; of a list, each.", default=None, key="from", example="cardboard"
    )
    destination: tuple[EndName, ...] | None = declare(
        "Where it goes to; of a list, each.", default=None, key="to", example="trade-bot"
    )
    ports: tuple[Port, ...] | None = declare(
        "The destination's ports: `443` (TCP), `53/UDP`, `8000-8010`, or a list. Left out: all ports, all protocols.",
        default=None,
        key="port",
        example="5432",
    )
    allowed: Flag | None = declare("Whether it is to be open or refused.", default=None, example="false")
    from_only: tuple[EndName, ...] | None = declare(
        "Nothing but these may reach `to`.", default=None, key="from-only", example="[media/jellyfin]"
    )
    to_only: tuple[EndName, ...] | None = declare(
        "`from` may reach nothing but these.", default=None, key="to-only", example="[internet, kube-system]"
    )
    because: Text | None = declare(
        "Who promised it, or why it matters.", default=None, example="trading keys are nobody else's business"
    )
    known: Text | None = declare(
        "The reason why it does not hold on purpose: it is reported and fails nothing. Once it holds, the mark fails.",
        default=None,
        example="the standard pattern lets every pod in",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Yield what makes the row none of its three forms, and ports by name."""
        if self.from_only is not None and self.to_only is not None:
            yield "to-only", "`to-only` cannot stand beside `from-only`", "make two rows of it"
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
                yield other, f"`{other}` cannot stand beside `{key}`", "make two rows of it"

    def _of(self, key: str) -> object:
        return {"from": self.source, "to": self.destination, "allowed": self.allowed}[key]


@record
class ReachabilitySpec:
    """What a cluster promises: rows that `bulkhead test` holds against its policies. Never part of a build."""

    tests: tuple[PromiseRow, ...] = declare(
        "The promises.", example="[{from: cardboard, to: trade-bot, allowed: false}]"
    )
