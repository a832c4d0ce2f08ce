"""The jobs that a matcher knows, and their ids as text."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from fluxion_py.allocation import Allocation
from fluxion_py.errors import FormatError, MatchError, UnknownJobError
from fluxion_py.match.release import remaining

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from fluxion_py._core.engine import Engine
    from fluxion_py.jobspec.model import Jobspec

MAX_JOBID = 2**63 - 1
"""The largest job id."""

_F58_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_F58 = re.compile(rf"[fƒ]([{_F58_DIGITS}]{{1,11}})\Z")


class JobState(Enum):
    """The state of a job; the value is the printed word (matching.md 14)."""

    ALLOCATED = "ALLOCATED"
    RESERVED = "RESERVED"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True)
class Job:
    """One job that holds resources now or later.

    `planned` says that the job was booked for a later time than its match; `state` is RESERVED as
    long as that time has not come.
    """

    allocation: Allocation
    state: JobState
    planned: bool = False

    @property
    def id(self) -> int:
        """The job id."""
        return self.allocation.id if self.allocation.id is not None else -1

    @property
    def at(self) -> int:
        """The start, seconds."""
        return self.allocation.at

    @property
    def expiration(self) -> int:
        """The end (exclusive), seconds."""
        return self.allocation.expiration


class JobTable:
    """The jobs of one engine: their ids, and what each holds.

    Jobs that were booked one by one have their `Allocation` here. Of those booked in bulk only the
    range of ids and the request are kept; their allocations are made when asked for.
    """

    def __init__(self, engine: "Engine") -> None:
        self.next_id = 1
        self._engine = engine
        self._jobs: dict[int, Allocation] = {}
        self._planned: set[int] = set()
        self._bulks: list[tuple[range, Jobspec]] = []

    def __iter__(self) -> "Iterator[tuple[Allocation, bool]]":
        """Go through (allocation, planned) in the order of ids."""
        return iter([(self.get(jobid), jobid in self._planned) for jobid in self.ids()])

    def new_id(self, jobid: int | None) -> int:
        """Return the id for a new job; raises `MatchError` if it is taken or no job id."""
        if jobid is None:
            jobid = self.next_id
            if jobid < MAX_JOBID:
                return jobid  # above all that are known
        if not isinstance(jobid, int) or isinstance(jobid, bool) or not 0 <= jobid <= MAX_JOBID:
            raise MatchError(f"{jobid!r} is no job id: it is from 0 to 2^63 - 1")
        if jobid in self._jobs or self._in_bulk(jobid) is not None:
            raise MatchError(f"job {jobid} exists already")
        return jobid

    def continue_at(self, next_id: int) -> None:
        """Set the next id, as far as jobs in the table have not passed it."""
        self.next_id = max(self.next_id, min(next_id, MAX_JOBID))

    def add(self, allocation: Allocation, *, planned: bool) -> Allocation:
        """Record a job that the engine has booked."""
        jobid = allocation.id
        if jobid is None:
            raise MatchError("an answer that booked nothing is no job")
        self._jobs[jobid] = allocation
        if planned:
            self._planned.add(jobid)
        if jobid >= self.next_id:
            self.next_id = min(jobid + 1, MAX_JOBID)
        return allocation

    def add_bulk(self, jobids: range, jobspec: "Jobspec") -> None:
        """Record jobs that the engine has booked for one request."""
        self._bulks.append((jobids, jobspec))
        self.continue_at(jobids.stop)

    def get(self, jobid: int) -> Allocation:
        """Return what a job holds; raises `UnknownJobError`."""
        found = self._jobs.get(jobid)
        if found is not None:
            return found
        jobspec = self._in_bulk(jobid)
        if jobspec is None:
            raise UnknownJobError(jobid)
        at, duration, reserved, listing = self._engine.answer(jobid)
        found = Allocation(self._engine.graph, listing, jobid, at, duration, reserved, jobspec)
        self._jobs[jobid] = found
        return found

    def _in_bulk(self, jobid: int) -> "Jobspec | None":
        """Return the request of a job that was booked in bulk and still holds something."""
        for jobids, jobspec in reversed(self._bulks):
            if jobid in jobids:
                return jobspec if self._engine.knows(jobid) else None
        return None

    def job(self, jobid: int, now: int) -> Job:
        """Return a job as it is at a time; raises `UnknownJobError`."""
        allocation = self.get(jobid)
        state = JobState.RESERVED if allocation.at > now else JobState.ALLOCATED
        return Job(allocation, state, jobid in self._planned)

    def ids(self) -> list[int]:
        """Return the ids of all jobs, ascending."""
        bulk = {jobid for jobids, _ in self._bulks for jobid in jobids if self._engine.knows(jobid)}
        return sorted(bulk.union(self._jobs)) if bulk else sorted(self._jobs)

    def cancel(self, jobid: int) -> None:
        """Give back everything of a job; raises `UnknownJobError`."""
        if jobid not in self._jobs and self._in_bulk(jobid) is None:
            raise UnknownJobError(jobid)
        self._engine.cancel(jobid)
        self._jobs.pop(jobid, None)
        self._planned.discard(jobid)

    def cancel_many(self, jobids: "Collection[int]") -> None:
        """Give back everything of jobs; raises `UnknownJobError` before anything is given back."""
        if len(set(jobids)) != len(jobids):
            raise MatchError("a job is named twice")
        for jobid in jobids:
            if jobid not in self._jobs and self._in_bulk(jobid) is None:
                raise UnknownJobError(jobid)
        self._engine.cancel_many(jobids)
        for jobid in jobids:
            self._jobs.pop(jobid, None)
        self._planned.difference_update(jobids)
        self._bulks = [entry for entry in self._bulks if any(map(self._engine.knows, entry[0]))]

    def shrink(self, jobid: int, gone: "Collection[int]") -> bool:
        """Give back some rows of a job; return True if nothing is left of it.

        What is left is booked anew, so that nothing above it counts for more than it is.
        """
        allocation = self.get(jobid)
        left = remaining(allocation.selection, gone)
        if not left.vertices:
            self.cancel(jobid)
            return True
        planned = jobid in self._planned
        self._engine.cancel(jobid)
        self._engine.book(jobid, left.vertices, allocation.at, allocation.duration, planned)
        self._jobs[jobid] = allocation.with_selection(left)
        return False

    def evict(self, rows: "Collection[int]") -> list[int]:
        """Take all jobs off some rows; return the ids of the jobs that lost something."""
        affected = [
            jobid
            for jobid in self._engine.jobs_on(rows)
            if any(row in rows for row, _, _, _ in self.get(jobid).selection.vertices)
        ]
        for jobid in affected:
            self.shrink(jobid, rows)
        return affected


def format_jobid(jobid: int, *, ascii: bool = False) -> str:
    """Return the F58 text of an id, "ƒ..." or in ASCII "f...". Raises `ValueError` out of range."""
    if not 0 <= jobid <= MAX_JOBID:
        raise ValueError(f"a job id is from 0 to 2^63 - 1, not {jobid}")
    text = ""
    number = jobid
    while number or not text:
        number, digit = divmod(number, 58)
        text = _F58_DIGITS[digit] + text
    return ("f" if ascii else "ƒ") + text


def parse_jobid(text: str) -> int:
    """Return a job id given in decimal, hexadecimal (0x...) or F58 (RFC 19: "f" or "ƒ" first).

    Raises `FormatError`. The id must fit 63 bits.
    """
    number = -1
    if re.fullmatch(r"[0-9]{1,19}", text):
        number = int(text)
    elif re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}", text):
        number = int(text, 16)
    elif match := _F58.match(text):
        number = 0
        for digit in match[1]:
            number = number * 58 + _F58_DIGITS.index(digit)
    if not 0 <= number <= MAX_JOBID:
        raise FormatError(f"{text[:40]!r} is no job id", hint="write it like 7 or f7Zs")
    return number
