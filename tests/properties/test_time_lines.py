"""Every time line of the project against the second-by-second one."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxion_py._core.timeline import TimeLine
from tests.oracles.planner import Planner
from tests.oracles.second_by_second import SecondBySecond

TOTAL = 8
LAST = 60  # no span starts after it; none is longer than 20

Change = tuple[str, int, int, int]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "remove", "reduce"]),
        st.integers(0, LAST),
        st.integers(1, 20),
        st.integers(0, TOTAL),
    ),
    max_size=25,
)


def tried(change: Callable[[], object]) -> bool:
    """Make a change; say whether it was accepted."""
    try:
        change()
    except ValueError:
        return False
    return True


def apply(line: Planner | SecondBySecond, held: list[int], change: Change) -> bool:
    """Apply one change; `held` are the ids of the spans. Say whether it was accepted."""
    kind, start, duration, amount = change
    if kind == "add":
        return tried(lambda: held.append(line.add_span(start, duration, amount)))
    if not held:
        return False
    span = held[start % len(held)]
    if kind == "remove":
        held.remove(span)
        line.rem_span(span)
        return True
    return tried(lambda: line.reduce_span(span, amount))


@given(CHANGES, st.integers(0, LAST), st.integers(1, 20), st.integers(0, TOTAL))
def test_the_planner_equals_the_second_by_second_line(
    changes: list[Change], start: int, duration: int, amount: int
) -> None:
    fast, slow = Planner(TOTAL), SecondBySecond(TOTAL, 100)
    ids: tuple[list[int], list[int]] = ([], [])
    for change in changes:
        assert apply(fast, ids[0], change) == apply(slow, ids[1], change)
        for held in ids:
            held[:] = [span for span in held if span in slow.spans]
        assert ids[0] == ids[1]
    assert fast.points(0) == slow.points()
    assert fast.avail_resources_at(start) == slow.avail_resources_at(start)
    free = slow.avail_resources_during(start, duration)
    assert fast.avail_resources_during(start, duration) == free
    assert fast.avail_during(start, duration, amount) == slow.avail_during(start, duration, amount)
    times = slow.avail_times(start, duration, amount)
    assert list(fast.avail_times(start, duration, amount)) == times


@given(CHANGES, st.integers(0, LAST), st.integers(1, 20), st.integers(0, TOTAL))
def test_the_first_point_that_fits_is_the_first_second_that_fits(
    changes: list[Change], start: int, duration: int, amount: int
) -> None:
    """Looking at points only loses nothing, if the asked second is a point too."""
    slow = SecondBySecond(TOTAL, 100)
    held: list[int] = []
    for change in changes:
        apply(slow, held, change)
        held[:] = [span for span in held if span in slow.spans]
    slow.add_span(start, 1, 0)
    assert slow.avail_times(start, duration, amount)[0] == slow.earliest(start, duration, amount)


@given(CHANGES)
def test_giving_all_spans_back_leaves_a_new_line(changes: list[Change]) -> None:
    line = Planner(TOTAL)
    held: list[int] = []
    for change in changes:
        if change[0] == "add":
            apply(line, held, change)
    for span in held:
        line.rem_span(span)
    assert line.points(0) == [0]
    assert not line.has_spans()
    assert line.avail_resources_during(0, LAST + 20) == TOTAL


@pytest.mark.parametrize("width", [1, 2, 5])
@given(data=st.data())
def test_the_compiled_line_equals_one_slow_line_per_type(width: int, data: st.DataObject) -> None:
    """The core's time line counts use, of several types at once; it refuses nothing."""
    line = TimeLine(width)
    slow = [SecondBySecond(10**6, 100) for _ in range(width)]
    spans: list[tuple[int, int, list[int]]] = []
    for kind, start, duration, amount in data.draw(CHANGES):
        if kind == "add":
            amounts = [amount + n for n in range(width)]
            line.add_span(start, start + duration, amounts)
            spans.append((start, duration, amounts))
        elif spans:
            start, duration, amounts = spans.pop(start % len(spans))
            line.remove_span(start, start + duration, amounts)
    for n, planner in enumerate(slow):
        for start, duration, amounts in spans:
            planner.add_span(start, duration, amounts[n])
    assert line.points() == slow[0].points()[0 if _starts_at_zero(spans) else 1 :]
    for start in range(0, LAST + 21, 7):
        for n, planner in enumerate(slow):
            used = max(planner.used[time] for time in range(start, start + 9))
            assert line.peak_during(n, start, start + 9) == used


def _starts_at_zero(spans: list[tuple[int, int, list[int]]]) -> bool:
    return any(start == 0 for start, _, _ in spans)
