"""The one home of random test data: machines, requests, policies and filters.

Every generator takes a `random.Random`, so that a seed repeats a case exactly; the hypothesis
wrappers at the end feed it with draws that hypothesis can shrink. Machines are small (at most
about 100 vertices) and odd on purpose: irregular, with gaps in the ids, shuffled names, pools,
storage with two parents.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import hypothesis.strategies as st

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import UNLIMITED, Count, Jobspec, Resource
from fluxion_py.match.policy import POLICIES, Policy

INNER_TYPES = ("rack", "chassis", "node", "socket")
LEAF_TYPES = ("core", "gpu", "memory", "ssd")
POOL_TYPES = ("memory", "ssd")
PROPERTIES = ("fast", "big", "old")
DURATIONS = (1, 10, 10, 60, 100, 100, 3600)
WAITS = (1, 10, 50, 100)
"""Seconds that may pass between two steps of a history."""

FILTERS = (
    "ALL:core,ALL:node",
    "ALL:core",
    "ALL:core,ALL:node,ALL:gpu,ALL:memory",
    "cluster:node,rack:node",
    "node:core,node:gpu",
    "rack:node,node:core",
    "ALL:gpu",
    "ALL:memory,cluster:core",
    "cluster:core,node:memory,ALL:ssd",
)


# machines
def random_machine(rng: Random, pools: bool = False) -> FlatGraph:
    """Return a small machine: cluster, some of rack / chassis / node / socket, then leaves.

    With `pools` some types of leaves are divisible, now and then only some vertices of a type.
    """
    flat = FlatGraph()
    style = _style(rng)
    if pools:
        kinds = rng.sample(LEAF_TYPES, rng.randint(1, 3))
        style["divisible"] = {kind: rng.choice((1, 1, 0.5)) for kind in kinds}
    root_type = "cluster" if rng.random() < 0.9 else "site"
    root = _vertex(flat, style, rng, root_type, -1, 0)
    flat.set_root("containment", root)
    levels = [kind for kind in INNER_TYPES if rng.random() < _LEVEL_CHANCE[kind]]
    if rng.random() < 0.95 and "node" not in levels:
        levels = [*(k for k in levels if k != "socket"), "node"]
    parents = [root]
    for kind in levels:
        width = rng.randint(1, 3 if kind != "node" or len(parents) > 1 else 6)
        parents = [
            _vertex(flat, style, rng, kind, parent, place)
            for parent in parents
            for place in range(_width(rng, style, width))
        ]
    _add_leaves(flat, style, rng, parents)
    _add_side_leaves(flat, style, rng)
    _share_some_storage(flat, rng)
    return flat


_LEVEL_CHANCE = {"rack": 0.4, "chassis": 0.15, "node": 0.95, "socket": 0.4}


def _style(rng: Random) -> dict[str, Any]:
    """Draw the habits of one machine: how it numbers, names and ranks its vertices."""
    return {
        "irregular": rng.random() < 0.4,
        "ids": rng.choice(("local", "local", "global", "gapped", "random", "same")),
        "names": rng.choice(("plain", "plain", "hosts", "padded")),
        "uniq": rng.choice(("row", "row", "gapped", "shuffled")),
        "ranked": rng.choice(("none", "node", "below")),
        "properties": rng.random() < 0.5,
        "classes": rng.random() < 0.3,
        "shuffle": rng.sample(range(400), 400),
    }


def _width(rng: Random, style: Mapping[str, Any], width: int) -> int:
    return rng.randint(1, width) if style["irregular"] else width


def _vertex(
    flat: FlatGraph,
    style: Mapping[str, Any],
    rng: Random,
    kind: str,
    parent: int,
    place: int,
    size: int = 1,
) -> int:
    """Add one vertex with its path and its edge from the parent (-1: it is the root)."""
    row = len(flat)
    number = {
        "local": place,
        "global": len(flat.rows_of_type(kind)),
        "gapped": place * 3 + 1,
        "random": rng.randint(0, 40),
        "same": 0,
    }[style["ids"]]
    uniq = {"row": row, "gapped": row * 7, "shuffled": style["shuffle"][row % 400] + row // 400}
    rank = _rank(flat, style, kind, parent)
    name = f"{kind}{number}"
    if kind == "node" and style["names"] == "hosts":
        name = f"h{style['shuffle'][row % 400]}"
    elif kind == "node" and style["names"] == "padded":
        name = f"n{len(flat.rows_of_type('node')):03d}"
    divisible = rng.random() < style["divisible"].get(kind, 0) if "divisible" in style else False
    if divisible and rng.random() < 0.8:
        size = rng.choice((3, 8, 10, 16))
    made = flat.add_vertex(
        kind,
        kind,
        number,
        name,
        uniq[style["uniq"]],
        rank,
        size,
        "GB" if size > 1 else "",
        divisible=divisible,
    )
    flat.set_path_under(made, "containment", parent)
    if parent >= 0:
        flat.add_edge(parent, made)
    if kind == "node" and style["properties"]:
        for key in PROPERTIES:
            if rng.random() < 0.4:
                flat.set_property(made, key, "")
    if style["classes"] and rng.random() < 0.7:
        flat.set_property(made, "perf_class", str(rng.randint(0, 5)))
    return made


def _rank(flat: FlatGraph, style: Mapping[str, Any], kind: str, parent: int) -> int:
    if style["ranked"] == "none":
        return -1
    if kind == "node":
        return len(flat.rows_of_type("node"))
    return flat.rank(parent) if style["ranked"] == "below" and parent >= 0 else -1


def _add_leaves(
    flat: FlatGraph, style: Mapping[str, Any], rng: Random, parents: Sequence[int]
) -> None:
    """Put cores and perhaps other leaves under every innermost vertex."""
    kinds = ["core"] if rng.random() < 0.95 else []
    kinds += [kind for kind in LEAF_TYPES[1:] if rng.random() < 0.4]
    rng.shuffle(kinds)
    width = {kind: rng.randint(1, 5 if kind == "core" else 3) for kind in kinds}
    size = {kind: rng.choice((1, 2, 4, 10)) if kind in POOL_TYPES else 1 for kind in kinds}
    mixed = rng.random() < 0.25
    core_pool = rng.random() < 0.1
    for parent in parents:
        for kind in kinds:
            for place in range(_width(rng, style, width[kind])):
                units = size[kind]
                if kind in POOL_TYPES and mixed:
                    units = rng.choice((1, 2, 3, 4, 7))
                if kind == "core" and core_pool:
                    units = 4
                _vertex(flat, style, rng, kind, parent, place, units)


def _add_side_leaves(flat: FlatGraph, style: Mapping[str, Any], rng: Random) -> None:
    """Put leaves beside inner vertices now and then: gpus at nodes, burst buffers at racks."""
    if rng.random() < 0.3 and flat.rows_of_type("socket"):
        for node in flat.rows_of_type("node"):
            for place in range(rng.randint(1, 2)):
                _vertex(flat, style, rng, "gpu", node, place)
    if rng.random() < 0.15:
        size = rng.choice((1, 5, 100))
        for rack in flat.rows_of_type("rack"):
            for place in range(rng.randint(1, 3)):
                _vertex(flat, style, rng, "ssd", rack, place, size)
    if rng.random() < 0.1:
        _vertex(flat, style, rng, "storage_node", flat.root(), 0, rng.choice((1, 8)))


def _share_some_storage(flat: FlatGraph, rng: Random) -> None:
    """Give some storage vertices a second parent, as disks that serve several nodes have."""
    storage = flat.rows_of_type("ssd")
    others = flat.rows_of_type("node") + flat.rows_of_type("rack")
    if not storage or len(others) < 2 or rng.random() > 0.3:
        return
    for row in storage:
        if rng.random() < 0.7:
            parent = rng.choice(others)
            if row not in [target for target, _ in flat.out_edges(parent)]:
                flat.add_edge(parent, row)


def grow_machine(flat: FlatGraph, rng: Random) -> list[int]:
    """Attach a new sub-tree, copied in type from an existing one; return its rows."""
    style = {**_style(rng), "ids": "global", "names": "plain", "uniq": "row"}
    candidates = [row for row in flat.rows() if flat.in_edges(row) and flat.out_edges(row)]
    if not candidates:
        return []
    model = rng.choice(candidates)
    made: list[int] = []

    def copy(row: int, parent: int) -> None:
        new = _vertex(flat, style, rng, flat.type(row), parent, 0, flat.size(row))
        made.append(new)
        for target, _ in flat.out_edges(row):
            if flat.in_edges(target)[0][0] == row:
                copy(target, new)

    copy(model, flat.in_edges(model)[0][0])
    return made


# requests
def random_count(rng: Random, top: int) -> Count:
    """Return a count, mostly a plain number up to about `top`, now and then a series."""
    low = rng.randint(1, max(1, top))
    if rng.random() < 0.75:
        return Count(low, low)
    if rng.random() < 0.3:
        return Count(low, UNLIMITED)
    high = rng.randint(low, max(low, top + 2))
    operator = rng.choice("+++*^")
    if operator == "+":
        return Count(low, high, "+", rng.randint(1, 3))
    if operator == "^" and low < 2:
        low, high = 2, max(2, high)
    return Count(low, high, operator, rng.randint(2, 3))


def random_jobspec(rng: Random, flat: FlatGraph, flexible: bool = False) -> Jobspec:
    """Return a request that has a fair chance on this machine, now and then a hopeless one."""
    return Jobspec(
        1,
        random_request(rng, flat, flexible),
        duration=_duration(rng),
        constraints=random_constraint(rng, flat) if rng.random() < 0.2 else None,
    )


def _duration(rng: Random) -> float:
    chance = rng.random()
    if chance < 0.05:
        return 0
    if chance < 0.1:
        return rng.choice((0.5, 99.9, 3153600000 - 5))
    return rng.choice(DURATIONS)


def random_pooled_jobspec(rng: Random, flat: FlatGraph) -> Jobspec:
    """Return a request for a machine with pools: of any kind, or slots on vertices they share."""
    if rng.random() < 0.4:
        return random_jobspec(rng, flat)
    inner = [row for row in flat.rows() if flat.out_edges(row) and flat.in_edges(row)]
    if not inner:
        return random_jobspec(rng, flat)
    vertex = _shared_entry(rng, flat, rng.choice(inner))
    slot = Resource("slot", random_count(rng, 4), (vertex,), "pod")
    resources = (slot,)
    if rng.random() < 0.2:
        above = flat.in_edges(flat.rows_of_type(vertex.type)[0])[0][0]
        exclusive = True if rng.random() < 0.2 else None
        resources = (Resource(flat.type(above), Count(1, 1), (slot,), exclusive=exclusive),)
    return Jobspec(1, resources, duration=_duration(rng))


def _shared_entry(rng: Random, flat: FlatGraph, row: int) -> Resource:
    """Return an entry for a vertex that slots share, with something of what is below it."""
    kinds = {flat.type(target): target for target, _ in flat.out_edges(row)}
    chosen = rng.sample(sorted(kinds), rng.randint(0 if rng.random() < 0.1 else 1, len(kinds)))
    children = []
    for kind in chosen:
        below = kinds[kind]
        if flat.out_edges(below) and rng.random() < 0.8:
            children.append(_shared_entry(rng, flat, below))
        else:
            count = random_count(rng, max(1, flat.size(below) // 2))
            exclusive = rng.choice((None, None, None, None, True, False))
            children.append(Resource(kind, count, exclusive=exclusive))
    exclusive = False if rng.random() < 0.85 else None
    return Resource(flat.type(row), random_count(rng, 2), tuple(children), exclusive=exclusive)


def random_request(rng: Random, flat: FlatGraph, flexible: bool = False) -> tuple[Resource, ...]:
    """Return the resources of a request: adjacent levels with a slot somewhere among them."""
    way = _random_way(rng, flat)
    start = rng.randint(0, len(way) - 1)
    named = way[start:]
    lowest = 1 if start == 0 and len(named) > 1 and rng.random() < 0.9 else 0
    slot_at = rng.randint(lowest, len(named) - 1) if rng.random() < 0.92 else -1
    if rng.random() < 0.04 and len(named) > 2:
        del named[rng.randint(1, len(named) - 2)]  # levels that are not adjacent
        slot_at = min(slot_at, len(named) - 1)
    request = _level(rng, flat, named, 0, slot_at, flexible)
    if rng.random() < 0.03:
        request = (*request, *_level(rng, flat, named[-1:], 0, 0, False))
    return request


def _random_way(rng: Random, flat: FlatGraph) -> list[int]:
    """Return the rows of a random way from the root to a leaf."""
    way = [flat.root()]
    while children := [target for target, _ in flat.out_edges(way[-1])]:
        way.append(rng.choice(children))
        if flat.out_edges(way[-1]) and len(way) > 1 and rng.random() < 0.15:
            break
    return way


def _level(
    rng: Random, flat: FlatGraph, named: Sequence[int], place: int, slot_at: int, flexible: bool
) -> tuple[Resource, ...]:
    """Return the entries for the rows `named[place:]`; the slot goes before `slot_at`."""
    if place != slot_at:
        return (_entry(rng, flat, named, place, slot_at, flexible),)
    if flexible and rng.random() < 0.6:
        kind = rng.choice(("slot", "xor_slot", "xor_slot"))
        return tuple(
            Resource(kind, _slot_count(rng), _contents(rng, flat, named, place), f"s{i}")
            for i in range(rng.randint(1, 3))
        )
    return (Resource("slot", _slot_count(rng), _contents(rng, flat, named, place), "task"),)


def _slot_count(rng: Random) -> Count:
    return random_count(rng, 3)


def _entry(
    rng: Random, flat: FlatGraph, named: Sequence[int], place: int, slot_at: int, flexible: bool
) -> Resource:
    row = named[place]
    children: tuple[Resource, ...] = ()
    if place + 1 < len(named) and (place < slot_at or rng.random() < 0.7):
        children = _level(rng, flat, named, place + 1, slot_at, flexible)
    siblings = _siblings(flat, row)
    top = min(4, siblings) * flat.size(row)
    exclusive = True if rng.random() < (0.1 if slot_at >= 0 else 0.5) else None
    if rng.random() < 0.03:
        exclusive = False
    return Resource(flat.type(row), random_count(rng, top), children, exclusive=exclusive)


def _contents(
    rng: Random, flat: FlatGraph, named: Sequence[int], place: int
) -> tuple[Resource, ...]:
    """Return what a slot holds: the row that was drawn and some of its siblings' types."""
    row = named[place]
    main = _entry(rng, flat, named, place, -1 if rng.random() < 0.85 else place + 1, False)
    main = Resource(main.type, main.count, main.children)
    others = []
    sources = flat.in_edges(row)
    if sources:
        kinds = {flat.type(target): target for target, _ in flat.out_edges(sources[0][0])}
        kinds.pop(flat.type(row), None)
        for kind, sibling in sorted(kinds.items()):
            if rng.random() < 0.4:
                count = random_count(rng, 2 * flat.size(sibling))
                others.append(Resource(kind, count))
    entries = [main, *others]
    rng.shuffle(entries)
    if rng.random() < 0.02:
        entries[0] = Resource(entries[0].type, entries[0].count, exclusive=False)
    return tuple(entries)


