"""Six jobs on four nodes, worked out by hand, for every policy.

    job  nodes  seconds  comes at
     1     2       10       0
     2     3        5       0
     3     1        4       0
     4     4       20       0
     5     1       30       1
     6     1        3       2

The match policy takes nodes from the highest number down.
"""

from functools import partial

import pytest

from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.queue import Queue
from tests.machines import nodes
from tests.queues.replaying import Arrival, Replay
from tests.queues.replaying import replay as replay_trace

replay = partial(replay_trace, match_policy="high")

SIX = [
    Arrival(0, "slot=2/node", 10, 10),
    Arrival(0, "slot=3/node", 5, 5),
    Arrival(0, "slot/node", 4, 4),
    Arrival(0, "slot=4/node", 20, 20),
    Arrival(1, "slot/node", 30, 30),
    Arrival(2, "slot/node", 3, 3),
]

CHARTS = {
    # time    0        10    15          35
    # node 3  1111111111222224444444444444455555 ...
    # node 2  111111111122222444444444444446666
    # node 1            2222244444444444444
    # node 0            3333 44444444444444
    "fcfs": {1: 0, 2: 10, 3: 10, 4: 15, 5: 35, 6: 35},
    # 2 is promised 1-3 from 10. 3 ends before that; 5 takes node 0, which 2 does not need, and so
    # delays 4, to which nothing was promised. 6 follows 3 on node 1 and is gone at 7.
    "easy": {1: 0, 2: 10, 3: 0, 4: 31, 5: 1, 6: 4},
    # 4 is promised all nodes from 15: 5 would be in its way and comes after it, 6 would not.
    "conservative": {1: 0, 2: 10, 3: 0, 4: 15, 5: 35, 6: 2},
    "hybrid:1": {1: 0, 2: 10, 3: 0, 4: 31, 5: 1, 6: 4},
    "hybrid:2": {1: 0, 2: 10, 3: 0, 4: 15, 5: 35, 6: 2},
}


@pytest.mark.parametrize("policy", CHARTS)
def test_starts_are_those_of_the_chart(policy: str) -> None:
    assert replay(nodes(4), SIX, policy).starts == CHARTS[policy]


def test_backfilled_are_those_that_passed_a_promise() -> None:
    found = replay(nodes(4), SIX, "easy")
    assert [number for number, job in found.jobs.items() if job.backfilled] == [3, 5, 6]


def test_the_worked_example_of_the_reference() -> None:
    """queueing.md 16: job 1 ends at 40 instead of 100, and job 2 moves up to the end of job 3."""
    trace = [
        Arrival(0, "slot=3/node", 100, 40),
        Arrival(0, "slot=4/node", 50, 50),
        Arrival(0, "slot/node", 80, 80),
        Arrival(0, "slot/node", 200, 200),
    ]
    seen: dict[int, int | None] = {}

    def watch(queue: Queue, now: int) -> None:
        job = queue.jobs.get(2)
        seen[now] = job.t_estimate if job is not None else None

    found = replay(nodes(4), trace, "easy", watch=watch)
    assert (seen[0], seen[40]) == (100, 80)
    assert found.starts == {1: 0, 2: 80, 3: 0, 4: 130}


def test_conservative_moves_everything_up_when_a_job_ends_early() -> None:
    trace = [
        Arrival(0, "slot=4/node", 100, 10),
        Arrival(0, "slot=4/node", 100, 10),
        Arrival(0, "slot=4/node", 100, 10),
        Arrival(0, "slot/node", 10, 10),
    ]
    assert replay(nodes(4), trace, "conservative").starts == {1: 0, 2: 10, 3: 20, 4: 30}


def test_a_higher_urgency_overtakes_and_ties_go_by_order_of_submission() -> None:
    trace = [
        Arrival(0, "slot=4/node", 10, 10),
        Arrival(0, "slot=4/node", 10, 10),
        Arrival(0, "slot=4/node", 10, 10),
        Arrival(1, "slot=4/node", 10, 10, 31),
        Arrival(2, "slot=4/node", 10, 10, 17),
    ]
    for policy in CHARTS:
        assert replay(nodes(4), trace, policy).starts == {1: 0, 4: 10, 5: 20, 2: 30, 3: 40}, policy


def test_a_reservation_of_one_queue_is_kept_by_the_other() -> None:
    queues = [QueueConfig("a", "easy"), QueueConfig("b", "easy")]
    trace = [
        Arrival(0, "slot=2/node", 10, 10, queue="a"),
        Arrival(0, "slot=4/node", 10, 10, queue="a"),
        Arrival(1, "slot=2/node", 100, 100, queue="b"),
        Arrival(2, "slot=2/node", 5, 5, queue="b"),
    ]
    assert replay(nodes(4), trace, queues=queues).starts == {1: 0, 2: 10, 3: 20, 4: 2}


def test_the_same_trace_gives_the_same_schedule() -> None:
    def schedule(found: Replay) -> list[tuple[int, int]]:
        return list(found.starts.items())

    for policy in CHARTS:
        first, second = (replay(nodes(4), SIX, policy) for _ in range(2))
        assert schedule(first) == schedule(second)
