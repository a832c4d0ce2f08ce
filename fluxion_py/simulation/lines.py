"""What the trace readers share: numbered lines, limits, and jobs that are taken or left out."""

import hashlib
from collections.abc import Iterator

from fluxion_py.errors import InputError
from fluxion_py.simulation.trace import MAX_SECONDS, Skipped, Trace, TraceJob, build, unusable

MAX_LINE = 65_536
"""The longest line, in bytes."""

MAX_JOBS = 5_000_000
"""The most jobs of a trace."""

MAX_SKIPPED = 100_000
"""How many jobs may be left out before the trace as a whole is refused."""

MAX_AMOUNT = 2**31 - 1
"""The most processors or nodes of one job."""


def lines_of(data: bytes, source: str) -> Iterator[tuple[int, str]]:
    """Return numbered lines as text, from 1. Raises `InputError` for what is no text."""
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if len(raw) > MAX_LINE:
            raise InputError(f"a line of more than {MAX_LINE} bytes", source=source, line=number)
        if b"\0" in raw:
            raise InputError("a NUL byte: this is no text", source=source, line=number)
        try:
            yield number, raw.decode()
        except UnicodeDecodeError:
            yield number, raw.decode("latin-1")  # names of people in old headers


class Collector:
    """Takes the jobs of one file, line by line, within the limits."""

    def __init__(self, data: bytes, source: str, format: str) -> None:
        self.source = source
        self.format = format
        self.digest = hashlib.sha256(data).hexdigest()
        self.jobs: list[TraceJob] = []
        self.skipped: list[Skipped] = []

    def wrong(self, line: int, message: str, hint: str | None = None) -> InputError:
        """Return the error of a line."""
        return InputError(message, source=self.source, line=line, hint=hint)

    def checked(self, line: int, what: str, value: int, most: int = MAX_SECONDS) -> int:
        """Return a value from -1 (not known) to `most`. Raises `InputError` for another."""
        if not -1 <= value <= most:
            raise self.wrong(line, f"{what} is {value}", f"0 to {most}, or -1 if it is not known")
        return value

    def add(self, job: TraceJob) -> None:
        """Take a job; leave it out, with the reason, if it has no size or no run time."""
        if job.processors > 0 and job.runtime >= 0 and job.submit >= 0:  # nearly all
            self.jobs.append(job)
        elif reason := unusable(job):
            self.skip(job.line, job.id, reason)
        else:
            self.jobs.append(job)
        if len(self.jobs) > MAX_JOBS:
            raise self.wrong(job.line, f"more than {MAX_JOBS} jobs")

    def skip(self, line: int, id: str, reason: str) -> None:
        """Leave a job out."""
        self.skipped.append(Skipped(line, id, reason))
        if len(self.skipped) > MAX_SKIPPED:
            raise self.wrong(line, f"more than {MAX_SKIPPED} jobs cannot be used; here: {reason}")

    def trace(self) -> Trace:
        """Return all of it. Raises `InputError` if there is no job."""
        return build(
            self.jobs, self.skipped, name=self.source, format=self.format, digest=self.digest
        )
