"""Random steps of a world: what a day on a machine may bring."""

from collections.abc import Callable
from random import Random

from fluxion_py.outcome import Errno, Outcome
from tests.oracles.verifier import Hold
from tests.properties.world import Step, World
from tests.strategies import WAITS, random_jobspec

OPS = (
    *("allocate",) * 3,
    "allocate_with_satisfiability",
    *("allocate_orelse_reserve",) * 3,
    "satisfiability",
    "without_allocating",
    "without_allocating_future",
)


def random_match(rng: Random, world: World) -> Step:
    """Ask for something; now and then for what was asked before."""
    jobspec = random_jobspec(rng, world.flat, world.setting.flexible)
    earlier = [step.args[1] for step in world.steps if step.kind == "match"]
    if earlier and rng.random() < 0.2:
        jobspec = rng.choice(earlier)
    return Step("match", (rng.choice(OPS), jobspec, world.next_job, world.now))


def random_cancel(rng: Random, world: World) -> Step | None:
    """Give a whole job back; now and then one that does not exist."""
    if rng.random() < 0.05:
        return Step("cancel", (world.next_job + 5,))
    return Step("cancel", (rng.choice(world.jobs),)) if world.jobs else None


def random_rank_cancel(rng: Random, world: World) -> Step | None:
    """Give ranks of a job back, mostly ranks where it holds something."""
    if not world.jobs:
        return None
    jobid = rng.choice(world.jobs)
    flat = world.flat
    held = {
        flat.rank(hold.row)
        for hold in world.verifier.holds.get(jobid, ())
        if flat.alive(hold.row) and flat.rank(hold.row) >= 0
    }
    if not held:
        return None
    ranks = rng.sample(sorted(held), rng.randint(1, len(held)))
    if rng.random() < 0.1:
        ranks.append(rng.choice([*flat.ranks(), 77]))
    return Step("cancel_ranks", (jobid, tuple(ranks)))


def holds_units(world: World, hold: Hold) -> bool:
    """Say whether a hold takes units of its vertex."""
    return hold.exclusive or (world.flat.divisible(hold.row) and not world.setting.strict)


def random_vertex_cancel(rng: Random, world: World) -> Step | None:
    """Give single vertices of a job back, now and then one that it does not hold whole."""
    if not world.jobs:
        return None
    jobid = rng.choice(world.jobs)
    held = [
        hold.row
        for hold in world.verifier.holds.get(jobid, ())
        if world.flat.alive(hold.row)
        and (holds_units(world, hold) or (rng.random() < 0.1 and not world.setting.strict))
    ]
    if not held:
        return None
    count = len(held) if rng.random() < 0.3 else rng.randint(1, len(held))
    return Step("cancel_vertices", (jobid, tuple(rng.sample(held, count))))


def random_status(rng: Random, world: World) -> Step:
    """Take a vertex down or up again."""
    down = [row for row in world.flat.rows() if not world.flat.up(row)]
    if down and rng.random() < 0.5:
        return Step("set_status", (rng.choice(down), True))
    return Step("set_status", (rng.choice(world.flat.rows()), rng.random() < 0.2))


def random_attach(rng: Random, world: World) -> Step | None:
    """Grow the machine, unless it is large already."""
    return Step("attach", (rng.randint(0, 2**32),)) if world.flat.vertex_count < 150 else None


def random_remove(rng: Random, world: World) -> Step | None:
    """Take a vertex with all below it out of the machine; never the root."""
    rows = [row for row in world.flat.rows() if row != world.flat.root()]
    return Step("remove", (rng.choice(rows),)) if rows else None


def random_rank_removal(rng: Random, world: World) -> Step | None:
    """Take ranks out of the machine, now and then one that does not exist."""
    ranks = [rank for rank in world.flat.ranks() if rank >= 0]
    if rng.random() < 0.1:
        ranks = [*ranks, 99]
    return Step("remove_ranks", ((rng.choice(ranks),),)) if ranks else None


def random_restore(rng: Random, world: World) -> Step | None:
    """Bring a job back from its answer after it was cancelled: as it was, or somewhat later."""
    gone = [job for job in world.outcomes if job not in world.jobs]
    if not gone:
        return None
    jobid = rng.choice(gone)
    outcome = world.outcomes[jobid]
    assert outcome.selection is not None
    claims = {row: exclusive for row, _, exclusive, _ in outcome.selection.vertices}
    if not all(world.flat.alive(row) for row in claims):
        return None
    at = outcome.at if rng.random() < 0.7 else world.now
    args = (world.next_job, claims, at, outcome.duration, world.now)
    parts = {
        row: needs
        for row, needs, exclusive, _ in outcome.selection.vertices
        if world.flat.divisible(row) and not exclusive and not world.setting.strict
    }
    return Step("restore", (*args, parts) if parts else args)


Maker = Callable[[Random, World], Step | None]

HISTORY: dict[Maker, int] = {
    random_match: 55,
    random_cancel: 14,
    random_rank_cancel: 6,
    random_vertex_cancel: 4,
    random_status: 7,
    random_attach: 4,
    random_remove: 3,
    random_rank_removal: 2,
    random_restore: 4,
}
"""The makers of steps, with their weights."""

SETTLED: dict[Maker, int] = {
    random_match: 55,
    random_cancel: 14,
    random_status: 7,
    random_attach: 4,
}
"""Steps whose effect under `strict` the reference's pages and data settle.

What the reference does after a partial cancel, a removal or a refused restore is known from few
cases; the core follows those (tests/conformance, tests/corpus), the oracle the pages.
"""


def random_step(rng: Random, world: World, makers: dict[Maker, int], waiting: float = 0.15) -> Step:
    """Draw a step that is possible now; time may pass before it, as often as `waiting` says."""
    if rng.random() < waiting:
        world.now += rng.choice(WAITS)
    while True:
        (maker,) = rng.choices(list(makers), list(makers.values()))
        step = maker(rng, world)
        if step is not None:
            return step


def granted(answer: object) -> bool:
    """Say whether an answer gave resources."""
    return isinstance(answer, Outcome) and answer.errno is Errno.OK and answer.selection is not None
