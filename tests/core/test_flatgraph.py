"""The columns of the graph: growth, paths, look-ups and removal."""

from array import array
from random import Random

import pytest

from fluxion_py._core.flatgraph import RESERVED_TYPES, FlatGraph


def cluster() -> FlatGraph:
    """Two nodes with two sockets of three cores each; rows in order of creation."""
    flat = FlatGraph()
    top = flat.add_vertex("cluster", "mini", 0, "mini0", 0)
    flat.set_root("containment", top)
    flat.set_path_under(top, "containment", -1)
    nodes = flat.add_children([top], 2, "node", "node", [0, 1], 1, "", "containment", 0)
    sockets = flat.add_children(nodes, 2, "socket", "socket", [0, 1, 0, 1], 1, "", "containment")
    numbers = array("q", [0, 1, 2, 3, 4, 5] * 2)
    flat.add_children(sockets, 3, "core", "core", numbers, 1, "", "containment")
    return flat


def test_bulk_growth_makes_level_after_level() -> None:
    flat = cluster()
    assert flat.counts() == {"cluster": 1, "node": 2, "socket": 4, "core": 12}
    assert (flat.vertex_count, flat.edge_count) == (19, 18)
    assert flat.path(18) == "/mini0/node1/socket1/core5"
    assert [flat.rank(row) for row in (0, 1, 2, 3)] == [-1, 0, 1, -1]
    assert flat.out_edges(1) == [(3, 0), (4, 0)]
    assert flat.in_edges(3) == [(1, 0)]


def test_look_ups_find_by_path_name_rank_and_type() -> None:
    flat = cluster()
    assert flat.rows_at("/mini0/node0/socket1/core4") == [11]
    assert flat.rows_at("/mini0/node0/core4") == []
    assert flat.rows_named("core5") == [12, 18]
    assert flat.rows_of_rank(1) == [2]
    assert flat.rows_of_type("socket") == [3, 4, 5, 6]
    assert flat.ranks() == {-1: 17, 0: 1, 1: 1}
    assert flat.index_sizes() == (4, 11, 19)


def test_look_ups_follow_growth_and_removal() -> None:
    flat = cluster()
    assert flat.rows_at("/mini0/node0") == [1]
    new = flat.add_vertex("node", "node", 2, "node2", 19, rank=2)
    flat.add_edge(0, new)
    flat.set_path_under(new, "containment", 0)
    assert flat.rows_at("/mini0/node2") == [new]
    assert sorted(flat.detach(1)) == [1, 3, 4, *range(7, 13)]
    assert flat.rows_at("/mini0/node0") == []
    assert flat.rows_of_rank(0) == []
    assert not flat.alive(7)
    assert flat.out_edges(0) == [(2, 0), (new, 0)]
    assert (flat.vertex_count, len(flat.rows()), len(flat)) == (11, 11, 20)


def test_a_vertex_with_another_parent_survives_the_removal_of_one() -> None:
    flat = cluster()
    flat.add_edge(2, 7)
    assert 7 not in flat.hanging_below(1)
    assert 7 not in flat.detach(1)
    assert flat.in_edges(7) == [(2, 0)]


def test_a_second_edge_between_two_vertices_changes_the_subsystem_of_the_first() -> None:
    """resource-graph.md 2."""
    flat = cluster()
    flat.add_edge(0, 1, "power")
    assert flat.out_edges(0) == [(1, flat.find_subsystem("power")), (2, 0)]
    assert flat.edge_count == 18


def test_paths_are_the_parents_path_and_the_name_unless_given() -> None:
    flat = cluster()
    flat.set_path(1, "power", "/panel0/node0")
    flat.set_path(2, "containment", "/elsewhere")
    assert flat.paths(1) == {"containment": "/mini0/node0", "power": "/panel0/node0"}
    assert flat.path(5) == "/elsewhere/socket0"
    assert flat.rows_at("/panel0/node0") == [1]
    assert flat.rows_at("/elsewhere/socket0/core1") == [14]
    assert flat.path(1, "network") is None


def test_types_are_numbered_in_the_references_order() -> None:
    flat = FlatGraph()
    assert flat.types() == list(RESERVED_TYPES)
    assert flat.find_type("licence") == -1
    assert flat.type_id("licence") == len(RESERVED_TYPES) == flat.find_type("licence")


def test_properties_are_values_of_one_vertex() -> None:
    flat = cluster()
    before = flat.property_epoch
    flat.set_property(1, "b", "2")
    flat.set_property(1, "a", "")
    flat.set_property(2, "a", "")
    flat.remove_property(2, "nosuch")
    assert list(flat.properties(1).items()) == [("a", ""), ("b", "2")]
    assert flat.properties(2) == {"a": ""}
    assert flat.property_epoch > before
    flat.remove_property(1, "b")
    assert flat.properties(1) == {"a": ""}


def test_a_vertex_without_number_or_with_another_name() -> None:
    flat = FlatGraph()
    plain = flat.add_vertex("node", "login", -1, "login", 7)
    padded = flat.add_vertex("node", "elk", 3, "elk003", 8, unit="GB", size=0, up=False)
    assert (flat.name(plain), flat.basename(plain), flat.id(plain)) == ("login", "login", -1)
    assert (flat.name(padded), flat.uniq_id(padded), flat.unit(padded)) == ("elk003", 8, "GB")
    assert (flat.size(padded), flat.up(padded)) == (0, False)


def test_wrong_sizes_and_lengths_are_refused() -> None:
    flat = cluster()
    with pytest.raises(ValueError, match="negative"):
        flat.add_vertex("core", "core", 0, "core0", 99, size=-1)
    with pytest.raises(ValueError, match="3 ids for 2 x 1"):
        flat.add_children([1, 2], 1, "gpu", "gpu", [0, 1, 2], 1, "", "containment")
    with pytest.raises(IndexError, match="no vertex 99"):
        flat.name(99)
    assert flat.vertex_count == 19


def test_look_ups_follow_growth_removal_and_new_names_of_old_rows() -> None:
    """Small graphs keep late rows in a table, large ones sort anew: both find what a scan finds."""
    rng = Random(7)
    for nodes in (3, 3000):
        flat = FlatGraph()
        top = flat.add_vertex("cluster", "c", 0, "c0", 0)
        flat.set_path_under(top, "containment", -1)
        flat.add_children([top], nodes, "node", "node", range(nodes), 1, "", "containment", 0)
        for number in range(60):
            kind = rng.random()
            row = rng.choice(flat.rows())
            if kind < 0.4:
                flat.add_children(
                    [row], 2, "core", "core", [number, 0], 1, "", "containment", rng.randint(0, 9)
                )
            elif kind < 0.6 and row != top:
                flat.detach(row)
            elif kind < 0.7:
                flat.set_path(row, "power", f"/p{number % 7}")
            elif kind < 0.8:
                flat.set_path_under(row, "containment", -1)
            elif kind < 0.9:
                flat.set_rank(row, rng.randint(0, 9))
            if rng.random() < 0.5:
                _check_look_ups(flat, rng)


def _check_look_ups(flat: FlatGraph, rng: Random) -> None:
    rows = flat.rows()
    for row in rng.sample(rows, min(4, len(rows))):
        for path in flat.paths(row).values():
            assert flat.rows_at(path) == [at for at in rows if path in flat.paths(at).values()]
        name, rank = flat.name(row), flat.rank(row)
        assert flat.rows_named(name) == [at for at in rows if flat.name(at) == name]
        assert flat.rows_of_rank(rank) == [at for at in rows if flat.rank(at) == rank]
    assert flat.rows_at("/nowhere") == []
