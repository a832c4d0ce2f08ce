"""Machines with divisible vertices, and slots that share vertices: core, oracle and recount agree.

`FLUXION_CASES` sets the number of histories, `FLUXION_SEED` repeats one.
"""

import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

import pytest

from fluxion_py.outcome import Release
from tests.properties.comparing import compare_grants
from tests.properties.engines import core, oracle
from tests.properties.invariants import check_filters, check_holds
from tests.properties.steps import (
    HISTORY,
    SETTLED,
    Maker,
    granted,
    random_attach,
    random_match,
    random_step,
)
from tests.properties.test_differential import may_differ
from tests.properties.test_sequences import Watched
from tests.properties.world import Step, World, shortest
from tests.strategies import random_pooled_jobspec

CASES = int(os.environ.get("FLUXION_CASES", "600"))
SEED = os.environ.get("FLUXION_SEED")
BLOCKS = 20


def random_pooled_match(rng: Random, world: World) -> Step:
    """Ask for units of pools, or for slots on shared vertices."""
    step = random_match(rng, world)
    if rng.random() < 0.8:
        op, _, jobid, now = step.args
        step = Step("match", (op, random_pooled_jobspec(rng, world.flat), jobid, now))
    return step


def random_resize(rng: Random, world: World) -> Step | None:
    """Make a pool larger or smaller, also smaller than what is held of it."""
    pools = [row for row in world.flat.rows() if world.flat.divisible(row)]
    return Step("resize", (rng.choice(pools), rng.choice((0, 1, 5, 12, 20)))) if pools else None


def with_pools(makers: dict[Maker, int]) -> dict[Maker, int]:
    """Return the makers of steps for a machine with pools."""
    kept = {maker: weight for maker, weight in makers.items() if maker is not random_match}
    return {random_pooled_match: 55, random_resize: 6, **kept}


def compared(seed: int) -> World:
    world = World.make(
        Random(f"pools {seed}"), [core, oracle], pools=True, strict=False, flexible=False
    )
    world.comparison = compare_pools
    if any(len(above) > 1 for above in world.verifier.machine.parents.values()):
        del world.players[1:]
    return world


def compare_pools(first: object, second: object) -> str:
    """Return how two grants differ; what a cancel visits is not compared."""
    if isinstance(first, Release) and isinstance(second, Release):
        return "" if first.full == second.full else f"{first} / {second}"
    return compare_grants(first, second)


def tell(seed: int, error: AssertionError, make: Callable[[], World], steps: list[Step]) -> None:
    story = shortest(make, steps, AssertionError)
    pytest.fail(f"FLUXION_SEED={seed}: {error}\nshortest history:\n{story}", pytrace=False)


def seeds(block: int) -> list[int]:
    if SEED is not None:
        return [int(SEED)] if block == 0 else []
    return list(range(block, CASES, BLOCKS))


@pytest.mark.parametrize("block", range(BLOCKS))
def test_core_and_oracle_give_the_same_answers(block: int) -> None:
    """Not after growth: the oracle keeps the reference's count of nodes that are up."""
    kinds: Counter[bool] = Counter()
    for seed in seeds(block):
        world = compared(seed)
        rng = Random(f"load {seed}")
        makers = with_pools(
            {maker: SETTLED[maker] for maker in SETTLED if maker is not random_attach}
        )
        try:
            for _ in range(rng.randint(4, 14)):
                world.take(random_step(rng, world, makers))
        except AssertionError as error:
            if (
                "differs in" in str(error)
                and world.steps[-1].kind == "match"
                and (may_differ(world))
            ):
                continue
            tell(seed, error, partial(compared, seed), world.steps)
        kinds.update(granted(answer) for answer in world.answers)
    if CASES // BLOCKS >= 20 and SEED is None:
        assert min(kinds[True], kinds[False]) > sum(kinds.values()) / 10, kinds


def watched(seed: int) -> Watched:
    world = World.make(Random(f"pools {seed}"), [core], pools=True, strict=False)
    return Watched.watch(world)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_histories_keep_the_books(block: int) -> None:
    """Holds, free units and filters equal a recount; after the last cancel nothing is left."""
    for seed in seeds(block)[: CASES // BLOCKS // 3 + 1]:
        world = watched(seed)
        rng = Random(f"steps {seed}")
        try:
            for _ in range(12):
                world.take(random_step(rng, world, with_pools(HISTORY)))
                check_holds(world)
                check_filters(world)
            for jobid in list(world.jobs):
                world.take(Step("cancel", (jobid,)))
            world.check_fresh()
        except AssertionError as error:
            tell(seed, error, partial(watched, seed), world.steps)
