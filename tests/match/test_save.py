"""Saving and loading: the same later answers as if never saved."""

import json
from random import Random
from typing import Any

import pytest

from fluxion_py import Busy, FluxionError, InputError, Matcher, Unsatisfiable
from tests.machines import elk, nodes, shape, tiny
from tests.match.test_matcher import _more_nodes

REQUESTS = (
    "slot/core",
    "slot=2/core=3",
    "slot/node",
    "slot/socket",
    "node/slot/socket/[core=2;gpu=1]",
    "slot/[core=2;memory=8]",
    "slot=3/gpu",
)


def reloaded(matcher: Matcher) -> Matcher:
    """Return a matcher that went through JSON."""
    return Matcher.load(tiny(), json.loads(json.dumps(matcher.save())))


def act(matcher: Matcher, rng: Random) -> str:
    """Do one random thing; return what came of it."""
    kind = rng.random()
    ids = [job.id for job in matcher.jobs()]
    try:
        if kind < 0.45:
            return str(matcher.reserve(shape(rng.choice(REQUESTS), rng.choice((10, 50, 0)))))
        if kind < 0.6:
            return str(matcher.allocate(shape(rng.choice(REQUESTS), 20)))
        if kind < 0.75 and ids:
            matcher.cancel(rng.choice(ids))
        elif kind < 0.85 and ids:
            return str(matcher.release(rng.choice(ids), ranks=[rng.randint(0, 1)]))
        elif kind < 0.9:
            matcher.now += rng.randint(0, 15)
        elif kind < 0.95:
            path = rng.choice([vertex.path for vertex in matcher.graph.vertices("socket")])
            matcher.set_status(path, rng.choice(("up", "down")))
        else:
            path = rng.choice([vertex.path for vertex in matcher.graph.vertices("node")])
            matcher.set_property(path, "fast", str(rng.randint(0, 3)))
    except FluxionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("policy", ["first", "firstnodex", "low", "high", "locality"])
@pytest.mark.parametrize("seed", range(8))
def test_a_matcher_that_is_saved_at_every_step_answers_the_same(policy: str, seed: int) -> None:
    steady = Matcher(tiny(), policy)
    saved = Matcher(tiny(), policy)
    one, two = Random(seed), Random(seed)
    for _ in range(25):
        assert act(steady, one) == act(saved, two)
        saved = reloaded(saved)
        assert saved.save() == steady.save()


def test_growth_since_the_start_is_replayed() -> None:
    matcher = Matcher(nodes(2), "low")
    matcher.allocate(shape("slot/node"))
    matcher.attach(_more_nodes(2))
    matcher.allocate(shape("slot=2/node"))
    matcher.remove("/c/node1")
    again = Matcher.load(nodes(2), json.loads(json.dumps(matcher.save())))
    assert again.save() == matcher.save()
    assert str(again.allocate(shape("slot/node")).nodes) == "node3"


def test_tasks_survive() -> None:
    matcher = Matcher(elk(), "low")
    matcher.allocate(shape("slot=2/node"))
    again = Matcher.load(elk(), json.loads(json.dumps(matcher.save())))
    jobspec = again.info(1).allocation.jobspec
    assert jobspec is not None
    assert jobspec.resources == shape("slot=2/node").resources


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 2},
        {"jobs": None},
        {"jobs": [{}]},
        {"jobs": "same twice"},
        {"graph": "0" * 64},
        {"growth": [["explode", "x"]]},
        {"growth": [1]},
        {"policy": {"order": "low", "x": 1}},
        {"properties": [5]},
        {"now": "soon"},
    ],
)
def test_damaged_states_are_refused(damage: dict[str, Any]) -> None:
    matcher = Matcher(tiny(), "low")
    matcher.allocate(shape("slot/core"))
    state = matcher.save()
    if damage.get("jobs") == "same twice":
        damage = {"jobs": state["jobs"] * 2}
    with pytest.raises(FluxionError):
        Matcher.load(tiny(), {**state, **damage})


@pytest.mark.parametrize("next_jobid", [0, -5, False, 1, 2])
def test_a_next_id_that_is_in_use_is_passed_over(next_jobid: int) -> None:
    matcher = Matcher(nodes(3), "low")
    matcher.allocate(shape("slot/node"), jobid=2)
    again = Matcher.load(nodes(3), {**matcher.save(), "next_jobid": next_jobid})
    assert again.allocate(shape("slot/node")).id == 3


def test_another_graph_is_refused() -> None:
    with pytest.raises(InputError, match="another graph"):
        Matcher.load(nodes(2), Matcher(nodes(3)).save())


def test_a_reservation_stays_one() -> None:
    matcher = Matcher(nodes(1), "low")
    matcher.allocate(shape("slot/node", 10))
    matcher.reserve(shape("slot/node", 10))
    again = Matcher.load(nodes(1), matcher.save())
    assert [v.name for v in again.find("sched-future=reserved")] == [
        v.name for v in matcher.find("sched-future=reserved")
    ]
    with pytest.raises((Busy, Unsatisfiable)):
        again.allocate(shape("slot/node", 10))
