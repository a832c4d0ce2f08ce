"""Instances in instances in one process: policies, orders from above, size, events, futures."""

import asyncio
import inspect
import json
from pathlib import Path

import pytest

import fluxion_py
from fluxion_py import Busy, InputError, Instance, Jobspec
from fluxion_py.execution.local import LocalExecutor
from fluxion_py.instances import size
from fluxion_py.instances.clock import VirtualClock
from fluxion_py.instances.grant import grant_text
from fluxion_py.queues.errors import QueueError
from fluxion_py.queues.states import JobState, Result
from fluxion_py.readers.grant_check import GrantError
from tests.hierarchy.conservation import Conservation, running
from tests.instances.living import instance, job, move
from tests.machines import elk, nodes, recipe


def test_a_child_has_policies_of_its_own() -> None:
    """Row E-03: the parent low and easy, a child high and fcfs, in one run."""
    root = Instance(elk(), policy="low", queue="easy", clock=VirtualClock())
    child = root.spawn(job("slot=4/node", 1000), policy="high", queue="fcfs")
    first = child.submit(job("slot=1/node"))
    blocked = child.submit(job("slot=4/node"))
    last = child.submit(job("slot=1/node"))
    child.step()
    assert (child.job(first).given or {})["nodelist"] == "elk3"
    assert child.job(blocked).state is child.job(last).state is JobState.SCHED  # no backfilling
    above = root.submit(job("slot=1/node"))
    root.step()
    assert (root.job(above).given or {})["nodelist"] == "elk4"


def test_ten_thousand_steps_in_a_child_are_no_call_on_the_parent() -> None:
    """Row C-12, E-04: a batch of placements costs the parent two messages, whatever its size."""
    root = instance(graph=nodes(10, 100))
    child = root.spawn(job("slot=10/node", 1000))
    booked = root.queue.bookings.releases, root.journal.last
    step = Jobspec.from_shape("slot=1/core", ["x"], duration=1)
    for _ in range(10):
        ids = child.submit_many([step] * 1000)
        while child.step() == 0:
            pass
        for jobid in ids:
            assert isinstance(jobid, int)
            child.finish_job(jobid)
    assert (root.queue.bookings.releases, root.journal.last) == booked
    child.close()
    assert root.calls_from_children == 2
    assert child.numbers()["completed"] == 10_000
    (said,) = [event for _, event in root.events() if event.name == "goodbye"]
    assert said.context["completed"] == 10_000


def test_drains_reach_every_depth_and_so_does_their_end() -> None:
    root = instance()
    child = root.spawn(job("slot=4/node", 1000))
    inner = child.spawn(job("slot=4/node", 500))
    root.drain("node2", "a fan")
    for living in (root, child, inner):
        (drained,) = [node for node in living.resources() if node["since"] is not None]
        assert (drained["name"], drained["reason"]) == ("node2", "a fan")
    waiting = inner.submit(job("slot=4/node"))
    inner.step()
    assert inner.job(waiting).state is JobState.SCHED
    root.undrain("node2")
    inner.step()
    assert inner.job(waiting).state is JobState.RUN


def test_a_node_that_is_taken_away_fails_what_runs_there_and_nothing_else() -> None:
    root = instance()
    child = root.spawn(job("slot=4/node", 1000))
    inner = child.spawn(job("slot=3/node", 500), policy="low")
    ids = [inner.submit(job("slot=1/node")) for _ in range(3)]
    inner.step()
    where = {(inner.job(jobid).given or {})["nodelist"]: jobid for jobid in ids}
    lead = next(name for name, row in inner.machine.hosts() if inner.machine.present()[0] == 0)
    gone = next(name for name in where if name not in (lead, "node0"))
    with pytest.raises(InputError, match="1 running jobs are on"):
        root.detach(f"/c/{gone}")
    root.detach(f"/c/{gone}", force=True)
    assert [inner.size, child.size, root.size] == [2, 3, 3]
    inner.step()
    assert inner.job(where[gone]).result is Result.FAILED
    assert sum(inner.job(jobid).state is JobState.RUN for jobid in ids) == 2
    assert Conservation(root).check() == 3


def test_a_cancel_above_ends_all_below() -> None:
    root = instance()
    child = root.spawn(job("slot=2/node", 1000))
    inner = child.spawn(job("slot=1/node", 500))
    root.cancel(running(root)[0].id)
    assert child.closed
    assert inner.closed
    root.spawn(job("slot=4/node"))


