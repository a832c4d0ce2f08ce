"""Right answers of the core, corrupted: the verifier rejects every one.

Only requests with plain counts on machines without pools are corrupted: with a range or a pool,
one vertex more or less may be right as well.
"""

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from fluxion_py.jobspec.model import Jobspec
from fluxion_py.outcome import Outcome, Selection
from tests.oracles.verifier_feasibility import lists_of
from tests.oracles.verifier_machine import VerificationError
from tests.oracles.verifier_pools import shares_in_slots
from tests.properties.engines import core
from tests.properties.steps import granted, random_match
from tests.properties.world import Step, World

Mutant = tuple[str, Selection, int, int]  # what is wrong, the answer, its start, its duration


def plain(world: World, jobspec: Jobspec) -> bool:
    """Say whether the answer leaves no choice of how many vertices there are."""
    counts = [entry.count for entries in lists_of(jobspec.resources) for entry in entries]
    flat = world.flat
    return (
        all(count.min == count.max for count in counts)
        and all(flat.size(row) == 1 for row in flat.rows())
        and all(len(parents) <= 1 for parents in world.verifier.machine.parents.values())
    )


def mutants(world: World, outcome: Outcome, rng: Random) -> Iterator[Mutant]:
    """Yield wrong neighbours of a right answer."""
    right = outcome.selection
    assert right is not None
    at, duration = outcome.at, outcome.duration
    for place, (row, needs, exclusive, depth) in enumerate(right.vertices):
        changed = list(right.vertices)
        changed[place] = (row, needs, not exclusive, depth)
        yield "flag", Selection(changed, right.edges, right.labels), at, duration
        changed = list(right.vertices)
        changed[place] = (row, needs + 1, exclusive, depth)
        yield "units", Selection(changed, right.edges, right.labels), at, duration
        if exclusive:
            yield "one less", _without(right, row), at, duration
    here = {row for row, *_ in right.vertices}
    for row in rng.sample(world.flat.rows(), min(8, world.flat.vertex_count)):
        parents = world.verifier.machine.parents[row]
        if row not in here and parents and parents[0] in here:
            yield "one more", _with(right, parents[0], row), at, duration
    yield "longer", right, at, duration + 1
    yield "shorter", right, at, duration - 1
    yield "before now", right, -1, duration


def _without(right: Selection, row: int) -> Selection:
    return Selection(
        [vertex for vertex in right.vertices if vertex[0] != row],
        [edge for edge in right.edges if row not in edge[:2]],
        right.labels,
    )


def _with(right: Selection, parent: int, row: int) -> Selection:
    (depth,) = (d for r, _, _, d in right.vertices if r == parent)
    return Selection(
        [(row, 1, True, depth + 1), *right.vertices],
        [*right.edges, (parent, row, 0)],
        right.labels,
    )


def rejected(world: World, step: Step, selection: Selection, at: int, duration: int) -> bool:
    """Say whether the verifier refuses an answer to a step."""
    _, jobspec, jobid, now = step.args
    try:
        world.verifier.check_grant(jobspec, selection, at, duration, now, jobid)
    except VerificationError:
        return True
    return False


@pytest.mark.parametrize("block", range(5))
def test_every_mutant_is_rejected(block: int) -> None:
    tried: Counter[str] = Counter()
    for seed in range(block, 600, 5):
        world = World.make(Random(f"mutant {seed}"), [core], flexible=False)
        rng = Random(f"mutation {seed}")
        for _ in range(6):
            step = random_match(rng, world)
            outcome = world.take(step)
            if not granted(outcome) or not plain(world, step.args[1]):
                continue
            if shares_in_slots(step.args[1].resources):
                continue  # test_pools judges those
            assert isinstance(outcome, Outcome)
            booked = world.verifier.holds.pop(step.args[2], None)
            for what, selection, at, duration in mutants(world, outcome, rng):
                tried[what] += 1
                assert rejected(world, step, selection, at, duration), (
                    f"accepted with {what}: {selection}\n{world.report()}"
                )
            if booked:
                world.verifier.holds[step.args[2]] = booked
                _check_second_booking(world, step.args[1], outcome)
    assert sum(tried.values()) >= 200, tried


def _check_second_booking(world: World, jobspec: Jobspec, outcome: Outcome) -> None:
    """The same vertices for another job at the same time are refused as booked."""
    assert outcome.selection is not None
    with pytest.raises(VerificationError) as caught:
        world.verifier.check_grant(
            jobspec, outcome.selection, outcome.at, outcome.duration, 0, world.next_job
        )
    assert caught.value.rule == "booked"
