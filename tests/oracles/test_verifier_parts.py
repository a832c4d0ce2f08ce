"""The verifier's own tools: packing, constraints, and reading printed answers."""

from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Count, Resource
from tests.oracles.verifier_constraint import expand_hosts, expand_ids, satisfies
from tests.oracles.verifier_machine import VerificationError
from tests.oracles.verifier_packing import (
    BUDGET,
    UndecidedError,
    covers,
    most_groups,
    packs,
    split_into_alternatives,
    split_into_slots,
)
from tests.oracles.verifier_text import selection_from_jgf, selection_from_simple
from tests.strategies import counts

SIZES = st.lists(st.integers(1, 5), max_size=6)


def partitions(sizes: Sequence[int], groups: int) -> Iterator[list[list[int]]]:
    """All ways to put every vertex into one of the groups, or into none (the last list)."""
    for places in product(range(groups + 1), repeat=len(sizes)):
        split: list[list[int]] = [[] for _ in range(groups + 1)]
        for size, place in zip(sizes, places, strict=True):
            split[place].append(size)
        yield split


@settings(deadline=None, derandomize=True, database=None)
@given(SIZES, st.lists(counts(), min_size=1, max_size=2))
def test_packs_equals_trying_all_ways(sizes: list[int], wanted: list[Count]) -> None:
    expected = any(
        not rest
        and all(
            group and covers(count, sum(group), sum(group), max(group))
            for group, count in zip(split, wanted, strict=True)
        )
        for *split, rest in partitions(sizes, len(wanted))
    )
    assert packs(sizes, wanted) == expected


@settings(deadline=None, derandomize=True, database=None)
@given(SIZES, st.integers(1, 8))
def test_most_groups_equals_trying_all_ways(sizes: list[int], wanted: int) -> None:
    best = 0
    for k in (1, 2, 3):
        if any(all(sum(g) >= wanted for g in split) for *split, _ in partitions(sizes, k)):
            best = k
    found = most_groups(sizes, wanted)
    assert found == best or (best == 3 and found > 3)


def test_a_search_that_would_take_too_long_is_given_up() -> None:
    with pytest.raises(UndecidedError):
        packs(list(range(3, 40)), [Count(3, 3)] * 12)
    assert BUDGET <= 100_000


def test_slots_need_all_their_types() -> None:
    slot = Resource(
        "slot", Count(1, 1), (Resource("core", Count(2, 2)), Resource("gpu", Count(1, 1)))
    )
    two = split_into_slots(slot, {"core": [1, 1, 1, 1], "gpu": [1, 1]})
    assert two is not None
    assert (two.low, two.high) == (2, 2)
    assert split_into_slots(slot, {"core": [1, 1, 1], "gpu": [1, 1]}) is None
    assert split_into_slots(slot, {"core": [1, 1]}) is None


def test_alternatives_are_mixed() -> None:
    big = Resource("slot", Count(1, 1), (Resource("core", Count(3, 3)),))
    small = Resource("slot", Count(1, 1), (Resource("core", Count(2, 2)),))
    seven = split_into_alternatives([big, small], {"core": [1] * 7})
    assert seven is not None
    assert (seven.low, seven.high) == (3, 3)
    assert split_into_alternatives([big, small], {"core": [1]}) is None


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("a", ["a"]),
        ("a[1-3],b", ["a1", "a2", "a3", "b"]),
        ("n[08-10]", ["n08", "n09", "n10"]),
        ("x[1,3]y", ["x1y", "x3y"]),
        ("r[0-1]c[0-1]", ["r0c0", "r0c1", "r1c0", "r1c1"]),
    ],
)
def test_hostlists(text: str, hosts: list[str]) -> None:
    assert expand_hosts(text) == hosts


def test_brackets_around_an_idset_change_nothing() -> None:
    assert expand_ids("0-2,7") == expand_ids("[0-2,7]") == {0, 1, 2, 7}


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (None, True),
        ({}, True),
        ({"properties": ["fast"]}, True),
        ({"properties": ["fast", "^old"]}, True),
        ({"properties": ["old"]}, False),
        ({"hostlist": ["n[0-3]"]}, True),
        ({"ranks": ["4"]}, False),
        ({"and": []}, True),
        ({"or": []}, True),
        ({"not": []}, False),
        ({"not": [{"properties": ["fast"]}, {"ranks": ["9"]}]}, True),
    ],
)
def test_constraints_on_a_node(constraint: dict[str, list[object]] | None, expected: bool) -> None:
    flat = small_machine()
    node = flat.rows_of_type("node")[0]
    assert satisfies(flat, node, constraint) == expected
    assert satisfies(flat, flat.rows_of_type("core")[0], constraint)


def small_machine() -> FlatGraph:
    flat = FlatGraph()
    parent = -1
    for kind, rank in (("cluster", -1), ("node", 3), ("core", 3), ("core", 3)):
        row = flat.add_vertex(kind, kind, len(flat), f"{kind[0]}{len(flat)}", len(flat), rank)
        flat.set_path_under(row, "containment", parent)
        if parent >= 0:
            flat.add_edge(parent, row)
        parent = row if kind != "core" else parent
    flat.set_root("containment", 0)
    flat.set_property(1, "fast", "")
    return flat


SIMPLE = """\
      ---------c2[1:x]
      ---------c3[1:x]
      ------n1[1:s]
      ---c0[1:s]
INFO: =============================
"""
PRETTY = """\
      ---c0[1:shared]
      ------n1[1:shared]
      ---------c3[1:exclusive]
      ---------c2[1:exclusive]
"""
VERTICES = [(2, 1, True, 3), (3, 1, True, 3), (1, 1, False, 2), (0, 1, False, 1)]


@pytest.mark.parametrize("text", [SIMPLE, PRETTY])
def test_simple_text_is_read_back(text: str) -> None:
    selection = selection_from_simple(small_machine(), text.splitlines())
    assert selection.vertices == VERTICES
    assert sorted(selection.edges) == [(0, 1, 0), (1, 2, 0), (1, 3, 0)]


def test_jgf_is_read_back() -> None:
    flat = small_machine()
    nodes = [
        {
            "id": str(row),
            "metadata": {
                "type": flat.type(row),
                "rank": flat.rank(row),
                "exclusive": exclusive,
                "paths": {"containment": flat.path(row)},
            },
        }
        for row, _, exclusive, _ in VERTICES
    ]
    edges = [{"source": "1", "target": "2"}, {"source": "1", "target": "3"}]
    edges.append({"source": "0", "target": "1"})
    selection = selection_from_jgf(flat, {"graph": {"nodes": nodes, "edges": edges}})
    assert selection.vertices == VERTICES
    assert selection.edges == [(1, 2, 0), (1, 3, 0), (0, 1, 0)]


def test_a_name_that_the_machine_does_not_have_is_refused() -> None:
    with pytest.raises(VerificationError, match="c9"):
        selection_from_simple(small_machine(), ["      ------c9[1:x]", "      ---c0[1:s]"])
