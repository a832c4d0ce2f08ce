# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The engine: match operations, restore, cancel, growth and look-ups over one graph.

Flows in: compiled requests, windows of seconds, rows. Flows out: `Outcome`, `Release`, masks,
`Selection`. A request is answered by the indexed search (`Quick`), if it understands it, else by
the `Walk`. The state is in the `Ledger` and, as records, in `Quick`; each hears of what the other
has booked before it is asked (`settle`, `observe`). A match that fails changes nothing. An engine
belongs to one thread.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.vector cimport vector

from fluxion_py._core.calendars cimport Calendar
from fluxion_py._core.board cimport EXCLUSIVE, LISTED, PASSED
from fluxion_py._core.cancel cimport Cancel
from fluxion_py._core.emission cimport Emission
from fluxion_py._core.flatgraph cimport ALIVE, DOWN, FlatGraph
from fluxion_py._core.ledger cimport DIVIDED, OWNED, RESERVED, Hold, Ledger
from fluxion_py._core.look cimport Look
from fluxion_py._core.occupancy cimport PLANNED
from fluxion_py._core.plan cimport Plan
from fluxion_py._core.quick cimport Quick, Unfolding
from fluxion_py._core.request cimport Request
from fluxion_py._core.timeline cimport TimeLine, end_of
from fluxion_py._core.walk cimport BUSY, NEVER, NOENT, NOTTY, Walk

from fluxion_py.errors import GraphError, PolicyError
from fluxion_py.outcome import Errno, Outcome, Release, Selection

