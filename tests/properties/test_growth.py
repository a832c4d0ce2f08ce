"""An engine that has followed the growth of its graph is as good as a new one on that graph.

Histories with much growth and removal while jobs run. Then every answer and every record must be
those of an engine that is made anew and given the same jobs. `FLUXION_CASES` sets the number of
histories (a sixth of it), `FLUXION_SEED` repeats one.
"""

import os
from random import Random

import pytest

from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Count, Resource
from fluxion_py.match.policy import POLICIES
from fluxion_py.outcome import Outcome
from tests.properties import steps
from tests.properties.invariants import differences, dump
from tests.properties.regular import regular_jobspec
from tests.properties.steps import Maker, random_step
from tests.properties.test_searches import LATER, NOW, matching, random_growth
from tests.properties.twins import Twin, Twins

CASES = int(os.environ.get("FLUXION_CASES", "600")) // 6
SEED = os.environ.get("FLUXION_SEED")
BLOCKS = 5
LOOKS = ("without_allocating", "without_allocating_future", "satisfiability")
CHANGES: dict[Maker, int] = {
    random_growth: 5,
    steps.random_remove: 4,
    steps.random_rank_removal: 1,
    steps.random_cancel: 5,
    steps.random_vertex_cancel: 1,
    steps.random_status: 2,
    steps.random_restore: 1,
}


def looks(player: Twin, world: Twins, seed: int) -> list[object]:
    """Return answers to requests that change nothing."""
    rng = Random(f"looks {seed}")
    known = [step.args[1] for step in world.steps if step.kind == "match"]
    requests = [regular_jobspec(rng, world.flat) for _ in range(4)] + known[-4:]
    found: list[object] = []
    for jobspec in requests:
        for op in LOOKS:
            answer: Outcome = player.match(op, jobspec, world.next_job, world.now)
            found.append((op, jobspec, answer.errno, answer.selection))
    return found


def live(seed: int) -> None:
    rng = Random(f"growing {seed}")
    world = Twins.of(f"growing {seed}", 400)
    makers = {matching(rng.choice((NOW, LATER)), rng.randint(1, 5)): 14} | CHANGES
    for _ in range(rng.randint(20, 60)):
        world.take(random_step(rng, world, makers))
    world.check_late()
    world.check_state()
    player = world.players[1]
    assert isinstance(player, Twin)
    times = sorted({0, world.now, world.now + 90, world.now + 2000})
    grown, said = dump(player, times), looks(player, world, seed)
    player.reload()
    changed = differences(grown, dump(player, times))
    assert not changed, f"seed {seed}: grown / fresh: {changed}\n{world.report()}"
    for first, second in zip(said, looks(player, world, seed), strict=True):
        assert first == second, f"seed {seed}: grown / fresh\n{world.report()}"


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_grown_engine_is_as_good_as_a_new_one(block: int) -> None:
    if SEED is not None:
        live(int(SEED))
        return
    for seed in range(block, CASES, BLOCKS):
        live(seed)


def test_growth_and_removal_of_nodes_look_at_no_more_than_the_nodes() -> None:
    """Whatever runs there; what makes a type new, or its last leaf go, is looked at as a whole."""
    for policy in ("first", "low"):
        flat = FlatGraph()
        top = flat.add_vertex("cluster", "cluster", 0, "cluster0", 0)
        flat.set_root("containment", top)
        nodes = flat.add_children([top], 4, "node", "node", range(4), 1, "", "containment", 0)
        flat.add_children(nodes, 2, "core", "core", [0, 1] * 4, 1, "", "containment", 0)
        engine = Engine(flat, policy=POLICIES[policy])
        request = engine.compile([Resource("node", Count(1, 1), exclusive=True)])
        for number in range(4, 200):
            engine.match("allocate_orelse_reserve", request, 60, number, number)
            made = flat.add_children(
                [top], 1, "node", "node", [number], 1, "", "containment", number
            )
            flat.add_children(made, 2, "core", "core", [0, 1], 1, "", "containment", number)
            engine.reprime()
            engine.remove(flat.rows_of_type("node")[number % 4])
        assert engine.primings == 0
        flat.add_children([top], 1, "gpu", "gpu", [0], 1, "", "containment")
        engine.reprime()
        engine.remove(flat.rows_of_type("gpu")[0])
        assert engine.primings == 2
