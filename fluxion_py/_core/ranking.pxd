"""Weights of edges, and children in the order of those (see the .pyx)."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.ledger cimport Ledger


@cython.final
cdef class Ranking:
    cdef FlatGraph graph
    cdef Ledger ledger
    cdef vector[uint64_t] e_weight
    cdef unordered_map[int32_t, vector[int32_t]] ranked    # vertex -> its out-edges in order
    cdef int64_t ranked_epoch                               # of the graph, when they were made

    cdef bint watched                       # keep a list of what has changed here
    cdef vector[int32_t] moved              # edges that have another weight

    cdef int fit_graph(self) except -1
    cdef vector[int32_t]* ranked_edges(self, int32_t row) except NULL
    cdef int weigh(self, int32_t edge, int64_t now, bint restored) except -1
    cdef int set_weight(self, int32_t edge, uint64_t weight) except -1
    cdef size_t rank_of(self, const vector[int32_t]& edges, int32_t edge) noexcept
    cdef list weights(self)
    cdef int take_over(self, weights) except -1
