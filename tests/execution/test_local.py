"""Real processes: what they get, how they end, and what is left when their instance is gone."""

import os
import signal
from pathlib import Path

import pytest

from fluxion_py.execution.executor import Fate, Launch
from fluxion_py.execution.local import LocalExecutor
from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.states import Result
from tests.execution.driver import Life, Lives, housekeeping

SHOW = "echo $FLUX_JOB_ID $FLUX_TASK_RANK $FLUX_TASK_LOCAL_ID $FLUX_JOB_SIZE $FLUX_JOB_NNODES"


def test_output_and_exit_code_are_kept(lives: Lives) -> None:
    life = lives.begin()
    job = life.run("sh", "-c", "echo out; echo err >&2; pwd; exit 3", cwd="/")
    assert (job.result, job.returncode) == (Result.FAILED, 3)
    assert life.output(job.id) == "out\n/\n"
    assert life.output(job.id, "stderr") == "err\n"
    assert life.names(job.id)[-5:] == ["start", "finish", "release", "free", "clean"]


def test_every_task_knows_who_it_is(lives: Lives) -> None:
    life = lives.begin(nodes=2, cores=2)
    job = life.run("sh", "-c", f"{SHOW} $FLUXION_NODE", num_nodes=2, num_tasks=4)
    mine = format_jobid(job.id)
    assert sorted(life.output(job.id).splitlines()) == [
        f"{mine} 0 0 4 2 n0",
        f"{mine} 1 1 4 2 n0",
        f"{mine} 2 0 4 2 n1",
        f"{mine} 3 1 4 2 n1",
    ]


def test_a_task_map_says_which_rank_runs_where(lives: Lives) -> None:
    life = lives.begin(nodes=2, cores=2)
    options = {"shell": {"options": {"taskmap": {"scheme": "cyclic"}}}}
    script = "echo $FLUX_TASK_RANK $FLUX_TASK_LOCAL_ID $FLUXION_NODE"
    job = life.run("sh", "-c", script, num_nodes=2, num_tasks=4, attributes=options)
    assert sorted(life.output(job.id).splitlines()) == ["0 0 n0", "1 0 n1", "2 1 n0", "3 1 n1"]
    bad = {"shell": {"options": {"taskmap": "spiral"}}}
    job = life.run("true", attributes=bad)
    assert (job.result, job.note) == (Result.FAILED, "unknown task map 'spiral'")


def test_tasks_are_bound_to_their_cores(lives: Lives) -> None:
    here = sorted(os.sched_getaffinity(0))
    life = lives.begin(cores=max(here) + 1)
    script = "import os; print(*os.sched_getaffinity(0))"
    job = life.run("python3", "-c", script, num_tasks=max(here) + 1)
    assert sorted(life.output(job.id).split()) == sorted(map(str, range(max(here) + 1)))


def test_cores_that_this_machine_has_not_bind_nobody(lives: Lives) -> None:
    life = lives.begin(cores=1000)
    script = "import os; print(len(os.sched_getaffinity(0)))"
    job = life.run("python3", "-c", script, cores_per_task=1000)
    assert life.output(job.id) == f"{len(os.sched_getaffinity(0))}\n"


def test_the_environment_is_that_of_the_jobspec(lives: Lives) -> None:
    life = lives.begin()
    job = life.run("/usr/bin/env", environment={"ONLY": "this"})
    names = {line.partition("=")[0] for line in life.output(job.id).splitlines()}
    assert "ONLY" in names
    assert all(name == "ONLY" or name.startswith(("FLUX_", "FLUXION_")) for name in names)


def test_output_goes_to_the_file_that_the_job_names(lives: Lives) -> None:
    life = lives.begin()
    path = str(lives.folder / "run-{{id}}.log")
    options = {"shell": {"options": {"output": {"stdout": {"type": "file", "path": path}}}}}
    job = life.run("sh", "-c", "echo out; echo err >&2", attributes=options)
    written = (lives.folder / f"run-{format_jobid(job.id)}.log").read_text()
    assert sorted(written.split()) == ["err", "out"]


@pytest.mark.parametrize(
    ("command", "code", "note"),
    [
        ("no-such-program", 127, "'no-such-program' cannot be run: No such file or directory"),
        ("/etc/passwd", 126, "'/etc/passwd' cannot be run: Permission denied"),
        ("/no/such/program", 127, "'/no/such/program' cannot be run: No such file or directory"),
    ],
)
def test_a_program_that_cannot_be_run_is_named(
    lives: Lives, command: str, code: int, note: str
) -> None:
    job = lives.begin().run(command)
    assert (job.result, job.returncode, job.note) == (Result.FAILED, code, note)


def test_a_folder_that_is_not_there_is_named(lives: Lives) -> None:
    job = lives.begin().run("true", cwd="/no/such/folder")
    assert job.note == "'/no/such/folder' cannot be run: No such file or directory"


