# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""What is fixed in a graph -> one number, the same for equal graphs whatever file they are from.

The columns themselves would not do: how names are numbered, and whether a path is kept as a link or
as text, depends on the reader. So names and paths go in by their 64-bit hash. 0.5 us per vertex.
"""

from hashlib import sha256

from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport ALIVE, DIVISIBLE, NO_PATH, FlatGraph, fnv

cdef uint64_t START = 14695981039346656037ULL
cdef uint64_t DIVIDED = <uint64_t> 1 << 63      # in place of a size
cdef size_t CHUNK = 1 << 14     # numbers hashed in one call


def graph_digest(FlatGraph graph not None):
    """Return the SHA-256 of rows, types, names, ids, sizes, ranks, paths and edges, in hex.

    Status, properties and sizes of divisible vertices, which change, are not in it; nor are
    uniq_ids and units.
    """
    cdef vector[uint64_t] found, hashes = graph.path_hashes()
    cdef vector[uint64_t] types = [fnv(START, name.encode()) for name in graph.type_names]
    cdef vector[uint64_t] subsystems = [fnv(START, name.encode()) for name in graph.subsystem_names]
    cdef size_t row
    cdef int32_t edge
    hashed = sha256()
    for row in range(graph.v_type.size()):
        if not graph.v_flags[row] & ALIVE:
            continue
        found.push_back(row)
        found.push_back(types[graph.v_type[row]])
        found.push_back(fnv(START, graph.name_text(row)))
        found.push_back(<uint64_t> graph.v_id[row])
        found.push_back(
            DIVIDED if graph.v_flags[row] & DIVISIBLE else <uint64_t> graph.v_size[row]
        )
        found.push_back(<uint64_t> <int64_t> graph.v_rank[row])
        if graph.v_above[row] == NO_PATH:
            hashes[row] = 0
        found.push_back(hashes[row])
        edge = graph.v_first_out[row]
        while edge >= 0:
            found.push_back(graph.e_target[edge])
            found.push_back(subsystems[graph.e_subsystem[edge]])
            edge = graph.e_next_out[edge]
        if found.size() >= CHUNK:
            hashed.update((<const unsigned char*> found.data())[:8 * found.size()])
            found.clear()
    hashed.update((<const unsigned char*> found.data())[:8 * found.size()])
    names = graph.subsystem_names
    others = sorted(
        (owner, names[subsystem], text)
        for (owner, subsystem), text in graph.own_paths.items()
        if subsystem != 0 and graph.alive(owner)
    )
    hashed.update(repr(others).encode())
    return hashed.hexdigest()
