"""Instances as processes: kill -9 at any depth, orders over the socket, and what users type."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from fluxion_py import FluxionError, Jobspec
from fluxion_py.server.client import Client
from tests.console.driver import ELK, PATIENCE, Shell

LADDER = """#!/bin/sh
# Makes an instance in each instance, and runs a job that notes itself beside it.
if [ $1 -gt 0 ]; then fluxion batch -N $1 --job-name depth$1 "$0" $(($1 - 1)) >/dev/null; fi
fluxion submit --quiet -n 1 sh -c 'echo $$ >>FOLDER/ran; exec sleep 1000'
exec sleep 1000
"""


@pytest.fixture
def alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.chdir(tmp_path)
    for name in ("FLUXION_URI", "FLUXION_GRAPH", "FLUXION_R", "FLUX_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    bin = Path(os.sys.executable).parent  # type: ignore[attr-defined]
    monkeypatch.setenv("PATH", f"{bin}:{os.environ['PATH']}")
    return Shell(tmp_path, capsys, monkeypatch)


@pytest.fixture
def shell(alone: Shell) -> Iterator[Shell]:
    """An instance on the 40 nodes of elk, and a script that makes a ladder of instances."""
    copy(ELK, alone.folder / "elk.yaml")
    ladder = alone.folder / "ladder.sh"
    ladder.write_text(LADDER.replace("FOLDER", str(alone.folder)))
    ladder.chmod(0o755)
    alone.start("-L", "elk.yaml", "--grace", "1s")
    yield alone
    alone("shutdown", "--kill")


def tree(shell: Shell) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell.out("pstree", "-o", "json"))
    return found


def chain(shell: Shell) -> list[dict[str, Any]]:
    """The instances from the root down, each the only child of the one above."""
    found = [tree(shell)]
    while found[-1]["children"]:
        found.append(found[-1]["children"][0])
    return found


def until(reached: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not reached():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return " Z " not in stat


def ran(shell: Shell) -> list[int]:
    file = shell.folder / "ran"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def climb(shell: Shell, depth: int) -> list[dict[str, Any]]:
    """Make a ladder and wait for all of it."""
    shell.out(
        "batch", "-N", str(depth), "--job-name", f"depth{depth}", "./ladder.sh", str(depth - 1)
    )
    until(lambda: len(ran(shell)) == depth, "the ladder does not stand")
    until(lambda: len(chain(shell)) == depth + 1, "the ladder is not seen")
    return chain(shell)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [1, 2, 3])
def test_a_killed_child_frees_its_subtree_and_nothing_else(shell: Shell, victim: int) -> None:
    """SIGKILL of an instance at any depth: below it all ends, above it the nodes are free again."""
    found = climb(shell, 3)
    pids = ran(shell)  # one at each depth
    os.kill(_pid(shell, found, victim), signal.SIGKILL)
    killed = time.monotonic()
    until(lambda: len(chain(shell)) == victim, "those below are still there")
    until(lambda: sum(map(alive, pids)) == victim - 1, "processes are left")
    took = time.monotonic() - killed
    assert took < 5, f"{took:.1f} s"  # usually 0.3 s; this machine may be busy
    with Client(found[victim - 1].get("uri") or None) as above:
        assert above.call("numbers")["failed"] == 1
        nodes = above.call("resources")
    assert sum(bool(node["jobs"]) for node in nodes) == (victim > 1)  # its own noted job
    assert len(ran(shell)) == 3  # nothing ran again


@pytest.mark.slow
def test_a_killed_root_ends_all_and_its_next_life_has_everything_back(shell: Shell) -> None:
    climb(shell, 3)
    pids = ran(shell)
    os.kill(shell.pid, signal.SIGKILL)
    until(lambda: not any(map(alive, pids)), "processes are left")
    shell.start("--recovery")
    until(lambda: "running" not in _states(shell), "its job still runs")
    groups = json.loads(shell.out("resource", "list", "-o", "json"))
    assert (groups["free"]["nnodes"], groups["allocated"]["nnodes"]) == (40, 0)
    assert len(ran(shell)) == 3


def test_children_live_through_a_planned_restart_of_the_root(shell: Shell) -> None:
    """As all jobs do; they are found again, and then a kill of the root ends them as ever."""
    found = climb(shell, 2)
    pids = ran(shell)
    with Client(found[1]["uri"]) as child:
        shell.out("shutdown")
        until(lambda: not (shell.folder / "fluxion.pid").exists(), "the root is still there")
        jobid = child.submit(Jobspec.from_command(["true"]))
        watch = child.watch(jobid, since=0)
        names = [event["name"] for _, event in watch]
        assert names[-1] == "clean"
        with pytest.raises(FluxionError, match="the instance above is about to come back"):
            child.call("resize", size=3)
        shell.start("--recovery", "--grace", "1s")
        until(lambda: len(chain(shell)) == 3, "the child is not found again")
        assert [level["uri"] for level in chain(shell)[1:]] == [f["uri"] for f in found[1:]]
        assert ran(shell) == pids
        assert all(map(alive, pids))
        shell.out("resource", "drain", "elk0", "a", "fan")
        until(lambda: any(n["reason"] for n in child.call("resources")), "it hears no orders")
        assert child.call("resize", size=3) == "growing 2 -> 3: ranks 2"
    os.kill(shell.pid, signal.SIGKILL)
    until(lambda: not any(map(alive, pids)), "processes are left")
    shell.start("--recovery")
    until(lambda: "running" not in _states(shell), "its job still runs")


def test_a_child_answers_while_its_parent_thinks_about_more(shell: Shell) -> None:
    found = climb(shell, 1)
    os.kill(shell.pid, signal.SIGSTOP)
    try:
        with Client(found[1]["uri"]) as asking, Client(found[1]["uri"]) as other:
            number = asking._ask("resize", {"size": 2, "requeue": False})
            asking._send()
            for _ in range(3):
                assert len(other.call("resources")) == 1
            jobid = other.submit(Jobspec.from_command(["true"]))
            assert [e["name"] for _, e in other.watch(jobid, since=0)][-1] == "clean"
            os.kill(shell.pid, signal.SIGCONT)
            assert asking._wait(number) == "growing 1 -> 2: ranks 1"
    finally:
        os.kill(shell.pid, signal.SIGCONT)


def test_a_batch_script_is_in_an_instance_of_its_own(shell: Shell) -> None:
    """Journey 5: ranks from 0, the parent sees one job, hears twice of it, and gets all back."""
    script = shell.folder / "run.sh"
    script.write_text(
        "#!/bin/sh\nfluxion resource list\nfluxion run -n 2 echo inside\n"
        "fluxion resource resize 3\nfluxion resource resize 1\n"
        "fluxion submit -N 41 true\nfluxion submit -t 2h true\nfluxion resource resize 41\n"
        "fluxion jobs --stats-only -a\n"
    )
    script.chmod(0o755)
    shell.submit("-N", "1", "sleep", "1000")
    jobid = shell.out(
        "batch", "-N", "2", "-t", "1h", "--output", "out", "--conf", "queue-policy=fcfs", "./run.sh"
    ).strip()
    shell.until(jobid, "clean")
    out = (shell.folder / "out").read_text().splitlines()
    assert out[1].split() == ["free", "2", "72", "0", "elk[1-2]"]
    assert out[4:6] == ["inside", "inside"]
    assert out[6] == "growing 2 -> 3: ranks 2"
    assert out[7].startswith("shrinking 3 -> 1: removing ranks 2,1")
    assert out[8].startswith("error: never: needs 41 nodes; elk has 1 (that is")
    assert out[8].endswith("(that is instance run.sh at depth 1; its parent may grant more)")
    assert out[9].startswith("error: never: needs 7200 s; instance run.sh at depth 1 ends in ")
    assert out[10] == "error: size must be between 1 and 40"
    with Client() as client:
        overview = client.call("overview")
        events = [event for _, event in client_events(client, jobid)]
    assert overview["children"] == []
    assert overview["calls_from_children"] == 4  # claim, grow, give back, goodbye
    (goodbye,) = [event for event in events if event["name"] == "goodbye"]
    assert goodbye["context"] == {"pending": 0, "running": 0, "completed": 1, "failed": 0}
    (row,) = [job for job in _jobs(shell) if job["f58"] == jobid]
    assert (row["result"], row["returncode"]) == ("COMPLETED", 0)


def client_events(client: Client, jobid: str) -> Iterator[tuple[int, dict[str, Any]]]:
    yield from client.watch(jobid, since=0)


def test_alloc_ends_as_its_command_and_gives_everything_back(shell: Shell) -> None:
    done = shell.process("alloc", "-n", "3", "sh", "-c", "fluxion run -n 3 echo hi; exit 5")
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (5, ["hi"] * 3, "")
    until(lambda: "running" not in _states(shell), "the allocation is still there")
    assert "no-such-program" in shell.process("alloc", "-n", "1", "no-such-program").stderr


def test_drains_reach_a_process_and_its_cancel_ends_it(shell: Shell) -> None:
    found = climb(shell, 2)
    shell.out("resource", "drain", "elk0", "a", "fan")
    for depth in (1, 2):
        uri = found[depth]["uri"]

        def drained(uri: str = uri) -> bool:
            with Client(uri) as client:
                return any(node["reason"] == "a fan" for node in client.call("resources"))

        until(drained, f"depth {depth} gives out a drained node")
    pids = ran(shell)
    shell.out("cancel", found[1]["f58"])
    until(lambda: not any(map(alive, pids)), "processes are left")
    until(lambda: not tree(shell)["children"], "the child is still seen")


def test_one_instance_for_each_node(shell: Shell) -> None:
    script = shell.folder / "part.sh"
    script.write_text(f"#!/bin/sh\nfluxion resource list | sed -n 2p >>{shell.folder}/parts\n")
    script.chmod(0o755)
    jobid = shell.out("batch", "-N", "3", "--per-node", "./part.sh").strip()
    shell.until(jobid, "clean")
    lines = (shell.folder / "parts").read_text().splitlines()
    assert sorted(line.split()[-1] for line in lines) == ["elk0", "elk1", "elk2"]
    assert {tuple(line.split()[:4]) for line in lines} == {("free", "1", "36", "0")}


def test_a_second_instance_on_the_same_job_is_refused_in_one_line(shell: Shell) -> None:
    jobid = shell.submit("--output", "out", "-n", "2", "-N", "1", "fluxion", "start", "sleep", "2")
    shell.until(jobid, "clean")
    (line,) = (shell.folder / "out").read_text().splitlines()
    assert line.startswith(f"error: the instance above gives {jobid} no grant: /elk/rack0/elk0/")
    assert line.endswith(f"is given to the instance fluxion on {jobid} already")


def test_bad_input_is_one_line(alone: Shell) -> None:
    copy(ELK, alone.folder / "elk.yaml")
    assert "no instance at" in alone.refused("pstree")
    assert "there is no script" in alone.refused("batch", "-n", "1")
    assert "--conf colour=red" in alone.refused("batch", "--conf", "colour=red", "x")
    assert "--per-node needs -N" in alone.refused("batch", "--per-node", "x")
    assert "is no number of seconds" in alone.refused("top", "--interval", "0")
    assert "for a task of a job" in alone.refused("start", "--part", "node", "true")
    told = alone.refused("start", "-L", "elk.yaml", "--size", "41", "true")
    assert told == "size must be between 1 and 40"
    told = alone.refused("start", "-L", "elk.yaml", "--max-size", "41", "true")
    assert told == "--max-size 41: the machine has 40 nodes"
    (alone.folder / "plain").write_text("")
    assert alone.refused("batch", "./plain") == "./plain: is not executable"


def test_nodes_that_are_all_this_computer(alone: Shell) -> None:
    """Row E-08: an initial program, pretended nodes, the exit status of the program."""
    done = alone.process(
        "start", "--test-size=4", "--", "sh", "-c", "fluxion run -N4 hostname|wc -l"
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "4", "")
    assert alone.process("start", "--test-size=2", "--", "sh", "-c", "exit 7").returncode == 7
    refused = alone.process("start", "--test-size=10001", "true")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert alone.refused("start", "--test-size", "2", "-L", "x", "true").startswith(
        "--test-size and"
    )


def test_the_sizes_of_journey_7(alone: Shell) -> None:
    copy(ELK, alone.folder / "elk.yaml")
    alone.start("-L", "elk.yaml", "--size", "8", "--max-size", "10", "--grace", "1s")
    busy = alone.submit("-N", "5", "sleep", "1000")
    alone.until(busy, "start")
    assert alone.out("resource", "resize", "3").strip() == (
        "shrinking 8 -> 3: removing ranks 7,6,5,4,3 (rank 0 is never removed); "
        "waiting for 1 job on rank 4,3 (--requeue to move it)"
    )
    for size in ("0", "11"):
        assert alone.refused("resource", "resize", size) == "size must be between 1 and 10"
    assert alone.refused("submit", "-N", "11", "true", status=19).startswith("never: ")
    assert alone.out("resource", "resize", "10").startswith("growing 3 -> 10: ranks 3,4,5,6,7,8,9")
    alone("shutdown", "--kill")


def test_top_shows_use_by_depth(shell: Shell) -> None:
    climb(shell, 2)
    table = shell.out("top", "--once").splitlines()
    assert table[0].split()[:3] == ["INSTANCE", "JOBID", "NODES"]
    assert any(line.startswith("depth 1: 1 instances") for line in table)
    levels = tree(shell)["levels"]
    assert [(level["instances"], level["cores"]) for level in levels] == [
        (1, 1440),
        (1, 72),
        (1, 36),
    ]
    assert all(level["cores_used"] for level in levels)
    names = shell.out("pstree", "--details=names").splitlines()
    assert names == ["fluxion", "└── depth2", "    └── depth1"]


def _pid(shell: Shell, found: list[dict[str, Any]], depth: int) -> int:
    with Client(found[depth]["uri"]) as client:
        return int(client.call("info")["pid"])


def _jobs(shell: Shell) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shell.out("jobs", "-a", "-o", "json"))["jobs"]
    return found


def _states(shell: Shell) -> set[str]:
    return {"running" if job["state"] in ("RUN", "CLEANUP") else "no" for job in _jobs(shell)}
