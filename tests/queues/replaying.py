"""A trace through a queue with a virtual clock, and checks of what came out."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fluxion_py import Jobspec, Matcher, ResourceGraph
from fluxion_py.graph.topology import below
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.job import Job
from fluxion_py.queues.queue import Queue

END, ARRIVAL = 0, 1


class Arrival(NamedTuple):
    """A job of a trace: when it comes, how much it asks for, for how long, how long it takes."""

    at: int
    shape: str
    duration: int
    runtime: int
    urgency: int = 16
    queue: str | None = None


@dataclass
class Replay:
    """What happened: starts and ends by job id (from 1, in order of arrival), and the queue.

    `cores` are the rows of the cores that each job had, if the replay was watched.
    """

    queue: Queue
    starts: dict[int, int] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    cores: dict[int, set[int]] = field(default_factory=dict)
    cycles: int = 0


def cores_of(job: Job) -> set[int]:
    """Return the rows of the cores that a job has, also those below whole nodes."""
    held = job.allocation
    assert held is not None
    found = set()
    for given in held.vertices():
        if given.exclusive:
            found |= set(below(held.flat, [given.vertex.row]))
    return {row for row in found if held.flat.type(row) == "core"}


def replay(
    graph: ResourceGraph,
    trace: Sequence[Arrival],
    policy: str = "easy",
    *,
    match_policy: str = "first",
    queues: Sequence[QueueConfig] = (),
    record: bool = False,
    watch: Callable[[Queue, int], None] | None = None,
) -> Replay:
    """Run a trace to its end; `watch` is called after each time's cycles."""
    queue = Queue(Matcher(graph, match_policy), queues, policy=policy, record=record)
    found = Replay(queue)
    happening = [(job.at, ARRIVAL, number) for number, job in enumerate(trace, start=1)]
    heapq.heapify(happening)
    requests = {}
    while happening or queue.next_time() is not None:
        due = queue.next_time()
        now = happening[0][0] if due is None or (happening and happening[0][0] <= due) else int(due)
        while happening and happening[0][0] <= now:
            _, kind, number = heapq.heappop(happening)
            if kind == END:
                queue.finished(number, now=now)
                found.ends[number] = now
                queue.forget(number)
                continue
            arrival = trace[number - 1]
            key = arrival[1:3] + arrival[5:]
            if key not in requests:
                jobspec = Jobspec.from_shape(arrival.shape, duration=arrival.duration)
                requests[key] = queue.request(jobspec, arrival.queue)
            job = queue.submit(requests[key], now=now, jobid=number, urgency=arrival.urgency)
            found.jobs[number] = job
        more = True
        while more:
            cycle = queue.cycle(now)
            found.cycles += 1
            more = cycle.more
            for job in cycle.started:
                found.starts[job.id] = now
                if watch is not None:
                    found.cores[job.id] = cores_of(job)
                runtime = min(trace[job.id - 1].runtime, trace[job.id - 1].duration)
                heapq.heappush(happening, (now + runtime, END, job.id))
        if watch is not None:
            watch(queue, now)
    return found
