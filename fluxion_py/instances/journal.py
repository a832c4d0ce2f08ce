"""The journal: an append-only log of events in one SQLite file, with checkpoints."""

import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from fluxion_py.errors import FluxionError
from fluxion_py.queues.events import Event

FORMAT = "1"
"""The layout of the tables below."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events (seq INTEGER PRIMARY KEY, jobid INTEGER NOT NULL, timestamp REAL NOT NULL,
                     name TEXT NOT NULL, context TEXT NOT NULL);
CREATE INDEX events_of_job ON events (jobid);
CREATE TABLE documents (jobid INTEGER, name TEXT, text TEXT NOT NULL, PRIMARY KEY (jobid, name))
                        WITHOUT ROWID;
CREATE TABLE jobs (jobid INTEGER PRIMARY KEY, active INTEGER NOT NULL, record BLOB NOT NULL);
"""

_READ_ONLY = "it cannot be written to (a read-only file or disk)"
_WAL_HEADER = 32
_FRAME_HEADER = 24


class JournalError(FluxionError, OSError):
    """The journal cannot be read or written; `str()` is one line and says what to do."""

    def __str__(self) -> str:
        """Return the line."""
        return str(self.args[0])


class Journal:
    """Events on disk. Nothing is durable before `commit`, everything after it.

    `path` may be ":memory:". One process at a time; others get a `JournalError`. `notes` are
    sentences about what was found damaged, `last` is the number of committed events.
    Without `sync` it survives this process, not a crash of the machine: for an instance whose jobs
    nobody would go on with.
    """

    def __init__(
        self, path: str | PathLike[str], *, create: bool = True, sync: bool = True
    ) -> None:
        self.path = fspath(path)
        self._sync = sync
        self._encode, self._decode = _codec()
        self.notes: list[str] = []
        self._events: list[Event] = []
        self._documents: list[tuple[int, str, str]] = []
        new = self.path == ":memory:" or not Path(self.path).exists()
        if new and not create:
            raise JournalError(f"there is no journal {self.path}")
        if not new:
            if not os.access(self.path, os.W_OK):
                raise JournalError(f"journal {self.path} cannot be opened: {_READ_ONLY}")
            self.notes += _torn_tail(self.path)
            if _too_short(self.path):
                raise self._damaged("its end")
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            try:
                self._open(new)
            except BaseException:
                self._db.close()
                raise
        except sqlite3.Error as error:
            raise self._problem(error, "opened") from None

    def _open(self, new: bool) -> None:
        run = self._db.execute
        run("PRAGMA busy_timeout=0")
        run("PRAGMA locking_mode=EXCLUSIVE")
        run("PRAGMA journal_mode=WAL")
        run(f"PRAGMA synchronous={'FULL' if self._sync else 'OFF'}")
        run("BEGIN IMMEDIATE")  # takes the lock, which stays
        if new or not run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in _TABLES.split(";"):
                run(statement)
            run("INSERT INTO meta VALUES ('format', ?), ('checkpoint', '0')", (FORMAT,))
        run("COMMIT")
        found = self.meta("format")
        if found != FORMAT:
            raise JournalError(f"{self.path} has format {found}; this program reads {FORMAT}")
        self.last: int = run("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]

    # ---- writing ----

    def append(self, events: Iterable[Event]) -> None:
        """Take events, in order, for the next commit. Nothing is written yet."""
        self._events.extend(events)

    def append_document(self, jobid: int, name: str, text: str) -> None:
        """Take a text of a job (`jobspec`, `R`, `plan`) for the next commit."""
        self._documents.append((jobid, name, text))

    def discard(self, jobids: Collection[int]) -> None:
        """Drop what was taken of some jobs since the last commit."""
        self._events = [event for event in self._events if event.jobid not in jobids]
        self._documents = [entry for entry in self._documents if entry[0] not in jobids]

    @property
    def waiting(self) -> bool:
        """Whether something was taken and not committed."""
        return bool(self._events or self._documents)

    def commit(self) -> list[tuple[int, Event]]:
        """Write and sync what was taken; return the events with their sequence numbers.

        Raises `JournalError`; then all that was taken is still there for another try.
        """
        if not self.waiting:
            return []
        numbered = list(enumerate(self._events, start=self.last + 1))
        rows = (
            (seq, event.jobid, event.timestamp, event.name, self._encode(event.context))
            for seq, event in numbered
        )
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
            self._db.executemany(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", self._documents
            )
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise self._problem(error, "written") from None
        self._events, self._documents = [], []
        self.last += len(numbered)
        return numbered

    def checkpoint(self, records: Iterable[tuple[int, bool, bytes]]) -> None:
        """Write the records (id, active, bytes) that changed since the last checkpoint.

        Everything must be committed. Raises `JournalError`; then the old checkpoint stands.
        """
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)", records)
            self._db.execute("UPDATE meta SET value=? WHERE key='checkpoint'", (str(self.last),))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise self._problem(error, "written") from None

    def set_meta(self, key: str, value: str) -> None:
        """Write a setting at once. Raises `JournalError`."""
        try:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
        except sqlite3.Error as error:
            raise self._problem(error, "written") from None

    # ---- reading ----

    def meta(self, key: str) -> str | None:
        """Return a setting."""
        found = self._rows("SELECT value FROM meta WHERE key=?", key)
        return next((str(value) for (value,) in found), None)

    def events(self, *, since: int = 0, jobid: int | None = None) -> Iterator[tuple[int, Event]]:
        """Go through the committed events after a sequence number, of all jobs or one."""
        columns = "SELECT seq, jobid, timestamp, name, context FROM events WHERE seq>?"
        if jobid is None:
            rows = self._rows(f"{columns} ORDER BY seq", since)
        else:
            rows = self._rows(f"{columns} AND jobid=? ORDER BY seq", since, jobid)
        for seq, job, timestamp, name, context in rows:
            try:
                yield seq, Event(job, timestamp, name, self._decode(context))
            except (ValueError, TypeError):
                raise self._damaged(f"event {seq}") from None

    def document(self, jobid: int, name: str) -> str | None:
        """Return a committed text of a job."""
        found = self._rows("SELECT text FROM documents WHERE jobid=? AND name=?", jobid, name)
        return next((str(text) for (text,) in found), None)

    def records(self, *, active: bool) -> Iterator[tuple[int, bytes]]:
        """Go through the records of the last checkpoint: by id, or the ended ones, last first."""
        order = "ORDER BY jobid" if active else "ORDER BY jobid DESC"
        yield from self._rows(f"SELECT jobid, record FROM jobs WHERE active=? {order}", int(active))

    def last_jobid(self) -> int:
        """Return the highest id of a job that an event names."""
        found = self._rows("SELECT coalesce(max(jobid), 0) FROM events")
        return next(int(number) for (number,) in found)

    def last_request(self) -> int:
        """Return the highest number of a request (documents `request-N` of job 0)."""
        found = self._rows(
            "SELECT coalesce(max(CAST(substr(name, 9) AS INTEGER)), 0) FROM documents "
            "WHERE jobid=0 AND name GLOB 'request-*'"
        )
        return next(int(number) for (number,) in found)

    def record(self, jobid: int) -> bytes | None:
        """Return the record of a job of the last checkpoint."""
        found = self._rows("SELECT record FROM jobs WHERE jobid=?", jobid)
        return next((bytes(record) for (record,) in found), None)

    def _rows(self, query: str, *values: int | str) -> Iterator[tuple[Any, ...]]:
        """Go through the rows of a query; a cursor of its own, so that writing may go on."""
        try:
            with closing(self._db.execute(query, values)) as cursor:
                while rows := cursor.fetchmany(1000):
                    yield from rows
        except sqlite3.Error as error:
            raise self._problem(error, "read") from None

    # ---- the file ----

    def copy_to(self, path: str | PathLike[str]) -> None:
        """Write a compact, consistent copy of what is committed. Raises `JournalError`."""
        try:
            self._db.execute("VACUUM INTO ?", (fspath(path),))
        except sqlite3.Error as error:
            raise self._problem(error, "copied") from None

    def close(self) -> None:
        """Let the file go. What was not committed is lost."""
        with suppress(sqlite3.Error):
            self._db.close()

    def _damaged(self, what: str) -> JournalError:
        return JournalError(
            f"journal {self.path} is damaged ({what}); `salvage` copies what can be read"
        )

    def _problem(self, error: sqlite3.Error, done: str) -> JournalError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        told = {
            sqlite3.SQLITE_FULL: "the disk is full; make room, nothing that was accepted is lost",
            sqlite3.SQLITE_READONLY: _READ_ONLY,
            sqlite3.SQLITE_CANTOPEN: "the file or its folder cannot be opened for writing",
            sqlite3.SQLITE_BUSY: "another instance is using it",
            sqlite3.SQLITE_NOTADB: "it is no journal",
            sqlite3.SQLITE_CORRUPT: "it is damaged; `salvage` copies what can be read",
        }.get(code, str(error))
        return JournalError(f"journal {self.path} cannot be {done}: {told}")


