"""The digest of a graph: equal for equal graphs, another for every change of what is fixed."""

from collections.abc import Callable
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.match.state import digest
from fluxion_py.readers import read_text
from fluxion_py.readers.jgf import read_completely
from fluxion_py.writers.whole_graph import write_whole
from tests.machines import mini
from tests.strategies import random_machine


def described(flat: FlatGraph) -> list[object]:
    """Return what the digest stands for, plainly."""
    names = flat.subsystems()
    return [
        (
            row, flat.type(row), flat.name(row), flat.id(row), flat.size(row), flat.rank(row),
            flat.paths(row), [(target, names[kind]) for target, kind in flat.out_edges(row)],
        )
        for row in flat.rows()
    ]  # fmt: skip


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=200)
def test_a_graph_that_was_written_and_read_again_has_the_same_digest(seed: int) -> None:
    graph = random_machine(Random(seed))
    text = "".join(write_whole("jgf", graph))
    quick, complete = read_text(text, "jgf"), FlatGraph()
    read_completely(text, complete)
    assert digest(quick) == digest(complete) == digest(graph)
    assert described(quick) == described(graph)


@given(st.integers(0, 200), st.integers(0, 200))
@settings(deadline=None, max_examples=200)
def test_different_graphs_have_different_digests(one: int, other: int) -> None:
    first, second = random_machine(Random(one)), random_machine(Random(other))
    assert (digest(first) == digest(second)) == (described(first) == described(second))


CHANGES: dict[str, Callable[[FlatGraph], object]] = {
    "rank": lambda graph: graph.set_rank(3, 7),
    "edge": lambda graph: graph.add_edge(1, 22),
    "subsystem": lambda graph: graph.add_edge(0, 1, "power"),
    "path": lambda graph: graph.set_path(1, "containment", "/elsewhere"),
    "other path": lambda graph: graph.set_path(1, "power", "/power0"),
    "removal": lambda graph: graph.detach(1),
    "growth": lambda graph: graph.add_vertex("core", "core", 0, "core0", 99),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_topology_changes_the_digest(change: str) -> None:
    graph = mini()
    CHANGES[change](graph)
    assert digest(graph) != digest(mini())


@pytest.mark.parametrize("value", ["type", "name", "id", "size", "rank", "path"])
def test_every_field_counts(value: str) -> None:
    def graph(*, changed: bool) -> FlatGraph:
        flat = FlatGraph()
        flat.add_vertex(
            "rack" if changed and value == "type" else "node", "node",
            5 if changed and value == "id" else 4, "m" if changed and value == "name" else "n", 0,
            rank=3 if changed and value == "rank" else 2,
            size=8 if changed and value == "size" else 9,
        )  # fmt: skip
        if changed and value == "path":
            flat.set_path_under(0, "containment", -1)
        return flat

    assert digest(graph(changed=True)) != digest(graph(changed=False))


def test_status_and_properties_do_not_count() -> None:
    graph = mini()
    graph.set_up(1, False)
    graph.set_property(2, "a", "b")
    assert digest(graph) == digest(mini())
