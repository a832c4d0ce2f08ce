"""The public face of the graph: look-ups, handles, counts, changes, and what is printed."""

from dataclasses import FrozenInstanceError

import pytest

from fluxion_py.errors import GraphError, NoVertexError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.graph.vertex import Vertex
from tests.machines import RESOURCES


@pytest.fixture
def elk() -> ResourceGraph:
    """Four racks of ten nodes."""
    return ResourceGraph.from_file(RESOURCES / "elk.yaml")


def test_journey_of_the_admin(elk: ResourceGraph) -> None:
    """The numbers and the line of user journey 1."""
    assert elk.counts() == {"cluster": 1, "rack": 4, "node": 40, "socket": 80, "core": 1440}
    assert len(elk) == 1565
    assert elk.flat.edge_count == 1564
    assert str(elk["/elk/rack1/elk12"]) == "node elk12 rank=12 up, 2 socket, 36 core"
    assert [vertex.name for vertex in elk.children("/elk/rack1")] == [
        f"elk{number}" for number in range(10, 20)
    ]
    elk.validate()


def test_recipe_method_reads_the_same_file(elk: ResourceGraph) -> None:
    again = ResourceGraph.from_recipe(RESOURCES / "elk.yaml")
    assert [str(vertex.path) for vertex in again] == [str(vertex.path) for vertex in elk]


def test_vertex_reads_the_columns() -> None:
    graph = ResourceGraph.from_file(RESOURCES / "mini.json")
    memory = graph["/mini0/node1/memory0"]
    assert (memory.type, memory.basename, memory.id, memory.name) == (
        "memory",
        "memory",
        0,
        "memory0",
    )
    assert (memory.uniq_id, memory.rank, memory.size, memory.unit, memory.up) == (
        12,
        1,
        64,
        "GB",
        True,
    )
    assert memory.paths == {"containment": "/mini0/node1/memory0"}
    assert str(memory) == "memory memory0 rank=1 size=64GB up"
    node = graph["/mini0/node1"]
    assert node.properties == {"zone": "b"}
    assert str(node) == "node node1 rank=1 down, 4 core, 1 memory, zone=b"


def test_handles_are_frozen_and_compare_by_vertex(elk: ResourceGraph) -> None:
    vertex = elk["/elk/rack0"]
    assert vertex == elk["/elk/rack0"]
    assert vertex != elk["/elk/rack1"]
    assert len({vertex, elk["/elk/rack0"]}) == 1
    with pytest.raises(FrozenInstanceError):
        vertex.row = 5  # type: ignore[misc]


def test_vertices_by_type_and_all(elk: ResourceGraph) -> None:
    assert [vertex.name for vertex in elk.vertices("rack")] == ["rack0", "rack1", "rack2", "rack3"]
    assert sum(1 for _ in elk) == 1565
    assert list(elk.vertices("gpu")) == []


def test_shared_vertex_is_counted_once() -> None:
    graph = ResourceGraph.from_file(RESOURCES / "shared-storage.json")
    assert graph["/tiers0"].below()["ssd"] == 4
    assert {vertex.name for vertex in graph.children("/tiers0/mtl2unit0")} == {
        "ssd0", "ssd1", "ssd2", "ssd3",
    }  # fmt: skip


def test_vertex_of_another_subsystem_is_found_by_its_path() -> None:
    graph = ResourceGraph.from_file(RESOURCES / "power.graphml")
    panel = graph["/powerpanel0"]
    assert panel.path == "/powerpanel0"
    assert [vertex.name for vertex in panel.children("power")] == ["pdu0", "pdu1"]
    assert panel.children() == []
    assert graph["/powerpanel0/pdu1/node12"] == graph["/volt0/rack1/node12"]


def test_missing_path_says_what_is_there_instead(elk: ResourceGraph) -> None:
    with pytest.raises(
        NoVertexError, match=r"/elk/rack9: no such vertex \(racks are rack\[0-3\]\)"
    ):
        elk["/elk/rack9"]
    with pytest.raises(KeyError, match=r"the root is /elk"):
        elk["/moose"]
    with pytest.raises(NoVertexError, match="nothing below it"):
        elk["/elk/rack0/elk0/socket0/core0/pu0"]
    assert "/elk/rack9" not in elk
    assert "/elk/rack0" in elk
    assert 7 not in elk


def test_status_and_properties_can_be_set(elk: ResourceGraph) -> None:
    elk.set_status("/elk/rack3", up=False)
    elk.set_property("/elk/rack3/elk30", "badrabbit")
    elk.set_property("/elk/rack3/elk30", "gpu-model", "h200")
    assert not elk["/elk/rack3"].up
    assert elk["/elk/rack3/elk30"].up
    assert elk["/elk/rack3/elk30"].properties == {"badrabbit": "", "gpu-model": "h200"}
    elk.set_status("/elk/rack3", up=True)
    assert elk["/elk/rack3"].up
    with pytest.raises(NoVertexError):
        elk.set_status("/elk/rack9", up=False)
    with pytest.raises(GraphError, match="a property needs a name"):
        elk.set_property("/elk/rack3", "")


def test_units_of_jgf_are_kept() -> None:
    """Unlike the reference, which drops them."""
    text = (RESOURCES / "mini.json").read_text()
    assert ResourceGraph.from_text(text)["/mini0/node0/memory0"].unit == "GB"


def test_empty_graph_is_not_valid() -> None:
    graph = ResourceGraph()
    assert len(graph) == 0
    assert repr(graph) == "<ResourceGraph empty>"
    with pytest.raises(GraphError, match="the graph has no vertex"):
        graph.validate()


def test_repr_counts(elk: ResourceGraph) -> None:
    assert repr(elk) == "<ResourceGraph 1 cluster, 4 rack, 40 node, 80 socket, 1440 core>"
    assert repr(Vertex(elk.flat, 3)) == "Vertex(row=3)"
