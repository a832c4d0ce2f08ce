"""GRUG recipes: order, numbering, association and refusals (resource-graph.md 3)."""

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.readers import ReadError, read_text

KEYS = {
    "node": ["root", "type", "basename", "unit", "size", "subsystem"],
    "edge": [
        "e_subsystem", "gen_method", "multi_scale", "id_scope", "id_start", "id_stride",
        "as_tgt_subsystem", "as_tgt_uplvl", "as_src_uplvl",
    ],
}  # fmt: skip
Node = tuple[str, dict[str, object]]
Edge = tuple[str, str, dict[str, object]]


def grug(nodes: list[Node], edges: list[Edge]) -> FlatGraph:
    def data(values: dict[str, object]) -> str:
        return "".join(f'<data key="{key}">{value}</data>' for key, value in values.items())

    lines = ["<graphml>", "stray text>"]
    for domain, names in KEYS.items():
        lines += [f'<key id="{name}" for="{domain}" attr.name="{name}"/>' for name in names]
    lines.append('<graph edgedefault="directed">')
    for key, values in nodes:
        lines.append(f'<node id="{key}">{data({"type": key, **values})}</node>')
    for source, target, values in edges:
        lines.append(f'<edge source="{source}" target="{target}">{data(values)}</edge>')
    return read_text("\n".join([*lines, "</graph>", "</graphml>"]), "grug", source="r.graphml")


MACHINE: list[Node] = [("cluster", {"root": 1}), ("node", {}), ("socket", {}), ("core", {})]


def names(flat: FlatGraph, kind: str) -> list[str]:
    return [flat.path(row) or "" for row in flat.rows_of_type(kind)]


def test_example_of_the_specification() -> None:
    """Level by level; cores 0-2 and 3-5 below the two sockets of each node."""
    flat = grug(
        MACHINE,
        [
            ("cluster", "node", {"multi_scale": 2}),
            ("node", "socket", {"multi_scale": 2}),
            ("socket", "core", {"multi_scale": 3, "id_scope": 1}),
        ],
    )
    types = [flat.type(row) for row in flat.rows()]
    assert types == ["cluster", *["node"] * 2, *["socket"] * 4, *["core"] * 12]
    assert [flat.uniq_id(row) for row in flat.rows()] == list(range(19))
    assert names(flat, "core")[:6] == [
        f"/cluster0/node0/socket{number // 3}/core{number}" for number in range(6)
    ]
    assert names(flat, "core")[6] == "/cluster0/node1/socket0/core0"
    assert [flat.rank(row) for row in flat.rows_of_type("node")] == [0, 1]
    assert {flat.rank(row) for row in flat.rows_of_type("core")} == {-1}


@pytest.mark.parametrize(
    ("scope", "start", "stride", "expected"),
    [
        (-1, 5, 1, [-1] * 8),
        (0, 5, 3, [5, 6] * 4),
        (1, 0, 1, [0, 1, 2, 3] * 2),
        (1, 10, 2, [10, 12, 14, 16] * 2),
        (2, 0, 1, [0, 1, 2, 3, 4, 5, 6, 7]),
        (9, 0, 1, [0, 1, 2, 3, 4, 5, 6, 7]),
        (1, 7, 0, [7] * 8),
        (1, 0, -1, [0, -1, -2, -3] * 2),
    ],
)
def test_ids_run_on_within_the_scope(
    scope: int, start: int, stride: int, expected: list[int]
) -> None:
    """2 nodes of 2 sockets of 2 cores each."""
    numbering = {"id_scope": scope, "id_start": start, "id_stride": stride}
    flat = grug(
        MACHINE,
        [
            ("cluster", "node", {"multi_scale": 2}),
            ("node", "socket", {"multi_scale": 2}),
            ("socket", "core", {"multi_scale": 2, **numbering}),
        ],
    )
    assert [flat.id(row) for row in flat.rows_of_type("core")] == expected


def test_name_without_id_is_the_basename() -> None:
    flat = grug(MACHINE[:2], [("cluster", "node", {"id_scope": -1})])
    assert names(flat, "node") == ["/cluster0/node"]


def test_sibling_edges_number_by_their_own_way_down() -> None:
    """A finished branch does not lend its scales to the next one."""
    flat = grug(
        [*MACHINE, ("rack", {}), ("ssd", {})],
        [
            ("cluster", "node", {"multi_scale": 3}),
            ("node", "socket", {"multi_scale": 5}),
            ("cluster", "rack", {"multi_scale": 2}),
            ("rack", "ssd", {"multi_scale": 2, "id_scope": 2}),
        ],
    )
    assert [flat.id(row) for row in flat.rows_of_type("ssd")] == [0, 1, 2, 3]


