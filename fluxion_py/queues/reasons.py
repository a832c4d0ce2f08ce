"""Why a job waits, and who is in the way of one."""

from collections.abc import Iterable
from datetime import UTC, datetime

from fluxion_py.allocation import Allocation
from fluxion_py.match.matcher import Matcher
from fluxion_py.queues.dependencies import Dependency
from fluxion_py.queues.job import Job
from fluxion_py.queues.lane import Lane
from fluxion_py.queues.states import JobState


def why(job: Job, lane: Lane, matcher: Matcher) -> str:
    """Say in one line why a pending job waits. Costs up to a visit of every vertex."""
    if job.state is JobState.DEPEND and job.dependencies:
        return "waits for " + ", ".join(_wait(entry, lane) for entry in job.dependencies)
    if job.request.never:
        return f"cannot run on this machine: {matcher.explain(job.request.jobspec).text}"
    if job.held:
        return "held: give it an urgency above 0"
    if not lane.started:
        return f"queue {job.queue} is stopped"
    if job.planned is not None:
        return f"has a reservation for {job.planned.at}: {_short(job, matcher)}"
    if not lane.policy.backfill:
        return f"waits for its turn: {_short(job, matcher)}"
    return _short(job, matcher)


def _short(job: Job, matcher: Matcher) -> str:
    found = matcher.explain(job.request.jobspec)
    return "jobs before it are considered first" if found.verdict == "fits" else found.text


def _wait(dependency: Dependency, lane: Lane) -> str:
    if dependency.scheme == "begin-time":
        return f"begin-time {datetime.fromtimestamp(dependency.value, UTC).isoformat()}"
    if dependency.scheme == "max-active":
        most = lane.config.limits.active_per_user
        return f"an earlier job of the same user (queue {lane.config.name} allows {most} at a time)"
    if dependency.scheme == "singleton":
        return "the earlier jobs of the same user and name"
    return str(dependency)


def conflicting(jobs: Iterable[Job], allocation: Allocation, end: int) -> Job | None:
    """Return a job that holds or has reserved something of an allocation after its end."""
    rows = {row: exclusive for row, _, exclusive, _ in allocation.selection.vertices}
    for job in jobs:
        other = job.planned or job.allocation
        if other is None or other.id == allocation.id:
            continue
        if other.at < end and other.expiration > allocation.expiration:
            for row, _, exclusive, _ in other.selection.vertices:
                if row in rows and (exclusive or rows[row]):
                    return job
    return None
