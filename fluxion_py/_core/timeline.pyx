# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Time lines: how much of each type is used when.

Flows in: spans (start, end, amounts), seconds and units. Flows out: the peak use in a window and
the points where use changes. Adding and removing a span is O(points inside it), a look-up
O(log points + points in the window). Half-open intervals throughout. One thread.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t
from libcpp.algorithm cimport upper_bound
from libcpp.vector cimport vector

cdef int64_t MOST = 1 << 61     # units in use, at most: the sum of two can be counted


@cython.final
cdef class TimeLine:
    """Used amounts of `width` types over time."""

    def __init__(self, int32_t width):
        if width < 0:
            raise ValueError(f"{width} types")
        self.width = width

    cdef bint is_point(self, int64_t time) noexcept:
        cdef size_t index = self.after(time)
        return index > 0 and self.times[index - 1] == time

    cdef size_t after(self, int64_t time) noexcept:
        """Return the index of the first point later than `time`."""
        return upper_bound(self.times.begin(), self.times.end(), time) - self.times.begin()

    cdef size_t hold_point(self, int64_t time):
        """Make sure there is a point at `time`, count one more user, return its index."""
        cdef size_t index = self.after(time)
        cdef int32_t kind
        if index > 0 and self.times[index - 1] == time:
            self.refs[index - 1] += 1
            return index - 1
        self.times.insert(self.times.begin() + index, time)
        self.refs.insert(self.refs.begin() + index, 1)
        self.used.insert(self.used.begin() + index * self.width, <size_t> self.width, <int64_t> 0)
        if index > 0:
            for kind in range(self.width):
                self.used[index * self.width + kind] = self.used[(index - 1) * self.width + kind]
        return index

    cdef void drop_point(self, int64_t time) noexcept:
        cdef size_t index = self.after(time) - 1
        self.refs[index] -= 1
        if self.refs[index] == 0:
            self.times.erase(self.times.begin() + index)
            self.refs.erase(self.refs.begin() + index)
            self.used.erase(
                self.used.begin() + index * self.width, self.used.begin() + (index + 1) * self.width
            )

    cdef void change(self, int64_t start, int64_t end, const int64_t* amounts, int sign) noexcept:
        """Add sign * amounts on [start, end); both are points."""
        cdef size_t index = self.after(start) - 1
        cdef int32_t kind
        while index < self.times.size() and self.times[index] < end:
            for kind in range(self.width):
                self.used[index * self.width + kind] += sign * amounts[kind]
            index += 1

    cdef void add(self, int64_t start, int64_t end, const int64_t* amounts):
        self.hold_point(start)
        self.hold_point(end)
        self.change(start, end, amounts, 1)

    cdef void remove(self, int64_t start, int64_t end, const int64_t* amounts) noexcept:
        self.change(start, end, amounts, -1)
        self.drop_point(start)
        self.drop_point(end)

    cdef int64_t peak(self, int32_t kind, int64_t start, int64_t end) noexcept:
        """Return the highest use of a type on [start, end)."""
        cdef size_t index = self.after(start)
        cdef int64_t most = 0
        if index > 0:
            most = self.used[(index - 1) * self.width + kind]
        while index < self.times.size() and self.times[index] < end:
            most = max(most, self.used[index * self.width + kind])
            index += 1
        return most

    cdef int64_t at(self, int32_t kind, int64_t time) noexcept:
        """Return the use of a type at an instant."""
        cdef size_t index = self.after(time)
        return self.used[(index - 1) * self.width + kind] if index > 0 else 0

    cdef void clip(self, int32_t kind, int64_t most) noexcept:
        """Cut the use of a type down to `most` everywhere."""
        cdef size_t index
        for index in range(self.times.size()):
            self.used[index * self.width + kind] = min(most, self.used[index * self.width + kind])

    cdef int64_t next_point(self, int64_t time) noexcept:
        """Return the first point later than `time`, -1 if there is none."""
        cdef size_t index = self.after(time)
        return self.times[index] if index < self.times.size() else -1

    # ---- the same for Python: the public Planner and tests ----

    def add_span(self, int64_t start, int64_t end, amounts):
        """Use `amounts` (one per type) on [start, end)."""
        cdef vector[int64_t] values = self.checked(start, end, amounts)
        self.check_room(start, end, values, 1)
        self.add(start, end, values.data())

    def remove_span(self, int64_t start, int64_t end, amounts):
        """Give back what `add_span` took with the same arguments."""
        cdef vector[int64_t] values = self.checked(start, end, amounts)
        self.check_points(start, end)
        self.check_room(start, end, values, -1)
        self.remove(start, end, values.data())

    def change_span(self, int64_t start, int64_t end, amounts):
        """Use that much more (or less) on an interval whose two ends are points."""
        cdef vector[int64_t] values = self.checked(start, end, amounts)
        self.check_points(start, end)
        self.check_room(start, end, values, 1)
        self.change(start, end, values.data(), 1)

    cdef vector[int64_t] checked(self, int64_t start, int64_t end, amounts) except *:
        if end <= start:
            raise ValueError(f"span [{start}, {end}) is empty")
        if len(amounts) != self.width:
            raise ValueError(f"{len(amounts)} amounts for {self.width} types")
        cdef vector[int64_t] values = amounts
        if values.size() != <size_t> self.width:
            raise ValueError(f"{values.size()} amounts for {self.width} types")
        return values

    cdef int check_points(self, int64_t start, int64_t end) except -1:
        if not (self.is_point(start) and self.is_point(end)):
            raise ValueError(f"no span starts or ends at both ends of [{start}, {end})")
        return 0

    cdef int check_room(
        self, int64_t start, int64_t end, const vector[int64_t]& amounts, int sign
    ) except -1:
        """Refuse a change that would take the use anywhere below 0 or beyond what is counted."""
        cdef size_t index = self.after(start)
        cdef int32_t kind
        cdef int64_t used
        for kind in range(self.width):
            used = 0 if index == 0 else self.used[(index - 1) * self.width + kind]
            if not -MOST <= amounts[kind] <= MOST or not 0 <= used + sign * amounts[kind] <= MOST:
                raise ValueError(f"{used} units in use cannot change by {amounts[kind]}")
        while index < self.times.size() and self.times[index] < end:
            for kind in range(self.width):
                used = self.used[index * self.width + kind]
                if not 0 <= used + sign * amounts[kind] <= MOST:
                    raise ValueError(f"{used} units in use cannot change by {amounts[kind]}")
            index += 1
        return 0

    def peak_during(self, int32_t kind, int64_t start, int64_t end):
        """Return the highest use of type number `kind` on [start, end)."""
        if not 0 <= kind < self.width:
            raise IndexError(f"no type {kind}")
        return self.peak(kind, start, end)

    def points(self):
        """Return the times where a span starts or ends, ascending."""
        return list(self.times)

    def table(self):
        """Return [(time, (used, ...))] for every point."""
        cdef size_t index
        return [
            (
                self.times[index],
                tuple([self.used[index * self.width + kind] for kind in range(self.width)]),
            )
            for index in range(self.times.size())
        ]
