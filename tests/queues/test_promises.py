"""Random traces: nothing is given twice in any second, and a reservation never moves to later."""

from collections import defaultdict
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxion_py import Jobspec, Matcher, ResourceGraph
from fluxion_py.errors import FluxionError
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.refusals import Refusals
from tests.machines import nodes
from tests.oracles.verifier import Verifier
from tests.oracles.verifier_pools import shares_in_slots
from tests.queues.replaying import Arrival, Replay, replay
from tests.strategies import random_jobspec, random_machine

POLICIES = ("fcfs", "easy", "hybrid:2", "hybrid:5", "conservative")


@st.composite
def traces(draw: st.DrawFn) -> list[Arrival]:
    """Up to 25 jobs for four nodes of two cores; most end before their time."""
    found = []
    now = 0
    for _ in range(draw(st.integers(1, 25))):
        now += draw(st.integers(0, 6))
        duration = draw(st.integers(1, 30))
        kind, most = draw(st.sampled_from([("node", 4), ("core", 8)]))
        size = draw(st.integers(1, most))
        runtime = draw(st.integers(1, duration))
        found.append(Arrival(now, f"slot={size}/{kind}", duration, runtime))
    return found


class Promises:
    """Watches a replay: the first and the last reservation seen of each job."""

    def __init__(self) -> None:
        self.seen: dict[int, int] = {}
        self.broken: list[str] = []

    def __call__(self, queue: Queue, now: int) -> None:
        for job in queue.jobs.values():
            promised = self.seen.get(job.id)
            if job.planned is not None:
                if promised is not None and job.planned.at > promised:
                    self.broken.append(f"{job.id}: {promised} -> {job.planned.at} at {now}")
                self.seen[job.id] = job.planned.at
            elif promised is not None and job.t_run < 0:
                self.broken.append(f"{job.id}: {promised} was lost at {now}")

    def check(self, found: Replay) -> None:
        assert not self.broken
        late = {job: at for job, at in self.seen.items() if found.starts[job] > at}
        assert not late


@pytest.mark.parametrize("policy", POLICIES)
@given(trace=traces())
def test_a_promise_is_kept_and_nothing_is_given_twice(policy: str, trace: list[Arrival]) -> None:
    """100 traces per policy: EASY never delays the head's reservation, conservative nobody's."""
    promises = Promises()
    found = replay(nodes(4, 2), trace, policy, watch=promises)
    assert set(found.ends) == set(range(1, len(trace) + 1))
    promises.check(found)
    busy: dict[int, set[int]] = defaultdict(set)
    for number, cores in found.cores.items():
        for second in range(found.starts[number], found.ends[number]):
            assert not busy[second] & cores, f"job {number} at {second}"
            busy[second] |= cores


@given(seed=st.integers(0, 2**32))
def test_odd_machines_and_requests_pass_the_independent_verifier(seed: int) -> None:
    """Random graphs and jobspecs: every start is judged by the verifier, from its own book."""
    rng = Random(seed)
    flat = random_machine(rng)
    queue = Queue(Matcher(ResourceGraph(flat)), policy=rng.choice(POLICIES))
    verifier = Verifier(flat)
    jobspecs = (random_jobspec(rng, flat) for _ in range(1000))
    # What slots share has a check of its own (tests/properties/test_pools).
    requests = list(islice((j for j in jobspecs if not shares_in_slots(j.resources)), 3))
    runs: dict[int, int] = {}
    for now in range(0, 200, 5):
        for jobid in [jobid for jobid, end in runs.items() if end <= now]:
            queue.finished(jobid, now=now)
            verifier.cancel(jobid)
            del runs[jobid]
        if now < 60:
            try_submit(queue, rng.choice(requests), now)
        while True:
            cycle = queue.cycle(now)
            for job in cycle.started:
                held = job.allocation
                assert held is not None
                wanted = queue.jobs[job.id].request.jobspec
                verifier.check_grant(wanted, held.selection, held.at, held.duration, now, job.id)
                verifier.book(job.id, held.selection, held.at, held.duration)
                runs[job.id] = min(now + rng.choice((5, 10, 60)), held.expiration)
            if not cycle.more:
                break


def try_submit(queue: Queue, jobspec: Jobspec, now: int) -> None:
    try:
        queue.submit(jobspec, now=now)
    except FluxionError:
        return


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=40)
@given(trace=traces())
def test_what_is_not_asked_would_have_been_refused(policy: str, trace: list[Arrival]) -> None:
    """Passing over implied refusals gives the schedule of asking every time."""
    quick = replay(nodes(4, 2), trace, policy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Refusals, "imply", lambda *_: False)
        slow = replay(nodes(4, 2), trace, policy)
    assert quick.starts == slow.starts


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=40)
@given(trace=traces())
def test_a_short_look_gives_the_same_schedule_in_more_cycles(
    policy: str, trace: list[Arrival]
) -> None:
    whole = replay(nodes(4, 2), trace, policy)
    short = replay(nodes(4, 2), trace, queues=[QueueConfig(policy=policy, queue_depth=1)])
    assert whole.starts == short.starts
