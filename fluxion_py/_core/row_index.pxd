"""Rows by a hash, for a graph that grows: a sorted base, and beside it what came later.

Invariants: rows below `rows` are entered, with every key they have; of one key the rows ascend.
Removed rows stay until the index is made anew: who finds one skips it.
"""

cimport cython
from libc.stdint cimport int32_t, uint64_t
from libcpp.pair cimport pair
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector


@cython.final
cdef class RowIndex:
    cdef vector[pair[uint64_t, int32_t]] entries        # sorted
    cdef unordered_map[uint64_t, vector[int32_t]] late  # key -> rows, not in `entries`
    cdef size_t late_count
    cdef size_t rows
    cdef bint anew                                      # it is being made anew

    cdef void forget(self) noexcept
    cdef size_t begin(self, size_t rows) except? 0
    cdef int add(self, uint64_t key, int32_t row) except -1
    cdef int finish(self, size_t rows) except -1
    cdef vector[int32_t] find(self, uint64_t key) except *
