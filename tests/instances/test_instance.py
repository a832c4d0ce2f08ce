"""The life of an instance, seen from outside."""

from concurrent.futures import wait
from pathlib import Path

import pytest

from fluxion_py import Busy, Jobspec, Unsatisfiable
from fluxion_py.errors import FluxionError, InputError, UnknownJobError
from fluxion_py.execution.simulated import SimulatedExecutor
from fluxion_py.instances.clock import VirtualClock
from fluxion_py.instances.dump import unpack_dump
from fluxion_py.instances.futures import JobFailed
from fluxion_py.instances.instance import Instance
from fluxion_py.instances.journal import JournalError
from fluxion_py.queues.events import Event
from fluxion_py.queues.states import JobState, Result
from tests.instances.living import instance, job, move
from tests.machines import nodes


def names(living: Instance, jobid: int) -> list[str]:
    return [event.name for _, event in living.events(jobid)]


def test_a_job_goes_through_its_states() -> None:
    living = instance()
    jobid = living.submit(job(runtime=30))
    assert living.job(jobid).state is JobState.SCHED
    move(living, 10)
    assert living.job(jobid).state is JobState.RUN
    move(living, 40)
    found = living.job(jobid)
    assert (found.state, found.result, found.runtime) == (JobState.INACTIVE, Result.COMPLETED, 30)
    assert names(living, jobid) == [
        "submit", "depend", "priority", "alloc", "start", "finish", "release", "free", "clean",
    ]  # fmt: skip


def test_a_job_has_the_fields_of_the_table() -> None:
    living = instance()
    jobid = living.submit(job("slot=2/node", runtime=30), name="lammps")
    living.run_until_idle()
    found = living.job(jobid).to_dict()
    wanted = (
        "id returncode runtime result urgency priority state name ntasks ncores duration nnodes "
        "ranks nodelist expiration waitstatus exception"
    )
    assert set(wanted.split()) <= set(found)
    assert (found["nnodes"], found["ncores"], found["returncode"]) == (2, 8, 0)
    assert (found["name"], found["result"], found["ntasks"]) == ("lammps", "COMPLETED", 2)


def test_a_time_limit_ends_a_job() -> None:
    living = instance()
    jobid = living.submit(job(duration=50, runtime=500))
    living.run_until_idle()
    found = living.job(jobid)
    assert (found.result, found.runtime) == (Result.TIMEOUT, 50)
    assert found.returncode == 128 + 15


def test_cancelling_ends_pending_and_running_jobs() -> None:
    living = instance()
    first, second = (living.submit(job("slot=4/node")) for _ in range(2))
    move(living, 10)
    living.cancel(second, note="not wanted")
    living.cancel(first)
    move(living, 11)
    for jobid in (first, second):
        assert living.job(jobid).result is Result.CANCELED
    assert living.job(second).note == "not wanted"
    with pytest.raises(FluxionError, match="has ended already"):
        living.cancel(second)
    with pytest.raises(UnknownJobError):
        living.cancel(12345)


def test_what_can_never_fit_is_refused_with_the_reason() -> None:
    living = instance()
    with pytest.raises(Unsatisfiable, match="needs 5 nodes; c has 4"):
        living.submit(job("slot=5/node"))
    found = living.submit_many([job(), job("slot=5/node"), job()])
    assert isinstance(found[1], Unsatisfiable)
    assert [living.job(jobid).state for jobid in found if isinstance(jobid, int)] == [
        JobState.SCHED,
        JobState.SCHED,
    ]


def test_listing_filters_and_orders() -> None:
    living = instance()
    ids = [living.submit(job("slot=2/node"), userid=number % 2) for number in range(6)]
    living.set_urgency(ids[5], 31)
    move(living, 100)
    move(living, 110)
    assert [entry.id for entry in living.jobs()] == [ids[1], ids[2], ids[3], ids[4]]
    assert [entry.id for entry in living.jobs(states=["pending"])] == ids[3:5]
    assert {entry.id for entry in living.jobs(states=["inactive"])} == {ids[0], ids[5]}
    assert all(entry.userid == 1 for entry in living.jobs(states=["active"], userid=1))
    assert len(living.jobs(states=["active", "inactive"], limit=2)) == 2
    with pytest.raises(InputError, match="unknown state 'dreaming'"):
        living.jobs(states=["dreaming"])


