# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Listing what a record implies: the owned rows, all below those given whole, the ways to the root.

Costs O(a log a) for an answer of a vertices, and is done when somebody looks at them: a match does
not need it.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t
from libcpp.algorithm cimport lower_bound, sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.charges cimport WHOLE
from fluxion_py._core.emission cimport Emission
from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.tree cimport Removed, Tree

cdef int32_t PASSED = 4     # code of a vertex that is only passed through


@cython.final
cdef class Unfold:
    """Unfolds records of one engine."""

    def __init__(self, Emission emission, Tree tree):
        self.emission = emission
        self.tree = tree
        self.seen.assign(tree.way.size(), 0)

    cdef int run(self, const vector[int32_t]& rows, int32_t row_limit, int32_t removals,
                 int64_t jobid, int64_t start, int64_t end, int flags) except -1:
        """Emit the vertices of a record; with a job id >= 0 hold them in the ledger as well.

        They are in the emission's lists after. `rows` are row << 1 | WHOLE, as in a record. What is
        below a vertex given whole is what was there when the tree had `row_limit` rows and that
        many removals.
        """
        cdef Emission emission = self.emission
        cdef size_t at, owned = rows.size()
        cdef int32_t row, code = PASSED
        emission.jobid = jobid
        emission.start = start
        emission.end = end
        emission.record_flags = flags
        emission.emitted.clear()
        emission.emitted_edges.clear()
        self.row_limit = row_limit
        self.removals = removals
        self.seen.resize(self.tree.way.size(), 0)
        self.members.clear()
        for at in range(owned):
            if rows[at] >> 1 == self.tree.top:
                code = rows[at] & WHOLE
            else:
                self.add(rows[at] >> 1, rows[at] & WHOLE)
        for at in range(owned):
            row = self.tree.above[rows[at] >> 1]
            while row >= 0 and not self.seen[row]:
                self.add(row, PASSED)
                row = self.tree.above[row]
        self.seen[self.tree.top] = 0
        for at in range(self.members.size()):
            row = self.members[at].first.second
            if row >= 0:
                self.seen[self.tree.graph.e_target[row]] = 0
        sort(self.members.begin(), self.members.end())
        self.list_vertex(self.tree.top, code, 1)
        return 0

    cdef int add(self, int32_t row, int32_t code) except -1:
        self.seen[row] = 1
        self.members.push_back(Member(
            pair[int32_t, int32_t](self.tree.above[row], self.tree.way[row]), code
        ))
        return 0

    cdef int list_vertex(self, int32_t row, int32_t code, int32_t depth) except -1:
        """List what the record has below a vertex, in the order of edges, then the vertex."""
        cdef Emission emission = self.emission
        cdef FlatGraph g = self.tree.graph
        cdef size_t at
        cdef int32_t edge
        cdef int64_t needs = 1
        if code & WHOLE:
            return self.list_whole(row, depth)
        emission.open_level(depth)
        at = lower_bound(
            self.members.begin(), self.members.end(), Member(pair[int32_t, int32_t](row, -1), 0)
        ) - self.members.begin()
        while at < self.members.size() and self.members[at].first.first == row:
            edge = self.members[at].first.second
            self.list_vertex(g.e_target[edge], self.members[at].second, depth + 1)
            emission.emitted_edges.push_back(edge)
            at += 1
        if depth > 1:
            needs = g.v_size[row]
        emission.record(row, self.tree.above[row], needs, code != PASSED, depth)
        return 0

    cdef int list_whole(self, int32_t row, int32_t depth) except -1:
        """List a vertex and all that the tree, not the graph of a later day, has below it."""
        cdef Emission emission = self.emission
        cdef int32_t block = -1, child
        cdef Removed gone
        cdef vector[pair[int32_t, int32_t]] children        # (edge, row): edges only grow
        cdef size_t at
        emission.open_level(depth)
        if self.tree.inner[row] >= 0:
            block = self.tree.first_block[self.tree.inner[row]]
        while block >= 0:
            for at in range(self.tree.b_rows[block].size()):
                child = self.tree.b_rows[block][at]
                if child < self.row_limit:
                    children.push_back(pair[int32_t, int32_t](self.tree.way[child], child))
            block = self.tree.b_next[block]
        if self.tree.removals > self.removals and self.tree.removed.count(row):
            for gone in self.tree.removed[row]:
                if gone.first < self.row_limit and gone.second >= self.removals:
                    child = gone.first
                    children.push_back(pair[int32_t, int32_t](self.tree.way[child], child))
        sort(children.begin(), children.end())
        for at in range(children.size()):
            self.list_whole(children[at].second, depth + 1)
            emission.emitted_edges.push_back(children[at].first)
        emission.record(row, self.tree.above[row], self.tree.graph.v_size[row], True, depth)
        return 0
