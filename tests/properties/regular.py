"""Regular machines and the requests that people send to them, up to some hundred vertices.

The indexed search answers most of these; `tests/strategies.py` has the odd ones. Everything is
drawn from a `random.Random`, so a seed repeats a case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import UNLIMITED, Count, Jobspec, Resource
from tests.strategies import PROPERTIES, random_constraint

DURATIONS = (1, 10, 60, 100, 100, 1000)
LEVELS = (
    ("node",),
    ("rack", "node"),
    ("node", "socket"),
    ("rack", "node", "socket"),
    ("rack", "chassis", "node", "socket"),
)
UNITS = {"core": (1,), "gpu": (1,), "memory": (1, 4, 16), "ssd": (1, 100)}


@dataclass(frozen=True)
class Habits:
    """How a machine numbers its vertices."""

    ids: str
    uniq: str
    shuffle: Sequence[int]

    @staticmethod
    def draw(rng: Random) -> "Habits":
        """Draw habits; mostly those of real machines: ids and uniq ids ascend together."""
        return Habits(
            rng.choice(("local", "local", "global", "gapped", "same", "random")),
            rng.choice(("row", "row", "row", "gapped", "shuffled")),
            rng.sample(range(100_000), 10_000),
        )

    def numbers(self, flat: FlatGraph, kind: str, place: int) -> tuple[int, int]:
        """Return the id and the uniq id of the next vertex, the `place`-th of its parent."""
        row = len(flat)
        number = {
            "local": place,
            "global": len(flat.rows_of_type(kind)) if self.ids == "global" else 0,
            "gapped": place * 3 + (place > 2) + 1,
            "same": 0,
            "random": self.shuffle[row % 10_000] % 50,
        }[self.ids]
        uniq = {
            "row": row,
            "gapped": 7 * row,
            "shuffled": self.shuffle[row % 10_000],
            "grown": 1_000_000 + row,  # beyond all others: ties have no defined order
        }
        return number, uniq[self.uniq]


Leaves = dict[str, tuple[int, int]]
"""Type of a leaf -> (how many, units of each)."""


def regular_machine(rng: Random, most: int = 500) -> FlatGraph:
    """Return a machine of up to about `most` vertices: levels of equal width, few kinds of node."""
    flat = FlatGraph()
    habits = Habits.draw(rng)
    root = add(flat, habits, "node" if rng.random() < 0.02 else "cluster", -1, 0)
    levels = rng.choice(LEVELS[1 if flat.type(root) == "node" else 0 :])
    kinds = [leaves(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
    size = rng.randint(10, most) if rng.random() < 0.7 else rng.randint(5, 40)
    parents = [root]
    for depth, level in enumerate(levels):
        below = [1 + sum(number for number, _ in kind.values()) for kind in kinds]
        inner = 2 ** (len(levels) - depth - 1) * max(below)
        most_wide = max(1, size // (inner * len(parents)))
        width = most_wide if len(levels) == 1 else rng.randint(1, min(most_wide, 8))
        parents = [
            add(flat, habits, level, parent, place) for parent in parents for place in range(width)
        ]
    for number, parent in enumerate(parents):
        add_leaves(flat, habits, parent, kinds[number % len(kinds)])
    add_at_other_levels(flat, rng, habits)
    for node in flat.rows_of_type("node"):
        for key in PROPERTIES:
            if rng.random() < 0.4:
                flat.set_property(node, key, "")
    return flat


def leaves(rng: Random) -> Leaves:
    """Draw what is in one kind of node; now and then nothing."""
    if rng.random() < 0.05:
        return {}
    found = {"core": (rng.choice((1, 2, 3, 4, 8, 70)), 1)}
    for kind in ("gpu", "memory", "ssd"):
        if rng.random() < 0.35:
            found[kind] = (rng.randint(1, 4), rng.choice(UNITS[kind]))
    return found


def add(flat: FlatGraph, habits: Habits, kind: str, parent: int, place: int, size: int = 1) -> int:
    """Add a vertex, as the root if the parent is -1. Ranks are those of the node."""
    number, uniq = habits.numbers(flat, kind, place)
    rank = -1 if parent < 0 else flat.rank(parent)
    if kind == "node" and parent >= 0:
        rank = len(flat.rows_of_type("node"))
    row = flat.add_vertex(kind, kind, number, f"{kind}{number}", uniq, rank, size)
    flat.set_path_under(row, "containment", parent)
    if parent >= 0:
        flat.add_edge(parent, row)
    else:
        flat.set_root("containment", row)
    return row


def add_leaves(flat: FlatGraph, habits: Habits, parent: int, kind: Leaves) -> None:
    for leaf, (count, size) in kind.items():
        for place in range(count):
            add(flat, habits, leaf, parent, place, size)


def add_at_other_levels(flat: FlatGraph, rng: Random, habits: Habits) -> None:
    """Put leaves beside inner vertices, and nodes beside racks, now and then."""
    if rng.random() < 0.3:
        for node in flat.rows_of_type("node"):
            add_leaves(flat, habits, node, {"gpu": (2, 1)} if flat.out_edges(node) else {})
    if rng.random() < 0.2:
        for rack in flat.rows_of_type("rack"):
            add_leaves(flat, habits, rack, {"ssd": (2, 100)})
    if rng.random() < 0.15 and flat.rows_of_type("rack"):
        for place in range(rng.randint(1, 3)):
            node = add(flat, habits, "node", flat.root(), place)
            add_leaves(flat, habits, node, leaves(rng))


def regular_growth(flat: FlatGraph, rng: Random) -> list[int]:
    """Attach a copy of an inner vertex with all below it, beside it; return its rows."""
    inner = [row for row in flat.rows() if flat.in_edges(row) and flat.out_edges(row)]
    if not inner:
        return []
    model = rng.choice(inner)
    habits = Habits(rng.choice(("global", "random")), "grown", rng.sample(range(10_000), 10_000))
    made: list[int] = []

    def copy(row: int, parent: int) -> None:
        new = add(flat, habits, flat.type(row), parent, 0, flat.size(row))
        made.append(new)
        for target, _ in flat.out_edges(row):
            copy(target, new)

    copy(model, flat.in_edges(model)[0][0])
    return made


# requests
def regular_jobspec(rng: Random, flat: FlatGraph) -> Jobspec:
    """Return a request of one of the forms that the indexed search knows; a few are odd."""
    way = [flat.root()]
    while children := [target for target, _ in flat.out_edges(way[-1])]:
        kinds = sorted({flat.type(child) for child in children})
        kind = rng.choice(kinds)
        way.append(rng.choice([child for child in children if flat.type(child) == kind]))
    named = way[1:] or way
    first = rng.randrange(len(named))
    named = named[first : rng.randint(first, len(named) - 1) + 1]
    resources: tuple[Resource, ...] = (_levels(rng, flat, named, rng.randrange(len(named))),)
    if rng.random() < 0.05:
        resources = _odd(rng, flat, resources)
    constraint = random_constraint(rng, flat) if rng.random() < 0.15 else None
    return Jobspec(1, resources, duration=rng.choice(DURATIONS), constraints=constraint)


def _levels(rng: Random, flat: FlatGraph, named: Sequence[int], slot_at: int) -> Resource:
    """Return the entry of `named[0]`, with the slot before `named[slot_at]`."""
    if slot_at == 0:
        contents = _contents(rng, flat, named)
        return Resource("slot", _count(rng, 4), contents, rng.choice((None, "task")))
    if rng.random() < 0.2:  # owned from here down
        below = [_entry(rng, flat, named[1:], True)] if rng.random() < 0.5 and named[1:] else []
        return Resource(
            flat.type(named[0]), _some(rng, flat, named[0]), tuple(below), exclusive=True
        )
    exclusive = True if rng.random() < 0.15 else None
    inner = _levels(rng, flat, named[1:], slot_at - 1)
    return Resource(flat.type(named[0]), _some(rng, flat, named[0]), (inner,), exclusive=exclusive)


def _entry(rng: Random, flat: FlatGraph, named: Sequence[int], choice: bool) -> Resource:
    """Return a vertex with what it must have below; a count with a choice only if told."""
    count = _some(rng, flat, named[0])
    if not choice:
        count = Count(count.min, count.min)
    below: tuple[Resource, ...] = ()
    if len(named) > 1 and rng.random() < 0.7:
        if rng.random() < 0.2:
            below = (Resource("slot", _count(rng, 3), _contents(rng, flat, named[1:])),)
        else:
            below = (_entry(rng, flat, named[1:], True),)
            below += _siblings(rng, flat, named[1], True)
    return Resource(flat.type(named[0]), count, below)


def _contents(rng: Random, flat: FlatGraph, named: Sequence[int]) -> tuple[Resource, ...]:
    choice = rng.random() < 0.05
    entries = [_entry(rng, flat, named, choice), *_siblings(rng, flat, named[0], choice)]
    rng.shuffle(entries)
    return tuple(entries)


def _siblings(rng: Random, flat: FlatGraph, row: int, choice: bool) -> tuple[Resource, ...]:
    """Return entries of some other types that stand beside a vertex."""
    sources = flat.in_edges(row)
    if not sources:
        return ()
    kinds = {flat.type(target): target for target, _ in flat.out_edges(sources[0][0])}
    kinds.pop(flat.type(row), None)
    return tuple(
        _entry(rng, flat, [sibling], choice)
        for _, sibling in sorted(kinds.items())
        if rng.random() < 0.3
    )


def _some(rng: Random, flat: FlatGraph, row: int) -> Count:
    """Return a count of units of vertices like this one, few of them or, rarely, all."""
    sources = flat.in_edges(row)
    if not sources:  # nothing is left but the root
        return Count(1, 1)
    beside = sum(flat.type(t) == flat.type(row) for t, _ in flat.out_edges(sources[0][0]))
    top = beside * flat.size(row)
    return _count(rng, top if rng.random() < 0.3 else max(1, top // rng.choice((2, 4, 8))))


def _count(rng: Random, top: int) -> Count:
    low = rng.randint(1, max(1, top)) if rng.random() < 0.6 else 1
    if rng.random() < 0.75:
        return Count(low, low)
    if rng.random() < 0.2:
        return Count(low, UNLIMITED)
    if rng.random() < 0.2:
        choices = tuple(sorted({low, *(rng.randint(low, low + 8) for _ in range(3))}))
        return Count(choices[0], choices[-1], choices=choices)
    operator = rng.choice("++*^")
    high = rng.randint(low, low + 2 * max(1, top))
    if operator == "+":
        return Count(low, high, "+", rng.randint(1, 3))
    if operator == "^":
        return Count(max(2, low), max(2, high), operator, 2)
    return Count(low, high, operator, rng.randint(2, 3))


def _odd(rng: Random, flat: FlatGraph, resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """Change a request so that only the walk understands it."""
    (entry,) = resources
    change = rng.choice(("two", "beside", "label", "shared"))
    leaf = rng.choice(("core", "gpu", "memory"))
    if change == "two":
        return (entry, Resource(leaf, Count(1, 1)))
    if change == "beside" and entry.type != "slot":
        return (replace(entry, children=(*entry.children, Resource(leaf, Count(1, 1)))),)
    if change == "label" and entry.type != "slot":
        return (replace(entry, label="here"),)
    if change == "shared" and entry.type != "slot":
        return (replace(entry, exclusive=False),)
    return resources
