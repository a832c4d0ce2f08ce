"""Which vertices a former answer names (resource-graph.md 4.3, 4.4; errata G7)."""

import json
from typing import Any

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.readers import ReadError, read_text
from fluxion_py.readers.claims import Claims, claims_of_jgf, claims_of_r
from tests.readers.jgf_text import Json, edge, jgf, machine, vertex


@pytest.fixture
def flat() -> FlatGraph:
    """Cluster c0 with two nodes of two cores; rows in file order."""
    return read_text(jgf(*machine(2, 2)), "jgf")


def allocation(*exclusive: int) -> list[Json]:
    nodes, _ = machine(2, 2)
    for number in exclusive:
        nodes[number]["metadata"]["exclusive"] = True
    return nodes


def paths(flat: FlatGraph, claims: Claims) -> dict[str | None, bool]:
    return {flat.path(row): whole for row, whole in claims.rows.items()}


def test_jgf_claims_what_it_lists_whole_or_shared(flat: FlatGraph) -> None:
    nodes = allocation(2)
    claims = claims_of_jgf(flat, jgf([nodes[2], nodes[1], nodes[0]], [edge(1, 2), edge(0, 1)]))
    assert paths(flat, claims) == {"/c0/node0/core0": True, "/c0/node0": False, "/c0": False}
    assert claims.listed == [2, 1, 0]


def test_jgf_may_come_as_parsed_json(flat: FlatGraph) -> None:
    data = json.loads(jgf(allocation()[:1], []))
    assert claims_of_jgf(flat, data).rows == {0: False}


def test_shorthand_claims_everything_below_an_exclusive_vertex(flat: FlatGraph) -> None:
    nodes = allocation(4)
    text = jgf([nodes[4], nodes[0]], [edge(0, 4)], writer="fluxion:jgf_shorthand")
    claims = claims_of_jgf(flat, text, shorthand=True)
    assert claims.rows == {0: False, 4: True, 5: True, 6: True}
    assert claims.listed == [4, 0]
    assert claims_of_jgf(flat, text).rows == {0: False, 4: True}


def test_free_ranks_are_skipped_also_below_a_shorthand_vertex(flat: FlatGraph) -> None:
    text = jgf(allocation(0), [edge(0, 1)], free_ranks="1")
    assert sorted(claims_of_jgf(flat, text, shorthand=True).rows) == [0, 1, 2, 3]
    whole = jgf(allocation(0)[:1], [], free_ranks="0")
    assert sorted(claims_of_jgf(flat, whole, shorthand=True).rows) == [0, 4, 5, 6]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rank": 9}, "/c0/node0 with rank 9: the graph has no such vertex"),
        ({"paths": {"containment": "/c0/node9"}}, "/c0/node9 with rank 0: the graph has no such"),
        ({"type": "rack", "basename": "node"}, "type is 'rack', but 'node' in the graph"),
        ({"size": 2}, "size is 2, but 1 in the graph"),
        ({"id": 5, "name": "node0"}, "id is 5, but 0 in the graph"),
        ({"name": "other"}, "name is 'other', but 'node0' in the graph"),
        ({"basename": "n", "name": "node0"}, "basename is 'n', but 'node' in the graph"),
    ],
)
def test_vertex_that_differs_from_the_graph_is_refused(
    flat: FlatGraph, values: Json, message: str
) -> None:
    nodes = allocation(1)
    nodes[1]["metadata"].update(values)
    with pytest.raises(ReadError) as caught:
        claims_of_jgf(flat, jgf(nodes, []))
    assert message in str(caught.value)
    assert "graph.nodes[1]" in str(caught.value)


def test_properties_unit_and_status_are_not_compared(flat: FlatGraph) -> None:
    nodes = allocation(1)
    nodes[1]["metadata"].update({"properties": {"a": "b"}, "unit": "x", "status": 1, "uniq_id": 99})
    assert claims_of_jgf(flat, jgf(nodes, [])).rows[1] is True


def test_edge_to_an_unknown_vertex_is_refused(flat: FlatGraph) -> None:
    with pytest.raises(ReadError, match="source and/or target vertex not found"):
        claims_of_jgf(flat, jgf(allocation(), [edge(0, 77)]))


def r(rank: str, children: Json, hosts: list[str]) -> Json:
    lite = [{"rank": rank, "children": children}]
    return {"version": 1, "execution": {"R_lite": lite, "nodelist": hosts}}


@pytest.mark.parametrize(("cores", "whole"), [("0-1", True), ("1", False)])
def test_node_of_r_is_owned_whole_if_all_of_its_rank_is_listed(
    flat: FlatGraph, cores: str, whole: bool
) -> None:
    claims = claims_of_r(flat, r("1", {"core": cores}, ["node1"]))
    assert claims.rows[4] is whole
    assert claims.rows[6] is True
    assert claims.rows[0] is False
    assert (5 in claims.rows) is whole


@pytest.mark.parametrize(
    ("rank", "children", "host"),
    [("1", {"core": "0"}, "node7"), ("0", {"core": "0"}, "node1"), ("1", {"core": "5"}, "node1")],
)
def test_r_that_names_a_missing_vertex_has_the_words_of_the_reference(
    flat: FlatGraph, rank: str, children: dict[str, Any], host: str
) -> None:
    with pytest.raises(ReadError) as caught:
        claims_of_r(flat, r(rank, children, [host]))
    assert caught.value.reference_text == (
        f"add_or_update: couldn't find vertex in graph for {host}.\n"
        f"unpack_rank: failed unpacking rank for {host}."
    )


def test_r_finds_no_node_below_a_rack() -> None:
    nodes = [
        vertex(0, "cluster", "/c0", id=0),
        vertex(1, "rack", "/c0/rack0", id=0),
        vertex(2, "node", "/c0/rack0/node0", id=0, rank=0),
    ]
    flat = read_text(jgf(nodes, [edge(0, 1), edge(1, 2)]), "jgf")
    with pytest.raises(ReadError, match="/c0/node0 with rank 0: the graph has no such vertex"):
        claims_of_r(flat, r("0", {}, ["node0"]))
    with pytest.raises(ReadError, match="no root in power"):
        claims_of_r(flat, r("0", {}, ["node0"]), dominant="power")
