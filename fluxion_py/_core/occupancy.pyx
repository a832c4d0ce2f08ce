# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Records of jobs, and the counts and bits of "now" that follow (see the .pxd, read it first).

Committing or giving back costs O(rows of the record * depth). Time moves by `advance` only.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.calendars cimport Calendar
from fluxion_py._core.charges cimport Charges
from fluxion_py._core.emission cimport Emission
from fluxion_py._core.flatgraph cimport ALIVE, DOWN
from fluxion_py._core.ledger cimport OWNED, RESERVED, TAGGED, Hold
from fluxion_py._core.tree cimport Tree
from fluxion_py._core.unfold cimport Unfold
from fluxion_py._core.walk cimport Walk

cdef int64_t LONG_AGO = -1              # before all times: nobody asks what was
cdef int64_t ABSENT = -2
cdef size_t MOST_CHANGES = 1 << 16      # that are remembered; who is further behind starts anew


@cython.final
cdef class Occupancy:
    """The occupancy of one engine."""

    def __init__(self, Walk walk, Emission emission, Tree tree):
        self.graph = walk.graph
        self.ledger = walk.ledger
        self.tree = tree
        self.charges = Charges(walk, tree) if walk.stop_on_first else None
        self.unfold = Unfold(emission, tree)
        self.grow()
        self.answers = {}
        self.calendars = []

    # ---- growth ----

    cdef int grow(self) except -1:
        """Make the columns as long as the tree's: nobody has what is new."""
        self.held.resize(self.tree.way.size(), 0)
        self.touched.resize(self.tree.rows.size(), 0)
        self.stamp.resize(self.tree.rows.size(), 0)
        if self.charges is not None:
            self.charges.grow()
        return 0

    cdef int part(self, int32_t row) except -1:
        """Before something new hangs below a vertex: let the records that have the vertex whole, or
        one above it, name what they have. The ledger must be settled. O(those jobs)."""
        cdef int32_t at
        cdef vector[int64_t] jobs
        cdef size_t index
        while row >= 0:
            at = self.ledger.v_owned[row]
            while at >= 0:
                jobs.push_back(self.ledger.holds[at].jobid)
                at = self.ledger.holds[at].next
            row = self.tree.above[row]
        for index in range(jobs.size()):
            self.observe(jobs[index])
        return 0

    # ---- counts and bits ----

    cdef bint up(self, int32_t row) noexcept:
        return not self.graph.v_flags[row] & DOWN

    cdef void refresh(self, int32_t row) noexcept:
        """Bring the idle bit of a row up to date."""
        cdef int32_t number = self.tree.inner[row]
        self.tree.set_idle(
            row, self.held[row] == 0 and self.up(row) and (number < 0 or self.touched[number] == 0)
        )

    cdef int note(self, int32_t row) except -1:
        """Remember that something changed at a row and below it; of a leaf, at its parent."""
        cdef bint leaf = self.tree.inner[row] < 0
        cdef int32_t entry
        if leaf:
            row = self.tree.above[row]
        if row < 0:
            return 0
        entry = row << 1 | leaf
        if self.changed.size() >= 2 * MOST_CHANGES:
            self.changed.erase(self.changed.begin(), self.changed.begin() + MOST_CHANGES)
            self.changed_before += MOST_CHANGES
        self.changed.push_back(entry)
        return 0

    cdef int status_changed(self, int32_t row) except -1:
        """Take in that a vertex went up or down."""
        if self.graph.v_flags[row] & ALIVE and (self.tree.way[row] >= 0 or row == self.tree.top):
            self.refresh(row)
            self.note(row)
            self.status_changes += 1
        return 0

    # ---- records ----

    cdef int32_t new_record(
        self, int64_t jobid, int64_t start, int64_t end, uint8_t flags
    ) except -1:
        cdef int32_t slot
        if self.free_slots.empty():
            slot = <int32_t> self.r_job.size()
            self.r_job.push_back(jobid)
            self.r_start.push_back(start)
            self.r_end.push_back(end)
            self.r_since.push_back(ABSENT)
            self.r_flags.push_back(flags)
            self.r_generation.push_back(0)
            self.r_rows.push_back(vector[int32_t]())
        else:
            slot = self.free_slots.back()
            self.free_slots.pop_back()
            self.r_job[slot] = jobid
            self.r_start[slot] = start
            self.r_end[slot] = end
            self.r_since[slot] = ABSENT
            self.r_flags[slot] = flags
        self.slots[jobid] = slot
        return slot

    cdef int32_t commit(self, int64_t jobid, int64_t start, int64_t end, bint planned,
                        const vector[int32_t]& rows, bint weigh) except -1:
        """Record what a search has chosen; the ledger hears of it when it is settled.

        `weigh`: it was just emitted, so the weights of its edges follow.
        """
        cdef int32_t slot = self.new_record(jobid, start, end, PENDING | (PLANNED * planned))
        self.r_rows[slot] = rows
        self.pending.push_back(slot)
        self.begin(slot)
        if self.pending.size() > 2 * self.slots.size() + 1024:
            self.forget_past()
        if self.charges is not None and weigh:
            self.charges.weigh(rows)
        return slot

    cdef int begin(self, int32_t slot) except -1:
        """Let a new record act: now if it has started, later by an event."""
        cdef int32_t generation = self.r_generation[slot]
        self.enter_calendars(slot)
        if self.charges is not None:
            self.charges.count(self.r_rows[slot], 1)
        if self.r_start[slot] > self.now:
            self.future += 1
            self.events.push(Event(
                -self.r_start[slot], pair[int32_t, int32_t](slot, generation)
            ))
        elif self.r_end[slot] > self.now or not self.r_flags[slot] & PLANNED:
            self.apply(slot, 1)
            if self.charges is not None and self.r_end[slot] > self.now:
                self.r_flags[slot] |= USING
                self.charges.use(self.r_rows[slot], 1)
        if self.r_end[slot] > self.now:
            self.events.push(Event(-self.r_end[slot], pair[int32_t, int32_t](slot, generation)))
        return 0

    cdef int forget_past(self) except -1:
        """Drop the entries of records that were given back from the queues. O(records)."""
        cdef size_t at, kept = 0
        cdef vector[Event] coming
        for at in range(self.pending.size()):
            if self.r_flags[self.pending[at]] & PENDING:
                self.r_flags[self.pending[at]] &= ~PENDING      # each is kept once
                self.pending[kept] = self.pending[at]
                kept += 1
        self.pending.resize(kept)
        for at in range(kept):
            self.r_flags[self.pending[at]] |= PENDING
        while not self.events.empty():
            if self.r_generation[self.events.top().second.first] == self.events.top().second.second:
                coming.push_back(self.events.top())
            self.events.pop()
        for at in range(coming.size()):
            self.events.push(coming[at])
        return 0

    cdef int apply(self, int32_t slot, int sign) except -1:
        """Let a record count (sign 1) or count no more (-1) in what is there now."""
        cdef const vector[int32_t]* rows = &self.r_rows[slot]
        cdef int32_t row, inner, last = -1
        cdef size_t at
        cdef bint told = sign < 0 or self.charges is None       # see Prospects
        self.operation += 1
        for at in range(rows.size()):
            row = rows[0][at] >> 1
            self.held[row] += sign
            if self.tree.inner[row] >= 0:
                self.refresh(row)       # what is below it may have come first in the record
                if told:
                    self.note(row)
            else:
                self.tree.set_idle(row, self.held[row] == 0 and self.up(row))
                if told and self.tree.above[row] != last:   # leaves of one parent change it once
                    self.note(row)
                row = last = self.tree.above[row]
            while row >= 0 and self.stamp[self.tree.inner[row]] != self.operation:
                inner = self.tree.inner[row]
                self.stamp[inner] = self.operation
                self.touched[inner] += sign
                self.refresh(row)
                row = self.tree.above[row]
        self.r_flags[slot] ^= PRESENT
        return 0

    cdef bint drop(self, int64_t jobid) except -1:
        """Give a record back; say whether the ledger has the job as well."""
        cdef int32_t slot = self.slots[jobid]
        cdef uint8_t flags = self.r_flags[slot]
        self.slots.erase(jobid)
        if self.answers:
            self.answers.pop(slot, None)
        if flags & ODD:
            self.odd_jobs -= 1
        else:
            self.leave_calendars(slot)
            if flags & PRESENT:
                self.apply(slot, -1)
            elif self.r_start[slot] > self.now:
                self.future -= 1
            if self.charges is not None:
                self.charges.count(self.r_rows[slot], -1)
                if flags & USING:
                    self.charges.use(self.r_rows[slot], -1)
        self.r_flags[slot] = 0
        self.r_generation[slot] += 1
        self.r_rows[slot].clear()
        self.free_slots.push_back(slot)
        return not flags & PENDING

    # ---- time ----

    cdef bint is_due(self, int64_t now) noexcept:
        """Say whether something starts or ends until `now`."""
        return not self.events.empty() and -self.events.top().first <= now

    cdef int advance(self, int64_t now) except -1:
        """Let the records that start or end until `now` do so."""
        cdef Event event
        if now < self.now:
            return self.restart(now)
        while not self.events.empty() and -self.events.top().first <= now:
            event = self.events.top()
            self.events.pop()
            if self.r_generation[event.second.first] == event.second.second:
                self.now = -event.first
                self.happen(event.second.first, -event.first)
        self.now = now
        return 0

    cdef int64_t next_event(self) except -2:
        """Return the next time at which a record starts or ends, -1 if there is none."""
        cdef pair[int32_t, int32_t] record
        while not self.events.empty():
            record = self.events.top().second
            if self.r_generation[record.first] == record.second:
                return -self.events.top().first
            self.events.pop()
        return -1

    cdef int happen(self, int32_t slot, int64_t time) except -1:
        """A record starts or ends at a time."""
        cdef uint8_t flags = self.r_flags[slot]
        if time == self.r_start[slot] and not flags & PRESENT:
            self.future -= 1
            self.apply(slot, 1)
            if self.charges is not None:
                self.r_flags[slot] |= USING
                self.charges.use(self.r_rows[slot], 1)
        elif time == self.r_end[slot]:
            if flags & USING:
                self.r_flags[slot] &= ~USING
                self.charges.use(self.r_rows[slot], -1)
            if flags & PLANNED and flags & PRESENT:     # a plan does not outlive its time
                self.apply(slot, -1)
            self.leave_calendars(slot)
        return 0

    cdef int restart(self, int64_t now) except -1:
        """Time was set back: let all records act anew. O(all records).

        An allocation that is yet to start forbids much before: those are left to the walk.
        """
        cdef size_t slot
        while not self.events.empty():
            self.events.pop()
        for slot in range(self.r_job.size()):
            if self.r_flags[slot] & PRESENT:
                self.apply(<int32_t> slot, -1)
            if self.r_flags[slot] & USING:
                self.charges.use(self.r_rows[slot], -1)
                self.r_flags[slot] &= ~USING
            if self.charges is not None:
                self.charges.count(self.r_rows[slot], -1)
            self.leave_calendars(<int32_t> slot)
        self.future = 0
        self.now = now
        self.settle()
        for entry in self.slots:
            slot = entry.second
            if not self.r_flags[slot] & (ODD | PLANNED) and self.r_start[slot] > now:
                self.r_flags[slot] |= ODD
                self.r_rows[slot].clear()
                self.odd_jobs += 1
            elif not self.r_flags[slot] & ODD:
                self.begin(<int32_t> slot)
        return 0

    cdef int enter_calendars(self, int32_t slot) except -1:
        """Tell the calendars of a record; those that have started do so from one time on."""
        cdef Calendar calendar
        if self.r_end[slot] <= self.now:
            return 0
        self.r_since[slot] = self.r_start[slot] if self.r_start[slot] > self.now else LONG_AGO
        for calendar in self.calendars:
            calendar.add(slot, self.r_since[slot], self.r_end[slot], self.r_rows[slot])
        return 0

    cdef int leave_calendars(self, int32_t slot) except -1:
        """Have the calendars forget a record, at its end at the latest."""
        cdef Calendar calendar
        if self.r_since[slot] == ABSENT:
            return 0
        for calendar in self.calendars:
            calendar.remove(slot, self.r_since[slot], self.r_end[slot], self.r_rows[slot])
        self.r_since[slot] = ABSENT
        return 0

    cdef int write_calendar(self, Calendar calendar) except -1:
        """Enter all records into a new calendar, and all later ones."""
        for entry in self.slots:
            if self.r_since[entry.second] != ABSENT:
                calendar.add(
                    entry.second, self.r_since[entry.second], self.r_end[entry.second],
                    self.r_rows[entry.second]
                )
        self.calendars.append(calendar)
        return 0

    # ---- the ledger ----

    cdef int settle(self) except -1:
        """Give the ledger the holds of all records that it lacks."""
        cdef size_t at
        cdef int32_t slot
        for at in range(self.pending.size()):
            slot = self.pending[at]
            if self.r_flags[slot] & PENDING:        # it may have been given back since
                self.r_flags[slot] &= ~PENDING
                self.unfold.run(
                    self.r_rows[slot], <int32_t> self.tree.way.size(), self.tree.removals,
                    self.r_job[slot], self.r_start[slot], self.r_end[slot],
                    RESERVED if self.r_flags[slot] & PLANNED else 0
                )
        self.pending.clear()
        return 0

    cdef int observe(self, int64_t jobid) except -1:
        """Take over a job that was booked or changed in the ledger; none if it is gone there."""
        cdef vector[int32_t] rows
        cdef int32_t slot
        cdef Hold* hold
        cdef bint plain
        cdef size_t index
        if self.slots.count(jobid):
            self.drop(jobid)
        if not self.ledger.jobs.count(jobid):
            return 0
        plain = self.is_plain(jobid, rows)
        hold = &self.ledger.holds[self.ledger.jobs[jobid][0]]
        slot = self.new_record(
            jobid, hold.start, hold.end, PLANNED if hold.flags & RESERVED else 0
        )
        for at in self.ledger.jobs[jobid]:
            if self.ledger.holds[at].flags & RESERVED:
                self.r_flags[slot] |= PLANNED
        if not plain or (hold.start > self.now and not self.r_flags[slot] & PLANNED):
            self.r_flags[slot] |= ODD       # an allocation that is yet to start forbids much now
            self.odd_jobs += 1
            for at in self.ledger.jobs[jobid]:      # its weights stay when it goes
                self.note(self.ledger.holds[at].row)
            return 0
        self.r_rows[slot] = rows
        self.begin(slot)
        for index in range(rows.size()):
            self.note(rows[index] >> 1)     # also if it is to start later: weights may have changed
        return 0

    cdef bint is_plain(self, int64_t jobid, vector[int32_t]& rows) except -1:
        """Collect what a job owns; False if it has anything that a record cannot say."""
        cdef vector[int32_t]* mine = &self.ledger.jobs[jobid]
        cdef Hold* hold
        cdef size_t at, implied = 0
        cdef int32_t row
        self.operation += 1
        for at in range(mine.size()):
            hold = &self.ledger.holds[mine[0][at]]
            if self.tree.way[hold.row] < 0 and hold.row != self.tree.top:
                return False
            if not hold.flags & TAGGED or hold.start != self.ledger.holds[mine[0][0]].start or (
                hold.end != self.ledger.holds[mine[0][0]].end
            ):
                return False
            if hold.flags & OWNED:
                if hold.needs != self.graph.v_size[hold.row]:
                    return False
                rows.push_back(hold.row << 1)
                if self.tree.inner[hold.row] < 0:
                    implied += 1
        for at in range(rows.size()):
            row = rows[at] >> 1
            if self.tree.inner[row] < 0:
                row = self.tree.above[row]
            while row >= 0 and self.stamp[self.tree.inner[row]] != self.operation:
                self.stamp[self.tree.inner[row]] = self.operation
                implied += 1
                row = self.tree.above[row]
        return implied == mine.size()
