"""Text of a graph: a cursor over vertices and edges, and the parts that they are written from.

Escaping goes character by character in every format, so an escaped path is the escaped names
between slashes, and the path of a parent is escaped once for all its children.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t
from libcpp.string cimport string
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport FlatGraph


cdef class GraphText:
    cdef FlatGraph graph
    cdef object escape              # text -> text that may stand inside the format's quotes
    cdef bytes plain                # by byte: 1 = never escaped
    cdef object write_properties    # property map -> text
    cdef string out
    cdef string between             # stands between any two vertices, any two edges
    cdef size_t next_vertex         # rows before it are written
    cdef size_t next_source         # edges of the rows before it are written
    cdef int32_t next_edge          # and those of this row before this edge; -1 at its first
    cdef bint begun
    cdef vector[string] types
    cdef vector[string] subsystems
    cdef list order                 # ids of the subsystems by name
    cdef dict properties            # number of a property map -> its text
    cdef int32_t parent             # row whose path is in parent_path, -1 none
    cdef string parent_path         # escaped

    cdef int vertex(self, int32_t row) except -1
    cdef int edge(self, int32_t edge) except -1
    cdef str taken(self)
    cdef void put(self, const char* text)
    cdef void number(self, int64_t value)
    cdef int text(self, const string& text) except -1
    cdef int basename(self, int32_t row) except -1
    cdef int name(self, int32_t row) except -1
    cdef int properties_of(self, int32_t row) except -1
    cdef bint path(self, int32_t row, int subsystem) except -1
    cdef int remember_path(self, int32_t row) except -1


@cython.final
cdef class JgfText(GraphText):
    cdef int head(self, int32_t row) except -1
    cdef int extras(self, int32_t row) except -1
    cdef int join(self, int32_t source, int32_t target, int subsystem) except -1
    cdef int path_object(self, int32_t row) except -1


@cython.final
cdef class DotText(GraphText):
    pass


@cython.final
cdef class GraphmlText(GraphText):
    cdef vector[string] fields      # what stands before each field of a vertex
    cdef vector[string] paths       # and before its path in each subsystem

    cdef int path_data(self, int32_t row) except -1
