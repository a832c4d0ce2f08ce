"""Where a request fits, for policies by score: kept warm (core-algorithms.md 7).

Each vertex with a role has the number of units below, `supply`, and a `key`: how good the best
candidate below it is, smaller is better. Each upper vertex has a tournament over its children: a
heap-shaped tree of places, whose top is the best child.

Invariant after `refresh`: supply and keys are what a look at every forming vertex would give.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.index cimport Index

ctypedef pair[int32_t, int64_t] Carried     # (inner vertex, how its supply has changed)

cdef enum Role:
    NONE
    FORMING
    UPPER


cdef struct Spot:           # what an index knows of an inner vertex: one line of the cache
    int64_t supply
    int64_t key
    int32_t row
    int32_t parent          # inner vertex, -1 at the root
    int32_t place           # among the children of its parent's tournament
    int32_t first_child     # upper: into children
    int32_t child_count
    int32_t width           # upper: leaves of its tournament, a power of two
    int32_t base            # upper: its tournament begins here
    uint8_t role


@cython.final
cdef class Tournaments(Index):
    cdef int sign                           # of scores in keys
    cdef vector[Spot] spots                 # per inner vertex
    cdef vector[int32_t] children           # inner numbers; as much room as its tournament is wide
    cdef vector[int32_t] winners            # places, -1: nothing below
    cdef vector[pair[int32_t, int32_t]] found       # scratch of lay_out: (edge, child)
    cdef vector[Carried] wave               # news that the vertices above have not heard
    cdef int64_t key_before

    cdef bint lay_out(self, int32_t row) except -1
    cdef int fit_tree(self) except -1
    cdef int make_room(self, int32_t upper, int32_t width) except -1
    cdef int enlist(self, int32_t upper, int32_t number) except -1
    cdef int strike(self, int32_t upper, int32_t number) except -1
    cdef void replay(self, int32_t upper) noexcept
    cdef int evaluate(self, int32_t number, bint inside) except -1
    cdef int rebuild(self, int32_t number, bint inside) except -1
    cdef int shut(self, int32_t number) noexcept
    cdef int meet(self, int32_t row, bint leaves) except -1
    cdef int renew(self, int32_t number) except -1
    cdef int changed(self, int32_t number, int64_t change) except -1
    cdef int carry(self) except -1
    cdef bint beats(self, int32_t upper, int32_t first, int32_t second) noexcept
    cdef void play(self, int32_t upper, int32_t place) noexcept
    cdef void enter(self, int32_t number, bint takes_part) noexcept
    cdef int reenter(self, int32_t number, bint takes_part) except -1
    cdef int32_t best(self, int32_t upper) noexcept
    cdef int64_t supply(self) noexcept
    cdef int32_t best_forming(self) noexcept