def test_a_child_ends_with_the_time_of_its_parent() -> None:
    root = instance()
    child = root.spawn(job("slot=2/node", 100), queue="fcfs")
    endless = child.submit(job("slot=2/node", 0))
    waiting = child.submit(job("slot=2/node", 50))
    child.step()
    assert child.job(endless).allocation is not None
    assert child.job(endless).allocation.expiration == 100  # type: ignore[union-attr]
    move(root, 100)
    assert child.closed
    assert not running(root)
    assert waiting


def test_more_time_for_the_parent_is_more_for_the_child() -> None:
    root = instance(start=1000)
    child = root.spawn(job("slot=2/node", 100))
    inner = child.submit(job("slot=1/node", 0))
    child.step()
    root.update_duration(running(root)[0].id, 300)
    assert child.ends_at == 1300
    assert child.job(inner).allocation.expiration == 1300  # type: ignore[union-attr]
    child.submit(job("slot=1/node", 300))
    root.update_duration(running(root)[0].id, 200)
    assert child.ends_at == 1200
    assert child.job(inner).allocation.expiration == 1200  # type: ignore[union-attr]
    with pytest.raises(QueueError, match="its instance ends at 1200"):
        child.update_duration(inner, 250)


def test_size_goes_up_through_the_parent_and_down_again() -> None:
    root = instance(graph=nodes(6))
    child = root.spawn(job("slot=2/node", 1000))
    assert child.resize(5) == "growing 2 -> 5: ranks 2,3,4"
    everything = child.submit(job("slot=5/node", 10))
    child.step()
    assert child.job(everything).state is JobState.RUN
    with pytest.raises(Busy):
        root.spawn(job("slot=2/node"))
    told = child.resize(1)
    assert told.startswith("shrinking 5 -> 1: removing ranks 4,3,2,1 (rank 0 is never removed)")
    assert "waiting for 1 job on rank 4,3,2,1" in told
    assert len(child.resources()) == 5
    child.finish_job(everything)
    child.step()
    assert [node["rank"] for node in child.resources()] == [0]
    assert child.ranks.above == child.ranks.above[:1]
    root.spawn(job("slot=5/node"))


@pytest.mark.parametrize("wrong", [0, -1, 7, 99, True, 2.5])
def test_a_size_out_of_bounds_is_refused_by_all_in_the_same_words(wrong: int) -> None:
    root = instance(graph=nodes(6))
    child = root.spawn(job("slot=2/node", 1000))
    for living in (root, child):
        with pytest.raises(InputError, match=r"^size must be between 1 and 6$"):
            living.resize(wrong)
    with pytest.raises(InputError, match=r"^size must be between 1 and 6$"):
        size.check_size(wrong, 6)


def test_only_one_function_says_what_size_is_right() -> None:
    """Row K-12: nobody else checks or changes a size."""
    package = Path(inspect.getfile(fluxion_py)).parent
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    checks = [path.name for path, text in sources.items() if "size must be between" in text]
    changes = [path.name for path, text in sources.items() if ".set_away(" in text]
    assert checks == ["size.py"]
    assert sorted(changes) == ["elastic.py", "operations.py"]  # the second replays the journal


def test_declared_nodes_that_are_not_there_make_a_job_wait_not_fail(tmp_path: Path) -> None:
    """Row K-04: declare 10, start with 2."""
    root = instance(tmp_path / "j.db", graph=nodes(10))
    root.start_with(2)
    waiting = root.submit(job("slot=3/node"))
    root.step()
    assert root.job(waiting).state is JobState.SCHED
    with pytest.raises(fluxion_py.Unsatisfiable):
        root.submit(job("slot=11/node"))
    root.close()
    again = instance(tmp_path / "j.db", graph=nodes(10))
    assert again.size == 2
    assert again.resize(3) == "growing 2 -> 3: ranks 2"
    again.step()
    assert again.job(waiting).state is JobState.RUN
    again.close()


def test_shrinking_takes_the_highest_ranks_and_requeues_if_wanted() -> None:
    """Row K-06: 8 -> 3 removes 7 to 3."""
    root = instance(graph=nodes(8))
    ids = [root.submit(job("slot=1/node", 1000)) for _ in range(8)]
    move(root, 5)
    told = root.resize(3, requeue=True)
    assert told == "shrinking 8 -> 3: removing ranks 7,6,5,4,3 (rank 0 is never removed)"
    root.step()
    assert [node["rank"] for node in root.resources() if node["state"] == "down"] == [3, 4, 5, 6, 7]
    assert sum(root.job(jobid).state is JobState.RUN for jobid in ids) == 3
    root.resize(8)
    root.step()
    assert sum(root.job(jobid).state is JobState.RUN for jobid in ids) == 8