def test_the_highest_status_of_the_tasks_is_that_of_the_job(lives: Lives) -> None:
    job = lives.begin().run("sh", "-c", "exit $FLUX_TASK_RANK", num_tasks=4)
    assert job.returncode == 3


def test_a_job_is_ended_at_its_time_limit_with_all_its_processes(lives: Lives) -> None:
    life = lives.begin(grace=0.2)
    fifo = lives.folder / "alive"
    os.mkfifo(fifo)
    # All ignore SIGTERM and hold the pipe open for writing: its end tells that they are gone.
    script = f"trap '' TERM; exec 3>{fifo}; sleep 1000 & sleep 1000 & wait; wait; wait"
    jobid = life.submit("sh", "-c", script, duration=1)
    with fifo.open("rb") as pipe:
        assert pipe.read() == b""
    job = life.wait(jobid)
    assert (job.result, job.returncode) == (Result.TIMEOUT, 128 + signal.SIGKILL)
    assert job.runtime >= 1


def test_what_a_job_leaves_behind_ends_with_it(lives: Lives) -> None:
    life = lives.begin()
    fifo = lives.folder / "alive"
    os.mkfifo(fifo)
    jobid = life.submit("sh", "-c", f"exec 3>{fifo}; sleep 1000 & exit 0")
    with fifo.open("rb") as pipe:
        assert pipe.read() == b""
    assert life.wait(jobid).result is Result.COMPLETED


def test_a_signal_reaches_the_job(lives: Lives) -> None:
    life = lives.begin()
    script = "trap 'echo got it; exit 5' USR1; echo ready; while :; do sleep 0.01; done"
    jobid = life.submit("sh", "-c", script)
    life.until(jobid, "start")
    _wait_for_text(life, jobid, "ready\n")
    life.instance.kill(jobid, signal.SIGUSR1)
    assert life.wait(jobid).returncode == 5
    assert life.output(jobid) == "ready\ngot it\n"


def test_cancelling_ends_a_running_job(lives: Lives) -> None:
    life = lives.begin()
    jobid = life.submit("sleep", "1000")
    life.until(jobid, "start")
    life.instance.cancel(jobid)
    job = life.wait(jobid)
    assert (job.result, job.returncode) == (Result.CANCELED, 128 + signal.SIGTERM)


def test_a_longer_limit_lets_a_job_go_on(lives: Lives) -> None:
    life = lives.begin()
    jobid = life.submit("sleep", "2", duration=1)
    life.until(jobid, "alloc")
    life.instance.update_duration(jobid, 1000)
    assert life.wait(jobid).result is Result.COMPLETED


def test_a_job_goes_on_without_its_instance(lives: Lives) -> None:
    fifo = lives.folder / "go"
    os.mkfifo(fifo)
    first = lives.begin()
    waits = first.submit("sh", "-c", f"read line <{fifo}; exit 4")
    ends = first.submit("sh", "-c", "echo once")
    first.wait(ends)
    first.until(waits, "start")
    lives.end(kill=False)
    second = lives.begin()
    assert second.instance.recovered.running == 1
    fifo.write_text("go\n")
    assert second.wait(waits).returncode == 4
    assert second.output(ends) == "once\n"


def test_a_job_that_ended_meanwhile_is_recognised(lives: Lives) -> None:
    fifo = lives.folder / "go"
    os.mkfifo(fifo)
    done = lives.folder / "done"
    os.mkfifo(done)
    first = lives.begin()
    jobid = first.submit("sh", "-c", f"read line <{fifo}; echo x; exec 3>{done}; exit 6")
    first.until(jobid, "start")
    lives.end(kill=False)
    fifo.write_text("go\n")
    done.read_text()
    second = lives.begin()
    assert second.wait(jobid).returncode == 6
    assert second.output(jobid) == "x\n"


def test_jobs_whose_keeper_was_killed_are_lost_and_not_run_again(lives: Lives) -> None:
    life = lives.begin()
    jobid = life.submit("sh", "-c", "echo once; exec sleep 1000")
    life.until(jobid, "start")
    _wait_for_text(life, jobid, "once\n")
    os.kill(_keeper(lives.folder), signal.SIGKILL)
    job = life.wait(jobid)
    assert (job.result, job.returncode) == (Result.FAILED, 128 + signal.SIGKILL)
    assert job.note == "whoever watched it was killed; it may have run"
    assert life.run("true").result is Result.COMPLETED  # by another keeper
    assert life.output(jobid) == "once\n"


def test_instance_and_keeper_killed_together_lose_a_job_but_do_not_run_it_twice(
    lives: Lives,
) -> None:
    first = lives.begin()
    jobid = first.submit("sh", "-c", "echo once; exec sleep 1000")
    first.until(jobid, "start")
    _wait_for_text(first, jobid, "once\n")
    lives.end(kill=False)
    os.kill(_keeper(lives.folder), signal.SIGKILL)
    second = lives.begin()
    assert second.instance.recovered.lost == (jobid,)
    assert second.wait(jobid).result is Result.FAILED
    assert second.output(jobid) == "once\n"


