# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Looking at the state: masks, emissions of masks, filters, holds (matching.md 11, errata G12).

Flows in: what to look for. Flows out: one byte per row, a `Selection`, or plain tuples. A mask and
its emission cost O(vertices), all else O(answer). Nothing is changed.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport DOWN
from fluxion_py._core.ledger cimport DIVIDED, OWNED, RESERVED, TAGGED, Hold
from fluxion_py._core.timeline cimport TimeLine
from fluxion_py._core.walk cimport Walk

from fluxion_py.outcome import Selection


@cython.final
cdef class Look:
    """Looks for one engine; `walk` lends its colours."""

    def __init__(self, Walk walk):
        self.walk = walk
        self.ledger = walk.ledger
        self.graph = walk.graph

    cdef object mask(self, str kind, int64_t jobid):
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
        stack.push_back(self.ledger.top)
        view[self.ledger.top] = self.is_so(kind, self.ledger.top)
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

    cdef object emit(self, bytes mask):
        """Return the vertices of a mask with all their ancestors, each at full size, exclusive."""
        found = Selection()
        if len(mask) != len(self.graph):
            raise ValueError(f"a mask of {len(mask)} bytes for {len(self.graph)} rows")
        self.walk.next_walk()
        self.emit_masked(self.ledger.top, mask, 1, found)
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

    cdef object filter_usage(self, int32_t row, int64_t at, jobid):
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

    cdef object holds(self, int32_t row):
        """Return [(jobid, start, end, needs, exclusive, reserved)] of a vertex, by job id."""
        cdef int32_t at
        cdef Hold* hold
        found = []
        self.graph.check(row)
        for at in (self.ledger.v_owned[row], self.ledger.v_passed[row]):
            while at >= 0:
                hold = &self.ledger.holds[at]
                found.append((
                    hold.jobid, hold.start, hold.end, hold.needs,
                    (hold.flags & (OWNED | DIVIDED)) == OWNED,
                    bool(hold.flags & RESERVED),
                ))
                at = hold.next
        return sorted(found)
