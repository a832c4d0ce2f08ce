"""What does not fit for now, so that it need not be asked again."""

from bisect import bisect_left, bisect_right


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
