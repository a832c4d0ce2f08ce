"""The indexed search: the answers of the walk at the price of the answer (see the .pyx)."""

cimport cython
from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from fluxion_py._core.calendars cimport Calendar
from fluxion_py._core.emission cimport Emission
from fluxion_py._core.fitting cimport Fitting
from fluxion_py._core.index cimport Index
from fluxion_py._core.occupancy cimport Occupancy
from fluxion_py._core.plan cimport Plan
from fluxion_py._core.request cimport Request
from fluxion_py._core.tournaments cimport Tournaments
from fluxion_py._core.tree cimport Tree
from fluxion_py._core.unfold cimport Unfold
from fluxion_py._core.walk cimport Walk


@cython.final
cdef class Unfolding:
    cdef Unfold unfold
    cdef vector[int32_t] rows
    cdef int32_t row_limit                  # the tree it is of, see `Unfold.run`
    cdef int32_t removals
    cdef tuple listed


@cython.final
cdef class Quick:
    cdef Walk walk
    cdef Emission emission
    cdef Tree tree
    cdef readonly Occupancy occupancy
    cdef Fitting fitting
    cdef bint usable                        # the setting and the graph are such that it may answer
    cdef dict plans                         # (request, constraint) -> Plan
    cdef int constrained                    # how many of them have a constraint
    cdef Plan last                          # that was asked for
    cdef dict indexes                       # shape -> Index
    cdef dict calendars                     # type -> Calendar, or None if it would be too large
    cdef int64_t asked                      # a count of uses, for the least recently used index
    # scratch of a search
    cdef vector[int32_t] chosen             # forming vertices
    cdef vector[int64_t] picked             # inner vertex -> how many of its candidates
    cdef vector[int32_t] chosen_at          # inner vertex -> where it is in `chosen`
    cdef int64_t free_in_window             # vertices of the holder's type, at the last look

    cdef bint fits_setting(self) except -1
    cdef bint counts_all(self) except -1
    cdef int insert(self, int32_t edge) except -1
    cdef bint remove(self, const vector[int32_t]& gone) except -1
    cdef int forget(self) except -1
    cdef bint is_current(self, Unfolding listing) noexcept
    cdef Plan plan(self, Request request, bytes allowed)
    cdef int find_index(self, Plan plan) except -1
    cdef Index new_index(self, Plan plan, bint in_window)
    cdef int drop_oldest(self) except -1
    cdef bint select(self, Plan plan) except -1
    cdef bint choose(self, Plan plan, Index index) except -1
    cdef Calendar calendar(self, Plan plan)
    cdef bint select_window(self, Plan plan, Calendar calendar, int64_t start, int64_t end,
                            bint now) except -1
    cdef int find_sound(self, Index view, Calendar calendar) except -1
    cdef int64_t earliest(self, Plan plan, Calendar calendar, int64_t duration) except -2
    cdef int scores(self, Index index, int32_t number, int64_t count,
                    vector[int64_t]& found) except -1
    cdef int pick(self, int32_t number, int64_t count) except -1
    cdef int choose_in_order(self, Tournaments index, int64_t wanted) except -1
    cdef int choose_found(self, Index index, int64_t wanted) except -1
    cdef int take(self, Index index) except -1
    cdef int best_found(self, int32_t row, int32_t number, int32_t first,
                        vector[int32_t]& rows) except -1
    cdef int take_whole_above(self, Plan plan) except -1
    cdef object unfolding(self, const vector[int32_t]& rows)
