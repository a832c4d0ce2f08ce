"""Giving back parts of a job (T-05)."""

import json
from random import Random

import pytest

from fluxion_py import GraphError, Matcher
from fluxion_py.errors import FluxionError, MatchError
from tests.machines import elk, nodes, shape, tiny


def test_one_node_of_four_frees_exactly_that_node() -> None:
    matcher = Matcher(elk(), "low")
    matcher.allocate(shape("slot=40/node/socket=2/core=18"))
    assert matcher.release(1, paths="/elk/rack0/elk2") is False
    assert matcher.info(1).allocation.count("core") == 39 * 36
    assert str(matcher.allocate(shape("slot/node/socket=2/core=18")).nodes) == "elk2"
    matcher.cancel(1)
    matcher.cancel(2)
    assert matcher.save()["jobs"] == []
    assert len(matcher.allocate(shape("slot=40/node/socket=2/core=18")).nodes) == 40


def test_ranks_may_be_text_numbers_or_an_r() -> None:
    matcher = Matcher(nodes(6), "low")
    matcher.allocate(shape("slot=6/node"))
    assert matcher.release(1, ranks="0-1") is False
    assert matcher.release(1, ranks=[2]) is False
    r = json.dumps({"version": 1, "execution": {"R_lite": [{"rank": "3"}]}})
    assert matcher.release(1, R=r) is False
    assert str(matcher.info(1).allocation.nodes) == "node[4-5]"
    assert matcher.release(1, ranks="4-5") is True
    assert matcher.jobs() == []


def test_a_shared_node_stays_shared_as_long_as_anything_is_held_below() -> None:
    matcher = Matcher(tiny(), "low")
    matcher.allocate(shape("slot/socket/[core=4;gpu=1;memory=16]"))
    matcher.allocate(shape("slot=2/gpu"))
    gpus = [v.vertex.path for v in matcher.info(2).allocation.vertices("gpu")]
    matcher.release(2, paths=gpus[0])
    node = next(v.vertex for v in matcher.info(2).allocation.vertices("node"))
    free = matcher.without_allocating(shape("slot/node"))
    assert node.name not in free.nodes


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"paths": "/elk/rack3/elk30"}, MatchError),
        ({"paths": ["/elk/rack0/elk0", "/elk/rack3"]}, MatchError),
        ({"paths": "/elk/rack0/elk0/socket0/core0"}, MatchError),
        ({"paths": "/elk/rack7"}, GraphError),
        ({"ranks": "0,20"}, MatchError),
        ({"ranks": "99"}, GraphError),
        ({"ranks": "0-"}, FluxionError),
        ({"ranks": [-1]}, GraphError),
        ({"R": "{}"}, FluxionError),
        ({}, MatchError),
        ({"ranks": "0", "paths": "/elk"}, MatchError),
    ],
)
def test_a_part_that_is_not_the_jobs_own_is_refused_and_nothing_changes(
    how: dict[str, object], error: type[Exception]
) -> None:
    matcher = Matcher(elk(), "low")
    matcher.allocate(shape("slot=2/node/socket=2/core=18"))
    before = matcher.save()
    with pytest.raises(error):
        matcher.release(1, **how)  # type: ignore[arg-type]
    assert matcher.save() == before


@pytest.mark.parametrize("seed", range(10))
def test_what_is_left_after_releases_is_what_a_restore_of_it_would_hold(seed: int) -> None:
    """Releasing parts in any order leaves the same answers as booking only what is left."""
    rng = Random(seed)
    matcher = Matcher(nodes(8), "low")
    matcher.allocate(shape("slot=8/node/core=4"))
    for rank in rng.sample(range(8), rng.randint(1, 7)):
        matcher.release(1, ranks=[rank])
    left = matcher.info(1).allocation
    twin = Matcher(nodes(8), "low")
    twin.restore(left.write("rv1"))
    for text in ("slot/node", "slot=3/node/core=4", "slot=2/core=2", "slot=8/core"):
        assert _answer(matcher, text) == _answer(twin, text)


def _answer(matcher: Matcher, text: str) -> str:
    try:
        return str(matcher.without_allocating(shape(text), future=True))
    except FluxionError as error:
        return str(error)