def test_watchers_see_every_event_in_order_with_its_number() -> None:
    living = instance()
    seen: list[tuple[int, Event]] = []
    end = living.watch(lambda seq, event: seen.append((seq, event)))
    living.submit(job(runtime=5))
    living.run_until_idle()
    assert [seq for seq, _ in seen] == list(range(1, len(seen) + 1))
    assert [event for _, event in seen] == [event for _, event in living.events()]
    end()
    living.submit(job())
    assert len(seen) < len(list(living.events()))


def test_drained_hosts_get_nothing_new_and_jobs_there_go_on() -> None:
    living = instance()
    running = living.submit(job("slot=4/node", runtime=50))
    move(living, 1)
    living.drain("node[0-1]", "DIMM replacement")
    states = {entry["name"]: entry["state"] for entry in living.resources()}
    assert states == {
        "node0": "draining", "node1": "draining", "node2": "allocated", "node3": "allocated",
    }  # fmt: skip
    waiting = living.submit(job("slot=3/node"))
    move(living, 60)
    assert living.job(running).state is JobState.INACTIVE
    assert living.job(waiting).state is JobState.SCHED
    assert "2 down" in living.why(waiting)
    assert [entry["state"] for entry in living.resources()][:2] == ["drained", "drained"]
    living.undrain("node0")
    move(living, 61)
    assert living.job(waiting).state is JobState.RUN
    with pytest.raises(InputError, match="there is no host node9"):
        living.drain("node9")


def test_a_running_job_is_extended_into_free_time_only() -> None:
    living = instance()
    running = living.submit(job("slot=4/node", duration=100, runtime=1000))
    behind = living.submit(job("slot=4/node", duration=10))
    move(living, 1)
    assert living.job(behind).t_estimate == 100
    with pytest.raises(FluxionError, match="cannot go on until 150: its resources are taken by"):
        living.update_duration(running, 150)
    living.update_duration(running, 50)
    move(living, 2)
    assert living.job(behind).t_estimate == 50
    living.cancel(behind)
    living.update_duration(running, 300)
    living.run_until_idle()
    assert living.job(running).runtime == 300
    assert living.job(running).result is Result.TIMEOUT


def test_a_full_disk_takes_nothing_in_and_loses_nothing(tmp_path: Path) -> None:
    living = instance(tmp_path / "j.db")
    first = living.submit(job(runtime=10))
    database = living.journal._db
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages}")
    big = Jobspec.from_command(["x", "y" * 100_000], num_tasks=1, duration=10)
    with pytest.raises(JournalError, match="the disk is full"):
        living.submit(big)
    with pytest.raises(JournalError, match="the disk is full"):
        living.submit(job())
    database.execute("PRAGMA max_page_count=100000")
    living.run_until_idle()
    assert living.job(first).result is Result.COMPLETED
    second = living.submit(job())
    assert [entry.id for entry in living.jobs(states=["active", "inactive"])] == [second, first]
    living.close()


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    living = instance(tmp_path / "j.db")
    ids = [living.submit(job("slot=2/node", runtime=30 + n)) for n in range(8)]
    living.submit(job(), depends=[f"afterok:{ids[-1]}"])
    living.set_urgency(ids[6], 0)
    living.drain("node3", "bad")
    move(living, 40)
    before = [(entry.id, entry.state, entry.t_run) for entry in living.jobs(states=["active"])]
    estimates = [entry.t_estimate for entry in living.jobs()]
    living.journal.close()  # as if killed
    again = Instance(nodes(4), queue="easy", journal=tmp_path / "j.db", clock=living.clock)
    after = [(entry.id, entry.state, entry.t_run) for entry in again.jobs(states=["active"])]
    assert after == before
    assert [entry.t_estimate for entry in again.jobs()] == estimates
    assert again.recovered.lost == ()
    assert again.machine.drained["node3"].reason == "bad"
    assert again.submit(job()) > ids[-1]
    again.close()


