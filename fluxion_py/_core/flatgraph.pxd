"""Columns of the resource graph: what every vertex and edge is, element i is row i.

Invariants: rows and edges are only appended; a removed vertex keeps its row with ALIVE cleared
and is in no edge list. Edge lists are singly linked through `edge_next_out` (order of insertion,
which is observable: it is the order of the walk) and `edge_next_in`. At most one edge joins an
ordered pair of vertices.
"""

cimport cython
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint64_t
from libcpp.string cimport string
from libcpp.vector cimport vector

from fluxion_py._core.row_index cimport RowIndex

cdef enum:
    ALIVE = 1           # the vertex exists
    DOWN = 2            # its own status is down
    DIVISIBLE = 4       # a request may take a part of its units; nothing is below it
    NO_PATH = -2        # not in the containment subsystem
    OWN_PATH = -3       # its path is not parent + name: kept as text


cdef inline uint64_t fnv(uint64_t state, const string& text) noexcept:
    """Continue an FNV-1a hash: hash(path) continues hash(parent path), so paths need no text."""
    cdef size_t i
    for i in range(text.size()):
        state = (state ^ <uint8_t> text[i]) * 1099511628211ULL
    return state


@cython.final
cdef class FlatGraph:
    # per vertex (row)
    cdef vector[int16_t] v_type         # index into types
    cdef vector[uint8_t] v_flags        # ALIVE | DOWN | DIVISIBLE
    cdef vector[int64_t] v_id           # local number, -1 none
    cdef vector[int64_t] v_uniq         # number unique in the graph
    cdef vector[int32_t] v_rank         # execution target, -1 none
    cdef vector[int64_t] v_size         # units of the pool
    cdef vector[int32_t] v_basename     # index into strings, -1 = the type's name
    cdef vector[int32_t] v_name         # index into strings, -1 = basename + id
    cdef vector[int16_t] v_unit         # index into units
    cdef vector[int32_t] v_properties   # index into property_maps, -1 none
    cdef vector[int32_t] v_above        # row whose path continues in this one's; -1 at the top
    cdef vector[int32_t] v_first_out    # edge, -1 none
    cdef vector[int32_t] v_last_out
    cdef vector[int32_t] v_first_in
    # per edge
    cdef vector[int32_t] e_source
    cdef vector[int32_t] e_target
    cdef vector[int8_t] e_subsystem
    cdef vector[int32_t] e_next_out
    cdef vector[int32_t] e_next_in
    # names and side tables
    cdef vector[string] strings
    cdef dict string_ids                # str -> index into strings
    cdef list type_names
    cdef dict type_ids
    cdef list subsystem_names
    cdef dict subsystem_ids
    cdef list units
    cdef dict unit_ids
    cdef list property_maps             # distinct maps, shared by vertices, never changed in place
    cdef dict property_ids              # tuple of items -> index
    cdef dict own_paths                 # (row, subsystem id) -> text, of removed rows as well
    cdef dict roots                     # subsystem id -> row
    cdef int64_t total_size             # units of all rows, removed ones as well; bounded
    cdef dict counted                   # row -> its part of total_size, if that is not its size
    cdef vector[int64_t] divisible_rows  # by type: how many were ever made
    cdef readonly int64_t divisible_count
    cdef readonly int64_t size_epoch    # grows with every change of a size
    cdef readonly int64_t vertex_count
    cdef readonly int64_t edge_count
    cdef readonly int64_t epoch         # grows with every change of topology
    cdef readonly int64_t property_epoch
    cdef vector[int32_t] touched        # rows of the last changes of property_epoch
    cdef readonly int64_t reshaped      # changes of topology that are no growth
    cdef RowIndex path_index            # by hash of the path, of every subsystem
    cdef RowIndex name_index            # ... of the name
    cdef RowIndex rank_index

    cdef int check_units(self, int64_t vertices, int64_t size) except -1
    cdef int32_t new_row(
        self, int16_t type, int64_t id, int64_t uniq, int32_t rank, int64_t size
    ) except -1
    cdef int32_t new_edge(self, int32_t source, int32_t target, int8_t subsystem) except -1
    cdef int join(self, int32_t source, int32_t target, int8_t subsystem) except -1
    cdef void unlink_edge(self, int32_t edge) noexcept
    cdef int32_t string_id(self, str text) except -2
    cdef int check(self, int64_t row) except -1
    cdef int divide(self, int32_t row) except -1
    cdef int check_whole(self, int64_t row) except -1
    cdef bint divides(self, int16_t type) noexcept
    cpdef int set_size(self, int32_t row, int64_t size, int64_t held) except -1
    cdef int check_live(self, int64_t row) except -1
    cdef int64_t unit_id(self, str unit) except -1
    cdef int64_t property_map_id(self, properties) except -2
    cdef string name_text(self, int64_t row)
    cdef vector[uint64_t] path_hashes(self)
    cdef int touch(self, int32_t row) except -1
    cdef uint64_t path_hash(self, int32_t row) except? 0
    cdef int renew_names(self) except -1
    cdef int renew_paths(self) except -1
    cdef int renew_ranks(self) except -1
