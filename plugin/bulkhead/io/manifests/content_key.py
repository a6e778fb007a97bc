"""
Content of plain data as bytes: a fast test for words in it, and a key by which equal data is read once.
"""

import marshal
from typing import Any

_FORMAT = 2
"""The version of ``marshal`` without references: equal data has equal bytes, and each text is in them whole."""


def content_key(data: Any) -> bytes:
    """
    Return bytes that are equal for equal *data* only: `1`, `1.0` and `true` differ. Empty where there are none.

    The text of every key and value in *data* is in them as UTF-8.
    """
    try:
        return marshal.dumps(data, _FORMAT)
    except ValueError:  # it is nested very deeply, or has a value that JSON has not
        return b""
