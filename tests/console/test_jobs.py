"""Jobs from the command line: in, followed, changed, listed."""

import json

import pytest

from fluxion_py.console.columns import brief, clock, compile_format
from fluxion_py.errors import InputError
from tests.console.driver import ID, Shell


def test_run_shows_the_output_and_ends_as_the_job_does(shell: Shell) -> None:
    run = shell("run", "-n", "2", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (run.status, run.out, run.err) == (3, "out\nout\n", "err\nerr\n")
    assert shell("run", "no-such-program").status == 127
    run = shell("run", "-t", "1", "sleep", "100")
    assert (run.status, run.err.split(": ")[1]) == (143, "it reached its time limit\n")
    run = shell("run", "-N", "41", "true")
    assert (run.status, run.err) == (19, "never: needs 41 nodes; elk has 40\n")


def test_environment_and_folder_are_those_of_the_submission(shell: Shell) -> None:
    shell.patch.setenv("SEEN", "yes")
    shell.patch.setenv("HIDDEN", "no")
    script = "echo $SEEN $HIDDEN $MORE; pwd"
    text = shell.out("run", "--env-remove", "HID*", "--env", "MORE=x", "sh", "-c", script)
    assert text == f"yes x\n{shell.folder}\n"


def test_submit_prints_ids_and_can_wait(shell: Shell) -> None:
    ids = shell.out("submit", "--cc=0-2", "sh", "-c", "exit {cc}").split()
    assert len(ids) == 3
    assert all(map(ID.fullmatch, ids))
    run = shell("submit", "--wait", "--quiet", "--cc=0-2", "sh", "-c", "exit {cc}")
    assert (run.status, run.out) == (2, "")
    told = json.loads(shell.out("submit", "-o", "json", "true"))
    assert told["jobs"][0].keys() == {"id", "f58"}


def test_a_job_that_depends_waits_and_follows(shell: Shell) -> None:
    first = shell.submit("--urgency", "hold", "true")
    second = shell.submit("--dependency", f"afterok:{first}", "true")
    text = shell.out("jobs", "--why")
    assert f"{first}: held" in text
    assert f"{second}: waits for afterok:f{first[1:]}" in text
    shell.out("release", first)
    shell.until(second, "clean")
    assert shell.out("jobs", "-a", "-o", "{id} {status}", first, second).splitlines() == [
        f"{first} COMPLETED",
        f"{second} COMPLETED",
    ]


def test_attach_shows_a_job_that_has_ended(shell: Shell) -> None:
    assert shell("submit", "--wait", "sh", "-c", "echo hello; exit 4").status == 4
    jobid = shell.out("jobs", "-a", "-o", "{id}").split()[0]
    run = shell("attach", jobid)
    assert (run.status, run.out) == (4, "hello\n")


def test_output_may_go_to_a_file(shell: Shell) -> None:
    shell.out("run", "--output", "{{id}}.log", "sh", "-c", "echo here; echo there >&2")
    (log,) = shell.folder.glob("*.log")
    assert ID.fullmatch(log.stem)
    assert sorted(log.read_text().split()) == ["here", "there"]


def test_hold_urgency_cancel_kill(shell: Shell) -> None:
    whole = shell.submit("-N", "40", "-t", "1h", "sleep", "1000")
    shell.until(whole, "start")
    low, high = (
        shell.submit("-N", "40", "-t", "1h", "true"),
        shell.submit("-N", "1", "-t", "2h", "x"),
    )
    shell.out("urgency", low, "3")
    shell.out("hold", high)
    assert shell.out("jobs", "-f", "pending", "-o", "{id} {urgency} {state}").splitlines() == [
        f"{low} 3 SCHED",
        f"{high} 0 SCHED",
    ]
    assert shell.refused("release", low) == f"job {low} is not held"
    shell.out("cancel", high, "-m", "not needed")
    assert shell.out("jobs", "-o", "{exception} {result}", high) == "not needed CANCELED\n"
    shell.out("kill", "-s", "INT", whole)
    shell.until(whole, "clean")
    assert shell.out("jobs", "-o", "{returncode}", whole) == "130\n"
    assert shell.refused("kill", whole) == f"job {whole} is not running but INACTIVE"
    assert shell.out("cancel", "--all").startswith("cancelled: ")


def test_several_ids_one_of_them_wrong(shell: Shell) -> None:
    one, two = shell.submit("-N40", "sleep", "100"), shell.submit("-N40", "true")
    run = shell("cancel", one, "f1", two, "what")
    assert run.status == 1
    assert run.err.splitlines()[0] == "error: no job 0"
    assert "'what' is no job id" in run.err
    shell.until(two, "clean")


def test_updating_a_duration(shell: Shell) -> None:
    first = shell.submit("-N", "40", "-t", "2h", "sleep", "1000")
    shell.until(first, "start")
    shell.submit("-N", "40", "-t", "1h", "true")
    told = shell.out("update", first, "duration=-20m")
    assert told == (
        f"updated {first}: duration 2h -> 1h40m (later reservations moved earlier: 1)\n"
    )
    assert "its resources are taken by job" in shell.refused("update", first, "duration=+1h")
    shell.out("cancel", first)


def test_the_table(shell: Shell) -> None:
    jobid = shell.submit("-N", "2", "--job-name", "a-name-that-is-rather-long", "sleep", "1000")
    shell.until(jobid, "start")
    header, row = shell.out("jobs").splitlines()
    assert " ".join(header.split()) == "JOBID QUEUE USER NAME ST NTASKS NNODES TIME INFO"
    words = row.split()
    assert (words[0], words[3], words[4], words[6], words[8]) == (
        jobid,
        "a-name-that-is-rathe",
        "R",
        "2",
        "elk[0-1]",
    )
    assert shell.out("jobs", "-n").startswith(jobid)
    assert json.loads(shell.out("jobs", "-o", "json"))["jobs"][0]["f58"] == jobid
    assert shell.out("jobs", "--stats-only") == "1 running, 0 completed, 0 failed, 0 pending\n"
    assert "there is no field {nme} of a job" in shell.refused("jobs", "-o", "{nme}")
    assert "--filter 'up' is no state" in shell.refused("jobs", "-f", "up")


def test_a_job_ended_by_an_exception_has_all_fields_of_the_job_table(shell: Shell) -> None:
    shell("run", "-t", "1", "sleep", "100")
    (job,) = json.loads(shell.out("jobs", "-a", "-o", "json"))["jobs"]
    assert {
        *("id", "returncode", "runtime", "result", "urgency", "priority", "state", "name"),
        *("ntasks", "ncores", "duration", "nnodes", "ranks", "nodelist", "expiration"),
        *("waitstatus", "exception"),
    } <= job.keys()
    assert (job["result"], job["exception"]) == ("TIMEOUT", "it reached its time limit")


def test_watching(shell: Shell) -> None:
    jobid = shell.submit("--wait", "true")
    shell.out("job-event", jobid, "checkpoint", '{"step": 12}')
    lines = shell.out("watch", "--since", "0", "--count", "3").splitlines()
    assert [line.split()[3] for line in lines] == ["submit", "depend", "priority"]
    assert all(line.split()[2] == jobid for line in lines)
    events = [json.loads(line) for line in shell.out("watch", jobid, "-o", "json").splitlines()]
    assert events[-1]["name"] == "clean"
    run = shell.refused("job-event", jobid, "finish")
    assert run == "'finish' is no name for an event of one's own"


def test_columns() -> None:
    assert [clock(seconds) for seconds in (0, 2472, 90061)] == ["0:00:00", "0:41:12", "1-1:01:01"]
    assert [brief(seconds) for seconds in (0.0512, 75, 7200, 200000)] == [
        "0.0512s",
        "1.25m",
        "2h",
        "2.31d",
    ]
    line = compile_format("{{{name:>6}}} {state:<4.2}|")
    assert line({"name": "x", "state": "SCHED"}) == "{     x} SC  |"
    with pytest.raises(InputError, match="there is no field"):
        compile_format("{__class__}")
