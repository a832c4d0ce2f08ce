"""The time line of an integer quantity, as a plain sorted list (matching.md 1)."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

END_OF_TIME = 2**63 - 1


class PlannerError(ValueError):
    """A refused change of a time line; `errno` is the reference's name of the refusal."""

    def __init__(self, errno: str) -> None:
        super().__init__(errno)
        self.errno = errno


@dataclass(slots=True)
class Span:
    """`amount` units are taken on [start, end)."""

    start: int
    end: int
    amount: int


class Planner:
    """One time line: `total` units over [0, 2^63-1], minus the spans (matching.md 1).

    `_times` are the existing points in ascending order; `_free[t]` is what remains from t on
    until the next point; `_uses[t]` counts the spans that start or end at t.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._times = [0]
        self._free = {0: total}
        self._uses = {0: 0}
        self._spans: dict[int, Span] = {}
        self._next_id = 1

    # spans

    def add_span(self, start: int, duration: int, amount: int) -> int:
        """Take `amount` units on [start, start+duration) and return the span's id (1, 2, ...)."""
        if amount > self.total:
            raise PlannerError("ERANGE")
        if duration < 1 or start < 0 or amount < 0 or start + duration > END_OF_TIME:
            raise PlannerError("EINVAL")
        if not self.avail_during(start, duration, amount):
            raise PlannerError("EINVAL")
        span = Span(start, start + duration, amount)
        for time in (span.start, span.end):
            self._use_point(time)
        self._shift(span.start, span.end, -amount)
        self._spans[self._next_id] = span
        self._next_id += 1
        return self._next_id - 1

    def rem_span(self, span_id: int) -> None:
        """Give a span back; its points disappear unless another span starts or ends there."""
        span = self._spans.pop(span_id)
        self._shift(span.start, span.end, span.amount)
        for time in (span.start, span.end):
            self._release_point(time)

    def reduce_span(self, span_id: int, amount: int) -> None:
        """Give back `amount` units of a span: all (removes it), none, or a part."""
        span = self._spans[span_id]
        if amount < 0 or amount > span.amount:
            raise PlannerError("EINVAL")
        if amount == 0:
            return
        if amount == span.amount:
            self.rem_span(span_id)
            return
        self._shift(span.start, span.end, amount)
        span.amount -= amount

    def span(self, span_id: int) -> Span:
        """Return the span of an id."""
        return self._spans[span_id]

    def has_spans(self) -> bool:
        """Tell whether any span is there."""
        return bool(self._spans)

    def span_count(self) -> int:
        """Return the number of spans."""
        return len(self._spans)

    # questions

    def avail_resources_at(self, time: int) -> int:
        """Return what remains at `time`."""
        return self._free[self._times[bisect_right(self._times, time) - 1]]

    def avail_resources_during(self, start: int, duration: int) -> int:
        """Return the minimum remaining on [start, start+duration); -1 beyond the window."""
        if start < 0 or start + duration > END_OF_TIME:
            return -1
        first = bisect_right(self._times, start) - 1
        behind = bisect_left(self._times, start + duration)
        return min(self._free[time] for time in self._times[first : max(behind, first + 1)])

    def avail_during(self, start: int, duration: int, amount: int) -> bool:
        """Tell whether `amount` units are free on the whole of [start, start+duration)."""
        return amount <= self.total and self.avail_resources_during(start, duration) >= amount

    def points(self, on_or_after: int) -> list[int]:
        """Return the existing points from `on_or_after` on, ascending."""
        return self._times[bisect_left(self._times, on_or_after) :]

    def avail_times(self, on_or_after: int, duration: int, amount: int) -> Iterator[int]:
        """Yield the existing points where `amount` fits (avail_time_first and _next)."""
        for time in self.points(on_or_after):
            if self.avail_during(time, duration, amount):
                yield time

    # size

    def update_total(self, total: int, clip: bool = True) -> None:
        """Shift every remaining by the change of the total, clipped at 0."""
        delta = total - self.total
        self.total = total
        for time in self._times:
            self._free[time] += delta
            if clip:
                self._free[time] = max(0, self._free[time])

    # points

    def _use_point(self, time: int) -> None:
        if time not in self._free:
            self._free[time] = self.avail_resources_at(time)
            self._uses[time] = 0
            insort(self._times, time)
        self._uses[time] += 1

    def _release_point(self, time: int) -> None:
        self._uses[time] -= 1
        if self._uses[time] == 0 and time != 0:
            self._times.remove(time)
            del self._free[time], self._uses[time]

    def _shift(self, start: int, end: int, delta: int) -> None:
        first, behind = bisect_left(self._times, start), bisect_left(self._times, end)
        for time in self._times[first:behind]:
            self._free[time] += delta


