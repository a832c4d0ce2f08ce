"""The slowest time line there is: a dictionary from each second to the units in use.

What a span does is written down second by second, so there is nothing to get wrong. For time
lines up to some thousand seconds. The rules are those of matching.md 1.
"""

from collections import Counter


class SecondBySecond:
    """`total` units on [0, horizon); spans are numbered 1, 2, ...

    Refusals raise `ValueError`.
    """

    def __init__(self, total: int, horizon: int = 1000) -> None:
        self.total = total
        self.horizon = horizon
        self.used = dict.fromkeys(range(horizon), 0)
        self.spans: dict[int, tuple[int, int, int]] = {}
        self._next = 1

    def add_span(self, start: int, duration: int, amount: int) -> int:
        """Take `amount` units on [start, start+duration)."""
        if start < 0 or duration < 1 or not 0 <= amount <= self.total:
            raise ValueError("no such span")
        if self.avail_resources_during(start, duration) < amount:
            raise ValueError("not free")
        self._change(start, duration, amount)
        self.spans[self._next] = (start, duration, amount)
        self._next += 1
        return self._next - 1

    def rem_span(self, span: int) -> None:
        """Give a span back."""
        start, duration, amount = self.spans.pop(span)
        self._change(start, duration, -amount)

    def reduce_span(self, span: int, amount: int) -> None:
        """Give a part of a span back; a span of nothing is gone, unless nothing was given back."""
        start, duration, held = self.spans[span]
        if not 0 <= amount <= held:
            raise ValueError("more than was taken")
        self._change(start, duration, -amount)
        self.spans[span] = (start, duration, held - amount)
        if amount and amount == held:
            del self.spans[span]

    def avail_resources_at(self, time: int) -> int:
        """Return the units free at a second."""
        return self.total - self.used[time]

    def avail_resources_during(self, start: int, duration: int) -> int:
        """Return the units free in all seconds of [start, start+duration)."""
        return min(self.total - self.used[time] for time in range(start, start + duration))

    def avail_during(self, start: int, duration: int, amount: int) -> bool:
        """Say whether `amount` units are free in all seconds of [start, start+duration)."""
        return amount <= self.avail_resources_during(start, duration)

    def points(self) -> list[int]:
        """Return 0 and every second at which a span starts or ends, ascending."""
        ends = Counter({0: 1})
        for start, duration, _ in self.spans.values():
            ends.update((start, start + duration))
        return sorted(ends)

    def avail_times(self, on_or_after: int, duration: int, amount: int) -> list[int]:
        """Return the points from `on_or_after` on at which `amount` units are free so long."""
        return [
            time
            for time in self.points()
            if time >= on_or_after and self.avail_during(time, duration, amount)
        ]

    def earliest(self, on_or_after: int, duration: int, amount: int) -> int | None:
        """Return the first second, point or not, from which `amount` units are free so long."""
        for time in range(on_or_after, self.horizon - duration + 1):
            if self.avail_during(time, duration, amount):
                return time
        return None

    def _change(self, start: int, duration: int, amount: int) -> None:
        for time in range(start, start + duration):
            self.used[time] += amount
