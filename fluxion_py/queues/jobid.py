"""Ids of jobs: 63-bit integers that ascend with time, and their short text (RFC 19).

`fluxion_py.match.job` has the texts.
"""

from fluxion_py.match.job import MAX_JOBID
from fluxion_py.match.job import format_jobid as format_jobid  # its place among the ids

EPOCH_MS = 1_577_836_800_000
"""2020-01-01T00:00:00Z, from which the ids of instances count milliseconds."""

_SEQUENCE_BITS = 24  # generator and sequence bits of a FLUID (RFC 19)


class JobIds:
    """Makes ids that ascend, whatever the clock does: 40 bits of milliseconds, 24 of sequence."""

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def next(self, now: float) -> int:
        """Return a new id for a job submitted at `now`, seconds since 1970; above all before."""
        since = max(0, int(now * 1000) - EPOCH_MS)
        self.last = max(self.last + 1, min(since << _SEQUENCE_BITS, MAX_JOBID))
        return self.last
