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
