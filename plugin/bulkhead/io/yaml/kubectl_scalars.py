"""
Reads plain scalars of YAML as kubectl does.

kubectl reads YAML with ``sigs.k8s.io/yaml``, which is go-yaml 2: ``y`` and ``n`` are truth values, ``1e3``, ``0o17``
and ``08`` are numbers, and a date is text. Numbers beyond 64 bits become floating-point numbers.
"""

import math
import re
import struct

Scalar = None | bool | int | float | str
"""What a scalar means: nothing, a truth value, a number or text."""

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys((f for w in ("y", "yes", "true", "on") for f in (w, w.capitalize(), w.upper())), True),
    **dict.fromkeys((f for w in ("n", "no", "false", "off") for f in (w, w.capitalize(), w.upper())), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((f"{sign}.{word}" for sign in ("", "+") for word in ("inf", "Inf", "INF")), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMERIC = frozenset("0123456789+-.")
_LONGEST = 400
"""Characters of a number: a longer one is larger than any floating-point number, so it is text."""
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|0([0-7]*)|([1-9][0-9]*))")
_BASES = (16, 2, 8, 8, 10)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_FRACTION = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")
_SIGNED_BINARY = re.compile(r"0b([-+][01]+)")


def resolve(text: str) -> Scalar:
    """Return what the plain scalar *text* means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC or len(text) > _LONGEST:
        return text
    return _fraction(text) if text[0] == "." else _number(text.replace("_", ""), text)


def key(value: Scalar) -> str | None:
    """Return the text of a key that is *value*: JSON has no other keys. ``None``, which kubectl refuses, stays."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _shortest(value) if isinstance(value, float) else None if value is None else str(value)


def _shortest(value: float) -> str:
    """Return *value* in the fewest digits that give the same 32-bit number, with an exponent like Go's ``%g``."""
    try:
        wanted = struct.pack("f", value)
    except OverflowError:
        wanted = struct.pack("f", math.inf if value > 0 else -math.inf)
    single: float = struct.unpack("f", wanted)[0]
    if not math.isfinite(single):
        return ".nan" if math.isnan(single) else ".inf" if single > 0 else "-.inf"
    digits = next(n for n in range(9) if n == 8 or struct.pack("f", float(f"{single:.{n}e}")) == wanted)
    text = f"{single:.{digits}e}"
    return text if not -4 <= int(text.partition("e")[2]) < 6 else f"{float(text):.{max(6, digits + 1)}g}"


def _fraction(text: str) -> Scalar:
    return _finite(text, text) if _FRACTION.fullmatch(text) else text


def _number(plain: str, text: str) -> Scalar:
    found = _INTEGER.fullmatch(plain)
    if found:
        sign, *digits = found.groups()
        base, number = next((base, each) for base, each in zip(_BASES, digits, strict=True) if each is not None)
        value = int(number or "0", base) * (-1 if sign == "-" else 1)
        if -(1 << 63) <= value < 1 << 63:
            return value
        if not sign and value < 1 << 64:
            return float(value)
    if _FLOAT.fullmatch(plain):
        return _finite(plain, text)
    binary = _SIGNED_BINARY.fullmatch(plain)
    return int(binary[1], 2) if binary and abs(int(binary[1], 2)) < 1 << 63 else text


def _finite(plain: str, text: str) -> Scalar:
    """Return the floating-point number; one that is too large stays text."""
    value = float(plain)
    return text if math.isinf(value) else value
