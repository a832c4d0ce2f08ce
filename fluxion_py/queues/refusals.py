"""What does not fit for now, so that it need not be asked again."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxion_py.queues.bookings import Growth
    from fluxion_py.queues.request import Request


class Refusals:
    """What was refused since something was last released, of requests that differ in size alone.

    Size is the number of units on the first level. More of the same, or the same for longer, does
    not fit where less did not: so the refused (size, duration) that no other one implies are kept,
    sizes ascending and durations descending.
    """

    __slots__ = ("_durations", "_releases", "_sizes")

    def __init__(self) -> None:
        self._releases = -1
        self._sizes: list[int] = []
        self._durations: list[int] = []

    def add(self, size: int, duration: int, releases: int) -> None:
        """Note a refusal; those of another count of releases are forgotten."""
        if self._releases != releases:
            self._releases = releases
            self._sizes.clear()
            self._durations.clear()
        if self.imply(size, duration, releases):
            return
        sizes, durations = self._sizes, self._durations
        at = behind = bisect_left(sizes, size)
        while behind < len(sizes) and durations[behind] >= duration:
            behind += 1
        sizes[at:behind] = [size]
        durations[at:behind] = [duration]

    def imply(self, size: int, duration: int, releases: int) -> bool:
        """Say whether a request cannot fit, by what was refused. O(log refusals)."""
        if self._releases != releases:
            return False
        at = bisect_right(self._sizes, size) - 1
        return at >= 0 and self._durations[at] <= duration

    def carry(self, size: int, releases: int) -> None:
        """Keep what still holds after so many units are given back, as the next release.

        Where n fitted not, n + `size` does not now.
        """
        if self._releases == releases:
            self._releases = releases + 1
            self._sizes = [refused + size for refused in self._sizes]

    def take(self, size: int, duration: int, releases: int) -> None:
        """Sharpen what is known after so many units were given for a time from now on.

        Where n fitted not for at most that long, n - `size` does not now.
        """
        sizes, durations = self._sizes, self._durations
        if self._releases != releases or not sizes or durations[-1] > duration:
            return
        first = next(at for at, refused in enumerate(durations) if refused <= duration)
        kept = bisect_left(sizes, sizes[first] - size, 0, first)
        self._sizes = sizes[:kept] + [refused - size for refused in sizes[first:]]
        self._durations = durations[:kept] + durations[first:]


class Unimproved:
    """Which reservations were tried in vain since the last growth: larger ones need not be tried.

    Let growth end at u, and a reservation of n units for d seconds from a time not before u on have
    found no earlier start. Then there is none before u for more, or for longer; but for one that
    would leave its own place for it, and so overlaps it: not if it begins at u + its duration or
    later. And whatever begins at u or later is as it was.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew, with a growth that is empty."""
        self._known = 0
        self._until: float = 0
        self._failed: dict[Refusals, Refusals] = {}

    def follow(self, growth: Sequence["Growth"]) -> None:
        """Take in what has grown; what was tried before says nothing any more."""
        if self._known != len(growth):
            self._until = max(self._until, *(entry.until for entry in growth[self._known :]))
            self._known = len(growth)
            self._failed.clear()

    def imply(self, request: "Request", at: int) -> bool:
        """Say whether a reservation cannot begin earlier than it does."""
        form, duration = request.form, request.duration
        failed = self._failed.get(form.refusals)
        if failed is None or not form.size or self._until + duration > at:
            return False
        return failed.imply(form.size, duration, 0)

    def add(self, request: "Request", at: int) -> None:
        """Note that one was tried in vain."""
        form = request.form
        if form.size and at >= self._until:
            self._failed.setdefault(form.refusals, Refusals()).add(form.size, request.duration, 0)
