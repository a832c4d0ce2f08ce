"""What the queue remembers saves questions and changes no schedule."""

import pytest

from fluxion_py.queues.bookings import Bookings
from fluxion_py.queues.refusals import Refusals
from fluxion_py.simulation.simulation import Simulation
from fluxion_py.simulation.trace import Trace
from tests.simulation.schedules import random_trace


def never(*_: object) -> bool:
    return False


def always(*_: object) -> bool:
    return True


@pytest.mark.parametrize("policy", ["fcfs", "easy", "hybrid:2", "conservative"])
@pytest.mark.parametrize("seed", range(10))
def test_a_schedule_is_the_same_without_the_memory_of_refusals(
    seed: int, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every job is asked for each time."""
    trace: Trace = random_trace(seed, 24, 120)
    quick = Simulation(24, policy).run(trace)
    monkeypatch.setattr(Refusals, "imply", never)
    assert Simulation(24, policy).run(trace).digest == quick.digest


@pytest.mark.parametrize("policy", ["easy", "hybrid:2", "conservative"])
@pytest.mark.parametrize("seed", range(10))
def test_starts_are_the_same_if_every_reservation_is_planned_anew(
    seed: int, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lone reservation that cannot gain is left alone; what is free at which time is the same."""
    trace = random_trace(seed, 24, 120)
    quick = Simulation(24, policy).run(trace)
    monkeypatch.setattr(Bookings, "may_improve", always)
    assert Simulation(24, policy).run(trace).starts == quick.starts


def test_refusals_are_carried_and_sharpened() -> None:
    """Sizes move with what is given back and taken; what is implied by others is dropped."""
    refusals = Refusals()
    refusals.add(10, 100, 1)
    refusals.add(20, 50, 1)
    refusals.add(30, 5, 1)
    refusals.take(12, 60, 1)  # no more than 50 s: now 8 and 18 units are too many
    assert [refusals.imply(size, 50, 1) for size in (7, 8)] == [False, True]
    assert [refusals.imply(size, 5, 1) for size in (7, 8, 18)] == [False, False, True]
    assert [refusals.imply(size, 100, 1) for size in (7, 8)] == [False, True]
    refusals.carry(4, 1)
    assert not refusals.imply(99, 100, 1)
    assert [refusals.imply(size, 50, 2) for size in (11, 12)] == [False, True]
    refusals.carry(4, 1)  # of a time that is past
    assert [refusals.imply(size, 50, 2) for size in (11, 12)] == [False, True]
