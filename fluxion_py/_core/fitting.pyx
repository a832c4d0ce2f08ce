# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""What fits at one vertex, and what is taken there, by bits of its blocks.

Below the first named level only direct children count (matching.md 4), so all of this is local: a
leaf type costs a counter, an inner one a look at each child. Candidates come in the order of the
policy; with first* those of inner types by their weight, as the walk visits them.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.algorithm cimport partial_sort, sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.bits cimport count_bits, lowest_bit
from fluxion_py._core.charges cimport WHOLE
from fluxion_py._core.flatgraph cimport DOWN
from fluxion_py._core.occupancy cimport Occupancy
from fluxion_py._core.plan cimport Plan
from fluxion_py._core.request cimport Wanted
from fluxion_py._core.tree cimport INNER, Tree
from fluxion_py._core.visits cimport Class, Visits, leading_zeros
from fluxion_py._core.walk cimport Walk

cdef int64_t MOST_SCORE = 1 << 61       # as in the walk
cdef int64_t PLENTY = 0x7FFFFFFFFFFFFFFF
cdef uint64_t ONE = 1

ctypedef pair[pair[uint64_t, int32_t], int32_t] Visited     # ((~weight, place), row)


@cython.final
cdef class Fitting:
    """Looks at single vertices for one engine; `set_plan` says for which request."""

    def __init__(self, Walk walk, Tree tree, Occupancy occupancy):
        self.tree = tree
        self.graph = tree.graph
        self.occupancy = occupancy
        self.ranking = walk.ranking
        self.stop_on_first = walk.stop_on_first
        self.grow()

    cdef int grow(self) except -1:
        """Make the columns as long as the tree's."""
        self.is_stale.resize(self.tree.rows.size(), 0)
        self.news.resize(self.tree.rows.size(), 0)
        self.gain.resize(self.tree.rows.size(), 0)
        return 0

    cdef void set_plan(self, Plan plan) noexcept:
        self.plan = plan
        self.request = plan.request

    # ---- may it be used, does it fit ----

    cdef bint allowed(self, int32_t row) noexcept:
        """Say whether the constraint lets the vertex in; it looks at nodes only."""
        return self.plan.allowed == NULL or self.plan.allowed[row] or (
            self.graph.v_type[row] != self.tree.walk.node_type
            and self.graph.v_type[row] != self.tree.walk.storage_type
        )

    cdef bint is_open(self, int32_t row) noexcept:
        """Say whether a walk that gets to the vertex gets into it: it is up, and nobody has it."""
        return not self.graph.v_flags[row] & DOWN and self.allowed(row) and (
            self.idle or not self.occupancy.held[row]
        )

    cdef bint reached(self, int32_t row) noexcept:
        """Say whether a walk gets into the vertex: so it does for all above it."""
        while row >= 0:
            if not self.is_open(row):
                return False
            row = self.tree.above[row]
        return True

    cdef bint child_fits(self, int32_t row, int32_t node) noexcept:
        """Say whether a vertex, reached, satisfies a request node with all that is below it."""
        cdef int32_t number = self.tree.inner[row]
        if not self.is_open(row) or not self.idle and (
            self.plan.exclusive[node] and number >= 0 and self.occupancy.touched[number]
        ):
            return False
        return self.contents_fit(row, node)

    cdef bint contents_fit(self, int32_t row, int32_t node) noexcept:
        cdef const Wanted* nodes = self.request.nodes.data()
        cdef int32_t at
        for at in range(nodes[node].lo, nodes[node].hi):
            if self.request.resolve(at, self.supply(row, at)) == 0:
                return False
        return True

    cdef int64_t supply(self, int32_t row, int32_t node) noexcept:
        """Return the units (of a slot: the slots) that a vertex can give of a request node."""
        cdef int32_t block
        if self.request.nodes[node].type == self.request.slot:
            return self.slots(row, node)
        block = self.tree.block(row, self.request.nodes[node].type)
        return self.fitting(row, node) * self.tree.b_size[block] if block >= 0 else 0

    cdef int64_t fitting(self, int32_t row, int32_t node) noexcept:
        """Return how many children satisfy a request node."""
        cdef int32_t block = self.tree.block(row, self.request.nodes[node].type)
        cdef int64_t count = 0
        cdef size_t at
        if block < 0:
            return 0
        if self.calendar is not None and self.tree.b_type[block] == self.calendar.type:
            return self.free_children(block)
        if self.plan.plain[node] and not self.idle:
            return self.tree.b_free[block]
        for at in range(self.tree.b_rows[block].size()):
            count += self.child_fits(self.tree.b_rows[block][at], node)
        return count

    cdef int64_t free_children(self, int32_t block) noexcept:
        """Return how many vertices of a block are free in the window."""
        cdef const uint64_t* bits = &self.free[self.calendar.base[block]]
        cdef size_t at
        cdef int64_t count = 0
        for at in range(self.tree.b_idle[block].size()):
            count += count_bits(bits[at])
        return count

    cdef int64_t per_slot(self, int32_t row, int32_t node) noexcept:
        """Return how many children one slot takes; 0 if there is no block of them."""
        cdef int32_t block = self.tree.block(row, self.request.nodes[node].type)
        if block < 0:
            return 0
        return (self.request.nodes[node].ceiling + self.tree.b_size[block] - 1) // (
            self.tree.b_size[block]
        )

    cdef int64_t slots(self, int32_t row, int32_t slot) noexcept:
        """Return how many slots can be formed of the children of a vertex."""
        cdef const Wanted* nodes = self.request.nodes.data()
        cdef int32_t at
        cdef int64_t most = -1, count, per
        for at in range(nodes[slot].lo, nodes[slot].hi):
            per = self.per_slot(row, at)
            if per == 0:
                return 0
            count = self.fitting(row, at) // per
            if count == 0:
                return 0
            if most < 0 or count < most:
                most = count
        return most

    # ---- candidates in order ----

    cdef int collect(
        self, int32_t row, int32_t node, int64_t most, vector[int32_t]& found
    ) except -1:
        """Find the first `most` children that satisfy a request node, in the order of visits."""
        cdef int32_t block = self.tree.block(row, self.request.nodes[node].type)
        cdef bint by_weight
        found.clear()
        if block < 0:
            return 0
        by_weight = self.stop_on_first and self.tree.b_inner[block]
        if by_weight and self.tree.sorts[self.tree.b_type[block]] == INNER:
            return self.collect_visited(row, node, block, most, found)
        if self.calendar is not None and self.tree.b_type[block] == self.calendar.type:
            self.collect_bits(block, &self.free[self.calendar.base[block]],
                              PLENTY if by_weight else most, found)
        elif self.plan.plain[node] and not self.idle:
            self.collect_bits(block, self.tree.b_idle[block].data(),
                              PLENTY if by_weight else most, found)
        else:
            self.collect_each(block, node, PLENTY if by_weight else most, found)
        return self.sort_visited(found, most) if by_weight else 0

    cdef int collect_bits(self, int32_t block, const uint64_t* words, int64_t most,
                          vector[int32_t]& found) except -1:
        """Find the first vertices of a block whose bits are set."""
        cdef size_t at
        cdef uint64_t bits
        for at in range(self.tree.b_idle[block].size()):
            bits = words[at]
            while bits:
                if <int64_t> found.size() >= most:
                    return 0
                found.push_back(self.tree.b_rows[block][at * 64 + lowest_bit(bits)])
                bits &= bits - 1
        return 0

    cdef int collect_each(
        self, int32_t block, int32_t node, int64_t most, vector[int32_t]& found
    ) except -1:
        """Find the first vertices of a block that satisfy a request node, looking at each."""
        cdef size_t at
        cdef int32_t child
        for at in range(self.tree.b_rows[block].size()):
            child = self.tree.b_rows[block][at]
            if <int64_t> found.size() >= most:
                break
            if self.child_fits(child, node):
                found.push_back(child)
        return 0

    cdef int collect_visited(self, int32_t row, int32_t node, int32_t block, int64_t most,
                             vector[int32_t]& found) except -1:
        """Find the first inner children that satisfy a request node, in the order of first*."""
        cdef Visits visits = self.occupancy.charges.visits
        cdef const vector[Class]* classes = &visits.classes[self.tree.inner[row]]
        cdef size_t at, word
        cdef uint64_t bits
        cdef int32_t place, child
        for at in range(classes.size()):
            for word in range(classes[0][at].second.size()):
                bits = classes[0][at].second[word].second
                while bits:
                    if <int64_t> found.size() >= most:
                        return 0
                    place = 63 - leading_zeros(bits)
                    bits ^= ONE << place
                    child = self.tree.rows[
                        visits.at[64 * classes[0][at].second[word].first + place]
                    ]
                    if self.tree.block_of[child] == block and self.fits_now(child, block, node):
                        found.push_back(child)
        return 0

    cdef bint fits_now(self, int32_t row, int32_t block, int32_t node) noexcept:
        """Say whether a vertex of a block satisfies a request node, by a bit if that says it."""
        cdef int32_t place = self.tree.place[row]
        cdef uint64_t word
        if self.calendar is not None and self.tree.b_type[block] == self.calendar.type:
            word = self.free[self.calendar.base[block] + (place >> 6)]
        elif self.plan.plain[node] and not self.idle:
            word = self.tree.b_idle[block][place >> 6]
        else:
            return self.child_fits(row, node)
        return word >> (place & 63) & 1

    cdef int sort_visited(self, vector[int32_t]& rows, int64_t most) except -1:
        """Put siblings in the order in which first* visits them, and keep the first `most`."""
        cdef vector[Visited] keyed
        cdef size_t at, kept = min(<size_t> most, rows.size())
        for at in range(rows.size()):
            keyed.push_back(Visited(pair[uint64_t, int32_t](
                ~self.ranking.e_weight[self.tree.way[rows[at]]], self.tree.place[rows[at]]
            ), rows[at]))
        partial_sort(keyed.begin(), keyed.begin() + kept, keyed.end())
        rows.resize(kept)
        for at in range(kept):
            rows[at] = keyed[at].second
        return 0

    cdef int members(
        self, int32_t row, int32_t slot, int32_t node, int64_t count, vector[int32_t]& found
    ) except -1:
        """Find the children of one kind that make up the first `count` slots, best first.

        With first* they are the best of those found first, as many as the slot's count wants.
        """
        cdef int64_t per = self.per_slot(row, node)
        if not self.stop_on_first:
            return self.collect(row, node, count * per, found)
        self.collect(row, node, self.request.nodes[slot].ceiling * per, found)
        if found.size() > 1 and self.tree.b_inner[self.tree.block_of[found[0]]]:
            sort_by_place(self.tree, found)
        return 0

    cdef int slot_scores(
        self, int32_t row, int32_t slot, int64_t count, vector[int64_t]& scores
    ) except -1:
        """Find the scores of the first `count` slots that can be formed at a vertex."""
        cdef const Wanted* nodes = self.request.nodes.data()
        cdef int32_t at
        cdef int64_t per, index
        scores.assign(count, 1)
        for at in range(nodes[slot].lo, nodes[slot].hi):
            per = self.per_slot(row, at)
            self.members(row, slot, at, count, self.some)
            for index in range(count * per):
                scores[index // per] = min(
                    scores[index // per] + self.tree.score(self.some[index]), MOST_SCORE
                )
        return 0

    # ---- taking ----

    cdef int take_slots(self, int32_t row, int32_t slot, int64_t count) except -1:
        """Take the first `count` slots of those that can be formed at a vertex."""
        cdef const Wanted* nodes = self.request.nodes.data()
        cdef vector[int32_t] found
        cdef int32_t at
        cdef int64_t index
        for at in range(nodes[slot].lo, nodes[slot].hi):
            self.members(row, slot, at, count, found)
            for index in range(count * self.per_slot(row, at)):
                self.take_vertex(found[index], at)
        return 0

    cdef int take_vertex(self, int32_t row, int32_t node) except -1:
        """Take a vertex if it is wanted for itself, and what is wanted below it."""
        cdef bint whole = self.plan.any_whole and self.plan.whole[self.graph.v_type[row]]
        if self.plan.exclusive[node] or whole:
            self.taken.push_back(row << 1 | (WHOLE if whole else 0))
        return 0 if whole else self.take_contents(row, node)

    cdef int take_contents(self, int32_t row, int32_t node) except -1:
        """Take what a request node wants below a vertex that satisfies it."""
        cdef const Wanted* nodes = self.request.nodes.data()
        cdef vector[int32_t] found
        cdef int32_t at, block
        cdef int64_t size, wanted, most
        cdef size_t index
        for at in range(nodes[node].lo, nodes[node].hi):
            if nodes[at].type == self.request.slot:
                wanted = self.slots(row, at)
                if self.stop_on_first:
                    wanted = min(wanted, nodes[at].ceiling)
                self.take_slots(row, at, self.request.resolve(at, wanted))
                continue
            block = self.tree.block(row, nodes[at].type)
            size = self.tree.b_size[block]
            most = (nodes[at].ceiling + size - 1) // size
            self.collect(row, at, most, found)
            wanted = self.request.resolve(at, <int64_t> found.size() * size)
            if self.stop_on_first and found.size() > 1 and self.tree.b_inner[block]:
                sort_by_place(self.tree, found)
            for index in range((wanted + size - 1) // size):
                self.take_vertex(found[index], at)
        return 0


cdef int sort_by_place(Tree tree, vector[int32_t]& rows) except -1:
    """Sort siblings by score, best first: the order of their block."""
    cdef vector[pair[int32_t, int32_t]] keyed
    cdef size_t at
    for at in range(rows.size()):
        keyed.push_back(pair[int32_t, int32_t](tree.place[rows[at]], rows[at]))
    sort(keyed.begin(), keyed.end())
    for at in range(rows.size()):
        rows[at] = keyed[at].second
    return 0