def _codec() -> tuple[Callable[[Mapping[str, Any]], str], Callable[[str], dict[str, Any]]]:
    """Return what writes and reads a context; wrong text raises `ValueError`."""
    import msgspec

    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(dict[str, Any]).decode
    return lambda context: encode(dict(context)).decode(), decode


def salvage(path: str | PathLike[str], target: str | PathLike[str]) -> int:
    """Copy the events and documents that a damaged journal still gives into a new one.

    Returns the number of the last event; events are taken up to the first that cannot be read.
    Raises `JournalError` if nothing can be read, or if `target` exists.
    """
    if Path(target).exists():
        raise JournalError(f"{fspath(target)} exists already")
    if not Path(path).exists():
        raise JournalError(f"there is no journal {fspath(path)}")
    events = _readable(path, "SELECT seq, jobid, timestamp, name, context FROM events ORDER BY seq")
    documents = _readable(path, "SELECT jobid, name, text FROM documents")
    if not events:
        raise JournalError(f"nothing can be read from {fspath(path)}")
    journal = Journal(target)
    with suppress(ValueError, TypeError):
        for seq, jobid, timestamp, name, context in events:
            if seq != len(journal._events) + 1:
                break
            journal.append([Event(jobid, timestamp, name, journal._decode(context))])
    for jobid, name, text in documents:
        journal.append_document(jobid, name, text)
    journal.commit()
    journal.close()
    return journal.last


