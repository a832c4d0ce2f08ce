"""Looking at the state of an engine (see the .pyx)."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t

from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.ledger cimport Ledger
from fluxion_py._core.walk cimport Walk


@cython.final
cdef class Look:
    cdef Walk walk
    cdef Ledger ledger
    cdef FlatGraph graph

    cdef object mask(self, str kind, int64_t jobid)
    cdef int inherit(self, str kind, uint8_t[::1] view) except -1
    cdef bint is_so(self, str kind, int32_t row) noexcept
    cdef int mask_job(self, str kind, int64_t jobid, uint8_t[::1] view) except -1
    cdef object emit(self, bytes mask)
    cdef bint emit_masked(self, int32_t row, const uint8_t* mask, int depth, found) except -1
    cdef object filter_usage(self, int32_t row, int64_t at, jobid)
    cdef object holds(self, int32_t row)
