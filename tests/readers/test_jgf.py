"""JGF: defaults, refusals, and attach as all or nothing (resource-graph.md 4.1, 4.2)."""

import json

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.invariants import problems
from fluxion_py.readers import ReadError, attach_jgf, jgf_document, read_text
from tests.readers.jgf_text import Json, edge, jgf, machine, vertex


@pytest.fixture(params=["scanned", "careful", "fast"], autouse=True)
def way_of_decoding(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test through the scan and through both decoders: they must not differ."""
    if request.param != "scanned":
        monkeypatch.setattr("fluxion_py.readers.jgf.load_jgf", lambda *_: False)
    if request.param == "fast":
        monkeypatch.setattr(jgf_document, "FAST_FROM", 0)


def load(nodes: list[Json], edges: list[Json], *, keep_units: bool = False) -> FlatGraph:
    return read_text(jgf(nodes, edges), "jgf", source="m.json", keep_units=keep_units)


def snapshot(flat: FlatGraph) -> list[object]:
    """Return everything that a load could change."""
    return [
        (flat.name(row), flat.rank(row), flat.paths(row), flat.properties(row), flat.out_edges(row))
        for row in flat.rows()
    ] + [flat.types(), flat.subsystems(), len(flat), flat.edge_count]


def test_metadata_defaults() -> None:
    flat = load(
        [
            vertex(4, "cluster", "/c4"),
            {**vertex(0, "node", "/c4/h12", name="h12"), "id": "7 of 9"},
            vertex(9, "core", "/c4/h12/x3", basename="x", id=3),
        ],
        [{"source": "4", "target": "7 of 9"}, {"source": "7 of 9", "target": "9"}],
    )
    assert [flat.uniq_id(row) for row in flat.rows()] == [4, 7, 9]
    assert [flat.name(row) for row in flat.rows()] == ["cluster4", "h12", "x3"]
    assert [flat.id(row) for row in flat.rows()] == [4, 12, 3]
    assert [flat.basename(row) for row in flat.rows()] == ["cluster", "node", "x"]
    assert {flat.rank(row) for row in flat.rows()} == {-1}
    assert {flat.size(row) for row in flat.rows()} == {1}
    assert all(flat.up(row) for row in flat.rows())
    assert flat.path(2) == "/c4/h12/x3"
    assert flat.root() == 0


def test_given_values_are_kept_and_units_dropped_unless_asked_for() -> None:
    nodes = [
        vertex(0, "cluster", "/c0", id=0),
        vertex(
            1, "memory", "/c0/m7", id=7, uniq_id=70, name="m7", rank=3, size=64, unit="GB",
            properties={"z": "1", "a": ""}, status=1,
        ),
    ]  # fmt: skip
    flat = load(nodes, [edge(0, 1)])
    assert (flat.uniq_id(1), flat.rank(1), flat.size(1), flat.unit(1)) == (70, 3, 64, "")
    assert list(flat.properties(1).items()) == [("a", ""), ("z", "1")]
    assert not flat.up(1)
    assert load(nodes, [edge(0, 1)], keep_units=True).unit(1) == "GB"


def test_child_order_is_the_order_of_the_edges() -> None:
    nodes, _ = machine(3, 0)
    flat = load(nodes, [edge(0, 3), edge(0, 1), edge(0, 2)])
    assert [target for target, _ in flat.out_edges(0)] == [3, 1, 2]


def test_vertex_with_two_parents_and_two_subsystems() -> None:
    nodes = [
        vertex(0, "cluster", "/c0", id=0),
        {"id": "1", "metadata": {"type": "pdu", "id": 0, "paths": {"power": "/pdu0"}}},
        vertex(2, "rack", "/c0/rack0", id=0),
        vertex(3, "ssd", "/c0/rack0/ssd0", id=0),
    ]
    nodes[2]["metadata"]["paths"]["power"] = "/pdu0/rack0"
    edges = [edge(0, 2), edge(2, 3), edge(0, 3), edge(1, 2, subsystem="power", other=1)]
    flat = load(nodes, edges)
    assert flat.in_edges(3) == [(2, 0), (0, 0)]
    assert flat.root("power") == 1
    assert flat.paths(2) == {"containment": "/c0/rack0", "power": "/pdu0/rack0"}
    assert flat.path(1) is None
    assert problems(flat) == []


WRONG_METADATA = [
    ({"rank": "0"}, "rank: malformed metadata: must be an integer"),
    ({"rank": 1.5}, "rank: malformed metadata: must be an integer"),
    ({"rank": True}, "rank: malformed metadata: must be an integer"),
    ({"rank": 2**40}, "rank must be -1 to"),
    ({"rank": -2}, "rank must be -1 to"),
    ({"size": -1}, "size must be 0 to"),
    ({"size": None}, "size: malformed metadata: must be an integer"),
    ({"id": 2**63}, "id does not fit 64 bits"),
    ({"uniq_id": 2**70}, "id does not fit 64 bits"),
    ({"status": 2}, "status must be 0"),
    ({"exclusive": 1}, "exclusive: malformed metadata: must be true or false"),
    ({"properties": None}, "properties: malformed metadata: must be an object of strings"),
    ({"properties": {"a": 1}}, "properties.a: malformed metadata: must be a string"),
    ({"properties": ["a"]}, "properties: malformed metadata"),
    ({"basename": None}, "basename: malformed metadata: must be a string"),
    ({"type": 7}, "type: malformed metadata: must be a string"),
    ({"type": ""}, "type is empty"),
    ({"paths": {}}, "paths is empty"),
    ({"paths": {"containment": "c0/node0"}}, "does not start with '/'"),
    ({"paths": "/c0/node0"}, "paths: malformed metadata"),
    ({"name": "\ud800"}, "half of a surrogate pair"),
]


@pytest.mark.parametrize(("values", "message"), WRONG_METADATA, ids=str)
def test_wrong_metadata_is_refused_at_its_place(values: Json, message: str) -> None:
    nodes, edges = machine(1, 1)
    nodes[1]["metadata"].update(values)
    with pytest.raises(ReadError) as caught:
        load(nodes, edges)
    assert message in str(caught.value)
    assert "graph.nodes[1]" in str(caught.value) or "surrogate" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "the text: must be an object, not []"),
        ("{}", '"graph" is missing'),
        ('{"graph": {"nodes": []}}', 'graph: "edges" is missing'),
        ('{"graph": {"nodes": {}, "edges": []}}', "graph.nodes: must be an array"),
        ('{"graph": {"nodes": [], "edges": []}}', "graph.nodes: 0 vertices"),
        ('{"graph": {"nodes": [7], "edges": []}}', "graph.nodes[0]: must be an object"),
        ('{"graph": {"nodes": [{"id": 1}], "edges": []}}', "graph.nodes[0]: id must be a string"),
        ('{"graph": {"nodes": [{}], "edges": []}}', 'graph.nodes[0]: "id" is missing'),
        ('{"graph": {"nodes": [{"id": "1"}], "edges": []}}', '"metadata" is missing'),
        ('{"graph": NaN}', "not JSON: NaN is no JSON number"),
        ("[" * 100_000, "nested deeper"),
        ('{"a": ' + "9" * 5000 + "}", "not JSON"),
    ],
)
def test_wrong_shape_is_refused(text: str, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_text(text, "jgf", source="m.json")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"source": "0"}, "graph.edges[2]: malformed edge: target must be the id of a node"),
        ({"source": 0, "target": "1"}, "malformed edge: source"),
        ({"source": "0", "target": "77"}, "source and/or target vertex not found: '77'"),
        ({"source": "0", "target": "1", "metadata": []}, "graph.edges[2].metadata: must be an obj"),
        ({"source": "0", "target": "1", "metadata": {"subsystem": 1}}, "subsystem: malformed"),
        ({"source": "2", "target": "2"}, "cycle: /c0/node0/core0 -> /c0/node0/core0"),
        ({"source": "2", "target": "0"}, "cycle: /c0"),
    ],
)
def test_wrong_edge_is_refused(broken: Json, message: str) -> None:
    nodes, edges = machine(1, 1)
    with pytest.raises(ReadError) as caught:
        load(nodes, [*edges, broken])
    assert message in str(caught.value)


def test_second_root_has_the_words_of_the_reference() -> None:
    nodes, edges = machine(1, 1)
    with pytest.raises(ReadError, match="/d0 would be a second root of containment") as caught:
        load([*nodes, vertex(9, "cluster", "/d0")], edges)
    assert caught.value.reference_text == (
        "add_graph_metadata: failed to add root metadata for containment subsystem. "
        "Possible duplicate root."
    )


def test_text_that_is_no_json_has_the_words_of_the_reference() -> None:
    with pytest.raises(ReadError) as caught:
        read_text("version: 9999\nresources:\n", "jgf")
    assert caught.value.reference_text == (
        "fetch_jgf: json_loads returned an error: '[' or '{' expected near 'version': <string>@1:7."
    )
    with pytest.raises(ReadError) as caught:
        read_text("<?xml", "jgf")
    assert str(caught.value.reference_text).endswith("near '<': <string>@1:1.")


def test_attach_merges_by_path_and_rank_and_adds_the_rest() -> None:
    nodes, edges = machine(2, 2)
    flat = load(nodes, edges)
    grown = [
        vertex(100, "cluster", "/c0", size=99, properties={"new": "1"}),
        vertex(101, "node", "/c0/node7", id=7, rank=7),
        vertex(102, "core", "/c0/node7/core0", id=0, rank=7),
        vertex(103, "node", "/c0/node1", id=1, rank=1),
    ]
    rows = attach_jgf(flat, jgf(grown, [edge(100, 101), edge(101, 102), edge(100, 103)]))
    assert [flat.path(row) for row in rows] == ["/c0/node7", "/c0/node7/core0"]
    assert flat.size(0) == 1
    assert flat.properties(0) == {}
    assert flat.edge_count == 8
    assert problems(flat) == []
    assert flat.rows_at("/c0/node7/core0") == [rows[1]]


def test_attach_tells_vertices_of_one_path_apart_by_rank() -> None:
    flat = load(*machine(1, 1))
    grown = [vertex(0, "cluster", "/c0"), vertex(1, "node", "/c0/node0", id=0, rank=5)]
    assert len(attach_jgf(flat, jgf(grown, [edge(0, 1)]))) == 1
    assert len(flat.rows_at("/c0/node0")) == 2


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        ([vertex(0, "cluster", "/d0")], [], "second root"),
        ([vertex(0, "rack", "/c0/rack0")], [], "/c0/rack0 has no edge from a parent"),
        ([vertex(0, "cluster", "/c0"), vertex(1, "rack", "/c0/rack0")], [edge(0, 2)], "not found"),
        (
            [vertex(0, "cluster", "/c0"), vertex(1, "rack", "/c0/rack0")],
            [edge(0, 1), edge(1, 0)],
            "cycle: /c0",
        ),
        (
            [vertex(0, "cluster", "/c0"), vertex(1, "rack", "/c0/rack0", rank="x")],
            [edge(0, 1)],
            "rank",
        ),
    ],
)
def test_refused_attach_changes_nothing(nodes: list[Json], edges: list[Json], message: str) -> None:
    flat = load(*machine(2, 1))
    before = snapshot(flat)
    with pytest.raises(ReadError, match=message):
        attach_jgf(flat, jgf(nodes, edges))
    assert snapshot(flat) == before


def test_both_decoders_give_the_same_records() -> None:
    nodes, edges = machine(3, 4)
    text = jgf(nodes, [*edges, edge(0, 5, subsystem="net")], free_ranks="1", other={"deep": [1]})
    fast = jgf_document._decode_fast(text)
    assert fast is not None
    slow = jgf_document.document_of(json.loads(text))
    quick = jgf_document._complete_all(fast, None)
    assert slow.free_ranks == quick.free_ranks == "1"
    for one, other in zip(slow.graph.nodes, quick.graph.nodes, strict=True):
        keys = vars(one.metadata)
        assert [getattr(other.metadata, key) for key in keys] == list(keys.values())
    assert [(e.source, e.target) for e in slow.graph.edges] == [
        (e.source, e.target) for e in quick.graph.edges
    ]