class PlannerMulti:
    """An ordered list of time lines, one for each type (matching.md 1).

    Every span exists in all of them (with 0 where nothing is taken), so all share their points.
    """

    def __init__(self, totals: Mapping[str, int]) -> None:
        self.planners = {name: Planner(total) for name, total in totals.items()}
        self._spans: dict[int, dict[str, int]] = {}
        self._amounts: dict[int, dict[str, int]] = {}
        self._windows: dict[int, tuple[int, int]] = {}
        self._next_id = 1

    @property
    def types(self) -> list[str]:
        """The types in the order of the filter (matching.md 3)."""
        return list(self.planners)

    def add_span(self, start: int, duration: int, amounts: Mapping[str, int]) -> int:
        """Take the amounts of all types (0 where not named); all or nothing."""
        wanted = {name: amounts.get(name, 0) for name in self.planners}
        done: dict[str, int] = {}
        try:
            for name, planner in self.planners.items():
                done[name] = planner.add_span(start, duration, wanted[name])
        except PlannerError:
            for name, span_id in done.items():
                self.planners[name].rem_span(span_id)
            raise
        self._spans[self._next_id] = done
        self._amounts[self._next_id] = wanted
        self._windows[self._next_id] = (start, duration)
        self._next_id += 1
        return self._next_id - 1

    def rem_span(self, span_id: int) -> None:
        """Give a span back in all types."""
        for name, single in self._spans.pop(span_id).items():
            self.planners[name].rem_span(single)
        del self._amounts[span_id], self._windows[span_id]

    def reduce_span(self, span_id: int, amounts: Mapping[str, int]) -> bool:
        """Give back a part; return True if all types are at 0 now, and the span is gone.

        Types at 0 are dropped from the span, also those that were at 0 before (matching.md 10).
        More than planned counts as everything.
        """
        planned = self._amounts[span_id]
        singles = self._spans[span_id]
        for name in list(singles):
            given = min(planned[name], amounts.get(name, 0))
            planned[name] -= given
            if planned[name] == 0:
                self.planners[name].rem_span(singles.pop(name))
            else:
                self.planners[name].reduce_span(singles[name], given)
        if singles:
            return False
        self.rem_span(span_id)
        return True

    def planned(self, span_id: int) -> Mapping[str, int]:
        """Return the amounts of a span, by type."""
        return self._amounts[span_id]

    def has_spans(self) -> bool:
        """Tell whether any span is there."""
        return bool(self._spans)

    def avail_during(self, start: int, duration: int, amounts: Mapping[str, int]) -> bool:
        """Tell whether all types have their amount on the whole window."""
        return all(
            planner.avail_during(start, duration, amounts.get(name, 0))
            for name, planner in self.planners.items()
        )

    def avail_times(
        self, on_or_after: int, duration: int, amounts: Mapping[str, int]
    ) -> Iterator[int]:
        """Yield the points of the planner at index 0 where all types fit."""
        if not self.planners:
            return
        for time in self._first().points(on_or_after):
            if self.avail_during(time, duration, amounts):
                yield time

    def points(self, on_or_after: int) -> list[int]:
        """Return the points of the planner at index 0."""
        return self._first().points(on_or_after) if self.planners else []

    def update_totals(self, totals: Sequence[tuple[str, int]], clip: bool = True) -> None:
        """Set new totals in this order: types come, go or change (resource-graph.md 7).

        Spans that exist take 0 of a type that comes, so that all types share the points.
        """
        old = self.planners
        self.planners = {}
        for name, total in totals:
            if name in old:
                self.planners[name] = old[name]
                old[name].update_total(total, clip)
                continue
            self.planners[name] = Planner(total)
            for span_id, (start, duration) in self._windows.items():
                self._spans[span_id][name] = self.planners[name].add_span(start, duration, 0)
                self._amounts[span_id][name] = 0
        for span_id, spans in self._spans.items():
            self._spans[span_id] = {name: spans[name] for name in spans if name in self.planners}
            amounts = self._amounts[span_id]
            self._amounts[span_id] = {name: amounts[name] for name in self.planners}

    def _first(self) -> Planner:
        return next(iter(self.planners.values()))
