"""Save an instance to one file, and start from it elsewhere (mission rows K-01 to K-03)."""

from dataclasses import dataclass
from os import PathLike


@dataclass(frozen=True, slots=True)
class Dumped:
    """What is in a dump: counts of jobs, and the events 1 to `last`."""

    jobs: int
    running: int
    pending: int
    last: int
    checksum: str


def write_dump(journal_path: str | PathLike[str], target: str | PathLike[str]) -> Dumped:
    """Pack a copy of a journal with its checksum into a tar file, whole or not at all.

    Raises `JournalError`.
    """
    raise NotImplementedError


def unpack_dump(source: str | PathLike[str], journal_path: str | PathLike[str]) -> Dumped:
    """Check a dump and put its journal into place; an existing journal is never overwritten.

    Raises `JournalError` for a damaged or foreign file.
    """
    raise NotImplementedError
