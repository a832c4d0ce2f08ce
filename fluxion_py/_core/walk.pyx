# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The complete walk: every vertex that may matter is visited, in the order of matching.md 4.

Flows in: a `Request`, a window of seconds, a policy. Flows out: marked edges, for the `Emission`.
Cost: O(vertices visited) plus the sort of the candidates. Selecting changes nothing but scratch, so
a failed match leaves no trace. See the .pxd first.
"""

cimport cython
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t
from libcpp.algorithm cimport sort
from libcpp.map cimport map as ordered_map
from libcpp.pair cimport pair
from libcpp.string cimport string
from libcpp.vector cimport vector

from fluxion_py._core.board cimport (
    EXCLUSIVE, PASSED, POOL, SHARED, SINGLE, VERTEX, Content, Group, is_vertex,
)
from fluxion_py._core.flatgraph cimport DOWN, FlatGraph
from fluxion_py._core.ledger cimport RESERVED, Ledger
from fluxion_py._core.order cimport sort_reference, sort_stable
from fluxion_py._core.ranking cimport Ranking
from fluxion_py._core.request cimport Request, Wanted
from fluxion_py._core.stock cimport Stock

from fluxion_py.errors import JobspecError

cdef int64_t WORST_CLASS = 9999                 # performance class of a vertex without a valid one
cdef int64_t MOST_ID = 1 << 36      # local numbers count as this at most in a score
cdef int64_t MOST_SCORE = 1 << 61   # ... and scores as this: the sum of two can be counted
cdef int64_t MOST_SLOTS = 1000000   # formed at one vertex of pools
cdef size_t MAX_BUNDLES = 1000000   # amounts left that are looked at, to form the most slots
cdef size_t MESSAGE_LIMIT = 1 << 20             # the texts repeat per vertex; 1 MiB will do


@cython.final
cdef class Walk:
    """Selects for one engine."""

    def __init__(
        self, Ledger ledger not None, policy, bint flexible, bint reference_ties, bint strict
    ):
        self.ledger = ledger
        self.strict = strict
        self.graph = ledger.graph
        self.order = {"high": HIGH, "low": LOW, "locality": LOCALITY, "variation": VARIATION}[
            policy.order
        ]
        self.node_centric = policy.node_centric
        self.stop_on_first = policy.stop_on_first
        self.flexible = flexible
        self.reference_ties = reference_ties
        self.node_type = self.graph.type_id("node")
        self.storage_type = self.graph.type_id("storage_node")
        self.others = ledger.subsystems[1:]
        self.failure = NOTTY
        self.ranking = Ranking(ledger)
        self.labels = {}
        self.stock = Stock()
        self.fit_graph()
        if policy.node_exclusive:
            self.always_exclusive[self.node_type] = 1

    cdef int fit_graph(self) except -1:
        """Make the scratch as large as the graph has become."""
        cdef size_t rows = self.graph.v_type.size(), edges = self.graph.e_source.size()
        self.v_color.resize(rows, 0)
        self.e_mark.resize(edges, 0)
        self.e_needs.resize(edges, 0)
        self.e_exclusive.resize(edges, 0)
        self.always_exclusive.resize(len(self.graph.type_names), 0)
        if not self.others.empty():
            self.v_aside.resize(rows, 0)
        if self.stop_on_first:
            self.ranking.fit_graph()
        return 0

    cdef int next_walk(self):
        """Begin a new walk: all colours and marks of older ones are void."""
        self.walk += 1
        if self.walk == EMITTED:    # all numbers are used up, after 2^31 walks
            self.v_color.assign(self.v_color.size(), 0)
            self.e_mark.assign(self.e_mark.size(), 0)
            self.walk = 1
        return 0

    # ---- select ----

    cdef bint select(self, Request request, size_t variant, int64_t start, int64_t end) except -1:
        """Choose vertices for [start, end); False if the request does not fit."""
        cdef Visited root
        cdef int32_t top = self.graph.roots[self.ledger.dominant]
        cdef bint found
        self.request = request
        self.start = start
        self.end = end
        self.next_walk()
        self.board.clear()
        self.contents.clear()
        self.tallies.clear()
        self.stock.clear()
        self.shares = 1
        if not self.strict:     # the reference keeps a label until another replaces it
            self.labels.clear()
        self.set_shadow_types(True)
        if self.order == VARIATION:
            self.read_classes()
        found = self.visit(
            top, request.variant_lo[variant], request.variant_hi[variant], True, False, 0, &root
        )
        return found and self.finish(variant, root)

    cdef bint refuse(self, size_t board, size_t contents) noexcept:
        """Fail at a vertex: drop what was collected below it."""
        self.board.resize(board)
        self.contents.resize(contents)
        self.failure = BUSY
        return False

    cdef bint visit(self, int32_t row, int32_t lo, int32_t hi, bint pristine, int x,
                    int64_t enclosing, Visited* result) except -1:
        """Visit a vertex with the request list [lo, hi); matching.md 4, steps 1 to 7.

        `pristine`: no named level has matched yet. `x`: an ancestor asked for exclusivity.
        `enclosing`: summed factor of the nodes above. True with `result` filled if it succeeds;
        then its candidates, if any, are on the board above the height found at entry.
        """
        cdef size_t base = self.board.size(), content_base = self.contents.size(), top
        cdef int16_t type = self.graph.v_type[row]
        cdef int32_t at, matched = -1, slot = -1, next_lo = lo, next_hi = hi
        cdef int hits = 0
        cdef int64_t units, inner = enclosing, shares
        cdef bint shared
        cdef int own
        cdef Wanted* nodes = self.request.nodes.data()
        self.preorder += 1
        for at in range(lo, hi):
            if nodes[at].type == type:
                hits += 1
                matched = at
                x |= ASKED * (nodes[at].exclusive == 1)
            elif nodes[at].type == self.request.slot and self.shape_fits(row, at):
                if slot < 0:
                    slot = at
                hits += not self.flexible
        if matched >= 0 and slot < 0 and hits == 1:
            next_lo, next_hi = nodes[matched].lo, nodes[matched].hi
            slot = self.fitting_slot(row, next_lo, next_hi)
            if slot >= 0 and not self.flexible and (
                self.fitting_slot(row, slot + 1, next_hi) >= 0
            ):
                hits = 2
        if hits > 1:
            self.complain(
                f"test: siblings in jobspec request same resource type : {self.graph.type(row)}.\n"
            )
            return self.refuse(base, content_base)
        if matched < 0 and slot < 0 and not pristine:
            return self.refuse(base, content_base)
        shared = matched >= 0 and nodes[matched].exclusive == 0 and x & IN_SLOT and not self.strict
        own = BY_TYPE * self.shadow_type[type] if shared else x
        result.content = 0
        result.contents = VERTEX
        if self.divides(row, matched):
            result.contents = POOL
            own = 0
            shared = False
        units = self.free_units(row)
        if units == 0 or not self.fits_here(row, lo, hi, matched, own):
            return self.refuse(base, content_base)
        self.v_color[row] = self.walk
        if self.node_centric and type == self.node_type:
            inner += self.factor(row)
        if slot >= 0:
            self.form_slots(row, next_lo, next_hi, slot, inner)
        else:       # a vertex that slots share has to be good for all of them
            shares = self.shares
            if not shared:
                self.shares = 1
            self.explore(row, next_lo, next_hi, pristine and matched < 0, x, inner, self.shares)
            self.shares = shares
        if shared:
            result.contents = SHARED
            result.content = self.keep_shared(matched, base)
            if result.content < 0:
                return self.refuse(base, content_base)
        elif matched >= 0:
            self.chosen.clear()
            for at in range(nodes[matched].lo, nodes[matched].hi):
                if not self.choose(at, base, AT_VERTEX):
                    return self.refuse(base, content_base)
            if not self.chosen.empty():
                for top in range(self.chosen.size()):
                    self.mark(self.chosen[top])
                    if not self.strict:
                        self.mark_between(self.chosen[top], row, x)
                self.board.resize(base)
                self.contents.resize(content_base)
        if matched >= 0 and nodes[matched].label >= 0:
            self.labels[row] = self.request.labels[nodes[matched].label]
        self.postorder += 1
        result.score = self.score_of(row, enclosing)
        result.count = units
        result.exclusive = own != 0
        return True

    cdef inline bint divides(self, int32_t row, int32_t matched) noexcept:
        """Say whether the match takes units of the vertex, and not all of it."""
        return matched >= 0 and self.ledger.is_pool(row) and (
            self.request.nodes[matched].exclusive != 1
            and not self.shadow_type[self.graph.v_type[row]]
        )

    cdef inline int64_t free_units(self, int32_t row) noexcept:
        """Return the units of a vertex that are free in the window of this walk."""
        if self.ledger.v_owned[row] < 0:
            return self.graph.v_size[row]
        if self.ledger.is_pool(row):
            return self.ledger.pool_free(row, self.start, self.end, self.now)
        return self.ledger.available(row, self.start, self.end)

    cdef bint shape_fits(self, int32_t row, int32_t slot) noexcept:
        """Say whether every type directly in the slot is a direct child of the vertex."""
        cdef Wanted* nodes = self.request.nodes.data()
        cdef int32_t at
        for at in range(nodes[slot].lo, nodes[slot].hi):
            if not self.ledger.has_child(row, nodes[at].type):
                return False
        return nodes[slot].lo < nodes[slot].hi

    cdef int32_t fitting_slot(self, int32_t row, int32_t lo, int32_t hi) noexcept:
        """Return the first slot of a list whose shape the vertex can form, -1 if none."""
        cdef int32_t at
        for at in range(lo, hi):
            if self.request.nodes[at].type == self.request.slot and self.shape_fits(row, at):
                return at
        return -1

    cdef bint fits_here(self, int32_t row, int32_t lo, int32_t hi, int32_t matched,
                        int x) except -1:
        """Pruning, in the reference's order: status, constraint, exclusivity, filter."""
        cdef int16_t type = self.graph.v_type[row]
        cdef Wanted* nodes = self.request.nodes.data()
        cdef int32_t at
        cdef bint fits = True
        if self.graph.v_flags[row] & DOWN and not self.any_status:
            return False
        if self.allowed != NULL and not self.allowed[row] and (
            type == self.node_type or type == self.storage_type
        ):
            return False
        if self.now and not self.strict and not self.divides(row, matched) and (
            self.overrun(row, x)
        ):
            return False
        if self.shadow_type[type] and self.ledger.shares_below(row) and not (
            self.ledger.free_inside(row, self.start, self.end)
        ):
            return False        # it would be given whole, and something in it is not free
        if matched >= 0:
            if nodes[matched].exclusive == 0 and x & (ASKED | IN_SLOT):
                label = ""
                if nodes[matched].label >= 0:
                    label = self.request.labels[nodes[matched].label]
                self.complain(
                    f"by_excl: exclusivity conflicts at jobspec={label} : "
                    f"vertex={self.graph.name(row)}"
                )
                return False
            if x and ((self.now and self.ledger.allocated(row)) or not (
                self.ledger.untouched(row, self.start, self.end)
            )):
                return False
            if not self.ledger.fits_below(
                row, self.request.demand[matched], self.start, self.end
            ):
                return False
        for at in range(lo, hi):
            if nodes[at].type == self.request.slot:
                fits = self.ledger.fits_below(row, self.request.demand[at], self.start, self.end)
                if not fits and not self.flexible:
                    return False
        return fits     # flexible: only the last slot's check counts (errata G19)

    cdef bint overrun(self, int32_t row, bint x) noexcept:
        """Say whether an allocation is here beyond its end; if exclusive, also if it is below.

        Until it is given back nobody else gets in: docs/deviations.md, overrun-shared.
        """
        cdef Ledger ledger = self.ledger
        cdef int32_t at = ledger.v_owned[row]
        while at >= 0:
            if ledger.holds[at].end <= self.start and not ledger.holds[at].flags & RESERVED:
                return True
            at = ledger.holds[at].next
        at = ledger.v_passed[row] if x else -1
        while at >= 0:
            if ledger.holds[at].end <= self.start and ledger.runs(ledger.holds[at].jobid):
                return True
            at = ledger.holds[at].next
        return False

    cdef int complain(self, str text) except -1:
        if self.messages.size() < MESSAGE_LIMIT:
            self.messages.append(<string> text.encode())
        return 0

    # ---- children ----

    cdef int explore(self, int32_t row, int32_t lo, int32_t hi, bint pristine, int x,
                     int64_t enclosing, int64_t shares) except -1:
        """Visit the children; those that succeed join the board. `shares`: wanted of each type."""
        cdef FlatGraph g = self.graph
        cdef int32_t edge
        cdef size_t index
        if lo == hi:
            if self.strict:
                self.count_children(row)
        elif self.stop_on_first:
            self.explore_ranked(row, lo, hi, pristine, x, enclosing, shares)
        else:
            edge = g.v_first_out[row]
            while edge >= 0:
                self.enter(edge, lo, hi, pristine, x, enclosing)
                edge = g.e_next_out[edge]
        for index in range(self.others.size()):
            self.look_aside(row, self.others[index])
        return 0

    cdef int count_children(self, int32_t row) noexcept:
        """Count the children that the reference visits, all in vain, where nothing is wanted."""
        cdef FlatGraph g = self.graph
        cdef int32_t edge = g.v_first_out[row]
        while edge >= 0:
            if g.e_subsystem[edge] == self.ledger.dominant and (
                self.v_color[g.e_target[edge]] != self.walk
            ):
                self.preorder += 1
                self.failure = BUSY
            edge = g.e_next_out[edge]
        return 0

    cdef bint enter(self, int32_t edge, int32_t lo, int32_t hi, bint pristine, int x,
                    int64_t enclosing) except -1:
        """Visit the target of an edge of the dominant tree unless it was visited already."""
        cdef int32_t child = self.graph.e_target[edge]
        cdef Visited result
        cdef Group* group = NULL
        cdef bint found = False
        if self.graph.e_subsystem[edge] != self.ledger.dominant or (
            self.v_color[child] == self.walk
        ):
            return False
        if self.graph.v_first_out[child] < 0 and self.enter_leaf(
            edge, lo, hi, pristine, x, enclosing, &found
        ):
            return found
        if not self.visit(child, lo, hi, pristine, x, enclosing, &result):
            return False
        group = self.new_group(edge, self.graph.v_type[child], result.exclusive)
        group.score = result.score
        group.count = result.count
        group.content = result.content
        group.contents = result.contents
        return True

    cdef inline Group* new_group(self, int32_t edge, int16_t type, bint exclusive) noexcept:
        """Append a candidate vertex with score and count 0 to the board.

        It is written in place: a group built on the stack and then copied cost twice the walk,
        since its narrow stores must drain before the wide loads of the copy.
        """
        cdef Group* group
        self.board.emplace_back()
        group = &self.board.back()
        group.edge = edge
        group.contents = VERTEX
        group.type = type
        group.exclusive = exclusive
        return group

    cdef bint enter_leaf(self, int32_t edge, int32_t lo, int32_t hi, bint pristine, int x,
                         int64_t enclosing, bint* found) noexcept:
        """Visit a vertex with nothing below it; False if it needs the whole `visit`.

        The same steps with all that a leaf cannot have left out. Nine of ten vertices are leaves:
        this path took a walk over 1.1 million vertices from 180 to 25 ns per vertex.
        """
        cdef FlatGraph g = self.graph
        cdef Ledger ledger = self.ledger
        cdef int32_t row = g.e_target[edge], at, matched = -1
        cdef int16_t type = g.v_type[row]
        cdef const Wanted* nodes = self.request.nodes.data()
        cdef Group* group = NULL
        cdef int64_t units
        cdef bint divided = False
        for at in range(lo, hi):
            if nodes[at].type == type:
                if matched >= 0:
                    return False
                matched = at
        if matched >= 0:
            x |= ASKED * (nodes[matched].exclusive == 1)
            divided = self.divides(row, matched)
            if nodes[matched].lo < nodes[matched].hi or nodes[matched].label >= 0 or (
                nodes[matched].exclusive == 0 and x and not divided
            ):
                return False
        self.preorder += 1
        found[0] = False
        cdef int failure_before = self.failure
        self.failure = BUSY
        if (matched < 0 and not pristine) or (g.v_flags[row] & DOWN and not self.any_status):
            return True
        if self.allowed != NULL and not self.allowed[row] and (
            type == self.node_type or type == self.storage_type
        ):
            return True
        units = g.v_size[row]
        if ledger.v_owned[row] >= 0:
            units = self.free_units(row)
        if units == 0 or (
            self.now and not self.strict and not divided and self.overrun(row, x)
        ):
            return True
        if matched >= 0 and x and not divided and (
            ledger.v_owned[row] >= 0 or ledger.v_passed[row] >= 0
        ) and (
            (self.now and ledger.allocated(row))
            or not ledger.untouched(row, self.start, self.end)
        ):
            return True
        self.failure = failure_before
        self.v_color[row] = self.walk
        self.postorder += 1
        group = self.new_group(edge, type, x and not divided)
        group.score = self.score_of(row, enclosing)
        if divided:
            group.contents = POOL
        group.count = units
        found[0] = True
        return True

    cdef int explore_ranked(self, int32_t row, int32_t lo, int32_t hi, bint pristine, int x,
                            int64_t enclosing, int64_t shares) except -1:
        """Visit children by (weight, uniq_id) descending and stop early (matching.md 4.2)."""
        cdef vector[int32_t]* edges = self.ranking.ranked_edges(row)
        cdef Wanted* nodes = self.request.nodes.data()
        cdef size_t index, tally = self.tallies.size(), before
        cdef int32_t at, other, missing = hi - lo
        cdef bint saturated
        cdef int16_t type
        self.tallies.resize(tally + (hi - lo), Tally(0, 0))
        for at in range(lo, hi):
            for other in range(at + 1, hi):
                if nodes[other].type == nodes[at].type:     # of sibling slots the last one counts
                    self.tallies[tally + at - lo].shares = shares
                    missing -= 1
                    break
        for index in range(edges.size()):
            type = self.graph.v_type[self.graph.e_target[edges[0][index]]]
            saturated = False
            for at in range(lo, hi):
                if nodes[at].type == type:
                    saturated = self.tallies[tally + at - lo].shares >= shares
            if saturated:
                continue
            before = self.board.size()
            if not self.enter(edges[0][index], lo, hi, pristine, x, enclosing):
                continue
            for at in range(lo, hi):
                if self.tallies[tally + at - lo].shares >= shares:
                    continue
                self.tally(at, before, &self.tallies[tally + at - lo])
                missing -= self.tallies[tally + at - lo].shares >= shares
            if missing == 0:
                break
        self.tallies.resize(tally)
        return 0

    cdef int tally(self, int32_t node, size_t before, Tally* tally) noexcept:
        """Count the new candidates for a wanted resource: what completes shares of it.

        A pool is good for several shares, and so is a vertex that slots share. Else a candidate
        completes at most one: the reference's rule.
        """
        cdef const Wanted* wanted = &self.request.nodes[node]
        cdef const Group* group = NULL
        cdef int64_t found = 0, pooled = 0
        cdef size_t at
        for at in range(before, self.board.size()):
            group = &self.board[at]
            if group.type != wanted.type or group.score == 0:
                continue
            if group.contents == POOL:
                pooled += group.count
            elif group.contents == SHARED and group.count >= wanted.ceiling:
                tally.shares += self.stock.entries[group.content].shares
            else:
                found += group.count
        if pooled and wanted.ceiling:
            found += pooled + tally.found
            tally.shares += found // wanted.ceiling
            tally.found = found % wanted.ceiling
        elif found:
            tally.found += found
            if tally.found >= wanted.ceiling:
                tally.found = 0
                tally.shares += 1
        return 0

    cdef int look_aside(self, int32_t row, int8_t subsystem) except -1:
        """Note, with score 0, the types that another subsystem leads to (errata G10)."""
        cdef FlatGraph g = self.graph
        cdef int32_t edge, child
        cdef size_t at = 0
        self.asides += 1
        self.aside.assign(1, row)
        while at < self.aside.size():
            edge = g.v_first_out[self.aside[at]]
            while edge >= 0:
                child = g.e_target[edge]
                if g.e_subsystem[edge] == subsystem and self.v_aside[child] != self.asides:
                    self.v_aside[child] = self.asides
                    self.new_group(edge, g.v_type[child], False)
                    self.aside.push_back(child)
                edge = g.e_next_out[edge]
            at += 1
        return 0

    # ---- slots (matching.md 4.1, 4.3) ----

    cdef int form_slots(self, int32_t row, int32_t lo, int32_t hi, int32_t slot,
                        int64_t enclosing) except -1:
        """Replace the candidates below a vertex by the slots that can be formed of them."""
        cdef size_t base = self.board.size(), kinds, kind, at
        cdef Wanted* nodes = self.request.nodes.data()
        cdef int32_t first = nodes[slot].lo
        cdef int64_t units
        # Beyond the wanted number no slot of one vertex can be chosen if slots come in the order
        # of their scores: so it is with candidates of one unit, ties by position, and a policy
        # that sorts alike at every level.
        cdef bint enough_will_do = not self.reference_ties and self.order in (HIGH, LOW)
        if self.flexible:
            return self.form_flexible(row, lo, hi, enclosing)
        kinds = nodes[slot].hi - first
        units = self.shares
        self.shares = nodes[slot].ceiling
        self.explore(row, first, nodes[slot].hi, False, IN_SLOT, enclosing, self.shares)
        self.shares = units
        if self.any_special(base):
            return self.form_stocked(slot, first, nodes[slot].hi, base)
        self.items.clear()
        self.bounds.assign(1, 0)
        self.needed.clear()
        self.slots.clear()
        for kind in range(kinds):
            units = self.gather(nodes[first + kind].type, base, AT_SLOT)
            self.needed.push_back(self.request.resolve(first + <int32_t> kind, units))
            if self.needed[kind] == 0:
                self.board.resize(base)
                return 0
            enough_will_do = enough_will_do and units == <int64_t> self.keyed.size()
            self.sort_gathered(units)
            for at in range(self.keyed.size()):
                self.items.push_back(self.keyed[at].second)
            self.bounds.push_back(self.items.size())
        self.used = self.bounds
        while self.take_bundle(self.needed.data()):
            if enough_will_do and <int64_t> self.slots.size() >= nodes[slot].ceiling:
                break
        self.board.resize(base)
        self.board.insert(self.board.end(), self.slots.begin(), self.slots.end())
        return 0

    # ---- slots of pools and of shared vertices (docs/design/0007) ----

    cdef bint any_special(self, size_t base) noexcept:
        """Say whether some candidate can be used for several slots."""
        cdef size_t at
        for at in range(base, self.board.size()):
            if self.board[at].contents == POOL or self.board[at].contents == SHARED:
                return True
        return False

    cdef int32_t stock_list(self, int32_t lo, int32_t hi, size_t base, Level level) except -2:
        """Put the candidates for a list into the stock; -1 if they make no bundle."""
        cdef int32_t entry = self.stock.open(), at
        cdef int64_t units, needed
        cdef size_t place
        for at in range(lo, hi):
            units = self.gather(self.request.nodes[at].type, base, level)
            needed = self.request.resolve(at, units)
            if needed == 0:
                return -1
            self.sort_gathered(units)
            self.stock.add_kind(entry, needed, units)
            for place in range(self.keyed.size()):
                self.stock.add(entry, self.board[self.keyed[place].second])
        self.stock.close(entry)
        return entry

    cdef int keep_shared(self, int32_t matched, size_t base) except -2:
        """Move what is below a shared vertex from the board to the stock; -1 if too little."""
        cdef int32_t entry = self.stock_list(
            self.request.nodes[matched].lo, self.request.nodes[matched].hi, base, AT_VERTEX
        )
        self.board.resize(base)
        return entry

    cdef int form_stocked(self, int32_t slot, int32_t lo, int32_t hi, size_t base) except -1:
        """Form slots in the order of the candidates, until there are as many as are wanted."""
        cdef int32_t entry = self.stock_list(lo, hi, base, AT_SLOT)
        cdef int64_t formed = 0
        self.board.resize(base)
        while entry >= 0 and formed < self.request.nodes[slot].ceiling and self.stock.has(entry):
            if formed == MOST_SLOTS:
                raise JobspecError(
                    f"more than {MOST_SLOTS} slots could be formed at one vertex; give max"
                )
            self.stocked_slot(entry)
            formed += 1
        return 0

    cdef int32_t stock_sorted(self, const vector[int64_t]& units) except -2:
        """Put what `items` lists into the stock; what a bundle needs is said when it is taken."""
        cdef int32_t entry = self.stock.open()
        cdef size_t kind, at
        for kind in range(units.size()):
            self.stock.add_kind(entry, 1, units[kind])
            for at in range(self.bounds[kind], self.bounds[kind + 1]):
                self.stock.add(entry, self.board[self.items[at]])
        return entry

    cdef bint take_stocked(self, int32_t entry, const vector[int64_t]& needed) except -1:
        """Form one slot of a shape that needs that many units of each kind, if they are left."""
        if not self.stock.need(entry, needed):
            return False
        self.stocked_slot(entry)
        return True

    cdef int stocked_slot(self, int32_t entry) except -1:
        """Take a bundle of the stock as a slot onto the board."""
        cdef size_t content = self.contents.size()
        cdef int64_t score = 1 + self.stock.take(entry, self.contents, False)
        cdef Group* group = self.new_group(-1, self.request.slot, True)
        group.score = score
        group.count = 1
        group.content = <int32_t> content
        group.contents = <int32_t> (self.contents.size() - content)
        return 0

    cdef bint take_bundle(self, const int64_t* needed) except -1:
        """Form one slot: of each kind the next candidates until `needed` units are there.

        Candidates of kind k are items[bounds[k]:bounds[k + 1]], the next one at used[k].
        """
        cdef size_t kind, content = self.contents.size()
        cdef int64_t units, score = 1
        cdef const Group* candidate = NULL
        cdef Content* entry
        cdef Group* slot
        for kind in range(self.bounds.size() - 1):
            units = 0
            while units < needed[kind]:
                if self.used[kind] == self.bounds[kind + 1]:
                    self.contents.resize(content)
                    return False
                candidate = &self.board[self.items[self.used[kind]]]
                self.used[kind] += 1
                units += candidate.count
                score = min(score + candidate.score, MOST_SCORE)
                self.contents.emplace_back()
                entry = &self.contents.back()
                entry.edge = candidate.edge
                entry.needs = candidate.count
                entry.use = EXCLUSIVE
                entry.inner = False
        self.slots.emplace_back()
        slot = &self.slots.back()
        slot.score = score
        slot.count = 1
        slot.type = self.request.slot
        slot.exclusive = 1
        if self.contents.size() == content + 1 and candidate.count <= 0x7FFFFFFF:
            slot.edge = candidate.edge      # the common slot of one vertex needs no entry
            slot.content = <int32_t> candidate.count
            slot.contents = SINGLE
            self.contents.pop_back()
        else:
            slot.edge = -1
            slot.content = <int32_t> content
            slot.contents = <int32_t> (self.contents.size() - content)
        return True

    cdef int form_flexible(self, int32_t row, int32_t lo, int32_t hi, int64_t enclosing) except -1:
        """Form slots of several shapes, as many as possible; earlier shapes win ties."""
        cdef size_t base = self.board.size(), kind, at
        cdef Wanted* nodes = self.request.nodes.data()
        cdef int32_t union_lo = nodes[lo].union_lo, union_hi = nodes[lo].union_hi, shape, inner
        cdef size_t kinds = union_hi - union_lo
        cdef vector[int64_t] left, needed
        cdef vector[vector[int64_t]] costs
        cdef ordered_map[vector[int64_t], pair[int64_t, int32_t]] best
        cdef int64_t wanted, formed = 0, most
        cdef int32_t entry = -1, slot = lo, shapes = 0
        for shape in range(lo, hi):
            if nodes[shape].type == self.request.slot:
                slot = shape
                shapes += 1
        wanted = nodes[slot].ceiling
        most = self.shares
        self.shares = wanted
        self.explore(row, union_lo, union_hi, False, IN_SLOT, enclosing, wanted)
        self.shares = most
        if shapes == 1 and self.any_special(base):
            return self.form_stocked(slot, nodes[slot].lo, nodes[slot].hi, base)
        self.items.clear()
        self.bounds.assign(1, 0)
        self.slots.clear()
        for kind in range(kinds):
            left.push_back(self.gather(nodes[union_lo + kind].type, base, AT_SLOT))
            self.sort_gathered(left[kind])
            for at in range(self.keyed.size()):
                self.items.push_back(self.keyed[at].second)
            self.bounds.push_back(self.items.size())
        self.used = self.bounds
        if self.any_special(base):
            entry = self.stock_sorted(left)
        for shape in range(lo, hi):
            if nodes[shape].type != self.request.slot:
                continue
            needed.assign(kinds, 0)
            for inner in range(nodes[shape].lo, nodes[shape].hi):
                for kind in range(kinds):
                    if nodes[union_lo + kind].type == nodes[inner].type:
                        needed[kind] = self.request.resolve(inner, left[kind])
                        if needed[kind] == 0:
                            needed[kind] = left[kind] + 1
            costs.push_back(needed)
        if entry >= 0:
            for kind in range(kinds):       # no more than that can be wanted
                most = 1
                for at in range(costs.size()):
                    most = max(most, costs[at][kind])
                if wanted <= left[kind] // most:
                    left[kind] = wanted * most
            self.board.resize(base)
        while True:
            if costs.size() == 1:
                at = 0 if formed < wanted else 1
            else:
                most_slots(left, costs, best)
                at = best[left].second
            if at >= costs.size():
                break
            if not (
                self.take_bundle(costs[at].data()) if entry < 0
                else self.take_stocked(entry, costs[at])
            ):
                break
            formed += 1
            for kind in range(kinds):
                left[kind] -= costs[at][kind]
        if entry < 0:
            self.board.resize(base)
            self.board.insert(self.board.end(), self.slots.begin(), self.slots.end())
        return 0

    # ---- choosing ----

    cdef int64_t units(self, int16_t type, size_t base) noexcept:
        """Return the units of the candidates of a type on the board from `base` up."""
        cdef int64_t found = 0
        cdef size_t at
        for at in range(base, self.board.size()):
            if self.board[at].type == type and self.board[at].score > 0:
                found += self.board[at].count
        return found

    cdef int64_t gather(self, int16_t type, size_t base, Level level) noexcept:
        """Put the candidates of a type into `keyed` and return their units.

        Keys are scores, turned by policy so that smaller is better; items are board positions.
        """
        cdef size_t at, top = self.board.size()
        cdef const Group* groups = self.board.data()
        cdef int64_t sign = -1, found = 0
        if self.order == LOW or (self.order == VARIATION and level != AT_SLOT):
            sign = 1
        self.keyed.clear()
        for at in range(base, top):
            if groups[at].type == type and groups[at].score > 0 and (
                level != AT_SLOT or is_vertex(groups[at])   # no slot is made of slots
            ):
                found += groups[at].count
                self.keyed.emplace_back(sign * groups[at].score, <int32_t> at)
        if self.order == LOCALITY and level == AT_ROOT:
            self.key_by_run()
        return found

    cdef int sort_gathered(self, int64_t wanted) except -1:
        """Sort `keyed`, at least the first places.

        Every candidate has at least one unit, so `wanted` units need at most that many of them.
        """
        cdef size_t at = 1
        while at < self.keyed.size() and self.keyed[at - 1].first < self.keyed[at].first:
            at += 1
        if at >= self.keyed.size():
            return 0        # sorted already, and without ties: the common case
        if self.reference_ties and self.keyed.size() > 16:
            self.sort_in_place()
        else:
            sort_stable(self.keyed, min(max(wanted, 1), <int64_t> self.keyed.size()))
        return 0

    cdef int sort_in_place(self) except -1:
        """Sort as the reference does, on the board itself: a second sort starts from the first.

        Only siblings of one kind make a second one, and those need the flexible traverser.
        """
        cdef vector[int32_t] places
        cdef vector[Group] groups
        cdef size_t at
        if not self.flexible:
            sort_reference(self.keyed)
            return 0
        for at in range(self.keyed.size()):
            places.push_back(self.keyed[at].second)
        sort_reference(self.keyed)
        for at in range(self.keyed.size()):
            groups.push_back(self.board[self.keyed[at].second])
        for at in range(self.keyed.size()):
            self.board[places[at]] = groups[at]
            self.keyed[at].second = places[at]
        return 0

    cdef void key_by_run(self) noexcept:
        """Replace each key by that of its run of consecutive scores: members of a run are equal."""
        cdef vector[int64_t] scores
        cdef ordered_map[int64_t, int64_t] run
        cdef size_t at
        cdef int64_t low = 0
        for at in range(self.keyed.size()):
            scores.push_back(-self.keyed[at].first)
        sort(scores.begin(), scores.end())
        for at in range(scores.size()):
            if at == 0 or scores[at] > scores[at - 1] + 1:
                low = scores[at]
            run[scores[at]] = low
        for at in range(self.keyed.size()):
            self.keyed[at].first = -run[-self.keyed[at].first]

    cdef bint choose(self, int32_t node, size_t base, Level level) noexcept:
        """Choose candidates for a wanted resource: the shortest prefix that has enough units."""
        cdef int16_t type = self.request.nodes[node].type
        cdef int64_t wanted = self.request.resolve(node, self.gather(type, base, level)), units = 0
        cdef size_t at = 0
        cdef Group* group
        if wanted == 0:
            return False
        if type == self.request.slot:
            self.drop_chosen_slots()
        self.sort_gathered(wanted)
        while units < wanted:
            group = &self.board[self.keyed[at].second]
            if group.contents == POOL:
                group.count = min(group.count, wanted - units)
            units += group.count
            self.chosen.push_back(self.keyed[at].second)
            at += 1
        return True

    cdef void drop_chosen_slots(self) noexcept:
        """Of several slots beside each other the last one decides how many are taken."""
        cdef size_t at, kept = 0
        for at in range(self.chosen.size()):
            if self.board[self.chosen[at]].type != self.request.slot:
                self.chosen[kept] = self.chosen[at]
                kept += 1
        self.chosen.resize(kept)

    cdef int mark_edge(self, int32_t edge, int64_t needs, uint8_t use) except -1:
        """Mark an edge as chosen; units of one pool, chosen for several slots, add up."""
        if self.e_mark[edge] == self.walk and use == PASSED and (
            self.ledger.is_pool(self.graph.e_target[edge])
        ):
            needs += self.e_needs[edge]
        self.e_mark[edge] = self.walk
        self.e_needs[edge] = needs
        self.e_exclusive[edge] = use
        return 0

    cdef int mark(self, size_t position) except -1:
        """Mark the edge of a chosen vertex, or all edges of a chosen slot."""
        cdef Group* group = &self.board[position]
        cdef size_t at, first = self.contents.size(), last = first
        if group.contents == SINGLE:
            self.mark_edge(group.edge, group.content, EXCLUSIVE)
        elif group.contents == SHARED:
            self.stock.take_vertex(group[0], self.contents, False)
            last = self.contents.size()
        elif group.contents >= 0:
            first = group.content
            last = first + group.contents
        elif group.edge >= 0:
            self.mark_edge(
                group.edge, group.count, EXCLUSIVE if group.exclusive else PASSED
            )
        for at in range(first, last):
            self.mark_edge(
                self.contents[at].edge, self.contents[at].needs, self.contents[at].use
            )
        return 0

    cdef int mark_between(self, size_t position, int32_t row, bint exclusive) except -1:
        """Mark the way from a vertex down to where a chosen slot was formed.

        The slot may sit some levels below the vertex that asked for it. The reference does not
        mark that way and so loses the slot (docs/deviations.md, slot-skips-level).
        """
        cdef Group* group = &self.board[position]
        cdef int32_t source
        if is_vertex(group[0]):
            return 0
        source = self.graph.e_source[
            group.edge if group.contents == SINGLE else self.contents[group.content].edge
        ]
        while source != row:
            edge = self.way_in(source)
            if edge < 0 or self.e_mark[<int32_t> edge] == self.walk:
                break
            self.mark_edge(edge, self.graph.v_size[source], EXCLUSIVE if exclusive else PASSED)
            source = self.graph.e_source[<int32_t> edge]
        return 0

    cdef int32_t way_in(self, int32_t row) noexcept:
        """Return an edge of the dominant tree from a vertex of this walk to `row`, -1 if none."""
        cdef int32_t edge = self.graph.v_first_in[row]
        while edge >= 0 and (
            self.graph.e_subsystem[edge] != self.ledger.dominant
            or self.v_color[self.graph.e_source[edge]] != self.walk
        ):
            edge = self.graph.e_next_in[edge]
        return edge

    cdef bint finish(self, size_t variant, const Visited& root) except -1:
        """Choose at the root of the graph, and mark the way up from what was chosen there."""
        cdef int32_t top = self.graph.roots[self.ledger.dominant], at
        cdef int32_t lo = self.request.variant_lo[variant], hi = self.request.variant_hi[variant]
        cdef int16_t top_type = self.graph.v_type[top]
        cdef Group* group
        cdef size_t index
        cdef vector[uint8_t] met, present
        cdef int16_t type
        group = self.new_group(-1, top_type, root.exclusive)
        group.score = root.score
        group.count = root.count
        group.contents = root.contents
        self.root_needs = not self.ledger.is_pool(top)
        self.root_exclusive = False
        self.chosen.clear()
        for at in range(lo, hi):
            if not self.choose(at, 0, AT_ROOT):
                self.failure = NEVER
                return False
            if self.request.nodes[at].type == top_type:
                self.root_needs = self.request.resolve(at, self.units(top_type, 0))
                self.root_exclusive = root.exclusive
        met.assign(len(self.graph.type_names), 0)
        present.assign(len(self.graph.type_names), 0)
        for index in range(self.board.size()):
            present[self.board[index].type] = 1
            if self.board[index].score > 0 and self.board[index].count > 0:
                met[self.board[index].type] = 1
        for type in range(<int16_t> met.size()):
            if present[type] and not met[type]:
                self.failure = NEVER
                return False
        for at in range(lo, hi):        # what was chosen is not merely passed through
            if self.request.nodes[at].type >= 0:
                present[self.request.nodes[at].type] = 0
        for index in range(self.chosen.size()):
            self.mark(self.chosen[index])
        for index in range(self.chosen.size()):
            self.mark_way(self.chosen[index], present)
        return True

    cdef int mark_way(self, size_t position, const vector[uint8_t]& passable) except -1:
        cdef Group* group = &self.board[position]
        cdef int32_t at
        if group.contents < 0 and group.edge >= 0:
            self.mark_up(self.graph.e_source[group.edge], passable)
        for at in range(group.content, group.content + group.contents):
            if not self.contents[at].inner:
                self.mark_up(self.graph.e_source[self.contents[at].edge], passable)
        return 0

    cdef int mark_up(self, int32_t row, const vector[uint8_t]& passable) except -1:
        """Mark the edges from the root down to a vertex, as long as they are only passed through.

        An edge that is marked already ends the climb: the way above it is marked, too.
        """
        cdef FlatGraph g = self.graph
        cdef int32_t edge
        if not passable[g.v_type[row]]:
            return 0
        edge = g.v_first_in[row]
        while edge >= 0:
            if g.e_subsystem[edge] == self.ledger.dominant and self.e_mark[edge] != self.walk:
                self.mark_edge(edge, g.v_size[row], PASSED)
                self.mark_up(g.e_source[edge], passable)
            edge = g.e_next_in[edge]
        return 0

    # ---- policies (matching.md 5) ----

    cdef int64_t score_of(self, int32_t row, int64_t enclosing) noexcept:
        if self.order == VARIATION:
            if self.graph.v_properties[row] < 0:
                return 1 + WORST_CLASS
            return self.map_score[self.graph.v_properties[row]]
        return 1 + enclosing + self.local_id(row) + 1

    cdef int64_t factor(self, int32_t row) noexcept:
        """Return what a node adds to the scores below it (matching.md 5, node-centric)."""
        cdef int64_t rest = self.graph.v_uniq[row] % 10000 - 1
        return (self.local_id(row) + 2) * 10000 + (rest if rest > 0 else -rest)

    cdef inline int64_t local_id(self, int32_t row) noexcept:
        return min(max(self.graph.v_id[row], -MOST_ID), MOST_ID)

    cdef int read_classes(self) except -1:
        """Read the performance class of every property map that is new."""
        cdef int64_t value
        for index in range(self.map_score.size(), len(self.graph.property_maps)):
            text = (<dict> self.graph.property_maps[index]).get("perf_class", "")
            value = WORST_CLASS
            if text.isascii() and text.isdigit() and len(text) < 10:
                value = int(text)
            self.map_score.push_back(1 + min(value, WORST_CLASS))
        return 0

    cdef int set_shadow_types(self, bint requested) except -1:
        """Note which types are given whole: by policy, and where the request says exclusive."""
        cdef size_t index
        self.shadow_type = self.always_exclusive
        if requested:
            for index in range(self.request.exclusive_types.size()):
                self.shadow_type[self.request.exclusive_types[index]] = 1
        return 0

