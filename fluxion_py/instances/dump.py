"""Save an instance to one file, and start from it elsewhere (mission rows K-01 to K-03)."""

import hashlib
import os
import tarfile
import tempfile
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

from fluxion_py.instances.journal import Journal, JournalError

_JOURNAL, _SUMMARY = "journal.db", "dump.json"
_MAX_SUMMARY = 10_000


@dataclass(frozen=True, slots=True)
class Dumped:
    """What is in a dump: numbers of jobs that are not over, and the events 1 to `last`.

    `checksum` is the SHA-256 of the journal in it.
    """

    jobs: int
    running: int
    pending: int
    last: int
    checksum: str


def write_dump(
    journal: Journal, target: str | PathLike[str], *, running: int, pending: int
) -> Dumped:
    """Pack a copy of a journal with its checksum into a tar file, whole or not at all.

    Raises `JournalError`.
    """
    import msgspec

    folder = Path(target).absolute().parent
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".dump-") as scratch:
            copy = Path(scratch) / _JOURNAL
            journal.copy_to(copy)
            found = Dumped(running + pending, running, pending, journal.last, _checksum(copy))
            summary = Path(scratch) / _SUMMARY
            summary.write_bytes(msgspec.json.encode(found))
            packed = Path(scratch) / "dump.tar"
            with tarfile.open(packed, "w") as tar:
                tar.add(summary, _SUMMARY)
                tar.add(copy, _JOURNAL)
            with packed.open("rb") as file:
                os.fsync(file.fileno())
            packed.replace(target)
    except OSError as error:
        if isinstance(error, JournalError):
            raise
        raise JournalError(f"{fspath(target)} cannot be written: {error.strerror}") from None
    return found


def unpack_dump(source: str | PathLike[str], journal_path: str | PathLike[str]) -> Dumped:
    """Check a dump and put its journal into place; an existing journal is never overwritten.

    Raises `JournalError` for a damaged or foreign file.
    """
    import msgspec

    path = Path(journal_path)
    if path.exists():
        raise JournalError(f"{path} exists already; give the dump another place")
    try:
        with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".dump-") as scratch:
            copy = Path(scratch) / _JOURNAL
            with tarfile.open(source, "r:") as tar:
                found = msgspec.json.decode(_member(tar, _SUMMARY, _MAX_SUMMARY), type=Dumped)
                copy.write_bytes(_member(tar, _JOURNAL, None))
            if _checksum(copy) != found.checksum:
                raise JournalError(f"{fspath(source)} is damaged: the checksum is another")
            copy.replace(path)
    except (tarfile.TarError, msgspec.DecodeError, KeyError, EOFError):
        raise JournalError(f"{fspath(source)} is no dump of an instance, or damaged") from None
    except OSError as error:
        if isinstance(error, JournalError):
            raise
        raise JournalError(f"{fspath(source)} cannot be unpacked: {error.strerror}") from None
    return found


def _member(tar: tarfile.TarFile, name: str, limit: int | None) -> bytes:
    info = tar.getmember(name)
    if limit is not None and info.size > limit:
        raise KeyError(name)
    file = tar.extractfile(info)
    if file is None:
        raise KeyError(name)
    return file.read()


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