def _readable(path: str | PathLike[str], query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query up to the first that cannot be read."""
    rows = []
    with suppress(sqlite3.Error), closing(sqlite3.connect(fspath(path))) as db:
        for row in db.execute(query):
            rows.append(row)  # noqa: PERF402 - what came before an error is kept
    return rows


def _too_short(path: str) -> bool:
    """Say whether a file without a log has fewer bytes than its header says."""
    if Path(f"{path}-wal").exists():
        return False
    with open(path, "rb") as file:
        header = file.read(32)
    pages = int.from_bytes(header[28:32], "big")
    page = int.from_bytes(header[16:18], "big")
    size = os.path.getsize(path)
    if not header.startswith(b"SQLite format 3\0"):
        return 0 < size < 32
    return size < pages * (65536 if page == 1 else page)


def _torn_tail(path: str) -> list[str]:
    """Return a sentence if the write-ahead log ends in the middle of a write."""
    wal = Path(f"{path}-wal")
    if not wal.exists() or wal.stat().st_size == 0:
        return []
    with wal.open("rb") as file:
        header = file.read(_WAL_HEADER)
    page = int.from_bytes(header[8:12], "big") or 65536
    size = wal.stat().st_size
    torn = size if len(header) < _WAL_HEADER else (size - _WAL_HEADER) % (page + _FRAME_HEADER)
    if not torn:
        return []
    return [f"the last {torn} bytes of {wal.name} are half a write, which was never confirmed"]
