"""The walk: select along the dominant tree (matching.md 4, 5).

While a walk runs, `board` is one stack of candidate groups. The groups of a vertex are those above
the height the stack had when the vertex was entered; so a vertex that chooses nothing leaves them
where they are, and they bubble up to its parent at no cost. A slot group names a run of
`contents`, the edges it is made of. Choosing marks edges with the number of this walk
(`e_mark == walk`), what the emission follows.
"""

cimport cython
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libcpp.string cimport string
from libcpp.vector cimport vector

from fluxion_py._core.board cimport Content, Group
from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.ledger cimport Ledger
from fluxion_py._core.order cimport Keyed
from fluxion_py._core.ranking cimport Ranking
from fluxion_py._core.request cimport Request
from fluxion_py._core.stock cimport Stock

cdef enum Order:
    HIGH
    LOW
    LOCALITY
    VARIATION

cdef enum Level:            # where a choice is made: some policies sort differently there
    AT_VERTEX
    AT_SLOT
    AT_ROOT

cdef enum Failure:          # why a selection failed or emitted nothing (errata G2)
    OK
    BUSY
    NEVER
    NOENT
    NOTTY

cdef enum:
    EMITTED = 0x80000000    # v_color of an emitted vertex: this bit and the walk's number

cdef struct Tally:          # how far one requested type is while stopping early (matching.md 4.2)
    int64_t found
    int64_t shares

cdef enum:                  # why a visited vertex is exclusive
    ASKED = 1               # an ancestor, or it, says exclusive: true
    IN_SLOT = 2
    BY_TYPE = 4             # vertices of its type are given whole by this match

cdef struct Visited:        # what a successful visit reports to its parent
    int64_t score
    int64_t count
    int32_t content         # as in Group
    int32_t contents
    bint exclusive


