"""Who has what now, as counts and bits, and a short record of every job.

Where the `Ledger` has one hold per vertex and job, a *record* has the rows that a job owns and no
more: a node given whole is one entry with its WHOLE bit, whatever is below it. Ancestors are
implied. A record acts on the counts from its start on (`PRESENT`): an allocation until it is given
back, a reservation until its end. The ledger gets a job's holds only when somebody asks it
(`settle`); until then the record is `PENDING` there.

Invariants: `held` and `touched` are sums over the present records; a bit of the tree's blocks is
set if nothing holds or touches the vertex and it is up; calendars have the records that end after
now; `odd_jobs` counts the records whose effect these counts cannot tell, and while there are any
the walk answers.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint64_t
from libcpp.pair cimport pair
from libcpp.queue cimport priority_queue
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector

from fluxion_py._core.calendars cimport Calendar
from fluxion_py._core.charges cimport Charges
from fluxion_py._core.emission cimport Emission
from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.ledger cimport Ledger
from fluxion_py._core.tree cimport Tree
from fluxion_py._core.unfold cimport Unfold
from fluxion_py._core.walk cimport Walk

cdef enum:
    PLANNED = 1         # booked for later than it was asked for: RESERVED of the ledger
    PRESENT = 2         # counts in held and touched
    USING = 4           # counts in the charges: between its start and its end
    PENDING = 8         # the ledger does not have it yet
    ODD = 16            # see above

ctypedef pair[int64_t, pair[int32_t, int32_t]] Event     # (-time, (record, its generation))


@cython.final
cdef class Occupancy:
    cdef FlatGraph graph
    cdef Ledger ledger
    cdef Tree tree
    cdef Charges charges                    # None unless edges have weights (first*)
    cdef Unfold unfold
    cdef int64_t now
    cdef vector[uint16_t] held              # row -> present records that own it
    cdef vector[int32_t] touched            # inner vertex -> those with something at or below it
    cdef vector[uint64_t] stamp             # inner vertex -> the operation that met it last
    cdef uint64_t operation
    # per record
    cdef vector[int64_t] r_job
    cdef vector[int64_t] r_start
    cdef vector[int64_t] r_end
    cdef vector[int64_t] r_since            # where it begins in calendars: LONG_AGO if it has
    #                                         started, ABSENT if it has ended or is odd
    cdef vector[uint8_t] r_flags
    cdef vector[int32_t] r_generation       # of the slot: who keeps its number sees it was reused
    cdef vector[vector[int32_t]] r_rows     # row << 1 | WHOLE
    cdef vector[int32_t] free_slots
    cdef unordered_map[int64_t, int32_t] slots      # job id -> record
    cdef vector[int32_t] pending
    cdef dict answers                       # record -> its listing, if one was given out
    cdef priority_queue[Event] events       # starts and ends to come
    cdef int64_t future                     # records that start after now
    cdef int64_t odd_jobs
    cdef int64_t status_changes             # how often a vertex went up or down
    cdef list calendars                     # of types that plans for the future ask for
    # what follows from the counts elsewhere is brought up to date from here
    cdef vector[int32_t] changed            # inner row << 1 | only its leaves have changed
    cdef int64_t changed_before             # entries that were dropped from the front

    cdef bint up(self, int32_t row) noexcept
    cdef void refresh(self, int32_t row) noexcept
    cdef int enter_calendars(self, int32_t slot) except -1
    cdef int leave_calendars(self, int32_t slot) except -1
    cdef int write_calendar(self, Calendar calendar) except -1
    cdef int64_t next_event(self) except -2
    cdef int status_changed(self, int32_t row) except -1
    cdef int grow(self) except -1
    cdef int part(self, int32_t row) except -1
    cdef int note(self, int32_t row) except -1
    cdef int32_t new_record(self, int64_t jobid, int64_t start, int64_t end,
                            uint8_t flags) except -1
    cdef int32_t commit(self, int64_t jobid, int64_t start, int64_t end, bint planned,
                        const vector[int32_t]& rows, bint weigh) except -1
    cdef int begin(self, int32_t slot) except -1
    cdef int forget_past(self) except -1
    cdef int apply(self, int32_t slot, int sign) except -1
    cdef bint is_due(self, int64_t now) noexcept
    cdef int advance(self, int64_t now) except -1
    cdef int happen(self, int32_t slot, int64_t time) except -1
    cdef int restart(self, int64_t now) except -1
    cdef bint drop(self, int64_t jobid) except -1
    cdef int settle(self) except -1
    cdef int observe(self, int64_t jobid) except -1
    cdef bint is_plain(self, int64_t jobid, vector[int32_t]& rows) except -1
