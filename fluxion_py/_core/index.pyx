# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The warm index of one request shape (see the .pxd, read it first).

Changes are taken in when the shape is next used, all at once: each vertex that has changed is looked
at once, O(depth * log fan-out) or less per vertex. A new index looks at every forming vertex.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.algorithm cimport sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.fitting cimport Fitting
from fluxion_py._core.occupancy cimport Occupancy
from fluxion_py._core.plan cimport POOLS, SLOTS, VERTICES, Plan
from fluxion_py._core.walk cimport LOW

cdef int64_t BEST = -0x7FFFFFFFFFFFFFFF - 1
cdef int32_t PLAYED = -1        # in place of a count of news: the tournament was played anew
cdef int32_t MANY = 8           # one game in so many is news: play all anew


@cython.final
cdef class Index:
    """Where one plan fits now."""

    def __init__(self, Plan plan, Fitting fitting, Occupancy occupancy, bint in_window=False):
        self.plan = plan
        self.kind = plan.kind
        if in_window and self.kind == VERTICES and (
            plan.request.nodes[plan.first].type == plan.holder
        ):
            self.kind = POOLS       # whether one is free is a bit at its parent
        self.tree = plan.tree
        self.fitting = fitting
        self.occupancy = occupancy
        self.ranked = fitting.stop_on_first
        self.sign = 1 if self.tree.walk.order == LOW else -1
        self.fit_tree()
        self.lay_out(self.tree.top)
        self.cursor = -1

    # ---- layout ----

    cdef int fit_tree(self) except -1:
        """Make the columns as long as the tree's."""
        cdef size_t count = self.tree.rows.size()
        self.role.resize(count, NONE)
        self.supply.resize(count, 0)
        self.key.resize(count, 0)
        self.place.resize(count, -1)
        self.first_child.resize(count, -1)
        self.child_count.resize(count, 0)
        self.width.resize(count, 0)
        self.base.resize(count, -1)
        return 0

    cdef bint lay_out(self, int32_t row) except -1:
        """Give an inner vertex and those below it their roles; say whether it has one."""
        cdef int32_t number = self.tree.inner[row], block, child
        cdef vector[pair[int64_t, int32_t]] found
        cdef size_t at, width = 1
        cdef bint forms = self.forms(row)
        if forms:
            self.role[number] = FORMING
            self.forming += 1
            if self.kind != POOLS:
                return True
        block = self.tree.first_block[number]
        while block >= 0:
            for at in range(self.tree.b_rows[block].size() if self.tree.b_inner[block] else 0):
                child = self.tree.b_rows[block][at]
                if self.tree.inner[child] >= 0 and self.lay_out(child):
                    found.push_back(pair[int64_t, int32_t](
                        self.order(self.tree.inner[child]), self.tree.inner[child]
                    ))
            block = self.tree.b_next[block]
        if forms or found.empty():
            self.two_sorts = self.two_sorts or (forms and not found.empty())
            return forms
        self.role[number] = UPPER
        sort(found.begin(), found.end())
        while width < found.size():
            width *= 2
        self.make_room(number, <int32_t> width)
        self.child_count[number] = <int32_t> found.size()
        for at in range(found.size()):
            self.children[self.first_child[number] + at] = found[at].second
            self.place[found[at].second] = <int32_t> at
        return True

    cdef int make_room(self, int32_t upper, int32_t width) except -1:
        """Give an upper vertex an empty tournament of some width."""
        self.width[upper] = width
        self.first_child[upper] = <int32_t> self.children.size()
        self.base[upper] = <int32_t> self.winners.size()
        self.children.resize(self.children.size() + width, -1)
        self.winners.resize(self.winners.size() + 2 * width, -1)
        return 0

    cdef int64_t order(self, int32_t number) noexcept:
        """Return where a vertex stands among the children of its parent: the lowest comes first."""
        cdef int32_t row = self.tree.rows[number]
        return -self.tree.graph.v_uniq[row] if self.ranked else self.tree.way[row]

    # ---- growth ----

    cdef bint insert(self, int32_t row) except -1:
        """Give a new sub-tree its roles; False if roles above it would change, too.

        Its parent had children of this type before. What can be had there is found out when the
        log of changes is read. O(what is new + siblings).
        """
        cdef int32_t above = self.tree.above[row], upper = self.tree.inner[above]
        self.fit_tree()
        self.in_window = None
        if self.tree.inner[row] < 0:
            return True
        while above >= 0 and self.role[self.tree.inner[above]] == NONE:
            above = self.tree.above[above]
        if above >= 0 and self.role[self.tree.inner[above]] == FORMING and self.kind != POOLS:
            return True
        if not self.lay_out(row):
            return True
        if self.two_sorts or self.role[upper] != UPPER:
            return False
        self.enlist(upper, self.tree.inner[row])
        return True

    cdef bint remove(self, const vector[int32_t]& gone) except -1:
        """Take out a sub-tree, its root first; False if roles above it would change."""
        cdef int32_t number = self.tree.inner[gone[0]], upper = self.tree.inner[
            self.tree.above[gone[0]]
        ]
        cdef int64_t supply
        cdef size_t at
        self.in_window = None
        if number < 0:
            return True
        if self.role[number] != NONE:
            if self.child_count[upper] == 1:
                return False
            supply = self.supply[number]
            self.supply[number] = 0
            self.wave.push_back(Carried(number, -supply))
            self.carry()
            self.strike(upper, number)
        for at in range(gone.size()):
            number = self.tree.inner[gone[at]]
            if number >= 0:
                self.forming -= self.role[number] == FORMING
                self.role[number] = NONE
        return True

    cdef int enlist(self, int32_t upper, int32_t number) except -1:
        """Give a vertex, which has no supply yet, its place in its parent's tournament."""
        cdef int32_t count = self.child_count[upper], width = self.width[upper]
        cdef int32_t first = self.first_child[upper], base = self.base[upper], place = count, at
        cdef int64_t order = self.order(number)
        if count == width:
            self.make_room(upper, 2 * width)
            for at in range(count):
                self.children[self.first_child[upper] + at] = self.children[first + at]
                self.winners[self.base[upper] + 2 * width + at] = self.winners[base + width + at]
            first, base, width = self.first_child[upper], self.base[upper], 2 * width
        while place > 0 and self.order(self.children[first + place - 1]) > order:
            at = base + width + place
            self.children[first + place] = self.children[first + place - 1]
            self.place[self.children[first + place]] = place
            self.winners[at] = place if self.winners[at - 1] >= 0 else -1
            place -= 1
        self.children[first + place] = number
        self.place[number] = place
        self.winners[base + width + place] = -1
        self.child_count[upper] = count + 1
        self.replay(upper)
        return 0

    cdef int strike(self, int32_t upper, int32_t number) except -1:
        """Take a vertex out of its parent's tournament."""
        cdef int32_t first = self.first_child[upper], at, place
        cdef int32_t* leaves = &self.winners[self.base[upper] + self.width[upper]]
        self.child_count[upper] -= 1
        for place in range(self.place[number], self.child_count[upper]):
            at = self.children[first + place + 1]
            self.children[first + place] = at
            self.place[at] = place
            leaves[place] = place if leaves[place + 1] >= 0 else -1
        leaves[self.child_count[upper]] = -1
        self.place[number] = -1
        self.replay(upper)
        return 0

    cdef bint forms(self, int32_t row) noexcept:
        """Say whether candidates of the first level arise at a vertex."""
        if self.kind == SLOTS:
            return self.plan.has_all(row, self.plan.first)
        if self.kind == VERTICES:
            return self.tree.graph.v_type[row] == self.plan.request.nodes[self.plan.first].type
        return self.tree.block(row, self.plan.request.nodes[self.plan.first].type) >= 0

    # ---- supply and keys ----

    cdef int evaluate(self, int32_t number) except -1:
        """Look at a forming vertex: what can it give, and how good is the best of it?"""
        cdef int32_t row = self.tree.rows[number], first = self.plan.first
        cdef Fitting fitting = self.fitting
        cdef int64_t supply = 0
        if self.kind == VERTICES:
            if fitting.reached(self.tree.above[row]) and fitting.child_fits(row, first):
                supply = self.tree.graph.v_size[row]
        elif fitting.reached(row):
            supply = fitting.supply(row, first)
        self.supply[number] = supply
        if self.ranked:
            self.key[number] = self.edge_key(number)
        elif supply > 0 and self.kind == SLOTS:
            fitting.slot_scores(row, first, 1, fitting.scores)
            self.key[number] = self.sign * fitting.scores[0]
        elif supply > 0 and self.kind == VERTICES:
            self.key[number] = self.sign * self.tree.score(row)
        elif supply > 0:
            fitting.collect(row, first, 1, fitting.some)
            self.key[number] = self.sign * self.tree.score(fitting.some[0])
        return 0

    cdef int64_t edge_key(self, int32_t number) noexcept:
        """Return how late first* visits a vertex: highest weight first, untouched before all."""
        cdef int32_t edge = self.tree.way[self.tree.rows[number]]
        cdef uint64_t weight
        if edge < 0:
            return 0
        weight = self.fitting.ranking.e_weight[edge]
        return BEST if weight >> 63 else -<int64_t> weight

    # ---- tournaments ----

    cdef bint beats(self, int32_t upper, int32_t first, int32_t second) noexcept:
        """Say whether the child at place `second`, the later one, is better than `first`."""
        cdef const int32_t* children = &self.children[self.first_child[upper]]
        if first < 0 or second < 0:
            return first < 0
        return self.key[children[second]] < self.key[children[first]]

    cdef void play(self, int32_t upper, int32_t place) noexcept:
        """Bring the tournament of an upper vertex up to date after a change at one place."""
        cdef int32_t* tree = &self.winners[self.base[upper]]
        cdef int32_t at = (self.width[upper] + place) >> 1, winner
        while at >= 1:
            winner = tree[2 * at]
            if self.beats(upper, winner, tree[2 * at + 1]):
                winner = tree[2 * at + 1]
            if winner == tree[at] and winner != place:
                break       # the change did not get this far
            tree[at] = winner
            at >>= 1

    cdef void replay(self, int32_t upper) noexcept:
        """Play all of the tournament of an upper vertex anew."""
        cdef int32_t* tree = &self.winners[self.base[upper]]
        cdef int32_t at, winner
        for at in range(self.width[upper] - 1, 0, -1):
            winner = tree[2 * at]
            if self.beats(upper, winner, tree[2 * at + 1]):
                winner = tree[2 * at + 1]
            tree[at] = winner

    cdef int32_t best(self, int32_t upper) noexcept:
        """Return the best child of an upper vertex, an inner number; -1 if there is none."""
        cdef int32_t place = self.winners[self.base[upper] + 1]
        if place < 0:
            return -1
        return self.children[self.first_child[upper] + place]

    cdef int32_t best_forming(self) noexcept:
        """Return the forming vertex with the best candidate of all, -1 if there is none."""
        cdef int32_t number = self.tree.inner[self.tree.top]
        while number >= 0 and self.role[number] == UPPER:
            number = self.best(number)
        return number

    cdef void enter(self, int32_t number, bint takes_part) noexcept:
        """Let a vertex take part in its parent's tournament or not, with its key as it is now."""
        cdef int32_t row = self.tree.above[self.tree.rows[number]], upper
        cdef int32_t place = self.place[number]
        if row < 0:
            return
        upper = self.tree.inner[row]
        self.winners[self.base[upper] + self.width[upper] + place] = place if takes_part else -1
        self.play(upper, place)

    cdef int reenter(self, int32_t number, bint takes_part) except -1:
        """Let a forming vertex take part or not in all tournaments up to the root (by score)."""
        cdef int32_t row, best
        while True:
            row = self.tree.above[self.tree.rows[number]]
            if row < 0:
                return 0
            self.enter(number, takes_part)
            number = self.tree.inner[row]
            best = self.best(number)
            takes_part = best >= 0
            if takes_part:
                self.key[number] = self.key[best]

    # ---- keeping up ----

    cdef int refresh(self) except -1:
        """Take in what has changed since the last time."""
        cdef Occupancy occupancy = self.occupancy
        cdef int64_t at, behind = occupancy.changed_before + <int64_t> occupancy.changed.size()
        cdef size_t met
        if self.cursor == behind:
            return 0
        self.fitting.set_plan(self.plan)
        if self.cursor < occupancy.changed_before:
            if self.role[self.tree.inner[self.tree.top]] != NONE:
                self.rebuild(self.tree.inner[self.tree.top])
            self.cursor = behind
            return 0
        for at in range(self.cursor - occupancy.changed_before, <int64_t> occupancy.changed.size()):
            self.meet(occupancy.changed[at] >> 1, occupancy.changed[at] & 1)
        for met in range(self.fitting.stale.size()):
            self.renew(self.fitting.stale[met])
        for met in range(self.fitting.stale.size()):
            self.fitting.is_stale[self.fitting.stale[met]] = 0
        self.fitting.stale.clear()
        self.cursor = behind
        return self.carry()

    cdef int meet(self, int32_t row, bint leaves) except -1:
        """Note what a change at an inner row and below it, or (`leaves`) of its leaves alone, may
        have made untrue."""
        cdef int32_t above = row, number
        while above >= 0 and self.role[self.tree.inner[above]] == NONE:
            above = self.tree.above[above]
        if above < 0:
            return 0
        number = self.tree.inner[above]
        if self.role[number] == FORMING or (above == row and not leaves):
            if not self.fitting.is_stale[number]:
                self.fitting.is_stale[number] = 1
                self.fitting.stale.push_back(number)
        elif self.ranked:
            self.key[number] = self.edge_key(number)
            self.wave.push_back(Carried(number, 0))
        return 0

    cdef int renew(self, int32_t number) except -1:
        """Look at a stale vertex, and at all below it that form candidates."""
        cdef int32_t above = self.parent(number)
        cdef int64_t before = self.supply[number]
        while above >= 0:
            if self.fitting.is_stale[above]:
                return 0        # it is looked at with that one
            above = self.parent(above)
        self.key_before = self.key[number]
        self.rebuild(number)
        return self.changed(number, self.supply[number] - before)

    cdef int changed(self, int32_t number, int64_t change) except -1:
        """Have the news of a vertex carried up, if they are any; `key_before` is its old key."""
        if self.ranked or change != 0 or self.key[number] != self.key_before:
            self.wave.push_back(Carried(number, change))
        return 0

    cdef int32_t parent(self, int32_t number) noexcept:
        """Return the inner number of a vertex's parent, -1 at the root."""
        cdef int32_t row = self.tree.above[self.tree.rows[number]]
        if row < 0:
            return -1
        return self.tree.inner[row]

    cdef int carry(self) except -1:
        """Carry the changes of supply and key that `wave` lists up to the root, level by level."""
        cdef vector[Carried] wave
        cdef Fitting fitting = self.fitting
        cdef size_t at
        cdef int32_t number, upper, place, best
        while not self.wave.empty():
            wave.swap(self.wave)
            self.wave.clear()
            for at in range(wave.size()):
                number = wave[at].first
                upper = self.parent(number)
                if upper < 0:
                    continue
                place = self.place[number]
                self.winners[self.base[upper] + self.width[upper] + place] = (
                    place if self.supply[number] > 0 else -1
                )
                fitting.news[upper] += 1
                fitting.gain[upper] += wave[at].second
            for at in range(wave.size()):
                number = wave[at].first
                upper = self.parent(number)
                if upper < 0 or fitting.news[upper] == PLAYED:
                    continue
                if fitting.news[upper] * MANY < self.width[upper]:
                    self.play(upper, self.place[number])
                else:
                    self.replay(upper)
                    fitting.news[upper] = PLAYED
            for at in range(wave.size()):
                upper = self.parent(wave[at].first)
                if upper < 0 or fitting.news[upper] == 0:
                    continue
                fitting.news[upper] = 0
                self.key_before = self.key[upper]
                self.supply[upper] += fitting.gain[upper]
                best = self.best(upper)
                if self.ranked:
                    self.key[upper] = self.edge_key(upper)
                elif best >= 0:
                    self.key[upper] = self.key[best]
                self.changed(upper, fitting.gain[upper])
                fitting.gain[upper] = 0
        return 0

    cdef int rebuild(self, int32_t number) except -1:
        """Look at every forming vertex at or below, and play all tournaments anew."""
        cdef int32_t at, child, width = self.width[number]
        cdef int32_t* tree
        if self.role[number] == FORMING:
            return self.evaluate(number)
        if not self.fitting.is_open(self.tree.rows[number]):
            return self.shut(number)
        self.supply[number] = 0
        tree = &self.winners[self.base[number]]
        for at in range(self.child_count[number]):
            child = self.children[self.first_child[number] + at]
            self.rebuild(child)
            self.supply[number] += self.supply[child]
            tree[width + at] = at if self.supply[child] > 0 else -1
        self.replay(number)
        if self.ranked:
            self.key[number] = self.edge_key(number)
        elif self.best(number) >= 0:
            self.key[number] = self.key[self.best(number)]
        return 0

    cdef int shut(self, int32_t number) noexcept:
        """Let nothing be had at a vertex and below. Tournaments stay as they are: it is looked at
        as a whole when it opens."""
        cdef int32_t at
        self.supply[number] = 0
        if self.role[number] == UPPER:
            for at in range(self.child_count[number]):
                self.shut(self.children[self.first_child[number] + at])
        return 0
