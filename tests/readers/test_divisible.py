"""The mark of a divisible vertex in every format that can say it."""

from pathlib import Path

import pytest

from fluxion_py import ResourceGraph
from fluxion_py.errors import GraphError
from fluxion_py.readers import jgf_document
from fluxion_py.writers.whole_graph import write_whole

RECIPE = {
    "version": 1,
    "cluster": "c",
    "contains": {
        "node": {"count": 2, "contains": {"cpu": {"size": 9, "divisible": True}, "gpu": 2}}
    },
}


def marked(graph: ResourceGraph) -> list[tuple[str, int]]:
    return [(vertex.path, vertex.size) for vertex in graph.vertices() if vertex.divisible]


@pytest.mark.parametrize("format", ["jgf", "graphml"])
@pytest.mark.parametrize("fast_from", [0, 10**9])
def test_the_mark_survives_a_file(
    format: str, fast_from: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jgf_document, "FAST_FROM", fast_from)
    graph = ResourceGraph.from_recipe(RECIPE)
    file = tmp_path / "graph"
    file.write_text("".join(write_whole(format, graph.flat)))
    assert marked(ResourceGraph.from_file(file)) == marked(graph)
    assert len(marked(graph)) == 2
    assert marked(ResourceGraph.from_networkx(graph.to_networkx())) == marked(graph)


def test_nothing_can_be_below_a_divisible_vertex() -> None:
    graph = ResourceGraph.from_recipe(RECIPE)
    pool = next(v.row for v in graph.vertices() if v.divisible)
    with pytest.raises(GraphError, match="cpu0 is divisible: nothing can be below it"):
        graph.flat.add_children([pool], 1, "core", "core", [0], 1, "", "containment")
    with pytest.raises(GraphError, match="divisible"):
        graph.flat.add_edge(pool, graph.flat.root())
    assert len(graph) == 9


@pytest.mark.parametrize("value", ["1", "maybe", '"true"'])
def test_a_mark_that_is_no_truth_value_is_refused(value: str) -> None:
    text = "".join(write_whole("jgf", ResourceGraph.from_recipe(RECIPE).flat))
    broken = text.replace('"divisible": true', f'"divisible": {value}'.replace("maybe", '"maybe"'))
    with pytest.raises(GraphError, match=r"metadata\.divisible: malformed metadata"):
        ResourceGraph.from_text(broken)
