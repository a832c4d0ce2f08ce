# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""An index of rows that takes in a few more at the price of a few (see the .pxd).

To look up costs O(log rows + answer). What is entered later goes to a hash table; when that has
grown to an eighth of the base, all is sorted anew: O(log rows) per row in the long run.
"""

cimport cython
from libc.stdint cimport int32_t, uint64_t
from libcpp.algorithm cimport lower_bound, sort
from libcpp.pair cimport pair
from libcpp.vector cimport vector

cdef size_t FEW = 1024      # rows that are never worth sorting anew


@cython.final
cdef class RowIndex:
    """An index; `begin`, `add` what is new, `finish`, then `find`."""

    cdef void forget(self) noexcept:
        """Drop everything: keys of rows that were entered have changed."""
        self.entries.clear()
        self.late.clear()
        self.late_count = self.rows = 0

    cdef size_t begin(self, size_t rows) except? 0:
        """Return the first row that has to be added, of that many: 0 if all have to be."""
        self.anew = rows - self.rows + self.late_count > self.entries.size() // 8 + FEW
        if self.anew:
            self.forget()
        return self.rows

    cdef int add(self, uint64_t key, int32_t row) except -1:
        """Enter a row under a key."""
        cdef vector[int32_t]* found
        if self.anew:
            self.entries.push_back(pair[uint64_t, int32_t](key, row))
            return 0
        found = &self.late[key]
        if found.empty() or found.back() != row:
            found.push_back(row)
            self.late_count += 1
        return 0

    cdef int finish(self, size_t rows) except -1:
        """All rows below `rows` are entered."""
        if self.anew:
            sort(self.entries.begin(), self.entries.end())
            self.anew = False
        self.rows = rows
        return 0

    cdef vector[int32_t] find(self, uint64_t key) except *:
        """Return the rows under a key, ascending; removed ones and strangers may be among them."""
        cdef vector[int32_t] found
        cdef size_t at = lower_bound(
            self.entries.begin(), self.entries.end(), pair[uint64_t, int32_t](key, -1)
        ) - self.entries.begin()
        while at < self.entries.size() and self.entries[at].first == key:
            found.push_back(self.entries[at].second)
            at += 1
        if self.late.count(key):
            found.insert(found.end(), self.late[key].begin(), self.late[key].end())
        return found
