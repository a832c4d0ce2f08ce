"""The state of a job as the fold over its events: `apply` is the only thing that changes a job.

Contexts: submit {userid, urgency, request, name, ntasks, queue, dependencies}; dependency-add and
dependency-remove {description}; urgency {urgency}; priority {priority}; jobspec-update {duration,
request}; reserve {at}; alloc {at, expiration, selection_type}; finish {status}; release {ranks,
final}; exception {type, severity, note}; requeue {reason}.
"""

from fluxion_py.queues.events import Event
from fluxion_py.queues.job import Job


def apply(job: Job, event: Event) -> None:
    """Change a job as an event says. Raises `QueueError` if the event makes no sense then."""
    raise NotImplementedError
