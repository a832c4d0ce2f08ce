"""What jobs of a queue may do, and what follows: states, dependencies, limits, holds, machines."""

import pytest

from fluxion_py import Jobspec, Matcher, ResourceGraph
from fluxion_py.errors import FormatError, InputError, UnknownJobError
from fluxion_py.queues.config import QueueConfig, parse_policy
from fluxion_py.queues.errors import LimitError, QueueError
from fluxion_py.queues.limits import Limits
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.states import JobState, Result
from tests.machines import nodes, recipe


def whole(count: int = 1, duration: float = 100) -> Jobspec:
    return Jobspec.from_shape(f"slot={count}/node", duration=duration)


def queue(*configs: QueueConfig, graph: ResourceGraph | None = None, policy: str = "easy") -> Queue:
    return Queue(Matcher(graph or nodes(4)), configs, policy=policy)


def started(found: Queue, now: float) -> list[int]:
    cycle = found.cycle(now)
    while cycle.more:
        again = found.cycle(now)
        cycle.started += again.started
        cycle.more = again.more
    return [job.id for job in cycle.started]


def test_a_cycle_that_is_cut_short_is_gone_on_with() -> None:
    """`enough` ends a cycle after one job; what comes of several is the same."""
    found = queue(policy="conservative")
    jobs = [found.submit(whole(3), now=0) for _ in range(4)]
    numbers = 1
    while found.cycle(0, lambda: True).more:
        numbers += 1
    assert numbers >= len(jobs)
    assert [job.t_estimate for job in jobs[1:]] == [100, 200, 300]


# ---- dependencies ----


def test_a_diamond_runs_in_order() -> None:
    found = queue()
    top = found.submit(whole(), now=0).id
    sides = [found.submit(whole(), now=0, depends=[f"afterok:{top}"]).id for _ in range(2)]
    bottom = found.submit(whole(), now=0, depends=[f"afterok:{side}" for side in sides]).id
    assert started(found, 0) == [top]
    found.finished(top, now=10)
    assert started(found, 10) == sides
    found.finished(sides[0], now=20)
    assert started(found, 20) == []
    found.finished(sides[1], now=30)
    assert started(found, 30) == [bottom]


def test_a_failure_ends_those_that_need_a_success_however_long_the_chain() -> None:
    found = queue()
    first = found.submit(whole(), now=0).id
    last = first
    for _ in range(3000):
        last = found.submit(whole(), now=0, depends=[f"afterok:{last}"]).id
    other = found.submit(whole(), now=0, depends=[f"afternotok:{first}"]).id
    anyway = found.submit(whole(), now=0, depends=[f"afterany:{first}"]).id
    started(found, 0)
    found.finished(first, now=10, status=256)
    assert found.job(first).result is Result.FAILED
    assert found.job(last).result is Result.FAILED
    assert found.job(last).note.startswith("afterok:f")
    assert started(found, 10) == [other, anyway]


def test_after_waits_for_the_start_and_begin_time_for_the_time() -> None:
    found = queue()
    full = found.submit(whole(4), now=0).id
    behind = found.submit(whole(4), now=0).id
    after = found.submit(whole(), now=0, depends=[f"after:{behind}"]).id
    later = found.submit(whole(), now=0, depends=["begin-time:150"]).id
    assert found.why(later) == "waits for begin-time 1970-01-01T00:02:30+00:00"
    started(found, 0)
    found.finished(full, now=20)
    assert started(found, 20) == [behind]
    assert found.job(after).state is JobState.SCHED
    found.finished(behind, now=30)
    assert started(found, 30) == [after]
    assert found.next_time() == 150
    assert started(found, 150) == [later]


def test_dependencies_on_what_is_not_there_or_can_never_be_are_refused() -> None:
    found = queue()
    job = found.submit(whole(), now=0).id
    started(found, 0)
    found.finished(job, now=1, status=9)
    with pytest.raises(QueueError, match="can never be: that job is FAILED"):
        found.submit(whole(), now=2, depends=[f"afterok:{job}"])
    with pytest.raises(QueueError, match="there is no such job"):
        found.submit(whole(), now=2, depends=["afterok:99"])
    with pytest.raises(FormatError, match="unknown dependency 'during:1'"):
        found.submit(whole(), now=2, depends=["during:1"])
    assert list(found.jobs) == [job]


# ---- urgency, holds, queues ----


def test_a_held_job_waits_with_nodes_free_and_keeps_its_place() -> None:
    found = queue()
    first = found.submit(whole(4), now=0, urgency=0).id
    second = found.submit(whole(4), now=0).id
    assert started(found, 0) == [second]
    third = found.submit(whole(4), now=1).id
    found.set_urgency(first, 16, now=2)
    found.finished(second, now=3)
    assert started(found, 3) == [first]
    found.set_urgency(third, 0, now=4)
    found.finished(first, now=5)
    assert started(found, 5) == []
    assert found.why(third) == "held: give it an urgency above 0"
    with pytest.raises(InputError, match="an urgency of 32"):
        found.set_urgency(third, 32, now=6)


