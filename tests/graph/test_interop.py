"""networkx and rustworkx: there and back without loss."""

from pathlib import Path

import networkx as nx
import pytest

from fluxion_py.errors import GraphError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.graph.vertex import Vertex
from tests.machines import RESOURCES

NAMES = ["elk.yaml", "mini.json", "shared-storage.json", "power.graphml", "r-four-nodes.json"]


def content(graph: ResourceGraph) -> list[object]:
    """Return every vertex with all it has, and every edge, by path."""
    flat = graph.flat
    vertices = sorted(
        (
            v.path, v.type, v.basename, v.id, v.name, v.uniq_id, v.rank, v.size, v.unit, v.up,
            sorted(v.properties.items()), sorted(v.paths.items()),
        )
        for v in graph
    )  # fmt: skip
    edges = sorted(
        (vertex.path, Vertex(flat, target).path, flat.subsystems()[subsystem])
        for vertex in graph
        for target, subsystem in flat.out_edges(vertex.row)
    )
    roots = [flat.path(flat.root(name), name) for name in flat.subsystems()]
    return [vertices, edges, roots]


@pytest.mark.parametrize("name", NAMES)
def test_networkx_there_and_back(name: str) -> None:
    graph = ResourceGraph.from_file(RESOURCES / name)
    again = ResourceGraph.from_networkx(graph.to_networkx())
    assert content(again) == content(graph)
    again.validate()


@pytest.mark.parametrize("name", NAMES)
def test_graphml_file_there_and_back(name: str, tmp_path: Path) -> None:
    graph = ResourceGraph.from_file(RESOURCES / name)
    path = tmp_path / "site.graphml"
    nx.write_graphml(graph.to_networkx(), path)
    assert content(ResourceGraph.from_file(path)) == content(graph)
    assert content(ResourceGraph.from_networkx(nx.read_graphml(path))) == content(graph)


def test_networkx_graph_is_that_of_the_machine() -> None:
    graph = ResourceGraph.from_file(RESOURCES / "elk.yaml").to_networkx()
    assert nx.is_arborescence(graph)
    assert graph.nodes["/elk/rack1/elk12"]["rank"] == 12
    assert graph.out_degree("/elk/rack1") == 10
    assert graph.edges["/elk", "/elk/rack0"] == {"subsystem": "containment"}


def test_rustworkx_graph_has_vertices_and_subsystem_names() -> None:
    machine = ResourceGraph.from_file(RESOURCES / "power.graphml")
    graph = machine.to_rustworkx()
    assert graph.num_nodes() == len(machine)
    assert graph.num_edges() == machine.flat.edge_count
    assert sorted(set(graph.edges())) == ["containment", "power"]
    assert graph[0].path == "/volt0"


def test_vertices_that_share_a_path_stay_two() -> None:
    text = (
        '{"version": 1, "execution": {"R_lite": [{"rank": "0-1", "children": {"core": "0"}}],'
        ' "nodelist": ["n", "n"]}}'
    )
    graph = ResourceGraph.from_text(text)
    assert graph.to_networkx().number_of_nodes() == len(graph) == 5


def test_hand_made_graph_needs_only_types() -> None:
    drawing: nx.DiGraph[str] = nx.DiGraph()
    drawing.add_node("top", type="cluster", id=0)
    drawing.add_node("n", type="node", id=3, rank=0, properties={"fast": ""})
    drawing.add_edge("top", "n")
    graph = ResourceGraph.from_networkx(drawing)
    assert graph["/cluster0/node3"].properties == {"fast": ""}
    graph.validate()


@pytest.mark.parametrize(
    ("edges", "attributes", "message"),
    [
        ([("a", "b"), ("b", "a")], {"type": "x"}, "cycle: x"),
        ([], {"type": "x"}, "2 roots in containment: x0, x1"),
        ([("a", "b")], {}, "a: has no type"),
        ([("a", "b")], {"type": 5}, "a: type must be a text, not 5"),
        ([("a", "b")], {"type": "x", "size": -1}, "size must be an integer from 0"),
        ([("a", "b")], {"type": "x", "rank": 2**31}, "rank must be an integer from -1"),
        ([("a", "b")], {"type": "x", "id": True}, "id must be an integer"),
        ([("a", "b")], {"type": "x", "name": 5}, "name must be a text"),
    ],
)
def test_wrong_networkx_graph_is_refused(
    edges: list[tuple[str, str]], attributes: dict[str, object], message: str
) -> None:
    drawing: nx.DiGraph[str] = nx.DiGraph()
    drawing.add_nodes_from(["a", "b"], **attributes)
    drawing.add_edges_from(edges)
    with pytest.raises(GraphError, match=message):
        ResourceGraph.from_networkx(drawing)


def test_undirected_graph_is_refused() -> None:
    with pytest.raises(GraphError, match="the graph is undirected"):
        ResourceGraph.from_networkx(nx.Graph([("a", "b")]))


def test_graphml_that_is_none_is_refused() -> None:
    with pytest.raises(GraphError, match="no GraphML that networkx reads"):
        ResourceGraph.from_text("<graphml></graphml>", "graphml")
