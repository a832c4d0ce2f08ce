"""The records of a JGF text: what each vertex and edge is, before there is a graph.

Views point into the text, or into `kept`, where escapes had to be decoded: the text must live as
long as the records. Methods return 0 for a text that is wrong or unusual.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.string cimport string
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector

from fluxion_py._core.json_cursor cimport Cursor, View


cdef struct Record:         # one entry of graph.nodes; its position is its row
    int64_t id
    int64_t uniq
    int64_t size
    int32_t rank
    int32_t type            # index into types
    int32_t basename        # index into names, -1 = the type's name
    int32_t name            # index into names, -1 = basename + id
    int32_t unit            # index into units, -1 none
    int32_t properties      # index into property_texts and property_maps, -1 none
    int32_t above           # row whose containment path continues in this one's, -1 none
    int32_t path            # its first entry in paths; the others follow
    int32_t outer_size      # the outer id
    bint down
    bint divisible
    const char* outer


cdef struct Path:
    const char* at
    int32_t size
    int32_t slashes
    int32_t subsystem       # index into subsystems
    bint last               # of its vertex


cdef struct Join:           # one entry of graph.edges
    int32_t source
    int32_t target
    int32_t subsystem


cdef inline View view_of(const string& text) noexcept:
    cdef View view
    view.at = text.data()
    view.size = text.size()
    view.escaped = 0
    return view


@cython.final
cdef class Table:
    # distinct texts, numbered in order of first sight
    cdef vector[string] texts
    cdef unordered_map[string, int32_t] places
    cdef int32_t last       # asked for last, which is found at once

    cdef int32_t place(self, const View& view) except -1


@cython.final
cdef class JgfScan:
    cdef Cursor text
    cdef list kept
    cdef vector[Record] records
    cdef vector[Path] paths
    cdef vector[Join] joins
    cdef Table types
    cdef Table names
    cdef Table units
    cdef Table subsystems           # containment is 0
    cdef Table property_texts
    cdef list property_maps
    cdef vector[int32_t] places     # hash table of outer ids: rows, -1 free; its size a power of 2
    cdef vector[uint8_t] doubtful   # by subsystem: some edge does not lead down the paths

    cdef int reserve(self, size_t vertices) except -1
    cdef bint scan(self, const char* end) except -1
    cdef bint graph(self) except -1
    cdef bint nodes(self) except -1
    cdef bint node(self) except -1
    cdef bint metadata(self, Record* record, View* name, View* basename) except -1
    cdef int field(self, const View& key, Record* record, View* name, View* basename) except -1
    cdef bint take_text(self, View* found) except -1
    cdef bint properties(self, Record* record) except -1
    cdef bint path_list(self, Record* record) except -1
    cdef bint complete(self, Record* record, View* name, View* basename) except -1
    cdef string default_name(self, const Record& record)
    cdef bint index_ids(self) except -1
    cdef bint has_outer(self, int32_t row, const View& outer) noexcept
    cdef int32_t row_of(self, const View& outer) noexcept
    cdef bint edges(self) except -1
    cdef bint edge(self) except -1
    cdef bint edge_metadata(self, int32_t* subsystem) except -1
    cdef bint join(self, int32_t source, int32_t target, int32_t subsystem) except -1
    cdef int32_t path_in(self, int32_t row, int32_t subsystem) noexcept
    cdef bint continues(self, const Path& over, const Path& path, const Record& record)
