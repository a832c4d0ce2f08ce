"""What the indexed search knows of a request before it looks at the state (see the .pyx)."""

cimport cython
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libcpp.vector cimport vector

from fluxion_py._core.request cimport Request
from fluxion_py._core.tree cimport Tree

cdef enum Kind:             # what the first named level is
    SLOTS                   # a slot: formed at the highest vertices that have all it wants below
    VERTICES                # inner vertices, each with what it must have below
    POOLS                   # leaves


@cython.final
cdef class Plan:
    cdef Request request
    cdef Tree tree
    cdef object allowed_bytes               # keeps `allowed` alive
    cdef const uint8_t* allowed             # by row, NULL: no constraint
    cdef Kind kind
    cdef int32_t first                      # the node of the first level
    cdef bint mine                          # the indexed search understands it
    cdef vector[uint8_t] exclusive          # by node: wanted for itself alone
    cdef vector[uint8_t] plain              # by node: an idle bit says all about a vertex of it
    cdef vector[uint8_t] whole              # by type: given with everything below
    cdef bint any_whole
    cdef int32_t holder_node                # ... and the node that asks for it
    cdef int16_t holder                     # the one type that is taken, -1 if there are several

    cdef bint understands(self) except -1
    cdef bint understands_list(self, int32_t lo, int32_t hi, int32_t parent, bint x) except -1
    cdef bint understands_node(self, int32_t at, int32_t parent, bint x) except -1
    cdef bint forms_where_asked(self, int32_t parent, int32_t slot) except -1
    cdef bint has_all(self, int32_t row, int32_t slot) noexcept
    cdef int set_kind(self) except -1
    cdef int16_t find_holder(self) except -2
