# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The indexed search: the answers of the walk at the price of the answer.

Flows in: a plan, its warm index, the bits of now. Flows out: the rows of a record. A request is
given to this search or to the walk when its plan is made, never half-way; both give the same
answers (tests/properties). With policies by score the best candidates are taken from the
tournaments until there are enough; with first* children are visited in the order of their weights
where there is hope, with the tallies of matching.md 4.2 (core-algorithms.md 5, 6).
"""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint64_t
from libcpp.algorithm cimport sort
from libcpp.vector cimport vector

from fluxion_py._core.bits cimport count_bits
from fluxion_py._core.calendars cimport Calendar
from fluxion_py._core.charges cimport WHOLE
from fluxion_py._core.emission cimport Emission
from fluxion_py._core.fitting cimport Fitting, sort_by_place
from fluxion_py._core.flatgraph cimport ALIVE, FlatGraph
from fluxion_py._core.index cimport Index
from fluxion_py._core.occupancy cimport Occupancy
from fluxion_py._core.order cimport Keyed, sort_reference, sort_stable
from fluxion_py._core.plan cimport SLOTS, VERTICES, Plan
from fluxion_py._core.prospects cimport Prospects
from fluxion_py._core.request cimport Request
from fluxion_py._core.timeline cimport end_of
from fluxion_py._core.tournaments cimport FORMING, Tournaments
from fluxion_py._core.tree cimport Tree
from fluxion_py._core.walk cimport HIGH, LOW, Walk

cdef int MOST_INDEXES = 64      # shapes that are kept warm
cdef int MOST_PROSPECTS = 1024  # ... with first*: a few kilobytes each
cdef int MOST_PLANS = 4096
cdef size_t MOST_WORDS = 4096           # of a bitmap: there is one for each point in time
cdef uint64_t ONE = 1


def used_at(Index index):
    """Return when an index was asked last, as a count of questions."""
    return index.used


@cython.final
@cython.no_gc       # it is in no cycle, and a scheduler has a million of them
cdef class Unfolding:
    """Lists the vertices and edges of an answer when they are asked for."""

    def __call__(self):
        """Return (vertices, edges) as a `Selection` has them."""
        if self.listed is None:
            self.listed = self.once()
        return self.listed

    def once(self):
        """Return the same without keeping it: for a caller who does, or prints and forgets it."""
        if self.listed is not None:
            return self.listed
        self.unfold.run(self.rows, self.row_limit, self.removals, -1, 0, 0, 0)
        return self.unfold.emission.listed()

    def once_rows(self):
        """Return the rows of the vertices alone, in their order."""
        cdef size_t at
        cdef list found = []
        if self.listed is not None:
            return [vertex[0] for vertex in self.listed[0]]
        self.unfold.run(self.rows, self.row_limit, self.removals, -1, 0, 0, 0)
        for at in range(self.unfold.emission.emitted.size()):
            found.append(self.unfold.emission.emitted[at].row)
        return found


@cython.final
cdef class Quick:
    """The indexed search of one engine, for its graph as it is."""

    def __init__(self, Walk walk, Emission emission):
        self.walk = walk
        self.emission = emission
        self.plans = {}
        self.indexes = {}
        self.calendars = {}
        self.usable = self.fits_setting()
        if self.usable:
            self.tree = Tree(walk)
            self.occupancy = Occupancy(walk, emission, self.tree)
            self.fitting = Fitting(walk, self.tree, self.occupancy)
            self.picked.assign(self.tree.rows.size(), 0)
            self.chosen_at.assign(self.tree.rows.size(), -1)

    cdef bint fits_setting(self) except -1:
        """Say whether policy, subsystems and graph are such that the search gives right answers."""
        cdef Walk walk = self.walk
        return not (
            (walk.strict and not (walk.stop_on_first and self.counts_all()))
            or walk.flexible or not walk.others.empty() or walk.ledger.any_shared
            or walk.order not in (HIGH, LOW) or (walk.reference_ties and not walk.stop_on_first)
            or (walk.stop_on_first and walk.order != HIGH)      # first found is not best
            or walk.graph.v_first_out[<int32_t> walk.graph.roots[walk.ledger.dominant]] < 0
        )

    cdef bint counts_all(self) except -1:
        """Say whether the reference's sums count every vertex: no type has leaves and inner ones.

        It counts a type from its first leaf on, and misses those inner vertices that come before.
        """
        cdef FlatGraph graph = self.walk.graph
        cdef size_t row
        cdef vector[uint8_t] sorts
        sorts.assign(len(graph.type_names), 0)
        for row in range(graph.v_type.size()):
            if graph.v_flags[row] & ALIVE:
                sorts[graph.v_type[row]] |= 1 if graph.v_first_out[row] < 0 else 2
        for row in range(sorts.size()):
            if sorts[row] == 3:
                return False
        return True

    # ---- growth ----

    cdef int insert(self, int32_t edge) except -1:
        """Take in a new sub-tree, which the ledger has taken in; `part` was called before."""
        cdef int32_t parent = self.tree.graph.e_source[edge]
        cdef int32_t row = self.tree.graph.e_target[edge]
        cdef bint fresh = self.tree.insert(edge)
        cdef Index index
        self.occupancy.grow()
        self.fitting.grow()
        if self.occupancy.charges is not None:
            self.occupancy.charges.read_totals(parent)
        self.picked.resize(self.tree.rows.size(), 0)
        self.chosen_at.resize(self.tree.rows.size(), -1)
        self.forget()
        if fresh:
            self.indexes = {}
        for shape, index in list(self.indexes.items()):
            # A constraint says nothing about new rows: it comes as another one.
            if index.plan.allowed != NULL or not index.insert(row):
                del self.indexes[shape]
        return self.occupancy.note(row)

    cdef bint remove(self, const vector[int32_t]& gone) except -1:
        """Take out a sub-tree on which no job is; False if that could make an odd type plain."""
        cdef size_t at
        cdef Index index
        for at in range(gone.size()):
            if self.tree.odd[self.tree.graph.v_type[gone[at]]]:
                return False
        self.forget()
        if self.tree.remove(gone):
            self.indexes = {}
        if self.walk.stop_on_first and self.tree.inner[gone[0]] >= 0:
            self.occupancy.charges.visits.remove(self.tree.inner[gone[0]])
        for shape, index in list(self.indexes.items()):
            if not index.remove(gone):
                del self.indexes[shape]
        self.occupancy.note(gone[0])
        return True

    cdef int forget(self) except -1:
        """Drop what is about the tree as it was: it is made anew when it is asked for."""
        self.plans = {}
        self.last = None
        self.tree.formed = {}
        self.calendars = {}
        self.occupancy.calendars = []
        return 0

    cdef bint is_current(self, Unfolding listing) noexcept:
        """Say whether a listing is of the tree as it is."""
        return listing.unfold is self.occupancy.unfold and (
            listing.row_limit == <int32_t> self.tree.way.size()
            and listing.removals == self.tree.removals
        )

    cdef Plan plan(self, Request request, bytes allowed):
        """Return the plan of a request under a constraint; None if the walk must answer it."""
        cdef Plan plan = self.last
        if plan is None or plan.request is not request or plan.allowed_bytes is not allowed:
            plan = self.last = self.plans.get((request, allowed))
        if plan is None:
            plan = Plan(request, self.tree, allowed)
            if plan.mine:
                self.find_index(plan)
            # Constraints that differ from call to call are large, and not asked again.
            self.constrained += allowed is not None
            if len(self.plans) >= MOST_PLANS or self.constrained > MOST_INDEXES:
                self.plans.clear()
                self.constrained = allowed is not None
            self.plans[(request, allowed)] = plan
        if plan.index is None:
            if not plan.mine:
                return None
            self.find_index(plan)       # it was dropped since
        self.asked += 1
        (<Index> plan.index).used = self.asked
        return plan

    cdef int find_index(self, Plan plan) except -1:
        """Give a plan the index of its shape, making it if there is none."""
        cdef Index index
        shape = plan.shape()
        plan.index = self.indexes.get(shape)
        if plan.index is None:
            index = self.new_index(plan, False)
            if index.two_sorts:
                plan.mine = False
                return 0
            if len(self.indexes) >= (
                MOST_PROSPECTS if self.walk.stop_on_first else MOST_INDEXES
            ):
                self.drop_oldest()
            plan.index = self.indexes[shape] = index
        return 0

    cdef Index new_index(self, Plan plan, bint in_window):
        """Return a new index for a plan."""
        if self.walk.stop_on_first:
            return Prospects(plan, self.fitting, self.occupancy, in_window)
        return Tournaments(plan, self.fitting, self.occupancy, in_window)

    cdef int drop_oldest(self) except -1:
        """Drop the index that was not asked for the longest time."""
        cdef Plan plan
        oldest = min(self.indexes, key=lambda shape: used_at(self.indexes[shape]))
        index = self.indexes.pop(oldest)
        for plan in self.plans.values():
            if plan.index is index:
                plan.index = None
        return 0

    # ---- select ----

    cdef bint select(self, Plan plan) except -1:
        """Choose for now; the rows are in `fitting.taken` after. False if it does not fit."""
        cdef Index index = plan.index
        index.refresh()
        return self.choose(plan, index)

    cdef bint choose(self, Plan plan, Index index) except -1:
        """Choose by an index of the plan's shape that is up to date."""
        cdef int32_t first = plan.first
        cdef Request request = plan.request
        cdef int64_t wanted
        self.fitting.set_plan(plan)
        self.chosen.clear()
        if self.walk.stop_on_first:
            wanted = request.resolve(
                first, (<Prospects> index).find(request.nodes[first].ceiling)
            )
            if wanted > 0:
                self.choose_found(index, wanted)
        else:
            wanted = request.resolve(first, (<Tournaments> index).supply())
            if wanted > 0:
                self.choose_in_order(<Tournaments> index, wanted)
        if wanted > 0:
            self.take(index)
        return wanted > 0

    # ---- in a window of time ----

    cdef Calendar calendar(self, Plan plan):
        """Return the calendar of what a plan takes; None if it cannot have one.

        It can if it takes whole vertices of one type, of which there are not too many.
        """
        cdef Calendar calendar
        cdef Index index = plan.index
        cdef int16_t type = plan.holder
        if type < 0:
            return None
        if index.in_window is None:
            index.in_window = self.new_index(index.plan, True)
        if index.in_window.two_sorts:
            return None
        if type not in self.calendars:
            calendar = Calendar(self.tree, type)
            if calendar.count == 0 or calendar.words > MOST_WORDS:
                calendar = None
            else:
                self.occupancy.write_calendar(calendar)
            self.calendars[type] = calendar
        return self.calendars[type]

    cdef bint select_window(self, Plan plan, Calendar calendar, int64_t start, int64_t end,
                            bint now) except -1:
        """Choose for [start, end); with `now` allocations that overrun their end are there, too."""
        cdef Fitting fitting = self.fitting
        cdef Index index = plan.index, view = index.in_window
        cdef size_t block, word, base
        cdef bint found = False
        fitting.set_plan(plan)
        if view.sound_at != self.occupancy.status_changes:
            self.find_sound(view, calendar)
        calendar.busy(start, end, fitting.free)
        for word in range(calendar.words):
            fitting.free[word] = view.sound[word] & ~fitting.free[word]
        if now:
            for block in range(calendar.base.size()):
                if calendar.base[block] >= 0:
                    base = calendar.base[block]
                    for word in range(self.tree.b_idle[block].size()):
                        fitting.free[base + word] &= self.tree.b_idle[block][word]
        self.free_in_window = 0
        for word in range(calendar.words):
            self.free_in_window += count_bits(fitting.free[word])
        if self.free_in_window * calendar.largest < plan.request.total[plan.holder]:
            return False
        fitting.calendar = calendar
        fitting.idle = not now
        try:
            view.start_over()
            found = self.choose(plan, view)
        finally:
            fitting.calendar = None
            fitting.idle = False
        return found

    cdef int find_sound(self, Index view, Calendar calendar) except -1:
        """Find out which holders would do if no job were there: up, allowed, with all below."""
        cdef size_t block, at
        cdef int32_t row, position, node = view.plan.holder_node
        view.sound.assign(calendar.words, 0)
        self.fitting.idle = True
        for block in range(calendar.base.size()):
            if calendar.base[block] < 0:
                continue
            for at in range(self.tree.b_rows[block].size()):
                row = self.tree.b_rows[block][at]
                position = calendar.position(row)
                if self.fitting.child_fits(row, node):
                    view.sound[position >> 6] |= ONE << (position & 63)
        self.fitting.idle = False
        view.sound_at = self.occupancy.status_changes
        return 0

    cdef int64_t earliest(self, Plan plan, Calendar calendar, int64_t duration) except -2:
        """Choose at the first later time at which the plan fits; return that, -1 if there is none.

        The times are those at which a job starts or ends. Between two of the calendar nothing
        changes for the plan's holders, so of the others only the first matters: with it ends
        what an overrunning job forbids now.
        """
        cdef Request request = plan.request
        cdef int64_t wanted, missing, time, passed, other = self.occupancy.next_event()
        cdef int64_t now = self.occupancy.now
        wanted = (request.total[plan.holder] + calendar.largest - 1) // calendar.largest
        time = calendar.next_window(now, duration, wanted)
        if other >= 0 and (time < 0 or other < time):
            if self.select_window(plan, calendar, other, end_of(other, duration), False):
                return other
        while time >= 0:
            if self.select_window(plan, calendar, time, end_of(time, duration), False):
                return time
            # What is not free in this window becomes free at a later point, or it does not count.
            missing = max(1, wanted - self.free_in_window)
            while time >= 0 and missing > 0:
                passed = time
                time = calendar.next_window(passed, duration, wanted)
                if time >= 0:
                    missing -= calendar.released(passed, time)
        return -1

    # ---- choosing ----

    cdef int scores(self, Index index, int32_t number, int64_t count,
                    vector[int64_t]& found) except -1:
        """Find the scores of the first candidates at a forming vertex."""
        cdef int32_t row = self.tree.rows[number]
        cdef vector[int32_t] rows
        cdef size_t at
        if index.kind == SLOTS:
            return self.fitting.slot_scores(row, index.plan.first, count, found)
        if index.kind == VERTICES:
            found.assign(1, self.tree.score(row))
            return 0
        self.fitting.collect(row, index.plan.first, count, rows)
        found.clear()
        for at in range(rows.size()):
            found.push_back(self.tree.score(rows[at]))
        return 0

    cdef int pick(self, int32_t number, int64_t count) except -1:
        """Choose that many more candidates of a forming vertex, the best that are left."""
        if self.picked[number] == 0:
            self.chosen.push_back(number)
        self.picked[number] += count
        return 0

    cdef int choose_in_order(self, Tournaments index, int64_t wanted) except -1:
        """Choose by score: the best candidate of all, again and again."""
        cdef int64_t size, most
        cdef int32_t number, top = self.tree.inner[self.tree.top]
        cdef size_t at
        cdef vector[vector[int64_t]] scores
        if index.spots[top].role == FORMING:
            size = index.size_at(self.tree.top)
            return self.pick(top, (wanted + size - 1) // size)
        while wanted > 0:
            number = index.best_forming()
            size = index.size_at(self.tree.rows[number])
            most = index.spots[number].supply // size
            if self.picked[number] == 0:
                scores.emplace_back()
                if most > 1:
                    self.scores(index, number, min(most, (wanted + size - 1) // size),
                                scores.back())
                self.chosen_at[number] = <int32_t> scores.size() - 1
            self.pick(number, 1)
            wanted -= size
            if wanted > 0 and self.picked[number] < most:
                index.spots[number].key = index.sign * (
                    scores[self.chosen_at[number]][self.picked[number]]
                )
                index.reenter(number, True)
            elif wanted > 0:
                index.reenter(number, False)
        for at in range(self.chosen.size()):
            number = self.chosen[at]
            if not scores[at].empty():
                index.spots[number].key = index.sign * scores[at][0]
            index.reenter(number, True)
        return 0

    cdef int choose_found(self, Index index, int64_t wanted) except -1:
        """Of what first* has found choose the best: the shortest prefix that is enough."""
        cdef const vector[int32_t]* candidates = &self.fitting.candidates
        cdef size_t at, other
        cdef int64_t units = 0, least = 0, size
        cdef vector[int64_t] scores
        cdef vector[Keyed] keyed
        for at in range(candidates.size()):
            size = index.size_at(self.tree.rows[candidates[0][at]])
            units += size
            if at == 0 or size < least:
                least = size
        if units - least < wanted:          # all are needed, in whatever order
            for at in range(candidates.size()):
                self.pick(candidates[0][at], 1)
            return 0
        at = 0
        while at < candidates.size():
            other = at
            while other < candidates.size() and candidates[0][other] == candidates[0][at]:
                other += 1
            self.scores(index, candidates[0][at], other - at, scores)
            for size in range(<int64_t> (other - at)):
                keyed.push_back(Keyed(-scores[size], <int32_t> (at + size)))
            at = other
        if self.walk.reference_ties and keyed.size() > 16:
            sort_reference(keyed)
        else:
            sort_stable(keyed, min(wanted, <int64_t> keyed.size()))
        at = 0
        while wanted > 0:
            wanted -= index.size_at(self.tree.rows[candidates[0][keyed[at].second]])
            self.pick(candidates[0][keyed[at].second], 1)
            at += 1
        return 0

    # ---- take ----

    cdef int take(self, Index index) except -1:
        """List the rows that the chosen candidates own."""
        cdef size_t at, other
        cdef int32_t number, row
        cdef vector[int32_t] rows
        self.fitting.taken.clear()
        for at in range(self.chosen.size()):
            number = self.chosen[at]
            row = self.tree.rows[number]
            if index.kind == SLOTS:
                self.fitting.take_slots(row, index.plan.first, self.picked[number])
            elif index.kind == VERTICES:
                self.fitting.take_vertex(row, index.plan.first)
            else:
                self.best_found(row, number, index.plan.first, rows)
                for other in range(rows.size()):
                    self.fitting.take_vertex(rows[other], index.plan.first)
            self.picked[number] = 0
        if index.plan.any_whole:
            self.take_whole_above(index.plan)
        return 0

    cdef int best_found(self, int32_t row, int32_t number, int32_t first,
                        vector[int32_t]& rows) except -1:
        """Find the children that were chosen of a vertex: with first* the best of those visited."""
        cdef size_t at
        cdef int64_t found = self.picked[number]
        cdef int32_t block = self.tree.block(row, self.fitting.request.nodes[first].type)
        if self.walk.stop_on_first and self.tree.b_inner[block]:    # visited by weight
            found = 0
            for at in range(self.fitting.candidates.size()):
                found += self.fitting.candidates[at] == number
        self.fitting.collect(row, first, found, rows)
        if found == self.picked[number]:
            return 0
        sort_by_place(self.tree, rows)
        rows.resize(self.picked[number])
        return 0

    cdef int take_whole_above(self, Plan plan) except -1:
        """Replace rows by the highest vertex above them that is given whole, if there is one."""
        cdef vector[int32_t]* taken = &self.fitting.taken
        cdef size_t at, kept = 0
        cdef int32_t row
        for at in range(taken.size()):
            row = self.tree.above[taken[0][at] >> 1]
            while row >= 0:
                if plan.whole[self.tree.graph.v_type[row]]:
                    taken[0][at] = row << 1 | WHOLE
                row = self.tree.above[row]
        sort(taken.begin(), taken.end())
        for at in range(taken.size()):
            if at == 0 or taken[0][at] != taken[0][at - 1]:
                taken[0][kept] = taken[0][at]
                kept += 1
        taken.resize(kept)
        return 0

    cdef object unfolding(self, const vector[int32_t]& rows):
        """Return what lists the answer that a record has, or is to have."""
        cdef Unfolding unfolding = Unfolding.__new__(Unfolding)
        unfolding.unfold = self.occupancy.unfold
        unfolding.rows = rows
        unfolding.row_limit = <int32_t> self.tree.way.size()
        unfolding.removals = self.tree.removals
        return unfolding
