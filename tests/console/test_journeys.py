"""What operators type and see (user-journeys.md 7), with real processes."""

import re

from tests.console.driver import Shell


def test_draining_and_undraining(shell: Shell) -> None:
    jobid = shell.submit(
        "--requires", "host:elk7", "-N", "1", "--job-name", "lammps", "-t", "1h", "sleep", "1000"
    )
    shell.until(jobid, "start")
    shell.out("resource", "drain", "elk[7-9]", "DIMM replacement INC-4711")
    assert shell.out("resource", "status") == (
        "       STATE UP NNODES NODELIST\n"
        "       avail  ✔     37 elk[0-6,10-39]\n"
        "    draining  ✔      1 elk7\n"
        "     drained  ✔      2 elk[8-9]\n"
    )
    listed = re.sub(r"[A-Z][a-z]{2}\d\d \d\d:\d\d", "Nov23 02:10", shell.out("resource", "drain"))
    assert listed == (
        "TIMESTAMP    STATE    REASON                     NODELIST\n"
        "Nov23 02:10  draining DIMM replacement INC-4711  elk7\n"
        "Nov23 02:10  drained  DIMM replacement INC-4711  elk[8-9]\n"
    )
    words = ("jobs", "-o", "{id} {name} {t_remaining}", "--filter=running", "--hosts", "elk7")
    assert re.fullmatch(rf"{jobid} lammps 0:5\d:\d\d\n", shell.out(*words))
    assert shell.out("resource", "list") == (
        "     STATE NNODES NCORES NGPUS NODELIST\n"
        "      free     37   1332     0 elk[0-6,10-39]\n"
        " allocated      1     36     0 elk7\n"
        "      down      2     72     0 elk[8-9]\n"
    )
    shell.out("cancel", jobid)
    shell.until(jobid, "clean")
    assert "    draining" not in shell.out("resource", "status")
    shell.out("resource", "undrain", "elk[7-9]")
    assert "avail  ✔     40 elk[0-39]" in shell.out("resource", "status")
    assert shell.refused("resource", "undrain", "elk7") == "elk7 is not drained"
    assert "there is no host" in shell.refused("resource", "drain", "moose1", "why")


def test_detaching_is_refused_while_jobs_run_there(shell: Shell) -> None:
    jobid = shell.submit("-N", "1", "sleep", "1000")
    shell.until(jobid, "start")
    assert shell.refused("resource", "detach", "/elk/rack0") == (
        f"1 running jobs are on /elk/rack0 ({jobid})"
    )
    assert "detached /elk/rack3" in shell.out("resource", "detach", "/elk/rack3")
    assert "avail  ✔     30" in shell.out("resource", "status")


def test_moving_to_a_small_machine_and_a_crash_for_good_measure(shell: Shell) -> None:
    shell.out("submit", "--cc=1-4", "-N", "10", "-t", "1h", "sleep", "1000")
    waiting = shell.out("submit", "--cc=1-6", "-N", "2", "-t", "1h", "sleep", "1000").split()
    shell.until(waiting[0], "priority")
    assert shell.out("jobs", "--stats-only") == "4 running, 0 completed, 0 failed, 6 pending\n"
    shell.out("queue", "stop")
    told = shell.out("dump", "--now", "night.tar")
    assert re.fullmatch(
        r"dumped 10 jobs \(4 running -> will be requeued, 6 pending\), events 1\.\.\d+, "
        r"checksum ok\n",
        told,
    )
    ids = set(shell.out("jobs", "-o", "{id}").split())
    shell.out("shutdown", "--kill")
    (shell.folder / "small4.yaml").write_text(
        "version: 1\ncluster: small\ncontains:\n  node:\n    count: 4\n    name: s[0-3]\n"
        "    contains:\n      core: 36\n"
    )
    told = shell.start("--recovery", "night.tar", "--dir", "night", "-L", "small4.yaml")
    assert told.splitlines()[0] == (
        "recovered 10 jobs, queue is stopped; 4 that were running wait again; "
        "4 can never run on this instance (need more than 4 nodes), kept pending"
    )
    shell.patch.setenv("FLUXION_URI", "night/socket")
    assert set(shell.out("jobs", "-o", "{id}").split()) == ids
    shell.out("queue", "start")
    running = _until_running(shell, 2)
    assert set(running) == set(waiting[:2])
    _kill(shell)
    told = shell.start("--recovery", "--dir", "night")
    assert told.startswith("recovered 10 jobs; 4 can never run")
    assert shell.out("jobs", "--stats-only") == "2 running, 0 completed, 0 failed, 8 pending\n"
    assert set(shell.out("jobs", "-o", "{id}").split()) == ids
    shell.out("shutdown", "--kill")


def _until_running(shell: Shell, number: int) -> list[str]:
    while True:
        found = shell.out("jobs", "-f", "running", "-o", "{id}").split()
        if len(found) >= number:
            return found


def _kill(shell: Shell) -> None:
    import os
    import signal
    from pathlib import Path

    pid = shell.pid
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/stat").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text():
        os.sched_yield()


def test_housekeeping_is_seen(alone: Shell) -> None:
    import os

    os.mkfifo(alone.folder / "clean")
    alone.start("--housekeeping", f"cat {alone.folder}/clean")
    alone.out("run", "true")
    header, row = alone.out("housekeeping", "list").splitlines()
    assert header.split() == ["JOBID", "NNODES", "#ACTIVE", "RUNTIME", "NODELIST"]
    assert row.split()[1:3] == ["1", "1"]
    (alone.folder / "clean").write_text("")
    while alone.out("housekeeping", "list").count("\n") > 1:
        pass
    assert "free" in alone.out("watch", "--since", "0", "--count", "9").split()
    alone.out("shutdown", "--kill")


def test_queues_of_a_file(alone: Shell) -> None:
    (alone.folder / "queues.toml").write_text(
        '[queues.debug]\npolicy = "fcfs"\nlimits = {duration = 60}\n'
        '[queues.batch]\npolicy = "conservative"\n'
    )
    alone.start("--queues", "queues.toml")
    table = [line.split()[:4] for line in alone.out("queue", "list").splitlines()]
    assert table == [
        ["QUEUE", "POLICY", "SUBMIT", "START"],
        ["debug", "fcfs", "enabled", "started"],
        ["batch", "conservative", "enabled", "started"],
    ]
    assert alone.refused("submit", "-q", "debug", "-t", "1h", "true") == (
        "queue debug allows 60 s; 3600 s requested"
    )
    assert "doesn't exist" in alone.refused("submit", "-q", "odd", "true")
    alone.out("queue", "disable", "batch", "-m", "holidays")
    assert "takes no jobs in: holidays" in alone.refused("submit", "-q", "batch", "true")
    alone.out("run", "-q", "debug", "-t", "1m", "true")
    alone.out("queue", "drain")
    alone.out("queue", "idle", "--timeout", "1s")
    _kill(alone)
    alone.start("--recovery")  # the queues are remembered
    assert [line.split()[0] for line in alone.out("queue", "list").splitlines()[1:]] == [
        "debug",
        "batch",
    ]
    alone.out("shutdown", "--kill")
