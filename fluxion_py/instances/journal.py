"""The journal: an append-only log of events in one SQLite file, with checkpoints."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike

from fluxion_py.errors import FluxionError
from fluxion_py.queues.events import Event

CHECKPOINT_EVERY = 50_000
"""Events after which the changed records are written, so that a replay is bounded."""


class JournalError(FluxionError, OSError):
    """The journal cannot be read or written; `str()` is one line and says what to do."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found: events 1 to `last`, and sentences about what is damaged."""

    last: int
    notes: tuple[str, ...] = ()


class Journal:
    """Events on disk. Nothing is durable before `commit`, everything after it.

    One process at a time; others get a `JournalError`.
    """

    def __init__(self, path: str | PathLike[str], *, create: bool = True) -> None:
        raise NotImplementedError

    def append(self, events: Iterable[Event]) -> None:
        """Take events, in order, for the next commit. Nothing is written yet."""
        raise NotImplementedError

    def append_document(self, jobid: int, name: str, text: str) -> None:
        """Take a text of a job (`jobspec`, `R`) for the next commit."""
        raise NotImplementedError

    def discard(self) -> None:
        """Drop everything that was taken since the last commit."""
        raise NotImplementedError

    def commit(self) -> int:
        """Write and sync what was taken; return the last sequence number.

        Raises `JournalError`; then all that was taken is still there for another try.
        """
        raise NotImplementedError

    def events(self, *, since: int = 0, jobid: int | None = None) -> Iterator[tuple[int, Event]]:
        """Go through the committed events after a sequence number, of all jobs or one."""
        raise NotImplementedError

    def document(self, jobid: int, name: str) -> str | None:
        """Return a text of a job."""
        raise NotImplementedError

    def checkpoint(self, records: Iterable[tuple[int, bytes]]) -> None:
        """Write the records of the jobs that changed since the last checkpoint."""
        raise NotImplementedError

    def records(self) -> Iterator[tuple[int, bytes]]:
        """Go through the records of the last checkpoint, by id."""
        raise NotImplementedError

    def copy_to(self, path: str | PathLike[str]) -> None:
        """Write a compact, consistent copy."""
        raise NotImplementedError

    def close(self) -> None:
        """Let the file go. What was not committed is lost."""
        raise NotImplementedError
