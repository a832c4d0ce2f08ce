"""Sorting of candidates: by key, ties by position or as the reference's unstable sort leaves them.

`keys` and `items` are parallel; smaller keys come first. `sort_stable` keeps equal keys in order,
`sort_reference` moves them exactly as the reference's introsort does (core-algorithms.md 5.5).
"""

from libc.stdint cimport int32_t, int64_t
from libcpp.pair cimport pair
from libcpp.vector cimport vector

ctypedef pair[int64_t, int32_t] Keyed     # (key, item)

cdef void sort_stable(vector[Keyed]& items, int64_t wanted) noexcept nogil
cdef void sort_reference(vector[Keyed]& items) noexcept nogil
