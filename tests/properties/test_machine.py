"""The same histories as in `test_sequences`, drawn by hypothesis, which shrinks what fails."""

from random import Random

from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.properties import steps
from tests.properties.engines import core
from tests.properties.steps import Maker
from tests.properties.test_sequences import Watched
from tests.properties.world import Step, World
from tests.strategies import rngs, waits


class Histories(RuleBasedStateMachine):
    """One world per example, its books checked after every step."""

    whole = False  # whether the last step went well

    @initialize(rng=rngs())
    def start(self, rng: Random) -> None:
        self.world = Watched.watch(World.make(rng, [core], strict=False))

    def step(self, maker: Maker, rng: Random) -> None:
        step = maker(rng, self.world)
        if step is not None:
            self.whole = False
            self.world.take(step)
            self.whole = True

    @rule(rng=rngs())
    def match(self, rng: Random) -> None:
        self.step(steps.random_match, rng)

    @rule(seconds=waits())
    def wait(self, seconds: int) -> None:
        self.world.now += seconds

    @precondition(lambda self: self.world.jobs)
    @rule(rng=rngs())
    def cancel(self, rng: Random) -> None:
        self.step(steps.random_cancel, rng)

    @precondition(lambda self: self.world.jobs)
    @rule(rng=rngs())
    def cancel_ranks(self, rng: Random) -> None:
        self.step(steps.random_rank_cancel, rng)

    @precondition(lambda self: self.world.jobs)
    @rule(rng=rngs())
    def cancel_vertices(self, rng: Random) -> None:
        self.step(steps.random_vertex_cancel, rng)

    @rule(rng=rngs())
    def status(self, rng: Random) -> None:
        self.step(steps.random_status, rng)

    @rule(rng=rngs())
    def attach(self, rng: Random) -> None:
        self.step(steps.random_attach, rng)

    @rule(rng=rngs())
    def remove(self, rng: Random) -> None:
        self.step(steps.random_remove, rng)

    @rule(rng=rngs())
    def remove_ranks(self, rng: Random) -> None:
        self.step(steps.random_rank_removal, rng)

    @precondition(lambda self: self.world.outcomes)
    @rule(rng=rngs())
    def restore(self, rng: Random) -> None:
        self.step(steps.random_restore, rng)

    def teardown(self) -> None:
        if not self.whole:
            return
        for jobid in list(self.world.jobs):
            self.world.take(Step("cancel", (jobid,)))
        self.world.check_fresh()


def test_histories_of_hypothesis() -> None:
    run_state_machine_as_test(
        Histories, settings=settings(max_examples=150, stateful_step_count=12)
    )
