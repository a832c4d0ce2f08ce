"""A trace: the jobs that came, when, how large they were and how long they ran."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike, fspath
from typing import NamedTuple

from fluxion_py.errors import InputError, short

MAX_BYTES = 2**30
"""The largest trace file."""

MAX_SECONDS = 3660 * 86400
"""The longest run time, and the longest time between the first and the last submission."""


class TraceJob(NamedTuple):
    """One job of a trace.

    Times are seconds, `submit` after the first submission. `nodes` and `processors` are 0 if the
    trace does not tell; `limit` is the run time that was asked for, 0 if that is not known. `id` is
    the trace's own, `line` where it stands.
    """

    id: str
    submit: int
    runtime: int
    processors: int
    nodes: int = 0
    limit: int = 0
    user: str = ""
    line: int = 0


class Skipped(NamedTuple):
    """A job that is left out, and why."""

    line: int
    id: str
    reason: str


@dataclass(frozen=True)
class Trace:
    """Jobs in the order in which they were submitted; equal times in the order of the file.

    `origin` is the first submission on the clock of the file. `unsorted` counts jobs that stood
    behind a later one. `digest` is the SHA-256 of the file, "" for a trace made of objects.
    """

    jobs: tuple[TraceJob, ...]
    name: str = "trace"
    format: str = ""
    digest: str = ""
    skipped: tuple[Skipped, ...] = ()
    unsorted: int = 0
    origin: int = 0

    @classmethod
    def from_file(cls, path: str | PathLike[str], format: str | None = None) -> "Trace":
        """Read a trace: "swf" or "csv" (Slurm accounting); without `format` the content decides.

        Raises `InputError` with file and line for anything wrong, `OSError`.
        """
        from fluxion_py.simulation.accounting import read_accounting
        from fluxion_py.simulation.swf import read_swf

        readers = {"swf": read_swf, "csv": read_accounting}
        source = fspath(path)
        if format is not None and format not in readers:
            raise InputError(f"unknown trace format {short(format)}", hint="swf or csv")
        with open(source, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InputError(f"larger than {MAX_BYTES} bytes", source=source)
        return readers[format or detect(data)](data, source)

    @classmethod
    def from_jobs(cls, jobs: Iterable[TraceJob], name: str = "trace") -> "Trace":
        """Return the trace of some jobs, in any order.

        Raises `InputError` for a job without size or run time, and if there is none.
        """
        found = list(jobs)
        for job in found:
            reason = unusable(job)
            if reason:
                raise InputError(f"job {short(job.id)}: {reason}", source=name)
        return build(found, [], name=name)


def detect(data: bytes) -> str:
    """Return the format of a text: a first line with titles and `,` or `|` between is a CSV."""
    for line in data[:65_536].removeprefix(b"\xef\xbb\xbf").splitlines():
        if line.strip():
            titles = b"," in line or b"|" in line
            return "csv" if titles and not line.lstrip().startswith(b";") else "swf"
    return "swf"


def unusable(job: TraceJob) -> str:
    """Return why a job cannot be simulated, "" if it can."""
    if job.submit < 0:
        return "no time of submission"
    if job.runtime < 0:
        return "no run time"
    if job.processors <= 0 and job.nodes <= 0:
        return "no number of processors"
    return ""


def build(
    jobs: list[TraceJob],
    skipped: list[Skipped],
    *,
    name: str,
    format: str = "",
    digest: str = "",
) -> Trace:
    """Sort jobs and let their time begin at 0. Raises `InputError` without jobs."""
    if not jobs:
        why = f"; line {skipped[0].line}, for example: {skipped[0].reason}" if skipped else ""
        raise InputError(f"no job in it can be used{why}", source=name)
    late = 0
    latest = jobs[0].submit
    for job in jobs:
        late += job.submit < latest
        latest = max(latest, job.submit)
    if late:
        jobs = sorted(jobs, key=_submit)  # stable: equal times keep their order
    origin = jobs[0].submit
    last = jobs[-1]
    if last.submit - origin > MAX_SECONDS:
        raise InputError(
            f"job {short(last.id)} comes {last.submit - origin} seconds after the first job",
            source=name,
            line=last.line or None,
            hint=f"at most {MAX_SECONDS} (10 years)",
        )
    if origin:
        jobs = [job._replace(submit=job.submit - origin) for job in jobs]
    return Trace(tuple(jobs), name, format, digest, tuple(skipped), late, origin)


def _submit(job: TraceJob) -> int:
    return job.submit
