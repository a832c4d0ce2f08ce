# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The order in which first-match policies visit children (matching.md 4.2).

Each edge has a weight: what was free below its target when it was last given out, untouched
edges have the highest. Children come by (weight, uniq_id) descending. The order of a vertex is made
on its first visit, O(children log children); a new weight moves one edge, O(children).
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.algorithm cimport sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.ledger cimport Ledger
from fluxion_py._core.timeline cimport TimeLine

cdef uint64_t VIRGIN = 0xFFFFFFFFFFFFFFFFULL    # weight of an edge nothing was emitted over yet


@cython.final
cdef class Ranking:
    """Edge weights and the orders that follow from them."""

    def __init__(self, Ledger ledger):
        self.ledger = ledger
        self.graph = ledger.graph
        self.ranked_epoch = -1

    cdef int fit_graph(self) except -1:
        """Give the edges that are new the weight of untouched ones."""
        self.e_weight.resize(self.graph.e_source.size(), VIRGIN)
        return 0

    cdef vector[int32_t]* ranked_edges(self, int32_t row) except NULL:
        """Return the out-edges by (weight, uniq_id of the target) descending."""
        cdef vector[int32_t]* edges
        cdef vector[pair[pair[uint64_t, int64_t], int32_t]] keyed
        cdef int32_t edge
        cdef size_t index
        if self.ranked_epoch != self.graph.epoch:
            self.ranked.clear()
            self.ranked_epoch = self.graph.epoch
        edges = &self.ranked[row]
        if edges.empty():
            edge = self.graph.v_first_out[row]
            while edge >= 0:
                keyed.push_back(pair[pair[uint64_t, int64_t], int32_t](
                    pair[uint64_t, int64_t](
                        ~self.e_weight[edge], ~self.graph.v_uniq[self.graph.e_target[edge]]
                    ), edge
                ))
                edge = self.graph.e_next_out[edge]
            sort(keyed.begin(), keyed.end())
            for index in range(keyed.size()):
                edges.push_back(keyed[index].second)
        return edges

    cdef int weigh(self, int32_t edge, int64_t now, bint restored) except -1:
        """Set an emitted edge's weight to what is free now below its target, of the last type."""
        cdef int32_t target = self.graph.e_target[edge], filter
        cdef uint64_t weight
        if not self.ledger.has_filter(target):
            return 0
        filter = self.ledger.v_filter[target]
        weight = 0
        if not restored:
            weight = self.ledger.free_below(filter, self.ledger.f_totals[filter].size() - 1, now)
        if weight == 0 and (
            self.ledger.lines[filter] is None
            or (<TimeLine> self.ledger.lines[filter]).times.empty()
        ):
            return 0
        self.set_weight(edge, weight)
        return 0

    cdef int set_weight(self, int32_t edge, uint64_t weight) except -1:
        """Set an edge's weight and move it to its new place among its siblings. O(siblings)."""
        cdef vector[int32_t]* edges
        cdef size_t place
        if self.e_weight[edge] == weight:
            return 0
        if self.watched:
            self.moved.push_back(edge)
        if self.ranked_epoch != self.graph.epoch or not (
            self.ranked.count(self.graph.e_source[edge])
        ):
            self.e_weight[edge] = weight
            return 0
        edges = &self.ranked[self.graph.e_source[edge]]
        edges.erase(edges.begin() + self.rank_of(edges[0], edge))
        self.e_weight[edge] = weight
        place = self.rank_of(edges[0], edge)
        edges.insert(edges.begin() + place, edge)
        return 0

    cdef size_t rank_of(self, const vector[int32_t]& edges, int32_t edge) noexcept:
        """Return the first place whose edge does not come before this one."""
        cdef size_t low = 0, high = edges.size(), middle
        cdef uint64_t weight = self.e_weight[edge]
        cdef int64_t uniq = self.graph.v_uniq[self.graph.e_target[edge]]
        while low < high:
            middle = (low + high) // 2
            if self.e_weight[edges[middle]] > weight or (
                self.e_weight[edges[middle]] == weight
                and self.graph.v_uniq[self.graph.e_target[edges[middle]]] > uniq
            ):
                low = middle + 1
            else:
                high = middle
        while low + 1 < edges.size() and edges[low] != edge and (
            self.e_weight[edges[low]] == weight
            and self.graph.v_uniq[self.graph.e_target[edges[low]]] == uniq
        ):
            low += 1        # equal keys: only if uniq_id is not unique
        return low

    cdef list weights(self):
        """Return [(source, target, weight)] of the edges that something was emitted over."""
        cdef size_t edge
        return [
            (self.graph.e_source[edge], self.graph.e_target[edge], self.e_weight[edge])
            for edge in range(self.e_weight.size())
            if self.e_weight[edge] != VIRGIN
        ]

    cdef int take_over(self, weights) except -1:
        """Set what `weights` returned; edges that are gone are left out."""
        cdef int32_t source, target, edge
        self.ranked.clear()
        for source, target, weight in weights:
            if not (self.graph.alive(source) and self.graph.alive(target)):
                continue
            edge = self.graph.v_first_in[target]
            while edge >= 0:
                if self.graph.e_source[edge] == source:
                    self.e_weight[edge] = weight
                    if self.watched:
                        self.moved.push_back(edge)
                edge = self.graph.e_next_in[edge]
        return 0
