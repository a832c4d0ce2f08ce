from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxion_py.errors import JobspecError
from fluxion_py.jobspec.model import UNLIMITED, Count, Jobspec, Resource
from fluxion_py.jobspec.parser import parse_object
from fluxion_py.jobspec.serialise import resource_to_dict
from fluxion_py.jobspec.shape import format_shape, from_shape, parse_shape

NODE = {"type": "node", "count": 1}


def slot(count: object, label: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {"type": "slot", "count": count, "label": label, "with": list(children)}


@pytest.mark.parametrize(
    ("shape", "resources"),
    [
        ("slot=4/node", [slot(4, "default", NODE)]),
        (
            "slot=3-30/node",
            [slot({"min": 3, "max": 30, "operator": "+", "operand": 1}, "default", NODE)],
        ),
        ("slot=[3+]/node", [slot({"min": 3}, "default", NODE)]),
        ("slot=4,9,16,25/node", [slot("4,9,16,25", "default", NODE)]),
        (
            "slot=4{nodelevel}/node{-x}/core=4+",
            [
                slot(
                    4,
                    "nodelevel",
                    NODE | {"exclusive": False, "with": [{"type": "core", "count": {"min": 4}}]},
                )
            ],
        ),
        (
            "slot=10/[memory=2{unit:GB};core]",
            [
                slot(
                    10,
                    "default",
                    {"type": "memory", "count": 2, "unit": "GB"},
                    {"type": "core", "count": 1},
                )
            ],
        ),
        (
            "[cluster/slot=2{ib}/node;switch/slot=2{bicore}/node]",
            [
                {"type": "cluster", "count": 1, "with": [slot(2, "ib", NODE)]},
                {"type": "switch", "count": 1, "with": [slot(2, "bicore", NODE)]},
            ],
        ),
        (
            "node{x}/[slot{a}/core;slot{b}/gpu]",
            [
                NODE
                | {
                    "exclusive": True,
                    "with": [
                        slot(1, "a", {"type": "core", "count": 1}),
                        slot(1, "b", {"type": "gpu", "count": 1}),
                    ],
                }
            ],
        ),
        ('node{exclusive:true,id:"0-3"}', [NODE | {"exclusive": True, "id": "0-3"}]),
        ("node{+x}", [NODE | {"exclusive": True}]),
        ('"a b"=2', [{"type": "a b", "count": 2}]),
        ("racks[2]->nodes", [{"type": "rack", "count": 2, "with": [NODE]}]),
        ("rack[2] → node[3-4]", None),
    ],
)
def test_shapes_follow_rfc_46(shape: str, resources: list[dict[str, Any]] | None) -> None:
    parsed = parse_shape(shape)
    if resources is not None:
        order = [resource_to_dict(resource) for resource in parsed]
        assert order == resources
    assert parse_shape(format_shape(parsed)) == parsed


@pytest.mark.parametrize(
    ("shape", "column"),
    [
        ("", 1),
        ("slot", 5),
        ("slot=1.5/node", 7),
        ("slot=/node", 6),
        ("slot=0/node", 6),
        ("slot=2-1/node", 6),
        ("a/b]", 4),
        ("[a;b", 5),
        ("[a;]", 4),
        ("a//b", 3),
        ("node{y}", 6),
        ("node{unit}", 10),
        ("node{x", 7),
        ("node{x,x}", 8),
        ("slot{}/node", 6),
        ("node/[slot/core;slot/gpu]", 7),
        ("a/" * 200 + "a", 201),
        ("[" * 5_000, 2),
    ],
)
def test_mistakes_have_a_column(shape: str, column: int) -> None:
    with pytest.raises(JobspecError, match="bad shape") as caught:
        parse_shape(shape)
    assert caught.value.column == column
    assert caught.value.hint


def test_bad_arrow_levels_and_long_shapes_are_refused() -> None:
    with pytest.raises(JobspecError, match="bad level 2"):
        parse_shape("rack[2]->[3]")
    with pytest.raises(JobspecError, match="longer than"):
        parse_shape("a/" * 40_000)


def test_from_shape_makes_a_whole_jobspec() -> None:
    jobspec = Jobspec.from_shape("node/slot=2/core", ["app"], duration="1h", requires="gpu")
    assert jobspec.duration == 3600
    assert jobspec.constraints == {"properties": ["gpu"]}
    assert jobspec.tasks[0].slot == "default"
    assert parse_object(jobspec.to_dict()) == jobspec
    assert from_shape("node{x}", queue="batch").queue == "batch"
    with pytest.raises(JobspecError, match="needs a slot"):
        from_shape("node{x}", ["app"])


COUNTS = st.one_of(
    st.integers(1, 99).map(lambda n: Count(n, n)),
    st.integers(1, 99).map(lambda n: Count(n, UNLIMITED)),
    st.tuples(
        st.integers(2, 9), st.integers(10, 99), st.sampled_from("+*^"), st.integers(2, 4)
    ).map(lambda t: Count(*t)),
    st.sets(st.integers(1, 20), min_size=3)
    .map(sorted)
    .map(tuple)
    .filter(lambda c: c[-1] - c[0] >= len(c))
    .map(lambda c: Count(c[0], c[-1], choices=c)),
)
TEXTS = st.text(st.characters(codec="ascii", exclude_characters="\x7f"), min_size=1, max_size=5)
LEAVES = st.builds(
    Resource,
    st.sampled_from(["core", "node", "a b", "true"]),
    COUNTS,
    st.just(()),
    st.none() | TEXTS,
    st.sampled_from([None, True, False]),
    st.none() | TEXTS,
    st.none() | TEXTS,
)
TREES = st.recursive(
    LEAVES,
    lambda children: st.builds(
        Resource,
        st.sampled_from(["slot", "node"]),
        COUNTS,
        st.lists(children, min_size=1, max_size=3).map(tuple),
        TEXTS,
        st.sampled_from([None, True, False]),
    ),
    max_leaves=6,
)


@given(st.lists(TREES, min_size=1, max_size=3).map(tuple))
def test_format_and_parse_are_inverse(resources: tuple[Resource, ...]) -> None:
    shape = format_shape(resources)
    if "->" not in shape:
        assert parse_shape(shape) == resources
