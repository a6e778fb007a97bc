"""Members partitioned by the ports that are open to them, against one member at a time."""

from bulkhead.core.engine.opened_parts import opened_parts
from hypothesis import given
from hypothesis import strategies as st

WIDTH = 90
LOCAL = st.builds(lambda some, at: some << at, st.integers(1, 31), st.integers(0, WIDTH - 5))
MEMBERS = st.one_of(LOCAL, LOCAL, LOCAL, st.integers(0, (1 << WIDTH) - 1))
OPENED = st.lists(st.tuples(st.integers(0, 255), MEMBERS), max_size=60)


@given(st.integers(0, (1 << WIDTH) - 1), st.integers(0, (1 << WIDTH) - 1), OPENED)
def test_each_member_has_its_first_ports_and_every_set_that_names_it(
    here: int, closed: int, opened: list[tuple[int, int]]
) -> None:
    start = {0: here & closed, 5: here & ~closed}
    found = opened_parts(start, opened)
    for member in range(WIDTH):
        bit = 1 << member
        having = [port_cells for port_cells, those in found.items() if those & bit]
        if not here & bit:
            assert having == []
            continue
        wanted = 0 if closed & bit else 5
        for port_cells, those in opened:
            wanted |= port_cells if those & bit else 0
        assert having == [wanted]


def test_many_sets_that_meet_few_others_are_split() -> None:
    opened = [(1 << number, 1 << number) for number in range(200)]
    assert opened_parts({0: (1 << 200) - 1}, opened) == {1 << number: 1 << number for number in range(200)}
