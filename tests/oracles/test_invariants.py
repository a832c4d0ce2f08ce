"""What holds after any history of the plain engine: nothing is lost, nothing is taken twice."""

import random
from itertools import pairwise

import pytest

from fluxion_py.jobspec.model import Count, Resource
from fluxion_py.match.policy import POLICIES
from fluxion_py.match.protocol import MatchEngine
from fluxion_py.outcome import Errno
from tests.machines import entry, mini
from tests.oracles.engine import OracleEngine
from tests.oracles.operations import OPS, RECORDING

Window = tuple[int, int]

REQUESTS = (
    (entry("slot", 1, entry("core", 2)),),
    (entry("slot", Count(1, 4), entry("core", 1), entry("memory", 4)),),
    (entry("node", 1, entry("slot", 2, entry("socket", 1))),),
    (entry("node", 1, entry("socket", 1, entry("core", 1)), exclusive=True),),
    (entry("socket", Count(1, 4, "*", 2), entry("slot", 1, entry("core", 1))),),
    (entry("slot", 1, entry("node", 2)),),
)


def whole_windows(engine: OracleEngine, row: int) -> list[Window]:
    return [(start, end) for _, start, end, _, whole, _ in engine.holds(row) if whole]


def overlapping(windows: list[Window]) -> bool:
    ordered = sorted(windows)
    return any(end > start for (_, end), (start, _) in pairwise(ordered))


def play(engine: OracleEngine, seed: int, steps: int = 40) -> None:
    """Match and cancel at random; after every step no vertex may be held whole twice."""
    dice = random.Random(seed)
    for jobid in range(1, steps):
        request: tuple[Resource, ...] = dice.choice(REQUESTS)
        op = dice.choice(OPS)
        outcome = engine.match(op, engine.compile(request), dice.choice([10, 25, 60]), jobid)
        granted = outcome.errno is Errno.OK and op in RECORDING
        assert (jobid in engine.jobs()) == granted
        if engine.jobs() and dice.random() < 0.3:
            engine.cancel(dice.choice(engine.jobs()))
        for row in engine.graph.rows():
            assert not overlapping(whole_windows(engine, row))


@pytest.mark.parametrize("policy", sorted(POLICIES))
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_held_twice_and_cancel_leaves_no_trace(policy: str, seed: int) -> None:
    engine = OracleEngine(mini(), policy=POLICIES[policy])
    fresh = OracleEngine(mini(), policy=POLICIES[policy])
    play(engine, seed)
    for jobid in engine.jobs():
        assert engine.cancel(jobid).full
    for row in engine.graph.rows():
        assert engine.holds(row) == []
        assert engine.available(row, 0, 10**9) == engine.graph.size(row)
        for time in (0, 5, 10**6):
            assert engine.filter_usage(row, time) == fresh.filter_usage(row, time)


def test_the_oracle_can_stand_in_for_the_compiled_engine() -> None:
    """Mypy checks the signatures; the names are checked here."""
    engine: MatchEngine = OracleEngine(mini())
    names = [name for name in dir(MatchEngine) if not name.startswith("_")]
    assert [name for name in names if not hasattr(engine, name)] == []
