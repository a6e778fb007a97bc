"""A changed copy of a record has the other fields of the first, and a field that does not exist is an error."""

import pytest
from bulkhead.core.record import record, replaced


@record
class Point:
    """A record with a default."""

    x: int
    y: int
    name: str = ""


def test_a_copy_has_the_new_values_and_all_others() -> None:
    point = Point(1, 2, "a")
    assert replaced(point, y=0, name="") == Point(1, 0, "")
    assert replaced(point) == point == Point(1, 2, "a")


def test_a_field_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"^Point has no `z`$"):
        replaced(Point(1, 2), z=3)