@cython.final
cdef class Walk:
    cdef FlatGraph graph
    cdef Ledger ledger
    cdef Ranking ranking                    # order of children for stop_on_first
    # policy
    cdef Order order
    cdef bint node_centric
    cdef bint stop_on_first
    cdef bint flexible
    cdef bint reference_ties
    cdef vector[uint8_t] always_exclusive   # by type: the policy gives it whole
    cdef vector[int64_t] map_score          # by property map: 1 + performance class
    cdef vector[int8_t] others              # selected subsystems besides the dominant one
    cdef int16_t node_type
    cdef int16_t storage_type
    # this walk
    cdef Request request
    cdef int64_t start
    cdef int64_t end
    cdef bint now                           # an attempt at now: overrunning jobs count
    cdef bint any_status                    # satisfiability: down vertices count as up
    cdef const uint8_t* allowed             # by row, NULL: no constraint
    cdef uint32_t walk
    cdef vector[uint32_t] v_color           # == walk: visited
    cdef vector[uint32_t] e_mark            # == walk: chosen
    cdef vector[int64_t] e_needs
    cdef vector[uint8_t] e_exclusive
    cdef vector[Group] board
    cdef vector[Content] contents
    cdef vector[int32_t] chosen             # board positions
    cdef vector[Keyed] keyed                # scratch of a sort
    cdef vector[int32_t] items              # scratch of slots: candidates of all kinds, sorted
    cdef vector[size_t] bounds              # kind -> where its items begin
    cdef vector[size_t] used                # kind -> its next item
    cdef vector[int64_t] needed             # kind -> units per slot
    cdef vector[Group] slots
    cdef int64_t shares                     # slots that a vertex in a slot may have to be good for
    cdef Stock stock                        # what is below shared vertices, or goes into slots
    cdef vector[Tally] tallies
    cdef vector[uint64_t] v_aside           # == asides: seen by this look aside
    cdef uint64_t asides
    cdef vector[int32_t] aside              # scratch of looking aside
    cdef int64_t root_needs
    cdef bint root_exclusive
    cdef public int failure                 # Failure of this operation so far (errata G2)
    cdef string messages
    cdef dict labels                        # row -> label of what it satisfies
    cdef bint strict
    cdef readonly int64_t preorder
    cdef readonly int64_t postorder
    cdef vector[uint8_t] shadow_type        # by type: given whole by this match

    cdef int fit_graph(self) except -1
    cdef int next_walk(self)
    cdef bint select(self, Request request, size_t variant, int64_t start, int64_t end) except -1
    cdef bint visit(self, int32_t row, int32_t lo, int32_t hi, bint pristine, int x,
                    int64_t enclosing, Visited* result) except -1
    cdef bint refuse(self, size_t board, size_t contents) noexcept
    cdef bint fits_here(self, int32_t row, int32_t lo, int32_t hi, int32_t matched,
                        int x) except -1
    cdef bint overrun(self, int32_t row, bint x) noexcept
    cdef int complain(self, str text) except -1
    cdef bint divides(self, int32_t row, int32_t matched) noexcept
    cdef int64_t free_units(self, int32_t row) noexcept
    cdef int keep_shared(self, int32_t matched, size_t base) except -2
    cdef int32_t stock_list(self, int32_t lo, int32_t hi, size_t base, Level level) except -2
    cdef bint any_special(self, size_t base) noexcept
    cdef int form_stocked(self, int32_t slot, int32_t lo, int32_t hi, size_t base) except -1
    cdef int32_t stock_sorted(self, const vector[int64_t]& units) except -2
    cdef bint take_stocked(self, int32_t entry, const vector[int64_t]& needed) except -1
    cdef int stocked_slot(self, int32_t entry) except -1
    cdef int tally(self, int32_t node, size_t before, Tally* tally) noexcept
    cdef int32_t fitting_slot(self, int32_t row, int32_t lo, int32_t hi) noexcept
    cdef bint shape_fits(self, int32_t row, int32_t slot) noexcept
    cdef int explore(self, int32_t row, int32_t lo, int32_t hi, bint pristine, int x,
                     int64_t enclosing, int64_t shares) except -1
    cdef int explore_ranked(self, int32_t row, int32_t lo, int32_t hi, bint pristine, int x,
                            int64_t enclosing, int64_t shares) except -1
    cdef int count_children(self, int32_t row) noexcept
    cdef bint enter(self, int32_t edge, int32_t lo, int32_t hi, bint pristine, int x,
                    int64_t enclosing) except -1
    cdef Group* new_group(self, int32_t edge, int16_t type, bint exclusive) noexcept
    cdef bint enter_leaf(self, int32_t edge, int32_t lo, int32_t hi, bint pristine, int x,
                         int64_t enclosing, bint* found) noexcept
    cdef int look_aside(self, int32_t row, int8_t subsystem) except -1
    cdef int form_slots(self, int32_t row, int32_t lo, int32_t hi, int32_t slot,
                        int64_t enclosing) except -1
    cdef int form_flexible(self, int32_t row, int32_t lo, int32_t hi, int64_t enclosing) except -1
    cdef bint take_bundle(self, const int64_t* needed) except -1
    cdef int64_t gather(self, int16_t type, size_t base, Level level) noexcept
    cdef int sort_gathered(self, int64_t wanted) except -1
    cdef int64_t units(self, int16_t type, size_t base) noexcept
    cdef int sort_in_place(self) except -1
    cdef void key_by_run(self) noexcept
    cdef void drop_chosen_slots(self) noexcept
    cdef bint choose(self, int32_t node, size_t base, Level level) noexcept
    cdef int mark(self, size_t position) except -1
    cdef int mark_edge(self, int32_t edge, int64_t needs, uint8_t use) except -1
    cdef int mark_way(self, size_t position, const vector[uint8_t]& passable) except -1
    cdef int mark_up(self, int32_t row, const vector[uint8_t]& passable) except -1
    cdef int mark_between(self, size_t position, int32_t row, bint exclusive) except -1
    cdef int32_t way_in(self, int32_t row) noexcept
    cdef bint finish(self, size_t variant, const Visited& root) except -1
    cdef int64_t factor(self, int32_t row) noexcept
    cdef int64_t local_id(self, int32_t row) noexcept
    cdef int64_t score_of(self, int32_t row, int64_t enclosing) noexcept
    cdef int read_classes(self) except -1
    cdef int set_shadow_types(self, bint requested) except -1
