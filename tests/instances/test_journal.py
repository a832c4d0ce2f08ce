"""The journal: what was committed is there again, whatever happens to the process or the file."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fluxion_py.instances.journal import Journal, JournalError, salvage
from fluxion_py.queues.events import Event


def event(number: int) -> Event:
    return Event(number, float(number), "memo", {"number": number})


def fill(path: Path, commits: int = 8) -> Journal:
    """A journal that is still open, so that its log is not yet folded into the file."""
    journal = Journal(path)
    for number in range(1, commits + 1):
        journal.append([event(number)])
        journal.append_document(number, "R", f"text {number}")
        journal.commit()
    return journal


def numbers(journal: Journal) -> list[int]:
    return [found.jobid for _, found in journal.events()]


def test_what_was_committed_is_there_again(tmp_path: Path) -> None:
    journal = fill(tmp_path / "j.db")
    journal.append([event(99)])
    journal.close()
    again = Journal(tmp_path / "j.db")
    assert numbers(again) == list(range(1, 9))
    assert again.document(3, "R") == "text 3"
    assert [found for _, found in again.events(jobid=3)] == [event(3)]
    assert [seq for seq, _ in again.events(since=6)] == [7, 8]
    assert again.last == 8
    again.close()


def test_a_second_process_is_told(tmp_path: Path) -> None:
    journal = fill(tmp_path / "j.db")
    with pytest.raises(JournalError, match="another instance is using it"):
        Journal(tmp_path / "j.db")
    journal.close()


def log_cuts(size: int) -> list[int]:
    """Every byte if FLUXION_EVERY_BYTE is set, else every 401st and those around frames."""
    if os.environ.get("FLUXION_EVERY_BYTE"):
        return list(range(size + 1))
    frames = range(32, size + 1, 4096 + 24)
    near = {cut + off for cut in frames for off in (-1, 0, 1, 23, 24, 25)}
    return sorted(cut for cut in {*range(0, size, 401), *near, size} if 0 <= cut <= size)


def test_a_log_cut_at_any_byte_gives_the_commits_before_it(tmp_path: Path) -> None:
    journal = fill(tmp_path / "j.db")
    data = (tmp_path / "j.db").read_bytes()
    log = (tmp_path / "j.db-wal").read_bytes()
    journal.close()
    found = []
    for cut in log_cuts(len(log)):
        path = tmp_path / "torn.db"
        path.write_bytes(data)
        Path(f"{path}-wal").write_bytes(log[:cut])
        torn = Journal(path)
        assert numbers(torn) == list(range(1, torn.last + 1))
        assert all(torn.document(number, "R") for number in numbers(torn))
        whole_frames = cut == 0 or (cut >= 32 and (cut - 32) % 4120 == 0)
        assert bool(torn.notes) != whole_frames
        found.append(torn.last)
        torn.append([event(50)])
        torn.commit()
        torn.close()
        path.unlink()
        Path(f"{path}-wal").unlink(missing_ok=True)
    assert found == sorted(found)
    assert found[-1] == 8


def test_a_file_that_lost_its_end_is_told(tmp_path: Path) -> None:
    fill(tmp_path / "j.db", 100).close()
    data = (tmp_path / "j.db").read_bytes()
    for cut in range(1, len(data), 1500):
        path = tmp_path / "cut.db"
        path.write_bytes(data[:cut])
        with pytest.raises(JournalError, match=r"is damaged|is no journal"):
            Journal(path)


def test_salvage_copies_what_a_damaged_file_still_gives(tmp_path: Path) -> None:
    fill(tmp_path / "j.db", 300).close()
    data = bytearray((tmp_path / "j.db").read_bytes())
    page = data.find(b'{"number":250}') // 4096 * 4096
    data[page : page + 4096] = bytes(4096)
    (tmp_path / "j.db").write_bytes(data)
    last = salvage(tmp_path / "j.db", tmp_path / "new.db")
    saved = Journal(tmp_path / "new.db")
    assert 100 < last == saved.last < 250
    assert numbers(saved) == list(range(1, last + 1))
    saved.close()
    with pytest.raises(JournalError, match="exists already"):
        salvage(tmp_path / "j.db", tmp_path / "new.db")


def test_a_full_disk_is_told_and_the_rest_is_kept_for_another_try(tmp_path: Path) -> None:
    journal = fill(tmp_path / "j.db")
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count={pages}")
    journal.append([Event(10, 0.0, "memo", {"text": "x" * 50_000})])
    with pytest.raises(JournalError, match="the disk is full"):
        journal.commit()
    assert numbers(journal) == list(range(1, 9))
    journal._db.execute("PRAGMA max_page_count=100000")
    assert [seq for seq, _ in journal.commit()] == [9]
    journal.close()


def test_a_file_that_may_not_grow_is_told(tmp_path: Path) -> None:
    """The operating system refuses to write (RLIMIT_FSIZE); what was there can be read."""
    fill(tmp_path / "j.db").close()
    code = (
        "import resource, signal, sys\n"
        "from fluxion_py.instances.journal import *\n"
        "from fluxion_py.queues.events import Event\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "journal = Journal(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "journal.append([Event(9, 0.0, 'memo', {'text': 'x' * 100000})])\n"
        "try: journal.commit()\n"
        "except JournalError as error: print(error, journal.last)\n"
        "print([event.jobid for _, event in journal.events()])\n"
    )
    told = run(code, tmp_path / "j.db")
    assert "cannot be written" in told[0]
    assert told[1] == "[1, 2, 3, 4, 5, 6, 7, 8]"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_journal_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    folder = Path("/tmp/fluxion-readonly-test")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755)
    try:
        fill(folder / "j.db").close()
        code = (
            "import msgspec, os, sys\n"  # nobody may not read where it is installed
            "from fluxion_py.instances.journal import *\n"
            "os.setuid(65534)\n"
            "try: Journal(sys.argv[1])\n"
            "except JournalError as error: print(error)\n"
        )
        told = run(code, folder / "j.db")
    finally:
        shutil.rmtree(folder)
    assert len(told) == 1
    assert told[0].startswith(f"journal {folder}/j.db cannot be opened: it cannot be written to")


def test_something_else_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello " * 1000)
    with pytest.raises(JournalError, match="it is no journal"):
        Journal(tmp_path / "text")
    with closing_connection(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE t (a)")
    with pytest.raises(JournalError):
        Journal(tmp_path / "other.db")
    with pytest.raises(JournalError, match="there is no journal"):
        Journal(tmp_path / "absent.db", create=False)


def closing_connection(path: Path) -> "closing[sqlite3.Connection]":

    return closing(sqlite3.connect(path))


def run(code: str, path: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()
