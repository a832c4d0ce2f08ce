"""A process of its own with very many pending jobs: what they hold in memory, what a cycle takes.

    python pending.py POLICY JOBS ENDS FOLDER

An instance with a journal on 1,000 nodes (`g1000`) takes JOBS jobs of 64 sizes and 9 limits in;
then ENDS of those that run end early. After each end the queue has its cycles, as an instance has
them: cut short after 20 ms, again while there is something left to do. What was measured is printed
as JSON: bytes, and seconds of CPU.
"""

import json
import sys
import time
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

from benches.child import resident
from benches.systems import grug
from fluxion_py import Instance, Jobspec, ResourceGraph
from fluxion_py.instances.clock import VirtualClock
from fluxion_py.instances.loop import CYCLE
from fluxion_py.instances.submission import Submission
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.states import RUNNING

SIZES, BATCH = 64, 10_000
MOST = 50
"""Cycles after one end."""

LIMITS = (300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)


def submissions(count: int) -> list[Submission]:
    """Return jobs of each size and limit in random order; equal ones share what they can."""
    random = Random(1)
    kinds = [
        Submission(Jobspec.from_shape(f"slot={nodes}/node", duration=limit))
        for nodes in range(1, SIZES + 1)
        for limit in LIMITS
    ]
    return random.choices(kinds, k=count)


def cycles_of(queue: Queue, now: float) -> list[float]:
    """Return the seconds of cycles until nothing is left to do, `MOST` of them at most."""
    found: list[float] = []
    more = True
    while more and len(found) < MOST:
        start = time.process_time()
        end = start + CYCLE
        more = queue.cycle(now, partial(_is_later, end)).more
        found.append(time.process_time() - start)
    return found


def _is_later(end: float) -> bool:
    return time.process_time() > end


def main(policy: str, count: int, ends: int, folder: Path) -> None:
    """Fill, end, print."""
    graph = ResourceGraph.from_text(grug("g1000"), "grug")
    before = resident()
    clock = VirtualClock(1000)
    instance = Instance(
        graph, policy="low", queue=policy, journal=folder / "journal.db", clock=clock
    )
    queue = instance.queue
    start = time.process_time()
    todo = iter(submissions(count))
    while batch := list(islice(todo, BATCH)):
        instance.submit_many(batch)
    filled = time.process_time() - start
    first = cycles_of(queue, clock.now())
    later: list[float] = []
    for _ in range(ends):
        clock.move_to(clock.now() + 1)
        running = next(job for job in queue.jobs.values() if job.state in RUNNING)
        queue.finished(running.id, now=clock.now())
        later += cycles_of(queue, clock.now())
        instance.commit()
    print(
        json.dumps(
            {
                "policy": policy,
                "pending": queue.lane(None).pending,
                "bytes": resident("VmHWM") - before,
                "submit": filled / count,
                "first_cycle": max(first),
                "cycle": max(later),
                "cycle_median": median(later),
                "cycles": len(later),
                "reserved": len(queue.lane(None).plans),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
