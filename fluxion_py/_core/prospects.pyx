# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The search of first-match policies (see the .pxd, read it first)."""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint64_t
from libcpp.algorithm cimport sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.bits cimport count_bits, lowest_bit
from fluxion_py._core.fitting cimport Fitting
from fluxion_py._core.flatgraph cimport ALIVE
from fluxion_py._core.index cimport Index
from fluxion_py._core.occupancy cimport Occupancy
from fluxion_py._core.plan cimport POOLS, Plan
from fluxion_py._core.visits cimport Class, leading_zeros

cdef uint64_t ONE = 1
cdef int FEW = 64           # children to sort rather than to pass over all others by class
cdef int MANY_WORDS = 8


@cython.final
cdef class Prospects(Index):
    """Where one plan may fit now."""

    def __init__(self, Plan plan, Fitting fitting, Occupancy occupancy, bint in_window=False):
        Index.__init__(self, plan, fitting, occupancy, in_window)
        self.visits = occupancy.charges.visits
        self.two_sorts = self.nests()

    cdef bint nests(self) except -1:
        """Say whether candidates arise below others: for pools only, slots do not look further."""
        cdef int16_t type = self.plan.request.nodes[self.plan.first].type
        cdef size_t number
        cdef int32_t row, above
        if self.kind != POOLS:
            return False
        known = self.tree.formed.get(type)
        if known is not None:
            return known
        self.tree.formed[type] = True
        for number in range(self.tree.rows.size()):
            row = self.tree.rows[number]
            if not self.tree.graph.v_flags[row] & ALIVE or self.tree.block(row, type) < 0:
                continue
            above = self.tree.above[row]
            while above >= 0:
                if self.tree.block(above, type) >= 0:
                    return True
                above = self.tree.above[above]
        self.tree.formed[type] = False
        return False

    # ---- keeping up ----

    cdef int refresh(self) except -1:
        """Hope again where something was given back since the last time."""
        cdef Occupancy occupancy = self.occupancy
        cdef int64_t at, behind = occupancy.changed_before + <int64_t> occupancy.changed.size()
        self.maybe.resize((self.visits.positions + 63) >> 6, ~(<uint64_t> 0))
        if self.cursor == behind:
            return 0
        if self.cursor < occupancy.changed_before:
            self.start_over()
        else:
            for at in range(
                self.cursor - occupancy.changed_before, <int64_t> occupancy.changed.size()
            ):
                self.hope(occupancy.changed[at] >> 1)
        self.cursor = behind
        return 0

    cdef int start_over(self) except -1:
        """Hope everywhere."""
        self.maybe.assign((self.visits.positions + 63) >> 6, ~(<uint64_t> 0))
        return 0

    cdef void hope(self, int32_t row) noexcept:
        """Let a search look at an inner vertex again."""
        cdef int32_t number = self.tree.inner[row], position
        while number >= 0:
            position = self.visits.position[number]
            self.maybe[position >> 6] |= ONE << (position & 63)
            number = self.visits.parent[number]

    cdef bint insert(self, int32_t row) except -1:
        """Take in a new sub-tree: new positions are hoped for, and so is what is noted."""
        self.in_window = None
        return not self.nests()

    cdef bint remove(self, const vector[int32_t]& gone) except -1:
        """Take out a sub-tree: it is visited no more."""
        self.in_window = None
        return True

    # ---- search ----

    cdef int64_t find(self, int64_t enough) except -1:
        """Visit children in order until there is enough, as matching.md 4.2 counts it.

        What is found is in `fitting.candidates`; returns the units.
        """
        self.fitting.candidates.clear()
        if not self.visits.ranking.moved.empty():
            self.visits.catch_up()
        return self.visit(self.tree.inner[self.tree.top], enough)

    cdef int64_t visit(self, int32_t number, int64_t enough) except -1:
        """Look at a vertex if its bit is set, and clear that if there is nothing."""
        cdef int32_t position = self.visits.position[number]
        cdef uint64_t bit = ONE << (position & 63)
        cdef int64_t units
        if not self.maybe[position >> 6] & bit:
            return 0
        units = self.look(number, enough)
        if units == 0:
            self.maybe[position >> 6] &= ~bit
        return units

    cdef int64_t look(self, int32_t number, int64_t enough) except -1:
        """Find candidates at a vertex, into whose parent a walk gets, and below it."""
        cdef int32_t row = self.tree.rows[number]
        cdef int64_t size, count
        if not self.forms(row):
            if self.visits.base[number] < 0 or not self.fitting.is_open(row):
                return 0
            return self.explore_few(number, enough) if self.has_few(number) else (
                self.explore(number, enough)
            )
        size = self.size_at(row)
        count = min(self.supply_at(row, True), enough + size - 1) // size
        self.fitting.candidates.insert(self.fitting.candidates.end(), <size_t> count, number)
        return count * size

    cdef int64_t explore(self, int32_t upper, int64_t enough) except -1:
        """Visit children class by class; how much is enough counts anew at each vertex."""
        cdef const vector[Class]* classes = &self.visits.classes[upper]
        cdef size_t at, word
        cdef uint64_t bits
        cdef int32_t place, base
        cdef int64_t found = 0
        for at in range(classes.size()):
            for word in range(classes[0][at].second.size()):
                base = classes[0][at].second[word].first
                bits = classes[0][at].second[word].second & self.maybe[base]
                while bits:
                    place = 63 - leading_zeros(bits)
                    bits ^= ONE << place
                    found += self.visit(self.visits.at[64 * base + place], enough)
                    if found >= enough:
                        return found
        return found

    cdef bint has_few(self, int32_t upper) noexcept:
        """Say whether few of many children are hoped for: then classes are not the way."""
        cdef int32_t word = self.visits.base[upper] >> 6, words = self.visits.count[upper] >> 6
        cdef int64_t hoped = 0
        if words < MANY_WORDS:
            return False
        for word in range(word, word + words + 1):
            hoped += count_bits(self.maybe[word])
        return hoped <= FEW + 64        # what is behind the last child is never cleared

    cdef int64_t explore_few(self, int32_t upper, int64_t enough) except -1:
        """Visit the children that are hoped for, sorted."""
        cdef vector[pair[uint64_t, int32_t]] keyed      # (~weight, -position)
        cdef int32_t base = self.visits.base[upper], word, position
        cdef uint64_t bits
        cdef size_t at
        cdef int64_t found = 0
        for word in range(base >> 6, (base + self.visits.count[upper] + 63) >> 6):
            bits = self.maybe[word]
            while bits:
                position = 64 * word + lowest_bit(bits)
                bits &= bits - 1
                if position < base + self.visits.count[upper] and self.visits.at[position] >= 0:
                    keyed.push_back(pair[uint64_t, int32_t](
                        ~self.visits.weight[self.visits.at[position]], -position
                    ))
        sort(keyed.begin(), keyed.end())
        for at in range(keyed.size()):
            found += self.visit(self.visits.at[-keyed[at].second], enough)
            if found >= enough:
                break
        return found
