# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""JGF text -> records in one pass, without a Python object per vertex (resource-graph.md 4).

Flows in: the UTF-8 of a text. Flows out: records of vertices, paths and edges, complete as
`readers.jgf_document` makes them. Every key is read in whatever order; what has no meaning is
skipped, but must be JSON. Refused as unusual, though right: a key of ours that is written with
escapes or twice, an outer id with escapes, and numbers that are wanted and not written as such.
"""

import json

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memcmp
from libcpp.string cimport string, to_string

from fluxion_py._core.json_cursor cimport (
    View, equals, next_element, next_member, peek, same, skip_value, take, take_integer,
    take_string, take_word,
)

cdef int64_t ABSENT = -<int64_t> 0x7FFFFFFFFFFFFFFF - 1    # a number that the text does not give
cdef int MAX_SUBSYSTEMS = 100           # as readers.limits
cdef int64_t MAX_STEPS = 500            # per outer id in the hash table; 5 are usual
cdef uint64_t FNV_PRIME = 1099511628211ULL
cdef uint64_t SPREAD = 0x9E3779B97F4A7C15ULL


cdef inline bint is_digit(char character) noexcept:
    return c"0" <= character <= c"9"


cdef inline uint64_t hash_of(const View& view) noexcept:
    """Spread the ids, but keep 64 neighbouring numbers together.

    Most edges go from one number to the next ones: their slots are in the cache then.
    """
    cdef uint64_t state = 0
    cdef size_t i = 0
    while i < view.size and i < 18 and is_digit(view.at[i]):
        state = state * 10 + <uint64_t> (view.at[i] - c"0")
        i += 1
    if i == view.size:
        return (((state >> 6) * SPREAD) >> 26 << 6) | (state & 63)
    for i in range(view.size):
        state = (state ^ <unsigned char> view.at[i]) * FNV_PRIME
    return state ^ (state >> 29)


cdef class Table:
    cdef int32_t place(self, const View& view) except -1:
        """Return the number of a text, giving it the next one if it is new."""
        if not self.texts.empty() and same(view, view_of(self.texts[self.last])):
            return self.last
        cdef string text = string(view.at, view.size)
        found = self.places.find(text)
        if found != self.places.end():
            self.last = self.places[text]
        else:
            self.last = <int32_t> self.texts.size()
            self.texts.push_back(text)
            self.places[text] = self.last
        return self.last


cdef class JgfScan:
    def __init__(self):
        self.kept = []
        self.types = Table()
        self.names = Table()
        self.units = Table()
        self.subsystems = Table()
        self.property_texts = Table()
        self.property_maps = []
        self.subsystems.place(view_of(string(b"containment")))

    cdef int reserve(self, size_t vertices) except -1:
        """Make room; what is not used costs nothing."""
        self.records.reserve(vertices)
        self.paths.reserve(vertices)
        self.joins.reserve(vertices)
        return 0

    # ---- the document ----

    cdef bint scan(self, const char* end) except -1:
        """Read the whole text from `text.at` on, which ends at `end`."""
        cdef View key
        cdef bint first = 1, seen = 0
        cdef int more
        if not take(&self.text, c"{"):
            return 0
        while True:
            more = next_member(&self.text, &key, first)
            if more <= 0:
                break
            first = 0
            if key.escaped:
                return 0
            if equals(key, b"graph", 5):
                if seen or not self.graph():
                    return 0
                seen = 1
            elif equals(key, b"free_ranks", 10):
                if not take_string(&self.text, &key):
                    return 0
            elif not skip_value(&self.text):
                return 0
        peek(&self.text)
        return more == 0 and seen and self.text.at == end

    cdef bint graph(self) except -1:
        """Read nodes and edges; edges that stand before the nodes are read after them."""
        cdef View key
        cdef bint first = 1, nodes = 0
        cdef const char* edges = NULL
        cdef const char* after
        cdef int more
        if not take(&self.text, c"{"):
            return 0
        while True:
            more = next_member(&self.text, &key, first)
            if more <= 0:
                return more == 0 and nodes and edges != NULL
            first = 0
            if key.escaped:
                return 0
            if equals(key, b"nodes", 5):
                if nodes or not self.nodes():
                    return 0
                nodes = 1
                if edges != NULL:
                    after = self.text.at
                    self.text.at = edges
                    if not self.edges():
                        return 0
                    self.text.at = after
            elif equals(key, b"edges", 5):
                if edges != NULL:
                    return 0
                edges = self.text.at
                if not (self.edges() if nodes else skip_value(&self.text)):
                    return 0
            elif not skip_value(&self.text):
                return 0

    # ---- vertices ----

    cdef bint nodes(self) except -1:
        cdef bint first = 1
        cdef int more
        if not take(&self.text, c"["):
            return 0
        while True:
            more = next_element(&self.text, c"]", first)
            if more <= 0:
                return more == 0 and self.index_ids()
            first = 0
            if not self.node():
                return 0

    cdef bint node(self) except -1:
        cdef View key, outer, name, basename
        cdef bint first = 1, described = 0
        cdef int more
        cdef Record record
        outer.at = NULL
        if not take(&self.text, c"{"):
            return 0
        while True:
            more = next_member(&self.text, &key, first)
            if more <= 0:
                break
            first = 0
            if key.escaped:
                return 0
            if equals(key, b"id", 2):
                if outer.at != NULL or not take_string(&self.text, &outer) or outer.escaped:
                    return 0
            elif equals(key, b"metadata", 8):
                if described or not self.metadata(&record, &name, &basename):
                    return 0
                described = 1
            elif not skip_value(&self.text):
                return 0
        if more < 0 or outer.at == NULL or not described:
            return 0
        record.outer = outer.at
        record.outer_size = <int32_t> outer.size
        if not self.complete(&record, &name, &basename):
            return 0
        self.records.push_back(record)
        return 1

    cdef bint metadata(self, Record* record, View* name, View* basename) except -1:
        """Read what is known of a vertex; every key of ours at most once."""
        cdef View key
        cdef bint first = 1
        cdef int more, bit, seen = 0
        record.id = record.uniq = ABSENT
        record.size = 1
        record.type = record.path = record.unit = record.properties = record.above = -1
        record.rank = -1
        record.down = record.divisible = 0
        name.size = basename.size = 0
        if not take(&self.text, c"{"):
            return 0
        while True:
            more = next_member(&self.text, &key, first)
            if more <= 0:
                break
            first = 0
            if key.escaped:
                return 0
            bit = self.field(key, record, name, basename)
            if bit == 0 or seen & bit & ~1:
                return 0
            seen |= bit
        return more == 0 and record.type >= 0 and record.path >= 0

    cdef int field(self, const View& key, Record* record, View* name, View* basename) except -1:
        """Read the value of one key; return the key's own bit, 1 for a foreign key, 0 if wrong."""
        cdef int64_t number = 0
        cdef View text
        if equals(key, b"type", 4):
            if not self.take_text(&text) or text.size == 0:
                return 0
            record.type = self.types.place(text)
            return 2
        if equals(key, b"paths", 5):
            return 4 if self.path_list(record) else 0
        if equals(key, b"id", 2):
            return 8 if take_integer(&self.text, &record.id) else 0
        if equals(key, b"uniq_id", 7):
            return 16 if take_integer(&self.text, &record.uniq) else 0
        if equals(key, b"rank", 4):
            if not take_integer(&self.text, &number) or not -1 <= number <= 0x7FFFFFFF:
                return 0
            record.rank = <int32_t> number
            return 32
        if equals(key, b"basename", 8):
            return 64 if self.take_text(basename) else 0
        if equals(key, b"name", 4):
            return 128 if self.take_text(name) else 0
        if equals(key, b"size", 4):
            return 256 if take_integer(&self.text, &record.size) and record.size >= 0 else 0
        if equals(key, b"status", 6):
            if not take_integer(&self.text, &number) or not 0 <= number <= 1:
                return 0
            record.down = number == 1
            return 512
        if equals(key, b"unit", 4):
            if not self.take_text(&text):
                return 0
            record.unit = self.units.place(text) if text.size else -1
            return 1024
        if equals(key, b"properties", 10):
            return 2048 if self.properties(record) else 0
        if equals(key, b"exclusive", 9):
            return 4096 if (
                take_word(&self.text, b"true", 4) or take_word(&self.text, b"false", 5)
            ) else 0
        if equals(key, b"divisible", 9):
            record.divisible = take_word(&self.text, b"true", 4)
            return 8192 if record.divisible or take_word(&self.text, b"false", 5) else 0
        return skip_value(&self.text)

    cdef bint take_text(self, View* found) except -1:
        """Take a string and decode its escapes."""
        if not take_string(&self.text, found):
            return 0
        if found.escaped:
            text = json.loads(b'"' + found.at[:found.size] + b'"').encode()
            self.kept.append(text)
            found.at = text
            found.size = len(text)
            found.escaped = 0
        return 1

    cdef bint properties(self, Record* record) except -1:
        """Read an object of texts; equal ones, as they are written, are decoded once."""
        cdef View written
        cdef size_t known
        if peek(&self.text) != c"{":
            return 0
        written.at = self.text.at
        if not skip_value(&self.text):
            return 0
        written.size = self.text.at - written.at
        known = self.property_texts.texts.size()
        record.properties = self.property_texts.place(written)
        if self.property_texts.texts.size() > known:
            found = json.loads(written.at[:written.size])
            for value in found.values():
                if not isinstance(value, str):
                    return 0
            self.property_maps.append(found)
        return 1

    cdef bint path_list(self, Record* record) except -1:
        """Read an object of absolute paths, one per subsystem."""
        cdef View subsystem, text
        cdef Path path
        cdef bint first = 1
        cdef int more
        cdef size_t start = self.paths.size(), at
        if not take(&self.text, c"{"):
            return 0
        while True:
            more = next_member(&self.text, &subsystem, first)
            if more <= 0:
                break
            first = 0
            if subsystem.escaped or not self.take_text(&text) or text.size == 0:
                return 0
            if text.at[0] != c"/":
                return 0
            path.subsystem = self.subsystems.place(subsystem)
            if path.subsystem >= MAX_SUBSYSTEMS:
                return 0
            for at in range(start, self.paths.size()):
                if self.paths[at].subsystem == path.subsystem:
                    return 0
            path.at = text.at
            path.size = <int32_t> text.size
            path.slashes = 0
            for at in range(text.size):
                path.slashes += text.at[at] == c"/"
            path.last = 0
            self.paths.push_back(path)
        if more < 0 or self.paths.size() == start:
            return 0
        self.paths.back().last = 1
        record.path = <int32_t> start
        return 1

    cdef bint complete(self, Record* record, View* name, View* basename) except -1:
        """Fill in what the text did not give, as `jgf_document.complete` does."""
        cdef View type = view_of(self.types.texts[record.type])
        cdef Cursor digits
        cdef const char* end
        if record.uniq == ABSENT:
            digits.at = record.outer + (record.outer[0] == c"+")
            if record.outer[0] == c"+" and digits.at[0] == c"-":
                return 0
            if not (is_digit(digits.at[0]) or digits.at[0] == c"-"):
                return 0
            if not take_integer(&digits, &record.uniq):
                return 0
        record.basename = -1
        if basename.size and not same(basename[0], type):
            record.basename = self.names.place(basename[0])
        if record.id == ABSENT:
            record.id = record.uniq
            if equals(type, b"node", 4) and name.size:
                end = digits.at = name.at + name.size
                while digits.at > name.at and is_digit(digits.at[-1]):
                    digits.at -= 1
                if digits.at < end:
                    while end - digits.at > 1 and digits.at[0] == c"0":
                        digits.at += 1
                    if end - digits.at > 18:
                        return 0
                    record.id = 0
                    while digits.at < end:
                        record.id = record.id * 10 + (digits.at[0] - c"0")
                        digits.at += 1
        record.name = -1
        cdef string usual
        if name.size == 0 and record.id != -1:
            return 1
        usual = self.default_name(record[0])
        if name.size == 0:
            usual += string(b"-1")
            record.name = self.names.place(view_of(usual))
        elif not same(name[0], view_of(usual)):
            record.name = self.names.place(name[0])
        return 1

    cdef string default_name(self, const Record& record):
        """Return basename + id, the basename alone for the id -1: what needs no text of its own."""
        cdef string found
        if record.basename < 0:
            found = self.types.texts[record.type]
        else:
            found = self.names.texts[record.basename]
        if record.id != -1:
            found += to_string(<long long> record.id)
        return found

    cdef bint index_ids(self) except -1:
        """Make the outer ids known; 0 if there is none, one is there twice, or they collide."""
        cdef size_t size = 16, at, mask
        cdef int64_t rows = <int64_t> self.records.size(), steps = 0
        cdef int32_t row
        cdef View outer
        while size < 2 * self.records.size():
            size *= 2
        mask = size - 1
        self.places.assign(size, -1)
        for row in range(rows):
            outer.at, outer.size = self.records[row].outer, self.records[row].outer_size
            at = hash_of(outer) & mask
            while self.places[at] >= 0:
                if self.has_outer(self.places[at], outer):
                    return 0
                at = (at + 1) & mask
                steps += 1
            self.places[at] = row
            if steps > MAX_STEPS * (rows + 100):
                return 0
        return rows > 0

    cdef bint has_outer(self, int32_t row, const View& outer) noexcept:
        cdef Record* record = &self.records[row]
        return <size_t> record.outer_size == outer.size and (
            memcmp(record.outer, outer.at, outer.size) == 0
        )

    cdef int32_t row_of(self, const View& outer) noexcept:
        """Return the row of an outer id, -1 if there is none."""
        cdef size_t mask = self.places.size() - 1
        cdef size_t at = hash_of(outer) & mask
        while self.places[at] >= 0 and not self.has_outer(self.places[at], outer):
            at = (at + 1) & mask
        return self.places[at]

    # ---- edges ----

    cdef bint edges(self) except -1:
        cdef bint first = 1
        cdef int more
        if not take(&self.text, c"["):
            return 0
        while True:
            more = next_element(&self.text, c"]", first)
            if more <= 0:
                return more == 0
            first = 0
            if not self.edge():
                return 0

    cdef bint edge(self) except -1:
        cdef View key, source, target
        cdef bint first = 1, described = 0
        cdef int more
        cdef int32_t above, below, subsystem = 0
        source.at = target.at = NULL
        if not take(&self.text, c"{"):
            return 0
        while True:
            more = next_member(&self.text, &key, first)
            if more <= 0:
                break
            first = 0
            if key.escaped:
                return 0
            if equals(key, b"source", 6):
                if source.at != NULL or not take_string(&self.text, &source) or source.escaped:
                    return 0
            elif equals(key, b"target", 6):
                if target.at != NULL or not take_string(&self.text, &target) or target.escaped:
                    return 0
            elif equals(key, b"metadata", 8):
                if described or not self.edge_metadata(&subsystem):
                    return 0
                described = 1
            elif not skip_value(&self.text):
                return 0
        if more < 0 or source.at == NULL or target.at == NULL:
            return 0
        above, below = self.row_of(source), self.row_of(target)
        return above >= 0 and below >= 0 and self.join(above, below, subsystem)

    cdef bint edge_metadata(self, int32_t* subsystem) except -1:
        """Read null or an object; only its subsystem counts."""
        cdef View key, name
        cdef bint first = 1, named = 0
        cdef int more
        if take_word(&self.text, b"null", 4):
            return 1
        if not take(&self.text, c"{"):
            return 0
        while True:
            more = next_member(&self.text, &key, first)
            if more <= 0:
                return more == 0
            first = 0
            if key.escaped:
                return 0
            if equals(key, b"subsystem", 9):
                if named or not self.take_text(&name):
                    return 0
                named = 1
                subsystem[0] = self.subsystems.place(name)
            elif not skip_value(&self.text):
                return 0

    cdef bint join(self, int32_t source, int32_t target, int32_t subsystem) except -1:
        """Note an edge, and whether the path of its target continues that of its source."""
        cdef Join edge
        cdef Record* record = &self.records[target]
        cdef int32_t over = self.path_in(source, subsystem)
        cdef int32_t path = self.path_in(target, subsystem)
        edge.source, edge.target, edge.subsystem = source, target, subsystem
        self.joins.push_back(edge)
        if self.doubtful.size() <= <size_t> subsystem:
            self.doubtful.resize(subsystem + 1)
        if over < 0 or path < 0 or self.paths[path].slashes <= self.paths[over].slashes:
            self.doubtful[subsystem] = 1
        elif subsystem == 0 and record.above < 0 and (
            self.continues(self.paths[over], self.paths[path], record[0])
        ):
            record.above = source
        return 1

    cdef int32_t path_in(self, int32_t row, int32_t subsystem) noexcept:
        """Return the path of a vertex in a subsystem, -1 if it is not in it."""
        cdef int32_t at = self.records[row].path
        while self.paths[at].subsystem != subsystem:
            if self.paths[at].last:
                return -1
            at += 1
        return at

    cdef bint continues(self, const Path& over, const Path& path, const Record& record):
        """Say whether a path is that above it, a slash and the name of its vertex."""
        cdef size_t size = path.size - over.size - 1
        cdef string name
        if path.size <= over.size or path.at[over.size] != c"/" or (
            memcmp(path.at, over.at, over.size) != 0
        ):
            return 0
        if record.name >= 0:
            name = self.names.texts[record.name]
        else:
            name = self.default_name(record)
        return name.size() == size and memcmp(path.at + over.size + 1, name.data(), size) == 0
