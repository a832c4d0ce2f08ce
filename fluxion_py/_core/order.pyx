# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The two orders of equal candidates. O(n log n) each."""

from libc.stdint cimport int32_t, int64_t
from libcpp.algorithm cimport partial_sort, sort
from libcpp.vector cimport vector


cdef void sort_stable(vector[Keyed]& items, int64_t wanted) noexcept nogil:
    """Sort the first `wanted` places by (key, item); items must be numbered by position."""
    if wanted * 8 < <int64_t> items.size():
        partial_sort(items.begin(), items.begin() + wanted, items.end())
    else:
        sort(items.begin(), items.end())


cdef inline void swap(Keyed* a, Keyed* b) noexcept nogil:
    cdef Keyed t = a[0]
    a[0] = b[0]
    b[0] = t


cdef void insertion(Keyed* first, Keyed* last) noexcept nogil:
    """Insertion sort that first tests against the front, as guarded insertion does."""
    cdef Keyed* at = first + 1
    cdef Keyed* hole
    cdef Keyed value
    if first == last:
        return
    while at != last:
        value = at[0]
        hole = at
        if value.first < first.first:
            while hole != first:
                hole[0] = (hole - 1)[0]
                hole -= 1
            first[0] = value
        else:
            while value.first < (hole - 1).first:
                hole[0] = (hole - 1)[0]
                hole -= 1
            hole[0] = value
        at += 1


cdef void unguarded_insertion(Keyed* first, Keyed* last) noexcept nogil:
    cdef Keyed* at = first
    cdef Keyed* hole
    cdef Keyed value
    while at != last:
        value = at[0]
        hole = at
        while value.first < (hole - 1).first:
            hole[0] = (hole - 1)[0]
            hole -= 1
        hole[0] = value
        at += 1


cdef void sift(Keyed* first, int64_t hole, int64_t length, Keyed value) noexcept nogil:
    """Move the hole down to a leaf, then the value up from there (bottom-up heap)."""
    cdef int64_t top = hole, child = hole, parent
    while child < (length - 1) // 2:
        child = 2 * (child + 1)
        if first[child].first < first[child - 1].first:
            child -= 1
        first[hole] = first[child]
        hole = child
    if length % 2 == 0 and child == (length - 2) // 2:
        child = 2 * (child + 1)
        first[hole] = first[child - 1]
        hole = child - 1
    parent = (hole - 1) // 2
    while hole > top and first[parent].first < value.first:
        first[hole] = first[parent]
        hole = parent
        parent = (hole - 1) // 2
    first[hole] = value


cdef void heap_sort(Keyed* first, Keyed* last) noexcept nogil:
    cdef int64_t length = last - first, parent
    cdef Keyed value
    if length >= 2:
        parent = (length - 2) // 2
        while parent >= 0:
            sift(first, parent, length, first[parent])
            parent -= 1
    while length > 1:
        length -= 1
        value = first[length]
        first[length] = first[0]
        sift(first, 0, length, value)


cdef void median_to_first(Keyed* result, Keyed* a, Keyed* b, Keyed* c) noexcept nogil:
    if a.first < b.first:
        if b.first < c.first:
            swap(result, b)
        elif a.first < c.first:
            swap(result, c)
        else:
            swap(result, a)
    elif a.first < c.first:
        swap(result, a)
    elif b.first < c.first:
        swap(result, c)
    else:
        swap(result, b)


cdef Keyed* partition(Keyed* first, Keyed* last) noexcept nogil:
    """Partition (first, last) around first[0] after the median of three was put there."""
    cdef Keyed* left = first + 1
    cdef Keyed* right = last
    median_to_first(first, first + 1, first + (last - first) // 2, last - 1)
    while True:
        while left.first < first.first:
            left += 1
        right -= 1
        while first.first < right.first:
            right -= 1
        if not left < right:
            return left
        swap(left, right)
        left += 1


cdef void introsort(Keyed* first, Keyed* last, int depth) noexcept nogil:
    cdef Keyed* cut
    while last - first > 16:
        if depth == 0:
            heap_sort(first, last)
            return
        depth -= 1
        cut = partition(first, last)
        introsort(cut, last, depth)
        last = cut


cdef void sort_reference(vector[Keyed]& items) noexcept nogil:
    """Sort by key alone, leaving equal keys where the reference's sort leaves them."""
    cdef int64_t length = items.size()
    cdef int depth = 0
    cdef Keyed* first = items.data()
    if length < 2:
        return
    while (<int64_t> 1 << (depth + 1)) <= length:
        depth += 1
    introsort(first, first + length, 2 * depth)
    if length > 16:
        insertion(first, first + 16)
        unguarded_insertion(first + 16, first + length)
    else:
        insertion(first, first + length)


def order_of(keys, bint reference):
    """Return the positions of `keys` in sorted order; smaller keys first."""
    cdef vector[Keyed] items
    cdef int32_t position = 0
    for key in keys:
        items.push_back(Keyed(key, position))
        position += 1
    if reference:
        sort_reference(items)
    else:
        sort_stable(items, position)
    return [item.second for item in items]