def test_association_by_path_joins_what_lies_in_the_same_rack() -> None:
    """A second subsystem: one power path per node, last writer wins, chain goes on."""
    power: dict[str, object] = {"e_subsystem": "power"}
    flat = grug(
        [
            ("cluster", {"root": 1}),
            ("rack", {}),
            ("pdu", {}),
            ("node", {}),
            ("panel", {"root": 1, "subsystem": "power"}),
            ("pdu_p", {"type": "pdu"}),
            ("node_p", {"type": "node"}),
            ("watt", {"subsystem": "power", "size": 3}),
        ],
        [
            ("cluster", "rack", {"multi_scale": 2}),
            ("rack", "pdu", {"id_scope": 1}),
            ("rack", "node", {"multi_scale": 2, "id_scope": 1}),
            ("panel", "pdu_p", {"gen_method": "ASSOCIATE_IN", **power}),
            (
                "pdu_p",
                "node_p",
                {
                    "gen_method": "ASSOCIATE_BY_PATH_IN",
                    "as_tgt_uplvl": 1,
                    "as_src_uplvl": 1,
                    **power,
                },
            ),
            ("node_p", "watt", power),
        ],
    )
    assert [flat.path(row, "power") for row in flat.rows_of_type("node")] == [
        "/panel0/pdu0/node0",
        "/panel0/pdu0/node1",
        "/panel0/pdu1/node2",
        "/panel0/pdu1/node3",
    ]
    watts = flat.rows_of_type("watt")
    assert [flat.path(row, "power") for row in watts][-1] == "/panel0/pdu1/node3/watt0"
    assert [flat.path(row) for row in watts] == [None] * 4
    assert flat.size(watts[0]) == 3
    assert flat.root("power") == flat.rows_of_type("panel")[0]


def test_same_pair_in_a_second_subsystem_relabels_the_edge() -> None:
    flat = grug(
        [("cluster", {"root": 1}), ("node", {}), ("also", {"type": "node"})],
        [
            ("cluster", "node", {}),
            ("cluster", "also", {"gen_method": "ASSOCIATE_IN", "e_subsystem": "net"}),
        ],
    )
    assert flat.edge_count == 1
    assert flat.out_edges(0) == [(1, flat.find_subsystem("net"))]


def test_edge_subsystem_may_differ_from_that_of_the_vertex() -> None:
    flat = grug(
        [("cluster", {"root": 1}), ("node", {})], [("cluster", "node", {"e_subsystem": "net"})]
    )
    assert flat.path(1) == "/cluster0/node0"
    assert flat.out_edges(0) == [(1, flat.find_subsystem("net"))]


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        (MACHINE, [("cluster", "node", {"gen_method": "ADD"})], "unknown generation method 'ADD'"),
        (MACHINE, [("cluster", "node", {"multi_scale": "two"})], "multi_scale must be an integer"),
        (MACHINE, [("cluster", "node", {"multi_scale": -1})], "multi_scale is negative: -1"),
        (MACHINE, [("cluster", "rack", {})], "edge target 'rack' is no node of the recipe"),
        (MACHINE, [("cluster", "node", {"multi_scale": 2**40})], "more than 50000000 vertices"),
        (MACHINE, [("cluster", "node", {"id_scope": 1, "id_start": 2**63 - 1, "multi_scale": 2})],
         "do not fit 64 bits"),
        (MACHINE[1:], [("node", "socket", {})], "the recipe makes no vertex"),
        ([("cluster", {"root": 1, "size": -5})], [], "size of node 'cluster' is negative"),
        ([("cluster", {"root": 1}), ("cluster", {})], [], "node id 'cluster' is used twice"),
        ([], [], "the recipe has no <node>"),
    ],
)  # fmt: skip
def test_wrong_recipe_is_refused_with_its_line(
    nodes: list[Node], edges: list[Edge], message: str
) -> None:
    with pytest.raises(ReadError, match=message) as caught:
        grug(nodes, edges)
    assert caught.value.line is not None


def test_association_that_closes_a_circle_is_refused() -> None:
    with pytest.raises(ReadError, match=r"cycle: rack0 -> node0 -> rack0 \(containment\)"):
        grug(
            [("cluster", {"root": 1}), ("rack", {}), ("node", {}), ("up", {"type": "rack"})],
            [
                ("cluster", "rack", {}),
                ("rack", "node", {}),
                ("node", "up", {"gen_method": "ASSOCIATE_IN"}),
            ],
        )


def test_recipe_of_many_levels_is_refused() -> None:
    chain: list[Node] = [("n0", {"root": 1}), *((f"n{i}", {}) for i in range(1, 300))]
    edges: list[Edge] = [(f"n{i}", f"n{i + 1}", {}) for i in range(299)]
    with pytest.raises(ReadError, match="deeper than 100 levels"):
        grug(chain, edges)


def test_undeclared_key_is_refused() -> None:
    text = '<graphml><key id="multi_scale" for="edge"/><graph><node id="a"><data key="x">1</data>'
    with pytest.raises(ReadError, match="has no <key for='node'>"):
        read_text(text + "</node></graph></graphml>", "grug")


def test_reference_words_for_unreadable_recipes() -> None:
    with pytest.raises(ReadError) as caught:
        read_text("<graphml>", "grug")
    assert caught.value.reference_text == "error in reading grug string"
