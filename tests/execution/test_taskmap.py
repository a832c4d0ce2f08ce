"""Task maps (RFC 34)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxion_py.errors import FormatError
from fluxion_py.execution.taskmap import decode_taskmap, encode_taskmap, map_tasks


@pytest.mark.parametrize(
    ("scheme", "blocks"),
    [
        ("block", [(0, 4, 4, 1)]),
        ("cyclic", [(0, 4, 1, 4)]),
        ("cyclic:1", [(0, 4, 1, 4)]),
        ("cyclic:2", [(0, 4, 2, 2)]),
        ("cyclic:4", [(0, 4, 4, 1)]),
        ("manual:[[3,1,4,1],[0,3,4,1]]", [(3, 1, 4, 1), (0, 3, 4, 1)]),
    ],
)
def test_four_tasks_on_each_of_four_nodes(
    scheme: str, blocks: list[tuple[int, int, int, int]]
) -> None:
    assert encode_taskmap(map_tasks(scheme, [4, 4, 4, 4])) == blocks


def test_nodes_with_fewer_tasks_are_passed_over_when_they_are_full() -> None:
    assert map_tasks("cyclic", [1, 3]) == [0, 1, 1, 1]
    assert map_tasks("cyclic:2", [3, 1, 2]) == [0, 0, 1, 2, 2, 0]
    assert map_tasks("block", [0, 2]) == [1, 1]


@given(st.lists(st.integers(0, 6), max_size=60))
def test_what_is_encoded_is_decoded_again(nodes: list[int]) -> None:
    blocks = encode_taskmap(nodes)
    assert decode_taskmap(json.dumps(blocks)) == nodes
    assert decode_taskmap(json.dumps({"version": 1, "map": blocks})) == nodes


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.integers(1, 4))
def test_every_scheme_gives_each_node_its_number_of_tasks(counts: list[int], stride: int) -> None:
    for scheme in ("block", "cyclic", f"cyclic:{stride}"):
        nodes = map_tasks(scheme, counts)
        assert [nodes.count(node) for node in range(len(counts))] == counts


@pytest.mark.parametrize(
    ("scheme", "told"),
    [
        ("spiral", "unknown task map 'spiral'"),
        ("cyclic:0", "unknown task map 'cyclic:0'"),
        ("cyclic:x", "unknown task map 'cyclic:x'"),
        ("manual:", "is no JSON"),
        ("manual:[[0,1,1]]", "[0, 1, 1] is no block"),
        ("manual:[[0,0,1,1]]", "has a number that is too small"),
        ("manual:[[0,1,1048577,1]]", "more than 1048576 tasks"),
        ('manual:{"version": 2}', "has version 2"),
        ("manual:[[0,1,3,1]]", "gives the nodes [3, 0] tasks; the job has [2, 1]"),
        ("manual:" + "[" * 10_000, "is no JSON"),
    ],
)
def test_what_is_wrong_is_told(scheme: str, told: str) -> None:
    with pytest.raises(FormatError) as raised:
        map_tasks(scheme, [2, 1])
    assert told in str(raised.value)
