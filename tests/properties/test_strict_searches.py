"""With the reference's faults, too, the indexed search says what the walk says, where it is asked.

Two strict engines live the same history, one with `search="walk"`: matches, cancels and changes of
status, which leave the indexed search in use, and in some histories one of the changes after which
a strict engine only walks. `FLUXION_CASES` and `FLUXION_SEED` as in `test_searches`.
"""

from collections import Counter
from random import Random

import pytest

from tests.properties import steps
from tests.properties.steps import Maker, random_step
from tests.properties.test_searches import BLOCKS, CASES, CHANGES, SEED, Checked, matching
from tests.properties.twins import Twins
from tests.properties.world import shortest

OPS = ("allocate",) * 8 + ("allocate_with_satisfiability",) * 2 + ("satisfiability",)
RARE = ("allocate_orelse_reserve", "without_allocating", "without_allocating_future")
HARMLESS: dict[Maker, int] = {steps.random_cancel: 35, steps.random_status: 5}


def run(seed: int, length: int = 60) -> Twins:
    """Live one history; on failure the error names the seed and the shortest failing one."""
    rng = Random(f"strict {seed}")
    most = 60 if rng.random() < 0.3 else 500

    def make() -> Twins:
        return Twins.of(f"strict {seed}", most, strict=True)

    world = make()
    ops = OPS + RARE if rng.random() < 0.2 else OPS
    makers = {matching(ops, rng.randint(1, 8)): 100} | HARMLESS
    if rng.random() < 0.2:
        makers |= {maker: 1 for maker in CHANGES if maker not in HARMLESS}
    try:
        for _ in range(length):
            world.take(random_step(rng, world, makers, 0.002))
            if rng.random() < 0.07:
                world.check_state(rng.sample(world.flat.rows(), min(40, world.flat.vertex_count)))
        world.check_late()
        world.check_state()
    except AssertionError as error:
        story = shortest(lambda: Checked.of_world(make()), world.steps, AssertionError)
        if story == "(does not repeat)":  # looking at the state hides it
            story = shortest(make, world.steps, AssertionError)
        pytest.fail(f"FLUXION_SEED={seed}: {error}\nshortest history:\n{story}", pytrace=False)
    return world


@pytest.mark.parametrize("block", range(BLOCKS))
def test_strict_searches_live_the_same_history(block: int) -> None:
    """And it is the indexed search that answers part of it: ids in no order are the walk's."""
    if SEED is not None:
        run(int(SEED))
        return
    asked: Counter[str] = Counter()
    for seed in range(block, CASES, BLOCKS):
        world = run(seed)
        asked["all"] += sum(
            step.kind == "match" and step.args[0] != "satisfiability" for step in world.steps
        )
        asked["indexed"] += world.indexed_matches
    assert CASES < 10 * BLOCKS or asked["indexed"] > asked["all"] / 8, asked
