"""What comes in with a job."""

from collections.abc import Sequence
from dataclasses import dataclass

from fluxion_py.instances.jobspecs import JobspecText
from fluxion_py.jobspec.model import SLOT_TYPES, Jobspec, Resource
from fluxion_py.queues.job import DEFAULT_URGENCY


@dataclass(frozen=True, slots=True)
class Submission:
    """One job to be taken in; `text` is the jobspec as JSON if it is known already.

    `name` is that of the job; without one it is the jobspec's (`attributes.system.job.name`), or
    that of the program.
    """

    jobspec: Jobspec
    urgency: int = DEFAULT_URGENCY
    depends: Sequence[str] = ()
    userid: int = 0
    queue: str | None = None
    name: str = ""
    text: JobspecText | None = None


def job_name(jobspec: Jobspec) -> str:
    """Return the name that a jobspec gives its job, or the program's."""
    system = jobspec.attributes.get("system")
    job = system.get("job") if isinstance(system, dict) else None
    name = job.get("name") if isinstance(job, dict) else None
    if isinstance(name, str) and name:
        return name
    command = jobspec.tasks[0].command if jobspec.tasks else ()
    return command[0].rstrip("/").rpartition("/")[2] if command else ""


def task_count(jobspec: Jobspec) -> int:
    """Return the least number of tasks of a job, 1 if it names none."""
    total = 0
    for task in jobspec.tasks:
        kind, number = task.count or ("per_slot", 1)
        total += number if kind == "total" else number * _slots(jobspec.resources, task.slot, 1)
    return total or 1


def _slots(resources: Sequence[Resource], label: str, times: int) -> int:
    found = 0
    for resource in resources:
        number = times * resource.count.min
        if resource.type in SLOT_TYPES and resource.label == label:
            found += number
        found += _slots(resource.children, label, number)
    return found
