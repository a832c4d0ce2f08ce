"""What fits at one vertex: the local half of the indexed search (see the .pyx)."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libcpp.vector cimport vector

from fluxion_py._core.calendars cimport Calendar
from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.occupancy cimport Occupancy
from fluxion_py._core.plan cimport Plan
from fluxion_py._core.ranking cimport Ranking
from fluxion_py._core.request cimport Request
from fluxion_py._core.tree cimport Tree


cdef int sort_by_place(Tree tree, vector[int32_t]& rows) except -1


@cython.final
cdef class Fitting:
    cdef Tree tree
    cdef FlatGraph graph
    cdef Occupancy occupancy
    cdef Ranking ranking
    cdef bint stop_on_first
    cdef Plan plan
    cdef Request request
    cdef bint idle                          # look as if no job were there
    cdef Calendar calendar                  # None, or the plan's holders are looked up in `free`
    cdef vector[uint64_t] free              # calendar: those that are free in the window, as bits
    cdef vector[int64_t] scores             # scratch
    cdef vector[int32_t] some               # scratch
    # scratch of the refresh of an index, per inner vertex: all 0 between two of them
    cdef vector[uint8_t] is_stale
    cdef vector[int32_t] stale
    cdef vector[int32_t] news               # of an upper vertex: children that have changed
    cdef vector[int64_t] gain               # ... and units more below it
    cdef vector[int32_t] candidates         # first*: the board, each a forming vertex
    cdef vector[int32_t] taken              # rows << 1 | WHOLE of the answer so far

    cdef int grow(self) except -1
    cdef void set_plan(self, Plan plan) noexcept
    cdef bint allowed(self, int32_t row) noexcept
    cdef bint is_open(self, int32_t row) noexcept
    cdef bint reached(self, int32_t row) noexcept
    cdef bint child_fits(self, int32_t row, int32_t node) noexcept
    cdef bint contents_fit(self, int32_t row, int32_t node) noexcept
    cdef int64_t supply(self, int32_t row, int32_t node) noexcept
    cdef int64_t fitting(self, int32_t row, int32_t node) noexcept
    cdef int64_t free_children(self, int32_t block) noexcept
    cdef int collect_bits(self, int32_t block, const uint64_t* bits, int64_t most,
                          vector[int32_t]& found) except -1
    cdef int64_t per_slot(self, int32_t row, int32_t node) noexcept
    cdef int64_t slots(self, int32_t row, int32_t slot) noexcept
    cdef int collect(self, int32_t row, int32_t node, int64_t most,
                     vector[int32_t]& found) except -1
    cdef int collect_each(self, int32_t block, int32_t node, int64_t most,
                          vector[int32_t]& found) except -1
    cdef int collect_visited(self, int32_t row, int32_t node, int32_t block, int64_t most,
                             vector[int32_t]& found) except -1
    cdef bint fits_now(self, int32_t row, int32_t block, int32_t node) noexcept
    cdef int sort_visited(self, vector[int32_t]& rows, int64_t most) except -1
    cdef int members(self, int32_t row, int32_t slot, int32_t node, int64_t count,
                     vector[int32_t]& found) except -1
    cdef int slot_scores(self, int32_t row, int32_t slot, int64_t count,
                         vector[int64_t]& scores) except -1
    cdef int take_slots(self, int32_t row, int32_t slot, int64_t count) except -1
    cdef int take_vertex(self, int32_t row, int32_t node) except -1
    cdef int take_contents(self, int32_t row, int32_t node) except -1
