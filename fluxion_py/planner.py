"""A plan of one amount over time: what is free when, and when is so much free (matching.md 1)."""

from bisect import bisect_left, bisect_right

from fluxion_py._core.timeline import TimeLine
from fluxion_py.errors import PlannerError

END_OF_TIME = 2**63 - 1
"""The end (exclusive) of every plan, seconds; the start is 0."""


class Planner:
    """The free units of one pool over time, from 0 to `END_OF_TIME` seconds.

    A *span* takes units on a half-open interval [start, start + duration). Times where a span
    starts or ends, and 0, are the *points* of the plan: use changes only there, and only they are
    proposed as start times. `units` is what is counted, for people. Belongs to one thread.
    """

    def __init__(self, total: int, units: str = "") -> None:
        self.units = units
        self._total = _amount(total)
        self._line = TimeLine(1)
        self._spans: dict[int, tuple[int, int, int]] = {}
        self._next_span = 1
        self._search: tuple[int, int, int] | None = None

    @property
    def total(self) -> int:
        """All units, free or not."""
        return self._total

    @property
    def spans(self) -> dict[int, tuple[int, int, int]]:
        """A copy of the spans: id to (start, duration, units)."""
        return {
            key: (start, end - start, units) for key, (start, end, units) in self._spans.items()
        }

    def points(self) -> list[int]:
        """Return the times that may be proposed as a start, ascending: 0 and all span ends."""
        points = self._line.points()
        return points if points and points[0] == 0 else [0, *points]

    def add_span(self, start: int, duration: int, units: int) -> int:
        """Take units on [start, start + duration) and return the id of the span (1, 2, ...).

        0 units are allowed and still make points. Raises `PlannerError` if that much is not free
        all the time. O(points inside the span).
        """
        end = _end(start, duration)
        free = self.avail_during(start, duration)
        if _amount(units) > free:
            raise PlannerError(f"{units} units wanted on [{start}, {end}), {free} are free")
        self._line.add_span(start, end, [units])
        span = self._next_span
        self._next_span += 1
        self._spans[span] = (start, end, units)
        return span

    def remove_span(self, span: int) -> None:
        """Give a span back. Raises `PlannerError` for an unknown id."""
        start, end, units = self._span(span)
        self._line.remove_span(start, end, [units])
        del self._spans[span]

    def reduce_span(self, span: int, units: int) -> None:
        """Give some units of a span back; all of them removes it, more is refused."""
        start, end, held = self._span(span)
        if _amount(units) > held:
            raise PlannerError(f"span {span} holds {held} units, {units} cannot be given back")
        if units == held:
            self.remove_span(span)
            return
        self._line.change_span(start, end, [-units])
        self._spans[span] = (start, end, held - units)

    def update_total(self, total: int) -> None:
        """Change the number of units; where more is planned than there now is, 0 are free."""
        self._total = _amount(total)

    def avail_at(self, at: int) -> int:
        """Return the units that are free at an instant."""
        return self.avail_during(at, 1)

    def avail_during(self, start: int, duration: int) -> int:
        """Return the units that are free all through [start, start + duration)."""
        return max(0, self._total - self._line.peak_during(0, start, _end(start, duration)))

    def avail_time_first(self, duration: int, units: int, on_or_after: int = 0) -> int | None:
        """Return the first point from `on_or_after` on with so much free for so long.

        None if there is none. `on_or_after` itself is proposed only if it is a point. Raises
        `PlannerError` if `units` is more than there are. `avail_time_next` goes on from here.
        """
        _end(on_or_after, duration)
        if _amount(units) > self._total:
            raise PlannerError(f"{units} units wanted, there are {self._total}")
        points = self.points()
        return self._earliest(points[bisect_left(points, on_or_after) :], duration, units)

    def avail_time_next(self) -> int | None:
        """Return the next such point after the last one found; None if there is none."""
        if self._search is None:
            return None
        last, duration, units = self._search
        points = self.points()
        return self._earliest(points[bisect_right(points, last) :], duration, units)

    def _earliest(self, points: list[int], duration: int, units: int) -> int | None:
        self._search = None
        for point in points:
            if point > END_OF_TIME - duration:
                break
            if self.avail_during(point, duration) >= units:
                self._search = (point, duration, units)
                return point
        return None

    def _span(self, span: int) -> tuple[int, int, int]:
        if span not in self._spans:
            raise PlannerError(f"no span {span}")
        return self._spans[span]

    def __repr__(self) -> str:
        """Return the total and the number of spans."""
        return f"<Planner {self._total} {self.units or 'units'}, {len(self._spans)} spans>"


def _amount(units: int) -> int:
    if not 0 <= units <= END_OF_TIME:
        raise PlannerError(f"{units} units: must be from 0 to {END_OF_TIME}")
    return units


def _end(start: int, duration: int) -> int:
    if start < 0 or duration < 1 or start > END_OF_TIME - duration:
        raise PlannerError(
            f"[{start}, {start} + {duration}) is no window: start from 0, at least 1 second"
        )
    return start + duration
