"""
The small notations inside a resource: names, labels, ports, CIDRs, dates.

Each class has ``parse(raw)``, which returns the value or raises :class:`InvalidValue` with what
is wrong and what to write instead.  The limits are those of the Kubernetes API
(``k8s.io/apimachinery/pkg/util/validation`` and ``k8s.io/api/networking/v1``).
"""

from bulkhead.core.diagnostics import DiagnosticError, shortened
from bulkhead.core.record import record

PROTOCOLS = ("TCP", "UDP", "SCTP")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_DIGIT = frozenset("0123456789")
_LABEL_EDGE = _LOWER | _DIGIT | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LABEL_INNER = _LABEL_EDGE | frozenset("-_.")
_UNPRINTABLE = frozenset(map(chr, [*range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF]))
_NAME_INNER = _LOWER | _DIGIT | frozenset("-")


class InvalidValue(DiagnosticError):
    """A scalar cannot be parsed."""


def quoted(raw: object) -> str:
    """Return what was written, fit for a message: in backticks, one line, shortened."""
    word = "null" if raw is None else str(raw).lower() if isinstance(raw, bool) else str(raw)
    return f"`{shortened(word)}`"


def text(raw: object, what: str) -> str:
    """Return *raw* where it is text; YAML reads an unquoted ``443`` or ``true`` as something else."""
    if isinstance(raw, str):
        return raw
    if raw is None or isinstance(raw, (dict, list)):
        kind = "nothing" if raw is None else "a map" if isinstance(raw, dict) else "a list"
        raise InvalidValue(f"{what} must be text, found {kind}")
    raise InvalidValue(f"{what} must be text, found {quoted(raw)}", f'write "{quoted(raw)[1:-1]}" in quotes')


class Text(str):
    """Free text, at least one character."""

    @staticmethod
    def parse(raw: object) -> "Text":
        """Return the text without white space around it."""
        word = text(raw, "this").strip()
        if not word:
            raise InvalidValue("the text is empty", "write a few words, or leave the key out")
        wrong = next((c for c in word if c in _UNPRINTABLE or (c < " " and c not in "\n\t")), "")
        if wrong:
            raise InvalidValue(f"the text holds the control character U+{ord(wrong):04X}", "take it out")
        return Text(word)


class Name(str):
    """A name that becomes part of an object's name: an RFC 1123 label, `a-z`, `0-9` and `-`, at most 63 characters."""

    @staticmethod
    def parse(raw: object) -> "Name":
        """Return the name, or refuse what the API server would refuse."""
        word = text(raw, "a name")
        _check_length(word, 63, "name")
        if not word or not _NAME_INNER.issuperset(word) or word[0] == "-" or word[-1] == "-":
            raise InvalidValue(
                f"name {quoted(word)} is not valid",
                "use small letters, digits and `-`, beginning and ending with a letter or digit",
            )
        return Name(word)


class Subdomain(str):
    """The name of a NetworkPolicy and of most other objects: an RFC 1123 subdomain of at most 253 characters."""

    @staticmethod
    def parse(raw: object) -> "Subdomain":
        """Return the name, or refuse what the API server would refuse."""
        word = text(raw, "a name")
        _check_length(word, 253, "name")
        if not is_subdomain(word):
            raise InvalidValue(
                f"name {quoted(word)} is not valid",
                "use small letters, digits, `-` and `.`, with a letter or digit at both ends of each part",
            )
        return Subdomain(word)


class Date(str):
    """A day, `YYYY-MM-DD`."""

    @staticmethod
    def parse(raw: object) -> "Date":
        """
        Return the day, or refuse what the calendar does not have.

        kustomize hands an unquoted ``2026-12-31`` on as ``2026-12-31T00:00:00Z``.
        """
        word = text(raw, "a date").removesuffix("T00:00:00Z")
        parts = word.split("-")
        if [len(part) for part in parts] != [4, 2, 2] or not _DIGIT.issuperset(word.replace("-", "")):
            raise InvalidValue(f"{quoted(word)} is not a date", "write it as `YYYY-MM-DD`")
        year, month, day = map(int, parts)
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        if year == 0 or not 1 <= month <= 12 or not 1 <= day <= days[month - 1]:
            raise InvalidValue(f"{quoted(word)} is not in the calendar", "write it as `YYYY-MM-DD`")
        return Date(word)


