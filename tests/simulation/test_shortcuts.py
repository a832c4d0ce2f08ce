"""What the queue remembers saves questions and changes no schedule."""

import pytest

from fluxion_py.queues.bookings import Bookings
from fluxion_py.queues.refusals import Refusals, Unimproved
from fluxion_py.queues.request import Request
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


@pytest.mark.parametrize("policy", ["hybrid:5", "conservative"])
def test_reservations_that_need_not_be_tried_would_not_have_moved(
    policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A larger one than was tried in vain is passed over; it is, and the starts stay the same."""
    traces = [random_trace(seed, 24, 150) for seed in range(1000, 1006)]
    asked: list[bool] = []
    imply = Unimproved.imply

    def noted(self: Unimproved, request: Request, at: int) -> bool:
        asked.append(imply(self, request, at))
        return asked[-1]

    monkeypatch.setattr(Unimproved, "imply", noted)
    quick = [Simulation(24, policy).run(trace).starts for trace in traces]
    assert any(asked)
    monkeypatch.setattr(Unimproved, "imply", never)
    assert [Simulation(24, policy).run(trace).starts for trace in traces] == quick


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
