"""The indexed search and the walk give the same answers and leave the same state.

Two engines on equal machines live the same history, one with `search="walk"`, one with "quick".
Every answer, each selection in order, and from time to time everything that can be asked of an
engine must be equal. `FLUXION_CASES` sets the number of histories (a quarter of it is used, they
are long), `FLUXION_SEED` repeats one.
"""

import os
from collections import Counter
from random import Random

import pytest

from tests.properties import steps
from tests.properties.regular import regular_jobspec
from tests.properties.steps import Maker, random_step
from tests.properties.twins import Twins
from tests.properties.world import Step, World, shortest
from tests.strategies import PROPERTIES

CASES = int(os.environ.get("FLUXION_CASES", "600")) // 4
SEED = os.environ.get("FLUXION_SEED")
BLOCKS = 10
NOW = ("allocate",) * 6 + ("allocate_with_satisfiability", "without_allocating", "satisfiability")
LATER = ("allocate_orelse_reserve",) * 6 + ("allocate", "allocate", "without_allocating_future")


def matching(ops: tuple[str, ...], shapes: int) -> Maker:
    """Return a maker of matches that asks for few shapes, again and again."""

    def match(rng: Random, world: World) -> Step:
        known = [step.args[1] for step in world.steps if step.kind == "match"]
        if len(set(map(id, known))) < shapes or rng.random() < 0.1:
            jobspec = regular_jobspec(rng, world.flat)
        else:
            jobspec = rng.choice(known)
        return Step("match", (rng.choice(ops), jobspec, world.next_job, world.now))

    return match


def random_growth(rng: Random, world: World) -> Step | None:
    return Step("attach", (rng.randint(0, 2**32),)) if world.flat.vertex_count < 800 else None


def random_property(rng: Random, world: World) -> Step | None:
    nodes = world.flat.rows_of_type("node")
    if not nodes:
        return None
    return Step("set_property", (rng.choice(nodes), rng.choice(PROPERTIES), rng.random() < 0.5))


def back_in_time(rng: Random, world: World) -> Step | None:
    """Let the clock go back, as a careless caller may; then give a job back."""
    if rng.random() < 0.8:
        return None
    world.now = rng.randint(0, world.now)
    return steps.random_cancel(rng, world)


def random_reload(rng: Random, world: World) -> Step | None:
    return Step("reload", ()) if rng.random() < 0.5 else None


CHANGES: dict[Maker, int] = {
    steps.random_cancel: 22,
    steps.random_rank_cancel: 3,
    steps.random_vertex_cancel: 4,
    steps.random_status: 6,
    random_growth: 2,
    steps.random_remove: 2,
    steps.random_rank_removal: 1,
    steps.random_restore: 3,
    random_property: 2,
    back_in_time: 2,
    random_reload: 1,
}


def run(seed: int, *, later: bool, length: int = 60) -> Twins:
    """Live one history; on failure the error names the seed and the shortest failing one."""
    rng = Random(f"searches {seed}")
    small = rng.random() < 0.3

    def make() -> Twins:
        return Twins.of(seed, 60 if small else 500)

    world = make()
    ops = LATER if later else NOW
    shapes = 100 if rng.random() < 0.1 else rng.randint(1, 8)
    makers = {matching(ops, shapes): 100} | (CHANGES if rng.random() < 0.8 else {})
    try:
        for _ in range(length if shapes < 100 else 2 * length):
            world.take(random_step(rng, world, makers))
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


class Checked(Twins):
    """Twins whose whole state is compared after every step, to shorten what has failed."""

    @staticmethod
    def of_world(world: Twins) -> "Checked":
        return Checked(**{name: getattr(world, name) for name in World.__dataclass_fields__})

    def take(self, step: Step) -> object:
        answer = super().take(step)
        self.check_late()
        self.check_state()
        return answer


@pytest.mark.parametrize("later", [False, True], ids=["now", "later"])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_both_searches_live_the_same_history(block: int, later: bool) -> None:
    """And it is the indexed search that answers."""
    if SEED is not None:
        run(int(SEED), later=later)
        return
    asked: Counter[str] = Counter()
    for seed in range(block, CASES, BLOCKS):
        world = run(seed, later=later)
        asked["all"] += sum(
            step.kind == "match" and step.args[0] != "satisfiability" for step in world.steps
        )
        asked["indexed"] += world.indexed_matches
    assert CASES < 10 * BLOCKS or later or asked["indexed"] > asked["all"] / 2, asked
