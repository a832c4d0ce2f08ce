"""Where a request fits: what all indexes share (core-algorithms.md 7).

There is one for each request shape and constraint. *Forming* vertices are those at which candidates
of the first named level arise, *upper* ones are above them. Policies by score have `Tournaments`,
first-match ones `Prospects`.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.vector cimport vector

from fluxion_py._core.fitting cimport Fitting
from fluxion_py._core.occupancy cimport Occupancy
from fluxion_py._core.plan cimport Kind, Plan
from fluxion_py._core.tree cimport Tree


cdef class Index:
    cdef Plan plan
    cdef Tree tree
    cdef Occupancy occupancy
    cdef Fitting fitting
    cdef Kind kind                          # as the plan's, but see __init__
    cdef Index in_window                    # the same for windows of time, once it was needed
    cdef vector[uint64_t] sound             # in_window: holders that are up and complete, as bits
    cdef int64_t sound_at                   # status changes when that was found out
    cdef int64_t cursor                     # changes up to here are taken in
    cdef int64_t used                       # when it was asked last
    cdef bint two_sorts                     # a forming vertex below another: not for an index

    cdef bint forms(self, int32_t row) noexcept
    cdef int64_t size_at(self, int32_t row) noexcept
    cdef int64_t supply_at(self, int32_t row, bint inside) noexcept
    cdef int refresh(self) except -1
    cdef int start_over(self) except -1
    cdef bint insert(self, int32_t row) except -1
    cdef bint remove(self, const vector[int32_t]& gone) except -1
