"""What is in use below inner vertices now, as far as first-match policies look at it.

Such a policy visits first where the most is free of the *last* type of a vertex's filter
(matching.md 4.2). Here is that one number per inner vertex, kept by the records of the
`Occupancy`, so that weights of edges follow without time lines.
"""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint64_t
from libcpp.vector cimport vector

from fluxion_py._core.ledger cimport Ledger
from fluxion_py._core.ranking cimport Ranking
from fluxion_py._core.tree cimport Tree
from fluxion_py._core.visits cimport Visits

cdef enum:
    WHOLE = 1           # of a row in a record, row << 1 | WHOLE: everything below is given with it


@cython.final
cdef class Charges:
    cdef Tree tree
    cdef Ledger ledger
    cdef Ranking ranking
    cdef Visits visits
    # per inner vertex
    cdef vector[int16_t] last               # the last type of its filter, -1 without a filter
    cdef vector[int64_t] total              # units of that type below
    cdef vector[int64_t] used               # ... in use now
    cdef vector[int32_t] spans              # jobs that the filter has ever a span of
    cdef vector[uint64_t] stamp             # which operation met it last
    cdef uint64_t operation
    cdef vector[int32_t] below              # scratch

    cdef int grow(self) except -1
    cdef int read_totals(self, int32_t row) except -1
    cdef int use(self, const vector[int32_t]& rows, int sign) except -1
    cdef int count(self, const vector[int32_t]& rows, int sign) except -1
    cdef int weigh(self, const vector[int32_t]& rows) except -1
    cdef int weigh_one(self, int32_t number) except -1
