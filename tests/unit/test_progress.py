"""A progress bar is there after a second, and gone before a command writes."""

import io

import pytest
from bulkhead.cli.console import Console
from bulkhead.cli.progress import ERASE, ProgressBar


class Clock:
    """A clock that shows what it is set to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bar(clock: Clock) -> ProgressBar:
    return ProgressBar(io.StringIO(), lambda: "kustomizations are read", clock)


def shown(bar: ProgressBar) -> str:
    assert isinstance(bar.stream, io.StringIO)
    return bar.stream.getvalue()


def test_nothing_is_shown_during_the_first_second(bar: ProgressBar, clock: Clock) -> None:
    bar(3, 14)
    bar.draw()
    clock.now += 0.99
    bar.draw()
    bar.end()
    assert shown(bar) == ""


def test_overlays_are_counted_while_they_are_built(bar: ProgressBar, clock: Clock) -> None:
    clock.now += 1
    for done in (0, 7, 13):
        bar(done, 14)
        bar.draw()
    assert shown(bar).split(ERASE)[1:] == [
        f"[{' ' * 30}] 0/14 overlays",
        f"[{'#' * 15}{' ' * 15}] 7/14 overlays",
        f"[{'#' * 27}   ] 13/14 overlays",
    ]


@pytest.mark.parametrize("count", [(0, 0), (14, 14)])
def test_the_step_is_shown_before_and_after_that(bar: ProgressBar, clock: Clock, count: tuple[int, int]) -> None:
    bar(*count)
    clock.now += 12.4
    bar.draw()
    assert shown(bar) == f"{ERASE}kustomizations are read, 12 s"


@pytest.mark.parametrize("method", [Console.write, Console.write_exact, Console.note, Console.status_line])
def test_it_is_gone_before_anything_is_written(bar: ProgressBar, clock: Clock, method: object) -> None:
    terminal = bar.stream
    console = Console(io.StringIO(), terminal, terminal, progress=bar, end_progress=bar.end)
    clock.now += 2
    bar.draw()
    assert callable(method)
    method(console, "the result")
    bar.draw()
    assert shown(bar).startswith(f"{ERASE}kustomizations are read, 2 s{ERASE}")
    assert shown(bar).endswith(("the result", "bulkhead: the result\n"))


def test_a_terminal_that_is_gone_is_no_error(bar: ProgressBar, clock: Clock) -> None:
    clock.now += 2
    bar.stream.close()
    bar.draw()
    bar.end()
