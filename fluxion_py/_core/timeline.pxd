"""Used amounts of several types over time, as one table of points.

Point i holds from times[i] to times[i + 1] (the last one for ever); row i of `used` are its K
amounts. Before the first point nothing is used. A point lives as long as a span starts or ends at
it (`refs`). All types share the points: that is what makes a candidate time of one type a
candidate of all (matching.md 1).
"""

cimport cython
from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector


cdef inline int64_t end_of(int64_t start, int64_t duration) noexcept:
    """Return the end of a window, at most the end of time; `duration` is not negative."""
    # Without the cast the literal is a Python object, and all of this arithmetic is of objects.
    cdef int64_t last = <int64_t> 0x7FFFFFFFFFFFFFFF
    return start + duration if start <= last - duration else last


@cython.final
cdef class TimeLine:
    cdef readonly int32_t width         # K, the number of types
    cdef vector[int64_t] times          # ascending, distinct
    cdef vector[int32_t] refs           # spans that start or end here
    cdef vector[int64_t] used           # points * width

    cdef bint is_point(self, int64_t time) noexcept
    cdef size_t after(self, int64_t time) noexcept
    cdef size_t hold_point(self, int64_t time)
    cdef void drop_point(self, int64_t time) noexcept
    cdef void add(self, int64_t start, int64_t end, const int64_t* amounts)
    cdef void remove(self, int64_t start, int64_t end, const int64_t* amounts) noexcept
    cdef void change(self, int64_t start, int64_t end, const int64_t* amounts, int sign) noexcept
    cdef int64_t peak(self, int32_t kind, int64_t start, int64_t end) noexcept
    cdef int64_t at(self, int32_t kind, int64_t time) noexcept
    cdef void clip(self, int32_t kind, int64_t most) noexcept
    cdef int64_t next_point(self, int64_t time) noexcept
    cdef vector[int64_t] checked(self, int64_t start, int64_t end, amounts) except *
    cdef int check_points(self, int64_t start, int64_t end) except -1
    cdef int check_room(self, int64_t start, int64_t end, const vector[int64_t]& amounts,
                        int sign) except -1
