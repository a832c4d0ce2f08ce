import json
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fluxion_py.outcome import Selection
from fluxion_py.writers.answer import Answer
from fluxion_py.writers.jgf import write_jgf, write_jgf_shorthand
from tests.machines import chosen, mini
from tests.writers import plainly
from tests.writers.odd_graph import ODD, odd_graph

CORES = ("/mini0/node0/socket0/core0:x", "/mini0/node0/socket0/core1:x")
ABOVE = ("/mini0/node0/socket0:s", "/mini0/node0:s", "/mini0:s")


def test_jgf_is_byte_exact() -> None:
    """Example C of matching.md 15, the scheduling part."""
    graph = mini()
    text = write_jgf(Answer(graph, chosen(graph, *CORES, *ABOVE), 0, 100))
    assert text == (
        '{"graph": {"nodes": ['
        '{"id": "7", "metadata": {"type": "core", "id": 0, "rank": -1, "exclusive": true, '
        '"paths": {"containment": "/mini0/node0/socket0/core0"}}}, '
        '{"id": "8", "metadata": {"type": "core", "id": 1, "rank": -1, "exclusive": true, '
        '"paths": {"containment": "/mini0/node0/socket0/core1"}}}, '
        '{"id": "3", "metadata": {"type": "socket", "id": 0, "rank": -1, '
        '"paths": {"containment": "/mini0/node0/socket0"}}}, '
        '{"id": "1", "metadata": {"type": "node", "id": 0, "rank": 0, '
        '"paths": {"containment": "/mini0/node0"}}}, '
        '{"id": "0", "metadata": {"type": "cluster", "basename": "mini", "id": 0, "rank": -1, '
        '"paths": {"containment": "/mini0"}}}], '
        '"edges": [{"source": "3", "target": "7"}, {"source": "3", "target": "8"}, '
        '{"source": "1", "target": "3"}, {"source": "0", "target": "1"}]}}\n'
    )


def test_keys_with_other_than_default_values_stand_in_the_order_of_the_format() -> None:
    graph = mini()
    graph.set_property(19, "z", 'say "x"')
    graph.set_property(19, "a", "")
    selection = chosen(graph, "/mini0/node0/socket0/memory0:x*")
    selection.labels[19] = "fast"
    usage = {19: {"core": "used:1, total:3"}}
    (node,) = json.loads(write_jgf(Answer(graph, selection, usage=usage)))["graph"]["nodes"]
    assert list(node["metadata"]) == [
        "type", "id", "rank", "properties", "unit", "exclusive", "size", "paths", "ephemeral",
        "agfilter",
    ]  # fmt: skip
    assert node["metadata"]["properties"] == {"a": "", "z": 'say "x"'}
    assert node["metadata"]["size"] == 4
    assert node["metadata"]["ephemeral"] == {"label": "fast"}
    assert node["metadata"]["agfilter"] == {"core": "used:1, total:3"}


def test_a_name_is_written_if_it_is_not_basename_and_id() -> None:
    graph = mini()
    row = graph.add_vertex("node", "elk", -1, "elk", 99)
    graph.set_path(row, "containment", "/mini0/elk")
    assert '"basename": "elk", "name": "elk", "id": -1,' in write_jgf(
        Answer(graph, chosen(graph, "/mini0/elk:x"))
    )


def test_only_edges_outside_containment_name_their_subsystem() -> None:
    graph = mini()
    power = graph.subsystem_id("power")
    selection = Selection([(1, 1, True, 2)], [(0, 1, 0), (0, 1, power)])
    edges = json.loads(write_jgf(Answer(graph, selection)))["graph"]["edges"]
    assert edges == [
        {"source": "0", "target": "1"},
        {"source": "0", "target": "1", "metadata": {"subsystem": "power"}},
    ]


def test_shorthand_leaves_out_what_is_below_an_exclusive_vertex() -> None:
    graph = mini()
    other = "/mini0/node0/socket1/core3:x"
    selection = chosen(
        graph, *CORES, "/mini0/node0/socket0:x", other, "/mini0/node0/socket1:s", *ABOVE[1:]
    )
    document = json.loads(write_jgf_shorthand(Answer(graph, selection)))
    paths = [node["metadata"]["paths"]["containment"] for node in document["graph"]["nodes"]]
    assert paths == [
        "/mini0/node0/socket0",
        "/mini0/node0/socket1/core3",
        "/mini0/node0/socket1",
        "/mini0/node0",
        "/mini0",
    ]
    assert document["writer"] == "fluxion:jgf_shorthand"
    assert {"source": "3", "target": "7"} not in document["graph"]["edges"]
    assert {"source": "1", "target": "3"} in document["graph"]["edges"]


def test_shorthand_equals_jgf_if_nothing_can_be_left_out() -> None:
    graph = mini()
    answer = Answer(graph, chosen(graph, *CORES, *ABOVE))
    assert write_jgf_shorthand(answer) == write_jgf(answer)


def test_no_vertices_give_no_text() -> None:
    assert write_jgf(Answer(mini())) == ""
    assert write_jgf_shorthand(Answer(mini())) == ""


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=200)
def test_a_selection_is_what_a_plain_writer_gives(seed: int) -> None:
    rng = Random(seed)
    graph = odd_graph(rng)
    rows = rng.choices(graph.rows(), k=rng.randint(1, 12))
    joins = [(row, target, kind) for row in rows for target, kind in graph.out_edges(row)]
    selection = Selection(
        [(row, rng.randrange(3), rng.random() < 0.5, 1) for row in rows],
        joins,
        {row: rng.choice(ODD) for row in rows if rng.random() < 0.2},
    )
    usage = {row: {"core": "used:1, total:2"} for row in rows if rng.random() < 0.2}
    answer = Answer(graph, selection, usage=usage)
    assert write_jgf(answer) == plainly.selection(answer)


def test_what_the_graph_has_not_is_refused() -> None:
    with pytest.raises(IndexError):
        write_jgf(Answer(mini(), Selection([(1000, 1, True, 1)])))
    with pytest.raises(IndexError):
        write_jgf(Answer(mini(), Selection([(0, 1, True, 1)], [(0, 1, 7)])))
