# cython: language_level=3, auto_pickle=False, boundscheck=False, wraparound=False
"""Jobspec resources compiled into columns.

Flows in: `Resource` trees. Flows out: a `Request`, fixed for the graph's types at that moment.
Compiling costs O(resources * types); a count is resolved in O(1) ("+"), O(log max) (others).
"""

from itertools import product

cimport cython
from libc.stdint cimport int32_t, int64_t, uint32_t
from libcpp.vector cimport vector

cdef int64_t PLENTY = 4294967295    # 2^32 - 1, the reference's "as many as there are"
cdef int64_t MOST = <int64_t> 1 << 62       # units: of a pool, and of a count that says so itself
cdef int64_t TOO_MUCH = MOST + 1            # demands are cut here: more than any graph has
cdef int MAX_DEPTH = 1000           # as of the graph: a deeper request fits nowhere
MAX_VARIANTS = 1000


def expand_alternatives(resources):
    """Return the variants of a resource list, one per combination of xor_slot choices.

    xor siblings of one list are alternatives of one position, that of the first; the last position
    varies fastest (jobspec.md 5, errata G18). Each choice becomes a plain slot.
    """
    positions = []
    alternatives = None
    for resource in resources:
        kind = "slot" if resource.type == "xor_slot" else resource.type
        forms = [
            (kind, children, resource) for children in expand_alternatives(resource.children)
        ]
        if kind == resource.type:
            positions.append(forms)
        elif alternatives is None:
            alternatives = forms
            positions.append(alternatives)
        else:
            alternatives.extend(forms)
    count = 1
    for forms in positions:
        count *= len(forms)
    if count > MAX_VARIANTS:
        raise OverflowError(f"{count} combinations of xor_slot, at most {MAX_VARIANTS} are tried")
    return [list(variant) for variant in product(*positions)]


cdef bint has_alternatives(resources) except -1:
    for resource in resources:
        if resource.type == "xor_slot" or has_alternatives(resource.children):
            return True
    return False


cdef int check_shape(resources, int depth) except -1:
    """Refuse a tree too deep to be walked, and counts that `parse` would not let pass."""
    if depth > MAX_DEPTH:
        raise ValueError(f"the request is deeper than {MAX_DEPTH} levels")
    for resource in resources:
        count = resource.count
        if not 0 <= count.min <= MOST or not 0 <= count.max <= MOST:
            raise ValueError(f"count {count.min} to {count.max} is not within 0 to {MOST}")
        if count.operator not in ("+", "*", "^") or not 1 <= count.operand <= MOST:
            raise ValueError(f"step {count.operator}{count.operand} of a count is unknown")
        if list(count.choices) != sorted(count.choices) or not all(
            [0 <= choice <= MOST for choice in count.choices]
        ):
            raise ValueError(f"choices {count.choices} of a count do not ascend from 0 up")
        check_shape(resource.children, depth + 1)
    return 0


def as_forms(resources):
    """Return the (type, children, resource) form of a list without alternatives."""
    return [(r.type, as_forms(r.children), r) for r in resources]


