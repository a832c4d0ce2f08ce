# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The dominant tree as blocks of children in policy order (see the .pxd, read it first).

Built in one pass, O(vertices log fan-out), some 26 bytes per vertex; grows and shrinks in place.
Types that the indexed search does not understand are marked odd: requests for them go to the walk.
"""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint64_t
from libcpp.algorithm cimport reverse, sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport DOWN
from fluxion_py._core.walk cimport HIGH, LOW, Walk

ctypedef pair[pair[int64_t, int32_t], int32_t] Placed       # ((key, edge), row)

cdef int64_t MOST_ID = <int64_t> 1 << 32     # a constant in place would be a Python object


@cython.final
cdef class Tree:
    """The blocks of one engine."""

    def __init__(self, Walk walk):
        cdef size_t rows = walk.graph.v_type.size(), types = len(walk.graph.type_names)
        cdef vector[uint8_t] on_way
        self.walk = walk
        self.graph = walk.graph
        self.ledger = walk.ledger
        self.top = self.graph.roots[self.ledger.dominant]
        self.way.assign(rows, -1)
        self.above.assign(rows, -1)
        self.inner.assign(rows, -1)
        self.block_of.assign(rows, -1)
        self.place.assign(rows, -1)
        self.sorts.assign(types, 0)
        self.odd.assign(types, 0)
        self.formed = {}
        on_way.assign(types, 0)
        self.enter(self.top, 0, on_way)

    cdef int enter(self, int32_t row, int64_t enclosing, vector[uint8_t]& on_way) except -1:
        """Make the blocks of an inner vertex and of all below it, depth first."""
        cdef FlatGraph g = self.graph
        cdef int32_t edge = g.v_first_out[row], child, block
        cdef int16_t type = g.v_type[row]
        cdef int32_t number = self.new_inner(row, enclosing + self.factor(row))
        cdef bint nested = on_way[type]
        on_way[type] = 1
        while edge >= 0:
            if g.e_subsystem[edge] == self.ledger.dominant:
                child = g.e_target[edge]
                block = self.block(row, g.v_type[child])
                if block < 0:
                    block = self.new_block(number, g.v_type[child])
                self.way[child] = edge
                self.above[child] = row
                self.block_of[child] = block
                self.b_rows[block].push_back(child)
                self.b_inner[block] |= g.v_first_out[child] >= 0
                self.sorts[g.v_type[child]] |= INNER if g.v_first_out[child] >= 0 else LEAVES
                if on_way[g.v_type[child]]:
                    self.odd[g.v_type[child]] = 1       # a type nested in itself
            edge = g.e_next_out[edge]
        block = self.first_block[number]
        while block >= 0:
            self.sort_block(block)
            self.judge(block)
            block = self.b_next[block]
        edge = g.v_first_out[row]
        while edge >= 0:
            child = g.e_target[edge]
            if g.e_subsystem[edge] == self.ledger.dominant and g.v_first_out[child] >= 0:
                self.enter(child, self.enclosing[number], on_way)
            edge = g.e_next_out[edge]
        self.last_below[number] = <int32_t> self.rows.size() - 1
        if not nested:
            on_way[type] = 0
        return 0

    cdef int32_t new_inner(self, int32_t row, int64_t enclosing) except -1:
        self.inner[row] = <int32_t> self.rows.size()
        self.rows.push_back(row)
        self.first_block.push_back(-1)
        self.enclosing.push_back(enclosing)
        self.last_below.push_back(-1)
        return self.inner[row]

    cdef int32_t new_block(self, int32_t parent, int16_t type) except -1:
        cdef int32_t block = <int32_t> self.b_type.size()
        self.b_type.push_back(type)
        self.b_next.push_back(self.first_block[parent])
        self.first_block[parent] = block
        self.b_size.push_back(0)
        self.b_free.push_back(0)
        self.b_inner.push_back(0)
        self.b_rows.push_back(vector[int32_t]())
        self.b_idle.push_back(vector[uint64_t]())
        return block

    cdef int64_t factor(self, int32_t row) noexcept:
        """Return what a vertex adds to the scores below it."""
        if not self.walk.node_centric or self.graph.v_type[row] != self.walk.node_type:
            return 0
        return self.walk.factor(row)

    cdef bint before(self, int32_t first, int32_t second) noexcept:
        """Say whether the policy takes `first` before its sibling `second`, wherever it stands."""
        cdef FlatGraph g = self.graph
        if self.walk.stop_on_first:
            return g.v_uniq[first] > g.v_uniq[second]
        if self.walk.order == LOW:
            return g.v_id[first] < g.v_id[second]
        return g.v_id[first] > g.v_id[second]

    cdef int sort_block(self, int32_t block) except -1:
        """Sort a block's rows by policy, ties by edge; note that all are idle unless down."""
        cdef vector[int32_t]* rows = &self.b_rows[block]
        cdef vector[Placed] keyed
        cdef size_t at
        cdef bint ascending = True, descending = True
        cdef int64_t key
        for at in range(1, rows.size()):
            ascending = ascending and not self.before(rows[0][at], rows[0][at - 1])
            descending = descending and self.before(rows[0][at], rows[0][at - 1])
        if descending:
            reverse(rows.begin(), rows.end())
        elif not ascending:
            for at in range(rows.size()):
                key = self.graph.v_id[rows[0][at]]
                if self.walk.stop_on_first:
                    key = -self.graph.v_uniq[rows[0][at]]
                elif self.walk.order == HIGH:
                    key = -key
                keyed.push_back(Placed(
                    pair[int64_t, int32_t](key, self.way[rows[0][at]]), rows[0][at]
                ))
            sort(keyed.begin(), keyed.end())
            for at in range(rows.size()):
                rows[0][at] = keyed[at].second
        self.b_idle[block].assign((rows.size() + 63) // 64, 0)
        for at in range(rows.size()):
            self.place[rows[0][at]] = <int32_t> at
            self.set_idle(rows[0][at], not self.graph.v_flags[rows[0][at]] & DOWN)
        return 0

    cdef int judge(self, int32_t block) except -1:
        """Note what makes a type odd: unequal pools, ids that do not order as the policy needs."""
        cdef size_t at
        cdef bint odd = False
        self.b_size[block] = self.graph.v_size[self.b_rows[block][0]]
        for at in range(self.b_rows[block].size()):
            odd = odd or self.is_odd(block, at)
        if odd:
            self.odd[self.b_type[block]] = 1
        return 0

    cdef bint is_odd(self, int32_t block, size_t place) noexcept:
        """Say whether a row of a block, or how it follows the one before, makes its type odd."""
        cdef FlatGraph g = self.graph
        cdef int32_t row = self.b_rows[block][place], before
        # Scores below 1 are "unmet"; with first* what is found first must score highest, too.
        if g.v_size[row] != self.b_size[block] or g.v_size[row] < 1 or (
            g.v_id[row] < -1 or g.v_id[row] > MOST_ID
        ):
            return True
        if place == 0 or not self.walk.stop_on_first:
            return False
        before = self.b_rows[block][place - 1]
        return g.v_id[row] >= g.v_id[before] or g.v_uniq[row] >= g.v_uniq[before]

    # ---- growth ----

    cdef bint insert(self, int32_t edge) except -1:
        """Take in a new child and all below it; say whether its parent had none of its type.

        O(what is new, and the parent's children of the type). The columns are made longer here.
        """
        cdef FlatGraph g = self.graph
        cdef int32_t row = g.e_target[edge], parent = g.e_source[edge], above = parent
        cdef int32_t block = self.block(parent, g.v_type[row])
        cdef bint fresh = block < 0
        cdef size_t place, at
        cdef vector[uint8_t] on_way
        cdef vector[int32_t]* rows
        self.way.resize(g.v_type.size(), -1)
        self.above.resize(g.v_type.size(), -1)
        self.inner.resize(g.v_type.size(), -1)
        self.block_of.resize(g.v_type.size(), -1)
        self.place.resize(g.v_type.size(), -1)
        if fresh:
            block = self.new_block(self.inner[parent], g.v_type[row])
            self.b_size[block] = g.v_size[row]
        rows = &self.b_rows[block]
        place = rows.size()
        while place > 0 and self.before(row, rows[0][place - 1]):
            place -= 1
        rows.insert(rows.begin() + place, row)
        self.b_inner[block] |= g.v_first_out[row] >= 0
        self.sorts[g.v_type[row]] |= INNER if g.v_first_out[row] >= 0 else LEAVES
        insert_bit(self.b_idle[block], place, rows.size())
        for at in range(place, rows.size()):
            self.place[rows[0][at]] = <int32_t> at
        self.way[row] = edge
        self.above[row] = parent
        self.block_of[row] = block
        self.set_idle(row, not g.v_flags[row] & DOWN)
        on_way.assign(self.odd.size(), 0)
        while above >= 0:
            on_way[g.v_type[above]] = 1
            above = self.above[above]
        if on_way[g.v_type[row]] or self.is_odd(block, place) or (
            place + 1 < rows.size() and self.is_odd(block, place + 1)
        ):
            self.odd[g.v_type[row]] = 1
        if g.v_first_out[row] >= 0:
            self.loosen(parent)
            self.enter(row, self.enclosing[self.inner[parent]], on_way)
        return fresh

    cdef bint remove(self, const vector[int32_t]& gone) except -1:
        """Take out a sub-tree, its root first; say whether its parent has no other of its type."""
        cdef int32_t row = gone[0], block = self.block_of[row]
        cdef vector[int32_t]* rows = &self.b_rows[block]
        cdef size_t place = self.place[row], at
        self.removed[self.above[row]].push_back(Removed(row, self.removals))
        self.removals += 1
        self.set_idle(row, False)
        self.loosen(self.above[row])
        rows.erase(rows.begin() + place)
        remove_bit(self.b_idle[block], place, rows.size())
        for at in range(place, rows.size()):
            self.place[rows[0][at]] = <int32_t> at
        for at in range(gone.size()):
            self.lose(gone[at])
        if rows.empty():
            self.unlink_block(self.inner[self.above[row]], block)
        return rows.empty()

    cdef int lose(self, int32_t row) except -1:
        """Let the blocks of a removed inner vertex be of no type."""
        cdef int32_t block
        self.block_of[row] = -1
        if self.inner[row] >= 0:
            block = self.first_block[self.inner[row]]
            while block >= 0:
                self.b_type[block] = -1
                block = self.b_next[block]
        return 0

    cdef int unlink_block(self, int32_t number, int32_t block) except -1:
        """Take an empty block out of the list of an inner vertex."""
        cdef int32_t* link = &self.first_block[number]
        while link[0] != block:
            link = &self.b_next[link[0]]
        link[0] = self.b_next[block]
        self.b_type[block] = -1
        return 0

    cdef int loosen(self, int32_t row) noexcept:
        """Note that the inner vertices below a vertex, and all above it, are no range any more."""
        while row >= 0:
            self.last_below[self.inner[row]] = -1
            row = self.above[row]
        return 0

    cdef int list_below(self, int32_t number, vector[int32_t]& found) except -1:
        """List all inner vertices below one. O(these), after growth O(their children)."""
        cdef int32_t block, child
        cdef size_t at, met = 0
        found.clear()
        if self.last_below[number] >= 0:
            for child in range(number + 1, self.last_below[number] + 1):
                found.push_back(child)
            return 0
        while True:
            block = self.first_block[number]
            while block >= 0:
                for at in range(self.b_rows[block].size() if self.b_inner[block] else 0):
                    child = self.inner[self.b_rows[block][at]]
                    if child >= 0:
                        found.push_back(child)
                block = self.b_next[block]
            if met == found.size():
                return 0
            number = found[met]
            met += 1

    cdef int32_t block(self, int32_t row, int16_t type) noexcept:
        """Return the block of a vertex's children of a type, -1 if it has none."""
        cdef int32_t block
        if self.inner[row] < 0:
            return -1
        block = self.first_block[self.inner[row]]
        while block >= 0 and self.b_type[block] != type:
            block = self.b_next[block]
        return block

    cdef void set_idle(self, int32_t row, bint idle) noexcept:
        """Set the bit of a row in its block."""
        cdef int32_t block = self.block_of[row]
        cdef uint64_t bit
        cdef uint64_t* word
        if block < 0:
            return
        bit = <uint64_t> 1 << (self.place[row] & 63)
        word = &self.b_idle[block][self.place[row] >> 6]
        if idle and not word[0] & bit:
            word[0] |= bit
            self.b_free[block] += 1
        elif not idle and word[0] & bit:
            word[0] &= ~bit
            self.b_free[block] -= 1

    cdef int64_t score(self, int32_t row) noexcept:
        """Return the score of a vertex whose demands are met; it is not the root."""
        return 2 + self.enclosing[self.inner[self.above[row]]] + self.graph.v_id[row]

    cdef int64_t units_below(self, int32_t row, int16_t type) noexcept:
        """Return the units of a type below a vertex. O(inner vertices below)."""
        cdef int32_t block
        cdef int64_t units = 0
        cdef size_t at
        if self.inner[row] < 0:
            return 0
        block = self.first_block[self.inner[row]]
        while block >= 0:
            if self.b_type[block] == type:
                units += self.b_size[block] * <int64_t> self.b_rows[block].size()
            for at in range(self.b_rows[block].size() if self.b_inner[block] else 0):
                if self.inner[self.b_rows[block][at]] >= 0:
                    units += self.units_below(self.b_rows[block][at], type)
            block = self.b_next[block]
        return units


cdef int insert_bit(vector[uint64_t]& words, size_t place, size_t count) except -1:
    """Make room for a bit, cleared, in words that have `count` bits after that."""
    cdef size_t at, word = place >> 6
    cdef uint64_t low = (<uint64_t> 1 << (place & 63)) - 1
    words.resize((count + 63) // 64, 0)
    for at in range(words.size() - 1, word, -1):
        words[at] = words[at] << 1 | words[at - 1] >> 63
    words[word] = (words[word] & low) | (words[word] & ~low) << 1
    return 0


cdef int remove_bit(vector[uint64_t]& words, size_t place, size_t count) except -1:
    """Take out a bit, which is cleared, of words that have `count` bits after that."""
    cdef size_t at, word = place >> 6
    cdef uint64_t low = (<uint64_t> 1 << (place & 63)) - 1
    words[word] = (words[word] & low) | (words[word] >> 1 & ~low)
    for at in range(word + 1, words.size()):
        words[at - 1] |= words[at] << 63
        words[at] >>= 1
    words.resize((count + 63) // 64)
    return 0
