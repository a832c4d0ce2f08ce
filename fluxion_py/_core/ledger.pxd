"""Who holds what, when: holds on vertices, prune filters on inner vertices, job records.

A *hold* is the record of one job on one vertex. Holds live in one arena; each vertex has two
singly linked lists of them, `v_owned` (exclusive: the units are taken) and `v_passed` (shared:
the job only passes through to something below). A *filter* is the total of each tracked type
below an inner vertex; its time line exists only after the first span (docs/design/0002).

Invariants: a hold is in exactly one list of its row and in its job's list; a filter's time line is
the sum of the spans of the holds on its row; free arena slots are chained through `next`.
"""

cimport cython
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint64_t
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.timeline cimport TimeLine

cdef enum:
    TAGGED = 1          # the job is known at the vertex (tag and x_checker of matching.md 2)
    OWNED = 2           # the vertex's units are taken (a span in plans)
    RESERVED = 4        # ... recorded as a reservation, else as an allocation
    DIVIDED = 8         # ... `needs` units of a divisible vertex, which others may share

cdef enum:              # `primed`, in one pass over a tree
    PRIMING = 1         # the pass is below the vertex now: meeting it again means a cycle
    PRIMED = 2

cdef struct Hold:
    int64_t jobid
    int64_t start       # seconds
    int64_t end         # exclusive
    int64_t needs       # units taken if OWNED
    int32_t row
    int32_t span        # index into spans: what the job holds below, -1 none
    int32_t next        # next hold of the row (or next free slot)
    int32_t way         # row of the parent through which the job reaches it; -1 at the root
    uint8_t flags


cdef struct Pool:       # a divisible vertex that somebody has held
    int32_t line        # index into pool_lines
    int64_t next_end    # no allocation on it ends earlier: none has overrun before that


