"""What an emission keeps while it runs (see the .pyx).

`below[depth]` sums up, by type, what was charged below the vertex of that depth on the way down;
-1 means that no vertex of a tracked type was met there, which is not the same as 0 (errata G5).
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.ledger cimport Ledger
from fluxion_py._core.walk cimport Walk

cdef struct Emitted:
    int64_t needs
    int32_t row
    int32_t depth
    uint8_t exclusive


@cython.final
cdef class Emission:
    cdef Walk walk
    cdef FlatGraph graph
    cdef Ledger ledger
    cdef int64_t jobid                      # < 0: emit only, record nothing
    cdef int64_t start
    cdef int64_t end
    cdef uint8_t record_flags
    cdef vector[Emitted] emitted
    cdef vector[int32_t] emitted_edges
    cdef vector[vector[int64_t]] below

    cdef object emit_marked(self, int64_t jobid, int64_t start, int64_t end, int flags,
                            bint shadow_requested)
    cdef bint emit(self, int32_t row, int32_t way, int64_t needs, uint8_t use, bint shadow,
                   int32_t depth) except -1
    cdef int open_level(self, int32_t depth) except -1
    cdef int record(self, int32_t row, int32_t way, int64_t needs, bint exclusive,
                    int32_t depth) except -1
    cdef tuple listed(self)
    cdef object selection(self)
    cdef int book(self, int64_t jobid, vertices, int64_t at, int64_t duration, int flags) except -1
    cdef int weigh(self, int64_t now, bint restored) except -1
