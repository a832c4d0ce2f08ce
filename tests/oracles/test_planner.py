"""The plain time line against the rules of matching.md 1."""

import pytest

from tests.oracles.planner import END_OF_TIME, Planner, PlannerError, PlannerMulti


def test_a_new_line_has_one_point_and_everything_free() -> None:
    line = Planner(8)
    assert line.points(0) == [0]
    assert line.avail_resources_during(0, END_OF_TIME) == 8


def test_a_span_is_taken_from_start_to_end_and_gives_two_points() -> None:
    line = Planner(8)
    assert line.add_span(10, 5, 3) == 1
    assert line.points(0) == [0, 10, 15]
    assert [line.avail_resources_at(time) for time in (9, 10, 14, 15)] == [8, 5, 5, 8]
    assert line.avail_resources_during(0, 10) == 8
    assert line.avail_resources_during(0, 11) == 5


def test_a_span_of_nothing_is_legal_and_creates_points() -> None:
    line = Planner(1)
    line.add_span(10, 5, 0)
    assert line.points(1) == [10, 15]
    assert line.avail_resources_during(10, 5) == 1


@pytest.mark.parametrize(
    ("start", "duration", "amount", "errno"),
    [(0, 10, 9, "ERANGE"), (0, 0, 1, "EINVAL"), (-1, 5, 1, "EINVAL"), (5, 10, 6, "EINVAL")],
)
def test_a_span_that_does_not_fit_is_refused(
    start: int, duration: int, amount: int, errno: str
) -> None:
    line = Planner(8)
    line.add_span(10, 10, 3)
    with pytest.raises(PlannerError) as refusal:
        line.add_span(start, duration, amount)
    assert refusal.value.errno == errno
    assert line.points(0) == [0, 10, 20]


def test_a_point_disappears_when_no_span_starts_or_ends_there() -> None:
    line = Planner(8)
    first, second = line.add_span(0, 10, 3), line.add_span(10, 10, 3)
    line.rem_span(first)
    assert line.points(0) == [0, 10, 20]
    line.rem_span(second)
    assert line.points(0) == [0]
    assert line.avail_resources_at(0) == 8


def test_reduce_gives_back_a_part_or_all_but_never_more() -> None:
    line = Planner(8)
    span = line.add_span(0, 10, 5)
    line.reduce_span(span, 0)
    line.reduce_span(span, 2)
    assert line.avail_resources_at(5) == 5
    with pytest.raises(PlannerError):
        line.reduce_span(span, 4)
    line.reduce_span(span, 3)
    assert not line.has_spans()


def test_start_times_are_existing_points_only() -> None:
    line = Planner(8)
    line.add_span(0, 10, 8)
    line.add_span(20, 10, 5)
    assert list(line.avail_times(1, 10, 8)) == [10, 30]
    assert list(line.avail_times(1, 11, 8)) == [30]
    assert list(line.avail_times(11, 5, 3)) == [20, 30]
    assert list(line.avail_times(0, 1, 9)) == []


def test_beyond_the_window_nothing_is_free() -> None:
    assert Planner(8).avail_resources_during(END_OF_TIME - 1, 2) == -1


def test_a_new_total_shifts_what_remains_and_stops_at_zero() -> None:
    line = Planner(8)
    line.add_span(0, 10, 6)
    line.update_total(5)
    assert [line.avail_resources_at(time) for time in (0, 10)] == [0, 5]
    line.update_total(10)
    assert [line.avail_resources_at(time) for time in (0, 10)] == [5, 10]


def test_spans_of_several_types_share_their_points() -> None:
    lines = PlannerMulti({"node": 2, "core": 8})
    lines.add_span(0, 10, {"core": 8})
    assert lines.points(1) == [10]
    assert lines.avail_during(0, 5, {"node": 2})
    assert not lines.avail_during(0, 5, {"node": 2, "core": 1})
    assert list(lines.avail_times(1, 5, {"core": 8})) == [10]


def test_a_refused_span_leaves_no_trace_in_the_other_types() -> None:
    lines = PlannerMulti({"node": 2, "core": 8})
    with pytest.raises(PlannerError):
        lines.add_span(0, 10, {"node": 1, "core": 9})
    assert not lines.has_spans()
    assert lines.points(0) == [0]


def test_a_span_is_gone_when_all_its_types_are_back_at_zero() -> None:
    lines = PlannerMulti({"node": 2, "core": 8, "gpu": 2})
    span = lines.add_span(0, 10, {"node": 1, "core": 4})
    assert not lines.reduce_span(span, {"core": 4})
    assert lines.avail_during(0, 10, {"core": 8})
    assert dict(lines.planned(span)) == {"node": 1, "core": 0, "gpu": 0}
    assert lines.reduce_span(span, {"node": 1})
    assert lines.points(0) == [0]


def test_a_type_that_comes_later_shares_the_points_of_old_spans() -> None:
    lines = PlannerMulti({"core": 8})
    span = lines.add_span(0, 10, {"core": 4})
    lines.update_totals([("gpu", 2), ("core", 12)])
    assert lines.types == ["gpu", "core"]
    assert list(lines.avail_times(1, 5, {"gpu": 2, "core": 12})) == [10]
    lines.rem_span(span)
    assert lines.points(0) == [0]
