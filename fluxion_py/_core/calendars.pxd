"""When the vertices of one type are touched by any job: bitmaps over time (core-algorithms.md 8).

A *segment* is the time between two points at which a booking starts or ends; each has one bit per
vertex, set if any job touches it (or what is below, or holds it from above) then. Segments lie in
*blocks* of at most 32. A block also has the vertices busy in all of its segments, `cover`, and
those busy in any, `any`: so a long booking costs two bits per block, and a window is the union of
few bitmaps. Segment i lasts until the next one begins, the last for ever; before the first all is
free.

Vertices have their bits in the order of the tree's blocks, each of those beginning a word, so that
the bits of one parent's children are whole words, in the order of the policy.

Invariants: a vertex is busy in a segment if its cover bit or its bit there is set; `b_free` counts
those that are not; a point lives as long as a booking starts or ends at it.

A vertex that is a leaf is in one booking at a time: its bits say all. One with something below may
be touched by several at once, so those are noted for each.
"""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint64_t
from libcpp.vector cimport vector

from fluxion_py._core.tree cimport Tree

cdef struct Booking:
    int32_t record
    int64_t start
    int64_t end

cdef struct Touched:                        # of the vertices of one word of a bitmap
    int32_t word
    uint64_t bits


@cython.final
cdef class Calendar:
    cdef Tree tree
    cdef int16_t type
    cdef size_t words                       # per bitmap
    cdef int32_t count                      # vertices
    cdef int64_t largest                    # units of the largest of them
    cdef vector[int32_t] base               # tree block -> its first word, -1
    cdef bint shared                        # several bookings may touch a vertex at one time
    cdef vector[vector[Booking]] bookings   # if shared: position -> who touches it, when
    cdef vector[Touched] touched            # scratch: what a record touches, each word once
    cdef vector[uint64_t] seen              # scratch: the same by word; all 0 between uses
    cdef vector[uint64_t] rest              # scratch of fill and clear, as long as what is touched:
    cdef vector[uint64_t] spread            # ... what goes into segments, and
    cdef vector[uint64_t] left              # ... what is busy in some
    # per block, ascending in time
    cdef vector[vector[int64_t]] b_times    # where its segments begin
    cdef vector[vector[int32_t]] b_refs     # bookings that start or end there
    cdef vector[vector[int32_t]] b_free
    cdef vector[vector[uint64_t]] b_bits    # segments * words
    cdef vector[vector[uint64_t]] b_cover
    cdef vector[vector[uint64_t]] b_any
    cdef vector[int32_t] b_least            # smallest of b_free

    cdef int32_t position(self, int32_t row) noexcept
    cdef int find_touched(self, const vector[int32_t]& rows) except -1
    cdef int touch(self, int32_t word, uint64_t bits) except -1
    cdef int touch_below(self, int32_t row) except -1
    cdef size_t block_at(self, int64_t time) noexcept
    cdef int hold_point(self, int64_t time) except -1
    cdef int insert_segment(self, size_t block, size_t segment, int64_t time) except -1
    cdef int split(self, size_t block) except -1
    cdef int drop_point(self, int64_t time) except -1
    cdef int sum_up(self, size_t block) except -1
    cdef int add(self, int32_t record, int64_t start, int64_t end,
                 const vector[int32_t]& rows) except -1
    cdef int remove(self, int32_t record, int64_t start, int64_t end,
                    const vector[int32_t]& rows) except -1
    cdef int sign_in(self, int32_t record, int64_t start, int64_t end) except -1
    cdef int sign_out(self, int32_t record, int64_t start, int64_t end) except -1
    cdef int fill(self, const vector[Touched]& touched, int64_t start, int64_t end) except -1
    cdef int clear(self, const vector[Touched]& touched, int64_t start, int64_t end) except -1
    cdef int clear_segments(self, const vector[Touched]& touched, size_t block, size_t first,
                            size_t last) except -1
    cdef int count_free(self, size_t block, int32_t change) except -1
    cdef void seek(self, int64_t after, size_t* block, size_t* segment) noexcept
    cdef int64_t released(self, int64_t after, int64_t until) noexcept
    cdef void bounds(self, size_t block, int64_t start, int64_t end, size_t* first,
                     size_t* last) noexcept
    cdef int busy(self, int64_t start, int64_t end, vector[uint64_t]& found) except -1
    cdef int64_t next_window(self, int64_t after, int64_t duration, int64_t wanted) noexcept
