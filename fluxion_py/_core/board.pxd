"""What candidates are while a walk runs: groups on the board, and the contents of slots."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t

cdef enum:                  # Group.contents, if it is no number of entries
    VERTEX = -1
    SINGLE = -2             # a slot that is one vertex
    SHARED = -3             # a vertex in a slot that others may use, too
    POOL = -4               # a divisible vertex

cdef enum:                  # how a chosen vertex is used
    PASSED                  # what is below it is, or units of a pool are
    EXCLUSIVE
    LISTED                  # shared, and nothing below it is asked for

cdef struct Group:          # candidates on the board: a vertex, or a slot
    int64_t score           # 0: unmet, never chosen
    int64_t count           # units
    int32_t edge            # the edge to the vertex; -1: the root, or a slot of several vertices
    int32_t content         # slot: its first entry in contents; SINGLE: units; SHARED: its stock
    int32_t contents        # slot: number of entries, or one of the above
    int16_t type
    uint8_t exclusive

cdef struct Content:
    int32_t edge
    uint8_t use
    uint8_t inner           # below a shared vertex of the slot
    int64_t needs


cdef inline bint is_vertex(const Group& group) noexcept:
    return group.contents < 0 and group.contents != SINGLE
