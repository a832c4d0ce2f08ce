"""A refusal is right, or excused by a documented weakness of the greedy matcher.

The matcher may only say "busy" if the request does not fit now, "unsatisfiable" if it never
fits, and reserve only at the earliest time at which it fits. `FLUXION_CASES` and `FLUXION_SEED`
as in `test_differential`.
"""

import math
import os
from collections import Counter
from random import Random

import pytest

from fluxion_py.jobspec.model import Jobspec
from fluxion_py.outcome import Errno, Outcome
from tests.oracles.verifier import GRAPH_END
from tests.oracles.verifier_feasibility import Feasibility, excuses
from tests.oracles.verifier_packing import UndecidedError
from tests.oracles.verifier_pools import shares_in_slots
from tests.properties.engines import core
from tests.properties.steps import random_match, random_status
from tests.properties.world import Step, World

CASES = int(os.environ.get("FLUXION_CASES", "600"))
SEED = os.environ.get("FLUXION_SEED")
BLOCKS = 10
RESERVING = ("allocate_orelse_reserve", "without_allocating_future")


def fits(world: World, jobspec: Jobspec, at: int) -> bool:
    duration = math.ceil(jobspec.duration) or GRAPH_END
    end = min(at + duration, GRAPH_END)
    return at < end and Feasibility(world.verifier, jobspec, at, end).possible()


def fits_ever(world: World, jobspec: Jobspec) -> bool:
    return Feasibility(world.verifier, jobspec, 0, 1, empty=True).possible()


def judge(world: World, step: Step, outcome: Outcome) -> str:
    """Return the kind of answer, or fail if it is wrong and no excuse applies."""
    op, jobspec, _, now = step.args
    if excuses(world.verifier, jobspec):
        return "excused"
    if shares_in_slots(jobspec.resources):
        return "undecided"
    try:
        wrong = _wrong(world, op, jobspec, now, outcome)
    except UndecidedError:
        return "undecided"
    assert not wrong, wrong
    return outcome.errno.name + (" later" if outcome.reserved else "")


def _wrong(world: World, op: str, jobspec: Jobspec, now: int, outcome: Outcome) -> str:
    """Say what is wrong with an answer, or nothing."""
    if op == "satisfiability":
        ever = fits_ever(world, jobspec)
        return "" if ever == (outcome.errno is Errno.OK) else f"fits ever: {ever}"
    if outcome.errno is Errno.NEVER and fits_ever(world, jobspec):
        return "called unsatisfiable, but fits an empty machine"
    if outcome.at > now or outcome.errno is not Errno.OK:
        if fits(world, jobspec, now):
            return "fits now"
        until = outcome.at if outcome.errno is Errno.OK else GRAPH_END
        times = [time for time in world.verifier.ends() if now < time < until]
        for time in times if op in RESERVING else []:
            if fits(world, jobspec, time):
                return f"fits at {time}"
    return ""


def run(seed: int) -> Counter[str]:
    world = World.make(Random(f"refusal {seed}"), [core], strict=False)
    rng = Random(f"load {seed}")
    kinds: Counter[str] = Counter()
    for _ in range(rng.randint(1, 8)):
        if rng.random() < 0.2:
            world.take(random_status(rng, world))
        step = random_match(rng, world)
        booked = {job: list(held) for job, held in world.verifier.holds.items()}
        outcome = world.take(step)
        assert isinstance(outcome, Outcome)
        after, world.verifier.holds = world.verifier.holds, booked
        try:
            kinds[judge(world, step, outcome)] += 1
        except AssertionError as error:
            pytest.fail(f"FLUXION_SEED={seed}: {error}\n{world.report()}", pytrace=False)
        world.verifier.holds = after
    return kinds


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_request_is_refused_or_delayed_without_reason(block: int) -> None:
    if SEED is not None:
        run(int(SEED))
        return
    kinds: Counter[str] = Counter()
    for seed in range(block, CASES, BLOCKS):
        kinds += run(seed)
    if CASES // BLOCKS >= 50:
        judged = sum(n for kind, n in kinds.items() if kind not in ("excused", "undecided"))
        assert judged > sum(kinds.values()) / 3, kinds
