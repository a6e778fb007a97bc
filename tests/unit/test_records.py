"""A changed copy of a record has the other fields of the first, and a field that does not exist is an error."""

from typing import Any

import pytest
from bulkhead.core.record import OFTEN, Immutable, record, replaced


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


def test_the_constructor_of_a_record_with_many_objects_takes_the_same_values() -> None:
    for number in range(OFTEN + 2):
        made = (Point(number, 2, "a"), Point(number, y=2, name="a"), Point(name="a", y=2, x=number))
        assert {(each.x, each.y, each.name) for each in made} == {(number, 2, "a")}
        assert len(set(made)) == 1 and made[0] != Point(number, 2)
        wrong: tuple[dict[str, Any], ...] = ({}, {"x": 1}, {"x": 1, "y": 2, "z": 3})
        for values in wrong:
            with pytest.raises(TypeError):
                Point(**values)
        with pytest.raises(Immutable):
            made[0].x = 3  # type: ignore[misc]


@record
class Late:
    """A record with a value that has to be given after one that has a default."""

    first: int = 1
    second: int  # type: ignore[misc]


def test_a_default_may_come_before_a_value_that_has_to_be_given() -> None:
    assert {(each.first, each.second) for each in (Late(second=number) for number in range(OFTEN + 2))} == {
        (1, number) for number in range(OFTEN + 2)
    }
