# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Use below inner vertices now, and the weights of edges that follow (see the .pxd).

A record costs O(its rows * depth), a row given whole O(inner vertices below it) as well.
"""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint64_t
from libcpp.vector cimport vector

from fluxion_py._core.tree cimport Tree
from fluxion_py._core.visits cimport Visits
from fluxion_py._core.walk cimport Walk


@cython.final
cdef class Charges:
    """The charges of one engine."""

    def __init__(self, Walk walk, Tree tree):
        self.tree = tree
        self.ledger = walk.ledger
        self.ranking = walk.ranking
        self.visits = Visits(tree, walk.ranking)
        self.grow()

    cdef int grow(self) except -1:
        """Take in inner vertices that are new."""
        cdef size_t number, count = self.tree.rows.size()
        cdef int32_t filter
        self.total.resize(count, 0)
        self.used.resize(count, 0)
        self.spans.resize(count, 0)
        self.stamp.resize(count, 0)
        for number in range(self.last.size(), count):
            filter = self.ledger.v_filter[self.tree.rows[number]]
            if not self.ledger.has_filter(self.tree.rows[number]):
                self.last.push_back(-1)
                continue
            self.last.push_back(self.ledger.type_sets[self.ledger.f_set[filter]].back())
            self.total[number] = self.ledger.f_totals[filter].back()
        return self.visits.grow()

    cdef int read_totals(self, int32_t row) except -1:
        """Take over the ledger's totals of an inner vertex and of all above it."""
        cdef int32_t number
        while row >= 0:
            number = self.tree.inner[row]
            if self.last[number] >= 0:
                self.total[number] = self.ledger.f_totals[self.ledger.v_filter[row]].back()
            row = self.tree.above[row]
        return 0

    cdef int use(self, const vector[int32_t]& rows, int sign) except -1:
        """Count the rows of a record in (sign 1) or out (-1) of what is in use now."""
        cdef Tree tree = self.tree
        cdef size_t at
        cdef int32_t row, above
        cdef int16_t type, last, known
        cdef int64_t below
        cdef size_t inner
        for at in range(rows.size()):
            row = rows[at] >> 1
            type = tree.graph.v_type[row]
            known = -1
            below = 0
            above = tree.above[row]
            while above >= 0:
                last = self.last[tree.inner[above]]
                if last == type:
                    self.used[tree.inner[above]] += sign * tree.graph.v_size[row]
                elif last >= 0 and rows[at] & WHOLE:
                    if last != known:
                        below = tree.units_below(row, last)
                        known = last
                    self.used[tree.inner[above]] += sign * below
                above = tree.above[above]
            if rows[at] & WHOLE and tree.inner[row] >= 0:
                self.used[tree.inner[row]] += sign * self.total[tree.inner[row]]
                tree.list_below(tree.inner[row], self.below)
                for inner in range(self.below.size()):
                    self.used[self.below[inner]] += sign * self.total[self.below[inner]]
        return 0

    cdef int count(self, const vector[int32_t]& rows, int sign) except -1:
        """Count the filters in which a record has a span: something tracked is emitted below."""
        cdef Tree tree = self.tree
        cdef size_t at, inner
        cdef int32_t row, above, number
        cdef uint64_t met
        self.operation += 2         # the lowest bit says: met with something tracked below
        for at in range(rows.size()):
            row = rows[at] >> 1
            met = self.operation + self.ledger.tracked[tree.graph.v_type[row]]
            if rows[at] & WHOLE and tree.inner[row] >= 0:
                met = self.operation + 1
                self.spans[tree.inner[row]] += sign
                tree.list_below(tree.inner[row], self.below)
                for inner in range(self.below.size()):
                    self.spans[self.below[inner]] += sign
            above = tree.above[row]
            while above >= 0 and self.stamp[tree.inner[above]] < met:
                number = tree.inner[above]
                self.stamp[number] = met
                if met != self.operation:
                    self.spans[number] += sign
                elif self.ledger.tracked[tree.graph.v_type[above]]:
                    met += 1
                above = tree.above[above]
        return 0

    cdef int weigh(self, const vector[int32_t]& rows) except -1:
        """Set the weights of all edges that lead to the rows of a record."""
        cdef Tree tree = self.tree
        cdef size_t at, inner
        cdef int32_t row
        self.operation += 2
        self.ranking.ranked_epoch = -1      # the walk sorts anew what it visits next
        for at in range(rows.size()):
            row = rows[at] >> 1
            if rows[at] & WHOLE and tree.inner[row] >= 0:
                tree.list_below(tree.inner[row], self.below)
                for inner in range(self.below.size()):
                    self.weigh_one(self.below[inner])
            if tree.inner[row] < 0:
                row = tree.above[row]
            while row >= 0 and self.stamp[tree.inner[row]] < self.operation:
                self.stamp[tree.inner[row]] = self.operation
                self.weigh_one(tree.inner[row])
                row = tree.above[row]
        return 0

    cdef int weigh_one(self, int32_t number) except -1:
        cdef int32_t edge = self.tree.way[self.tree.rows[number]]
        cdef int64_t weight
        if edge < 0 or self.last[number] < 0:
            return 0
        weight = max(0, self.total[number] - self.used[number])
        if weight > 0 or self.spans[number] > 0:
            self.ranking.e_weight[edge] = weight
            self.visits.move(number, weight)
        return 0