class LabelValue(str):
    """A label's value: empty, or at most 63 of `A-Za-z0-9-_.` beginning and ending with a letter or digit."""

    @staticmethod
    def parse(raw: object) -> "LabelValue":
        """Return the value, or refuse what the API server would refuse."""
        word = text(raw, "a label's value")
        _check_length(word, 63, "label value")
        if word and not _is_label(word):
            raise InvalidValue(
                f"label value {quoted(word)} is not valid",
                "use letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit",
            )
        return LabelValue(word)


class LabelKey(str):
    """A label's key: an optional DNS name and `/`, then a name of at most 63 characters."""

    @staticmethod
    def parse(raw: object) -> "LabelKey":
        """Return the key, or refuse what the API server would refuse."""
        word = text(raw, "a label's key")
        prefix, slash, name = word.rpartition("/")
        if not _is_label(name) or len(name) > 63 or (slash and not is_subdomain(prefix)):
            raise InvalidValue(
                f"label key {quoted(word)} is not valid",
                "write `name` or `dns.prefix/name`: letters, digits, `-`, `_` and `.`, "
                "at most 63 characters after the `/`",
            )
        return LabelKey(word)


def _check_length(word: str, most: int, what: str) -> None:
    if len(word) > most:
        raise InvalidValue(f"{what} {quoted(word)} has {len(word)} characters", f"use at most {most}")


def _is_label(word: str) -> bool:
    return bool(word) and _LABEL_INNER.issuperset(word) and {word[0], word[-1]} <= _LABEL_EDGE


def is_subdomain(word: str) -> bool:
    """Say whether *word* is an RFC 1123 subdomain: names of small letters, digits and `-`, joined by dots."""
    parts = word.split(".")
    return len(word) <= 253 and all(
        part and _NAME_INNER.issuperset(part) and part[0] != "-" and part[-1] != "-" for part in parts
    )


@record
class Cidr:
    """
    A network: `10.42.0.0/16`, `192.168.20.200/32` for one host, `fd00::/8`.

    *version* is 4 or 6, *address* the network's first address as a number, *length* that of the prefix.
    """

    version: int
    address: int
    length: int

    def __str__(self) -> str:
        return f"{_spelt(self.version, self.address)}/{self.length}"

    def holds(self, other: "Cidr") -> bool:
        """Say whether every address of *other* is one of this network's."""
        host_bits = _BITS[self.version] - self.length
        return (
            self.version == other.version
            and self.length <= other.length
            and self.address >> host_bits == other.address >> host_bits
        )

    @staticmethod
    def parse(raw: object) -> "Cidr":
        """Return the network, or refuse host bits, host addresses and everything else that is not one."""
        word = text(raw, "a CIDR")
        address, slash, digits = word.partition("/")
        version, number = _address(address)
        bits = _BITS.get(version, 0)
        if not version:
            raise InvalidValue(f"{quoted(word)} is not a CIDR", "write `10.42.0.0/16` or `fd00::/8`")
        if not slash:
            raise InvalidValue(f"{quoted(word)} has no prefix length", f"write `{word}/{bits}` for the one host")
        if not digits or not _DIGIT.issuperset(digits) or (digits[0] == "0" and digits != "0") or int(digits) > bits:
            raise InvalidValue(f"{quoted(word)} is not a CIDR", f"the prefix length is 0 to {bits}, in plain digits")
        network = Cidr(version, number >> (bits - int(digits)) << (bits - int(digits)), int(digits))
        if network.address != number:
            host = f"{_spelt(version, number)}/{bits}"
            raise InvalidValue(
                f"CIDR {quoted(word)} has host bits set",
                f"write `{network}` for the network or `{host}` for the one host",
            )
        return network


