"""The evidence of what was run: an append-only file that outlives instance and keeper."""

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from fluxion_py.execution.orders import Began, Booted, Ended, Processes, Record

KEPT_ENDED = 20_000
"""Ends that are remembered; an instance has committed them long before they are dropped."""

MAX_BYTES = 16 * 2**20
"""The size at which the file is written anew."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode


class Evidence:
    """The file, locked by one keeper. `since`: what began later is in it for sure.

    A written line survives SIGKILL of everybody, not a crash of the machine: there the boot id
    tells that the evidence begins anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        lock = path.with_suffix(".lock")
        self._lock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.began: dict[str, Began] = {}
        self.ended: dict[str, Ended] = {}
        self.processes: dict[str, list[tuple[int, int]]] = {}
        self.boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        self.since = -1.0
        self._size = 0
        self._read()

    def begin(self, now: float) -> None:
        """Write that the evidence is complete from now on, unless it is already."""
        if self.since < 0:
            self.since = now
            self._write(Booted(self.boot, now))

    def add(self, record: Record) -> None:
        """Write a record. Raises `OSError`; then it is not in the file."""
        self._write(record)
        self._take(record)
        if self._size > MAX_BYTES:
            with suppress(OSError):
                self._write_anew()

    def _read(self) -> None:
        data = os.pread(self._file, os.fstat(self._file).st_size, 0)
        whole = data.rfind(b"\n") + 1
        for line in data[:whole].splitlines():
            with suppress(msgspec.DecodeError):  # half a line of a killed keeper
                self._take(_decode(line))
        os.ftruncate(self._file, whole)
        self._size = whole

    def _take(self, record: Record) -> None:
        if isinstance(record, Booted):
            self.since = record.time if record.boot == self.boot else -1.0
        elif isinstance(record, Began):
            self.began[record.key] = record
            self.ended.pop(record.key, None)
            self.processes.pop(record.key, None)
        elif isinstance(record, Processes):
            self.processes[record.key] = record.processes
        else:
            self.began.pop(record.key, None)
            self.processes.pop(record.key, None)
            self.ended[record.key] = record

    def _write(self, record: Record) -> None:
        line = _encode(record) + b"\n"
        written = os.pwrite(self._file, line, self._size)
        if written < len(line):
            os.ftruncate(self._file, self._size)
            raise OSError(28, "No space left on device")
        self._size += written

    def _write_anew(self) -> None:
        """Write what still matters into a new file, and put that in place of the old one."""
        for key in list(self.ended)[:-KEPT_ENDED]:
            del self.ended[key]
        scratch = self.path.with_suffix(".new")
        lines = b"".join(_encode(record) + b"\n" for record in self._records())
        scratch.write_bytes(lines)
        scratch.replace(self.path)
        os.close(self._file)
        self._file = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        self._size = len(lines)

    def _records(self) -> Iterable[Record]:
        yield Booted(self.boot, self.since)
        yield from self.ended.values()
        for key, began in self.began.items():
            yield began
            if key in self.processes:
                yield Processes(key, self.processes[key])
