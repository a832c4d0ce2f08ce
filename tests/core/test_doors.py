"""What the compiled classes refuse: each bad argument is one error, and changes nothing."""

from collections.abc import Callable

import pytest

from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py._core.request import Request
from fluxion_py._core.timeline import TimeLine
from fluxion_py.errors import GraphError
from fluxion_py.jobspec.model import Count, Resource
from fluxion_py.match.policy import POLICIES


def engine(flat: FlatGraph, subsystems: tuple[str, ...] = ("containment",)) -> Engine:
    return Engine(flat, policy=POLICIES["first"], subsystems=subsystems)


def request(count: Count, *, depth: int = 0) -> Request:
    resource = Resource("core", count)
    for _ in range(depth):
        resource = Resource("node", Count(1, 1), (resource,))
    return Request([resource], {"slot": 6, "node": 4, "core": 1}.__getitem__, False)


@pytest.mark.parametrize("per_parent", [-1, 1, 2**31, 2**62])
def test_children_without_ids_are_refused(flat: FlatGraph, per_parent: int) -> None:
    """4 x 2^62 children is 0 modulo 2^64, the number of ids given."""
    with pytest.raises(ValueError, match="0 ids for 4 x"):
        flat.add_children([1, 1, 2, 2], per_parent, "gpu", "gpu", [], 1, "", "containment")
    assert len(flat) == 11


def test_ranks_do_not_wrap(flat: FlatGraph) -> None:
    with pytest.raises(GraphError, match="too large"):
        flat.add_children([0], 2, "node", "node", [2, 3], 1, "", "containment", 2**31 - 1)


def test_sizes_cannot_add_up_to_an_overflow(flat: FlatGraph) -> None:
    with pytest.raises(GraphError, match="sizes add up"):
        flat.add_children([1] * 4, 1, "memory", "memory", [0] * 4, 2**61, "B", "containment")
    with pytest.raises(GraphError, match="sizes add up"):
        flat.add_vertex("memory", "memory", 0, "memory0", 11, size=2**63 - 1)
    assert len(flat) == 11


