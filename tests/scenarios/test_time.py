"""Mission rows T-01 to T-05: durations, reservations, busy against never, looking, releasing."""

from random import Random

import pytest

from fluxion_py import Busy, FluxionError, Matcher, UnknownJobError, Unsatisfiable
from tests.machines import elk, nodes, shape, tiny
from tests.oracles.verifier import Verifier
from tests.oracles.verifier_feasibility import Feasibility


def test_t01_every_allocation_has_a_start_a_duration_and_an_end() -> None:
    matcher = Matcher(nodes(3), now=7)
    found = matcher.allocate(shape("slot/node", 100))
    assert (found.at, found.duration, found.expiration) == (7, 100, 107)
    unlimited = matcher.allocate(shape("slot=2/node", 0))
    matcher.now = 10**9
    with pytest.raises(Busy):
        matcher.reserve(shape("slot=2/node", 5))
    matcher.cancel(unlimited.id or 0)
    assert matcher.allocate(shape("slot=2/node", 5)).at == 10**9


def test_t02_a_full_machine_gives_the_end_of_its_job() -> None:
    matcher = Matcher(tiny(), "low")
    matcher.allocate(shape("slot=2/node", 3600))
    assert matcher.reserve(shape("slot/node", 10)).at == 3600


def test_t02_ten_jobs_make_a_staircase() -> None:
    """Three nodes, drawn by hand; a letter is a job, a column is 5 seconds.

    ........0    10   20   30   40   50   60
    node 0  A A C D D E E F F H I I I I I I
    node 1  B B B B . E E G G H J J
    node 2  B B B B . E E G G H J J
    """
    matcher = Matcher(nodes(3), "low")
    jobs = [(1, 10), (2, 20), (1, 5), (1, 10), (3, 10), (1, 10), (2, 10), (3, 5), (1, 30), (2, 10)]
    starts = [matcher.reserve(shape(f"slot={n}/node", seconds)).at for n, seconds in jobs]
    assert starts == [0, 0, 10, 15, 25, 35, 35, 45, 50, 50]


@pytest.mark.parametrize("block", range(10))
def test_t02_no_earlier_start_was_possible(block: int) -> None:
    """The verifier's own book finds no place at any earlier end of a job, with cancels between."""
    for seed in range(block, 200, 10):
        rng = Random(seed)
        graph = nodes(rng.randint(2, 4), 2)
        matcher, verifier = (
            Matcher(graph, rng.choice(("low", "high", "first"))),
            Verifier(graph.flat),
        )
        for _ in range(12):
            if verifier.holds and rng.random() < 0.25:
                gone = rng.choice(list(verifier.holds))
                matcher.cancel(gone)
                verifier.cancel(gone)
            text = rng.choice(("slot={}/node", "slot={}/core", "node={}/slot/core"))
            jobspec = shape(text.format(rng.randint(1, 3)), rng.choice((1, 5, 20)))
            try:
                found = matcher.reserve(jobspec)
            except Unsatisfiable:
                assert not Feasibility(verifier, jobspec, 0, 1, empty=True).possible()
                continue
            verifier.check_grant(
                jobspec, found.selection, found.at, found.duration, jobid=found.id or 0
            )
            for time in [0, *verifier.ends()]:
                if time < found.at:
                    end = time + found.duration
                    assert not Feasibility(verifier, jobspec, time, end).possible(), (seed, time)
            verifier.book(found.id or 0, found.selection, found.at, found.duration)


def test_t03_down_nodes_count_for_satisfiable_and_constraints_do_not_hide() -> None:
    matcher = Matcher(nodes(4))
    for number in range(4):
        matcher.set_status(f"/c/node{number}", "down")
    assert matcher.satisfiable(shape("slot=4/node"))
    with pytest.raises(Busy, match="4 down"):
        matcher.allocate(shape("slot=4/node"))
    with pytest.raises(Busy):
        matcher.reserve(shape("slot=4/node"))
    with pytest.raises(Unsatisfiable):
        matcher.reserve(shape("slot=5/node"))


def test_t04_what_would_be_given_is_what_is_given() -> None:
    matcher = Matcher(elk(), "first")
    for text in ("slot=3/node", "rack=2/slot=4/node", "slot=7/core=5", "slot=30/node"):
        looked = matcher.without_allocating(shape(text), future=True)
        taken = matcher.reserve(shape(text))
        assert (looked.at, looked.write("jgf")) == (taken.at, taken.write("jgf"))


def test_t05_cancel_restores_the_former_state() -> None:
    matcher = Matcher(elk(), "low")
    matcher.allocate(shape("slot=3/node"))
    before = matcher.save()
    for text in ("slot=5/node", "slot/core=7", "rack=2/slot/node"):
        found = matcher.reserve(shape(text))
        matcher.cancel(found.id or 0)
    assert {**matcher.save(), "next_jobid": 2} == before
    with pytest.raises(UnknownJobError):
        matcher.cancel(2)
    with pytest.raises(FluxionError):
        matcher.release(1, paths="/elk/rack3")
