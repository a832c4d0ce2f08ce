# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Columns -> the text of vertices and edges, of whole graphs and of selections.

Flows in: a graph, and how the format escapes a text. Flows out: `vertices(n)` and `edges(n)` give
the next n of them as text, "" at the end; `chosen` and `joined` give one. What stands around them
is written by `writers`. About 0.5 us per vertex and edge. The graph must not change meanwhile.
"""

from libc.stdint cimport int32_t, int64_t
from libcpp.string cimport string, to_string
from libcpp.vector cimport vector

from fluxion_py._core.flatgraph cimport ALIVE, DIVISIBLE, DOWN, NO_PATH, OWN_PATH, FlatGraph


cdef string utf8(str text):
    """Return the bytes of a text; half of a surrogate pair, which a property may hold, is kept."""
    return text.encode("utf-8", "surrogatepass")


def plain_bytes(escape):
    """Return a table of bytes: 1 for those that an escaping function surely leaves as they are."""
    return bytes(code < 128 and escape(chr(code)) == chr(code) for code in range(256))


cdef class GraphText:
    """The cursor; the classes below say how a vertex and an edge look."""

    def __init__(
        self, FlatGraph graph not None, escape, bytes plain not None, write_properties,
        str between=""
    ):
        if len(plain) != 256:
            raise ValueError("plain needs an entry for every byte")
        self.graph = graph
        self.escape = escape
        self.plain = plain
        self.write_properties = write_properties
        self.between = utf8(between)
        self.next_edge = self.parent = -1
        self.types = [name.encode() for name in graph.type_names]
        self.subsystems = [name.encode() for name in graph.subsystem_names]
        names = graph.subsystem_names
        self.order = sorted(range(len(names)), key=names.__getitem__)
        self.properties = {}

    # ---- the cursor ----

    def vertices(self, int64_t most):
        """Return the text of the next vertices, at most so many; "" if there are no more."""
        if self.next_vertex == 0:
            self.begun = False
        while most > 0 and self.next_vertex < self.graph.v_type.size():
            if self.graph.v_flags[self.next_vertex] & ALIVE:
                if self.begun:
                    self.out += self.between
                self.begun = True
                self.vertex(<int32_t> self.next_vertex)
                most -= 1
            self.next_vertex += 1
        return self.taken()

    def edges(self, int64_t most):
        """Return the text of the next edges, by source and in order of insertion; as `vertices`."""
        if self.next_source == 0 and self.next_edge < 0:
            self.begun = False
        while most > 0 and self.next_source < self.graph.v_type.size():
            if self.next_edge < 0:
                self.next_edge = self.graph.v_first_out[self.next_source]
            while most > 0 and self.next_edge >= 0:
                if self.begun:
                    self.out += self.between
                self.begun = True
                self.edge(self.next_edge)
                most -= 1
                self.next_edge = self.graph.e_next_out[self.next_edge]
            if self.next_edge < 0:
                self.next_source += 1
        return self.taken()

    cdef str taken(self):
        cdef str text = self.out.decode("utf-8", "surrogatepass")
        self.out.clear()
        return text

    cdef int vertex(self, int32_t row) except -1:
        raise NotImplementedError

    cdef int edge(self, int32_t edge) except -1:
        raise NotImplementedError

    # ---- parts ----

    cdef void put(self, const char* text):
        self.out.append(text)

    cdef int text(self, const string& text) except -1:
        """Write a name, escaped if it has a byte that may need it."""
        cdef const unsigned char* plain = self.plain
        cdef size_t i
        for i in range(text.size()):
            if not plain[<unsigned char> text[i]]:
                self.out += utf8(self.escape(text.decode()))
                return 0
        self.out += text
        return 0

    cdef void number(self, int64_t value):
        self.out += to_string(<long long> value)

    cdef int basename(self, int32_t row) except -1:
        if self.graph.v_basename[row] < 0:
            return self.text(self.types[self.graph.v_type[row]])
        return self.text(self.graph.strings[self.graph.v_basename[row]])

    cdef int name(self, int32_t row) except -1:
        if self.graph.v_name[row] >= 0:
            return self.text(self.graph.strings[self.graph.v_name[row]])
        self.basename(row)
        if self.graph.v_id[row] != -1:
            self.number(self.graph.v_id[row])
        return 0

    cdef int properties_of(self, int32_t row) except -1:
        """Write the properties of a vertex that has some; equal maps are turned into text once."""
        cdef int32_t at = self.graph.v_properties[row]
        found = self.properties.get(at)
        if found is None:
            text = self.write_properties(self.graph.property_maps[at])
            self.properties[at] = found = text.encode("utf-8", "surrogatepass")
        self.out += <string> found
        return 0

    cdef bint path(self, int32_t row, int subsystem) except -1:
        """Write the path of a vertex in a subsystem; 0 if it has none."""
        cdef int32_t above = self.graph.v_above[row]
        if subsystem != 0 or above == OWN_PATH:
            text = self.graph.own_paths.get((row, subsystem))
            if text is not None:
                self.out += utf8(self.escape(text))
            return text is not None
        if above == NO_PATH:
            return 0
        if above >= 0:
            if above != self.parent:
                self.remember_path(above)
            self.out += self.parent_path
        self.out.push_back(c"/")
        self.name(row)
        return 1

    cdef int remember_path(self, int32_t row) except -1:
        """Keep the path of a vertex for its children, which mostly stand together."""
        cdef vector[int32_t] climb
        cdef string written
        cdef int32_t at = row
        while at >= 0 and self.graph.v_above[at] != OWN_PATH:
            climb.push_back(at)
            at = self.graph.v_above[at]
        written.swap(self.out)
        if at >= 0:
            self.path(at, 0)
        while not climb.empty():
            self.out.push_back(c"/")
            self.name(climb.back())
            climb.pop_back()
        self.parent_path.swap(self.out)
        self.out.swap(written)
        self.parent = row
        return 0


cdef class JgfText(GraphText):
    """JSON objects of JGF: keys with their default value are left out (resource-graph.md 4)."""

    cdef int vertex(self, int32_t row) except -1:
        """Write a vertex with everything that a reader can restore."""
        self.head(row)
        self.put(b', "uniq_id": ')
        self.number(self.graph.v_uniq[row])
        self.put(b', "rank": ')
        self.number(self.graph.v_rank[row])
        if self.graph.v_flags[row] & DOWN:
            self.put(b', "status": 1')
        self.extras(row)
        if self.graph.v_size[row] != 1:
            self.put(b', "size": ')
            self.number(self.graph.v_size[row])
        self.path_object(row)
        self.put(b"}}")
        return 0

    def chosen(self, int64_t row, int64_t needs, bint exclusive, str more=""):
        """Return the object of a vertex of a selection (matching.md 12).

        `more` is JSON that follows the last key.
        """
        self.graph.check(row)
        self.head(row)
        self.put(b', "rank": ')
        self.number(self.graph.v_rank[row])
        self.extras(row)
        if exclusive:
            self.put(b', "exclusive": true')
        if needs != 1:
            self.put(b', "size": ')
            self.number(needs)
        self.path_object(row)
        if more:
            self.out += utf8(more)
        self.put(b"}}")
        return self.taken()

    def joined(self, int64_t source, int64_t target, int subsystem):
        """Return the object of an edge of a selection."""
        self.graph.check(source)
        self.graph.check(target)
        if not 0 <= subsystem < <int> self.subsystems.size():
            raise IndexError(f"no subsystem {subsystem}")
        self.join(source, target, subsystem)
        return self.taken()

    cdef int head(self, int32_t row) except -1:
        cdef FlatGraph graph = self.graph
        self.put(b'{"id": "')
        self.number(graph.v_uniq[row])
        self.put(b'", "metadata": {"type": "')
        self.text(self.types[graph.v_type[row]])
        if graph.v_basename[row] >= 0:
            self.put(b'", "basename": "')
            self.basename(row)
        if (graph.v_name[row] >= 0 or graph.v_id[row] == -1) and (
            graph.name(row) != f"{graph.basename(row)}{graph.v_id[row]}"
        ):
            self.put(b'", "name": "')
            self.name(row)
        self.put(b'", "id": ')
        self.number(graph.v_id[row])
        return 0

    cdef int extras(self, int32_t row) except -1:
        if self.graph.v_flags[row] & DIVISIBLE:
            self.put(b', "divisible": true')
        if self.graph.v_properties[row] >= 0:
            self.put(b', "properties": ')
            self.properties_of(row)
        if self.graph.v_unit[row] != 0:
            self.put(b', "unit": "')
            self.text(self.graph.units[self.graph.v_unit[row]].encode())
            self.out.push_back(c'"')
        return 0

    cdef int path_object(self, int32_t row) except -1:
        cdef size_t before
        cdef bint first = 1
        self.put(b', "paths": {')
        for subsystem in self.order:
            before = self.out.size()
            if not first:
                self.put(b", ")
            self.out.push_back(c'"')
            self.text(self.subsystems[<int> subsystem])
            self.put(b'": "')
            if self.path(row, subsystem):
                self.out.push_back(c'"')
                first = 0
            else:
                self.out.resize(before)
        self.out.push_back(c"}")
        return 0

    cdef int edge(self, int32_t edge) except -1:
        cdef FlatGraph graph = self.graph
        return self.join(graph.e_source[edge], graph.e_target[edge], graph.e_subsystem[edge])

    cdef int join(self, int32_t source, int32_t target, int subsystem) except -1:
        self.put(b'{"source": "')
        self.number(self.graph.v_uniq[source])
        self.put(b'", "target": "')
        self.number(self.graph.v_uniq[target])
        if subsystem == 0:
            self.put(b'"}')
            return 0
        self.put(b'", "metadata": {"subsystem": "')
        self.text(self.subsystems[subsystem])
        self.put(b'"}}')
        return 0


cdef class DotText(GraphText):
    """Statements of the dot language: vertices by uniq_id, names and subsystems as labels."""

    cdef int vertex(self, int32_t row) except -1:
        self.put(b"  ")
        self.number(self.graph.v_uniq[row])
        self.put(b' [label="')
        self.name(row)
        self.put(b'"];\n')
        return 0

    cdef int edge(self, int32_t edge) except -1:
        self.put(b"  ")
        self.number(self.graph.v_uniq[self.graph.e_source[edge]])
        self.put(b" -> ")
        self.number(self.graph.v_uniq[self.graph.e_target[edge]])
        self.put(b' [label="')
        self.text(self.subsystems[self.graph.e_subsystem[edge]])
        self.put(b'"];\n')
        return 0


cdef class GraphmlText(GraphText):
    """Elements of GraphML with the fields of a vertex, its properties and its paths.

    `fields` are the ids of the GraphML keys for type, basename, name, id, uniq_id, rank, size, unit
    and status, and divisible if the graph has such; `paths` those for the path in each subsystem.
    """

    def __init__(
        self, FlatGraph graph not None, escape, bytes plain not None, write_properties, fields,
        paths
    ):
        GraphText.__init__(self, graph, escape, plain, write_properties)
        self.fields = [f'<data key="{key}">'.encode() for key in fields]
        self.paths = [f'<data key="{key}">'.encode() for key in paths]

    cdef int vertex(self, int32_t row) except -1:
        cdef FlatGraph graph = self.graph
        cdef int64_t[4] numbers
        cdef int i
        numbers[0], numbers[1] = graph.v_id[row], graph.v_uniq[row]
        numbers[2], numbers[3] = graph.v_rank[row], graph.v_size[row]
        self.put(b'    <node id="')
        self.number(graph.v_uniq[row])
        self.put(b'">')
        self.out += self.fields[0]
        self.text(self.types[graph.v_type[row]])
        self.put(b"</data>")
        self.out += self.fields[1]
        self.basename(row)
        self.put(b"</data>")
        self.out += self.fields[2]
        self.name(row)
        for i in range(4):
            self.put(b"</data>")
            self.out += self.fields[3 + i]
            self.number(numbers[i])
        self.put(b"</data>")
        self.out += self.fields[7]
        self.text(graph.units[graph.v_unit[row]].encode())
        self.put(b"</data>")
        self.out += self.fields[8]
        if graph.v_flags[row] & DOWN:
            self.put(b"down</data>")
        else:
            self.put(b"up</data>")
        if graph.v_flags[row] & DIVISIBLE and self.fields.size() > 9:
            self.out += self.fields[9]
            self.put(b"true</data>")
        if graph.v_properties[row] >= 0:
            self.properties_of(row)
        self.path_data(row)
        self.put(b"</node>\n")
        return 0

    cdef int path_data(self, int32_t row) except -1:
        cdef size_t before
        for subsystem in self.order:
            before = self.out.size()
            self.out += self.paths[<int> subsystem]
            if self.path(row, subsystem):
                self.put(b"</data>")
            else:
                self.out.resize(before)
        return 0

    cdef int edge(self, int32_t edge) except -1:
        self.put(b'    <edge source="')
        self.number(self.graph.v_uniq[self.graph.e_source[edge]])
        self.put(b'" target="')
        self.number(self.graph.v_uniq[self.graph.e_target[edge]])
        self.put(b'"><data key="s">')
        self.text(self.subsystems[self.graph.e_subsystem[edge]])
        self.put(b"</data></edge>\n")
        return 0