def _siblings(flat: FlatGraph, row: int) -> int:
    sources = flat.in_edges(row)
    if not sources:
        return 1
    return sum(flat.type(t) == flat.type(row) for t, _ in flat.out_edges(sources[0][0]))


def random_constraint(rng: Random, flat: FlatGraph, depth: int = 2) -> dict[str, Any]:
    """Return an RFC 31 constraint over the properties, names and ranks of the machine."""
    nodes = flat.rows_of_type("node") or [flat.root()]
    kind = rng.choice(("properties", "properties", "hostlist", "ranks", "and", "or", "not"))
    if kind == "properties":
        names = rng.sample(PROPERTIES, rng.randint(1, 2))
        return {kind: [rng.choice(("", "", "^")) + name for name in names]}
    if kind == "hostlist":
        return {kind: sorted({flat.name(rng.choice(nodes)) for _ in range(3)})}
    if kind == "ranks":
        return {kind: [str(max(0, flat.rank(rng.choice(nodes)))) for _ in range(2)]}
    if depth == 0:
        return {}
    parts = [random_constraint(rng, flat, depth - 1) for _ in range(rng.randint(1, 2))]
    return {kind: parts}


# settings
def random_policy(rng: Random) -> Policy:
    """Return a named policy, or now and then a custom combination."""
    if rng.random() < 0.85:
        return rng.choice(list(POLICIES.values()))
    flags = [rng.random() < 0.5 for _ in range(3)]
    return Policy(rng.choice(("high", "low")), *flags)


