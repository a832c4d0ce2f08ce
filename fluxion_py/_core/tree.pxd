"""The dominant tree as blocks: the children of one vertex and one type, in the order of the policy.

A block lists its rows in the order in which the policy takes them, with a bit for each: is it idle
now (no job touches it or anything below it, none holds it, it is up)? What is idle below an inner
vertex is therefore a few words, and the best candidates are the first set bits. Everything is local
to a parent: one more vertex changes one block.

Invariants: `b_free` counts the set bits of the block; a leaf is in a block and has none itself; a
block in a list is not empty. A removed row keeps `way` and `above`, an inner one its number and its
blocks, but those have no type: nothing but listings of what was there looks at them.
"""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint64_t
from libcpp.pair cimport pair
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.ledger cimport Ledger
from fluxion_py._core.walk cimport Walk

ctypedef pair[int32_t, int32_t] Removed     # (row, how many sub-trees were gone before)

cdef enum:
    LEAVES = 1
    INNER = 2


@cython.final
cdef class Tree:
    cdef FlatGraph graph
    cdef Ledger ledger
    cdef Walk walk
    cdef int32_t top
    # per row
    cdef vector[int32_t] way                # edge from the parent, -1 at the root and outside
    cdef vector[int32_t] above              # the parent
    cdef vector[int32_t] inner              # number among the inner vertices, -1 for leaves
    cdef vector[int32_t] block_of           # the block that lists the row, -1 at the root
    cdef vector[int32_t] place              # ... and where in it
    # per inner vertex
    cdef vector[int32_t] rows               # its row
    cdef vector[int32_t] first_block
    cdef vector[int64_t] enclosing          # what the nodes above and itself add to a score below
    cdef vector[int32_t] last_below         # inner vertices below are those that follow up to it,
    #                                         itself if there is none; -1: no longer
    # per block
    cdef vector[int16_t] b_type
    cdef vector[int32_t] b_next             # next block of the parent
    cdef vector[int64_t] b_size             # units of each of its vertices
    cdef vector[int32_t] b_free
    cdef vector[uint8_t] b_inner            # some of its vertices are inner ones
    cdef vector[vector[int32_t]] b_rows
    cdef vector[vector[uint64_t]] b_idle
    # per type
    cdef vector[uint8_t] sorts              # LEAVES, INNER: what its vertices are
    cdef vector[uint8_t] odd                # only the walk understands vertices of this type
    cdef dict formed                        # see Plan.forms_where_asked; anew after growth
    # what was there, for listings of that time
    cdef unordered_map[int32_t, vector[Removed]] removed     # parent -> its children that are gone
    cdef int32_t removals                   # how many sub-trees were taken out

    cdef int enter(self, int32_t row, int64_t enclosing, vector[uint8_t]& on_way) except -1
    cdef int32_t new_inner(self, int32_t row, int64_t enclosing) except -1
    cdef int32_t new_block(self, int32_t parent, int16_t type) except -1
    cdef int64_t factor(self, int32_t row) noexcept
    cdef bint before(self, int32_t first, int32_t second) noexcept
    cdef int sort_block(self, int32_t block) except -1
    cdef int judge(self, int32_t block) except -1
    cdef bint is_odd(self, int32_t block, size_t place) noexcept
    cdef bint insert(self, int32_t edge) except -1
    cdef bint remove(self, const vector[int32_t]& gone) except -1
    cdef int lose(self, int32_t row) except -1
    cdef int unlink_block(self, int32_t number, int32_t block) except -1
    cdef int loosen(self, int32_t row) noexcept
    cdef int list_below(self, int32_t number, vector[int32_t]& found) except -1
    cdef int32_t block(self, int32_t row, int16_t type) noexcept
    cdef void set_idle(self, int32_t row, bint idle) noexcept
    cdef int64_t score(self, int32_t row) noexcept
    cdef int64_t units_below(self, int32_t row, int16_t type) noexcept