def test_of_singletons_of_a_name_one_runs_at_a_time() -> None:
    """Earlier jobs of the user and name must have ended, however; others do not matter."""
    found = queue(QueueConfig(policy="easy"), graph=nodes(8))
    plain = found.submit(whole(), now=0, name="fit", userid=1).id
    mine = [
        found.submit(whole(), now=0, name="fit", userid=1, depends=["singleton"]).id
        for _ in range(3)
    ]
    other = found.submit(whole(), now=0, name="fit", userid=2, depends=["singleton"]).id
    assert started(found, 0) == [plain, other]
    assert found.why(mine[0]) == "waits for the earlier jobs of the same user and name"
    found.cancel(mine[1], now=1)
    found.finished(plain, now=2, status=256)
    assert started(found, 2) == [mine[0]]
    found.finished(mine[0], now=3)
    assert started(found, 3) == [mine[2]]
    late = found.submit(whole(), now=4, name="fit", userid=1, depends=["singleton"]).id
    assert started(found, 4) == []
    found.finished(mine[2], now=5)
    assert started(found, 5) == [late]
    found.finished(late, now=6)
    assert started(found, 6) == []
    again = found.submit(whole(), now=7, name="fit", userid=1, depends=["singleton"]).id
    assert started(found, 7) == [again]


def test_a_singleton_waits_on_in_the_next_life() -> None:
    first = queue(graph=nodes(8))
    ids = [first.submit(whole(), now=0, name="fit", depends=["singleton"]).id for _ in range(3)]
    assert started(first, 0) == ids[:1]
    events = first.take_events()

    second = queue(graph=nodes(8))
    requests = first.requests.by_number
    second.replay(events, lambda number: requests[number].jobspec)
    second.resume(lambda job: True, now=1)
    assert started(second, 1) == []
    second.finished(ids[0], now=2)
    assert started(second, 2) == [ids[1]]


def test_a_hold_gives_its_reservation_to_the_next() -> None:
    found = queue()
    found.submit(whole(4), now=0)
    head, behind = (found.submit(whole(4), now=0) for _ in range(2))
    started(found, 0)
    assert (head.t_estimate, behind.t_estimate) == (100, None)
    found.set_urgency(head.id, 0, now=1)
    found.cycle(1)
    assert (head.t_estimate, behind.t_estimate) == (None, 100)


def test_a_stopped_queue_takes_in_and_starts_nothing() -> None:
    found = queue()
    found.stop(now=0)
    job = found.submit(whole(), now=0).id
    assert started(found, 0) == []
    assert found.why(job) == "queue default is stopped"
    found.start(now=1)
    assert started(found, 1) == [job]
    found.disable(reason="maintenance", now=2)
    with pytest.raises(QueueError, match="queue default takes no jobs in: maintenance"):
        found.submit(whole(), now=2)


def test_queues_have_their_own_part_of_the_machine() -> None:
    machine = recipe({"node": {"count": 4, "contains": {"core": 4}}})
    for host in ("node2", "node3"):
        machine.set_property(f"/c/{host}", "debug")
    found = queue(
        QueueConfig("batch", "easy", requires={"properties": ["^debug"]}),
        QueueConfig("debug", "easy", requires={"properties": ["debug"]}),
        graph=machine,
    )
    jobs = [found.submit(whole(2), now=0, queue=name) for name in ("debug", "batch", "debug")]
    started(found, 0)
    held = [str(job.allocation.nodes) if job.allocation else None for job in jobs]
    assert held == ["node[2-3]", "node[0-1]", None]
    with pytest.raises(QueueError, match=r"queue \(night\) doesn't exist"):
        found.submit(whole(), now=0, queue="night")


# ---- limits ----


def test_limits_refuse_what_is_too_much() -> None:
    limits = Limits(duration=3600, max_size={"node": 2}, min_size={"node": 1}, pending=2)
    found = queue(QueueConfig(policy="easy", limits=limits))
    with pytest.raises(LimitError, match="queue default allows 3600 s; 7200 s requested"):
        found.submit(whole(duration=7200), now=0)
    with pytest.raises(LimitError, match="no end requested"):
        found.submit(whole(duration=0), now=0)
    with pytest.raises(LimitError, match="allows 2 nodes; 3 requested"):
        found.submit(whole(3), now=0)
    with pytest.raises(LimitError, match="wants 1 nodes; 0 requested"):
        found.submit(Jobspec.from_shape("slot/core", duration=1), now=0)
    found.submit(whole(), now=0)
    found.submit(whole(), now=0)
    with pytest.raises(LimitError, match="has 2 pending jobs"):
        found.submit(whole(), now=0)
    started(found, 0)
    found.submit(whole(), now=0)


