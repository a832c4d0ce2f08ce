# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The tournaments of one request shape (see the .pxd, read it first).

Changes are taken in when the shape is next used, all at once: each vertex that has changed is
looked at once, O(depth * log fan-out) or less per vertex. A new index looks at every forming one.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t
from libcpp.algorithm cimport sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.fitting cimport Fitting
from fluxion_py._core.index cimport Index
from fluxion_py._core.occupancy cimport Occupancy
from fluxion_py._core.plan cimport POOLS, SLOTS, VERTICES, Plan
from fluxion_py._core.walk cimport LOW

cdef int32_t PLAYED = -1        # in place of a count of news: the tournament was played anew
cdef int32_t MANY = 8           # one game in so many is news: play all anew


@cython.final
cdef class Tournaments(Index):
    """Where one plan fits now."""

    def __init__(self, Plan plan, Fitting fitting, Occupancy occupancy, bint in_window=False):
        Index.__init__(self, plan, fitting, occupancy, in_window)
        self.sign = 1 if self.tree.walk.order == LOW else -1
        self.fit_tree()
        self.children.reserve(self.spots.size())
        self.winners.reserve(2 * self.spots.size())
        self.lay_out(self.tree.top)

    # ---- layout ----

    cdef int fit_tree(self) except -1:
        """Make the columns as long as the tree's."""
        cdef size_t number
        cdef int32_t above
        cdef Spot spot
        spot.supply = spot.key = 0
        spot.place = spot.first_child = spot.base = -1
        spot.child_count = spot.width = 0
        spot.role = NONE
        self.spots.reserve(self.tree.rows.size())
        for number in range(self.spots.size(), self.tree.rows.size()):
            spot.row = self.tree.rows[number]
            spot.parent = -1
            above = self.tree.above[spot.row]
            if above >= 0:
                spot.parent = self.tree.inner[above]
            self.spots.push_back(spot)
        return 0

    cdef bint lay_out(self, int32_t row) except -1:
        """Give an inner vertex and those below it their roles; say whether it has one."""
        cdef int32_t number = self.tree.inner[row], block, child
        cdef size_t at, width = 1, first = self.found.size(), count
        cdef bint forms = self.forms(row)
        if forms:
            self.spots[number].role = FORMING
            if self.kind != POOLS:
                return True
        block = self.tree.first_block[number]
        while block >= 0:
            for at in range(self.tree.b_rows[block].size() if self.tree.b_inner[block] else 0):
                child = self.tree.b_rows[block][at]
                if self.tree.inner[child] >= 0 and self.lay_out(child):
                    self.found.push_back(pair[int32_t, int32_t](
                        self.tree.way[child], self.tree.inner[child]
                    ))
            block = self.tree.b_next[block]
        count = self.found.size() - first
        if forms or count == 0:
            self.two_sorts = self.two_sorts or (forms and count > 0)
            self.found.resize(first)
            return forms
        self.spots[number].role = UPPER
        sort(self.found.begin() + first, self.found.end())
        while width < count:
            width *= 2
        self.make_room(number, <int32_t> width)
        self.spots[number].child_count = <int32_t> count
        for at in range(count):
            child = self.found[first + at].second
            self.children[self.spots[number].first_child + at] = child
            self.spots[child].place = <int32_t> at
        self.found.resize(first)
        return True

    cdef int make_room(self, int32_t upper, int32_t width) except -1:
        """Give an upper vertex an empty tournament of some width."""
        self.spots[upper].width = width
        self.spots[upper].first_child = <int32_t> self.children.size()
        self.spots[upper].base = <int32_t> self.winners.size()
        self.children.resize(self.children.size() + width, -1)
        self.winners.resize(self.winners.size() + 2 * width, -1)
        return 0

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
        while above >= 0 and self.spots[self.tree.inner[above]].role == NONE:
            above = self.tree.above[above]
        if above >= 0 and self.spots[self.tree.inner[above]].role == FORMING and self.kind != POOLS:
            return True
        if not self.lay_out(row):
            return True
        if self.two_sorts or self.spots[upper].role != UPPER:
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
        if self.spots[number].role != NONE:
            if self.spots[upper].child_count == 1:
                return False
            supply = self.spots[number].supply
            self.spots[number].supply = 0
            self.wave.push_back(Carried(number, -supply))
            self.carry()
            self.strike(upper, number)
        for at in range(gone.size()):
            number = self.tree.inner[gone[at]]
            if number >= 0:
                self.spots[number].role = NONE
        return True

    cdef int enlist(self, int32_t upper, int32_t number) except -1:
        """Give a vertex, which has no supply yet, its place in its parent's tournament."""
        cdef int32_t count = self.spots[upper].child_count, width = self.spots[upper].width
        cdef int32_t first = self.spots[upper].first_child, base = self.spots[upper].base
        cdef int32_t place = count, at
        cdef int32_t way = self.tree.way[self.spots[number].row]
        if count == width:
            self.make_room(upper, 2 * width)
            for at in range(count):
                self.children[self.spots[upper].first_child + at] = self.children[first + at]
                self.winners[self.spots[upper].base + 2 * width + at] = (
                    self.winners[base + width + at]
                )
            first, base, width = self.spots[upper].first_child, self.spots[upper].base, 2 * width
        while place > 0 and (
            self.tree.way[self.spots[self.children[first + place - 1]].row] > way
        ):
            at = base + width + place
            self.children[first + place] = self.children[first + place - 1]
            self.spots[self.children[first + place]].place = place
            self.winners[at] = place if self.winners[at - 1] >= 0 else -1
            place -= 1
        self.children[first + place] = number
        self.spots[number].place = place
        self.winners[base + width + place] = -1
        self.spots[upper].child_count = count + 1
        self.replay(upper)
        return 0

    cdef int strike(self, int32_t upper, int32_t number) except -1:
        """Take a vertex out of its parent's tournament."""
        cdef int32_t first = self.spots[upper].first_child, at, place
        cdef int32_t* leaves = &self.winners[self.spots[upper].base + self.spots[upper].width]
        self.spots[upper].child_count -= 1
        for place in range(self.spots[number].place, self.spots[upper].child_count):
            at = self.children[first + place + 1]
            self.children[first + place] = at
            self.spots[at].place = place
            leaves[place] = place if leaves[place + 1] >= 0 else -1
        leaves[self.spots[upper].child_count] = -1
        self.spots[number].place = -1
        self.replay(upper)
        return 0

    # ---- supply and keys ----

    cdef int evaluate(self, int32_t number, bint inside) except -1:
        """Look at a forming vertex: what can it give, and how good is the best of it?

        `inside`: a walk is known to get into its parent.
        """
        cdef int32_t row = self.spots[number].row, first = self.plan.first
        cdef Fitting fitting = self.fitting
        cdef int64_t supply = self.supply_at(row, inside)
        self.spots[number].supply = supply
        if supply > 0 and self.kind == SLOTS:
            fitting.slot_scores(row, first, 1, fitting.scores)
            self.spots[number].key = self.sign * fitting.scores[0]
        elif supply > 0 and self.kind == VERTICES:
            self.spots[number].key = self.sign * self.tree.score(row)
        elif supply > 0:
            fitting.collect(row, first, 1, fitting.some)
            self.spots[number].key = self.sign * self.tree.score(fitting.some[0])
        return 0

    # ---- tournaments ----

    cdef bint beats(self, int32_t upper, int32_t first, int32_t second) noexcept:
        """Say whether the child at place `second`, the later one, is better than `first`."""
        cdef const int32_t* children = &self.children[self.spots[upper].first_child]
        if first < 0 or second < 0:
            return first < 0
        return self.spots[children[second]].key < self.spots[children[first]].key

    cdef void play(self, int32_t upper, int32_t place) noexcept:
        """Bring the tournament of an upper vertex up to date after a change at one place."""
        cdef int32_t* tree = &self.winners[self.spots[upper].base]
        cdef int32_t at = (self.spots[upper].width + place) >> 1, winner
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
        cdef int32_t* tree = &self.winners[self.spots[upper].base]
        cdef int32_t at, winner
        for at in range(self.spots[upper].width - 1, 0, -1):
            winner = tree[2 * at]
            if self.beats(upper, winner, tree[2 * at + 1]):
                winner = tree[2 * at + 1]
            tree[at] = winner

    cdef int32_t best(self, int32_t upper) noexcept:
        """Return the best child of an upper vertex, an inner number; -1 if there is none."""
        cdef int32_t place = self.winners[self.spots[upper].base + 1]
        if place < 0:
            return -1
        return self.children[self.spots[upper].first_child + place]

    cdef int64_t supply(self) noexcept:
        """Return the units that can be had in all."""
        return self.spots[self.tree.inner[self.tree.top]].supply

    cdef int32_t best_forming(self) noexcept:
        """Return the forming vertex with the best candidate of all, -1 if there is none."""
        cdef int32_t number = self.tree.inner[self.tree.top]
        while number >= 0 and self.spots[number].role == UPPER:
            number = self.best(number)
        return number

    cdef void enter(self, int32_t number, bint takes_part) noexcept:
        """Let a vertex take part in its parent's tournament or not, with its key as it is now."""
        cdef int32_t upper = self.spots[number].parent, place = self.spots[number].place
        if upper < 0:
            return
        self.winners[self.spots[upper].base + self.spots[upper].width + place] = (
            place if takes_part else -1
        )
        self.play(upper, place)

    cdef int reenter(self, int32_t number, bint takes_part) except -1:
        """Let a forming vertex take part or not in all tournaments up to the root (by score)."""
        cdef int32_t best
        while True:
            self.enter(number, takes_part)
            number = self.spots[number].parent
            if number < 0:
                return 0
            best = self.best(number)
            takes_part = best >= 0
            if takes_part:
                self.spots[number].key = self.spots[best].key

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
            self.start_over()
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

    cdef int start_over(self) except -1:
        """Look at every forming vertex."""
        cdef int32_t top = self.tree.inner[self.tree.top]
        return self.rebuild(top, True) if self.spots[top].role != NONE else 0

    cdef int meet(self, int32_t row, bint leaves) except -1:
        """Note what a change at an inner row and below it, or (`leaves`) of its leaves alone, may
        have made untrue."""
        cdef int32_t changed = self.tree.inner[row], number = changed
        while number >= 0 and self.spots[number].role == NONE:
            number = self.spots[number].parent
        if number < 0:
            return 0
        if self.spots[number].role == FORMING or (number == changed and not leaves):
            if not self.fitting.is_stale[number]:
                self.fitting.is_stale[number] = 1
                self.fitting.stale.push_back(number)
        return 0

    cdef int renew(self, int32_t number) except -1:
        """Look at a stale vertex, and at all below it that form candidates."""
        cdef int32_t above = self.spots[number].parent
        cdef int64_t before = self.spots[number].supply
        while above >= 0:
            if self.fitting.is_stale[above]:
                return 0        # it is looked at with that one
            above = self.spots[above].parent
        self.key_before = self.spots[number].key
        self.rebuild(number, False)
        return self.changed(number, self.spots[number].supply - before)

    cdef int changed(self, int32_t number, int64_t change) except -1:
        """Have the news of a vertex carried up, if they are any; `key_before` is its old key."""
        if change != 0 or self.spots[number].key != self.key_before:
            self.wave.push_back(Carried(number, change))
        return 0

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
                upper = self.spots[number].parent
                if upper < 0:
                    continue
                place = self.spots[number].place
                self.winners[self.spots[upper].base + self.spots[upper].width + place] = (
                    place if self.spots[number].supply > 0 else -1
                )
                fitting.news[upper] += 1
                fitting.gain[upper] += wave[at].second
            for at in range(wave.size()):
                number = wave[at].first
                upper = self.spots[number].parent
                if upper < 0 or fitting.news[upper] == PLAYED:
                    continue
                if fitting.news[upper] * MANY < self.spots[upper].width:
                    self.play(upper, self.spots[number].place)
                else:
                    self.replay(upper)
                    fitting.news[upper] = PLAYED
            for at in range(wave.size()):
                upper = self.spots[wave[at].first].parent
                if upper < 0 or fitting.news[upper] == 0:
                    continue
                fitting.news[upper] = 0
                self.key_before = self.spots[upper].key
                self.spots[upper].supply += fitting.gain[upper]
                best = self.best(upper)
                if best >= 0:
                    self.spots[upper].key = self.spots[best].key
                self.changed(upper, fitting.gain[upper])
                fitting.gain[upper] = 0
        return 0

    cdef int rebuild(self, int32_t number, bint inside) except -1:
        """Look at every forming vertex at or below, and play all tournaments anew.

        `inside`: a walk is known to get into its parent.
        """
        cdef int32_t at, child, width = self.spots[number].width
        cdef int32_t* tree
        if self.spots[number].role == FORMING:
            return self.evaluate(number, inside)
        if not (self.fitting.is_open(self.spots[number].row) and (
            inside or self.fitting.reached(self.tree.above[self.spots[number].row])
        )):
            return self.shut(number)
        self.spots[number].supply = 0
        tree = &self.winners[self.spots[number].base]
        for at in range(self.spots[number].child_count):
            child = self.children[self.spots[number].first_child + at]
            self.rebuild(child, True)
            self.spots[number].supply += self.spots[child].supply
            tree[width + at] = at if self.spots[child].supply > 0 else -1
        self.replay(number)
        if self.best(number) >= 0:
            self.spots[number].key = self.spots[self.best(number)].key
        return 0

    cdef int shut(self, int32_t number) noexcept:
        """Let nothing be had at a vertex and below. Tournaments stay as they are: it is looked at
        as a whole when it opens."""
        cdef int32_t at
        self.spots[number].supply = 0
        if self.spots[number].role == UPPER:
            for at in range(self.spots[number].child_count):
                self.shut(self.children[self.spots[number].first_child + at])
        return 0
