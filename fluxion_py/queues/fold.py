"""The state of a job as the fold over its events: `apply` is the only thing that changes a job.

Contexts: submit {userid, urgency, request, name, ntasks}; dependency-add and dependency-remove
{description}; urgency {urgency}; priority {priority}; jobspec-update {duration, request,
expiration}; resize {as alloc, without selection_type}; reserve
{t_estimate}; alloc {selection_type, expiration, nnodes, ncores, ranks, nodelist}; finish {status};
release {ranks, final}; exception {type, severity, note}; requeue {reason}. What only informs
(start, release, memo and the names of people) changes nothing here.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from fluxion_py.queues.dependencies import SCHEMES, parse_dependency
from fluxion_py.queues.events import Event
from fluxion_py.queues.job import Job
from fluxion_py.queues.request import Request
from fluxion_py.queues.states import Chosen, JobState, Result

_RESULTS = {"timeout": Result.TIMEOUT, "cancel": Result.CANCELED}


def apply(job: Job, event: Event, requests: Mapping[int, Request]) -> None:
    """Change a job as an event says."""
    change = _CHANGES.get(event.name)
    if change is not None:
        change(job, event)
    elif event.name == "jobspec-update":
        job.request = requests[event.context["request"]]
        if job.given is not None and "expiration" in event.context:
            job.given = {**job.given, "expiration": event.context["expiration"]}


def new_job(event: Event, requests: Mapping[int, Request]) -> Job:
    """Return the job of a `submit` event."""
    context = event.context
    return Job(
        event.jobid,
        requests[context["request"]],
        context.get("userid", 0),
        context.get("urgency", 16),
        name=sys.intern(context.get("name", "")),
        ntasks=context.get("ntasks", 1),
        state=JobState.DEPEND,
        t_submit=event.timestamp,
    )


def _dependency_add(job: Job, event: Event) -> None:
    job.dependencies = (*job.dependencies, _dependency(event.context))


def _dependency_remove(job: Job, event: Event) -> None:
    gone = _dependency(event.context)
    job.dependencies = tuple(found for found in job.dependencies if found != gone)


def _depend(job: Job, event: Event) -> None:
    job.state = JobState.PRIORITY
    job.t_depend = event.timestamp


def _urgency(job: Job, event: Event) -> None:
    job.urgency = event.context["urgency"]


def _priority(job: Job, event: Event) -> None:
    job.priority = event.context["priority"]
    if job.state is JobState.PRIORITY:
        job.state = JobState.SCHED


def _alloc(job: Job, event: Event) -> None:
    job.state = JobState.RUN
    job.promise = -1
    job.t_run = event.timestamp
    job.chosen = Chosen[event.context.get("selection_type", "immediate").upper()]
    job.given = event.context
    job.freed = False


def _resize(job: Job, event: Event) -> None:
    job.given = {**(job.given or {}), **event.context}


def _reserve(job: Job, event: Event) -> None:
    job.promise = event.context["t_estimate"]


def _unreserve(job: Job, event: Event) -> None:
    job.promise = -1


def _finish(job: Job, event: Event) -> None:
    job.state = JobState.CLEANUP
    job.t_cleanup = event.timestamp
    job.status = event.context["status"]


def _clean(job: Job, event: Event) -> None:
    job.state = JobState.INACTIVE
    job.t_inactive = event.timestamp
    if job.ending:
        job.result = _RESULTS.get(job.ending, Result.FAILED)
    else:
        job.result = Result.COMPLETED if job.status == 0 else Result.FAILED


def _free(job: Job, event: Event) -> None:
    job.freed = True


def _exception(job: Job, event: Event) -> None:
    context = event.context
    job.note = context.get("note") or context["type"]
    if context["severity"] == 0 and not job.ending:
        job.ending = context["type"]
        if job.state is JobState.RUN:
            job.state = JobState.CLEANUP


def _requeue(job: Job, event: Event) -> None:
    job.state = JobState.SCHED
    job.t_run = job.t_cleanup = -1
    job.given = job.chosen = None
    job.status = -1
    job.freed = True


def _dependency(context: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a Dependency
    return parse_dependency(context["description"], SCHEMES)


_CHANGES: dict[str, Callable[[Job, Event], None]] = {
    "dependency-add": _dependency_add,
    "dependency-remove": _dependency_remove,
    "depend": _depend,
    "urgency": _urgency,
    "priority": _priority,
    "resize": _resize,
    "reserve": _reserve,
    "unreserve": _unreserve,
    "alloc": _alloc,
    "finish": _finish,
    "clean": _clean,
    "free": _free,
    "exception": _exception,
    "requeue": _requeue,
}