def test_ended_jobs_leave_memory_and_can_still_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluxion_py.instances.store.KEPT_ENDED", 2)
    living = instance(tmp_path / "j.db", queue="fcfs")
    ids = [living.submit(job(runtime=1)) for _ in range(10)]
    living.run_until_idle()
    living.checkpoint()
    assert len(living.queue.jobs) == 2
    assert living.job(ids[0]).result is Result.COMPLETED
    ended = living.jobs(states=["inactive"])
    assert [entry.id for entry in ended] == ids[::-1]
    child = living.submit(job(runtime=1), depends=[f"afterok:{ids[0]}"])
    assert living.job(child).state is JobState.SCHED
    living.close()
    again = instance(tmp_path / "j.db", start=100)
    assert again.job(ids[3]).result is Result.COMPLETED
    again.run_until_idle()
    assert again.job(child).result is Result.COMPLETED
    again.close()


def test_a_dump_moves_to_a_smaller_machine_and_to_a_larger_one(tmp_path: Path) -> None:
    """K-01: 100 jobs on 8 nodes, 4 running; on 4 nodes those that need more are kept and named."""
    living = instance(tmp_path / "a.db", graph=nodes(8))
    sizes = [number % 8 + 1 for number in range(100)]
    ids = [living.submit(job(f"slot={size}/node", runtime=10)) for size in sizes]
    move(living, 1)
    running = {entry.id for entry in living.jobs(states=["running"])}
    living.queue_stop()
    dumped = living.dump(tmp_path / "night.tar")
    assert (dumped.jobs, dumped.running) == (100, len(running))
    unpack_dump(tmp_path / "night.tar", tmp_path / "b.db")
    small = instance(tmp_path / "b.db", graph=nodes(4), start=1, requeue_running=True)
    assert small.recovered.requeued == len(running)
    assert small.recovered.pending == 100
    too_big = [jobid for jobid, size in zip(ids, sizes, strict=True) if size > 4]
    assert list(small.recovered.never_fit) == too_big
    assert "cannot run on this machine" in small.why(too_big[0])
    small.run_until_idle()
    assert len(small.jobs(states=["pending"])) == 100  # the queue is stopped
    small.queue_start()
    small.run_until_idle()
    assert {entry.id for entry in small.jobs(states=["pending"])} == set(too_big)
    small.dump(tmp_path / "day.tar")
    unpack_dump(tmp_path / "day.tar", tmp_path / "c.db")
    large = instance(tmp_path / "c.db", graph=nodes(16), start=5000)
    large.run_until_idle()
    assert {entry.id for entry in large.jobs(states=["inactive"])} == set(ids)
    for entry in (living, small, large):
        entry.close()


def test_a_damaged_dump_is_told(tmp_path: Path) -> None:
    living = instance(tmp_path / "a.db")
    living.submit(job())
    living.dump(tmp_path / "a.tar")
    living.close()
    data = bytearray((tmp_path / "a.tar").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "bad.tar").write_bytes(data)
    with pytest.raises(JournalError, match="is damaged"):
        unpack_dump(tmp_path / "bad.tar", tmp_path / "b.db")
    with pytest.raises(JournalError, match="exists already"):
        unpack_dump(tmp_path / "a.tar", tmp_path / "a.db")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(JournalError, match="is no dump"):
        unpack_dump(tmp_path / "text", tmp_path / "b.db")
    assert not (tmp_path / "b.db").exists()