cdef int64_t FOREVER = 0x7FFFFFFFFFFFFFFF
cdef int64_t REFUSED = -2   # in place of a start: it does not fit
cdef int64_t WALK = -3      # ... or the indexed search has no answer
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
    cdef Emission emission
    cdef Cancel canceller
    cdef Look look
    cdef Quick quick                        # None: not made yet for the graph as it is
    cdef bint indexed                       # it may be asked at all
    cdef readonly int64_t indexed_matches   # that were answered by the indexed search
    cdef readonly int64_t primings          # how often the whole graph was looked at
    cdef public bint count_visits           # the visits of matches and cancels are wanted: walk
    cdef int64_t clock                      # strict: the time of all matches so far, -1: none
    cdef public int64_t graph_end
    cdef bytes allowed                      # the constraint of this operation
    cdef bint flexible
    cdef bint strict
    cdef int64_t nodes_up
    cdef int32_t top
    cdef int32_t node_type

    def __init__(
        self, FlatGraph graph not None, *, subsystems=("containment",), policy, filters=(
            ("ALL", "core"), ("ALL", "node")
        ), bint flexible=False, bint reference_ties=False, bint strict=False,
        int64_t graph_end=3153600000, str search="quick",
    ):
        numbers = []
        for name in subsystems:
            number = graph.find_subsystem(name)
            if number < 0 or number not in graph.roots:
                raise PolicyError(f"the graph has no subsystem {name} with a root")
            numbers.append(number)
        if search not in ("quick", "walk"):
            raise ValueError(f"unknown search {search}; known: quick, walk")
        self.graph = graph
        self.flexible = flexible
        self.indexed = search == "quick"
        self.count_visits = strict
        self.clock = -1
        self.strict = strict
        self.graph_end = graph_end
        self.ledger = Ledger(graph, numbers, list(filters), strict)
        self.ledger.prime()
        self.walk = Walk(self.ledger, policy, flexible, reference_ties, strict)
        self.emission = Emission(self.walk)
        self.canceller = Cancel(self.ledger)
        self.look = Look(self.walk)
        self.top = graph.roots[numbers[0]]
        self.node_type = graph.type_id("node")
        self.nodes_up = self.count_nodes_up()

    cdef int64_t count_nodes_up(self):
        cdef size_t row
        cdef int64_t found = 0
        for row in range(self.graph.v_type.size()):
            found += self.is_node_up(row)
        return found

    cdef bint is_node_up(self, size_t row) noexcept:
        return self.graph.v_type[row] == self.node_type and (
            self.graph.v_flags[row] & (ALIVE | DOWN)
        ) == ALIVE

    # ---- matching (matching.md 7) ----

    def compile(self, resources):
        """Compile a resource list for this engine's graph as it is now."""
        return Request(resources, self.graph.find_type, self.flexible)

    def match(
        self, str op not None, Request request not None, int64_t duration, int64_t jobid,
        int64_t now=0, bytes allowed=None,
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
        if record and jobid < 0:
            raise ValueError(f"job id {jobid} is negative")
        if record and not self.strict and self.knows(jobid):
            raise ValueError(f"job {jobid} holds something already")
        if allowed is not None and len(allowed) != len(self.graph):
            raise ValueError(f"{len(allowed)} bytes allowed for {len(self.graph)} rows")
        self.ledger.check_primed()
        if request.flexible != self.flexible or (
            <size_t> request.types > self.walk.always_exclusive.size()
        ):
            raise ValueError("the request was compiled by another engine, or before a change")
        if request.nodes.empty():
            return Outcome(Errno.INVALID)
        if request.sibling_slots and not self.flexible and not self.strict:
            return Outcome(
                Errno.INVALID, messages="slots beside each other need the flexible traverser"
            )
        self.walk.allowed = <const uint8_t*> allowed if allowed is not None else NULL
        self.allowed = allowed
        self.begin()
        if satisfiable_only:
            return self.outcome(
                Errno.OK if self.satisfiable(request, duration) else Errno.NEVER, now, duration
            )
        if self.asks_index(op, request, jobid, now):
            answer = self.match_indexed(op, request, duration, jobid, now, allowed)
            if answer is not None:
                self.indexed_matches += 1
                return answer
        if not self.enough_nodes(op, request, duration, now):
            if self.strict:
                never = op == "allocate_with_satisfiability"
                return self.outcome(Errno.NEVER if never else Errno.BUSY, now, duration)
            return self.refusal(op, request, duration, now)
        if not self.select(request, now, end_of(now, duration), True):
            at = self.earliest(request, duration, now) if later else -1
            if at < 0:
                return self.refusal(op, request, duration, now)
        answer = self.take(request, jobid if record else -1, at, duration, now)
        if record and answer.errno is Errno.OK:
            self.observe(jobid)
        return answer

    cdef bint asks_index(self, str op, Request request, int64_t jobid, int64_t now) except -1:
        """Say whether the indexed search may be asked; if not, the ledger is settled.

        With `strict` only where the reference's books cannot be wrong and its rules are ours:
        nothing but matches at one time and cancels of whole jobs has happened (else `distrust`),
        no label was set (they stay), and its quick test of nodes lets the request pass.
        """
        if not self.indexed:
            return False
        if self.strict:
            if self.clock < 0:
                self.clock = now
            if now != self.clock or not op.startswith("allocate") or self.knows(jobid):
                self.distrust()
                return False
        if self.count_visits or self.strict and (
            self.walk.labels or self.allowed is not None
            or self.wanted_nodes(request) > self.nodes_up
        ):
            self.settle()
            return False
        return True

    cdef int distrust(self) except -1:
        """Let a strict engine walk from now on: the reference's sums may differ from its holds."""
        if self.strict and self.indexed:
            self.leave_graph()
        return 0

    cdef object match_indexed(
        self, str op, Request request, int64_t duration, int64_t jobid, int64_t now, bytes allowed
    ):
        """Answer by the indexed search; None, with the ledger settled, if the walk has to."""
        cdef bint later = op == "allocate_orelse_reserve" or op == "without_allocating_future"
        cdef int64_t at = self.find_indexed(request, duration, now, allowed, later)
        if at == WALK:
            return None
        if at == REFUSED:
            return self.refusal(op, request, duration, now)
        if at >= self.graph_end:
            return Outcome(Errno.BUSY, at, duration)
        duration = min(duration, self.graph_end - at)
        listing = self.take_indexed(jobid if op.startswith("allocate") else -1, at, duration, now)
        selection = Selection(later=listing.once, rows=listing.once_rows)
        return Outcome(Errno.OK, at, duration, at > now, selection)

    cdef int64_t find_indexed(
        self, Request request, int64_t duration, int64_t now, bytes allowed, bint later
    ) except -4:
        """Choose by the indexed search; return the start, REFUSED or WALK (the ledger is settled).

        `later` also tries the times to come.
        """
        cdef Quick quick = self.current_quick(now)
        cdef Plan plan = None
        cdef Calendar calendar = None
        cdef bint fits
        if quick is None:
            return WALK
        if quick.occupancy.now != now or quick.occupancy.is_due(now):
            quick.occupancy.advance(now)
        if quick.occupancy.odd_jobs == 0:
            plan = quick.plan(request, allowed)
        if plan is None:
            quick.occupancy.settle()
            return WALK
        if self.wanted_nodes(request) > self.nodes_up:
            return REFUSED
        if self.strict:     # times to come, and what is booked for them, are the walk's affair
            fits = quick.select(plan)
            if fits and quick.occupancy.future or later and not fits:
                quick.occupancy.settle()
                return WALK
            return now if fits else REFUSED
        if later or quick.occupancy.future:
            calendar = quick.calendar(plan)
        fits = quick.select(plan)
        if fits and quick.occupancy.future:     # what is booked for later may be in the way
            if calendar is None:
                quick.occupancy.settle()
                return WALK
            fits = quick.select_window(plan, calendar, now, end_of(now, duration), True)
        if fits:
            return now
        if not later:
            return REFUSED
        if calendar is None:
            quick.occupancy.settle()
            return WALK
        now = quick.earliest(plan, calendar, duration)
        return now if now >= 0 else REFUSED

    cdef object take_indexed(self, int64_t jobid, int64_t at, int64_t duration, int64_t now):
        """Record what the indexed search has chosen (not with a negative job id); list it later."""
        cdef Quick quick = self.quick
        listing = quick.unfolding(quick.fitting.taken)
        if jobid >= 0:
            slot = quick.occupancy.commit(
                jobid, at, at + duration, at > now, quick.fitting.taken, True
            )
            quick.occupancy.answers[slot] = listing
        return listing

    def attempt(
        self, Request request not None, int64_t duration, int64_t jobid, int64_t now,
        bytes allowed, bint later,
    ):
        """Do what `match` does to allocate (or, `later`, to reserve), but for the indexed search.

        Returns (start, duration, listing), a listing as a `Selection` takes it; None if refused;
        NotImplemented if `match` has to be asked. The arguments are not checked: they are a
        matcher's own.
        """
        cdef int64_t at
        if not self.indexed or self.strict or self.count_visits or (
            self.ledger.epoch != self.graph.epoch or self.knows(jobid)
        ):
            return NotImplemented
        at = self.find_indexed(request, duration, now, allowed, later)
        if at == WALK:
            return NotImplemented
        self.indexed_matches += 1
        if at == REFUSED or at >= self.graph_end:
            return None
        duration = min(duration, self.graph_end - at)
        return at, duration, self.take_indexed(jobid, at, duration, now)

    def allocate_many(
        self, Request request not None, int64_t duration, int64_t jobid, int64_t count, int64_t now,
        bytes allowed,
    ):
        """Allocate up to `count` times, for job ids from `jobid` up; stop at the first refusal.

        Returns how many were booked. Fewer than asked for may also mean that `match` has to be
        asked for the next one. `answer` tells what a job got. Arguments as of `attempt`.
        """
        cdef int64_t done = 0, length = min(duration, self.graph_end - now)
        cdef Quick quick
        if not self.indexed or self.strict or self.count_visits or (
            self.ledger.epoch != self.graph.epoch
        ):
            return 0
        while done < count and not self.knows(jobid + done):
            if self.find_indexed(request, duration, now, allowed, False) != now:
                break
            quick = self.quick
            quick.occupancy.commit(
                jobid + done, now, now + length, False, quick.fitting.taken, True
            )
            done += 1
        self.indexed_matches += done
        return done

    def rebook(self, listing, int64_t jobid, int64_t at, int64_t duration, bint reserved):
        """Book exactly the vertices of an answer, given by its listing, for a time.

        False, with nothing done, if the listing is not of the indexed search for the graph as it
        is: then `book` has to be asked. Nothing is checked against other jobs.
        """
        cdef Unfolding mine
        cdef Quick quick = self.quick
        if quick is None or not quick.usable or self.strict or (
            not isinstance(listing, Unfolding)
        ):
            return False
        mine = listing
        if not quick.is_current(mine) or self.ledger.epoch != self.graph.epoch:
            return False
        if self.knows(jobid):
            raise ValueError(f"job {jobid} holds something already")
        slot = quick.occupancy.commit(jobid, at, at + duration, reserved, mine.rows, False)
        quick.occupancy.answers[slot] = listing
        return True

    def answer(self, int64_t jobid):
        """Return (start, duration, reserved, listing) of a job; KeyError if it holds nothing.

        NotImplemented if the ledger alone knows the job.
        """
        cdef Quick quick = self.quick
        cdef int32_t slot
        if not self.knows(jobid):
            raise KeyError(jobid)
        if quick is None or not quick.usable or not quick.occupancy.slots.count(jobid):
            return NotImplemented
        slot = quick.occupancy.slots[jobid]
        return (
            quick.occupancy.r_start[slot],
            quick.occupancy.r_end[slot] - quick.occupancy.r_start[slot],
            bool(quick.occupancy.r_flags[slot] & PLANNED),
            quick.unfolding(quick.occupancy.r_rows[slot]),
        )

    def cancel_many(self, jobids):
        """Cancel jobs in their order. Raises KeyError for one that holds nothing: those before it
        are gone then, it and the others stay."""
        cdef int64_t jobid
        for jobid in jobids:
            self.cancel(jobid)

    cdef Quick current_quick(self, int64_t now):
        """Return the indexed search for the graph as it is; None if it cannot be used."""
        if self.has_pools():
            return None
        if self.quick is None:
            self.quick = Quick(self.walk, self.emission)
            if self.quick.usable:
                self.quick.occupancy.advance(now)     # what runs must not look yet to start
                for jobid in self.ledger.jobs:
                    self.quick.occupancy.observe(jobid.first)
        return self.quick if self.quick.usable else None

    cdef bint has_pools(self) noexcept:
        """Say whether parts of vertices can be taken: the walk's affair alone."""
        return self.graph.divisible_count > 0 and not self.strict

    cdef int settle(self) except -1:
        """Bring the ledger up to date with what the indexed search has booked."""
        self.ledger.check_primed()
        if self.quick is not None and self.quick.usable:
            self.quick.occupancy.settle()
        return 0

    cdef int observe(self, int64_t jobid) except -1:
        """Tell the indexed search of a job that was changed in the ledger."""
        if self.quick is not None and self.quick.usable:
            self.quick.occupancy.observe(jobid)
        return 0

    cpdef bint knows(self, int64_t jobid) noexcept:
        """Say whether a job holds something."""
        return self.ledger.jobs.count(jobid) or (
            self.quick is not None and self.quick.usable
            and self.quick.occupancy.slots.count(jobid)
        )

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
        """Would it fit if everything were up and free? Tried at the very end of time.

        That follows from the request, the graph and the constraint alone: it is remembered with
        the request (not with `strict`, where the visits of the walk are counted as well).
        """
        cdef bint found, known = (
            request.judged_at == self.graph.epoch + self.graph.size_epoch
            and request.judged_for is self.allowed
        )
        if known and not self.strict:
            return request.fits_ever
        self.walk.any_status = True
        found = self.select(request, FOREVER - duration - 1, FOREVER - 1, False)
        self.walk.any_status = False
        request.judged_at = self.graph.epoch + self.graph.size_epoch
        request.judged_for = self.allowed
        request.fits_ever = found
        return found

    cdef int64_t wanted_nodes(self, Request request) noexcept:
        """Return how many nodes a request needs at least, as far as nodes are tracked."""
        if <size_t> self.node_type < request.total.size() and self.ledger.tracked[self.node_type]:
            return request.total[self.node_type]
        return 0

    cdef bint enough_nodes(
        self, str op, Request request, int64_t duration, int64_t now
    ) except -1:
        """The cheap test before any walk: are there as many nodes as are asked for?"""
        cdef int64_t wanted = self.wanted_nodes(request), start = now, end
        cdef bint any_status = op == "allocate_with_satisfiability"
        cdef size_t row
        if wanted > self.nodes_up:
            return False
        if self.walk.allowed == NULL or wanted == 0 or not self.strict:
            return True     # what a constraint excludes, the walk finds out itself
        if op != "allocate" and op != "without_allocating":
            start = self.graph_end - 1
        end = end_of(start, duration)
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
            found = self.select(request, time, end_of(time, duration), False)
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
            if self.ledger.fits_below(self.top, request.total, best, end_of(best, duration)):
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
        selection = self.emission.emit_marked(
            jobid, at, at + duration, RESERVED if at > now else 0, True
        )
        if selection is None:
            return self.outcome(ERRNO_OF.get(self.walk.failure, Errno.BUSY), at, duration)
        if jobid >= 0 or self.strict:   # the reference lets a mere look count, too (errata G3)
            self.emission.weigh(now, False)
        result = self.outcome(Errno.OK, at, duration)
        result.reserved = at > now
        result.selection = selection
        return result

    # ---- restore (matching.md 9) ----

    def restore(
        self, int64_t jobid, claims, int64_t at, int64_t duration, int64_t now=0, units=None
    ):
        """Book what an R says a job has: `claims` maps row -> the job owns the whole vertex.

        `units` maps the rows of divisible vertices of which the job has a part to that part; they
        are in `claims` as well, with False.

        Refused with nothing changed if a claimed vertex is not wholly free in the window.
        """
        cdef int32_t row
        cdef FlatGraph g = self.graph
        cdef bint exclusive
        self.begin()
        self.settle()
        self.distrust()
        if jobid < 0:
            raise ValueError(f"job id {jobid} is negative")
        if not self.strict and self.knows(jobid):
            raise ValueError(f"job {jobid} holds something already")
        if at < 0 or duration <= 0 or duration > FOREVER - at:
            return self.outcome(Errno.INVALID, at, duration)
        for row in claims:
            if not g.alive(row) or (
                self.ledger.available(row, at, at + duration)
                < self.claimed(row, claims[row], units)
            ) or (
                claims[row] and not self.strict
                and not self.ledger.untouched(row, at, at + duration)
            ):
                result = self.outcome(Errno.BUSY, at, duration)
                result.messages = g.name(row) if g.alive(row) else f"vertex {row}"
                return result
        if not self.strict:
            self.walk.labels.clear()        # an R says nothing of them
        self.walk.next_walk()
        self.mark_claims(claims, units)
        self.walk.root_needs = 1
        if self.ledger.is_pool(self.top):
            self.walk.root_needs = self.claimed(self.top, claims.get(self.top, False), units)
        self.walk.root_exclusive = claims.get(self.top, False)
        selection = None
        if self.top in claims:
            selection = self.emission.emit_marked(jobid, at, at + duration, 0, False)
            if selection is None:       # shared from top to bottom
                return self.outcome(Errno.NOTTY, at, duration)
        for row, exclusive in claims.items():
            if exclusive and self.ledger.find_hold(row, jobid) < 0:
                self.ledger.add_hold(row, -1, jobid, at, at + duration, g.v_size[row], OWNED)
        for row, part in (units or {}).items():
            if part and self.ledger.find_hold(row, jobid) < 0:
                self.ledger.add_hold(row, -1, jobid, at, at + duration, part, OWNED | DIVIDED)
        if selection is not None:
            self.emission.weigh(now, True)
        if self.quick is not None and self.quick.usable and self.quick.occupancy.now < now:
            self.quick.occupancy.advance(now)
        self.observe(jobid)
        result = self.outcome(Errno.OK, at, duration)
        result.selection = selection
        return result

    cdef int mark_claims(self, claims, units) except -1:
        """Mark the edges between claimed vertices.

        A shared vertex with nothing claimed below it is listed, as a match lists one
        (docs/design/0007, rule 7); the reference does not know that.
        """
        cdef FlatGraph g = self.graph
        cdef int32_t row, edge
        cdef uint8_t use
        above = {}
        for row in claims:
            edge = g.v_first_in[row]
            while edge >= 0:
                if g.e_subsystem[edge] == self.ledger.dominant and g.e_source[edge] in claims:
                    above[edge] = row
                edge = g.e_next_in[edge]
        inner = {g.e_source[<int32_t> way] for way in above}
        for edge, row in above.items():
            use = PASSED
            if claims[row]:
                use = EXCLUSIVE
            elif not self.strict and row not in inner and not self.ledger.is_pool(row):
                use = LISTED
            self.walk.mark_edge(edge, self.claimed(row, claims[row], units), use)
        return 0

    cdef int64_t claimed(self, int32_t row, bint exclusive, units) except -1:
        """Return the units of a vertex that a claim needs."""
        cdef int64_t part
        if units is None or row not in units:
            return 0 if self.ledger.is_pool(row) and not exclusive else self.graph.v_size[row]
        part = units[row]
        if part < 0 or not self.ledger.is_pool(row):
            raise ValueError(f"{part} units of vertex {row}")
        return part

    # ---- save and load ----

    def book(self, int64_t jobid, vertices, int64_t at, int64_t duration, bint reserved):
        """Record a selection of an earlier engine on an equal graph again, exactly.

        `vertices` are those of the `Selection`: (row, needs, exclusive, depth), children first.
        Nothing is checked against other jobs: the state that is loaded was checked when made.
        """
        self.settle()
        self.distrust()
        self.emission.book(jobid, vertices, at, duration, RESERVED if reserved else 0)
        self.observe(jobid)

    def edge_weights(self):
        """Return [(source, target, weight)] that `first*` policies have learnt."""
        self.ledger.check_primed()
        return self.walk.ranking.weights()

    def set_edge_weights(self, weights):
        """Take over what `edge_weights` returned; edges that are gone are left out."""
        self.ledger.check_primed()
        if self.walk.stop_on_first:
            self.leave_graph()      # the indexes have the old weights
            self.walk.ranking.take_over(weights)

    # ---- cancel (matching.md 10) ----

    def cancel(self, int64_t jobid):
        """Give back everything of a job. Raises KeyError if it has nothing here."""
        cdef Quick quick = self.quick
        self.ledger.check_primed()
        if self.count_visits:
            self.settle()
        if quick is None or not quick.usable or not quick.occupancy.slots.count(jobid):
            return self.canceller.whole(jobid)
        if quick.occupancy.drop(jobid):
            return self.canceller.whole(jobid)
        return Release(True)

    def cancel_ranks(self, int64_t jobid, ranks):
        """Give back what a job has on some ranks, and reduce its shares above them.

        Raises KeyError for an unknown job, ValueError for a rank where it has nothing; then
        nothing is changed.
        """
        self.settle()
        self.distrust()
        release = self.canceller.ranks(jobid, ranks)
        self.observe(jobid)
        return release

    def cancel_vertices(self, int64_t jobid, rows):
        """Give back some vertices that a job owns, with all it has below them.

        Raises KeyError for an unknown job, ValueError if it does not own one of them; then
        nothing is changed. With `strict` what comes before that one is lost to the job, and so
        is its place in it, as the reference has it (errata G4 d).
        """
        self.settle()
        self.distrust()
        release = self.canceller.vertices(jobid, rows)
        self.observe(jobid)
        return release

    # ---- change of the graph (resource-graph.md 7) ----

    def reprime(self):
        """Take in vertices and edges that were added to the graph; running jobs are kept.

        New leaves of the tree cost what they are and the fan-out of their parents; anything else,
        and any growth with `strict`, costs the whole graph.
        """
        if self.grow():
            return
        self.leave_graph()
        self.ledger.prime()
        self.primings += 1
        self.walk.fit_graph()
        if not self.strict:
            self.nodes_up = self.count_nodes_up()

    cdef bint grow(self) except -1:
        """Take in new sub-trees; False, with nothing done, if there is more that has changed."""
        cdef vector[int32_t] tops
        cdef size_t rows = self.ledger.v_owned.size(), row
        cdef size_t at
        cdef bint indexed = self.quick is not None and self.quick.usable
        if self.strict or not self.ledger.find_growth(tops):
            return False
        if indexed and self.has_pools():
            return False
        if indexed:
            self.quick.occupancy.settle()
            for at in range(tops.size()):
                self.quick.occupancy.part(self.ledger.parent(tops[at]))
        self.ledger.grow(tops)
        self.walk.fit_graph()
        if indexed:
            for at in range(tops.size()):
                self.quick.insert(self.graph.v_first_in[tops[at]])
        for row in range(rows, self.graph.v_type.size()):
            self.nodes_up += self.is_node_up(row)
        return True

    cdef int leave_graph(self) except -1:
        """The graph changes: let the ledger have all that is booked, as it was booked."""
        if self.quick is not None and self.quick.usable:
            self.quick.occupancy.settle()
            for listing in self.quick.occupancy.answers.values():
                listing()       # now: it must not see what is new
        self.quick = None
        self.indexed = self.indexed and not self.strict
        return 0

    def remove(self, int32_t row):
        """Take a vertex and what is below it out of the graph; jobs lose what they had there.

        Returns the ids of those jobs, ascending. With `strict` they keep it, unreachable, and
        what they used still counts above (the reference's rule).
        """
        self.settle()
        gone = self.graph.hanging_below(row)
        if self.top in gone:
            raise ValueError("the root cannot be removed")
        affected = [] if self.strict else self.evict(gone)
        self.detach(row)
        self.follow()
        return affected

    cdef list evict(self, rows):
        """Take all jobs off some vertices; return their ids, ascending. The ledger is settled."""
        affected = self.canceller.evict(rows)
        for jobid in affected:
            self.observe(jobid)
        return affected

    cdef int follow(self) except -1:
        """Prime anew if a removal was not one of a mere sub-tree."""
        if self.ledger.epoch != self.graph.epoch:
            self.reprime()
        return 0

    cdef int detach(self, int32_t row) except -1:
        """Take a vertex on which no job is out of the graph, with all below; then `follow`."""
        cdef vector[int32_t] gone = self.graph.hanging_below(row)
        cdef int32_t parent = -1
        cdef size_t at
        cdef bint indexed
        if not self.strict:
            parent = self.ledger.shrinks_below(gone)
        indexed = parent >= 0 and self.quick is not None and self.quick.usable
        if parent < 0 or (indexed and not self.quick.remove(gone)):
            self.leave_graph()
            self.graph.detach(row)
            return 0
        for at in range(gone.size()):
            self.nodes_up -= self.is_node_up(gone[at])
        self.graph.detach(row)
        self.ledger.shrink(parent, gone)
        if indexed and self.quick.occupancy.charges is not None:
            self.quick.occupancy.charges.read_totals(parent)
        return 0

    def remove_ranks(self, ranks):
        """Take the sub-trees of some ranks out; jobs lose what they had there.

        Returns the ids of those jobs, ascending. Raises KeyError for an unknown rank, before
        anything is changed.
        """
        cdef int32_t row
        self.settle()
        wanted = list(ranks)
        for rank in wanted:
            if rank < 0 or not self.graph.rows_of_rank(rank):
                raise KeyError(rank)
        tops = []
        victims = set()
        for rank in wanted:
            rows = self.graph.rows_of_rank(rank)
            victims.update(rows)
            for row in self.canceller.rank_tops(rows):
                tops.append(row)
                victims.update(
                    self.ledger.below(row) if self.strict else self.graph.hanging_below(row)
                )
        if self.top in victims:
            raise ValueError("the root cannot be removed")
        affected = self.evict(sorted(victims))
        for row in tops:
            if self.graph.alive(row):
                self.detach(row)
        self.follow()
        return affected

    def resize(self, int32_t row, int64_t size):
        """Change the units of a divisible vertex; what jobs hold of it they keep.

        If they hold more than that, nothing is free until enough is given back. Raises
        `GraphError` for another vertex or a bad size.
        """
        self.ledger.check_primed()
        self.graph.check_live(row)
        if not self.ledger.is_pool(row):
            raise GraphError(f"{self.graph.name(row)} is not divisible: its size is fixed")
        if self.ledger.any_shared or len(self.ledger.subsystems) > 1:
            self.graph.set_size(row, size, self.ledger.units_held(row))
            self.ledger.prime()
        else:
            self.ledger.resize(row, size)

    def set_status(self, int32_t row, bint up):
        """Set a vertex's own status; what is below a down vertex is not given out."""
        cdef int64_t nodes
        self.ledger.check_primed()
        if self.graph.up(row) == up:
            return
        self.graph.set_up(row, up)
        if self.quick is not None and self.quick.usable:
            self.quick.occupancy.status_changed(row)
        if self.strict:
            # The reference adds or takes all nodes below, whatever their own status is.
            nodes = 0
            for at in self.ledger.below(row):
                nodes += self.graph.v_type[<int32_t> at] == self.node_type
            self.nodes_up += nodes if up else -nodes
        elif self.graph.v_type[row] == self.node_type:
            self.nodes_up += 1 if up else -1

    # ---- looking (matching.md 11) ----

    def mask(self, str kind not None, int64_t jobid=0):
        """Return one byte per row: does this hold for the vertex?

        `down`, `allocated` and `reserved` are inherited along the dominant tree; `filtered` and
        the four of one job (`jobid-alloc`, `-reserved`, `-span`, `-tag`) are the vertex's own.
        """
        self.settle()
        return self.look.mask(kind, jobid)

    def emit(self, bytes mask):
        """Return the vertices of a mask with all their ancestors, each at full size, exclusive."""
        self.settle()
        return self.look.emit(mask)

    def filter_usage(self, int32_t row, int64_t at, jobid=None):
        """Return [(type, used, total)] of a vertex's filter, ordered by type name.

        `used` is what is held below at an instant, or by one job.
        """
        self.settle()
        return self.look.filter_usage(row, at, jobid)

    def holds(self, int32_t row):
        """Return [(jobid, start, end, needs, exclusive, reserved)] of a vertex, by job id."""
        self.settle()
        return self.look.holds(row)

    def job_rows(self, int64_t jobid):
        """Return the rows that a job holds, in the order they were emitted."""
        self.settle()
        return self.ledger.rows_of(jobid)

    def jobs(self):
        """Return the ids of all jobs that hold something, ascending."""
        self.settle()
        return sorted([entry.first for entry in self.ledger.jobs])

    def jobs_on(self, rows):
        """Return the ids of the jobs that hold something on any of some rows, ascending."""
        self.settle()
        return sorted({jobid for row in rows for jobid in self.ledger.jobs_at(row)})

    def available(self, int32_t row, int64_t at, int64_t duration):
        """Return the units of a vertex's own pool that are free all through a window."""
        self.settle()
        self.graph.check(row)
        if duration < 0:
            raise ValueError(f"duration {duration} is negative")
        return self.ledger.available(row, at, end_of(at, duration))
