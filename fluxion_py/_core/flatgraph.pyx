# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""The resource graph as columns.

Flows in: vertices and edges from a reader, one by one or in bulk. Flows out: answers about one
vertex, index look-ups, and the columns themselves to the engine (see the .pxd, read it first).
About 78 bytes per vertex with its edge. Look-ups by path, name and rank are O(log n) after an
index of O(n log n) is built on first use, which then keeps up with growth (`RowIndex`); all else is
O(1) or the size of its answer.
A graph belongs to one thread.
"""

from array import array

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint64_t
from libcpp.string cimport string, to_string
from libcpp.unordered_set cimport unordered_set
from libcpp.vector cimport vector

from fluxion_py._core.row_index cimport RowIndex

from fluxion_py.errors import GraphError

RESERVED_TYPES = (
    "cluster", "core", "socket", "gpu", "node", "rack", "slot", "xor_slot", "ssd", "storage_node",
)
cdef int MAX_PATH_DEPTH = 1000      # levels of a path, as of the engine's trees
cdef int64_t MAX_ROWS = 0x7FFFFFFF  # rows and edges are numbered by 32 bits
cdef int64_t MAX_UNITS = <int64_t> 1 << 62  # sizes of a graph add up to this: no sum overflows
cdef size_t MOST_TOUCHED = 1 << 14  # changes of properties that are remembered one by one
cdef uint64_t FNV_START = 14695981039346656037ULL


cdef class FlatGraph:
    """Vertices and edges as growable columns; a vertex is a *row* (an int from 0)."""

    def __init__(self):
        self.string_ids = {}
        self.type_names = []
        self.type_ids = {}
        self.subsystem_names = ["containment"]
        self.subsystem_ids = {"containment": 0}
        self.units = [""]
        self.unit_ids = {"": 0}
        self.property_maps = []
        self.property_ids = {}
        self.own_paths = {}
        self.counted = {}
        self.roots = {}
        self.path_index = RowIndex()
        self.name_index = RowIndex()
        self.rank_index = RowIndex()
        for name in RESERVED_TYPES:
            self.type_id(name)

    # ---- names ----

    def type_id(self, str name not None):
        """Return the number of a type, giving it the next one if it is new."""
        found = self.type_ids.get(name)
        if found is None:
            found = len(self.type_names)
            if found > 32000:
                raise GraphError("more than 32000 resource types")
            name.encode()       # refuses what is no text, before it is taken in
            self.type_ids[name] = found
            self.type_names.append(name)
        return found

    def find_type(self, str name not None):
        """Return the number of a type, -1 if no vertex or reserved name has it."""
        return self.type_ids.get(name, -1)

    def types(self):
        """Return all type names in intern order."""
        return list(self.type_names)

    def subsystem_id(self, str name not None):
        """Return the number of a subsystem, giving it the next one if it is new."""
        found = self.subsystem_ids.get(name)
        if found is None:
            found = len(self.subsystem_names)
            if found > 120:
                raise GraphError("more than 120 subsystems")
            self.subsystem_ids[name] = found
            self.subsystem_names.append(name)
        return found

    def find_subsystem(self, str name not None):
        """Return the number of a subsystem, -1 if it is unknown."""
        return self.subsystem_ids.get(name, -1)

    def subsystems(self):
        """Return all subsystem names; containment is the first."""
        return list(self.subsystem_names)

    cdef int32_t string_id(self, str text) except -2:
        found = self.string_ids.get(text)
        if found is None:
            found = <int32_t> self.strings.size()
            self.strings.push_back(text.encode())
            self.string_ids[text] = found
        return found

    # ---- growth ----

    def reserve(self, int64_t vertices):
        """Make room for that many more vertices, one edge each, so that growth copies nothing.

        A graph that grows by little has an eighth more room made, so that it is copied seldom.
        """
        if not 0 <= vertices <= MAX_ROWS:
            raise ValueError(f"room for {vertices} vertices, not 0 to {MAX_ROWS}")
        if self.v_type.size() + vertices <= self.v_type.capacity() and (
            self.e_source.size() + vertices <= self.e_source.capacity()
        ):
            return
        vertices = max(vertices, <int64_t> self.v_type.size() // 8)
        cdef size_t total = self.v_type.size() + vertices
        self.v_type.reserve(total)
        self.v_flags.reserve(total)
        self.v_id.reserve(total)
        self.v_uniq.reserve(total)
        self.v_rank.reserve(total)
        self.v_size.reserve(total)
        self.v_basename.reserve(total)
        self.v_name.reserve(total)
        self.v_unit.reserve(total)
        self.v_properties.reserve(total)
        self.v_above.reserve(total)
        self.v_first_out.reserve(total)
        self.v_last_out.reserve(total)
        self.v_first_in.reserve(total)
        total = self.e_source.size() + vertices
        self.e_source.reserve(total)
        self.e_target.reserve(total)
        self.e_subsystem.reserve(total)
        self.e_next_out.reserve(total)
        self.e_next_in.reserve(total)

    cdef int check_units(self, int64_t vertices, int64_t size) except -1:
        """Refuse vertices that would make the graph larger than its sums can count."""
        if size < 0:
            raise GraphError(f"size {size} is negative")
        if vertices > MAX_ROWS - <int64_t> self.v_type.size():
            raise GraphError(f"more than {MAX_ROWS} vertices")
        if vertices and size > (MAX_UNITS - self.total_size) // vertices:
            raise GraphError(f"the sizes add up to more than {MAX_UNITS}")
        return 0

    cdef int32_t new_row(
        self, int16_t type, int64_t id, int64_t uniq, int32_t rank, int64_t size
    ) except -1:
        cdef int32_t row = <int32_t> self.v_type.size()
        self.v_type.push_back(type)
        self.v_flags.push_back(ALIVE)
        self.v_id.push_back(id)
        self.v_uniq.push_back(uniq)
        self.v_rank.push_back(rank)
        self.v_size.push_back(size)
        self.v_basename.push_back(-1)
        self.v_name.push_back(-1)
        self.v_unit.push_back(0)
        self.v_properties.push_back(-1)
        self.v_above.push_back(NO_PATH)
        self.v_first_out.push_back(-1)
        self.v_last_out.push_back(-1)
        self.v_first_in.push_back(-1)
        self.vertex_count += 1
        self.total_size += size
        self.epoch += 1
        return row

    cdef int32_t new_edge(self, int32_t source, int32_t target, int8_t subsystem) except -1:
        cdef int32_t edge = <int32_t> self.e_source.size()
        if <int64_t> self.e_source.size() >= MAX_ROWS:
            raise GraphError(f"more than {MAX_ROWS} edges")
        self.e_source.push_back(source)
        self.e_target.push_back(target)
        self.e_subsystem.push_back(subsystem)
        self.e_next_out.push_back(-1)
        self.e_next_in.push_back(self.v_first_in[target])
        self.v_first_in[target] = edge
        if self.v_last_out[source] < 0:
            self.v_first_out[source] = edge
        else:
            self.e_next_out[self.v_last_out[source]] = edge
        self.v_last_out[source] = edge
        self.edge_count += 1
        self.epoch += 1
        return edge

    def add_vertex(
        self, str type not None, str basename not None, int64_t id, str name not None,
        int64_t uniq_id, int32_t rank=-1, int64_t size=1, str unit="", properties=None,
        bint up=True, bint divisible=False,
    ):
        """Append one vertex without edges or paths and return its row.

        Of a `divisible` one a request may take some units; it must stay without edges out.
        """
        self.check_units(1, size)
        cdef int16_t type_id = self.type_id(type)
        cdef int16_t unit_id = self.unit_id(unit) if unit else 0
        cdef int32_t own_base = -1 if basename == type else self.string_id(basename)
        cdef int32_t own_name = -1
        cdef int32_t own_properties = self.property_map_id(properties) if properties else -1
        if name != (basename if id == -1 else f"{basename}{id}"):
            own_name = self.string_id(name)
        cdef int32_t row = self.new_row(type_id, id, uniq_id, rank, size)
        self.v_basename[row] = own_base
        self.v_name[row] = own_name
        self.v_unit[row] = unit_id
        self.v_properties[row] = own_properties
        if not up:
            self.v_flags[row] |= DOWN
        if divisible:
            self.divide(row)
        return row

    cdef int64_t unit_id(self, str unit) except -1:
        """Return the number of a unit text, giving it the next one if it is new."""
        found = self.unit_ids.get(unit)
        if found is None:
            found = len(self.units)
            if found > 32000:
                raise GraphError("more than 32000 units")
            self.unit_ids[unit] = found
            self.units.append(unit)
        return found

    cdef int64_t property_map_id(self, properties) except -2:
        """Return the number of a property map; equal maps are stored once."""
        key = tuple(sorted(properties.items()))
        if not key:
            return -1
        found = self.property_ids.get(key)
        if found is None:
            for name, value in key:
                if not (isinstance(name, str) and isinstance(value, str)):
                    raise TypeError(f"property {name!r} = {value!r} is not text")
            found = len(self.property_maps)
            self.property_ids[key] = found
            self.property_maps.append(dict(key))
        return found

    def add_children(
        self, parents, int64_t per_parent, str type not None, str basename not None, ids,
        int64_t size, str unit, str subsystem not None, int64_t first_rank=-1,
        bint divisible=False,
    ):
        """Append `per_parent` children to each parent and return the range of their rows.

        `ids` has `len(parents) * per_parent` entries, parent by parent; names are basename + id.
        """
        cdef const int32_t[::1] above = array("i", parents)
        cdef const int64_t[::1] numbers = ids if isinstance(ids, array) else array("q", ids)
        cdef int64_t i, _, k = 0, start = <int64_t> self.v_type.size()
        if not 0 <= per_parent <= MAX_ROWS or numbers.shape[0] != above.shape[0] * per_parent:
            raise ValueError(f"{numbers.shape[0]} ids for {above.shape[0]} x {per_parent} children")
        if first_rank > MAX_ROWS - numbers.shape[0]:
            raise GraphError(f"ranks from {first_rank} on are too large")
        self.check_units(numbers.shape[0], size)
        for i in range(above.shape[0]):
            self.check_live(above[i])
            self.check_whole(above[i])
        cdef int16_t type_id = self.type_id(type)
        cdef int8_t subsystem_id = self.subsystem_id(subsystem)
        cdef int32_t base = -1 if basename == type else self.string_id(basename)
        cdef int16_t unit_id = self.unit_id(unit) if unit else 0
        cdef int32_t row
        if numbers.shape[0] > 1000:
            self.reserve(numbers.shape[0])
        for i in range(above.shape[0]):
            for _ in range(per_parent):
                row = self.new_row(
                    type_id, numbers[k], start + k,
                    -1 if first_rank < 0 else <int32_t> (first_rank + k), size
                )
                self.v_basename[row] = base
                self.v_unit[row] = unit_id
                self.new_edge(above[i], row, subsystem_id)
                if divisible:
                    self.divide(row)
                if subsystem_id == 0:
                    self.v_above[row] = above[i]
                k += 1
        if subsystem_id != 0:
            for i in range(k):
                self.set_path_under(start + i, subsystem, above[i // per_parent])
        return range(start, start + k)

    def add_edge(self, int64_t source, int64_t target, str subsystem not None="containment"):
        """Join two vertices; an edge that joins them already only changes its subsystem.

        That is the reference's rule (resource-graph.md 2). O(in-degree of the target).
        """
        self.check_live(source)
        self.check_live(target)
        self.join(source, target, self.subsystem_id(subsystem))

    cdef int join(self, int32_t source, int32_t target, int8_t subsystem) except -1:
        """As `add_edge` for live rows."""
        self.check_whole(source)
        cdef int32_t edge = self.v_first_in[target]
        while edge >= 0:
            if self.e_source[edge] == source:
                self.e_subsystem[edge] = subsystem
                self.epoch += 1
                self.reshaped += 1
                return 0
            edge = self.e_next_in[edge]
        self.new_edge(source, target, subsystem)
        return 0

    def set_path(self, int64_t row, str subsystem not None, str path not None):
        """Give a vertex an absolute path in a subsystem; the last one given counts."""
        self.check_live(row)
        cdef int64_t subsystem_id = self.subsystem_id(subsystem)
        self.own_paths[(row, subsystem_id)] = path
        if subsystem_id == 0:
            self.v_above[row] = OWN_PATH
        if <size_t> row < self.path_index.rows:
            self.path_index.forget()
        self.epoch += 1

    def set_path_under(self, int64_t row, str subsystem not None, int64_t parent):
        """Give a vertex the path "parent's path/name" in a subsystem; -1 as parent: "/name"."""
        cdef int64_t above = parent if subsystem == "containment" else -1
        cdef int depth = 0
        self.check_live(row)
        if parent != -1:
            self.check_live(parent)
        while above >= 0:
            if above == row or depth >= MAX_PATH_DEPTH:
                raise GraphError(
                    f"the path of {self.name(row)} would go round in a circle" if above == row
                    else f"the path of {self.name(row)} has more than {MAX_PATH_DEPTH} levels"
                )
            above = self.v_above[above]
            depth += 1
        if self.subsystem_id(subsystem) == 0:
            self.own_paths.pop((row, 0), None)
            self.v_above[row] = parent
            if <size_t> row < self.path_index.rows:
                self.path_index.forget()
            self.epoch += 1
        else:
            start = self.path(parent, subsystem) if parent >= 0 else ""
            self.set_path(row, subsystem, f"{start or ''}/{self.name(row)}")

    def set_root(self, str subsystem not None, int64_t row):
        """Make a vertex the root of a subsystem."""
        self.check_live(row)
        self.roots[self.subsystem_id(subsystem)] = row
        self.reshaped += 1

    cdef void unlink_edge(self, int32_t edge) noexcept:
        cdef int32_t source = self.e_source[edge], target = self.e_target[edge]
        cdef int32_t before = -1, at = self.v_first_out[source]
        while at != edge:
            before = at
            at = self.e_next_out[at]
        if before < 0:
            self.v_first_out[source] = self.e_next_out[edge]
        else:
            self.e_next_out[before] = self.e_next_out[edge]
        if self.v_last_out[source] == edge:
            self.v_last_out[source] = before
        before = -1
        at = self.v_first_in[target]
        while at != edge:
            before = at
            at = self.e_next_in[at]
        if before < 0:
            self.v_first_in[target] = self.e_next_in[edge]
        else:
            self.e_next_in[before] = self.e_next_in[edge]
        self.edge_count -= 1

    def hanging_below(self, int64_t row):
        """Return a vertex and all that hangs below it alone (containment).

        A vertex that has a containment parent outside does not count. O(size of the answer).
        """
        self.check_live(row)
        cdef list found = [row]
        cdef set inside = {row}
        cdef int32_t edge, incoming
        cdef size_t at = 0
        while at < len(found):
            edge = self.v_first_out[<int64_t> found[at]]
            at += 1
            while edge >= 0:
                target = self.e_target[edge]
                if self.e_subsystem[edge] == 0 and target not in inside:
                    incoming = self.v_first_in[<int32_t> target]
                    while incoming >= 0 and (
                        self.e_subsystem[incoming] != 0 or self.e_source[incoming] in inside
                    ):
                        incoming = self.e_next_in[incoming]
                    if incoming < 0:
                        inside.add(target)
                        found.append(target)
                edge = self.e_next_out[edge]
        return found

    def detach(self, int64_t row):
        """Remove a vertex and all that hangs below it alone; return the removed rows.

        Cost: the size of the removed part, and the fan-out of the parent.
        """
        cdef list gone = self.hanging_below(row)
        cdef set inside = set(gone)
        for victim in gone:
            while self.v_first_out[<int64_t> victim] >= 0:
                self.unlink_edge(self.v_first_out[<int64_t> victim])
            while self.v_first_in[<int64_t> victim] >= 0:
                self.unlink_edge(self.v_first_in[<int64_t> victim])
            self.v_flags[<int64_t> victim] &= ~ALIVE
        self.roots = {k: v for k, v in self.roots.items() if v not in inside}
        self.vertex_count -= len(gone)
        self.epoch += 1
        self.reshaped += 1
        return gone

    # ---- the whole graph ----

    def __len__(self):
        return self.v_type.size()

    def rows(self):
        """Return the live rows in ascending order."""
        cdef size_t row
        return [row for row in range(self.v_flags.size()) if self.v_flags[row] & ALIVE]

    def root(self, str subsystem="containment"):
        """Return the root row of a subsystem, -1 if it has none."""
        return self.roots.get(self.find_subsystem(subsystem), -1)

    # ---- one vertex ----

    cdef int check(self, int64_t row) except -1:
        if row < 0 or row >= <int64_t> self.v_type.size():
            raise IndexError(f"no vertex {row}")
        return 0

    cdef int check_live(self, int64_t row) except -1:
        self.check(row)
        if not self.v_flags[row] & ALIVE:
            raise IndexError(f"vertex {row} was removed")
        return 0

    def alive(self, int64_t row):
        """Say whether the vertex still exists."""
        return 0 <= row < <int64_t> self.v_type.size() and bool(self.v_flags[row] & ALIVE)

    def type(self, int64_t row):
        """Return the type name."""
        self.check(row)
        return self.type_names[self.v_type[row]]

    def basename(self, int64_t row):
        """Return the name without its number."""
        self.check(row)
        if self.v_basename[row] < 0:
            return self.type_names[self.v_type[row]]
        return self.strings[self.v_basename[row]].decode()

    def id(self, int64_t row):
        """Return the local number, -1 for none."""
        self.check(row)
        return self.v_id[row]

    def name(self, int64_t row):
        """Return the name, normally basename + id."""
        self.check(row)
        if self.v_name[row] >= 0:
            return self.strings[self.v_name[row]].decode()
        if self.v_id[row] == -1:
            return self.basename(row)
        return f"{self.basename(row)}{self.v_id[row]}"

    def uniq_id(self, int64_t row):
        """Return the number that is unique in the graph."""
        self.check(row)
        return self.v_uniq[row]

    def rank(self, int64_t row):
        """Return the execution target, -1 for none."""
        self.check(row)
        return self.v_rank[row]

    def set_rank(self, int64_t row, int32_t rank):
        """Change the execution target."""
        self.check(row)
        self.v_rank[row] = rank
        if <size_t> row < self.rank_index.rows:
            self.rank_index.forget()
        self.touch(<int32_t> row)
        self.epoch += 1

    cdef int divide(self, int32_t row) except -1:
        """Mark a new row as divisible."""
        cdef int16_t type = self.v_type[row]
        self.v_flags[row] |= DIVISIBLE
        if self.divisible_rows.size() <= <size_t> type:
            self.divisible_rows.resize(type + 1, 0)
        self.divisible_rows[type] += 1
        self.divisible_count += 1
        return 0

    cdef bint divides(self, int16_t type) noexcept:
        """Say whether some vertex of the type is divisible."""
        return <size_t> type < self.divisible_rows.size() and self.divisible_rows[type] > 0

    cdef int check_whole(self, int64_t row) except -1:
        if self.v_flags[row] & DIVISIBLE:
            raise GraphError(f"{self.name(row)} is divisible: nothing can be below it")
        return 0

    def divisible(self, int64_t row):
        """Say whether a request may take a part of the vertex's units."""
        self.check(row)
        return bool(self.v_flags[row] & DIVISIBLE)

    def divisible_types(self):
        """Return the names of the types of which some vertex is divisible."""
        return [name for name in self.type_names if self.divides(self.type_ids[name])]

    cpdef int set_size(self, int32_t row, int64_t size, int64_t held) except -1:
        """Change the units of a divisible row, of which jobs hold `held`.

        An engine on this graph must be told: Engine.resize does both.
        """
        self.check_live(row)
        if not self.v_flags[row] & DIVISIBLE:
            raise GraphError(f"{self.name(row)} is not divisible: its size is fixed")
        cdef int64_t before = self.counted.get(row, self.v_size[row]), after = max(size, held)
        self.total_size -= before
        try:
            self.check_units(1, size)
            self.check_units(1, after)
        except GraphError:
            self.total_size += before
            raise
        self.total_size += after
        self.counted[row] = after
        if after == size:
            del self.counted[row]
        self.v_size[row] = size
        self.size_epoch += 1
        return 0

    def size(self, int64_t row):
        """Return the units of the pool."""
        self.check(row)
        return self.v_size[row]

    def unit(self, int64_t row):
        """Return the unit text."""
        self.check(row)
        return self.units[self.v_unit[row]]

    def up(self, int64_t row):
        """Say whether the vertex's own status is up."""
        self.check(row)
        return not self.v_flags[row] & DOWN

    def set_up(self, int64_t row, bint up):
        """Set the vertex's own status. An engine on this graph must be told: Engine.set_status."""
        self.check(row)
        if up:
            self.v_flags[row] &= ~DOWN
        else:
            self.v_flags[row] |= DOWN

    def properties(self, int64_t row):
        """Return a copy of the properties, ordered by key."""
        self.check(row)
        if self.v_properties[row] < 0:
            return {}
        return dict(self.property_maps[self.v_properties[row]])

    def property_keys(self):
        """Return the keys of the properties of all live vertices, ordered. O(vertices)."""
        cdef size_t row
        used = {
            self.v_properties[row] for row in range(self.v_type.size())
            if self.v_properties[row] >= 0 and self.v_flags[row] & ALIVE
        }
        return sorted({key for at in used for key in self.property_maps[at]})

    def set_property(self, int64_t row, str key not None, str value not None):
        """Set one property, replacing an old value."""
        self.check(row)
        self.v_properties[row] = self.property_map_id({**self.properties(row), key: value})
        self.touch(<int32_t> row)

    def remove_property(self, int64_t row, str key):
        """Remove one property; a missing one is no error."""
        self.check(row)
        kept = {k: v for k, v in self.properties(row).items() if k != key}
        self.v_properties[row] = self.property_map_id(kept)
        self.touch(<int32_t> row)

    cdef int touch(self, int32_t row) except -1:
        """Remember that the properties or the rank of a vertex have changed."""
        if self.touched.size() >= MOST_TOUCHED:
            self.touched.clear()
        self.touched.push_back(row)
        self.property_epoch += 1
        return 0

    def touched_since(self, int64_t property_epoch):
        """Return the rows whose properties or rank have changed since; None if it is too long ago.

        `property_epoch` is the graph's as it was then.
        """
        cdef int64_t count = self.property_epoch - property_epoch
        cdef int64_t known = <int64_t> self.touched.size()
        if not 0 <= count <= known:
            return None
        return [self.touched[at] for at in range(known - count, known)]

    def path(self, int64_t row, str subsystem="containment"):
        """Return the absolute path in a subsystem, None if the vertex is not in it. O(depth)."""
        self.check(row)
        cdef int64_t subsystem_id = self.subsystem_ids.get(subsystem, -1)
        if subsystem_id != 0 or self.v_above[row] == OWN_PATH:
            return self.own_paths.get((row, subsystem_id))
        if self.v_above[row] == NO_PATH:
            return None
        parts = []
        while True:
            parts.append(self.name(row))
            if self.v_above[row] < 0:
                break
            row = self.v_above[row]
            if self.v_above[row] == OWN_PATH:
                return "/".join([self.own_paths[(row, 0)], *reversed(parts)])
        return "/" + "/".join(reversed(parts))

    def paths(self, int64_t row):
        """Return the path of every subsystem the vertex is in, ordered by subsystem name."""
        found = {}
        for subsystem in sorted(self.subsystem_names):
            path = self.path(row, subsystem)
            if path is not None:
                found[subsystem] = path
        return found

    def out_edges(self, int64_t row):
        """Return (target row, subsystem id) in order of insertion."""
        self.check(row)
        found = []
        cdef int32_t edge = self.v_first_out[row]
        while edge >= 0:
            found.append((self.e_target[edge], self.e_subsystem[edge]))
            edge = self.e_next_out[edge]
        return found

    def in_edges(self, int64_t row):
        """Return (source row, subsystem id), oldest edge first."""
        self.check(row)
        found = []
        cdef int32_t edge = self.v_first_in[row]
        while edge >= 0:
            found.append((self.e_source[edge], self.e_subsystem[edge]))
            edge = self.e_next_in[edge]
        return found[::-1]

    # ---- indexes ----

    cdef string name_text(self, int64_t row):
        if self.v_name[row] >= 0:
            return self.strings[self.v_name[row]]
        cdef string text
        if self.v_basename[row] >= 0:
            text = self.strings[self.v_basename[row]]
        else:
            text = (<str> self.type_names[self.v_type[row]]).encode()
        if self.v_id[row] != -1:
            text += to_string(<long long> self.v_id[row])
        return text

    cdef int renew_names(self) except -1:
        """Take rows that are new into the index by name."""
        cdef size_t row, rows = self.v_type.size()
        for row in range(self.name_index.begin(rows), rows):
            if self.v_flags[row] & ALIVE:
                self.name_index.add(fnv(FNV_START, self.name_text(row)), <int32_t> row)
        return self.name_index.finish(rows)

    cdef vector[uint64_t] path_hashes(self):
        """Return the hash of every containment path; one without counts as a root. O(n)."""
        cdef vector[uint64_t] hashes
        cdef vector[uint8_t] done
        cdef vector[int32_t] climb
        cdef size_t row
        cdef int32_t at
        cdef string slash = b"/"
        hashes.resize(self.v_type.size())
        done.resize(self.v_type.size())
        for row in range(self.v_type.size()):
            at = <int32_t> row
            while not done[at] and self.v_above[at] >= 0:
                climb.push_back(at)
                at = self.v_above[at]
            if not done[at]:
                done[at] = 1
                if self.v_above[at] == OWN_PATH:
                    hashes[at] = fnv(FNV_START, (<str> self.own_paths[(at, 0)]).encode())
                else:
                    hashes[at] = fnv(fnv(FNV_START, slash), self.name_text(at))
            while not climb.empty():
                at = climb.back()
                climb.pop_back()
                hashes[at] = fnv(fnv(hashes[self.v_above[at]], slash), self.name_text(at))
                done[at] = 1
        return hashes

    cdef uint64_t path_hash(self, int32_t row) except? 0:
        """Return the hash of one containment path. O(depth)."""
        cdef vector[int32_t] climb
        cdef uint64_t found
        cdef string slash = b"/"
        while self.v_above[row] >= 0:
            climb.push_back(row)
            row = self.v_above[row]
        if self.v_above[row] == OWN_PATH:
            found = fnv(FNV_START, (<str> self.own_paths[(row, 0)]).encode())
        else:
            found = fnv(fnv(FNV_START, slash), self.name_text(row))
        while not climb.empty():
            found = fnv(fnv(found, slash), self.name_text(climb.back()))
            climb.pop_back()
        return found

    cdef int renew_paths(self) except -1:
        """Take rows that are new into the index by path: O(depth) each, all O(n log n)."""
        cdef size_t row, rows = self.v_type.size(), first = self.path_index.begin(rows)
        cdef vector[uint64_t] hashes
        if first == 0:
            hashes = self.path_hashes()
        for row in range(first, rows):
            if self.v_flags[row] & ALIVE and self.v_above[row] != NO_PATH:
                self.path_index.add(
                    hashes[row] if first == 0 else self.path_hash(<int32_t> row), <int32_t> row
                )
        if first == 0:
            named = [key for key in self.own_paths if key[1] != 0]
        else:
            others = range(1, len(self.subsystem_names))
            named = [(row, other) for row in range(first, rows) for other in others]
        for key in named:
            text = self.own_paths.get(key)
            if text is not None and self.alive(key[0]):
                self.path_index.add(fnv(FNV_START, (<str> text).encode()), key[0])
        return self.path_index.finish(rows)

    def rows_at(self, str path not None):
        """Return the vertices with this path in any subsystem, in order of creation."""
        if self.path_index.rows != self.v_type.size():
            self.renew_paths()
        found = []
        for row in self.path_index.find(fnv(FNV_START, path.encode())):
            if row not in found and self.alive(row) and path in self.paths(row).values():
                found.append(row)
        return found

    def rows_named(self, str name not None):
        """Return the vertices with this name, in order of creation."""
        if self.name_index.rows != self.v_type.size():
            self.renew_names()
        return [
            row for row in self.name_index.find(fnv(FNV_START, name.encode()))
            if self.alive(row) and self.name(row) == name
        ]

    cdef int renew_ranks(self) except -1:
        """Take rows that are new into the index by rank."""
        cdef size_t row, rows = self.v_type.size()
        for row in range(self.rank_index.begin(rows), rows):
            if self.v_flags[row] & ALIVE:
                self.rank_index.add(<uint64_t> <int64_t> self.v_rank[row], <int32_t> row)
        return self.rank_index.finish(rows)

    def rows_of_rank(self, int64_t rank):
        """Return the vertices of an execution target, in order of creation."""
        if self.rank_index.rows != self.v_type.size():
            self.renew_ranks()
        return [row for row in self.rank_index.find(<uint64_t> rank) if self.alive(row)]

    def ranks(self):
        """Return rank -> number of vertices, ascending; -1 counts those without a rank. O(n)."""
        cdef size_t row
        found = {}
        for row in range(self.v_type.size()):
            if self.v_flags[row] & ALIVE:
                found[self.v_rank[row]] = found.get(self.v_rank[row], 0) + 1
        return dict(sorted(found.items()))

    def rows_of_type(self, str type):
        """Return the vertices of a type in order of creation. O(n)."""
        cdef int64_t wanted = self.find_type(type)
        cdef size_t row
        return [
            row for row in range(self.v_type.size())
            if self.v_type[row] == wanted and self.v_flags[row] & ALIVE
        ]

    def index_sizes(self):
        """Return how many distinct types, names and paths there are. O(n)."""
        cdef size_t row
        cdef unordered_set[uint64_t] names, paths
        cdef vector[uint64_t] hashes = self.path_hashes()
        for row in range(self.v_type.size()):
            if self.v_flags[row] & ALIVE:
                names.insert(fnv(FNV_START, self.name_text(row)))
                if self.v_above[row] != NO_PATH:
                    paths.insert(hashes[row])
        for (owner, subsystem), text in self.own_paths.items():
            if subsystem != 0 and self.alive(owner):
                paths.insert(fnv(FNV_START, (<str> text).encode()))
        return len(self.counts()), names.size(), paths.size()

    def counts(self):
        """Return type -> number of live vertices, in order of each type's first vertex."""
        cdef vector[int64_t] found
        cdef size_t row
        order = []
        found.resize(len(self.type_names))
        for row in range(self.v_type.size()):
            if self.v_flags[row] & ALIVE:
                if found[self.v_type[row]] == 0:
                    order.append(self.v_type[row])
                found[self.v_type[row]] += 1
        return {self.type_names[type]: found[<int64_t> type] for type in order}

    def memory(self):
        """Return the bytes held by the columns and indexes."""
        return (
            self.v_type.capacity() * (2 + 1 + 8 * 3 + 4 * 4 + 2 + 4 * 4)
            + self.e_source.capacity() * 17
            + (
                self.path_index.entries.capacity() + self.name_index.entries.capacity()
                + self.rank_index.entries.capacity()
            ) * 16
        )