def test_a_user_has_so_many_jobs_at_a_time() -> None:
    found = queue(QueueConfig(policy="easy", limits=Limits(active_per_user=1)))
    mine = [found.submit(whole(), now=0, userid=1).id for _ in range(3)]
    other = found.submit(whole(), now=0, userid=2).id
    assert started(found, 0) == [mine[0], other]
    assert "allows 1 at a time" in found.why(mine[1])
    found.finished(mine[0], now=5)
    assert started(found, 5) == [mine[1]]
    found.cancel(mine[1], now=6)
    assert started(found, 6) == []
    found.finished(mine[1], now=7, status=15)
    assert started(found, 7) == [mine[2]]


# ---- ends ----


def test_housekeeping_gives_nodes_back_one_by_one() -> None:
    found = queue()
    job = found.submit(whole(4, 1000), now=0)
    waiting = found.submit(whole(2, 10), now=0)
    started(found, 0)
    found.finished(job.id, now=100, release=False)
    assert (job.state, job.t_inactive) == (JobState.INACTIVE, 100)
    assert started(found, 100) == []
    found.released(job.id, now=110, ranks="0")
    assert started(found, 110) == []
    found.released(job.id, now=120, ranks="2")
    assert started(found, 120) == [waiting.id]
    found.released(job.id, now=130, ranks="1,3")
    assert job.freed
    names = [event.name for event in found.take_events() if event.jobid == job.id]
    assert names[-6:] == ["finish", "clean", "release", "release", "release", "free"]
    with pytest.raises(QueueError, match="nothing to be given back"):
        found.released(job.id, now=140)


def test_a_requeued_job_has_its_old_place() -> None:
    found = queue(policy="fcfs")
    first = found.submit(whole(4), now=0).id
    found.submit(whole(4), now=0)
    started(found, 0)
    found.requeue(first, "its node failed", now=5)
    assert started(found, 5) == [first]


def test_a_job_past_its_end_delays_what_waits_for_it_and_nothing_takes_its_place() -> None:
    found = queue()
    late = found.submit(whole(2, 100), now=0).id
    head = found.submit(whole(4, 100), now=0).id
    small = found.submit(whole(2, 1000), now=0).id
    started(found, 0)
    assert started(found, 100) == []
    assert found.next_time() is None
    assert started(found, 105) == []
    found.finished(late, now=110)
    assert started(found, 110) == [head]
    assert found.job(small).state is JobState.SCHED


def test_a_withdrawn_job_leaves_nothing_behind() -> None:
    found = queue()
    kept = found.submit(whole(), now=0).id
    found.take_events()
    gone = found.submit(whole(), now=0, depends=[f"afterok:{kept}"]).id
    found.withdraw(gone)
    assert found.take_events() == []
    assert started(found, 0) == [kept]
    found.finished(kept, now=1)
    with pytest.raises(UnknownJobError):
        found.job(gone)


def test_states_forbid_what_makes_no_sense() -> None:
    found = queue()
    job = found.submit(whole(), now=0).id
    with pytest.raises(QueueError, match="is not running but SCHED"):
        found.finished(job, now=0)
    started(found, 0)
    with pytest.raises(QueueError, match="is not pending but RUN"):
        found.set_urgency(job, 3, now=0)
    with pytest.raises(QueueError, match="is active"):
        found.forget(job)
    with pytest.raises(QueueError, match="job ids ascend"):
        found.submit(whole(), now=0, jobid=job)
    with pytest.raises(QueueError, match="no name for an event"):
        found.post(job, "alloc", {}, now=0)


def test_a_change_of_duration_may_let_a_job_pass() -> None:
    found = queue()
    found.submit(whole(3, 100), now=0)
    found.submit(whole(4, 100), now=0)
    job = found.submit(whole(1, 500), now=0).id
    started(found, 0)
    found.update_duration(job, 50, now=10)
    assert started(found, 10) == [job]
    with pytest.raises(QueueError, match="has run 40 s already"):
        found.update_duration(job, 30, now=50)


def test_policies_have_names() -> None:
    assert (parse_policy("hybrid:7").reservation_depth, parse_policy("hybrid").backfill) == (
        7,
        True,
    )
    for text in ("fast", "hybrid:0", "easy:2", "hybrid:-1", "FCFS"):
        with pytest.raises(InputError, match="unknown queue policy"):
            parse_policy(text)


def test_a_configuration_reads_back() -> None:
    config = QueueConfig(
        "debug", "hybrid:3", 50, {"properties": ["x"]}, Limits(60, {"node": 2}, pending=5), 30
    )
    assert QueueConfig.from_dict(config.to_dict()) == config
    mistakes: list[dict[str, object]] = [
        {"nam": "x"},
        {"queue_depth": "3"},
        {"queue_depth": 0},
        {"name": "a b"},
        {"limits": {"pending": "x"}},
        {"limits": {"max_size": 3}},
        {"requires": {"no": []}},
    ]
    for bad in mistakes:
        with pytest.raises(InputError):
            QueueConfig.from_dict(bad)
