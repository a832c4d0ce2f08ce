"""A job as bytes and back, for checkpoints: what its events have made of it."""

from collections.abc import Mapping
from typing import Any

from fluxion_py.queues.dependencies import SCHEMES, parse_dependency
from fluxion_py.queues.job import Job
from fluxion_py.queues.request import Request
from fluxion_py.queues.states import Chosen, JobState, Result

_PLAIN = (
    "userid urgency priority name ntasks t_submit t_depend t_run t_cleanup t_inactive status given "
    "note ending freed promise"
)
_FIELDS = tuple(_PLAIN.split())


def encode_job(job: Job) -> bytes:
    """Return the bytes that `decode_job` reads back."""
    values: list[Any] = [getattr(job, field) for field in _FIELDS]
    special = [
        job.id,
        job.request.number,
        int(job.state),
        None if job.result is None else int(job.result),
        None if job.chosen is None else int(job.chosen),
        [str(dependency) for dependency in job.dependencies],
    ]
    from msgspec import msgpack

    return msgpack.encode(special + values)


def request_number(record: bytes) -> int:
    """Return the number of the request of a record."""
    from msgspec import msgpack

    return int(msgpack.decode(record)[1])


def decode_job(record: bytes, requests: Mapping[int, Request]) -> Job:
    """Return the job of a record. Raises `ValueError`, `LookupError` for a damaged one."""
    from msgspec import msgpack

    jobid, number, state, result, chosen, depends, *values = msgpack.decode(record)
    job = Job(jobid, requests[number], state=JobState(state))
    job.result = None if result is None else Result(result)
    job.chosen = None if chosen is None else Chosen(chosen)
    job.dependencies = tuple(parse_dependency(text, SCHEMES) for text in depends)
    for field, value in zip(_FIELDS, values, strict=True):
        setattr(job, field, value)
    return job
