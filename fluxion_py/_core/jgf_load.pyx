# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Records of a JGF text -> the columns of an empty graph, all of it or nothing.

The quick way for whole machines. It takes every usual text and says nothing about the others:
`readers.jgf` decodes those completely, fills the graph in the same way, and has the messages. The
two must not differ; `tests/readers/test_jgf_load.py` compares them.
"""

cimport cython
from libc.stdint cimport int8_t, int32_t, int64_t
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport DOWN, FlatGraph
from fluxion_py._core.jgf_scan cimport JgfScan, Path, Record

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef int64_t MAX_UNITS = <int64_t> 1 << 62  # as the graph's own limit
cdef size_t MAX_TYPES = 30_000              # as readers.limits
cdef size_t MAX_SUBSYSTEMS = 100
cdef int MAX_SLASHES = 900                  # below the graph's limit on the levels of a path
cdef Py_ssize_t BYTES_PER_VERTEX = 128     # of text, with an edge: a low guess, 200 are usual
cdef Py_ssize_t MAX_TEXT = 1 << 31          # no count in it can pass the limits of a file


def load_jgf(FlatGraph flat not None, str text not None, bint keep_units):
    """Fill an empty graph; False, and nothing changed, if the text is wrong or unusual."""
    cdef Py_ssize_t size = 0
    cdef const char* start
    cdef Load load
    if len(flat):
        return False
    try:
        start = PyUnicode_AsUTF8AndSize(text, &size)
    except UnicodeEncodeError:
        return False
    if size >= MAX_TEXT:
        return False
    load = Load()
    load.scan.reserve(size // BYTES_PER_VERTEX)
    load.scan.text.at = start
    if not (load.scan.scan(start + size) and load.claim_roots(flat) and load.fits(flat)):
        return False
    load.fill(flat, keep_units)
    return True


@cython.final
@cython.internal
cdef class Load:
    """One load: the records, and which row is the root of which subsystem."""

    cdef JgfScan scan
    cdef vector[int32_t] root_subsystems    # in the order of the file
    cdef vector[int32_t] root_rows
    cdef list subsystem_ids                 # those of the graph by those of the scan, None so far

    def __init__(self):
        self.scan = JgfScan()

    # ---- checks ----

    cdef bint claim_roots(self, FlatGraph flat) except -1:
        """Find the root of every subsystem: the vertex whose path has a single slash."""
        cdef int32_t row, path
        for row in range(<int32_t> self.scan.records.size()):
            path = self.scan.records[row].path
            while True:
                if self.scan.paths[path].slashes == 1 and (
                    not self.claim_root(flat, self.scan.paths[path].subsystem, row)
                ):
                    return 0
                if self.scan.paths[path].last:
                    break
                path += 1
        return not self.root_rows.empty()

    cdef bint claim_root(self, FlatGraph flat, int32_t subsystem, int32_t row) except -1:
        """Note a root; 0 if the subsystem has one already."""
        cdef size_t known
        for known in range(self.root_subsystems.size()):
            if self.root_subsystems[known] == subsystem:
                return 0
        if flat.root(self.scan.subsystems.texts[subsystem].decode()) >= 0:
            return 0
        self.root_subsystems.push_back(subsystem)
        self.root_rows.push_back(row)
        return 1

    cdef bint fits(self, FlatGraph flat) except -1:
        """Check what the graph can hold: names, units, levels, and no vertex above itself."""
        cdef int64_t total = flat.total_size
        cdef size_t at
        if self.scan.types.texts.size() + len(flat.type_names) > MAX_TYPES:
            return 0
        if self.scan.subsystems.texts.size() + len(flat.subsystem_names) > MAX_SUBSYSTEMS:
            return 0
        if self.scan.units.texts.size() + len(flat.units) > MAX_TYPES:
            return 0
        for at in range(self.scan.records.size()):
            if self.scan.records[at].size > MAX_UNITS - total:
                return 0
            total += self.scan.records[at].size
        for at in range(self.scan.joins.size()):
            if self.scan.records[self.scan.joins[at].source].divisible:
                return 0
        for at in range(self.scan.paths.size()):
            if self.scan.paths[at].slashes > MAX_SLASHES:
                return 0
        for at in range(self.scan.doubtful.size()):
            if self.scan.doubtful[at] and self.circular(<int32_t> at):
                return 0
        return 1

    cdef bint circular(self, int32_t subsystem):
        """Say whether the edges of a subsystem have a cycle (Kahn: what has no parent goes)."""
        cdef vector[int32_t] parents, starts, children, free
        cdef size_t at, rows = self.scan.records.size()
        cdef int64_t left = 0
        cdef int32_t row, child
        parents.assign(rows, 0)
        starts.assign(rows + 1, 0)
        for at in range(self.scan.joins.size()):
            if self.scan.joins[at].subsystem == subsystem:
                starts[self.scan.joins[at].source + 1] += 1
                parents[self.scan.joins[at].target] += 1
                left += 1
        for at in range(rows):
            starts[at + 1] += starts[at]
            if parents[at] == 0:
                free.push_back(<int32_t> at)
        children.resize(left)
        cdef vector[int32_t] places = starts
        for at in range(self.scan.joins.size()):
            if self.scan.joins[at].subsystem == subsystem:
                row = self.scan.joins[at].source
                children[places[row]] = self.scan.joins[at].target
                places[row] += 1
        while not free.empty():
            row = free.back()
            free.pop_back()
            for at in range(starts[row], starts[row + 1]):
                child = children[at]
                left -= 1
                parents[child] -= 1
                if parents[child] == 0:
                    free.push_back(child)
        return left > 0

    # ---- filling ----

    cdef int fill(self, FlatGraph flat, bint keep_units) except -1:
        """Add vertices, edges, roots and paths in that order, which the numbers of names follow."""
        cdef size_t at
        cdef int8_t subsystem
        flat.reserve(self.scan.records.size())
        self.fill_vertices(flat, keep_units)
        self.subsystem_ids = [None] * self.scan.subsystems.texts.size()
        for at in range(self.scan.joins.size()):
            subsystem = self.subsystem_id(flat, self.scan.joins[at].subsystem)
            flat.join(self.scan.joins[at].source, self.scan.joins[at].target, subsystem)
        for at in range(self.root_rows.size()):
            name = self.scan.subsystems.texts[self.root_subsystems[at]].decode()
            flat.set_root(name, self.root_rows[at])
        self.fill_paths(flat)
        return 0

    cdef int8_t subsystem_id(self, FlatGraph flat, int32_t subsystem) except -1:
        found = self.subsystem_ids[subsystem]
        if found is None:
            found = flat.subsystem_id(self.scan.subsystems.texts[subsystem].decode())
            self.subsystem_ids[subsystem] = found
        return found

    cdef int fill_vertices(self, FlatGraph flat, bint keep_units) except -1:
        cdef Record* record
        cdef size_t at
        cdef int32_t row
        types = [flat.type_id(text.decode()) for text in self.scan.types.texts]
        maps = [flat.property_map_id(found) for found in self.scan.property_maps]
        units = [flat.unit_id(text.decode()) if keep_units else 0 for text in self.scan.units.texts]
        names = [flat.string_id(text.decode()) for text in self.scan.names.texts]
        for at in range(self.scan.records.size()):
            record = &self.scan.records[at]
            row = flat.new_row(
                types[record.type], record.id, record.uniq, record.rank, record.size
            )
            if record.basename >= 0:
                flat.v_basename[row] = names[record.basename]
            if record.name >= 0:
                flat.v_name[row] = names[record.name]
            if record.unit >= 0:
                flat.v_unit[row] = units[record.unit]
            if record.properties >= 0:
                flat.v_properties[row] = maps[record.properties]
            if record.down:
                flat.v_flags[row] |= DOWN
            if record.divisible:
                flat.divide(row)
        return 0

    cdef int fill_paths(self, FlatGraph flat) except -1:
        cdef size_t at
        cdef int32_t row = 0
        cdef Path path
        for at in range(self.scan.paths.size()):
            path = self.scan.paths[at]
            if path.subsystem == 0 and self.scan.records[row].above >= 0:
                flat.v_above[row] = self.scan.records[row].above
            else:
                name = self.scan.subsystems.texts[path.subsystem].decode()
                text = path.at[:path.size].decode()
                if text == f"/{flat.name(row)}":
                    flat.set_path_under(row, name, -1)
                else:
                    flat.set_path(row, name, text)
            row += path.last
        return 0
