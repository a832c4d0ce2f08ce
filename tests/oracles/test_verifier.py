"""The verifier accepts right answers and rejects every kind of wrong one.

The right answers are made by hand, so that this test needs no matcher; the properties in
`tests/properties` add those of the engines.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import UNLIMITED, Count, Jobspec, Resource
from fluxion_py.outcome import Selection
from tests.machines import add_below, entry
from tests.oracles.verifier import Verifier
from tests.oracles.verifier_machine import VerificationError

T = TypeVar("T")


def machine(memory: int = 4) -> FlatGraph:
    """The machine `mini` of matching.md 15 with a gpu per node, below one rack."""
    flat = FlatGraph()
    rack = add_below(flat, add_below(flat, -1, "cluster", 0), "rack", 0)
    for n in range(3):
        node = add_below(flat, rack, "node", n, n)
        flat.set_property(node, "odd" if n % 2 else "even", "")
        add_below(flat, node, "gpu", 0, n)
        for s in range(2):
            socket = add_below(flat, node, "socket", s, n)
            for c in range(3):
                add_below(flat, socket, "core", s * 3 + c, n)
            add_below(flat, socket, "memory", s, n, memory)
    return flat


def rows(flat: FlatGraph, *names: str) -> list[int]:
    """Rows by the end of their paths, such as `node0/socket1/core4`."""
    found = [r for r in flat.rows() for n in names if (flat.path(r) or "").endswith("/" + n)]
    assert len(found) == len(names)
    return found


def answer(flat: FlatGraph, exclusive: list[int]) -> Selection:
    """The selection of these exclusive rows and their shared ancestors, in emission order."""
    selection = Selection()
    taken = set(exclusive)

    def visit(row: int, depth: int) -> bool:
        below = False
        for target, subsystem in flat.out_edges(row):
            if visit(target, depth + 1):
                below = True
                selection.edges.append((row, target, subsystem))
        if row in taken or below:
            needs = flat.size(row) if row in taken else 1
            selection.vertices.append((row, needs, row in taken, depth))
        return row in taken or below

    visit(flat.root(), 1)
    return selection


def job(*resources: Resource, **more: object) -> Jobspec:
    return replace(Jobspec(1, resources, duration=100), **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Case:
    """A request and the rows that answer it."""

    jobspec: Jobspec
    names: tuple[str, ...]
    whole: tuple[str, ...] = ()  # rows that are given with all below them
    node_exclusive: bool = False

    def exclusive(self, flat: FlatGraph) -> list[int]:
        found = rows(flat, *self.names)
        for row in rows(flat, *self.whole):
            path = flat.path(row) or ""
            found += [r for r in flat.rows() if f"{flat.path(r)}/".startswith(f"{path}/")]
        return found


SOCKET_CONTENT = ("core1", "core2", "memory0")
CASES = {
    "cores-anywhere": Case(
        job(entry("slot", 1, entry("core", 2))), ("node0/socket1/core3", "node0/socket1/core4")
    ),
    "cores-spread": Case(
        job(entry("slot", 3, entry("core", 1))),
        ("node0/socket1/core3", "node1/socket0/core0", "node1/socket1/core4"),
    ),
    "sockets-in-slots": Case(
        job(
            entry(
                "node",
                1,
                entry("slot", 2, entry("socket", 1, entry("core", 2), entry("memory", 1))),
            )
        ),
        (
            "node1/socket0",
            *(f"node1/socket0/{n}" for n in SOCKET_CONTENT),
            "node1/socket1",
            "node1/socket1/core3",
            "node1/socket1/core5",
            "node1/socket1/memory1",
        ),
    ),
    "whole-node": Case(job(entry("node", 1, exclusive=True)), (), ("node2",)),
    "nodes-with-slots": Case(
        job(entry("rack", 1, entry("node", 2, entry("slot", 1, entry("gpu", 1))))),
        ("node0/gpu0", "node2/gpu0"),
    ),
    "node-exclusive-policy": Case(
        job(entry("slot", 2, entry("core", 3))), (), ("node1",), node_exclusive=True
    ),
    "constrained": Case(
        job(entry("slot", 1, entry("node", 1)), constraints={"properties": ["odd"]}), ("node1",)
    ),
    "ranged": Case(
        job(entry("socket", 1, entry("slot", Count(1, UNLIMITED), entry("core", 1)))),
        ("node0/socket0/core0", "node0/socket0/core1"),
    ),
    "surplus": Case(
        job(entry("socket", 1, entry("slot", 1, entry("memory", 3)))), ("node0/socket1/memory1",)
    ),
}


def with_changes(right: Selection, **more: list[Any]) -> Selection:
    """Return an answer with other vertices or edges."""
    return Selection(
        more.get("vertices", list(right.vertices)),
        more.get("edges", list(right.edges)),
        right.labels,
    )


def check(
    case: Case, flat: FlatGraph, selection: Selection, at: int = 0, duration: int = 100
) -> None:
    verifier = Verifier(flat, node_exclusive=case.node_exclusive)
    verifier.check_grant(case.jobspec, selection, at, duration, jobid=1)


@pytest.mark.parametrize("name", CASES)
def test_right_answers_pass(name: str) -> None:
    flat = machine()
    check(CASES[name], flat, answer(flat, CASES[name].exclusive(flat)))


# 200 wrong answers: each generator yields (what is wrong, the changed selection).
Change = Callable[[FlatGraph, list[int]], Iterator[tuple[str, Selection]]]


def drop_one(flat: FlatGraph, taken: list[int]) -> Iterator[tuple[str, Selection]]:
    for row in taken:
        yield f"without {flat.path(row)}", answer(flat, [r for r in taken if r != row])


def add_one(flat: FlatGraph, taken: list[int]) -> Iterator[tuple[str, Selection]]:
    for row in set(flat.rows()) - set(taken):
        yield f"with {flat.path(row)}", answer(flat, [*taken, row])


def flip_flag(flat: FlatGraph, taken: list[int]) -> Iterator[tuple[str, Selection]]:
    right = answer(flat, taken)
    for place, (row, needs, exclusive, depth) in enumerate(right.vertices):
        changed = with_changes(right, vertices=list(right.vertices))
        changed.vertices[place] = (row, needs, not exclusive, depth)
        yield f"{flat.path(row)} exclusive={not exclusive}", changed


def wrong_units(flat: FlatGraph, taken: list[int]) -> Iterator[tuple[str, Selection]]:
    right = answer(flat, taken)
    for place, (row, needs, exclusive, depth) in enumerate(right.vertices):
        for units in {0, needs + 1, needs - 1, flat.size(row) + 1}:
            changed = with_changes(right, vertices=list(right.vertices))
            changed.vertices[place] = (row, units, exclusive, depth)
            yield f"{units} units of {flat.path(row)}", changed


def broken_tree(flat: FlatGraph, taken: list[int]) -> Iterator[tuple[str, Selection]]:
    right = answer(flat, taken)
    for place in range(len(right.vertices)):
        yield f"vertex {place} lost", with_changes(right, vertices=_without(right.vertices, place))
        row, needs, exclusive, depth = right.vertices[place]
        deeper = with_changes(right, vertices=list(right.vertices))
        deeper.vertices[place] = (row, needs, exclusive, depth + 1)
        yield f"vertex {place} deeper", deeper
        doubled = [*right.vertices[:place], right.vertices[place], *right.vertices[place:]]
        yield f"vertex {place} twice", with_changes(right, vertices=doubled)
    for place, edge in enumerate(right.edges):
        yield f"edge {place} lost", with_changes(right, edges=_without(right.edges, place))
        yield f"edge {place} twice", with_changes(right, edges=[*right.edges, edge])
        source, target, subsystem = edge
        other = [*_without(right.edges, place), (target, source, subsystem)]
        yield f"edge {place} turned", with_changes(right, edges=other)
    yield "reversed", with_changes(right, vertices=right.vertices[::-1])
    yield "empty", Selection()
    foreign = [*right.vertices[:-1], (len(flat) + 5, 1, True, 4), right.vertices[-1]]
    yield "a row that does not exist", with_changes(right, vertices=foreign)


def _without(items: list[T], place: int) -> list[T]:
    return items[:place] + items[place + 1 :]


CHANGES: dict[str, Change] = {
    change.__name__: change for change in (drop_one, add_one, flip_flag, wrong_units, broken_tree)
}
# These two changed answers are right as well: a ranged count may be met by more or by less.
STILL_RIGHT = {
    ("ranged", "drop_one"): 2,
    ("ranged", "add_one"): 1,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", CASES)
def test_corrupted_answers_are_rejected(name: str, change: str) -> None:
    flat = machine()
    case = CASES[name]
    accepted = []
    tried = 0
    for what, selection in CHANGES[change](flat, case.exclusive(flat)):
        tried += 1
        try:
            check(case, flat, selection)
        except VerificationError:
            continue
        accepted.append(what)
    assert tried
    assert len(accepted) == STILL_RIGHT.get((name, change), 0), accepted


def test_two_hundred_corruptions_are_tried() -> None:
    """The mutation test above is as large as it claims to be."""
    flat = machine()
    tried = [
        what
        for case in CASES.values()
        for change in CHANGES.values()
        for what, _ in change(flat, case.exclusive(flat))
    ]
    assert len(tried) - sum(STILL_RIGHT.values()) >= 200


# wrong in other ways than the selection
def refused(verifier: Verifier, case: Case, selection: Selection, **how: int) -> str:
    """The rule by which an answer is refused."""
    with pytest.raises(VerificationError) as caught:
        verifier.check_grant(
            case.jobspec,
            selection,
            how.get("at", 0),
            how.get("duration", 100),
            how.get("now", 0),
            jobid=1,
            reserved=bool(how["reserved"]) if "reserved" in how else None,
        )
    return caught.value.rule


@pytest.mark.parametrize(
    ("settings", "jobspec_duration"),
    [
        ({"at": -1}, 100),
        ({"now": 5}, 100),
        ({"duration": 99}, 100),
        ({"duration": 101}, 100),
        ({"duration": 0}, 100),
        ({"duration": 99}, 99.5),
        ({"at": 3153600000 - 50}, 100),
        ({"at": 3153600000, "duration": 0}, 100),
        ({"duration": 100}, 0),
        ({"reserved": 1}, 100),
        ({"at": 10, "reserved": 0}, 100),
    ],
)
def test_a_wrong_time_is_refused(settings: dict[str, int], jobspec_duration: float) -> None:
    flat = machine()
    case = CASES["cores-anywhere"]
    case = replace(case, jobspec=replace(case.jobspec, duration=jobspec_duration))
    selection = answer(flat, case.exclusive(flat))
    assert refused(Verifier(flat), case, selection, **settings) == "time"


def test_a_duration_is_clipped_at_the_end_of_the_graph() -> None:
    flat = machine()
    case = CASES["cores-anywhere"]
    verifier = Verifier(flat, graph_end=1000)
    selection = answer(flat, case.exclusive(flat))
    verifier.check_grant(case.jobspec, selection, 950, 50)
    assert refused(verifier, case, selection, at=950) == "time"


@pytest.mark.parametrize("place", ["node0/socket1/core3", "node0/socket1", "node0", "rack0"])
def test_a_down_vertex_or_ancestor_is_refused(place: str) -> None:
    flat = machine()
    case = CASES["cores-anywhere"]
    flat.set_up(rows(flat, place)[0], False)
    assert refused(Verifier(flat), case, answer(flat, case.exclusive(flat))) == "down"


def test_a_down_core_in_a_whole_node_has_a_rule_of_its_own() -> None:
    flat = machine()
    case = CASES["whole-node"]
    flat.set_up(rows(flat, "node2/socket0/core1")[0], False)
    selection = answer(flat, case.exclusive(flat))
    assert refused(Verifier(flat), case, selection) == "down-below"
    check_tolerant = Verifier(flat, tolerated=["down-below"])
    check_tolerant.check_grant(case.jobspec, selection, 0, 100)


@pytest.mark.parametrize(
    "constraint",
    [
        {"properties": ["even"]},
        {"properties": ["^odd"]},
        {"hostlist": ["node[0,2]"]},
        {"ranks": ["0", "2-7"]},
        {"not": [{"properties": ["odd"]}]},
        {"and": [{"properties": ["odd"]}, {"ranks": ["2"]}]},
        {"or": [{"properties": ["even"]}, {"ranks": ["2"]}]},
    ],
)
def test_a_violated_constraint_is_refused(constraint: dict[str, list[object]]) -> None:
    flat = machine()
    case = CASES["constrained"]
    case = replace(case, jobspec=replace(case.jobspec, constraints=constraint))
    assert refused(Verifier(flat), case, answer(flat, case.exclusive(flat))) == "constraint"


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [(a, b) for a in CASES for b in CASES if CASES[a].node_exclusive == CASES[b].node_exclusive],
)
def test_two_jobs_conflict_exactly_if_an_exclusive_vertex_is_in_both(
    mine: str, theirs: str
) -> None:
    """A second job is refused exactly if it and the first meet at an exclusive vertex."""
    flat = machine()
    verifier = Verifier(flat, node_exclusive=CASES[mine].node_exclusive)
    first, second = (answer(flat, CASES[n].exclusive(flat)) for n in (theirs, mine))
    verifier.book(7, first, 50, 100)
    held = {row: exclusive for row, _, exclusive, _ in first.vertices}
    meet = any(row in held and (x or held[row]) for row, _, x, _ in second.vertices)
    if meet:
        assert refused(verifier, CASES[mine], second) == "booked"
    else:
        verifier.check_grant(CASES[mine].jobspec, second, 0, 100, jobid=1)
    verifier.check_grant(CASES[mine].jobspec, second, 150, 100, jobid=1)
    verifier.cancel(7)
    verifier.check_grant(CASES[mine].jobspec, second, 0, 100, jobid=1)


def test_a_vertex_above_a_foreign_core_cannot_be_taken() -> None:
    """Even if the foreign job no longer holds the node on the way (after a partial release)."""
    flat = machine()
    verifier = Verifier(flat)
    first = answer(flat, rows(flat, "node1/socket0/core0", "node1/socket0/core1"))
    verifier.book(7, first, 0, 100)
    verifier.release(7, rows(flat, "node1", "node1/socket0/core0"))
    case = CASES["constrained"]
    selection = answer(flat, case.exclusive(flat))
    assert refused(verifier, case, selection) == "booked"
    verifier.release(7, rows(flat, "node1/socket0/core1"))
    assert not verifier.holds
    verifier.check_grant(case.jobspec, selection, 0, 100)


def test_a_slot_may_waste_less_than_one_pool_only() -> None:
    """Pools of 4 for a slot of 6: two are right, three are one too many."""
    flat = machine()
    node = job(entry("socket", 2, entry("slot", 1, entry("memory", 3))))
    taken = rows(flat, "node0/socket0/memory0", "node0/socket1/memory1")
    Verifier(flat).check_grant(node, answer(flat, taken), 0, 100)
    more = [*taken, *rows(flat, "node1/socket0/memory0")]
    assert refused(Verifier(flat), Case(node, ()), answer(flat, more)) == "count"


def test_alternatives_need_the_flexible_traverser() -> None:
    flat = machine()
    shapes = (
        entry("xor_slot", 1, entry("core", 3)),
        entry("xor_slot", 1, entry("core", 1), entry("memory", 1)),
    )
    jobspec = job(entry("socket", 1, *shapes))
    taken = rows(flat, "node0/socket0/core0", "node0/socket0/memory0")
    selection = answer(flat, taken)
    Verifier(flat, flexible=True).check_grant(jobspec, selection, 0, 100)
    assert refused(Verifier(flat), Case(jobspec, ()), selection) == "siblings"
    more = [*taken, *rows(flat, "node0/socket0/core1", "node0/socket0/core2")]
    verifier = Verifier(flat, flexible=True)
    assert refused(verifier, Case(jobspec, ()), answer(flat, more)) == "needless"


def test_sibling_slots_may_be_mixed() -> None:
    """One slot of each shape makes two slots: either of the counts may be the one wanted."""
    flat = machine()
    shapes = (
        entry("slot", 1, entry("core", 2)),
        entry("slot", 2, entry("core", 1), entry("memory", 1)),
    )
    jobspec = job(entry("socket", 1, *shapes))
    taken = rows(flat, *(f"node0/socket0/{n}" for n in ("core0", "core1", "core2", "memory0")))
    verifier = Verifier(flat, flexible=True)
    verifier.check_grant(jobspec, answer(flat, taken), 0, 100)
    assert refused(verifier, Case(jobspec, ()), answer(flat, taken[1:])) == "slot"
