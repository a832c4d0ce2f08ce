# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The order of visits as bits (see the .pxd, read it first).

A new weight costs O(log classes + words of a class).
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.algorithm cimport sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from fluxion_py._core.ranking cimport Ranking
from fluxion_py._core.tree cimport Tree

cdef uint64_t ONE = 1


@cython.final
cdef class Visits:
    """The order of one engine's visits."""

    def __init__(self, Tree tree, Ranking ranking):
        self.tree = tree
        self.ranking = ranking
        self.ranking.watched = True
        self.ranking.moved.clear()
        self.grow()

    cdef int grow(self) except -1:
        """Take in the inner vertices that are new: parents have lower numbers than children."""
        cdef size_t number, known = self.position.size(), count = self.tree.rows.size()
        cdef int32_t above, upper
        cdef vector[vector[int32_t]] children
        if known == count:
            return 0
        self.position.resize(count, -1)
        self.parent.resize(count, -1)
        self.weight.resize(count, 0)
        self.base.resize(count, -1)
        self.room.resize(count, 0)
        self.count.resize(count, 0)
        self.classes.resize(count)
        children.resize(count - known)
        for number in range(known, count):
            above = self.tree.above[self.tree.rows[number]]
            if above < 0:
                self.position[number] = self.make_room(1)
                self.at[self.position[number]] = <int32_t> number
                continue
            upper = self.tree.inner[above]
            self.parent[number] = upper
            self.weight[number] = self.ranking.e_weight[self.tree.way[self.tree.rows[number]]]
            if <size_t> upper < known:
                self.add(<int32_t> number)
            else:
                children[upper - known].push_back(<int32_t> number)
        for number in range(children.size()):
            if not children[number].empty():
                self.settle_children(<int32_t> (known + number), children[number])
        return 0

    cdef int settle_children(self, int32_t upper, vector[int32_t]& children) except -1:
        """Give all children of a vertex new positions, and classes by their weights."""
        cdef vector[pair[pair[int64_t, int32_t], int32_t]] keyed
        cdef size_t place
        cdef int32_t room = 1, number
        for place in range(children.size()):
            number = children[place]
            keyed.push_back(pair[pair[int64_t, int32_t], int32_t](pair[int64_t, int32_t](
                self.tree.graph.v_uniq[self.tree.rows[number]], -number
            ), number))
        sort(keyed.begin(), keyed.end())
        while <size_t> room < children.size():
            room *= 2
        for place in range(self.count[upper]):
            self.at[self.base[upper] + place] = -1
        self.base[upper] = self.make_room(room)
        self.room[upper] = room
        self.count[upper] = <int32_t> children.size()
        self.classes[upper].clear()
        for place in range(keyed.size()):
            number = keyed[place].second
            self.position[number] = self.base[upper] + <int32_t> place
            self.at[self.position[number]] = number
            self.put_in(number)
        return 0

    cdef int32_t make_room(self, int32_t wanted) except -1:
        """Return the first of so many new positions: in one word, or from the start of one."""
        cdef int32_t unit = min(wanted, 64)
        cdef int32_t first = (self.positions + unit - 1) // unit * unit
        self.positions = first + wanted
        self.at.resize(self.positions, -1)
        return first

    cdef bint comes_after(self, int32_t number, int32_t other) noexcept:
        """Say whether a sibling's place is behind another one's: it is visited before it."""
        cdef int64_t mine = self.tree.graph.v_uniq[self.tree.rows[number]]
        cdef int64_t its = self.tree.graph.v_uniq[self.tree.rows[other]]
        return mine > its or (mine == its and number < other)

    cdef int add(self, int32_t number) except -1:
        """Give a new child of a vertex its place, behind the others if it belongs there."""
        cdef int32_t upper = self.parent[number], place, last = -1
        cdef vector[int32_t] children
        for place in range(self.count[upper]):
            if self.at[self.base[upper] + place] >= 0:
                children.push_back(self.at[self.base[upper] + place])
        if not children.empty():
            last = children.back()
        if self.count[upper] < self.room[upper] and (
            last < 0 or self.comes_after(number, last)
        ):
            self.position[number] = self.base[upper] + self.count[upper]
            self.count[upper] += 1
            self.at[self.position[number]] = number
            return self.put_in(number)
        children.push_back(number)
        return self.settle_children(upper, children)

    cdef int remove(self, int32_t number) except -1:
        """Visit a vertex no more."""
        if self.parent[number] >= 0:
            self.take_out(number)
        self.at[self.position[number]] = -1
        return 0

    # ---- classes ----

    cdef size_t find_class(self, int32_t upper, uint64_t weight) noexcept:
        """Return the first class whose weight is not higher."""
        cdef size_t low = 0, high = self.classes[upper].size(), middle
        while low < high:
            middle = (low + high) // 2
            if self.classes[upper][middle].first > weight:
                low = middle + 1
            else:
                high = middle
        return low

    cdef int put_in(self, int32_t number) except -1:
        """Enter a vertex into the class of its weight."""
        cdef vector[Class]* classes = &self.classes[self.parent[number]]
        cdef size_t where = self.find_class(self.parent[number], self.weight[number]), at
        cdef int32_t word = self.position[number] >> 6
        cdef uint64_t bit = ONE << (self.position[number] & 63)
        cdef vector[Word]* words
        if where == classes.size() or classes[0][where].first != self.weight[number]:
            classes.insert(classes.begin() + where, Class(self.weight[number], vector[Word]()))
        words = &classes[0][where].second
        at = find_word(words[0], word)
        if at < words.size() and words[0][at].first == word:
            words[0][at].second |= bit
        else:
            words.insert(words.begin() + at, Word(word, bit))
        return 0

    cdef int take_out(self, int32_t number) except -1:
        """Take a vertex out of the class of its weight."""
        cdef vector[Class]* classes = &self.classes[self.parent[number]]
        cdef size_t where = self.find_class(self.parent[number], self.weight[number])
        cdef vector[Word]* words = &classes[0][where].second
        cdef size_t at = find_word(words[0], self.position[number] >> 6)
        words[0][at].second &= ~(ONE << (self.position[number] & 63))
        if words[0][at].second == 0:
            words.erase(words.begin() + at)
            if words.empty():
                classes.erase(classes.begin() + where)
        return 0

    cdef int move(self, int32_t number, uint64_t weight) except -1:
        """Take in that the edge to a vertex has another weight."""
        if self.weight[number] != weight:
            self.take_out(number)
            self.weight[number] = weight
            self.put_in(number)
        return 0

    cdef int catch_up(self) except -1:
        """Take in the weights that the walk has set."""
        cdef size_t at
        cdef int32_t number, edge
        for at in range(self.ranking.moved.size()):
            edge = self.ranking.moved[at]
            number = self.tree.inner[self.tree.graph.e_target[edge]]
            if number >= 0 and self.tree.way[self.tree.rows[number]] == edge and (
                self.at[self.position[number]] == number
            ):
                self.move(number, self.ranking.e_weight[edge])
        self.ranking.moved.clear()
        return 0


cdef size_t find_word(const vector[Word]& words, int32_t number) noexcept:
    """Return the first word whose number is not higher."""
    cdef size_t low = 0, high = words.size(), middle
    while low < high:
        middle = (low + high) // 2
        if words[middle].first > number:
            low = middle + 1
        else:
            high = middle
    return low
