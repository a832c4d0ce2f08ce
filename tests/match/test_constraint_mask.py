from random import Random

import pytest

from fluxion_py.errors import ConstraintError
from fluxion_py.match.constraint_mask import ConstraintMasks
from tests.machines import mini


def test_only_nodes_are_judged() -> None:
    allowed = ConstraintMasks(mini()).allowed({"hostlist": ["node1"]})
    assert allowed is not None
    assert [row for row, bit in enumerate(allowed) if bit] == [2]
    assert len(allowed) == 23


@pytest.mark.parametrize("constraints", [None, {}])
def test_no_constraint_is_no_mask(constraints: dict[str, object] | None) -> None:
    assert ConstraintMasks(mini()).allowed(constraints) is None


def test_a_mask_is_kept_until_a_property_or_the_graph_changes() -> None:
    graph = mini()
    masks = ConstraintMasks(graph)
    fast = {"properties": ["fast"]}
    first = masks.allowed(fast)
    assert masks.allowed(dict(fast)) is first
    graph.set_property(1, "fast", "")
    second = masks.allowed(fast)
    assert second is not None
    assert second[1] == 1
    row = graph.add_vertex("node", "node", 9, "node9", 99, properties={"fast": ""})
    third = masks.allowed(fast)
    assert third is not None
    assert third[row] == 1


def test_a_mask_stays_as_long_as_it_is_true() -> None:
    graph = mini()
    masks = ConstraintMasks(graph)
    fast = {"properties": ["fast"]}
    first = masks.allowed(fast)
    graph.set_property(1, "slow", "")
    graph.set_rank(1, 5)
    assert masks.allowed(fast) is first
    masks.allowed({"ranks": ["5"]})
    graph.set_rank(1, 6)
    found = masks.allowed({"ranks": ["6"]})
    assert found is not None
    assert found[1] == 1


def test_masks_made_step_by_step_are_those_made_at_once() -> None:
    graph = mini()
    wanted = {"and": [{"properties": ["a"]}, {"not": [{"properties": ["b"]}]}, {"ranks": ["0-9"]}]}
    rng = Random(4)
    masks = ConstraintMasks(graph)
    for number in range(300):
        kind = rng.random()
        row = rng.choice(graph.rows_of_type("node"))
        if kind < 0.1:
            graph.add_vertex("node", "node", 100 + number, f"node{100 + number}", 900 + number)
        elif kind < 0.2:
            graph.set_rank(row, rng.randint(0, 15))
        elif kind < 0.6:
            graph.set_property(row, rng.choice("abc"), "")
        else:
            graph.remove_property(row, rng.choice("abc"))
        if rng.random() < 0.5:
            assert masks.allowed(wanted) == ConstraintMasks(graph).allowed(wanted)


def test_an_empty_or_is_true_by_rfc_31_and_false_in_the_reference() -> None:
    graph = mini()
    ours = ConstraintMasks(graph).allowed({"or": []})
    theirs = ConstraintMasks(graph, reference=True).allowed({"or": []})
    assert ours is not None
    assert theirs is not None
    assert (ours[1], theirs[1]) == (1, 0)


def test_a_bad_constraint_is_refused() -> None:
    with pytest.raises(ConstraintError, match="unknown constraint operator"):
        ConstraintMasks(mini()).allowed({"nand": []})
