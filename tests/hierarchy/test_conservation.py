"""Random lives of a tree of instances, judged after every step (mission rows E-01, E-02, K-06)."""

import os
import random
from collections import Counter

import pytest

from fluxion_py import Busy, FluxionError, Jobspec
from fluxion_py.instances.clock import VirtualClock
from fluxion_py.instances.instance import Instance
from fluxion_py.queues.jobid import format_jobid
from tests.hierarchy.conservation import Conservation, every, running
from tests.instances.living import instance, job
from tests.machines import recipe

SEQUENCES = int(os.environ.get("FLUXION_SEQUENCES", "60"))
STEPS = 30
DEPTH = 4
SHAPES = (
    "slot=1/node",
    "slot=2/node",
    "slot=3/node",
    "slot=1/rack",
    "slot=1/socket",
    "slot=3/core",
    "node=1/slot=1/socket",
)


class Story:
    """One random life; `done` counts what really happened."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        node = {
            "count": 3,
            "name": "n[0-8]",
            "contains": {"socket": {"count": 2, "contains": {"core": 2}}},
        }
        self.root = instance(graph=recipe({"rack": {"count": 3, "contains": {"node": node}}}))
        self.judge = Conservation(self.root)
        self.done: Counter[str] = Counter()

    def live(self) -> None:
        """Do random things to random instances."""
        for _ in range(STEPS):
            where = self.draw.choice([i for i in every(self.root) if isinstance(i, Instance)])
            act = self.draw.choice(ACTS)
            try:
                act(self, where)
                self.done[act.__name__] += 1
            except FluxionError:
                self.done["refused"] += 1
            for living in list(every(self.root)):
                if not living._closed:
                    living.step()
            self.done["deepest"] = max(self.done["deepest"], *(i.depth for i in every(self.root)))
            self.judge.check()

    def spawn(self, where: Instance) -> None:
        if where.depth >= DEPTH:
            return
        duration = self.draw.choice((50, 200, 0))
        left = None if where.ends_at is None else where.ends_at - int(where.clock.now())
        where.spawn(
            job(self.draw.choice(SHAPES), min(duration, left or duration)),
            policy=self.draw.choice(("first", "low", "high")),
            queue=self.draw.choice(("fcfs", "easy", "conservative")),
        )

    def submit(self, where: Instance) -> None:
        where.submit(job(self.draw.choice(SHAPES), self.draw.choice((10, 60))))

    def grow(self, where: Instance) -> None:
        where.grow(Jobspec.from_shape(self.draw.choice(SHAPES)))

    def resize(self, where: Instance) -> None:
        where.resize(self.draw.randrange(0, 8), requeue=self.draw.random() < 0.5)

    def cancel(self, where: Instance) -> None:
        jobs = running(where)
        if jobs:
            where.cancel(self.draw.choice(jobs).id)

    def close(self, where: Instance) -> None:
        if where is not self.root:
            where.close(kill=True)

    def extend(self, where: Instance) -> None:
        jobs = running(where)
        if jobs:
            where.update_duration(self.draw.choice(jobs).id, self.draw.choice((30, 90, 300)))

    def drain(self, where: Instance) -> None:
        host = self.draw.choice([name for name, _ in where.machine.hosts()])
        (where.undrain if host in where.machine.drained else where.drain)(host)

    def detach(self, where: Instance) -> None:
        if self.draw.random() < 0.3 and where.size > 1:
            paths = where.machine.paths_of(where.machine.present()[1:])
            where.detach(self.draw.choice(paths), force=True)

    def wait(self, where: Instance) -> None:
        clock = self.root.clock
        assert isinstance(clock, VirtualClock)
        clock.move_to(clock.now() + self.draw.choice((1, 10, 40)))

    def end(self) -> None:
        """Close all; the whole machine must be free again."""
        for waiting in self.root.jobs(states=["pending"]):
            self.root.cancel(waiting.id)
        for child in list(self.root.children):
            assert child.instance is not None
            child.instance.close(kill=True)
        for left in running(self.root):
            self.root.cancel(left.id)
        self.root.step()
        assert not running(self.root)
        for host in list(self.root.machine.drained):
            self.root.undrain(host)
        if self.root.size < self.root.max_size:
            self.root.machine.set_away(())
        graph = self.root.queue.matcher.graph
        everything = len(graph.flat.rows_of_type("core"))
        last = self.root.spawn(job(f"slot={everything}/core"))
        self.judge.check()
        with pytest.raises(Busy):
            self.root.spawn(job("slot=1/core"))
        last.close()


ACTS = (
    Story.spawn,
    Story.spawn,
    Story.spawn,
    Story.submit,
    Story.submit,
    Story.grow,
    Story.resize,
    Story.cancel,
    Story.close,
    Story.extend,
    Story.drain,
    Story.detach,
    Story.wait,
)


def test_nothing_is_given_twice_and_nothing_is_lost_at_any_depth() -> None:
    total: Counter[str] = Counter()
    deepest = 0
    for seed in range(SEQUENCES):
        story = Story(seed)
        try:
            story.live()
            story.end()
        except BaseException:
            print(f"seed {seed}: {dict(story.done)}")
            raise
        deepest = max(deepest, story.done.pop("deepest"))
        total += story.done
    assert deepest == DEPTH, "the stories never became as deep as they should"
    assert all(total[act.__name__] for act in ACTS), total


def test_the_judge_sees_a_vertex_that_is_given_twice() -> None:
    root = instance()
    one = root.spawn(job("slot=1/node"))
    root.spawn(job("slot=1/node"))
    judge = Conservation(root)
    assert judge.check() == 3
    assert one.link is not None
    mine, other = running(root)
    other.allocation = mine.allocation
    with pytest.raises(AssertionError, match="is given to"):
        judge.check()
    assert format_jobid(mine.id)
