# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Whether a request is one for the indexed search, decided once, before any state is looked at.

Not understood, and so left to the walk: several entries at the top, alternatives, labels of
vertices, `exclusive: false`, leaves that nobody would own, counts with a choice inside a slot,
siblings of one type, types with unequal pools or with an order of ids that the policy cannot
follow, slots whose named parent lacks their types (core-algorithms.md 4).
"""

cimport cython
from libc.stdint cimport int16_t, int32_t, uint8_t

from fluxion_py._core.flatgraph cimport ALIVE
from fluxion_py._core.request cimport Request, Wanted
from fluxion_py._core.tree cimport INNER, LEAVES, Tree


@cython.final
cdef class Plan:
    """A compiled request with what the search needs to know of it."""

    def __init__(self, Request request, Tree tree, bytes allowed):
        cdef size_t at
        self.request = request
        self.tree = tree
        self.allowed_bytes = allowed
        self.allowed = <const uint8_t*> allowed if allowed is not None else NULL
        self.holder = -1
        self.exclusive.assign(request.nodes.size(), 0)
        self.plain.assign(request.nodes.size(), 0)
        self.whole = tree.walk.always_exclusive
        for at in range(request.exclusive_types.size()):
            self.whole[request.exclusive_types[at]] = 1
        for at in range(self.whole.size()):
            self.any_whole = self.any_whole or self.whole[at]
        self.mine = self.understands()
        if self.mine:
            self.holder = self.find_holder()

    cdef bint understands(self) except -1:
        cdef Request request = self.request
        if request.flexible or request.variant_lo.size() != 1 or request.sibling_slots:
            return False
        self.first = request.variant_lo[0]
        if request.variant_hi[0] - self.first != 1:
            return False
        return self.understands_node(self.first, -1, False) and self.set_kind()

    cdef bint understands_list(self, int32_t lo, int32_t hi, int32_t parent, bint x) except -1:
        cdef const Wanted* nodes = self.request.nodes.data()
        cdef int32_t at, other
        for at in range(lo, hi):
            for other in range(lo, at):
                if nodes[other].type == nodes[at].type:
                    return False
            if nodes[at].type == self.request.slot and hi - lo > 1:
                return False
            if not self.understands_node(at, parent, x):
                return False
        return True

    cdef bint understands_node(self, int32_t at, int32_t parent, bint x) except -1:
        cdef const Wanted* nodes = self.request.nodes.data()
        cdef bint slot = nodes[at].type == self.request.slot
        cdef bint in_slot = parent >= 0 and nodes[parent].type == self.request.slot
        cdef int16_t type = nodes[at].type
        if nodes[at].exclusive == 0 or nodes[at].ceiling <= 0:
            return False
        if slot:
            if in_slot or nodes[at].lo == nodes[at].hi:
                return False
            if parent >= 0 and not self.forms_where_asked(parent, at):
                return False
            return self.understands_list(nodes[at].lo, nodes[at].hi, at, True)
        if nodes[at].label >= 0:
            return False        # the walk notes which vertex satisfies it; of a slot nobody asks
        if type < 0 or self.tree.odd[type] or type == self.tree.graph.v_type[self.tree.top]:
            return False
        if in_slot and nodes[at].min != nodes[at].ceiling:
            return False
        x = x or nodes[at].exclusive == 1
        if nodes[at].lo == nodes[at].hi and not x:
            return False
        self.exclusive[at] = x
        self.plain[at] = x and nodes[at].lo == nodes[at].hi and (self.allowed == NULL or (
            type != self.tree.walk.node_type and type != self.tree.walk.storage_type
        ))
        return self.understands_list(nodes[at].lo, nodes[at].hi, at, x)

    cdef tuple shape(self):
        """Return what tells apart requests that need different indexes.

        How many are wanted at the first level is not of it: it does not matter where they are.
        """
        cdef size_t at
        cdef const Wanted* node
        parts = []
        for at in range(self.request.nodes.size()):
            node = &self.request.nodes[at]
            parts.append((node.type, node.exclusive, node.lo, node.hi))
            if at != <size_t> self.first:
                parts.append((node.min, node.max, node.operator, node.operand))
                if node.choices >= 0:
                    parts.append(tuple(self.request.choices[node.choices]))
        return self.allowed_bytes, *parts

    cdef bint forms_where_asked(self, int32_t parent, int32_t slot) except -1:
        """Say whether every vertex of the parent's type can have the slot right below it.

        Where not, the walk looks further down: the reference's quirk slot-skips-level.
        """
        cdef size_t number
        cdef int32_t row, at
        cdef int16_t type = self.request.nodes[parent].type
        types = [type]
        for at in range(self.request.nodes[slot].lo, self.request.nodes[slot].hi):
            types.append(self.request.nodes[at].type)
        key = tuple(types)
        known = self.tree.formed.get(key)
        if known is not None:
            return known
        self.tree.formed[key] = False
        for number in range(self.tree.rows.size()):
            row = self.tree.rows[number]
            if self.tree.graph.v_type[row] == type and (
                self.tree.graph.v_flags[row] & ALIVE and not self.has_all(row, slot)
            ):
                return False
        self.tree.formed[key] = True
        return True

    cdef bint has_all(self, int32_t row, int32_t slot) noexcept:
        """Say whether all types in a slot are among the children of a vertex."""
        cdef int32_t at
        for at in range(self.request.nodes[slot].lo, self.request.nodes[slot].hi):
            if not self.tree.ledger.has_child(row, self.request.nodes[at].type):
                return False
        return True

    cdef int set_kind(self) except -1:
        """Find out what the first level is; False if its vertices are of both sorts."""
        cdef const Wanted* first = &self.request.nodes[self.first]
        cdef uint8_t sorts
        if first.type == self.request.slot:
            self.kind = SLOTS
            return True
        sorts = self.tree.sorts[first.type]
        self.kind = VERTICES if sorts & INNER or first.lo < first.hi else POOLS
        return sorts != LEAVES | INNER

    cdef int16_t find_holder(self) except -2:
        """Return the type of what is taken, if the request takes one type, by whole vertices.

        That is: named levels, one below the other, then a vertex for itself alone (what it has
        below needs no look at other jobs then) or a slot of one type of vertices.
        """
        cdef const Wanted* nodes = self.request.nodes.data()
        cdef int32_t at = self.first
        while True:
            if nodes[at].type != self.request.slot and self.exclusive[at]:
                self.holder_node = at
                return nodes[at].type
            if nodes[at].hi - nodes[at].lo != 1:
                return -1
            at = nodes[at].lo
