# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Chosen vertices -> the children of every node, as R_lite lists them (matching.md 12).

Flows in: the vertices of a selection in emission order. Flows out: for every node the JSON text of
its cores and GPUs, so that nodes with equal children can share an entry. Linear; 20 ns per vertex.
"""

from libc.stdint cimport int16_t, int64_t
from libcpp.algorithm cimport sort
from libcpp.string cimport string, to_string
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport FlatGraph


cdef string ids_text(vector[int64_t]& ids):
    """Return ids as an idset, "0-3,7"; what an idset cannot hold (-1: none) stands alone, first."""
    cdef string text
    cdef size_t at = 0, end
    for end in range(1, ids.size()):
        if ids[end] < ids[end - 1]:
            sort(ids.begin(), ids.end())
            break
    while at < ids.size():
        end = at + 1
        while end < ids.size() and (
            ids[end] == ids[end - 1] or (ids[at] >= 0 and ids[end] == ids[end - 1] + 1)
        ):
            end += 1
        if not text.empty():
            text.push_back(c",")
        text += to_string(<long long> ids[at])
        if ids[end - 1] != ids[at]:
            text.push_back(c"-")
            text += to_string(<long long> ids[end - 1])
        at = end
    return text


def idset_text(numbers):
    """Return numbers as an idset; order and repeats do not matter, negative ones lead."""
    cdef vector[int64_t] ids = numbers
    return ids_text(ids).decode()


def children_of_nodes(FlatGraph graph not None, list vertices not None, bint complete):
    """Return (JSON object of the children, row) of every node, in order.

    Cores and GPUs count for the next node after them. Nodes without any are left out, unless
    `complete`. `vertices` holds rows, or tuples that start with one.
    """
    cdef int16_t core = graph.find_type("core"), gpu = graph.find_type("gpu")
    cdef int16_t node = graph.find_type("node"), storage = graph.find_type("storage_node")
    cdef vector[int64_t] cores, gpus
    cdef int64_t row
    cdef int16_t type
    cdef string text
    found = []
    for vertex in vertices:
        row = (<tuple> vertex)[0] if isinstance(vertex, tuple) else vertex
        graph.check(row)
        type = graph.v_type[row]
        if type == core:
            cores.push_back(graph.v_id[row])
        elif type == gpu:
            gpus.push_back(graph.v_id[row])
        elif type == node or type == storage:
            if cores.empty() and gpus.empty() and not complete:
                continue
            text.assign(b"{")
            if not cores.empty():
                text.append(b'"core": "')
                text.append(ids_text(cores))
                text.append(b'"')
            if not gpus.empty():
                if not cores.empty():
                    text.append(b", ")
                text.append(b'"gpu": "')
                text.append(ids_text(gpus))
                text.append(b'"')
            text.append(b"}")
            found.append((text.decode(), row))
            cores.clear()
            gpus.clear()
    return found
