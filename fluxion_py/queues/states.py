"""The states and results of a job (RFC 21)."""

from enum import IntEnum


class JobState(IntEnum):
    """Where a job is in its life; the values are the bits of RFC 21."""

    NEW = 1
    DEPEND = 2
    PRIORITY = 4
    SCHED = 8
    RUN = 16
    CLEANUP = 32
    INACTIVE = 64


PENDING = (JobState.DEPEND, JobState.PRIORITY, JobState.SCHED)
"""States before a job has resources."""

RUNNING = (JobState.RUN, JobState.CLEANUP)
"""States in which a job has resources."""


class Result(IntEnum):
    """How an inactive job ended; the values are those of RFC 21."""

    COMPLETED = 1
    FAILED = 2
    CANCELED = 4
    TIMEOUT = 8


class Chosen(IntEnum):
    """Why a job started when it did (queueing.md 5, 9): the annotation `selection_type`."""

    IMMEDIATE = 0
    BACKFILL = 1
    RESERVED = 2