def test_without_its_evidence_a_job_is_not_run_again(lives: Lives) -> None:
    first = lives.begin()
    ended = first.run("true")
    launch = Launch(ended.id, first.instance.jobspec(ended.id), _Allocation(int(ended.t_run) - 5))  # type: ignore[arg-type]
    executor = LocalExecutor(lives.folder / "elsewhere")
    executor.attach(lambda: None)
    assert executor.recover(launch, 0) is Fate.UNKNOWN
    later = Launch(ended.id, launch.jobspec, _Allocation(2**40))  # type: ignore[arg-type]
    assert executor.recover(later, 0) is Fate.NEVER_STARTED
    executor.close(kill=True)


class _Allocation:
    def __init__(self, at: int) -> None:
        self.at = at


def test_an_order_that_comes_twice_runs_once(lives: Lives) -> None:
    life = lives.begin()
    jobid = life.submit("sh", "-c", "echo once")
    life.wait(jobid)
    executor = life.instance._executor
    assert isinstance(executor, LocalExecutor)
    job = life.instance.job(jobid)
    order = life.instance.jobspec(jobid)
    assert job.given is not None
    from fluxion_py.execution.orders import Run, TaskOrder

    again = Run(str(jobid), int(job.t_run), [TaskOrder(list(order.tasks[0].command))])
    again.stdout = str(lives.folder / "jobs" / f"{jobid}.stdout")
    executor._send(again)
    assert life.run("true").result is Result.COMPLETED
    assert life.output(jobid) == "once\n"


def test_a_torn_line_of_evidence_is_passed_over(lives: Lives) -> None:
    first = lives.begin()
    job = first.run("sh", "-c", "echo once")
    lives.end()
    evidence = lives.folder / "execution" / "evidence"
    with evidence.open("ab") as file:
        file.write(b'{"type":"began","key":"77","a')
    second = lives.begin()
    assert second.run("true").result is Result.COMPLETED
    assert second.output(job.id) == "once\n"
    assert b'"77"' not in evidence.read_bytes()


def test_housekeeping_gives_nodes_back_one_by_one(lives: Lives) -> None:
    for rank in range(3):
        os.mkfifo(lives.folder / f"clean{rank}")
    script = f"echo $FLUX_JOB_ID $FLUXION_RANK; cat {lives.folder}/clean$FLUXION_RANK"
    life = lives.begin(nodes=3, cores=1, housekeeping=housekeeping(script))
    job = life.run("true", num_nodes=3, num_tasks=3)
    assert job.result is Result.COMPLETED  # for its user it is over
    assert {node["state"] for node in life.instance.resources()} == {"allocated"}
    following = life.submit("true", num_nodes=1, num_tasks=1)
    (lives.folder / "clean1").write_text("")
    life.until(job.id, "release")
    assert life.wait(following).given["nodelist"] == "n1"  # type: ignore[index]
    for rank in (0, 2):
        (lives.folder / f"clean{rank}").write_text("")
    (lives.folder / "clean1").write_text("")  # of the second job
    life.until(job.id, "free")
    life.until(following, "free")
    assert {node["state"] for node in life.instance.resources()} == {"free"}


def test_housekeeping_goes_on_in_the_next_life(lives: Lives) -> None:
    fifo = lives.folder / "clean"
    os.mkfifo(fifo)
    first = lives.begin(housekeeping=housekeeping(f"cat {fifo}"))
    job = first.run("true")
    lives.end(kill=False)
    second = lives.begin(housekeeping=housekeeping(f"cat {fifo}"))
    assert {node["state"] for node in second.instance.resources()} == {"allocated"}
    fifo.write_text("")
    second.until(job.id, "free")


def test_without_housekeeping_in_the_next_life_nodes_come_back_at_once(lives: Lives) -> None:
    fifo = lives.folder / "clean"
    os.mkfifo(fifo)
    first = lives.begin(housekeeping=housekeeping(f"cat {fifo}"))
    job = first.run("true")
    lives.end(kill=True)
    second = lives.begin()
    assert {node["state"] for node in second.instance.resources()} == {"free"}
    assert second.names(job.id)[-1] == "free"


def _keeper(folder: Path) -> int:
    """Return the number of the keeper's process."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"fluxion_py.execution.keeper" in words and os.fsencode(folder) in words[-2]:
                return int(entry.name)
    raise AssertionError("there is no keeper")


def _wait_for_text(life: Life, jobid: int, text: str) -> None:
    """Wait until a job has printed something."""
    while life.output(jobid) != text:
        os.sched_yield()
