import io
import json
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import InputError
from fluxion_py.readers import read_text
from fluxion_py.writers.whole_graph import CHUNK, write_whole
from tests.machines import mini
from tests.writers import plainly
from tests.writers.odd_graph import odd_graph


def text_of(format: str, graph: FlatGraph) -> str:
    return "".join(write_whole(format, graph))


def described(graph: FlatGraph) -> list[tuple[object, ...]]:
    return [
        (
            graph.uniq_id(row), graph.type(row), graph.basename(row), graph.name(row),
            graph.id(row), graph.rank(row), graph.size(row), graph.up(row),
            graph.properties(row), graph.paths(row),
            [graph.uniq_id(target) for target, _ in graph.out_edges(row)],
        )
        for row in graph.rows()
    ]  # fmt: skip


def marked() -> FlatGraph:
    graph = mini()
    graph.set_up(2, False)
    graph.set_property(1, "fast", 'a<b&"c"')
    graph.add_edge(0, 19, "power")
    graph.set_path(0, "power", "/mini0")
    graph.set_path(19, "power", "/mini0/memory0")
    graph.set_root("power", 0)
    return graph


def test_jgf_loads_back_as_the_same_graph() -> None:
    graph = marked()
    assert described(read_text(text_of("jgf", graph), "jgf")) == described(graph)


def test_jgf_keeps_the_unit_and_says_nothing_about_exclusive() -> None:
    document = json.loads(text_of("jgf", marked()))
    metadata = {node["id"]: node["metadata"] for node in document["graph"]["nodes"]}
    assert metadata["19"]["unit"] == "GB"
    assert metadata["2"]["status"] == 1
    assert "status" not in metadata["1"]
    assert all("exclusive" not in data for data in metadata.values())


def test_graphml_is_read_by_networkx_and_by_us() -> None:
    networkx = pytest.importorskip("networkx")
    from fluxion_py.graph.interop import from_networkx

    graph = marked()
    loaded = networkx.read_graphml(io.BytesIO(text_of("graphml", graph).encode()))
    assert loaded.nodes["1"]["property.fast"] == 'a<b&"c"'
    assert loaded.nodes["2"]["status"] == "down"
    assert described(from_networkx(loaded)) == described(graph)


def test_dot_has_a_line_per_vertex_and_edge() -> None:
    lines = text_of("dot", mini()).splitlines()
    assert lines[0] == "digraph resources {"
    assert '  0 [label="mini0"];' in lines
    assert '  0 -> 1 [label="containment"];' in lines
    assert len(lines) == 2 + 23 + 22


def test_chunks_are_bounded_and_joined_without_gaps() -> None:
    graph = mini()
    graph.add_children([3], 2 * CHUNK + 1, "pu", "pu", range(2 * CHUNK + 1), 1, "", "containment")
    chunks = list(write_whole("jgf", graph))
    assert max(map(len, chunks)) < CHUNK * 200
    assert len(json.loads("".join(chunks))["graph"]["nodes"]) == 23 + 2 * CHUNK + 1


@pytest.mark.parametrize("format", ["jgf", "dot", "graphml"])
@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=150)
def test_every_format_is_what_a_plain_writer_gives(format: str, seed: int) -> None:
    graph = odd_graph(Random(seed))
    assert text_of(format, graph) == getattr(plainly, format)(graph)


def test_half_of_a_surrogate_pair_in_a_property_is_passed_on() -> None:
    graph = mini()
    graph.set_property(0, "a", "\ud800")
    assert "\ud800" in text_of("jgf", graph)
    assert "\ufffd" in text_of("graphml", graph)


@pytest.mark.parametrize("format", ["jgf", "dot", "graphml"])
def test_an_empty_graph_has_a_text(format: str) -> None:
    assert text_of(format, FlatGraph()).endswith(("]}}\n", "}\n", "</graphml>\n"))


def test_an_unknown_graph_format_is_refused() -> None:
    with pytest.raises(InputError, match="unknown graph format"):
        write_whole("png", mini())