@cython.final
cdef class Ledger:
    cdef readonly FlatGraph graph
    cdef int8_t dominant                    # subsystem id of the tree that is walked
    cdef list filter_spec                   # [(anchor, type)]
    cdef int32_t top                        # root of the dominant tree
    cdef bint strict                        # count as the reference does
    cdef list subsystems                    # selected subsystem ids, the dominant one first
    # holds
    cdef vector[int32_t] v_owned
    cdef vector[int32_t] v_passed
    cdef vector[Hold] holds
    cdef int32_t free_hold
    cdef vector[vector[int64_t]] spans
    cdef vector[int32_t] free_spans
    cdef unordered_map[int64_t, vector[int32_t]] jobs
    # divisible vertices
    cdef unordered_map[int32_t, Pool] pools
    cdef list pool_lines                    # TimeLine of two types: units, holders of the whole
    # filters
    cdef vector[int32_t] v_filter           # inner vertices of the dominant tree; -1 at leaves
    cdef vector[int32_t] f_row
    cdef vector[int32_t] f_set              # index into type_sets
    cdef vector[vector[int64_t]] f_totals
    cdef vector[uint64_t] f_children        # types of direct children, as bits
    cdef list lines                         # TimeLine or None
    cdef vector[vector[int16_t]] type_sets
    cdef vector[uint8_t] tracked            # by type: tracked anywhere
    cdef vector[uint8_t] share              # by type: some vertex has several parents
    cdef bint any_shared
    cdef vector[int64_t] leaves             # by type: vertices without any edge out
    cdef size_t edges                       # of the graph when primed
    cdef int64_t reshaped                   # ... and its count of changes that are no growth
    # priming scratch
    cdef int64_t epoch                      # of the graph when primed, -1 if that failed
    cdef vector[vector[uint8_t]] anchored   # anchor type -> type -> tracked there; empty: none
    cdef vector[uint8_t] everywhere         # type -> tracked at ALL anchors
    cdef vector[vector[int64_t]] sums       # depth -> type -> units below
    cdef vector[uint8_t] primed             # 0, PRIMING or PRIMED
    cdef vector[uint8_t] seen               # scratch of free_inside; `trail` lists what to clear
    cdef vector[int32_t] trail
    cdef vector[uint8_t] noted              # met through a second parent, or below such a vertex

    cdef int prime(self) except -1
    cdef int check_primed(self) except -1
    cdef bint find_growth(self, vector[int32_t]& tops) except -1
    cdef bint is_plain_growth(self, int32_t row, int depth, size_t* met) except -1
    cdef int grow(self, const vector[int32_t]& tops) except -1
    cdef int32_t shrinks_below(self, const vector[int32_t]& gone) except -2
    cdef int shrink(self, int32_t parent, const vector[int32_t]& gone) except -1
    cdef int add_totals(self, int32_t row, const vector[int64_t]& units, int sign) except -1
    cdef int32_t parent(self, int32_t row) noexcept
    cdef int fit_rows(self) except -1
    cdef int note_state(self) except -1
    cdef int anchor(self, int16_t anchor, int16_t kind) except -1
    cdef int prime_vertex(self, int32_t row, int8_t subsystem, int depth) except -1
    cdef int track_pools(self) except -1
    cdef int track_leaf_types(self) except -1
    cdef int drop_stale_filters(self) except -1
    cdef int note_shared(self, int32_t row, int depth) except -1
    cdef bint shares_below(self, int32_t row) noexcept
    cdef bint free_unseen(self, int32_t row, int64_t start, int64_t end) noexcept
    cdef bint free_inside(self, int32_t row, int64_t start, int64_t end) noexcept
    cdef int set_filter(self, int32_t row, const vector[int64_t]& below) except -1
    cdef uint64_t children_mask(self, int32_t row) noexcept
    cdef bint has_child(self, int32_t row, int16_t type) noexcept
    cdef bint has_filter(self, int32_t row) noexcept
    cdef int32_t type_set(self, vector[int16_t]& types)
    cdef int remap_filter(self, int32_t filter, int32_t fresh) except -1
    cdef int64_t available(self, int32_t row, int64_t start, int64_t end) noexcept
    cdef bint is_pool(self, int32_t row) noexcept
    cdef int64_t pool_free(self, int32_t row, int64_t start, int64_t end, bint now) noexcept
    cdef int64_t overdue(self, int32_t row, int64_t time) noexcept
    cdef int64_t units_held(self, int32_t row) noexcept
    cdef int64_t charge(self, int32_t hold) noexcept
    cdef int draw(self, int32_t hold, bint back) except -1
    cdef int resize(self, int32_t row, int64_t size) except -1
    cdef int64_t counted(self, int32_t row) except? -1
    cdef int recount(self, int32_t row, int64_t held) except -1
    cdef int shift_totals(self, int32_t row, int64_t change) except -1
    cdef bint untouched(self, int32_t row, int64_t start, int64_t end) noexcept
    cdef bint allocated(self, int32_t row) noexcept
    cdef bint runs(self, int64_t jobid) noexcept
    cdef bint fits_below(self, int32_t row, const vector[int64_t]& demand, int64_t start,
                         int64_t end) noexcept
    cdef int64_t free_below(self, int32_t filter, size_t kind, int64_t time) noexcept
    cdef int32_t find_hold(self, int32_t row, int64_t jobid) noexcept
    cdef int32_t add_hold(self, int32_t row, int32_t way, int64_t jobid, int64_t start,
                          int64_t end, int64_t needs, uint8_t flags)
    cdef int add_span(self, int32_t hold, const vector[int64_t]& amounts) except -1
    cdef int drop_span(self, int32_t hold) except -1
    cdef int drop_hold(self, int32_t hold) except -1
    cdef int drop_job(self, int64_t jobid) except -1
    cdef void disown(self, int32_t hold) noexcept
    cdef void forget(self, int64_t jobid, int32_t hold) noexcept
    cdef int64_t held_below(self, int32_t hold, int16_t type) noexcept
    cdef TimeLine line(self, int32_t filter)
    cdef list below(self, int32_t row, int64_t jobid=*)
    cdef list rows_of(self, int64_t jobid)
    cdef list jobs_at(self, int32_t row)
