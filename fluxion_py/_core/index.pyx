# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""What all indexes share (see the .pxd)."""

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from fluxion_py._core.fitting cimport Fitting
from fluxion_py._core.occupancy cimport Occupancy
from fluxion_py._core.plan cimport POOLS, SLOTS, VERTICES, Plan


cdef class Index:
    """Where one plan fits now."""

    def __init__(self, Plan plan, Fitting fitting, Occupancy occupancy, bint in_window=False):
        self.plan = plan
        self.kind = plan.kind
        if in_window and self.kind == VERTICES and (
            plan.request.nodes[plan.first].type == plan.holder
        ):
            self.kind = POOLS       # whether one is free is a bit at its parent
        self.tree = plan.tree
        self.fitting = fitting
        self.occupancy = occupancy
        self.cursor = -1
        self.sound_at = -1

    cdef bint forms(self, int32_t row) noexcept:
        """Say whether candidates of the first level arise at a vertex."""
        if self.kind == SLOTS:
            return self.plan.has_all(row, self.plan.first)
        if self.kind == VERTICES:
            return self.tree.graph.v_type[row] == self.plan.request.nodes[self.plan.first].type
        return self.tree.block(row, self.plan.request.nodes[self.plan.first].type) >= 0

    cdef int64_t size_at(self, int32_t row) noexcept:
        """Return the units of one candidate that arises at a forming vertex."""
        if self.kind == SLOTS:
            return 1
        if self.kind == VERTICES:
            return self.tree.graph.v_size[row]
        return self.tree.b_size[
            self.tree.block(row, self.plan.request.nodes[self.plan.first].type)
        ]

    cdef int64_t supply_at(self, int32_t row, bint inside) noexcept:
        """Return the units that a forming vertex can give.

        `inside`: a walk is known to get into its parent.
        """
        cdef Fitting fitting = self.fitting
        if not (inside or fitting.reached(self.tree.above[row])):
            return 0
        if self.kind == VERTICES:
            return (
                self.tree.graph.v_size[row] if fitting.child_fits(row, self.plan.first) else 0
            )
        return fitting.supply(row, self.plan.first) if fitting.is_open(row) else 0

    cdef int refresh(self) except -1:
        """Take in what has changed since the last time."""
        raise NotImplementedError

    cdef int start_over(self) except -1:
        """Look at everything anew, for another window."""
        raise NotImplementedError

    cdef bint insert(self, int32_t row) except -1:
        """Take in a new sub-tree, whose parent had children of its type before.

        False if roles above it would change, too: then it is to be made anew.
        """
        raise NotImplementedError

    cdef bint remove(self, const vector[int32_t]& gone) except -1:
        """Take out a sub-tree, its root first; False if roles above it would change."""
        raise NotImplementedError
