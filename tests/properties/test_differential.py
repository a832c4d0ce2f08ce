"""The compiled core, the oracle and the verifier agree on random small cases.

A case is a machine, a load and a jobspec: the last step of a short history, every step of which
is compared as well. `FLUXION_CASES` sets the number of cases, `FLUXION_SEED` repeats one.
"""

import os
from collections import Counter
from random import Random

import pytest

from tests.properties.engines import core, oracle
from tests.properties.steps import granted, random_match
from tests.properties.world import World, shortest

CASES = int(os.environ.get("FLUXION_CASES", "600"))
SEED = os.environ.get("FLUXION_SEED")
BLOCKS = 20


def make(seed: int) -> World:
    return World.make(Random(f"case {seed}"), [oracle, core])


def run(seed: int) -> World:
    """Run one case; on failure the error names the seed and the shortest failing history."""
    world = make(seed)
    rng = Random(f"load {seed}")
    try:
        for _ in range(rng.randint(1, 8)):
            world.take(random_match(rng, world))
            if rng.random() < 0.2:
                world.now += rng.choice((1, 10, 50))
    except AssertionError as error:
        story = shortest(lambda: make(seed), world.steps, AssertionError)
        pytest.fail(f"FLUXION_SEED={seed}: {error}\nshortest history:\n{story}", pytrace=False)
    return world


@pytest.mark.parametrize("block", range(BLOCKS))
def test_core_equals_oracle_and_passes_the_verifier(block: int) -> None:
    if SEED is not None:
        run(int(SEED))
        return
    kinds: Counter[bool] = Counter()
    for seed in range(block, CASES, BLOCKS):
        kinds.update(granted(answer) for answer in run(seed).answers)
    if CASES // BLOCKS >= 20:
        assert min(kinds[True], kinds[False]) > sum(kinds.values()) / 10, kinds
