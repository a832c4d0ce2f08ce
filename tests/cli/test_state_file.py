"""The state file: atomic, locked, and refused when it is not a state of this graph."""

import errno
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from fluxion_py.cli import state_file
from fluxion_py.cli.state_file import StateError, StateFile, file_lock, replace_file
from tests.cli.driver import Tool
from tests.conftest import ROOT

KEPT = ("-L", "elk.json", "--state", "elk.state")
PROGRAM = "import sys; from fluxion_py.cli import main; sys.exit(main(sys.argv[1:]))"


def booked(tool: Tool) -> str:
    """Make a state with one job and return its text."""
    tool.out("allocate", *KEPT, "-N", "3", "-t", "60")
    return Path("elk.state").read_text()


# Name: how the text of a good state is changed, and what the refusal begins with.
DAMAGES: dict[str, tuple[Callable[[str], str], str]] = {
    "torn": (lambda text: text[: len(text) // 2], "is no complete JSON, so it is no state file"),
    "emptied": (lambda text: "", "is empty, so it is no state file"),
    "zeros": (lambda text: "\x00" * 100, "is no complete JSON"),
    "deep": (lambda text: "[" * 100_000, "is no complete JSON"),
    "object": (lambda text: "{}", "is not a state file of fluxion-match"),
    "graph": (lambda text: '{"graph": {"nodes": []}}', "is not a state file"),
    "list": (lambda text: "[1, 2]", "is not a state file"),
    "newer": (lambda text: text.replace('"version": 1', '"version": 2', 1), "has state version 2;"),
    "no state": (lambda text: text.replace('"state": {', '"x": {', 1), "is a damaged state file"),
    "no jobs": (lambda text: text.replace('"jobs": [', '"x": [', 1), ""),
    "wrong job": (lambda text: text.replace('"jobs": [', '"jobs": [7, ', 1), ""),
    "wrong policy": (lambda text: text.replace('"low"', '"best"', 1), ""),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_or_foreign_state_is_refused_and_left_alone(tool: Tool, name: str) -> None:
    damage, message = DAMAGES[name]
    good = booked(tool)
    text = damage(good)
    assert text != good
    Path("elk.state").write_text(text)
    for words in (("allocate", "-N", "1"), ("jobs",), ("cancel", "1")):
        assert tool.refused(words[0], *KEPT, *words[1:]).startswith(f"elk.state: {message}")
    assert Path("elk.state").read_text() == text


def test_a_state_of_another_graph_is_refused(tool: Tool) -> None:
    before = booked(tool)
    other = ("-L", str(ROOT / "resources" / "tiny.yaml"), "--state", "elk.state")
    assert tool.refused("allocate", *other, "-N", "1").startswith("elk.state: ")
    assert Path("elk.state").read_text() == before


def test_the_recipe_and_its_jgf_are_the_same_graph(tool: Tool) -> None:
    booked(tool)
    line = tool.out("allocate", "-L", "elk.yaml", "--state", "elk.state", "-N", "1", "-q")
    assert line.startswith("JOBID=2 ALLOCATED elk3 ")


def test_a_state_keeps_the_way_of_matching(tool: Tool) -> None:
    tool.out("allocate", *KEPT, "-P", "high", "-N", "1")
    assert "elk38 " in tool.out("allocate", *KEPT, "-N", "1", "-q")
    assert "elk37 " in tool.out("allocate", *KEPT, "-P", "high", "-N", "1", "-q")
    line = tool.refused("allocate", *KEPT, "-P", "low", "-N", "1")
    assert line == "elk.state: --policy low does not go with this state, which was begun with high"
    assert "elk.state: --traverser" in tool.refused(
        "allocate", *KEPT, "--traverser", "flexible", "-N", "1"
    )


def test_a_saved_state_gives_the_answers_of_one_long_session(tool: Tool) -> None:
    requests = ["slot=3/core=5", "slot=1/socket", "slot=2/node", "slot=7/core=1"] * 3
    session = "".join(f"match allocate j{number}\n" for number in range(len(requests)))
    singles = []
    for number, shape in enumerate(requests):
        text = tool.out("allocate", "-L", "elk.json", shape, "-t", "60", "--dry-run", "--", "app")
        tool.put(f"j{number}", text)
        singles.append(tool.out("allocate", *KEPT, f"j{number}", "-F", "simple", "-P", "first"))
    together = tool.out("shell", "-L", "elk.json", "-P", "first", stdin=session)
    alone = [line for line in together.splitlines(keepends=True) if "INFO" not in line]
    assert "".join(alone) == "".join(singles)


def test_a_link_to_a_state_stays_a_link(tool: Tool) -> None:
    Path("real").mkdir()
    Path("elk.state").symlink_to("real/state")
    booked(tool)
    assert Path("elk.state").is_symlink()
    assert json.loads(Path("real/state").read_text())["version"] == 1


def test_the_mode_of_a_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(str(path), ["new"])
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


def test_a_failing_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="f: cannot be written: No space left on device"):
        replace_file(str(path), ["new"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]
    assert path.read_text() == "old"


def test_a_device_is_written_to_and_not_replaced(tool: Tool) -> None:
    tool.out("generate", "elk.yaml", "-o", os.devnull)
    assert Path(os.devnull).is_char_device()


def test_unusable_places_are_one_line(tool: Tool) -> None:
    line = tool.refused("allocate", "-L", "elk.json", "--state", "no/such", "-N", "1")
    assert line.startswith("no/such: cannot be locked with no/such.lock: No such file")
    line = tool.refused("generate", "elk.yaml", "-o", "no/such")
    assert line == "no/such: cannot be written: No such file or directory"


def test_the_lock_holds_others_off_and_is_gone_afterwards(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    program = (
        "import fcntl, os, sys\n"
        "lock = os.open(sys.argv[1] + '.lock', os.O_RDWR)\n"
        "try:\n    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError:\n    sys.exit(9)\n"
    )
    with StateFile(path).locked():
        done = subprocess.run([sys.executable, "-c", program, path], check=False)
        assert done.returncode == 9
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_left_by_a_killed_process_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / "state"
    Path(f"{path}.lock").touch()
    with file_lock(str(path)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_large_state_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_file, "MAX_BYTES", 10)
    (tmp_path / "s").write_text("x" * 11)
    with pytest.raises(StateError, match="is larger than 10 bytes"):
        StateFile(tmp_path / "s").read()


def test_forty_processes_never_book_twice(tool: Tool) -> None:
    """40 processes want a node each, 10 more find nothing: every node is given exactly once."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "allocate", *KEPT, "-N", "1", "-o", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(50)
    ]
    answers = [(*process.communicate(), process.returncode) for process in processes]
    assert Counter(status for _, _, status in answers) == {0: 40, 16: 10}
    assert {error for _, error, _ in answers} == {b""}
    granted = [json.loads(out) for out, _, status in answers if status == 0]
    assert sorted(answer["nodes"] for answer in granted) == sorted(f"elk{n}" for n in range(40))
    assert sorted(answer["id"] for answer in granted) == list(range(1, 41))
    jobs = json.loads(tool.out("jobs", *KEPT, "-o", "json"))
    kept = {job["id"]: job["nodes"] for job in jobs}
    assert kept == {answer["id"]: answer["nodes"] for answer in granted}


def test_processes_that_give_and_take_end_with_nothing_lost(tool: Tool) -> None:
    """Each process takes two nodes and gives them back, eight at once, in several rounds."""
    program = (
        "import io, json, sys, contextlib\n"
        "from fluxion_py.cli import main\n"
        "for _ in range(3):\n"
        "    out = io.StringIO()\n"
        "    with contextlib.redirect_stdout(out):\n"
        "        status = main(['allocate', *sys.argv[1:], '-N', '2', '-o', 'json'])\n"
        "    if status == 0:\n"
        "        jobid = str(json.loads(out.getvalue())['id'])\n"
        "        status = main(['cancel', *sys.argv[1:], jobid])\n"
        "    if status:\n        sys.exit(status)\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, *KEPT]) for _ in range(8)]
    assert [process.wait() for process in processes] == [0] * 8
    assert json.loads(tool.out("jobs", *KEPT, "-o", "json")) == []
    assert tool.out("allocate", *KEPT, "-N", "40", "-q").startswith("JOBID=25 ALLOCATED elk[0-39]")


def test_killed_processes_leave_a_whole_state(tool: Tool) -> None:
    """Whenever a process is killed, the state is that before or that after its booking.

    What it leaves behind is gone after the next booking: the fixture looks.
    """
    arguments = [sys.executable, "-c", PROGRAM, "allocate", *KEPT, "-N", "1", "-q"]
    for number in range(10):
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1 + 0.03 * number)
            process.kill()
    Path("elk.state.tmp").write_text("half of a state, written when the machine died")
    tool.out("allocate", *KEPT, "-N", "1")
    jobs = json.loads(tool.out("jobs", *KEPT, "-o", "json"))
    assert [job["id"] for job in jobs] == list(range(1, len(jobs) + 1))
    assert [job["nodes"] for job in jobs] == [f"elk{number}" for number in range(len(jobs))]