@cython.final
cdef class Request:
    """A compiled request. Make it with `Engine.compile`."""

    def __init__(self, resources, type_of, bint flexible):
        cdef size_t kind
        check_shape(resources, 0)
        self.flexible = flexible
        self.judged_at = -1
        self.labels = []
        self.slot = type_of("slot")
        if flexible and has_alternatives(resources):
            variants = expand_alternatives(resources)
        else:
            variants = [as_forms(resources)]
        for variant in variants:
            lo, hi = self.add_list(variant, type_of, flexible, False)
            self.variant_lo.push_back(lo)
            self.variant_hi.push_back(hi)
            demand = self.list_demand(lo, hi, flexible, False)
            if self.total.size() == 0:
                self.total = demand
            else:
                self.total.resize(max(self.total.size(), <size_t> len(demand)))
                for kind in range(self.total.size()):
                    self.total[kind] = min(
                        self.total[kind], demand[kind] if kind < <size_t> len(demand) else 0
                    )

    cdef tuple add_list(self, resources, type_of, bint flexible, bint in_slot):
        """Append a list, then what is below each of its nodes; return its range."""
        cdef bint inner
        cdef int32_t lo = <int32_t> self.nodes.size()
        cdef int32_t hi = lo + <int32_t> len(resources)
        cdef int32_t at
        cdef Wanted want
        self.sibling_slots = self.sibling_slots or (
            [kind for kind, _, _ in resources].count("slot") > 1
        )
        for kind, _, resource in resources:
            count = resource.count
            want.type = type_of(kind)
            self.types = max(self.types, want.type + 1)
            want.exclusive = -1 if resource.exclusive is None else bool(resource.exclusive)
            want.operator = ord(count.operator)
            want.label = -1
            if resource.label is not None:
                want.label = <int32_t> len(self.labels)
                self.labels.append(resource.label)
            want.lo = want.hi = 0
            want.union_lo = want.union_hi = -1
            want.choices = -1
            if count.choices:
                want.operator = c"i"
                want.choices = <int32_t> self.choices.size()
                self.choices.push_back(count.choices)
            want.min = count.min
            want.max = count.max
            want.operand = count.operand
            want.ceiling = 0
            if want.exclusive == 1 and want.type >= 0:
                self.exclusive_types.push_back(want.type)
            self.nodes.push_back(want)
        for at in range(lo, hi):
            self.nodes[at].ceiling = self.resolve(at, max(PLENTY, self.nodes[at].max))
            self.demand.push_back(vector[int64_t]())
        for at in range(lo, hi):
            inner = in_slot or self.nodes[at].type == self.slot
            below = self.add_list(resources[at - lo][1], type_of, flexible, inner)
            self.nodes[at].lo, self.nodes[at].hi = below
            self.demand[at] = self.list_demand(below[0], below[1], flexible, inner)
        if flexible and hi > lo:
            self.nodes[lo].union_lo = self.add_union(lo, hi)
            self.nodes[lo].union_hi = <int32_t> self.nodes.size()
        return lo, hi

    cdef int32_t add_union(self, int32_t lo, int32_t hi) except -2:
        """Append the union of the contents of the slots of a list; return where it begins."""
        cdef int32_t at, inner
        largest = {}
        for at in range(lo, hi):
            if self.nodes[at].type != self.slot:
                continue
            for inner in range(self.nodes[at].lo, self.nodes[at].hi):
                kind = self.nodes[inner].type
                if kind not in largest or self.nodes[<int32_t> largest[kind]].min < (
                    self.nodes[inner].min
                ):
                    largest[kind] = inner
        cdef int32_t start = <int32_t> self.nodes.size()
        for kind in sorted(largest):
            inner = largest[kind]
            self.nodes.push_back(self.nodes[inner])
            self.nodes.back().union_lo = self.nodes.back().union_hi = -1
            self.demand.push_back(self.demand[inner])
        return start

    cdef vector[int64_t] list_demand(
        self, int32_t lo, int32_t hi, bint flexible, bint in_slot
    ) except *:
        """Return per type the least that a list needs (matching.md 3, "jobspec aggregates").

        A vertex that slots share is not counted: one will do for all of them.
        """
        cdef vector[int64_t] found, slots, one
        cdef int32_t at
        cdef size_t kind
        cdef bint first = True
        for at in range(lo, hi):
            one = self.demand[at]
            for kind in range(one.size()):
                one[kind] = times(one[kind], self.nodes[at].min)
            if self.nodes[at].type >= 0 and not (in_slot and self.nodes[at].exclusive == 0):
                if one.size() <= <size_t> self.nodes[at].type:
                    one.resize(self.nodes[at].type + 1)
                one[self.nodes[at].type] = plus(one[self.nodes[at].type], self.nodes[at].min)
            if flexible and self.nodes[at].type == self.slot:
                if first:
                    slots = one
                    first = False
                for kind in range(slots.size()):
                    slots[kind] = min(slots[kind], one[kind] if kind < one.size() else 0)
            else:
                add_up(found, one)
        add_up(found, slots)
        return found

    cdef int64_t resolve(self, int32_t node, int64_t available) noexcept:
        """Return the largest acceptable count that is at most `available`, or 0 (jobspec.md 3)."""
        cdef Wanted* want = &self.nodes[node]
        cdef int64_t limit, best, value, following
        cdef size_t index
        if want.min > want.max or want.min > available:
            return 0
        limit = min(want.max, available)
        if want.operator == c"+":
            return limit - (limit - want.min) % want.operand
        best = 0
        if want.operator == c"i":
            for index in range(self.choices[want.choices].size()):
                if self.choices[want.choices][index] <= limit:
                    best = self.choices[want.choices][index]
            return best
        value = want.min
        while value <= limit:
            best = value
            if want.max > PLENTY:       # beyond the reference's 32 bits
                following = times(value, want.operand)
                if want.operator == c"^":
                    following = 1
                    for _ in range(min(want.operand, 64)):
                        following = times(following, value)
            elif want.operator == c"*":
                following = <int64_t> (<uint32_t> value * <uint32_t> want.operand)
            else:
                following = 1
                for _ in range(min(want.operand, 64)):
                    following = <int64_t> (<uint32_t> following * <uint32_t> value)
            if following <= value:
                break
            value = following
        return best

    def totals(self):
        """Return type id -> least units of the whole request, for tests and explanations."""
        cdef size_t kind
        return {kind: self.total[kind] for kind in range(self.total.size()) if self.total[kind]}


cdef inline int64_t times(int64_t units, int64_t count) noexcept:
    return TOO_MUCH if count and units > TOO_MUCH // count else units * count


cdef inline int64_t plus(int64_t units, int64_t more) noexcept:
    return TOO_MUCH if more > TOO_MUCH - units else units + more


cdef void add_up(vector[int64_t]& sums, const vector[int64_t]& more):
    cdef size_t kind
    if sums.size() < more.size():
        sums.resize(more.size())
    for kind in range(more.size()):
        sums[kind] = plus(sums[kind], more[kind])
