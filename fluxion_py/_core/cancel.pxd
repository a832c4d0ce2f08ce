"""Giving back jobs and parts of jobs (see the .pyx)."""

cimport cython
from libc.stdint cimport int32_t, int64_t

from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.ledger cimport Ledger


@cython.final
cdef class Cancel:
    cdef Ledger ledger
    cdef FlatGraph graph
    cdef bint strict

    cdef object whole(self, int64_t jobid)
    cdef int cancel_tagged(self, int64_t jobid) except -1
    cdef int count_visits(self, int64_t jobid, release) except -1
    cdef object ranks(self, int64_t jobid, ranks)
    cdef bint owns_any(self, int64_t jobid, list rows) except -1
    cdef list reached(self, int64_t jobid, list rows)
    cdef list rank_tops(self, list rows)
    cdef object vertices(self, int64_t jobid, rows)
    cdef int lose(self, int64_t jobid, list rows) except -1
    cdef object release(self, int64_t jobid, list rows)
    cdef list no_longer_needed(self, int64_t jobid, set ancestors)
    cdef int32_t parent(self, int32_t row, int64_t jobid) noexcept
    cdef int reduce(self, int64_t jobid, int32_t row, int32_t type, int64_t units) except -1
    cdef bint untag_if_empty(self, int64_t jobid, int32_t row) except -1
    cdef list evict(self, rows)
