# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The emission: list what a walk has marked, and record it (matching.md 8).

Flows in: the marks of a `Walk`. Flows out: a `Selection`, and holds in the ledger if a job is to
have it. Cost: O(vertices emitted + edges of the inner ones among them).
"""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libcpp.vector cimport vector

from fluxion_py._core.board cimport EXCLUSIVE
from fluxion_py._core.flatgraph cimport FlatGraph
from fluxion_py._core.ledger cimport DIVIDED, OWNED, TAGGED, Ledger
from fluxion_py._core.walk cimport EMITTED, Walk

from fluxion_py.outcome import Selection


cdef int64_t FOREVER = 0x7FFFFFFFFFFFFFFF
cdef int64_t MOST_UNITS = <int64_t> 1 << 62     # a pool may have become smaller than what is held
cdef int32_t DEEPEST = 1001     # depth of a selected vertex: the root has 1


@cython.final
cdef class Emission:
    """Emits and records for one engine."""

    def __init__(self, Walk walk):
        self.walk = walk
        self.graph = walk.graph
        self.ledger = walk.ledger

    cdef object emit_marked(self, int64_t jobid, int64_t start, int64_t end, int flags,
                            bint shadow_requested):
        """Emit what the marks say; with a job id >= 0 record it. None if nothing is emitted."""
        cdef int32_t top = self.graph.roots[self.ledger.dominant]
        self.jobid = jobid
        self.start = start
        self.end = end
        self.record_flags = flags
        self.walk.set_shadow_types(shadow_requested)
        self.emitted.clear()
        self.emitted_edges.clear()
        if not self.emit(top, -1, self.walk.root_needs, self.walk.root_exclusive, False, 1):
            return None
        return self.selection()

    cdef bint emit(self, int32_t row, int32_t way, int64_t needs, uint8_t use, bint shadow,
                   int32_t depth) except -1:
        """Emit a vertex after what is below it; False if neither it nor that is taken.

        Units of a divisible vertex are taken even if it is shared.
        """
        cdef FlatGraph g = self.graph
        cdef int32_t edge = g.v_first_out[row], child
        cdef bint some = False
        shadow = shadow or self.walk.shadow_type[g.v_type[row]]
        if shadow:
            use = EXCLUSIVE
            needs = g.v_size[row]
        self.open_level(depth)
        while edge >= 0:
            if g.e_subsystem[edge] == self.ledger.dominant and (
                shadow or self.walk.e_mark[edge] == self.walk.walk
            ):
                child = g.e_target[edge]
                if self.walk.v_color[child] == self.walk.walk | EMITTED:
                    edge = g.e_next_out[edge]       # emitted already, below another parent
                    continue
                if self.emit(
                    child, row, self.walk.e_needs[edge], self.walk.e_exclusive[edge], shadow,
                    depth + 1
                ):
                    some = True
                    self.emitted_edges.push_back(edge)
            edge = g.e_next_out[edge]
        if not (some or use or (needs > 0 and self.ledger.is_pool(row))):
            return False
        self.walk.v_color[row] = self.walk.walk | EMITTED
        self.record(row, way, needs, use == EXCLUSIVE, depth)
        return True

    cdef int open_level(self, int32_t depth) except -1:
        """Begin the sums of what is charged below a vertex of this depth."""
        if self.jobid < 0:
            return 0
        if self.below.size() <= <size_t> depth + 1:
            self.below.resize(depth + 2)
        self.below[depth].assign(self.ledger.tracked.size(), -1)
        return 0

    cdef int record(self, int32_t row, int32_t way, int64_t needs, bint exclusive,
                    int32_t depth) except -1:
        """List an emitted vertex, hold it, charge its filter, and pass the sums up."""
        cdef Ledger ledger = self.ledger
        cdef vector[int64_t]* mine
        cdef vector[int64_t]* parent
        cdef vector[int64_t] amounts
        cdef int16_t type = self.graph.v_type[row]
        cdef size_t kind
        cdef bint charged = False, pool = ledger.is_pool(row), owned = exclusive or (pool and needs)
        cdef int64_t hold
        cdef Emitted entry
        entry.row = row
        entry.needs = needs
        entry.depth = depth
        entry.exclusive = exclusive
        self.emitted.push_back(entry)
        if self.jobid < 0:
            return 0        # only listed: nothing is charged
        mine = &self.below[depth]
        parent = &self.below[depth - 1]
        hold = ledger.add_hold(
            row, way, self.jobid, self.start, self.end, needs if owned else 0,
            TAGGED | ((OWNED | self.record_flags) if owned else 0)
            | (DIVIDED if owned and not exclusive else 0)
        )
        for kind in range(mine.size()):
            charged = charged or mine[0][kind] >= 0
        if charged and ledger.has_filter(row):
            for tracked in ledger.type_sets[ledger.f_set[ledger.v_filter[row]]]:
                amounts.push_back(max(0, mine[0][tracked]))
            ledger.add_span(hold, amounts)
        if depth == 1:
            return 0
        if parent.size() < mine.size():
            parent.resize(mine.size(), -1)
        for kind in range(mine.size()):
            if mine[0][kind] >= 0:
                parent[0][kind] = max(0, parent[0][kind]) + mine[0][kind]
        if ledger.tracked[type]:
            parent[0][type] = max(0, parent[0][type]) + (
                needs if pool else self.graph.v_size[row] if exclusive
                else self.graph.v_size[row] - needs
            )
        return 0

    cdef tuple listed(self):
        """Return what was emitted: (vertices, edges) as a `Selection` has them."""
        cdef size_t index
        cdef FlatGraph g = self.graph
        cdef list vertices = [], edges = []
        for index in range(self.emitted.size()):
            vertices.append((
                self.emitted[index].row, self.emitted[index].needs,
                bool(self.emitted[index].exclusive), self.emitted[index].depth,
            ))
        for index in range(self.emitted_edges.size()):
            edge = self.emitted_edges[index]
            edges.append((
                g.e_source[<int32_t> edge], g.e_target[<int32_t> edge],
                g.e_subsystem[<int32_t> edge],
            ))
        return vertices, edges

    cdef object selection(self):
        """Return what was emitted as a `Selection`."""
        vertices, edges = self.listed()
        labels = self.walk.labels
        found = {entry[0]: labels[entry[0]] for entry in vertices if entry[0] in labels}
        return Selection(vertices, edges, found)

    cdef int book(self, int64_t jobid, vertices, int64_t at, int64_t duration, int flags) except -1:
        """Record a selection again that was made on an equal graph; see Engine.book."""
        cdef int32_t row, depth, deepest = 0
        cdef int64_t needs
        cdef bint exclusive
        cdef size_t level
        cdef set rows = set()
        if jobid < 0 or self.ledger.jobs.count(jobid):
            raise ValueError(f"job {jobid} is negative or holds something already")
        if at < 0 or duration <= 0 or duration > FOREVER - at:
            raise ValueError(f"a window of {duration} s from {at} on")
        for row, needs, _, depth in vertices:
            if not self.graph.alive(row) or not 1 <= depth <= DEEPEST:
                raise ValueError(f"vertex {row} at depth {depth} is not in the graph")
            if row in rows or not 0 <= needs <= (
                MOST_UNITS if self.ledger.is_pool(row) else self.graph.v_size[row]
            ):
                raise ValueError(f"vertex {row} is listed twice or has no {needs} units")
            rows.add(row)
            deepest = max(deepest, depth)
        self.jobid = jobid
        self.start = at
        self.end = at + duration
        self.record_flags = flags
        self.below.resize(max(self.below.size(), <size_t> deepest + 2))
        for level in range(self.below.size()):
            self.below[level].assign(self.ledger.tracked.size(), -1)
        ways = {}       # place -> row of the next vertex one level up: the parent in post-order
        latest = {}
        for place in range(len(vertices) - 1, -1, -1):
            ways[place] = latest.get(vertices[place][3] - 1, -1)
            latest[vertices[place][3]] = vertices[place][0]
        for place, (row, needs, exclusive, depth) in enumerate(vertices):
            self.record(row, ways[place], needs, exclusive, depth)
            self.below[depth].assign(self.ledger.tracked.size(), -1)
        return 0

    cdef int weigh(self, int64_t now, bint restored) except -1:
        """Refresh the weights after an emitted match; a restore leaves 0 (matching.md 4.2)."""
        cdef size_t index
        if self.walk.stop_on_first:
            for index in range(self.emitted_edges.size()):
                self.walk.ranking.weigh(self.emitted_edges[index], now, restored)
        return 0