CHANGES: dict[str, Callable[[FlatGraph, int], object]] = {
    "edge to": lambda flat, row: flat.add_edge(0, row),
    "edge from": lambda flat, row: flat.add_edge(row, 0),
    "children": lambda flat, row: flat.add_children(
        [row], 1, "gpu", "gpu", [0], 1, "", "containment"
    ),
    "path": lambda flat, row: flat.set_path(row, "containment", "/x"),
    "path under": lambda flat, row: flat.set_path_under(row, "containment", 0),
    "path above": lambda flat, row: flat.set_path_under(0, "power", row),
    "root": lambda flat, row: flat.set_root("containment", row),
    "detach": lambda flat, row: flat.detach(row),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("row", [3, 11, -2, -(2**63)])
def test_a_vertex_that_is_gone_or_never_was_cannot_change(
    flat: FlatGraph, row: int, change: str
) -> None:
    flat.detach(3)
    with pytest.raises((IndexError, OverflowError)):
        CHANGES[change](flat, row)
    assert (flat.vertex_count, flat.edge_count, flat.root()) == (10, 9, 0)


@pytest.mark.parametrize("row", [0, 1])
def test_a_path_cannot_go_round_in_a_circle(flat: FlatGraph, row: int) -> None:
    with pytest.raises(GraphError, match="circle"):
        flat.set_path_under(row, "containment", 3 if row == 0 else 1)
    assert flat.path(3) == "/cluster0/node0/core0"


def test_a_path_of_too_many_levels_is_refused(flat: FlatGraph) -> None:
    bottom = 0
    for number in range(1001):
        bottom = flat.add_children([bottom], 1, "rack", "rack", [number], 1, "", "containment")[0]
    row = flat.add_vertex("rack", "rack", 0, "rack0", 5000)
    with pytest.raises(GraphError, match="more than 1000 levels"):
        flat.set_path_under(row, "containment", bottom)


def test_a_path_outlives_the_vertex_it_began_at(flat: FlatGraph) -> None:
    flat.set_path(1, "containment", "/elsewhere")
    flat.add_edge(2, 3)
    assert 3 not in flat.detach(1)
    assert flat.path(3) == "/elsewhere/core0"
    assert flat.rows_at("/elsewhere/core0") == [3]
    assert flat.rows_at("/elsewhere") == []


@pytest.mark.parametrize(
    "name", ["type_id", "find_type", "subsystem_id", "find_subsystem", "rows_at", "rows_named"]
)
def test_none_is_no_name(flat: FlatGraph, name: str) -> None:
    with pytest.raises(TypeError):
        getattr(flat, name)(None)
    assert None not in flat.types() + flat.subsystems()


@pytest.mark.parametrize(
    ("properties", "error"), [({1: "x"}, TypeError), ({"x": 1}, TypeError), (5, AttributeError)]
)
def test_a_vertex_with_properties_that_are_no_text_is_not_added(
    flat: FlatGraph, properties: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        flat.add_vertex("node", "node", 2, "node2", 11, properties=properties)
    assert len(flat) == 11


def test_an_engine_needs_a_subsystem(flat: FlatGraph) -> None:
    with pytest.raises(GraphError, match="no subsystem"):
        engine(flat, ())


@pytest.mark.parametrize(("source", "target"), [(3, 0), (1, 1), (3, 1)])
def test_a_cycle_is_refused(flat: FlatGraph, source: int, target: int) -> None:
    flat.add_edge(source, target)
    with pytest.raises(GraphError, match="a cycle: an edge leads from"):
        engine(flat)


def test_a_cycle_of_another_subsystem_is_refused(flat: FlatGraph) -> None:
    pdu = flat.add_vertex("pdu", "pdu", 0, "pdu0", 11)
    flat.set_root("power", pdu)
    flat.add_edge(pdu, 1, "power")
    flat.add_edge(1, pdu, "power")
    with pytest.raises(GraphError, match="from node0 back up to pdu0"):
        engine(flat, ("containment", "power"))


def test_vertices_with_two_parents_in_many_layers_take_no_time(flat: FlatGraph) -> None:
    """60 diamonds below each other have 2^60 ways down."""
    bottom = 1
    for number in range(60):
        left, right = flat.add_children(
            [bottom], 2, "rack", "rack", [number] * 2, 1, "", "containment"
        )
        bottom = flat.add_children([left], 1, "blade", "blade", [number], 1, "", "containment")[0]
        flat.add_edge(right, bottom)
    machine = engine(flat)
    whole = machine.compile([Resource("node", Count(2, 2), exclusive=True)])
    answer = machine.match("allocate", whole, 10, 1)
    assert answer.selection is not None
    assert {entry[0] for entry in answer.selection.vertices} == set(flat.rows())


@pytest.mark.parametrize(
    "count",
    [
        Count(-1, -1),
        Count(1, 2**62 + 1),
        Count(1, 5, "+", 0),
        Count(1, 5, "*", -1),
        Count(2, 9, "x"),
        Count(1, 9, choices=(5, 3)),
        Count(1, 9, choices=(-5,)),
        Count(1, 9, choices=(2**63,)),
    ],
)
def test_a_count_that_no_jobspec_can_have_is_refused(count: Count) -> None:
    with pytest.raises(ValueError, match="count"):
        request(count)


def test_a_request_too_deep_to_walk_is_refused() -> None:
    with pytest.raises(ValueError, match="deeper than 1000 levels"):
        request(Count(1, 1), depth=5_000)


def test_demands_do_not_wrap() -> None:
    """(2^32 - 1)^3 cores are demanded as more than any graph has."""
    most = 2**32 - 1
    inner = Resource("node", Count(most, most), (Resource("core", Count(most, most)),))
    outer = Resource("cluster", Count(most, most), (inner,))
    numbers = {"slot": 6, "cluster": 0, "node": 4, "core": 1}
    totals = Request([outer], numbers.__getitem__, False).totals()
    assert totals == {0: most, 4: 2**62 + 1, 1: 2**62 + 1}


def test_a_time_line_gives_back_only_what_was_taken() -> None:
    line = TimeLine(1)
    line.add_span(0, 10, [3])
    before = line.table()
    for start, end, amount in [(5, 6, 1), (0, 7, 3), (20, 30, 1), (0, 10, 4)]:
        with pytest.raises(ValueError, match=r"span starts or ends|units in use"):
            line.remove_span(start, end, [amount])
    with pytest.raises(ValueError, match="span starts or ends"):
        line.change_span(3, 10, [1])
    with pytest.raises(ValueError, match="units in use"):
        line.change_span(0, 10, [-4])
    assert line.table() == before
    line.remove_span(0, 10, [3])
    assert line.table() == []


def test_a_time_line_does_not_overflow() -> None:
    line = TimeLine(1)
    line.add_span(0, 10, [2**61])
    for amount in (1, 2**63 - 1, -1):
        with pytest.raises(ValueError, match="units in use"):
            line.add_span(0, 20, [amount])
    assert line.peak_during(0, 0, 20) == 2**61


def test_a_time_line_has_no_negative_number_of_types() -> None:
    with pytest.raises(ValueError, match="-1 types"):
        TimeLine(-1)
