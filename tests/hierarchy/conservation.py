"""An independent judge of a tree of instances: nothing is given twice, nothing is lost.

It reads texts only: the paths of the root's machine, and the R of every running job. A vertex that
an R owns stands for all leaves of the machine below it, found by their paths.
"""

import json
from collections.abc import Iterator

from fluxion_py.instances.nested import NestedInstance
from fluxion_py.queues.job import Job
from fluxion_py.queues.states import RUNNING


class Conservation:
    """Knows the leaves of a machine, by path."""

    def __init__(self, root: NestedInstance) -> None:
        self.root = root

    def check(self) -> int:
        """Judge the whole tree; return the number of instances in it."""
        return self._check(self.root, self._leaves(self.root))

    def _leaves(self, instance: NestedInstance) -> set[str]:
        paths = {vertex.path for vertex in instance.queue.matcher.graph}
        inner = {path.rpartition("/")[0] for path in paths}
        return paths - inner

    def _check(self, instance: NestedInstance, mine: set[str]) -> int:
        seen = self._leaves(instance)
        assert seen == mine, (
            f"depth {instance.depth}: not granted {seen - mine}, missing {mine - seen}"
        )
        taken: dict[str, int] = {}
        number = 1
        for job in running(instance):
            held = self._held(job, mine)
            for leaf in held:
                assert leaf not in taken, f"{leaf} is given to {taken[leaf]} and {job.id}"
                taken[leaf] = job.id
            for child in instance.children:
                if child.jobid == job.id and child.instance is not None:
                    self._check_ranks(child.instance, instance)
                    self._check_time(child.instance, job)
                    number += self._check(child.instance, held)
        return number

    def _held(self, job: Job, mine: set[str]) -> set[str]:
        assert job.allocation is not None
        document = json.loads(job.allocation.write("rv1"))
        owned = {
            node["metadata"]["paths"]["containment"]
            for node in document["scheduling"]["graph"]["nodes"]
            if node["metadata"].get("exclusive")
        }
        held = {leaf for leaf in mine if any(above in owned for above in _above(leaf))}
        assert held or job.ending, f"job {job.id} runs on nothing"
        return held

    def _check_ranks(self, child: NestedInstance, parent: NestedInstance) -> None:
        ours = {v.path: v.rank for v in parent.queue.matcher.graph if v.type == "node"}
        for vertex in child.queue.matcher.graph:
            if vertex.type == "node":
                assert child.ranks.above[vertex.rank] == ours[vertex.path]

    def _check_time(self, child: NestedInstance, job: Job) -> None:
        assert job.allocation is not None
        if child.ends_at is None:
            assert not job.duration
            return
        assert child.ends_at == job.allocation.expiration
        for inside in running(child):
            assert inside.allocation is not None
            assert inside.allocation.expiration <= child.ends_at


def running(instance: NestedInstance) -> list[Job]:
    """The jobs of an instance that hold something."""
    return [job for job in instance.queue.jobs.values() if job.state in RUNNING]


def every(instance: NestedInstance) -> Iterator[NestedInstance]:
    """An instance and all below it."""
    yield instance
    for child in instance.children:
        if child.instance is not None:
            yield from every(child.instance)


def _above(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
