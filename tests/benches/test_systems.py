"""The systems of the benches have the vertices that the performance targets were measured on."""

import pytest

from benches.systems import SYSTEMS, VERTICES, count_of, grug, vertices
from fluxion_py import Matcher, ResourceGraph
from fluxion_py.errors import Busy

LOADED = ("tiny", "medlow", "medlow2", "g125", "medhigh")


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_has_the_vertices_of_its_row(name: str) -> None:
    assert vertices(name) == VERTICES[name]


@pytest.mark.parametrize("name", LOADED)
def test_the_text_of_a_system_loads_to_its_counts(name: str) -> None:
    graph = ResourceGraph.from_text(grug(name), "grug")
    assert len(graph) == VERTICES[name]
    for type, count in graph.counts().items():
        assert type == "cluster" or count == count_of(name, type)


def test_nodes_of_pools_have_as_many_cores_as_nodes_of_vertices() -> None:
    high, low = (ResourceGraph.from_text(grug(name)) for name in ("medhigh", "medlow"))
    for type in ("core", "memory"):
        assert sum(v.size for v in high.vertices(type)) == sum(v.size for v in low.vertices(type))


def test_the_paper_workload_fills_a_node_with_four_jobs() -> None:
    from benches.workloads import request

    for name in ("medhigh", "medlow", "medlow2"):
        graph = ResourceGraph.from_text(grug(name))
        matcher = Matcher(graph, "low")
        prepared = matcher.compile(request("paper", name))
        given = [matcher.allocate(prepared) for _ in range(5)]
        assert [str(allocation.nodes) for allocation in given] == ["node0"] * 4 + ["node1"]


def test_an_exclusive_node_is_given_with_all_of_its_cores() -> None:
    from benches.workloads import request, takes

    matcher = Matcher(ResourceGraph.from_text(grug("tiny")), "first")
    for _ in range(2):
        allocation = matcher.allocate(request("nodex1", "tiny"))
        assert allocation.count("core") == takes("nodex1", "tiny")["core"] == 36
    with pytest.raises(Busy):
        matcher.allocate(request("nodex1", "tiny"))