def test_a_rack_of_a_new_type_is_attached_below_a_path() -> None:
    """Row K-05: ten nodes with GPUs never seen before let a pending job run."""
    root = Instance(elk(), policy="low", clock=VirtualClock())
    rack = {
        "version": 1,
        "cluster": "more",
        "contains": {
            "rack": {
                "count": 1,
                "name": "rack[4]",
                "contains": {
                    "node": {"count": 10, "name": "elk[40-49]", "contains": {"core": 36, "gpu": 4}}
                },
            }
        },
    }
    told = root.attach(json.dumps(rack), under="/elk")
    assert told.splitlines()[0] == (
        "attached /elk/rack4: 411 vertices: 1 rack, 10 nodes, 360 cores, 40 gpus (new type: gpu)"
    )
    assert [node["rank"] for node in root.resources()][-10:] == list(range(40, 50))
    jobid = root.submit(Jobspec.from_shape("slot=40/gpu", ["x"], duration=5))
    root.step()
    assert root.job(jobid).state is JobState.RUN
    with pytest.raises(InputError, match="/elk/rack4 is there already"):
        root.attach(json.dumps(rack), under="/elk")
    with pytest.raises(InputError, match=r"--under /elk/rack9: no such vertex \(racks are"):
        root.attach(json.dumps(rack), under="/elk/rack9")
    root.queue.matcher.graph.validate()


def test_a_part_of_a_pool_is_the_pool_of_the_child(tmp_path: Path) -> None:
    """A divisible vertex: each depth sees the units that it was given, and no more."""
    pool = {"count": 1, "size": 100, "unit": "GiB", "divisible": True}
    root = instance(graph=recipe({"node": {"count": 2, "contains": {"core": 4, "memory": pool}}}))
    asked = {
        "version": 1,
        "resources": [
            {
                "type": "node",
                "count": 1,
                "with": [
                    {
                        "type": "slot",
                        "count": 1,
                        "label": "task",
                        "with": [{"type": "core", "count": 2}, {"type": "memory", "count": 60}],
                    }
                ],
            }
        ],
        "tasks": [{"command": ["x"], "slot": "task", "count": {"per_slot": 1}}],
        "attributes": {"system": {"duration": 100}},
    }
    child = root.spawn(Jobspec.from_dict(asked), policy="low")
    (memory,) = [v for v in child.queue.matcher.graph if v.type == "memory"]
    assert (memory.size, memory.divisible) == (60, True)
    asked["resources"][0]["with"][0]["with"][1]["count"] = 61  # type: ignore[index]
    with pytest.raises(fluxion_py.Unsatisfiable):
        child.submit(Jobspec.from_dict(asked))
    asked["resources"][0]["with"][0]["with"][1]["count"] = 30  # type: ignore[index]
    inner = child.spawn(Jobspec.from_dict(asked))
    assert [v.size for v in inner.queue.matcher.graph if v.type == "memory"] == [30]
    assert child.queue.matcher.available(memory.path) == 30
    assert root.queue.matcher.available(memory.path) == 40
    file = tmp_path / "R"
    (held,) = running(root)
    assert held.allocation is not None
    file.write_text(grant_text(held.allocation))
    with pytest.raises(GrantError, match="is given to the instance"):
        Instance.from_R(file, parent=root, jobid=held.id)
    child.close(kill=True)
    assert root.queue.matcher.available(memory.path) == 100


def test_an_instance_that_was_in_a_process_that_died_holds_nothing(tmp_path: Path) -> None:
    root = instance(tmp_path / "j.db")
    root.spawn(job("slot=4/node", 1000))
    root.journal.close()  # as a kill would
    again = instance(tmp_path / "j.db")
    assert len(again.recovered.lost) == 1
    again.spawn(job("slot=4/node"))
    again.close()


def test_futures_of_a_child_from_a_running_loop(tmp_path: Path) -> None:
    """As in a notebook, where an event loop runs already."""
    root = Instance(nodes(2, 2))
    child = root.spawn(
        Jobspec.from_shape("slot=2/node"), executor=LocalExecutor(tmp_path, mortal=True)
    )
    child.run()

    async def cell() -> list[int]:
        with child.executor(cores_per_task=1) as pool:
            futures = [pool.submit(["sh", "-c", f"exit {code}"]) for code in (0, 3, 0)]
            return await asyncio.gather(*map(asyncio.wrap_future, futures))

    assert asyncio.run(cell()) == [0, 3, 0]
    child.close()
    assert root.numbers() == {"pending": 0, "running": 0, "completed": 1, "failed": 0}
    root.close()
