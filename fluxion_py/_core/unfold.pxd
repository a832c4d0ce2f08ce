"""From the rows of a record to all its vertices, in the order of the emission (see the .pyx)."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.emission cimport Emission
from fluxion_py._core.tree cimport Tree

ctypedef pair[pair[int32_t, int32_t], int32_t] Member    # ((parent, edge from it), code)


@cython.final
cdef class Unfold:
    cdef Tree tree
    cdef Emission emission
    cdef vector[Member] members             # sorted: the members below one parent, by edge
    cdef vector[uint8_t] seen               # by row
    cdef int32_t row_limit                  # younger vertices do not belong to the answer
    cdef int32_t removals                   # what was removed since then does

    cdef int run(self, const vector[int32_t]& rows, int32_t row_limit, int32_t removals,
                 int64_t jobid, int64_t start, int64_t end, int flags) except -1
    cdef int add(self, int32_t row, int32_t code) except -1
    cdef int list_vertex(self, int32_t row, int32_t code, int32_t depth) except -1
    cdef int list_whole(self, int32_t row, int32_t depth) except -1
