"""When the nodes of a finished job come back: one by one, or together after a while."""

from collections.abc import Iterable


class HousekeepingRound:
    """The nodes of one job that are being cleaned (mission row F-04).

    The first node that is done starts a timer of `release_after` seconds. When it ends, all that
    are done by then come back together, later ones each on its own; if all are done before, they
    come back at once. With 0 every node comes back as it is done.
    """

    def __init__(self, ranks: Iterable[int], release_after: float = 0) -> None:
        self.waiting = set(ranks)
        self._done: set[int] = set()
        self._after = release_after
        self._due: float | None = None

    def done(self, rank: int, now: float) -> list[int]:
        """Note that a node is clean; return the ranks that come back now."""
        if rank not in self.waiting:
            return self.due(now)
        self.waiting.remove(rank)
        self._done.add(rank)
        if self._due is None:
            self._due = now + self._after
        if not self.waiting:
            self._due = now
        return self.due(now)

    def due(self, now: float) -> list[int]:
        """Return the ranks that come back now because the timer has ended."""
        if self._due is None or now < self._due:
            return []
        released, self._done = sorted(self._done), set()
        return released

    def next_time(self) -> float | None:
        """Return when the timer ends; None if nothing waits for it."""
        return self._due if self._done else None
