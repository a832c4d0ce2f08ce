# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Bookkeeping of the engine: holds, filters, jobs (see the .pxd, read it first).

Looking at an untouched vertex costs nothing: no hold, no time line. A look at a touched one costs
the number of its holds. Time in seconds, half-open windows.
"""

cimport cython
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint64_t
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport ALIVE, DIVISIBLE, FlatGraph
from fluxion_py._core.timeline cimport TimeLine

from fluxion_py.errors import GraphError

cdef int64_t FOREVER = 0x7FFFFFFFFFFFFFFF
MAX_DEPTH = 1000    # the walk is recursive: some 300 bytes of stack per level


cdef int find_type(const vector[int16_t]& types, int16_t type) noexcept:
    """Return the place of a type in a list, -1 if it is not there."""
    cdef int place
    for place in range(<int> types.size()):
        if types[place] == type:
            return place
    return -1


@cython.final
cdef class Ledger:
    """Holds, filters and jobs of one engine."""

    def __init__(
        self, FlatGraph graph not None, list subsystems not None, list filter_spec not None,
        bint strict,
    ):
        if not subsystems:
            raise GraphError("no subsystem is selected")
        self.strict = strict
        self.top = graph.roots[subsystems[0]]
        self.graph = graph
        self.subsystems = subsystems
        self.dominant = subsystems[0]
        self.filter_spec = filter_spec
        self.free_hold = -1
        self.lines = []
        self.pool_lines = []
        self.epoch = -1

    # ---- filters (matching.md 3, errata G8) ----

    cdef int prime(self) except -1:
        """Compute what is tracked where and all totals anew; spans in time lines are kept."""
        cdef size_t types, rows = self.graph.v_type.size(), kind
        if self.dominant not in self.graph.roots:
            raise GraphError("the graph has lost its root")
        self.epoch = -1
        everywhere = {below for anchor, below in self.filter_spec if anchor == "ALL"}
        for anchor, below in self.filter_spec:
            self.graph.type_id(below)
            if anchor != "ALL":
                self.graph.type_id(anchor)
        types = len(self.graph.type_names)
        self.fit_rows()
        self.everywhere.assign(types, 0)
        self.tracked.assign(types, 0)
        self.anchored.assign(types, vector[uint8_t]())
        for anchor, below in self.filter_spec:
            kind = self.graph.type_ids[below]
            self.tracked[kind] = 1
            if below in everywhere:
                self.everywhere[kind] = 1
            else:
                self.anchor(self.graph.type_ids[anchor], kind)
        if not self.strict:
            self.track_pools()
            self.track_leaf_types()
        self.share.assign(types, 0)
        self.noted.assign(rows, 0)
        for subsystem in self.subsystems:
            self.primed.assign(rows, 0)
            root = self.graph.roots.get(subsystem)
            if root is None:
                continue        # it was removed
            self.prime_vertex(root, subsystem, 0)
            if subsystem == self.dominant:
                self.drop_stale_filters()
        return self.note_state()

    cdef int fit_rows(self) except -1:
        """Make the columns as long as the graph's."""
        cdef size_t rows = self.graph.v_type.size()
        self.v_owned.resize(rows, -1)
        self.v_passed.resize(rows, -1)
        self.v_filter.resize(rows, -1)
        self.noted.resize(rows, 0)
        self.primed.resize(rows, 0)
        self.seen.resize(rows, 0)
        return 0

    cdef int note_state(self) except -1:
        """All is as the graph has it now."""
        self.edges = self.graph.e_source.size()
        self.reshaped = self.graph.reshaped
        self.epoch = self.graph.epoch
        return 0

    cdef int check_primed(self) except -1:
        """Refuse to go on with a graph that has changed: the columns here are as long as it was."""
        if self.epoch != self.graph.epoch:
            raise GraphError("the graph has changed; Engine.reprime() takes the changes in")
        return 0

    cdef int anchor(self, int16_t anchor, int16_t kind) except -1:
        """Track a type at an anchor type. Few types are anchors: the others have no row."""
        if self.anchored[anchor].empty():
            self.anchored[anchor].resize(self.tracked.size(), 0)
        self.anchored[anchor][kind] = 1
        return 0

    cdef int track_pools(self) except -1:
        """Track the types of divisible vertices everywhere: without that each would be visited."""
        cdef int16_t type
        for type in range(<int16_t> self.tracked.size()):
            if self.graph.divides(type):
                self.tracked[type] = self.everywhere[type] = 1
        return 0

    cdef int track_leaf_types(self) except -1:
        """Track every leaf type at cluster, wherever its first leaf is met later.

        The reference does it on the way, so a type that is met as an inner vertex first is counted
        in part (a chassis that has lost its nodes).
        """
        cdef size_t row
        cdef int16_t type
        self.leaves.assign(self.tracked.size(), 0)
        for row in range(self.graph.v_type.size()):
            if self.graph.v_flags[row] & ALIVE and self.graph.v_first_out[row] < 0:
                self.leaves[self.graph.v_type[row]] += 1
        for type in range(<int16_t> self.leaves.size()):
            if self.leaves[type] and not self.tracked[type]:
                self.tracked[type] = 1
                self.anchor(0, type)
        return 0

    cdef int drop_stale_filters(self) except -1:
        """Take the filter off vertices that have nothing below any more, or are gone."""
        cdef size_t filter
        cdef int32_t row, at
        for filter in range(self.f_row.size()):
            row = self.f_row[filter]
            if row < 0 or (
                self.graph.v_flags[row] & ALIVE and self.graph.v_first_out[row] >= 0
            ):
                continue
            for head in (self.v_owned[row], self.v_passed[row]):
                at = head
                while at >= 0:
                    self.drop_span(at)
                    at = self.holds[at].next
            self.v_filter[row] = -1
            self.f_row[filter] = -1
            self.lines[filter] = None
        return 0

    cdef int prime_vertex(self, int32_t row, int8_t subsystem, int depth) except -1:
        """Sum up below an inner vertex and set its filter; the sums are in sums[depth] after."""
        cdef FlatGraph g = self.graph
        cdef size_t types = self.tracked.size(), kind
        cdef int32_t edge = g.v_first_out[row], child
        cdef int16_t child_type
        if depth >= MAX_DEPTH:
            raise GraphError(f"the graph is deeper than {MAX_DEPTH} levels")
        if self.sums.size() <= <size_t> depth + 1:
            self.sums.resize(depth + 2)
        self.sums[depth].assign(types, 0)
        self.primed[row] = PRIMING
        while edge >= 0:
            child = g.e_target[edge]
            if g.e_subsystem[edge] == subsystem and self.primed[child]:
                if self.primed[child] == PRIMING:
                    raise GraphError(
                        f"a cycle: an edge leads from {g.name(row)} back up to {g.name(child)}"
                    )
                self.note_shared(child, depth)
            elif g.e_subsystem[edge] == subsystem:
                child_type = g.v_type[child]
                if g.v_first_out[child] >= 0:
                    self.prime_vertex(child, subsystem, depth + 1)
                    for kind in range(types):
                        self.sums[depth][kind] += self.sums[depth + 1][kind]
                else:
                    self.primed[child] = PRIMED
                    if not self.tracked[child_type]:
                        self.tracked[child_type] = 1
                        self.anchor(0, child_type)      # type 0 is cluster
                if self.tracked[child_type]:
                    self.sums[depth][child_type] += self.counted(child)
            edge = g.e_next_out[edge]
        self.primed[row] = PRIMED
        if subsystem == self.dominant:
            self.set_filter(row, self.sums[depth])
        return 0

    cdef int note_shared(self, int32_t row, int depth) except -1:
        """Note a vertex that is met through a second parent: its type, and all below it.

        Its units are counted below the parent met first, so below another parent the filter must
        not judge the type.
        """
        cdef int32_t edge = self.graph.v_first_out[row]
        if self.noted[row]:
            return 0
        if depth >= MAX_DEPTH:
            raise GraphError(f"the graph is deeper than {MAX_DEPTH} levels, or has a cycle")
        self.noted[row] = 1
        self.share[self.graph.v_type[row]] = 1
        self.any_shared = True
        while edge >= 0:
            if self.graph.e_subsystem[edge] == self.dominant:
                self.note_shared(self.graph.e_target[edge], depth + 1)
            edge = self.graph.e_next_out[edge]
        return 0

    cdef bint shares_below(self, int32_t row) noexcept:
        """Say whether a vertex with several parents may be below this one."""
        return self.any_shared and self.v_filter[row] >= 0

    cdef bint free_inside(self, int32_t row, int64_t start, int64_t end) noexcept:
        """Say whether everything below is untouched: it may be held through another parent."""
        cdef bint free = self.free_unseen(row, start, end)
        cdef size_t index
        for index in range(self.trail.size()):
            self.seen[self.trail[index]] = 0
        self.trail.clear()
        return free

    cdef bint free_unseen(self, int32_t row, int64_t start, int64_t end) noexcept:
        """The step of `free_inside`: each vertex is looked at once, whatever leads to it."""
        cdef int32_t edge = self.graph.v_first_out[row], child
        while edge >= 0:
            child = self.graph.e_target[edge]
            if self.graph.e_subsystem[edge] == self.dominant and not self.seen[child]:
                self.seen[child] = 1
                self.trail.push_back(child)
                if not (
                    self.untouched(child, start, end) and self.free_unseen(child, start, end)
                ):
                    return False
            edge = self.graph.e_next_out[edge]
        return True

    # ---- growth: the same as priming anew, for the part that changes ----

    cdef bint find_growth(self, vector[int32_t]& tops) except -1:
        """Find the roots of new sub-trees; False if there are other changes, or odd ones.

        Only vertices that were inner ones, and types that are known as leaves, are understood;
        and one subsystem, without vertices of several parents. O(what is new * depth).
        """
        cdef FlatGraph g = self.graph
        cdef size_t edge, rows = self.v_owned.size(), met = 0
        cdef int32_t row, parent
        cdef int depth
        if self.epoch < 0 or self.reshaped != g.reshaped or self.any_shared or (
            len(self.subsystems) > 1 or self.tracked.size() != <size_t> len(g.type_names)
        ):
            return False
        for edge in range(self.edges, g.e_source.size()):
            if g.e_subsystem[edge] != self.dominant or <size_t> g.e_target[edge] < rows:
                return False
            parent = g.e_source[edge]
            if <size_t> parent >= rows:
                continue
            if self.v_filter[parent] < 0:
                return False
            depth = 0
            row = parent
            while row >= 0:
                depth += 1
                row = self.parent(row)
            if not self.is_plain_growth(g.e_target[edge], depth, &met):
                return False
            tops.push_back(g.e_target[edge])
        return met == g.v_type.size() - rows

    cdef bint is_plain_growth(self, int32_t row, int depth, size_t* met) except -1:
        """Count the vertices of a new sub-tree; False if it is no tree, or a new type is a leaf."""
        cdef FlatGraph g = self.graph
        cdef int32_t edge = g.v_first_out[row]
        met[0] += 1
        if depth >= MAX_DEPTH or g.e_next_in[g.v_first_in[row]] >= 0:
            return False
        if edge < 0:
            return self.tracked[g.v_type[row]] and (
                not g.v_flags[row] & DIVISIBLE or self.everywhere[g.v_type[row]]
            )
        while edge >= 0:
            if not self.is_plain_growth(g.e_target[edge], depth + 1, met):
                return False
            edge = g.e_next_out[edge]
        return True

    cdef int grow(self, const vector[int32_t]& tops) except -1:
        """Take in what `find_growth` has found."""
        cdef FlatGraph g = self.graph
        cdef size_t at, rows = self.v_owned.size()
        cdef int32_t row, parent
        self.fit_rows()
        for at in range(rows, g.v_type.size()):
            if g.v_first_out[at] < 0:
                self.leaves[g.v_type[at]] += 1
        for at in range(tops.size()):
            row = tops[at]
            parent = self.parent(row)
            self.sums[0].assign(self.tracked.size(), 0)
            if g.v_first_out[row] >= 0:
                self.prime_vertex(row, self.dominant, 0)
            self.primed[row] = PRIMED
            if self.tracked[g.v_type[row]]:
                self.sums[0][g.v_type[row]] += g.v_size[row]
            self.add_totals(parent, self.sums[0], 1)
            self.f_children[self.v_filter[parent]] |= (
                <uint64_t> 1 << min(<int> g.v_type[row], 63)
            )
        return self.note_state()

    cdef int32_t shrinks_below(self, const vector[int32_t]& gone) except -2:
        """Return the vertex from which a sub-tree can be cut off; -1 if `prime` has to follow.

        `gone` are the vertices of the sub-tree, its root first; no job is on them. -1 also if a
        type would no longer be there as a leaf, and so no longer be tracked.
        """
        cdef FlatGraph g = self.graph
        cdef int32_t edge, parent = self.parent(gone[0])
        cdef size_t at, outs = 0
        cdef vector[int64_t] leaves = self.leaves
        if parent < 0 or self.any_shared or len(self.subsystems) > 1 or self.dominant != 0 or (
            self.epoch != g.epoch or g.v_first_out[parent] == g.v_last_out[parent]
        ):
            return -1
        for at in range(gone.size()):
            edge = g.v_first_in[gone[at]]
            if edge < 0 or g.e_next_in[edge] >= 0:
                return -1
            edge = g.v_first_out[gone[at]]
            if edge < 0:
                leaves[g.v_type[gone[at]]] -= 1
            while edge >= 0:
                outs += 1
                edge = g.e_next_out[edge]
        if outs != gone.size() - 1:
            return -1
        specified = {self.graph.type_ids[below] for _, below in self.filter_spec}
        for at in range(leaves.size()):
            if leaves[at] == 0 and self.leaves[at] > 0 and at not in specified:
                return -1
        return parent

    cdef int shrink(self, int32_t parent, const vector[int32_t]& gone) except -1:
        """Take in that a sub-tree was cut off, see `shrinks_below`."""
        cdef FlatGraph g = self.graph
        cdef vector[int64_t] units
        cdef size_t at
        cdef int32_t row, edge
        units.assign(self.tracked.size(), 0)
        for at in range(gone.size()):
            row = gone[at]
            if self.tracked[g.v_type[row]]:
                units[g.v_type[row]] += g.v_size[row]
            if self.v_filter[row] >= 0:
                self.lines[self.v_filter[row]] = None
                self.f_row[self.v_filter[row]] = -1
                self.v_filter[row] = -1
            else:
                self.leaves[g.v_type[row]] -= 1
        self.add_totals(parent, units, -1)
        edge = g.v_first_out[parent]
        while edge >= 0 and g.v_type[g.e_target[edge]] != g.v_type[gone[0]]:
            edge = g.e_next_out[edge]
        if edge < 0:
            self.f_children[self.v_filter[parent]] = self.children_mask(parent)
        return self.note_state()

    cdef int add_totals(self, int32_t row, const vector[int64_t]& units, int sign) except -1:
        """Add units of every type to the totals of a vertex and of all above it."""
        cdef vector[int16_t]* types
        cdef int32_t filter
        cdef size_t kind
        while row >= 0:
            filter = self.v_filter[row]
            types = &self.type_sets[self.f_set[filter]]
            for kind in range(types.size()):
                self.f_totals[filter][kind] += sign * units[types[0][kind]]
            row = self.parent(row)
        return 0

    cdef int32_t parent(self, int32_t row) noexcept:
        """Return the parent on the dominant tree, -1 at its root and outside of it."""
        cdef int32_t edge = self.graph.v_first_in[row]
        if row == self.top:
            return -1
        while edge >= 0 and not (
            self.graph.e_subsystem[edge] == self.dominant
            and self.v_filter[self.graph.e_source[edge]] >= 0
        ):
            edge = self.graph.e_next_in[edge]
        return self.graph.e_source[edge] if edge >= 0 else -1

    # ---- filters of single vertices ----

    cdef int set_filter(self, int32_t row, const vector[int64_t]& below) except -1:
        cdef vector[int16_t] types
        cdef vector[int64_t] totals
        cdef int16_t own = self.graph.v_type[row], kind
        cdef int16_t count = <int16_t> self.tracked.size()
        cdef int32_t filter = self.v_filter[row], fresh
        for kind in range(count):
            if not self.anchored[own].empty() and self.anchored[own][kind] and (
                not self.everywhere[kind]
            ):
                types.push_back(kind)
        for kind in range(count):
            if self.everywhere[kind] and kind != own:
                types.push_back(kind)
        for kind in types:
            totals.push_back(below[kind])
        fresh = self.type_set(types)
        if filter < 0:
            filter = <int32_t> self.f_row.size()
            self.v_filter[row] = filter
            self.f_row.push_back(row)
            self.f_set.push_back(fresh)
            self.f_totals.push_back(totals)
            self.f_children.push_back(self.children_mask(row))
            self.lines.append(None)
            return 0
        self.f_children[filter] = self.children_mask(row)
        if self.f_set[filter] != fresh:
            self.remap_filter(filter, fresh)
        if self.strict and self.lines[filter] is not None:
            for fresh in range(<int32_t> totals.size()):
                self.line(filter).clip(fresh, totals[fresh])
        self.f_totals[filter] = totals
        return 0

    cdef uint64_t children_mask(self, int32_t row) noexcept:
        """Return the set of types that edges of any subsystem lead to; 63 stands for 63 and up."""
        cdef FlatGraph g = self.graph
        cdef int32_t edge = g.v_first_out[row]
        cdef uint64_t mask = 0
        while edge >= 0:
            mask |= <uint64_t> 1 << min(<int> g.v_type[g.e_target[edge]], 63)
            edge = g.e_next_out[edge]
        return mask

    cdef bint has_child(self, int32_t row, int16_t type) noexcept:
        """Say whether an edge of any subsystem leads to a vertex of this type."""
        cdef int32_t edge
        if type < 0 or self.v_filter[row] < 0:
            return False
        if not self.f_children[self.v_filter[row]] >> min(<int> type, 63) & 1:
            return False
        if type < 63:
            return True
        edge = self.graph.v_first_out[row]
        while edge >= 0 and self.graph.v_type[self.graph.e_target[edge]] != type:
            edge = self.graph.e_next_out[edge]
        return edge >= 0

    cdef bint has_filter(self, int32_t row) noexcept:
        """Say whether anything is tracked below the vertex."""
        return self.v_filter[row] >= 0 and not (
            self.type_sets[self.f_set[self.v_filter[row]]].empty()
        )

    cdef int32_t type_set(self, vector[int16_t]& types):
        """Return the index of a list of types; equal lists are stored once (they are few)."""
        cdef size_t index
        for index in range(self.type_sets.size()):
            if self.type_sets[index] == types:
                return <int32_t> index
        self.type_sets.push_back(types)
        return <int32_t> self.type_sets.size() - 1

    cdef int remap_filter(self, int32_t filter, int32_t fresh) except -1:
        """Give a filter another list of types; spans of types that stay are kept."""
        cdef vector[int16_t] old = self.type_sets[self.f_set[filter]], new = self.type_sets[fresh]
        cdef vector[int64_t] amounts
        cdef int32_t at
        cdef int64_t units
        cdef size_t i, j
        cdef TimeLine line = TimeLine(<int32_t> new.size())
        self.f_set[filter] = fresh
        self.lines[filter] = None
        for head in (self.v_owned[self.f_row[filter]], self.v_passed[self.f_row[filter]]):
            at = head
            while at >= 0:
                amounts.assign(new.size(), 0)
                units = 0
                for i in range(new.size()):
                    for j in range(old.size()):
                        if self.holds[at].span >= 0 and old[j] == new[i]:
                            amounts[i] = self.spans[self.holds[at].span][j]
                    if not self.strict and find_type(old, new[i]) < 0:
                        amounts[i] = self.held_below(at, new[i])
                        units += amounts[i]
                if self.holds[at].span >= 0:
                    self.spans[self.holds[at].span] = amounts
                    line.add(self.holds[at].start, self.holds[at].end, amounts.data())
                    self.lines[filter] = line
                elif units:
                    self.lines[filter] = line
                    self.add_span(at, amounts)
                at = self.holds[at].next
        return 0

    cdef int64_t held_below(self, int32_t hold, int16_t type) noexcept:
        """Return the units of a type that a hold's job owns below the hold's vertex. O(job)."""
        cdef vector[int32_t]* mine = &self.jobs[self.holds[hold].jobid]
        cdef size_t index
        cdef int32_t at
        cdef int64_t units = 0
        for index in range(mine.size()):
            at = mine[0][index]
            if self.graph.v_type[self.holds[at].row] != type or not self.holds[at].flags & OWNED:
                continue
            while at >= 0 and self.holds[at].way >= 0:
                at = self.find_hold(self.holds[at].way, self.holds[hold].jobid)
                if at == hold:
                    units += self.holds[mine[0][index]].needs
                    break
        return units

    cdef TimeLine line(self, int32_t filter):
        """Return a filter's time line, making it if there is none yet."""
        line = self.lines[filter]
        if line is None:
            line = TimeLine(<int32_t> self.type_sets[self.f_set[filter]].size())
            self.lines[filter] = line
        return line

    cdef bint fits_below(self, int32_t row, const vector[int64_t]& demand, int64_t start,
                         int64_t end) noexcept:
        """The filter check: are all demanded tracked units free below, all through the window?"""
        cdef int32_t filter = self.v_filter[row]
        cdef vector[int16_t]* types
        cdef size_t index
        cdef int64_t wanted
        cdef TimeLine line
        if filter < 0 or demand.empty():
            return True
        types = &self.type_sets[self.f_set[filter]]
        for index in range(types.size()):
            if <size_t> types[0][index] >= demand.size():
                continue
            wanted = demand[types[0][index]]
            if self.share[types[0][index]] and not self.strict and row != self.top:
                continue
            if wanted > self.f_totals[filter][index]:
                return False
            if wanted > 0 and self.lines[filter] is not None:
                line = self.lines[filter]
                if wanted > self.f_totals[filter][index] - line.peak(<int32_t> index, start, end):
                    return False
        return True

    cdef int64_t free_below(self, int32_t filter, size_t kind, int64_t time) noexcept:
        """Return the free units of the filter's type number `kind` at an instant."""
        if self.lines[filter] is None:
            return self.f_totals[filter][kind]
        cdef TimeLine line = self.lines[filter]
        return max(0, self.f_totals[filter][kind] - line.at(<int32_t> kind, time))

    # ---- looking at a vertex ----

    cdef int64_t available(self, int32_t row, int64_t start, int64_t end) noexcept:
        """Return the units of the vertex's own pool that are free all through the window."""
        cdef int64_t most = 0, used, instant
        cdef int32_t at = self.v_owned[row], other
        if self.is_pool(row):
            return self.pool_free(row, start, end, False)
        while at >= 0:
            if self.holds[at].start < end and self.holds[at].end > start:
                # Use rises only where a hold starts: look at each such instant in the window.
                instant = max(start, self.holds[at].start)
                used = 0
                other = self.v_owned[row]
                while other >= 0:
                    if self.holds[other].start <= instant and self.holds[other].end > instant:
                        used += self.holds[other].needs
                    other = self.holds[other].next
                most = max(most, used)
            at = self.holds[at].next
        return max(0, self.graph.v_size[row] - most)

    # ---- divisible vertices ----

    cdef inline bint is_pool(self, int32_t row) noexcept:
        """Say whether a part of the vertex may be taken."""
        return self.graph.v_flags[row] & DIVISIBLE and not self.strict

    cdef int64_t pool_free(self, int32_t row, int64_t start, int64_t end, bint now) noexcept:
        """Return the units of a pool that are free all through the window. O(log spans).

        `now`: what an allocation holds beyond its end is not free either.
        """
        cdef int64_t free = self.graph.v_size[row]
        cdef Pool* pool
        cdef TimeLine line
        if self.v_owned[row] < 0:
            return free
        pool = &self.pools[row]
        line = self.pool_lines[pool.line]
        if line.peak(1, start, end) > 0:
            return 0
        free -= line.peak(0, start, end)
        if now and pool.next_end <= start:
            free -= self.overdue(row, start)
        return max(0, free)

    cdef int64_t overdue(self, int32_t row, int64_t time) noexcept:
        """Return the units that allocations hold beyond their end."""
        cdef int32_t at = self.v_owned[row]
        cdef int64_t units = 0
        while at >= 0:
            if self.holds[at].end <= time and not self.holds[at].flags & RESERVED:
                units += self.holds[at].needs if self.holds[at].flags & DIVIDED else (
                    self.graph.v_size[row]
                )
            at = self.holds[at].next
        return units

    cdef int64_t units_held(self, int32_t row) noexcept:
        """Return all units of a vertex that are held now or later."""
        cdef int32_t at = self.v_owned[row]
        cdef int64_t units = 0
        while at >= 0:
            units += self.holds[at].needs
            at = self.holds[at].next
        return units

    cdef int64_t charge(self, int32_t hold) noexcept:
        """Return the units that a hold has charged to the filters above for its own vertex."""
        cdef int32_t row = self.holds[hold].row
        if not self.holds[hold].flags & OWNED:
            return 0
        return self.holds[hold].needs if self.is_pool(row) else self.graph.v_size[row]

    cdef int draw(self, int32_t hold, bint back) except -1:
        """Take a hold's units out of its pool, or give them back; nothing if it is on no pool."""
        cdef int32_t row = self.holds[hold].row, at
        cdef Hold* mine = &self.holds[hold]
        cdef Pool pool
        cdef TimeLine line
        cdef int64_t[2] amounts
        if not (mine.flags & OWNED and self.is_pool(row)):
            return 0
        if not self.pools.count(row):
            pool.line = <int32_t> len(self.pool_lines)
            pool.next_end = FOREVER
            self.pool_lines.append(TimeLine(2))
            self.pools[row] = pool
        amounts[0] = mine.needs
        amounts[1] = not mine.flags & DIVIDED
        line = self.pool_lines[self.pools[row].line]
        if not back:
            line.add(mine.start, mine.end, amounts)
            if not mine.flags & RESERVED:
                self.pools[row].next_end = min(self.pools[row].next_end, mine.end)
            return 0
        line.remove(mine.start, mine.end, amounts)
        if len(self.graph.counted):
            self.recount(row, self.units_held(row) - mine.needs)
        if not mine.flags & RESERVED and mine.end == self.pools[row].next_end:
            self.pools[row].next_end = FOREVER
            at = self.v_owned[row]
            while at >= 0:
                if at != hold and not self.holds[at].flags & RESERVED:
                    self.pools[row].next_end = min(self.pools[row].next_end, self.holds[at].end)
                at = self.holds[at].next
        return 0

    cdef int resize(self, int32_t row, int64_t size) except -1:
        """Change the size of a pool, and the totals above it. O(its holds + depth)."""
        cdef int64_t before = self.counted(row)
        self.graph.set_size(row, size, self.units_held(row))
        return self.shift_totals(row, self.counted(row) - before)

    cdef int64_t counted(self, int32_t row) except? -1:
        """Return what a vertex adds to the totals above: its size.

        Of a pool that was made smaller than what is held, that: else its lack would be counted
        against the other pools.
        """
        if len(self.graph.counted) == 0:
            return self.graph.v_size[row]
        return self.graph.counted.get(row, self.graph.v_size[row])

    cdef int recount(self, int32_t row, int64_t held) except -1:
        """Take in that less is held of a pool which may have been made too small for its holds."""
        cdef int64_t before = self.counted(row)
        if row not in self.graph.counted or held >= before:
            return 0
        self.graph.set_size(row, self.graph.v_size[row], held)
        if self.any_shared or len(self.subsystems) > 1:
            return self.prime()     # below which parent it is counted is found out on the way
        return self.shift_totals(row, self.counted(row) - before)

    cdef int shift_totals(self, int32_t row, int64_t change) except -1:
        """Add to the totals of a vertex's type above it."""
        cdef vector[int64_t] units
        if change == 0 or self.graph.v_first_in[row] < 0:
            return 0
        units.assign(self.tracked.size(), 0)
        units[self.graph.v_type[row]] = change
        return self.add_totals(self.parent(row), units, 1)

    cdef bint untouched(self, int32_t row, int64_t start, int64_t end) noexcept:
        """Say whether no job at all touches the vertex in the window (x_checker)."""
        cdef int32_t at = self.v_owned[row]
        while at >= 0:
            if self.holds[at].flags & TAGGED and (
                self.holds[at].start < end and self.holds[at].end > start
            ):
                return False
            at = self.holds[at].next
        at = self.v_passed[row]
        while at >= 0:
            if self.holds[at].start < end and self.holds[at].end > start:
                return False
            at = self.holds[at].next
        return True

    cdef bint allocated(self, int32_t row) noexcept:
        """Say whether an allocation is recorded here, even one whose time is over."""
        cdef int32_t at = self.v_owned[row]
        while at >= 0:
            if not self.holds[at].flags & RESERVED:
                return True
            at = self.holds[at].next
        return False

    cdef bint runs(self, int64_t jobid) noexcept:
        """Say whether a job that holds something owns a part of it, by an allocation."""
        cdef vector[int32_t]* mine = &self.jobs[jobid]
        cdef size_t at
        for at in range(mine.size()):
            if self.holds[mine[0][at]].flags & OWNED:
                return not self.holds[mine[0][at]].flags & RESERVED
        return False

    cdef int32_t find_hold(self, int32_t row, int64_t jobid) noexcept:
        cdef int32_t at = self.v_owned[row]
        while at >= 0 and self.holds[at].jobid != jobid:
            at = self.holds[at].next
        if at >= 0:
            return at
        at = self.v_passed[row]
        while at >= 0 and self.holds[at].jobid != jobid:
            at = self.holds[at].next
        return at

    # ---- taking and giving back ----

    cdef int32_t add_hold(self, int32_t row, int32_t way, int64_t jobid, int64_t start,
                          int64_t end, int64_t needs, uint8_t flags):
        """Record a job on a vertex and return the hold."""
        cdef int32_t at = self.free_hold
        cdef Hold hold
        hold.jobid = jobid
        hold.start = start
        hold.end = end
        hold.needs = needs
        hold.row = row
        hold.way = way
        hold.span = -1
        hold.flags = flags
        if at >= 0:
            self.free_hold = self.holds[at].next
        else:
            at = <int32_t> self.holds.size()
            self.holds.push_back(hold)
        if flags & OWNED:
            hold.next = self.v_owned[row]
            self.v_owned[row] = at
        else:
            hold.next = self.v_passed[row]
            self.v_passed[row] = at
        self.holds[at] = hold
        self.jobs[jobid].push_back(at)
        self.draw(at, False)
        return at

    cdef int add_span(self, int32_t hold, const vector[int64_t]& amounts) except -1:
        """Charge a hold's vertex's filter; one amount per type of the filter, zeros are legal."""
        cdef TimeLine line = self.line(self.v_filter[self.holds[hold].row])
        cdef int32_t span
        line.add(self.holds[hold].start, self.holds[hold].end, amounts.data())
        if self.free_spans.empty():
            span = <int32_t> self.spans.size()
            self.spans.push_back(amounts)
        else:
            span = self.free_spans.back()
            self.free_spans.pop_back()
            self.spans[span] = amounts
        self.holds[hold].span = span
        return 0

    cdef int drop_span(self, int32_t hold) except -1:
        cdef int32_t span = self.holds[hold].span
        if span >= 0:
            self.line(self.v_filter[self.holds[hold].row]).remove(
                self.holds[hold].start, self.holds[hold].end, self.spans[span].data()
            )
            self.spans[span].clear()
            self.free_spans.push_back(span)
            self.holds[hold].span = -1
        return 0

    cdef int drop_hold(self, int32_t hold) except -1:
        """Take a hold off its vertex; its job's list is the caller's business (`forget`)."""
        cdef int32_t row = self.holds[hold].row
        cdef int32_t* link
        self.drop_span(hold)
        self.draw(hold, True)
        link = &self.v_owned[row] if self.holds[hold].flags & OWNED else &self.v_passed[row]
        while link[0] != hold:
            link = &self.holds[link[0]].next
        link[0] = self.holds[hold].next
        self.holds[hold].next = self.free_hold
        self.holds[hold].row = -1
        self.free_hold = hold
        return 0

    cdef void disown(self, int32_t hold) noexcept:
        """Give back the vertex's own units of a hold; the job still passes through."""
        cdef int32_t* link = &self.v_owned[self.holds[hold].row]
        while link[0] != hold:
            link = &self.holds[link[0]].next
        link[0] = self.holds[hold].next
        self.holds[hold].next = self.v_passed[self.holds[hold].row]
        self.v_passed[self.holds[hold].row] = hold
        self.holds[hold].flags &= TAGGED
        self.holds[hold].needs = 0

    cdef void forget(self, int64_t jobid, int32_t hold) noexcept:
        """Take a hold out of its job's list; the job goes with its last hold. O(job)."""
        cdef vector[int32_t]* mine = &self.jobs[jobid]
        cdef size_t index
        for index in range(mine.size()):
            if mine[0][index] == hold:
                mine.erase(mine.begin() + index)
                break
        if mine.empty():
            self.jobs.erase(jobid)

    cdef int drop_job(self, int64_t jobid) except -1:
        """Give back everything of a job."""
        cdef vector[int32_t] mine = self.jobs[jobid]
        cdef size_t index
        for index in range(mine.size()):
            self.drop_hold(mine[index])
        self.jobs.erase(jobid)
        return 0

    cdef list below(self, int32_t row, int64_t jobid=-1):
        """Return a vertex and all below it on the dominant tree.

        Of a job, if one is given, what its answer reached through the vertex.
        """
        cdef int32_t edge, hold
        found = [row]
        seen = {row}
        for at in found:
            edge = self.graph.v_first_out[<int32_t> at]
            while edge >= 0:
                if self.graph.e_subsystem[edge] == self.dominant and (
                    self.graph.e_target[edge] not in seen
                ):
                    hold = self.find_hold(self.graph.e_target[edge], jobid)
                    if jobid >= 0 and (
                        hold < 0 or not self.holds[hold].flags & TAGGED
                        or self.holds[hold].way != <int32_t> at
                    ):
                        edge = self.graph.e_next_out[edge]
                        continue
                    seen.add(self.graph.e_target[edge])
                    found.append(self.graph.e_target[edge])
                edge = self.graph.e_next_out[edge]
        return found

    cdef list rows_of(self, int64_t jobid):
        """Return the rows that a job holds, in the order they were recorded."""
        if not self.jobs.count(jobid):
            return []
        return [self.holds[<int32_t> at].row for at in self.jobs[jobid]]

    cdef list jobs_at(self, int32_t row):
        """Return the ids of the jobs that hold a vertex."""
        cdef int32_t at
        found = []
        for at in (self.v_owned[row], self.v_passed[row]):
            while at >= 0:
                found.append(self.holds[at].jobid)
                at = self.holds[at].next
        return found
