"""Every invariant has a graph that breaks it, and the finding names the vertices."""

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import InvalidGraphError
from fluxion_py.graph.invariants import problems
from fluxion_py.graph.resource_graph import ResourceGraph
from tests.machines import add_below


def add_unlinked(flat: FlatGraph, parent: int, kind: str, number: int) -> None:
    """Add a vertex with a path below another, but without an edge."""
    row = flat.add_vertex(kind, kind, number, f"{kind}{number}", len(flat))
    flat.set_path_under(row, "containment", parent)


@pytest.fixture
def flat() -> FlatGraph:
    """/cluster0 with node0 (core0, core1) and node1."""
    graph = FlatGraph()
    root = add_below(graph, -1, "cluster", 0)
    node = add_below(graph, root, "node", 0, 0)
    add_below(graph, node, "core", 0)
    add_below(graph, node, "core", 1)
    add_below(graph, root, "node", 1, 1)
    return graph


def test_sound_graph_has_no_findings(flat: FlatGraph) -> None:
    assert problems(flat) == []
    ResourceGraph(flat).validate()


def test_cycle_is_named_vertex_by_vertex(flat: FlatGraph) -> None:
    flat.add_edge(2, 1)
    cycle = "/cluster0/node0 -> /cluster0/node0/core0 -> /cluster0/node0 (containment)"
    turned = "/cluster0/node0/core0 -> /cluster0/node0 -> /cluster0/node0/core0 (containment)"
    assert problems(flat)[0] in (f"cycle: {cycle}", f"cycle: {turned}")


def test_second_root(flat: FlatGraph) -> None:
    flat.set_path(
        flat.add_vertex("cluster", "cluster", 1, "cluster1", 9), "containment", "/cluster1"
    )
    assert problems(flat) == ["2 roots in containment: /cluster0, /cluster1"]


def test_missing_root(flat: FlatGraph) -> None:
    flat.add_edge(1, 4, "net")
    assert problems(flat)[0].startswith("net has no root")


def test_root_with_a_parent(flat: FlatGraph) -> None:
    flat.set_root("containment", 1)
    assert "the root of containment, /cluster0/node0, has a parent" in problems(flat)


def test_vertex_that_cannot_be_reached(flat: FlatGraph) -> None:
    add_unlinked(flat, 1, "gpu", 0)
    assert problems(flat) == ["1 vertices cannot be reached in containment: /cluster0/node0/gpu0"]


def test_vertex_in_no_subsystem(flat: FlatGraph) -> None:
    flat.add_vertex("ssd", "ssd", 3, "ssd3", 9)
    assert problems(flat) == ["1 vertices have no edge and no path: ssd3"]


def test_path_that_leads_through_no_parent(flat: FlatGraph) -> None:
    flat.set_path(2, "containment", "/cluster0/node1/core0")
    assert problems(flat) == ["1 containment paths lead through no parent: /cluster0/node1/core0"]


def test_edge_to_a_vertex_without_a_path(flat: FlatGraph) -> None:
    flat.add_edge(1, flat.add_vertex("gpu", "gpu", 0, "gpu0", 9))
    assert "gpu0 has an edge but no path in containment" in problems(flat)


def test_id_that_occurs_twice_below_one_parent(flat: FlatGraph) -> None:
    add_below(flat, 1, "core", 1)
    assert problems(flat) == ["core id 1 (core1) occurs twice under /cluster0/node0"]


def test_one_host_name_with_two_ranks_is_sound(flat: FlatGraph) -> None:
    add_below(flat, 0, "node", 1, 2)
    assert problems(flat) == []


def test_rank_of_two_nodes(flat: FlatGraph) -> None:
    flat.set_rank(4, 0)
    assert problems(flat) == ["rank 0 belongs to 2 nodes: /cluster0/node0, /cluster0/node1"]


def test_validate_raises_the_worst_and_keeps_all(flat: FlatGraph) -> None:
    flat.set_rank(4, 0)
    add_below(flat, 1, "core", 1)
    with pytest.raises(InvalidGraphError, match=r"occurs twice .* \(and 1 more\)") as caught:
        ResourceGraph(flat, "m.json").validate()
    assert len(caught.value.problems) == 2
    assert str(caught.value).startswith("m.json: ")


def test_long_lists_are_cut(flat: FlatGraph) -> None:
    for number in range(9):
        add_unlinked(flat, 1, "gpu", number)
    assert problems(flat)[0].endswith("/cluster0/node0/gpu4, ... (4 more)")