def test_futures_give_return_codes() -> None:
    executor = SimulatedExecutor(lambda launch: 0 if launch.jobspec.duration < 100 else 1000)
    living = Instance(nodes(4), executor=executor, queue="easy")
    living.run()
    with living.executor(cores_per_task=1) as pool:
        futures = [pool.submit(["true"], duration=10) for _ in range(20)]
        wait(futures)
        late = pool.submit(["sleep"], duration=1000)
        living.cancel(late.jobid)
        with pytest.raises(JobFailed, match="cancelled"):
            late.result()
    assert [future.result() for future in futures] == [0] * 20
    living.close()


def test_a_future_is_cancelled_only_while_its_job_is_pending() -> None:
    living = instance()
    pool = living.executor()
    first, second = (pool.submit(["x"], num_nodes=4, exclusive=True) for _ in range(2))
    living.step()
    assert not first.cancel()
    assert second.cancel()
    assert second.cancelled()
    assert living.job(second.jobid).result is Result.CANCELED
    assert living.job(first.jobid).state is JobState.RUN


def test_an_instance_in_an_instance_owns_its_part() -> None:
    living = instance()
    child = living.spawn(job("slot=2/node", duration=1000), queue="fcfs", name="sim")
    assert child.depth == 1
    assert len(child.resources()) == 2
    with pytest.raises(Unsatisfiable):
        child.submit(job("slot=3/node"))
    inside = child.submit(job("slot=2/node"))
    child.step()
    assert child.job(inside).state is JobState.RUN
    with pytest.raises(Busy):
        living.spawn(job("slot=3/node"))
    child.close()
    assert living.spawn(job("slot=4/node")).depth == 1


def test_growth_lets_a_job_run_that_never_could(tmp_path: Path) -> None:
    living = instance(tmp_path / "j.db")
    living.submit(job("slot=4/node", runtime=10))
    living.detach("/c/node3")
    told = living.jobs()
    assert told[0].request.never
    living.run_until_idle()
    assert "cannot run on this machine" in living.why(told[0].id)
    living.close()
    again = instance(tmp_path / "j.db")
    assert again.recovered.never_fit == (told[0].id,)
    again.close()


def test_a_job_whose_end_passed_while_the_instance_was_away_still_has_its_nodes(
    tmp_path: Path,
) -> None:
    living = Instance(nodes(4), queue="easy", journal=tmp_path / "j.db", clock=VirtualClock(10))
    running = living.submit(job("slot=3/node", duration=100))
    endless = living.submit(job("slot=1/node", duration=0))
    waiting = living.submit(job("slot=2/node", duration=50))
    living.step()
    assert living.job(waiting).t_estimate == 110
    living.close()
    again = Instance(nodes(4), queue="easy", journal=tmp_path / "j.db", clock=VirtualClock(500))
    assert again.recovered.lost == ()
    assert {entry.id for entry in again.jobs(states=["running"])} == {running, endless}
    again.step()
    assert again.job(waiting).state is JobState.SCHED
    again.finish_job(running)
    again.step()
    assert again.job(waiting).state is JobState.RUN
    again.close()


def test_a_finished_job_that_is_being_cleaned_keeps_its_nodes_over_a_restart(
    tmp_path: Path,
) -> None:
    living = Instance(nodes(4), queue="easy", journal=tmp_path / "j.db", clock=VirtualClock(0))
    first = living.submit(job("slot=4/node"))
    waiting = living.submit(job("slot=4/node"))
    living.step()
    living.queue.finished(first, now=10, release=False)
    living.commit()
    living.close()
    again = Instance(nodes(4), queue="easy", journal=tmp_path / "j.db", clock=VirtualClock(20))
    again.step()
    assert again.job(waiting).state is JobState.SCHED
    again.queue.released(first, now=20)
    again.step()
    assert again.job(waiting).state is JobState.RUN
    again.close()


def test_nobody_else_may_open_the_journal_of_a_living_instance(tmp_path: Path) -> None:
    living = instance(tmp_path / "j.db")
    with pytest.raises(JournalError, match="another instance is using it"):
        instance(tmp_path / "j.db")
    living.close()
