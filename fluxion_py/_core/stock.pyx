# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Bundles out of pools, vertices and shared vertices (docs/design/0007). See the .pxd first.

Flows in: sorted candidate groups of a walk. Flows out: the contents of slots. A bundle costs what
it takes; opening an entry costs its candidates.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.vector cimport vector

from fluxion_py._core.board cimport (
    EXCLUSIVE, LISTED, PASSED, POOL, SHARED, SINGLE, Content, Group,
)

cdef int64_t PLENTY = <int64_t> 1 << 61     # shares: the sum of two can be counted
cdef int64_t MOST_SCORE = 1 << 61       # as of the walk


@cython.final
cdef class Stock:
    """The stock of one walk."""

    cdef void clear(self) noexcept:
        self.groups.clear()
        self.kinds.clear()
        self.entries.clear()

    cdef int32_t open(self) except -1:
        """Begin an entry; nothing of another one may be added before it is closed."""
        self.entries.push_back(Entry(0, <int32_t> self.kinds.size(), <int32_t> self.kinds.size()))
        return <int32_t> self.entries.size() - 1

    cdef int add_kind(self, int32_t entry, int64_t needed, int64_t left) except -1:
        """Begin a kind that has `left` units in all."""
        cdef int32_t at = <int32_t> self.groups.size()
        self.kinds.push_back(Kind(needed, left, at, at))
        self.entries[entry].last += 1
        return 0

    cdef int add(self, int32_t entry, const Group& group) except -1:
        """Add a candidate of the last kind."""
        self.groups.push_back(group)
        self.kinds[self.entries[entry].last - 1].end += 1
        return 0

    cdef int close(self, int32_t entry) except -1:
        """Count how many bundles there are at least."""
        cdef Entry* mine = &self.entries[entry]
        cdef int32_t at
        mine.shares = PLENTY if mine.first < mine.last else 1      # bare: of one slot
        for at in range(mine.first, mine.last):
            mine.shares = min(mine.shares, self.bundles(self.kinds[at]))
        return 0

    cdef int64_t bundles(self, const Kind& kind) noexcept:
        """Return how many bundles a kind is enough for, at least.

        Less than there are only if two or more shared vertices have to be different ones.
        """
        cdef int64_t found = 0, units = 0
        cdef int32_t at
        cdef const Group* group = NULL
        for at in range(kind.next, kind.end):
            group = &self.groups[at]
            if group.contents == SHARED and group.count >= kind.needed:
                found = min(PLENTY, found + self.entries[group.content].shares)
                continue
            units += group.count
            if group.contents == POOL:
                found += units // kind.needed
                units %= kind.needed
            elif units >= kind.needed:
                found += 1
                units = 0
        return found

    cdef bint has(self, int32_t entry) noexcept:
        """Say whether another bundle can be taken. O(kinds)."""
        cdef const Entry* mine = &self.entries[entry]
        cdef int32_t at
        for at in range(mine.first, mine.last):
            if self.kinds[at].left < self.kinds[at].needed:
                return False
        return mine.first < mine.last or mine.shares > 0

    cdef int64_t take(self, int32_t entry, vector[Content]& contents, bint inner) except -1:
        """Take a bundle, which `has` has promised; return the sum of the scores it is made of."""
        cdef int64_t score = 0
        cdef int32_t at
        for at in range(self.entries[entry].first, self.entries[entry].last):
            score = min(MOST_SCORE, score + self.take_kind(at, contents, inner))
        return score

    cdef bint need(self, int32_t entry, const vector[int64_t]& needed) noexcept:
        """Set what the next bundle needs of every kind, 0 for nothing; say whether it is there."""
        cdef size_t kind
        for kind in range(needed.size()):
            self.kinds[self.entries[entry].first + kind].needed = needed[kind]
        return self.has(entry)

    cdef int64_t take_kind(self, size_t place, vector[Content]& contents, bint inner) except -1:
        """Take what a bundle needs of one kind; return the sum of the scores."""
        cdef int64_t missing = self.kinds[place].needed, units, score = 0
        cdef int32_t at = self.kinds[place].next
        cdef Group* group = NULL
        cdef bint used
        while missing > 0:
            group = &self.groups[at]
            units = group.count
            used = True
            if group.contents == POOL:
                units = min(missing, units)
                contents.push_back(Content(group.edge, PASSED, inner, units))
                group.count -= units
                used = group.count == 0
                self.kinds[place].left -= units
            elif group.contents != SHARED:
                self.take_whole(group[0], contents, inner)
                self.kinds[place].left -= units
            elif self.has(group.content):
                used = self.take_vertex(group[0], contents, inner)
                self.kinds[place].left -= used * units
            else:
                at += 1         # used up behind one that is not
                continue
            missing -= units
            score = min(MOST_SCORE, score + group.score)
            if used and at == self.kinds[place].next:
                self.kinds[place].next += 1
            at += 1
        return score

    cdef int take_whole(self, const Group& group, vector[Content]& contents, bint inner) except -1:
        """List a vertex, or what a slot is made of."""
        cdef int32_t at
        cdef Content entry
        if group.contents == SINGLE:
            contents.push_back(Content(group.edge, EXCLUSIVE, inner, group.content))
        elif group.contents < 0:
            contents.push_back(Content(
                group.edge, EXCLUSIVE if group.exclusive else PASSED, inner, group.count
            ))
        for at in range(group.content, group.content + group.contents):
            entry = contents[at]
            entry.inner = entry.inner or inner
            contents.push_back(entry)
        return 0

    cdef bint take_vertex(
        self, const Group& group, vector[Content]& contents, bint inner
    ) except -1:
        """List a shared vertex and take one share of it; True if it was the last one."""
        cdef uint8_t use = PASSED
        if group.exclusive:
            use = EXCLUSIVE
        elif self.entries[group.content].first == self.entries[group.content].last:
            use = LISTED
        contents.push_back(Content(group.edge, use, inner, group.count))
        if self.entries[group.content].first == self.entries[group.content].last:
            self.entries[group.content].shares = 0
        self.take(group.content, contents, True)
        return not self.has(group.content)
