"""The lives of an instance: for a command, in the background, killed at any time."""

import os
import random
import signal
from pathlib import Path

from tests.console.driver import ELK, PATIENCE, Shell


def test_for_a_command_it_is_there_and_then_gone(alone: Shell) -> None:
    script = (
        "echo $FLUXION_URI; python3 -P -m fluxion_py.console run echo inside; "
        "python3 -P -m fluxion_py.console submit --quiet sleep 1000; exit 7"
    )
    alone.patch.setenv("PATH", f"{Path(os.sys.executable).parent}:{os.environ['PATH']}")  # type: ignore[attr-defined]
    done = alone.process("start", "sh", "-c", script)
    assert (done.returncode, done.stderr) == (7, "")
    socket, inside = done.stdout.splitlines()
    assert inside == "inside"
    assert not Path(socket).parent.exists()
    assert not (alone.folder / "fluxion.instance").exists()
    assert alone.process("start", "no-such-program").returncode == 127


def test_a_second_instance_in_the_same_folder_is_refused(shell: Shell) -> None:
    done = shell.process("start", "--daemon")
    assert done.returncode == 1
    assert "has the jobs of an earlier instance" in done.stderr
    done = shell.process("start", "--daemon", "--recovery")
    assert done.returncode == 1
    assert "another instance is using it" in done.stderr
    assert shell.out("queue", "list")


def test_a_shutdown_leaves_jobs_running_and_recovery_finds_them(shell: Shell) -> None:
    os.mkfifo(shell.folder / "go")
    jobid = shell.submit("sh", "-c", "read line <go; echo went; exit 3")
    shell.until(jobid, "start")
    shell.out("shutdown")
    assert not (shell.folder / "fluxion.pid").exists()
    (shell.folder / "go").write_text("go\n")
    assert "recovered 1 jobs" in shell.start("--recovery")
    run = shell("attach", jobid)
    assert (run.status, run.out) == (3, "went\n")


def test_killed_again_and_again_it_loses_no_job_and_runs_none_twice(shell: Shell) -> None:
    """Mission row F-08: SIGKILL at random points of a run; every job runs exactly once."""
    from fluxion_py.server.client import Client

    draw = random.Random(11)
    ran = shell.folder / "ran"
    line = f"echo $FLUX_JOB_ID >> {ran}"
    ids: list[str] = []
    for _ in range(6):
        ids += shell.out("submit", "--cc=1-60", "-n", "2", "-N", "1", "sh", "-c", line).split()
        with Client() as client:
            watch = client.watch()
            for _ in range(draw.randrange(1, 60)):
                if watch.next(0.5) is None:
                    break
            _kill(shell.pid)
        shell.start("--recovery")
    shell.out("queue", "drain", "--timeout", f"{PATIENCE}s")
    table = shell.out("jobs", "-a", "-o", "{id} {result} {exception}").splitlines()
    assert [row.split()[0] for row in reversed(table)] == ids  # all there, in their order
    assert {row.split(maxsplit=1)[1] for row in table} == {"COMPLETED"}
    seen = ran.read_text().split()
    assert len(seen) == 2 * len(ids)
    assert all(seen.count(jobid) == 2 for jobid in ids)


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    stat = Path(f"/proc/{pid}/stat")
    while stat.exists() and " Z " not in stat.read_text():
        os.sched_yield()


def test_what_cannot_be_started_leaves_nothing(alone: Shell) -> None:
    for words in (["-L", "missing.json"], ["--pidfile", "missing/pid", "-L", str(ELK)]):
        done = alone.process("start", "--daemon", *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: ")
        assert "missing" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not (alone.folder / "fluxion.instance").exists()
