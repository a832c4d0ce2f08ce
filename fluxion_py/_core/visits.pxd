"""The order in which first-match policies visit inner vertices, once for all requests.

A child is visited the earlier the higher the weight of its edge is, then its uniq_id (matching.md
4.2). Each inner vertex has a *position*, a bit in the bitmaps of the `Prospects`; siblings have
theirs side by side, by uniq_id ascending. The children of a vertex are in classes of equal weight,
each a few words of such bits: the next child of those that a request could use is a bitwise and.

Invariant after `catch_up`: every living inner vertex but the root is in the class of its weight.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.ranking cimport Ranking
from fluxion_py._core.tree cimport Tree

ctypedef pair[int32_t, uint64_t] Word               # (number of the word, bits in it)
ctypedef pair[uint64_t, vector[Word]] Class         # (weight, its words, the last one first)


cdef extern from *:
    int leading_zeros "__builtin_clzll"(unsigned long long) noexcept nogil


@cython.final
cdef class Visits:
    cdef Tree tree
    cdef Ranking ranking
    cdef int32_t positions                  # how many there are; some are never used
    # per inner vertex
    cdef vector[int32_t] position
    cdef vector[int32_t] parent             # -1 at the root
    cdef vector[uint64_t] weight            # as it is in the classes
    cdef vector[int32_t] base               # the position of its first child, -1 without children
    cdef vector[int32_t] room               # for so many children: a power of two
    cdef vector[int32_t] count              # places in use, also by those that are gone
    cdef vector[vector[Class]] classes      # heaviest first
    # per position
    cdef vector[int32_t] at                 # the vertex, -1: none or gone

    cdef int grow(self) except -1
    cdef int settle_children(self, int32_t upper, vector[int32_t]& children) except -1
    cdef bint comes_after(self, int32_t number, int32_t other) noexcept
    cdef int32_t make_room(self, int32_t wanted) except -1
    cdef int add(self, int32_t number) except -1
    cdef int remove(self, int32_t number) except -1
    cdef int put_in(self, int32_t number) except -1
    cdef int take_out(self, int32_t number) except -1
    cdef size_t find_class(self, int32_t upper, uint64_t weight) noexcept
    cdef int move(self, int32_t number, uint64_t weight) except -1
    cdef int catch_up(self) except -1
