"""What bundles are made of: units of pools, vertices, and shares of shared vertices.

An *entry* of the stock holds, kind by kind (one kind per wanted type), sorted candidates that are
not used up. A bundle takes of every kind what one slot, or one share of a shared vertex, needs: of
a pool some units, of a shared vertex one share (a bundle of that vertex's own entry), of other
candidates all. Nothing is taken unless a whole bundle can be.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from fluxion_py._core.board cimport Content, Group

cdef struct Kind:
    int64_t needed          # units of a bundle
    int64_t left            # units that bundles can still get; of shared vertices: each counts once
    int32_t next            # first group that is not used up
    int32_t end

cdef struct Entry:
    int64_t shares          # bundles that it has at least
    int32_t first           # of its kinds
    int32_t last


@cython.final
cdef class Stock:
    cdef vector[Group] groups
    cdef vector[Kind] kinds
    cdef vector[Entry] entries

    cdef void clear(self) noexcept
    cdef int32_t open(self) except -1
    cdef int add_kind(self, int32_t entry, int64_t needed, int64_t left) except -1
    cdef int add(self, int32_t entry, const Group& group) except -1
    cdef int close(self, int32_t entry) except -1
    cdef int64_t bundles(self, const Kind& kind) noexcept
    cdef bint has(self, int32_t entry) noexcept
    cdef int64_t take(self, int32_t entry, vector[Content]& contents, bint inner) except -1
    cdef bint need(self, int32_t entry, const vector[int64_t]& needed) noexcept
    cdef int take_whole(self, const Group& group, vector[Content]& contents, bint inner) except -1
    cdef bint take_vertex(
        self, const Group& group, vector[Content]& contents, bint inner
    ) except -1
    cdef int64_t take_kind(self, size_t place, vector[Content]& contents, bint inner) except -1
