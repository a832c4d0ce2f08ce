"""The Standard Workload Format, version 2: one job a line, 18 numbers, `;` before comments.

The fields, from 1: job number, submit time, wait time, run time, allocated processors, average CPU
time, used memory, requested processors, requested time, requested memory, status, user, group,
executable, queue, partition, preceding job, think time. -1 is "not known". A job is as large as it
asked to be, else as it was; it runs as long as it did.
"""

from fluxion_py.errors import InputError, short
from fluxion_py.simulation.lines import MAX_AMOUNT, Collector, lines_of
from fluxion_py.simulation.trace import Trace, TraceJob

FIELDS = 18
MAX_TIME = 2**40
"""The latest time of submission, seconds of any clock."""

_NAMES = {1: "the submit time", 3: "the run time", 4: "allocated processors"}
_NAMES |= {7: "requested processors", 8: "the requested time"}


def read_swf(data: bytes, source: str) -> Trace:
    """Return the trace of an SWF text. Raises `InputError` with file and line."""
    collector = Collector(data, source, "swf")
    for number, text in lines_of(data, source):
        fields = text.split()
        if not fields or fields[0].startswith(";"):
            continue
        if len(fields) != FIELDS:
            raise collector.wrong(
                number,
                f"{len(fields)} field{'s' * (len(fields) != 1)}, a job has {FIELDS}",
                "is the file cut off, or not in the Standard Workload Format?",
            )
        collector.add(_job(collector, number, fields))
    return collector.trace()


def _job(collector: Collector, line: int, fields: list[str]) -> TraceJob:
    try:
        submit, runtime = int(fields[1]), int(fields[3])
        allocated, requested, limit = int(fields[4]), int(fields[7]), int(fields[8])
    except ValueError:
        submit, runtime, allocated, requested, limit = (
            _number(collector, line, fields, at) for at in _NAMES
        )
    collector.checked(line, _NAMES[1], submit, MAX_TIME)
    collector.checked(line, _NAMES[3], runtime)
    collector.checked(line, _NAMES[4], allocated, MAX_AMOUNT)
    collector.checked(line, _NAMES[7], requested, MAX_AMOUNT)
    collector.checked(line, _NAMES[8], limit)
    size = requested if requested > 0 else allocated
    user = "" if fields[11] == "-1" else fields[11]
    return TraceJob(fields[0][:64], submit, runtime, size, 0, max(limit, 0), user[:64], line)


def _number(collector: Collector, line: int, fields: list[str], at: int) -> int:
    """Return a field as a whole number; some archives have fractions, which are rounded down."""
    try:
        return int(float(fields[at]) // 1)
    except (ValueError, OverflowError):
        raise _bad_number(collector, line, fields, at) from None


def _bad_number(collector: Collector, line: int, fields: list[str], at: int) -> InputError:
    return collector.wrong(
        line, f"field {at + 1}, {_NAMES[at]}, is {short(fields[at])}", "a number; -1: not known"
    )
