"""The public planner (matching.md 1), also against a list of seconds."""

from random import Random

import pytest

from fluxion_py import Planner
from fluxion_py.errors import PlannerError
from fluxion_py.planner import END_OF_TIME


def test_a_span_takes_units_on_a_half_open_interval() -> None:
    planner = Planner(10, "core")
    planner.add_span(5, 10, 4)
    assert [planner.avail_at(at) for at in (4, 5, 14, 15)] == [10, 6, 6, 10]
    assert planner.avail_during(0, 6) == 6
    assert planner.points() == [0, 5, 15]


def test_removing_and_reducing_a_span_gives_its_units_back() -> None:
    planner = Planner(10)
    first, second = planner.add_span(0, 10, 6), planner.add_span(5, 10, 4)
    assert (first, second) == (1, 2)
    planner.reduce_span(first, 2)
    assert planner.avail_during(0, 20) == 2
    planner.remove_span(first)
    planner.reduce_span(second, 4)
    assert planner.spans == {}
    assert planner.points() == [0]
    assert planner.avail_at(7) == 10


def test_start_times_are_proposed_in_order_and_only_at_points() -> None:
    planner = Planner(4)
    planner.add_span(0, 10, 3)
    planner.add_span(10, 10, 2)
    assert planner.avail_time_first(5, 2) == 10
    assert planner.avail_time_next() == 20
    assert planner.avail_time_next() is None
    assert planner.avail_time_first(5, 1, on_or_after=3) == 10
    assert planner.avail_time_first(5, 4, on_or_after=21) is None


def test_a_span_of_nothing_still_makes_points() -> None:
    planner = Planner(4)
    planner.add_span(3, 4, 0)
    assert planner.points() == [0, 3, 7]
    assert planner.avail_during(0, 10) == 4


def test_the_total_may_change_and_is_never_overdrawn_below_zero() -> None:
    planner = Planner(4)
    planner.add_span(0, 10, 3)
    planner.update_total(2)
    assert (planner.avail_at(0), planner.avail_at(10)) == (0, 2)
    planner.update_total(5)
    assert (planner.avail_at(0), planner.avail_at(10), planner.total) == (2, 5, 5)


@pytest.mark.parametrize(
    ("start", "duration", "units"),
    [(-1, 5, 1), (0, 0, 1), (0, -3, 1), (0, 5, -1), (0, 5, 5), (2, 5, 3), (END_OF_TIME, 1, 1)],
)
def test_a_wrong_or_too_large_span_is_refused_and_changes_nothing(
    start: int, duration: int, units: int
) -> None:
    planner = Planner(4)
    planner.add_span(0, 3, 2)
    before = (planner.spans, planner.points())
    with pytest.raises(PlannerError):
        planner.add_span(start, duration, units)
    assert (planner.spans, planner.points()) == before


def test_unknown_spans_and_impossible_requests_are_errors() -> None:
    planner = Planner(4)
    span = planner.add_span(0, 3, 2)
    with pytest.raises(PlannerError, match="no span 9"):
        planner.remove_span(9)
    with pytest.raises(PlannerError, match="holds 2 units"):
        planner.reduce_span(span, 3)
    with pytest.raises(PlannerError, match="there are 4"):
        planner.avail_time_first(1, 5)
    with pytest.raises(PlannerError):
        Planner(-1)


@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_with_counting_every_second(seed: int) -> None:
    """A list with one number per second is the whole theory."""
    rng = Random(seed)
    total, horizon = rng.randint(1, 8), 40
    planner, seconds = Planner(total), [total] * horizon
    live: dict[int, tuple[int, int, int]] = {}
    for _ in range(60):
        start, duration = rng.randint(0, 30), rng.randint(1, 10)
        free = min(seconds[start : start + duration])
        assert planner.avail_during(start, duration) == free
        if free and rng.random() < 0.6:
            units = rng.randint(1, free)
            live[planner.add_span(start, duration, units)] = (start, duration, units)
            seconds[start : start + duration] = [
                left - units for left in seconds[start : start + duration]
            ]
        elif live:
            span = rng.choice(list(live))
            start, duration, units = live.pop(span)
            planner.remove_span(span)
            seconds[start : start + duration] = [
                left + units for left in seconds[start : start + duration]
            ]
        points = sorted(
            {0, *(s for s, _, _ in live.values()), *(s + d for s, d, _ in live.values())}
        )
        assert planner.points() == points
        wanted = rng.randint(1, total)
        fitting = [p for p in points if min([*seconds[p : p + 5], total]) >= wanted]
        found = planner.avail_time_first(5, wanted)
        assert found == (fitting[0] if fitting else None)
        if fitting:
            assert planner.avail_time_next() == (fitting[1] if len(fitting) > 1 else None)