def random_filters(rng: Random) -> str:
    """Return a prune filter text; the default in half of the cases."""
    return FILTERS[0] if rng.random() < 0.5 else rng.choice(FILTERS)


# hypothesis
def rngs() -> st.SearchStrategy[Random]:
    """Sources of randomness that hypothesis controls and shrinks."""
    return st.randoms(use_true_random=False)


def waits() -> st.SearchStrategy[int]:
    """Seconds that may pass between two steps of a history."""
    return st.sampled_from(WAITS)


def machines() -> st.SearchStrategy[FlatGraph]:
    """Small random machines."""
    return rngs().map(random_machine)


@st.composite
def counts(draw: st.DrawFn) -> Count:
    """Counts of all four kinds, small enough to enumerate."""
    if draw(st.booleans()):
        choices = tuple(sorted(draw(st.sets(st.integers(1, 60), min_size=1, max_size=6))))
        return Count(choices[0], choices[-1], choices=choices)
    operator = draw(st.sampled_from("+*^"))
    low = draw(st.integers(2 if operator == "^" else 1, 30))
    operand = draw(st.integers(1 if operator == "+" else 2, 5))
    return Count(low, draw(st.integers(low, 3000)), operator, operand)


# texts for failing cases
def describe_machine(flat: FlatGraph) -> str:
    """Return the containment tree as indented text, one vertex per line."""
    lines: list[str] = []

    def add(row: int, depth: int) -> None:
        extra = "" if flat.up(row) else " down"
        if flat.properties(row):
            extra += f" {flat.properties(row)}"
        lines.append(
            f"{'  ' * depth}{flat.type(row)} {flat.name(row)} row={row} id={flat.id(row)} "
            f"uniq={flat.uniq_id(row)} rank={flat.rank(row)} size={flat.size(row)}{extra}"
        )
        for target, _ in flat.out_edges(row):
            add(target, depth + 1)

    add(flat.root(), 0)
    return "\n".join(lines)


def describe_request(request: Sequence[Resource]) -> str:
    """Return a request on one line: `node[2]->(slot[1-4+1]->(core[3]!))`."""
    return ", ".join(map(_describe_entry, request))


def _describe_entry(entry: Resource) -> str:
    count = entry.count
    if count.choices:
        amount = ",".join(map(str, count.choices))
    elif count.min == count.max:
        amount = str(count.min)
    else:
        amount = f"{count.min}-{count.max}{count.operator}{count.operand}"
    mark = {None: "", True: "!", False: "~"}[entry.exclusive]
    below = f"->({describe_request(entry.children)})" if entry.children else ""
    return f"{entry.type}{mark}[{amount}]{below}"
