"""Where a request may fit, for first-match policies: hope, taken back where it fails.

One bit per inner vertex, at its position in the `Visits`: something may be had at the vertex or
below it. A search follows the order of visits through the bits that are set, looks at what it
meets, and clears the bits of those that give nothing. What a job takes is not told to anybody; what
is given back sets bits again. So a match costs what it looks at, whatever other requests have taken
meanwhile, and a new shape costs its bits.

Invariant after `refresh`: where a bit is clear nothing can be had of the vertex.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.vector cimport vector

from fluxion_py._core.index cimport Index
from fluxion_py._core.visits cimport Visits


@cython.final
cdef class Prospects(Index):
    cdef Visits visits
    cdef vector[uint64_t] maybe             # by position

    cdef bint nests(self) except -1
    cdef void hope(self, int32_t row) noexcept
    cdef int64_t find(self, int64_t enough) except -1
    cdef int64_t look(self, int32_t number, int64_t enough) except -1
    cdef int64_t explore(self, int32_t upper, int64_t enough) except -1
    cdef int64_t explore_few(self, int32_t upper, int64_t enough) except -1
    cdef int64_t visit(self, int32_t number, int64_t enough) except -1
    cdef bint has_few(self, int32_t upper) noexcept
