"""Random histories of everything that changes a machine's books.

Allocate, reserve, cancel, partial cancel, restore, status, attach, remove. After every step the
records and the prune filters equal a recount; in the end cancelling everything leaves an engine
that cannot be told from a fresh one. With `strict`, where the reference's leaks are kept, core
and oracle are only compared. `FLUXION_SEQUENCES` sets the number of histories, `FLUXION_SEED`
repeats one.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random

import pytest

from tests.properties.engines import core, oracle
from tests.properties.invariants import (
    check_filters,
    check_holds,
    differences,
    dump,
    times_of_interest,
)
from tests.properties.steps import HISTORY, SETTLED, Maker, granted, random_match, random_step
from tests.properties.test_differential import alone_if_shared
from tests.properties.world import Player, Step, World, shortest

SEQUENCES = int(os.environ.get("FLUXION_SEQUENCES", "200"))
SEED = os.environ.get("FLUXION_SEED")
BLOCKS = 20


class Watched(World):
    """A world that is inspected after every step."""

    @staticmethod
    def watch(world: World) -> "Watched":
        return Watched(**{name: getattr(world, name) for name in World.__dataclass_fields__})

    def take(self, step: Step) -> object:
        times = times_of_interest(self)
        before = dump(self.players[0], times)
        answer = super().take(step)
        if step.kind == "match" and not granted(answer):
            changed = differences(before, dump(self.players[0], times))
            assert not changed, f"a failed match changed {changed}"
        check_holds(self)
        check_filters(self)
        return answer

    def check_fresh(self) -> None:
        """With no job left, the engine's state is that of a new engine on the same graph."""
        used = self.players[0]
        fresh = Player(type(used.engine), self.setting, used.flat)
        times = [0, self.now, 1000]
        changed = differences(dump(fresh, times), dump(used, times))
        assert not changed, f"after the last cancel, fresh / used: {changed}"


def run(
    seed: int, make: Callable[[], World], makers: dict[Maker, int] = HISTORY, length: int = 14
) -> World:
    """Run one history; on failure the error names the seed and the shortest failing history."""
    world = make()
    rng = Random(f"steps {seed}")
    try:
        for _ in range(length):
            world.take(random_step(rng, world, makers))
        for jobid in list(world.jobs):
            world.take(Step("cancel", (jobid,)))
        if isinstance(world, Watched):
            world.check_fresh()
    except AssertionError as error:
        story = shortest(make, world.steps, AssertionError)
        pytest.fail(f"FLUXION_SEED={seed}: {error}\nshortest history:\n{story}", pytrace=False)
    return world


def watched(seed: int) -> World:
    """Run a history of the core, inspected after every step."""
    rng = f"history {seed}"
    return run(seed, lambda: Watched.watch(World.make(Random(rng), [core], strict=False)))


def compared(seed: int) -> World:
    """Run a history of core and oracle as the reference has it."""

    def make() -> World:
        world = World.make(Random(f"history {seed}"), [oracle, core], strict=True)
        world.judged = False
        return alone_if_shared(world)

    return run(seed, make, SETTLED)


def seeds(block: int) -> Iterable[int]:
    """The seeds of a block, or the one that is to be repeated, in the first block."""
    if SEED is not None:
        return [int(SEED)] if block == 0 else []
    return range(block, SEQUENCES, BLOCKS)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_histories_keep_the_books(block: int) -> None:
    kinds: Counter[str] = Counter()
    for seed in seeds(block):
        kinds.update(step.kind for step in watched(seed).steps)
    if SEED is None and SEQUENCES // BLOCKS >= 40:
        assert len(kinds) >= 8, kinds


@pytest.mark.parametrize("block", range(BLOCKS))
def test_core_and_oracle_live_the_same_history(block: int) -> None:
    for seed in seeds(block):
        compared(seed)


@pytest.mark.parametrize("seed", range(20))
def test_equal_histories_give_equal_answers(seed: int) -> None:
    assert watched(seed).answers == watched(seed).answers


@pytest.mark.parametrize("seed", range(40))
def test_cancelling_the_last_job_restores_the_state_bit_for_bit(seed: int) -> None:
    """Of a job that came last: whatever was before is there again, at every time."""
    world = World.make(Random(f"restore {seed}"), [core])
    rng = Random(f"load {seed}")
    for _ in range(6):
        before = dump(world.players[0], [*times_of_interest(world), 77, 5000])
        times = [*times_of_interest(world), 77, 5000]
        jobs = list(world.jobs)
        world.take(random_match(rng, world))
        for jobid in set(world.jobs) - set(jobs):
            world.take(Step("cancel", (jobid,)))
            changed = differences(before, dump(world.players[0], times))
            assert not changed, f"{changed}\n{world.report()}"
            world.take(world.steps[-2])  # the same again, and this time it stays
