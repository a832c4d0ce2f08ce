"""The small parts: ids, dependencies as text, refusals, replay of events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxion_py import Matcher
from fluxion_py.match.job import MAX_JOBID, parse_jobid
from fluxion_py.queues.dependencies import parse_dependency
from fluxion_py.queues.jobid import JobIds, format_jobid
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.record import decode_job, encode_job
from fluxion_py.queues.refusals import Refusals
from fluxion_py.queues.states import JobState
from tests.machines import nodes, shape


@given(st.integers(0, MAX_JOBID))
def test_an_id_reads_back_from_every_spelling(jobid: int) -> None:
    for text in (format_jobid(jobid), format_jobid(jobid, ascii=True), str(jobid), hex(jobid)):
        assert parse_jobid(text) == jobid


def test_ids_of_the_field_are_written_as_the_field_does() -> None:
    """RFC 19's own examples."""
    assert format_jobid(0, ascii=True) == "f1"
    assert format_jobid(6731191091817518, ascii=True) == "fuZZybuNNy"
    with pytest.raises(ValueError, match="from 0 to"):
        format_jobid(-1)


def test_ids_ascend_whatever_the_clock_does() -> None:
    ids = JobIds()
    times = [1.7e9, 1.7e9, 1.6e9, 0, 1.7e9 + 0.001] + [1.8e9] * 100_000
    found = [ids.next(now) for now in times]
    assert found == sorted(set(found))
    assert found[-1] <= MAX_JOBID


@pytest.mark.parametrize(
    "text", ["afterok:f7Zs", "after:f1", "singleton", "begin-time:12.5", "afterany:f2"]
)
def test_dependencies_read_back(text: str) -> None:
    assert str(parse_dependency(text)) == text


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 8), st.integers(1, 8)), max_size=40))
def test_refusals_imply_exactly_what_is_larger_and_longer(
    steps: list[tuple[bool, int, int]],
) -> None:
    refusals, known = Refusals(), []
    for add, size, duration in steps:
        if add:
            refusals.add(size, duration, 1)
            known.append((size, duration))
        plainly = any(s <= size and d <= duration for s, d in known)
        assert refusals.imply(size, duration, 1) is plainly
        assert not refusals.imply(size, duration, 2)


def test_events_fold_to_the_same_jobs() -> None:
    """Replaying what was recorded gives the records of the queue that recorded it."""
    first = Queue(Matcher(nodes(4)), policy="conservative")
    requests = [first.request(shape(f"slot={size}/node", 50 + size)) for size in (1, 2, 4)]
    for number in range(12):
        first.submit(requests[number % 3], now=number, urgency=(16, 0, 31)[number % 3])
        first.cycle(number)
    first.cancel(5, now=20)
    first.set_urgency(2, 20, now=31)
    first.cycle(31)
    running = [job for job in first.jobs.values() if job.state is JobState.RUN]
    first.finished(running[0].id, now=32, status=256, release=False)
    events = first.take_events()

    second = Queue(Matcher(nodes(4)), policy="conservative")
    by_number = {request.number: request.jobspec for request in requests}
    second.replay(events, by_number.__getitem__)
    assert [encode_job(job) for job in second.jobs.values()] == [
        encode_job(job) for job in first.jobs.values()
    ]
    for job in first.jobs.values():
        copy = decode_job(encode_job(job), first.requests.by_number)
        assert encode_job(copy) == encode_job(job)