cdef int64_t most_slots(const vector[int64_t]& left, const vector[vector[int64_t]]& costs,
                        ordered_map[vector[int64_t], pair[int64_t, int32_t]]& best) except -1:
    """Return how many slots can be formed of `left`; note the first shape of a best sequence.

    Depth first, on a stack of its own: the machine's would not do for a level per slot.
    """
    cdef size_t shape, kind
    cdef vector[vector[int64_t]] todo
    cdef vector[int64_t] here, rest
    cdef int64_t most
    cdef int32_t first
    cdef bint fits, ready
    todo.push_back(left)
    while not todo.empty():
        here = todo.back()
        most = 0
        first = 0x7FFFFFFF
        ready = True
        for shape in range(costs.size()):
            rest = here
            fits = True
            for kind in range(rest.size()):
                rest[kind] -= costs[shape][kind]
                fits = fits and rest[kind] >= 0
            if fits and not best.count(rest):
                if best.size() + todo.size() >= MAX_BUNDLES:
                    raise JobspecError(
                        f"more than {MAX_BUNDLES} ways to form slots of several shapes"
                    )
                todo.push_back(rest)
                ready = False
                break
            if fits and best[rest].first + 1 > most:
                most = best[rest].first + 1
                first = <int32_t> shape
        if ready:
            best[here] = pair[int64_t, int32_t](most, first)
            todo.pop_back()
    return best[left].first
