# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Giving back: whole jobs, ranks or vertices of a job (matching.md 10, errata G4, G14).

Flows in: a job id, ranks or rows. Flows out: a `Release`. A whole job costs O(its holds), a part
O(its holds * depth). Everything is checked before anything is changed; with `strict` the
reference's leaks are kept, as docs/deviations.md tells.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from fluxion_py._core.ledger cimport OWNED, TAGGED, Hold, Ledger

from fluxion_py.outcome import Release


@cython.final
cdef class Cancel:
    """Gives back for one engine."""

    def __init__(self, Ledger ledger):
        self.ledger = ledger
        self.graph = ledger.graph
        self.strict = ledger.strict

    cdef object whole(self, int64_t jobid):
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
        cdef int32_t hold = self.ledger.find_hold(self.ledger.top, jobid), row
        cdef vector[int32_t] mine = self.ledger.jobs[jobid]
        cdef size_t index
        cdef bint tagged = False
        if hold >= 0 and self.ledger.holds[hold].flags & TAGGED:
            for row in self.ledger.below(self.ledger.top, jobid):
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

    cdef object ranks(self, int64_t jobid, ranks):
        """Give back what a job has on some ranks, and reduce its shares above them.

        Raises KeyError for an unknown job, ValueError for a rank where it has nothing; then
        nothing is changed.
        """
        rows = []
        if not self.ledger.jobs.count(jobid):
            raise KeyError(jobid)
        for rank in ranks:
            mine = self.reached(jobid, self.graph.rows_of_rank(rank))
            if not self.owns_any(jobid, mine):
                raise ValueError(f"{rank} not found in rank_to_counts.")
            rows.extend(mine)
        return self.release(jobid, rows)

    cdef bint owns_any(self, int64_t jobid, list rows) except -1:
        for row in rows:
            if self.ledger.holds[self.ledger.find_hold(row, jobid)].flags & OWNED:
                return True
        return False

    cdef list reached(self, int64_t jobid, list rows):
        """Return those of the rows that a job has and, but for `strict`, what it has below them.

        Below by the ways of the answer: what it reached from elsewhere stays, also if two nodes
        share it.
        """
        cdef int32_t row
        mine = []
        for row in rows:
            if self.ledger.find_hold(row, jobid) >= 0 and (
                self.ledger.holds[self.ledger.find_hold(row, jobid)].flags & TAGGED
            ):
                mine.extend([row] if self.strict else self.ledger.below(row, jobid))
        return list(dict.fromkeys(mine))

    cdef list rank_tops(self, list rows):
        """Return the vertices of a rank that the others of it are below.

        One, unless two nodes carry one rank; with `strict` the first with the shortest path.
        """
        if self.strict:
            depth = {row: (self.graph.path(row) or "").count("/") for row in rows}
            return [min(rows, key=lambda row: (depth[row], row))]
        carrying = set(rows)
        return [row for row in rows if self.ledger.parent(row) not in carrying]

    cdef object vertices(self, int64_t jobid, rows):
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
        return self.release(jobid, listed if self.strict else self.reached(jobid, listed))

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
        cdef bint gone = self.ledger.top in inside
        for row in inside:
            hold = self.ledger.find_hold(row, jobid)
            units = self.ledger.charge(hold)
            above = self.parent(row, jobid)
            while above >= 0:
                if above not in inside:
                    reduced.add(above)
                    self.reduce(jobid, above, self.graph.v_type[row], units)
                above = self.parent(above, jobid)
        self.lose(jobid, list(inside))
        if self.strict:
            for row in reduced:
                gone = (self.untag_if_empty(jobid, row) and row == self.ledger.top) or gone
            return Release(gone)
        empty = self.no_longer_needed(jobid, reduced)
        for row in empty:
            hold = self.ledger.find_hold(row, jobid)
            units = self.ledger.charge(hold)
            above = self.parent(row, jobid)
            while above >= 0:
                self.reduce(jobid, above, self.graph.v_type[row], units)
                above = self.parent(above, jobid)
        self.lose(jobid, empty)
        if self.ledger.find_hold(self.ledger.top, jobid) < 0 and self.ledger.jobs.count(jobid):
            self.ledger.drop_job(jobid)
        return Release(not self.ledger.jobs.count(jobid))

    cdef list no_longer_needed(self, int64_t jobid, set ancestors):
        """Return those of the ancestors below which the job has nothing any more."""
        cdef int32_t above
        cdef dict below = dict.fromkeys(ancestors, 0)
        for row in self.ledger.rows_of(jobid):
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

    cdef list evict(self, rows):
        """Take all jobs off some vertices; return their ids, ascending."""
        held = {}
        for row in rows:
            for jobid in self.ledger.jobs_at(row):
                held.setdefault(jobid, []).append(row)
        for jobid, mine in held.items():
            self.release(jobid, mine if self.strict else self.reached(jobid, mine))
        return sorted(held)
