"""The request as columns: a forest of wanted resources, children of one parent contiguous.

A *list* is a range [lo, hi) of nodes: the top level of a variant, or the `with` list of one node.
For the flexible traverser every node range that holds slots has a *union* range as well: per type
the entry with the largest minimum among the slots' contents, in type order (matching.md 4.3).
"""

cimport cython
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t
from libcpp.vector cimport vector

cdef struct Wanted:
    int16_t type            # -1: no vertex has it
    int8_t exclusive        # -1 not said, 0 false, 1 true
    char operator           # + * ^, or i: a list of acceptable totals
    int32_t label           # index into labels, -1 none
    int32_t lo              # children
    int32_t hi
    int32_t choices         # index into choices, -1 none
    int32_t union_lo        # on the first node of a list: its union range, -1 none
    int32_t union_hi
    int64_t min
    int64_t max
    int64_t operand
    int64_t ceiling         # "effective max": what the count resolves to when there is plenty


@cython.final
cdef class Request:
    cdef vector[Wanted] nodes
    cdef vector[vector[int64_t]] choices
    cdef vector[vector[int64_t]] demand     # node -> type -> units below one unit of the node
    cdef vector[int64_t] total              # type -> units of the whole request
    cdef vector[int32_t] variant_lo         # top level, one range per combination of xor choices
    cdef vector[int32_t] variant_hi
    cdef vector[int16_t] exclusive_types    # types with exclusive: true somewhere
    cdef readonly list labels
    cdef int16_t slot
    cdef int types                          # numbers of types are below this
    cdef bint flexible                      # compiled for the flexible traverser
    cdef int64_t judged_at                  # epoch of the graph, and
    cdef object judged_for                  # constraint for which it is known whether
    cdef bint fits_ever                     # it fits if everything is up and free
    cdef bint sibling_slots                 # several slots beside each other somewhere

    cdef int64_t resolve(self, int32_t node, int64_t available) noexcept
    cdef tuple add_list(self, resources, type_of, bint flexible, bint in_slot)
    cdef int32_t add_union(self, int32_t lo, int32_t hi) except -2
    cdef vector[int64_t] list_demand(
        self, int32_t lo, int32_t hi, bint flexible, bint in_slot
    ) except *