_BITS = {4: 32, 6: 128}


def _address(word: str) -> tuple[int, int]:
    """Return an address's version and number, version 0 where it is none."""
    if ":" not in word:
        octets = word.split(".")
        if len(octets) != 4 or not all(_is_octet(octet) for octet in octets):
            return 0, 0
        a, b, c, d = map(int, octets)
        return 4, a << 24 | b << 16 | c << 8 | d
    import ipaddress  # here, because most builds have IPv4 only, and the import is a tenth of their cost

    try:
        parsed = ipaddress.IPv6Address(word)
    except ValueError:
        return 0, 0
    if parsed.scope_id or parsed.ipv4_mapped:
        return 0, 0
    return 6, int(parsed)


def _is_octet(word: str) -> bool:
    return word.isdigit() and _DIGIT.issuperset(word) and len(word) <= 3 and str(int(word)) == word and int(word) <= 255


def _spelt(version: int, number: int) -> str:
    if version == 4:
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    import ipaddress

    return str(ipaddress.IPv6Address(number))


@record
class Port:
    """
    A port: `443` (TCP), `53/UDP`, `8000-8010`, `http`, the name of a container port, or `UDP`, all ports of a protocol.

    *first* and *last* are equal for a single port; for a name both are 0 and *name* is set. All three are not set for
    all ports of the protocol.
    """

    protocol: str
    first: int = 0
    last: int = 0
    name: str = ""

    @property
    def is_whole_protocol(self) -> bool:
        """Whether it is all ports of the protocol."""
        return not self.first and not self.name

    @staticmethod
    def parse(raw: object) -> "Port":
        """Return the port; the protocol is TCP where none is written."""
        if isinstance(raw, bool) or raw is None or not isinstance(raw, (int, str)):
            kind = "a map" if isinstance(raw, dict) else "a list" if isinstance(raw, list) else quoted(raw)
            raise InvalidValue(f"a port cannot be {kind}", "write `443`, `53/UDP`, `8000-8010` or `http`")
        word, slash, protocol = str(raw).partition("/")
        if not slash and word in PROTOCOLS:
            return Port(word)
        if slash and protocol not in PROTOCOLS:
            known = next((p for p in PROTOCOLS if p == protocol.upper()), "")
            raise InvalidValue(
                f"unknown protocol {quoted(protocol)} in port {quoted(raw)}",
                f"write `{word}/{known}`" if known else "write `TCP`, `UDP` or `SCTP` after the `/`",
            )
        return _port(word, protocol or "TCP")


def _port(word: str, protocol: str) -> Port:
    first, dash, last = word.partition("-")
    if dash and _DIGIT.issuperset(first + last) and first and last:
        low, high = _number(first, word), _number(last, word)
        if low > high:
            raise InvalidValue(f"port range `{word}` ends before it begins", f"write `{last}-{first}`")
        return Port(protocol, low, high)
    if word.lstrip("+-") and _DIGIT.issuperset(word.lstrip("+-")):
        number = _number(word, word)
        return Port(protocol, number, number)
    if len(word) > 15 or not _is_port_name(word):
        raise InvalidValue(
            f"{quoted(word)} is not a port",
            "write a number, a range `8000-8010` or a container port's name (at most 15 small letters, digits and `-`)",
        )
    return Port(protocol, name=word)


def _number(digits: str, word: str) -> int:
    if not _DIGIT.issuperset(digits) or len(digits) > 5 or not 1 <= int(digits) <= 65535:
        raise InvalidValue(f"port {quoted(word)} is out of range", "use 1 to 65535")
    return int(digits)


def _is_port_name(word: str) -> bool:
    return (
        _NAME_INNER.issuperset(word)
        and not _LOWER.isdisjoint(word)
        and "--" not in word
        and word[0] != "-"
        and word[-1] != "-"
    )
