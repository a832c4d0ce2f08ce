# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The engine: match operations, restore, cancel, growth and look-ups over one graph.

Flows in: compiled requests, windows of seconds, rows. Flows out: `Outcome`, `Release`, masks,
`Selection`. All state is in the `Ledger`; the `Walk` holds scratch only, so a match that fails
changes nothing. An engine belongs to one thread.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport ALIVE, DOWN, FlatGraph
from fluxion_py._core.ledger cimport OWNED, RESERVED, TAGGED, Hold, Ledger
from fluxion_py._core.request cimport Request
from fluxion_py._core.timeline cimport TimeLine
from fluxion_py._core.walk cimport BUSY, NEVER, NOENT, NOTTY, Walk

from fluxion_py.errors import PolicyError
from fluxion_py.outcome import Errno, Outcome, Release, Selection

cdef int64_t FOREVER = 0x7FFFFFFFFFFFFFFF
cdef object ERRNO_OF = {
    BUSY: Errno.BUSY, NEVER: Errno.NEVER, NOENT: Errno.NOENT, NOTTY: Errno.NOTTY,
}
OPS = (
    "allocate", "allocate_with_satisfiability", "allocate_orelse_reserve", "satisfiability",
    "without_allocating", "without_allocating_future",
)


@cython.final
cdef class Engine:
    """The matching engine over one graph: matching.md 3 to 11."""

    cdef readonly FlatGraph graph
    cdef Ledger ledger
    cdef Walk walk
    cdef public int64_t graph_end
    cdef bint flexible
    cdef bint strict
    cdef int64_t nodes_up
    cdef int32_t top
    cdef int32_t node_type

    def __init__(
        self, FlatGraph graph, *, subsystems=("containment",), policy, filters=(
            ("ALL", "core"), ("ALL", "node")
        ), bint flexible=False, bint reference_ties=False, bint strict=False,
        int64_t graph_end=3153600000,
    ):
        numbers = []
        for name in subsystems:
            number = graph.find_subsystem(name)
            if number < 0 or number not in graph.roots:
                raise PolicyError(f"the graph has no subsystem {name} with a root")
            numbers.append(number)
        self.graph = graph
        self.flexible = flexible
        self.strict = strict
        self.graph_end = graph_end
        self.ledger = Ledger(graph, numbers, list(filters), strict)
        self.ledger.prime()
        self.walk = Walk(self.ledger, policy, flexible, reference_ties, strict)
        self.top = graph.roots[numbers[0]]
        self.node_type = graph.type_id("node")
        self.nodes_up = self.count_nodes_up()

    cdef int64_t count_nodes_up(self):
        cdef size_t row
        cdef int64_t found = 0
        for row in range(self.graph.v_type.size()):
            found += self.graph.v_type[row] == self.node_type and (
                self.graph.v_flags[row] & (ALIVE | DOWN)
            ) == ALIVE
        return found

    # ---- matching (matching.md 7) ----

    def compile(self, resources):
        """Compile a resource list for this engine's graph as it is now."""
        return Request(resources, self.graph.find_type, self.flexible)

    def match(
        self, str op, Request request not None, int64_t duration, int64_t jobid, int64_t now=0,
        bytes allowed=None,
    ):
        """Run one match operation; see `Outcome` for the answer. Raises ValueError for a bad op."""
        cdef bint satisfiable_only = op == "satisfiability"
        cdef bint later = op == "allocate_orelse_reserve" or op == "without_allocating_future"
        cdef bint record = op.startswith("allocate")
        cdef int64_t at = now
        if op not in OPS:
            raise ValueError(f"unknown operation {op}; known: {', '.join(OPS)}")
        if duration <= 0 or now < 0:
            raise ValueError(f"duration {duration} and time {now} must be positive")
        if record and not self.strict and self.ledger.jobs.count(jobid):
            raise ValueError(f"job {jobid} holds something already")
        if allowed is not None and len(allowed) != len(self.graph):
            raise ValueError(f"{len(allowed)} bytes allowed for {len(self.graph)} rows")
        if request.nodes.empty():
            return Outcome(Errno.INVALID)
        if request.sibling_slots and not self.flexible and not self.strict:
            return Outcome(
                Errno.INVALID, messages="slots beside each other need the flexible traverser"
            )
        self.walk.allowed = <const uint8_t*> allowed if allowed is not None else NULL
        self.begin()
        if satisfiable_only:
            return self.outcome(
                Errno.OK if self.satisfiable(request, duration) else Errno.NEVER, now, duration
            )
        if not self.enough_nodes(op, request, duration, now):
            if self.strict:
                never = op == "allocate_with_satisfiability"
                return self.outcome(Errno.NEVER if never else Errno.BUSY, now, duration)
            return self.refusal(op, request, duration, now)
        if not self.select(request, now, now + duration, True):
            at = self.earliest(request, duration, now) if later else -1
            if at < 0:
                return self.refusal(op, request, duration, now)
        return self.take(request, jobid if record else -1, at, duration, now)

    cdef object refusal(self, str op, Request request, int64_t duration, int64_t now):
        """Return "not now", or "never" if the operation asks and it could not fit at all."""
        cdef bint asks = op not in ("allocate", "without_allocating")
        never = asks and not self.satisfiable(request, duration)
        return self.outcome(Errno.NEVER if never else Errno.BUSY, now, duration)

    cdef int begin(self) except -1:
        self.walk.preorder = self.walk.postorder = 0
        self.walk.messages.clear()
        self.walk.any_status = False
        self.walk.failure = NOTTY
        return 0

    cdef object outcome(self, errno, int64_t at, int64_t duration):
        result = Outcome(errno, at, duration)
        result.messages = self.walk.messages.decode()
        result.preorder = self.walk.preorder
        result.postorder = self.walk.postorder
        return result

    cdef bint select(self, Request request, int64_t start, int64_t end, bint now) except -1:
        """Try the variants in order at one start time (errata G18)."""
        cdef size_t variant
        self.walk.now = now
        for variant in range(request.variant_lo.size()):
            if self.walk.select(request, variant, start, end):
                return True
        return False

    cdef bint satisfiable(self, Request request, int64_t duration) except -1:
        """Would it fit if everything were up and free? Tried at the very end of time."""
        cdef bint found
        self.walk.any_status = True
        found = self.select(request, FOREVER - duration - 1, FOREVER - 1, False)
        self.walk.any_status = False
        return found

    cdef bint enough_nodes(
        self, str op, Request request, int64_t duration, int64_t now
    ) except -1:
        """The cheap test before any walk: are there as many nodes as are asked for?"""
        cdef int64_t wanted = 0, start = now, end
        cdef bint any_status = op == "allocate_with_satisfiability"
        cdef size_t row
        if <size_t> self.node_type < request.total.size() and (
            self.ledger.tracked[self.node_type]
        ):
            wanted = request.total[self.node_type]
        if wanted > self.nodes_up:
            return False
        if self.walk.allowed == NULL or wanted == 0 or not self.strict:
            return True     # what a constraint excludes, the walk finds out itself
        if op != "allocate" and op != "without_allocating":
            start = self.graph_end - 1
        end = min(start, FOREVER - duration) + duration
        for row in range(self.graph.v_type.size()):
            if self.graph.v_type[row] == self.node_type and self.graph.v_flags[row] & ALIVE and (
                self.walk.allowed[row]
                and (any_status or not self.graph.v_flags[row] & DOWN)
                and self.ledger.available(<int32_t> row, start, end) == 1
            ):
                wanted -= 1
                if wanted == 0:
                    return True
        return False

    cdef int64_t earliest(self, Request request, int64_t duration, int64_t now) except -2:
        """Return the first later time at which the request fits, -1 if there is none."""
        cdef int64_t time = now, following
        cdef bint found
        following = self.next_candidate(request, duration, time)
        while following >= 0:
            time = following
            found = self.select(request, time, time + duration, False)
            following = self.next_candidate(request, duration, time)
            if following < 0:
                self.walk.failure = NOENT
            if found:
                return time
        self.walk.failure = NOENT
        return -1

    cdef int64_t next_candidate(self, Request request, int64_t duration, int64_t time) except -2:
        """Return the next time point after `time` at which the root's filter has enough."""
        cdef int32_t filter = self.ledger.v_filter[self.top]
        cdef TimeLine line = None
        cdef int64_t best
        if filter >= 0 and self.ledger.lines[filter] is not None:
            line = self.ledger.lines[filter]
        while True:
            best = -1 if line is None else line.next_point(time)
            if not self.strict or not self.ledger.has_filter(self.top):
                best = self.next_hold_point(time, best)
            if best < 0:
                return -1
            if self.ledger.fits_below(self.top, request.total, best, best + duration):
                return best
            time = best

    cdef int64_t next_hold_point(self, int64_t time, int64_t best) noexcept:
        """Return the first start or end after `time` of a hold on the root, or `best` if earlier.

        The root's filter has no point for a job that holds only untracked types: the reference
        never looks at its end (docs/deviations.md, no-time-point).
        """
        cdef int32_t at
        cdef int which
        cdef Hold* hold
        for which in range(2):
            at = self.ledger.v_owned[self.top] if which else self.ledger.v_passed[self.top]
            while at >= 0:
                hold = &self.ledger.holds[at]
                if hold.start > time and (best < 0 or hold.start < best):
                    best = hold.start
                if hold.end > time and (best < 0 or hold.end < best):
                    best = hold.end
                at = hold.next
        return best

    cdef object take(
        self, Request request, int64_t jobid, int64_t at, int64_t duration, int64_t now
    ):
        """Emit and record what the last selection chose."""
        if at >= self.graph_end:
            return self.outcome(Errno.BUSY, at, duration)
        duration = min(duration, self.graph_end - at)
        selection = self.walk.emit_marked(
            jobid, at, at + duration, RESERVED if at > now else 0, True
        )
        if selection is None:
            return self.outcome(ERRNO_OF.get(self.walk.failure, Errno.BUSY), at, duration)
        if jobid >= 0 or self.strict:   # the reference lets a mere look count, too (errata G3)
            self.walk.weigh_emitted(now, False)
        result = self.outcome(Errno.OK, at, duration)
        result.reserved = at > now
        result.selection = selection
        return result

    # ---- restore (matching.md 9) ----

    def restore(self, int64_t jobid, claims, int64_t at, int64_t duration, int64_t now=0):
        """Book what an R says a job has: `claims` maps row -> the job owns the whole vertex.

        Refused with nothing changed if a claimed vertex is not wholly free in the window.
        """
        cdef int32_t row, edge
        cdef FlatGraph g = self.graph
        cdef bint exclusive
        self.begin()
        if not self.strict and self.ledger.jobs.count(jobid):
            raise ValueError(f"job {jobid} holds something already")
        if at < 0 or duration <= 0 or duration > FOREVER - at:
            return self.outcome(Errno.INVALID, at, duration)
        for row in claims:
            if not g.alive(row) or (
                self.ledger.available(row, at, at + duration) != g.v_size[row]
            ) or (
                claims[row] and not self.strict
                and not self.ledger.untouched(row, at, at + duration)
            ):
                result = self.outcome(Errno.BUSY, at, duration)
                result.messages = g.name(row) if g.alive(row) else f"vertex {row}"
                return result
        self.walk.next_walk()
        for row in claims:
            edge = g.v_first_in[row]
            while edge >= 0:
                if g.e_subsystem[edge] == self.ledger.dominant and g.e_source[edge] in claims:
                    self.walk.mark_edge(edge, g.v_size[row], claims[row])
                edge = g.e_next_in[edge]
        self.walk.root_needs = 1
        self.walk.root_exclusive = claims.get(self.top, False)
        selection = None
        if self.top in claims:
            selection = self.walk.emit_marked(jobid, at, at + duration, 0, False)
        for row, exclusive in claims.items():
            if exclusive and self.ledger.find_hold(row, jobid) < 0:
                self.ledger.add_hold(row, -1, jobid, at, at + duration, g.v_size[row], OWNED)
        if selection is not None:
            self.walk.weigh_emitted(now, True)
        result = self.outcome(Errno.OK, at, duration)
        result.selection = selection
        return result

    # ---- save and load ----

    def book(self, int64_t jobid, vertices, int64_t at, int64_t duration, bint reserved):
        """Record a selection of an earlier engine on an equal graph again, exactly.

        `vertices` are those of the `Selection`: (row, needs, exclusive, depth), children first.
        Nothing is checked against other jobs: the state that is loaded was checked when made.
        """
        cdef int32_t row, depth, deepest = 0
        cdef int64_t needs
        cdef bint exclusive
        cdef size_t level
        self.walk.jobid = jobid
        self.walk.start = at
        self.walk.end = at + duration
        self.walk.record_flags = RESERVED if reserved else 0
        for row, _, _, depth in vertices:
            if not self.graph.alive(row) or depth < 1:
                raise ValueError(f"vertex {row} at depth {depth} is not in the graph")
            deepest = max(deepest, depth)
        self.walk.below.resize(max(self.walk.below.size(), <size_t> deepest + 2))
        for level in range(self.walk.below.size()):
            self.walk.below[level].assign(self.ledger.tracked.size(), -1)
        ways = {}       # place -> row of the next vertex one level up: the parent in post-order
        latest = {}
        for place in range(len(vertices) - 1, -1, -1):
            ways[place] = latest.get(vertices[place][3] - 1, -1)
            latest[vertices[place][3]] = vertices[place][0]
        for place, (row, needs, exclusive, depth) in enumerate(vertices):
            self.walk.record(row, ways[place], needs, exclusive, depth)
            self.walk.below[depth].assign(self.ledger.tracked.size(), -1)

    def edge_weights(self):
        """Return [(source, target, weight)] that `first*` policies have learnt."""
        cdef size_t edge
        return [
            (self.graph.e_source[edge], self.graph.e_target[edge], self.walk.e_weight[edge])
            for edge in range(self.walk.e_weight.size())
            if self.walk.e_weight[edge] != 0xFFFFFFFFFFFFFFFFULL
        ]

    def set_edge_weights(self, weights):
        """Take over what `edge_weights` returned; edges that are gone are left out."""
        cdef int32_t source, target, edge
        self.walk.ranked.clear()
        for source, target, weight in weights:
            if not (self.graph.alive(source) and self.graph.alive(target)):
                continue
            edge = self.graph.v_first_in[target]
            while edge >= 0:
                if self.graph.e_source[edge] == source and self.walk.stop_on_first:
                    self.walk.e_weight[edge] = weight
                edge = self.graph.e_next_in[edge]

    # ---- cancel (matching.md 10, errata G4, G14) ----

    def cancel(self, int64_t jobid):
        """Give back everything of a job. Raises KeyError if it has nothing here."""
        if not self.ledger.jobs.count(jobid):
            raise KeyError(jobid)
        release = Release(True)
        self.count_visits(jobid, release)
        if self.strict:
            self.cancel_tagged(jobid)
        else:
            self.ledger.drop_job(jobid)
        return release

    cdef int cancel_tagged(self, int64_t jobid) except -1:
        """Cancel as the reference does: only what a walk over tagged vertices finds.

        That is everything, unless a partial cancel by vertices failed before (errata G4 d).
        """
        cdef int32_t hold = self.ledger.find_hold(self.top, jobid), row
        cdef vector[int32_t] mine = self.ledger.jobs[jobid]
        cdef size_t index
        cdef bint tagged = False
        if hold >= 0 and self.ledger.holds[hold].flags & TAGGED:
            for row in self.below(self.top, jobid):
                hold = self.ledger.find_hold(row, jobid)
                self.ledger.drop_hold(hold)
                self.ledger.forget(jobid, hold)
            return 0
        for index in range(mine.size()):
            if self.ledger.holds[mine[index]].flags & TAGGED:
                tagged = True
                if self.ledger.holds[mine[index]].flags & OWNED:
                    self.ledger.disown(mine[index])
            else:
                self.ledger.drop_hold(mine[index])
                self.ledger.forget(jobid, mine[index])
        if tagged:
            raise ValueError(f"job {jobid} is no longer known at the root")
        return 0

    cdef int count_visits(self, int64_t jobid, release) except -1:
        """Count what the reference's cancel walk would visit: tagged vertices, their children."""
        cdef vector[int32_t]* mine = &self.ledger.jobs[jobid]
        cdef int64_t children = 0, tagged = 0
        cdef size_t index
        cdef int32_t edge
        cdef Hold* hold
        for index in range(mine.size()):
            hold = &self.ledger.holds[mine[0][index]]
            if not hold.flags & TAGGED:
                continue
            tagged += 1
            edge = self.graph.v_first_out[hold.row]
            while edge >= 0:
                children += self.graph.e_subsystem[edge] == self.ledger.dominant
                edge = self.graph.e_next_out[edge]
        release.preorder = 1 + children
        release.postorder = tagged
        return 0

    def cancel_ranks(self, int64_t jobid, ranks):
        """Give back what a job has on some ranks, and reduce its shares above them.

        Raises KeyError for an unknown job, ValueError for a rank where it has nothing; then
        nothing is changed.
        """
        rows = []
        if not self.ledger.jobs.count(jobid):
            raise KeyError(jobid)
        for rank in ranks:
            mine = [
                row for row in self.rank_rows(rank)
                if self.ledger.find_hold(row, jobid) >= 0
                and self.ledger.holds[self.ledger.find_hold(row, jobid)].flags & TAGGED
            ]
            if not self.owns_any(jobid, mine):
                raise ValueError(f"{rank} not found in rank_to_counts.")
            rows.extend(mine)
        return self.release(jobid, rows)

    cdef bint owns_any(self, int64_t jobid, list rows) except -1:
        for row in rows:
            if self.ledger.holds[self.ledger.find_hold(row, jobid)].flags & OWNED:
                return True
        return False

    cdef list rank_rows(self, int64_t rank):
        """Return the vertices of a rank: with `strict` those that carry it, else all below, too."""
        rows = self.graph.rows_of_rank(rank)
        if self.strict or rank < 0 or not rows:
            return rows
        return self.below(self.rank_top(rows))

    cdef int32_t rank_top(self, list rows):
        """Return the vertex of a rank with the shortest path."""
        best = None
        for row in rows:
            place = ((self.graph.path(row) or "").count("/"), row)
            if best is None or place < best:
                best = place
        return best[1]

    def cancel_vertices(self, int64_t jobid, rows):
        """Give back some vertices that a job owns, with all it has below them.

        Raises KeyError for an unknown job, ValueError if it does not own one of them; then
        nothing is changed. With `strict` what comes before that one is lost to the job, and so
        is its place in it, as the reference has it (errata G4 d).
        """
        cdef int32_t hold
        listed = list(rows)
        if not self.ledger.jobs.count(jobid):
            raise KeyError(jobid)
        for row in listed:
            self.graph.check(row)
        for index, row in enumerate(listed):
            hold = self.ledger.find_hold(row, jobid)
            if hold < 0 or not self.ledger.holds[hold].flags & OWNED:
                if self.strict:
                    self.lose(jobid, listed[:index + 1])
                raise ValueError("partial_cancel returned error.")
        if not self.strict:
            listed = [below for row in listed for below in self.below(row, jobid)]
        return self.release(jobid, listed)

    cdef int lose(self, int64_t jobid, list rows) except -1:
        """Drop the job's holds on `rows` without telling the vertices above."""
        cdef int32_t hold
        for row in rows:
            hold = self.ledger.find_hold(row, jobid)
            if hold >= 0:
                self.ledger.drop_hold(hold)
                self.ledger.forget(jobid, hold)
        return 0

    cdef object release(self, int64_t jobid, list rows):
        """Drop the job's holds on `rows` and take their units off its spans above."""
        cdef int32_t row, hold, above
        cdef int64_t units
        cdef set inside = set(rows)
        cdef set reduced = set()
        cdef bint gone = self.top in inside
        for row in inside:
            hold = self.ledger.find_hold(row, jobid)
            units = self.graph.v_size[row] if self.ledger.holds[hold].flags & OWNED else 0
            above = self.parent(row, jobid)
            while above >= 0:
                if above not in inside:
                    reduced.add(above)
                    self.reduce(jobid, above, self.graph.v_type[row], units)
                above = self.parent(above, jobid)
        self.lose(jobid, list(inside))
        if self.strict:
            for row in reduced:
                gone = (self.untag_if_empty(jobid, row) and row == self.top) or gone
            return Release(gone)
        empty = self.no_longer_needed(jobid, reduced)
        for row in empty:
            hold = self.ledger.find_hold(row, jobid)
            units = self.graph.v_size[row] if self.ledger.holds[hold].flags & OWNED else 0
            above = self.parent(row, jobid)
            while above >= 0:
                self.reduce(jobid, above, self.graph.v_type[row], units)
                above = self.parent(above, jobid)
        self.lose(jobid, empty)
        if self.ledger.find_hold(self.top, jobid) < 0 and self.ledger.jobs.count(jobid):
            self.ledger.drop_job(jobid)
        return Release(not self.ledger.jobs.count(jobid))

    cdef list no_longer_needed(self, int64_t jobid, set ancestors):
        """Return those of the ancestors below which the job has nothing any more."""
        cdef int32_t above
        cdef dict below = dict.fromkeys(ancestors, 0)
        for row in self.job_rows(jobid):
            if row not in below:
                above = self.parent(row, jobid)
                while above >= 0:
                    if above in below:
                        below[above] += 1
                    above = self.parent(above, jobid)
        return [
            row for row, count in below.items()
            if count == 0 and self.ledger.find_hold(row, jobid) >= 0
        ]

    cdef int32_t parent(self, int32_t row, int64_t jobid) noexcept:
        """Return the parent through which a job reaches a vertex that it holds, -1 if none."""
        cdef int32_t hold = self.ledger.find_hold(row, jobid)
        return self.ledger.holds[hold].way if hold >= 0 else -1

    cdef int reduce(self, int64_t jobid, int32_t row, int32_t type, int64_t units) except -1:
        """Take units of a type off the job's span at a vertex, if it has them there."""
        cdef int32_t hold = self.ledger.find_hold(row, jobid), filter = self.ledger.v_filter[row]
        cdef vector[int64_t] change
        cdef size_t index
        cdef Hold* record
        if hold < 0 or units == 0 or self.ledger.holds[hold].span < 0:
            return 0
        record = &self.ledger.holds[hold]
        types = self.ledger.type_sets[self.ledger.f_set[filter]]
        change.assign(self.ledger.spans[record.span].size(), 0)
        for index in range(change.size()):
            if types[index] == type:
                change[index] = min(units, self.ledger.spans[record.span][index])
                self.ledger.spans[record.span][index] -= change[index]
        self.ledger.line(filter).change(record.start, record.end, change.data(), -1)
        return 0

    cdef bint untag_if_empty(self, int64_t jobid, int32_t row) except -1:
        """Forget a job at an ancestor whose span has come down to nothing."""
        cdef int32_t hold = self.ledger.find_hold(row, jobid)
        if hold < 0 or self.ledger.holds[hold].span < 0:
            return False
        for units in self.ledger.spans[self.ledger.holds[hold].span]:
            if units:
                return False
        if self.ledger.holds[hold].flags & OWNED:
            self.ledger.drop_span(hold)
            self.ledger.holds[hold].flags &= ~TAGGED
        else:
            self.ledger.drop_hold(hold)
            self.ledger.forget(jobid, hold)
        return True

    # ---- change of the graph (resource-graph.md 7) ----

    def reprime(self):
        """Take in vertices and edges that were added to the graph; running jobs are kept."""
        self.ledger.prime()
        self.walk.fit_graph()
        if not self.strict:
            self.nodes_up = self.count_nodes_up()

    def remove(self, int32_t row):
        """Take a vertex and what is below it out of the graph; jobs lose what they had there.

        Returns the ids of those jobs, ascending. With `strict` they keep it, unreachable, and
        what they used still counts above (the reference's rule).
        """
        self.graph.check(row)
        if row == self.top:
            raise ValueError("the root cannot be removed")
        affected = [] if self.strict else self.evict(self.graph.hanging_below(row))
        self.graph.detach(row)
        self.reprime()
        return affected

    cdef list evict(self, rows):
        """Take all jobs off some vertices; return their ids, ascending."""
        held = {}
        for row in rows:
            for hold in self.holds(row):
                held.setdefault(hold[0], []).append(row)
        for jobid, mine in held.items():
            self.release(jobid, mine)
        return sorted(held)

    def remove_ranks(self, ranks):
        """Take the sub-trees of some ranks out; jobs lose what they had there.

        Returns the ids of those jobs, ascending. Raises KeyError for an unknown rank, before
        anything is changed.
        """
        cdef int32_t row
        wanted = list(ranks)
        for rank in wanted:
            if rank < 0 or not self.graph.rows_of_rank(rank):
                raise KeyError(rank)
        tops = []
        victims = set()
        for rank in wanted:
            rows = self.graph.rows_of_rank(rank)
            top = self.rank_top(rows)
            tops.append(top)
            victims.update(rows, self.below(top) if self.strict else self.graph.hanging_below(top))
        affected = self.evict(sorted(victims))
        for row in tops:
            if self.graph.alive(row):
                self.graph.detach(row)
        self.reprime()
        return affected

    def set_status(self, int32_t row, bint up):
        """Set a vertex's own status; what is below a down vertex is not given out."""
        cdef int64_t nodes
        if self.graph.up(row) == up:
            return
        self.graph.set_up(row, up)
        if self.strict:
            # The reference adds or takes all nodes below, whatever their own status is.
            nodes = len([
                at for at in self.below(row) if self.graph.v_type[<int32_t> at] == self.node_type
            ])
            self.nodes_up += nodes if up else -nodes
        else:
            self.nodes_up = self.count_nodes_up()

    cdef list below(self, int32_t row, int64_t jobid=-1):
        """Return a vertex and all below it on the dominant tree; of one job if it is given."""
        cdef int32_t edge, hold
        found = [row]
        seen = {row}
        for at in found:
            edge = self.graph.v_first_out[<int32_t> at]
            while edge >= 0:
                if self.graph.e_subsystem[edge] == self.ledger.dominant and (
                    self.graph.e_target[edge] not in seen
                ):
                    hold = self.ledger.find_hold(self.graph.e_target[edge], jobid)
                    if jobid >= 0 and (hold < 0 or not self.ledger.holds[hold].flags & TAGGED):
                        edge = self.graph.e_next_out[edge]
                        continue
                    seen.add(self.graph.e_target[edge])
                    found.append(self.graph.e_target[edge])
                edge = self.graph.e_next_out[edge]
        return found

    # ---- looking (matching.md 11, errata G12) ----

    def mask(self, str kind, int64_t jobid=0):
        """Return one byte per row: does this hold for the vertex?

        `down`, `allocated` and `reserved` are inherited along the dominant tree; `filtered` and
        the four of one job (`jobid-alloc`, `-reserved`, `-span`, `-tag`) are the vertex's own.
        """
        cdef size_t rows = self.graph.v_type.size()
        cdef bytearray found = bytearray(rows)
        cdef uint8_t[::1] view = found
        cdef int32_t row
        if rows == 0:
            return b""
        if kind in ("down", "allocated", "reserved"):
            self.inherit(kind, view)
        elif kind == "filtered":
            for row in range(<int32_t> rows):
                view[row] = self.ledger.has_filter(row)
        elif kind.startswith("jobid-"):
            self.mask_job(kind, jobid, view)
        else:
            raise ValueError(f"unknown mask {kind}")
        return bytes(found)

    cdef int inherit(self, str kind, uint8_t[::1] view) except -1:
        cdef int32_t row, edge
        cdef vector[int32_t] stack
        stack.push_back(self.top)
        view[self.top] = self.is_so(kind, self.top)
        self.walk.next_walk()
        while not stack.empty():
            row = stack.back()
            stack.pop_back()
            edge = self.graph.v_first_out[row]
            while edge >= 0:
                child = self.graph.e_target[edge]
                if self.graph.e_subsystem[edge] == self.ledger.dominant and (
                    self.walk.v_color[child] != self.walk.walk
                ):
                    self.walk.v_color[child] = self.walk.walk
                    view[child] = view[row] or self.is_so(kind, child)
                    stack.push_back(child)
                edge = self.graph.e_next_out[edge]
        return 0

    cdef bint is_so(self, str kind, int32_t row) noexcept:
        cdef int32_t at
        if kind == "down":
            return (self.graph.v_flags[row] & DOWN) != 0
        at = self.ledger.v_owned[row]
        while at >= 0:
            if ((self.ledger.holds[at].flags & RESERVED) != 0) == (kind == "reserved"):
                return True
            at = self.ledger.holds[at].next
        return False

    cdef int mask_job(self, str kind, int64_t jobid, uint8_t[::1] view) except -1:
        cdef Hold* hold
        if not self.ledger.jobs.count(jobid):
            return 0
        for at in self.ledger.jobs[jobid]:
            hold = &self.ledger.holds[<int32_t> at]
            if kind == "jobid-tag":
                view[hold.row] |= (hold.flags & TAGGED) != 0
            elif kind == "jobid-span":
                view[hold.row] |= hold.span >= 0
            elif kind == "jobid-alloc":
                view[hold.row] |= (hold.flags & (OWNED | RESERVED)) == OWNED
            elif kind == "jobid-reserved":
                view[hold.row] |= (hold.flags & RESERVED) != 0
            else:
                raise ValueError(f"unknown mask {kind}")
        return 0

    def emit(self, bytes mask):
        """Return the vertices of a mask with all their ancestors, each at full size, exclusive."""
        found = Selection()
        if len(mask) != len(self.graph):
            raise ValueError(f"a mask of {len(mask)} bytes for {len(self.graph)} rows")
        self.walk.next_walk()
        self.emit_masked(self.top, mask, 1, found)
        return found

    cdef bint emit_masked(self, int32_t row, const uint8_t* mask, int depth, found) except -1:
        cdef int32_t edge = self.graph.v_first_out[row], child
        cdef bint some = mask[row] != 0
        self.walk.v_color[row] = self.walk.walk
        while edge >= 0:
            child = self.graph.e_target[edge]
            if self.graph.e_subsystem[edge] == self.ledger.dominant and (
                self.walk.v_color[child] != self.walk.walk
            ) and self.emit_masked(child, mask, depth + 1, found):
                some = True
                found.edges.append((row, child, self.ledger.dominant))
            edge = self.graph.e_next_out[edge]
        if some:
            found.vertices.append((row, self.graph.v_size[row], True, depth))
        return some

    def filter_usage(self, int32_t row, int64_t at, jobid=None):
        """Return [(type, used, total)] of a vertex's filter, ordered by type name.

        `used` is what is held below at an instant, or by one job.
        """
        cdef int32_t filter, hold = -1
        cdef size_t index
        found = []
        self.graph.check(row)
        filter = self.ledger.v_filter[row]
        if filter < 0:
            return found
        types = self.ledger.type_sets[self.ledger.f_set[filter]]
        if jobid is not None:
            hold = self.ledger.find_hold(row, jobid)
        for index in range(<size_t> len(types)):
            used = 0
            if jobid is None:
                if self.ledger.lines[filter] is not None:
                    used = (<TimeLine> self.ledger.lines[filter]).at(<int32_t> index, at)
            elif hold >= 0 and self.ledger.holds[hold].span >= 0:
                used = self.ledger.spans[self.ledger.holds[hold].span][index]
            found.append((
                self.graph.type_names[types[index]], used, self.ledger.f_totals[filter][index]
            ))
        return sorted(found)

    def holds(self, int32_t row):
        """Return [(jobid, start, end, needs, exclusive, reserved)] of a vertex, by job id."""
        cdef int32_t at
        cdef Hold* hold
        found = []
        self.graph.check(row)
        for at in (self.ledger.v_owned[row], self.ledger.v_passed[row]):
            while at >= 0:
                hold = &self.ledger.holds[at]
                found.append((
                    hold.jobid, hold.start, hold.end, hold.needs, bool(hold.flags & OWNED),
                    bool(hold.flags & RESERVED),
                ))
                at = hold.next
        return sorted(found)

    def jobs(self):
        """Return the ids of all jobs that hold something, ascending."""
        return sorted([entry.first for entry in self.ledger.jobs])

    def job_rows(self, int64_t jobid):
        """Return the rows that a job holds, in the order they were emitted."""
        if not self.ledger.jobs.count(jobid):
            return []
        return [self.ledger.holds[<int32_t> at].row for at in self.ledger.jobs[jobid]]

    def available(self, int32_t row, int64_t at, int64_t duration):
        """Return the units of a vertex's own pool that are free all through a window."""
        self.graph.check(row)
        return self.ledger.available(row, at, at + duration)
