"""Slurm accounting as CSV, or as `sacct --parsable2` writes it, with `|` between the fields.

Columns by name, in any order: Submit and Elapsed (or Start and End) are needed, and NNodes or
NCPUS. Timelimit, JobID and User are used if they are there; all others are ignored. Times are
`2024-03-01T08:00:00` or seconds; lengths of time `[DAYS-]HOURS:MINUTES:SECONDS`, `MINUTES:SECONDS`
or, for Timelimit, minutes. Lines of job steps (JobID with a dot) are passed over; a job whose Start
is not known never ran.
"""

import csv
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from fluxion_py.errors import short
from fluxion_py.simulation.lines import MAX_AMOUNT, Collector, lines_of
from fluxion_py.simulation.trace import MAX_SECONDS, Trace, TraceJob

UNKNOWN = ("", "unknown", "none", "n/a", "invalid")
NO_LIMIT = ("unlimited", "partition_limit", *UNKNOWN)
_LENGTH = re.compile(r"(?:(?:(\d{1,5})-)?(\d{1,7}):)?(\d{1,9}):(\d{1,2})(?:\.\d+)?\Z")
_DAYS_HOURS = re.compile(r"(\d{1,5})-(\d{1,2})\Z")


def read_accounting(data: bytes, source: str) -> Trace:
    """Return the trace of a CSV text. Raises `InputError` with file and line."""
    collector = Collector(data, source, "csv")
    columns: _Columns | None = None
    delimiter = ","
    for number, text in lines_of(data, source):
        if not text.strip():
            continue
        if columns is None and "," not in text:
            delimiter = "|"
        fields = _split(collector, number, text, delimiter)
        if columns is None:
            columns = _Columns(collector, number, fields)
        else:
            columns.read(number, fields)
    return collector.trace()


def _split(collector: Collector, line: int, text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text.rstrip("\r")], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        raise collector.wrong(line, f"bad CSV: {error}") from None


class _Columns:
    """Where each column is, and what a line makes of it."""

    def __init__(self, collector: Collector, line: int, titles: Sequence[str]) -> None:
        self.collector = collector
        self.width = len(titles)
        places = {title.strip().lower(): at for at, title in enumerate(titles)}
        self.places = places
        missing = [] if "submit" in places else ["Submit"]
        if "elapsed" not in places and not {"start", "end"} <= places.keys():
            missing.append("Elapsed (or Start and End)")
        if "nnodes" not in places and "ncpus" not in places:
            missing.append("NNodes or NCPUS")
        if missing:
            raise collector.wrong(
                line,
                f"no column {', no column '.join(missing)}",
                "the first line names the columns, as sacct writes them",
            )

    def read(self, line: int, fields: list[str]) -> None:
        """Take the job of a line."""
        if len(fields) != self.width:
            raise self.collector.wrong(
                line, f"{len(fields)} fields, the first line names {self.width} columns"
            )
        id = self.text(fields, "jobid")[:64]
        if "." in id:
            return
        submit = self.value(line, fields, "Submit", UNKNOWN, parse_time)
        runtime = self.runtime(line, fields)
        limit = self.value(line, fields, "Timelimit", NO_LIMIT, parse_limit)
        nodes = self.value(line, fields, "NNodes", UNKNOWN, parse_amount)
        processors = self.value(line, fields, "NCPUS", UNKNOWN, parse_amount)
        self.collector.add(
            TraceJob(
                id or str(line),
                submit,
                runtime,
                max(processors, 0),
                max(nodes, 0),
                max(limit, 0),
                self.text(fields, "user")[:64],
                line,
            )
        )

    def runtime(self, line: int, fields: list[str]) -> int:
        """Return the run time in seconds, -1 if it is not known."""
        if "start" in self.places and self.text(fields, "start").lower() in UNKNOWN:
            return -1
        if "elapsed" in self.places:
            return self.value(line, fields, "Elapsed", UNKNOWN, parse_length)
        start = self.value(line, fields, "Start", UNKNOWN, parse_time)
        end = self.value(line, fields, "End", UNKNOWN, parse_time)
        if start < 0 or end < 0:
            return -1
        if not 0 <= end - start <= MAX_SECONDS:
            raise self.collector.wrong(line, f"End is {end - start} seconds after Start")
        return end - start

    def text(self, fields: list[str], column: str) -> str:
        """Return a field, "" if there is no such column."""
        at = self.places.get(column.lower())
        return "" if at is None else fields[at].strip()

    def value(
        self,
        line: int,
        fields: list[str],
        column: str,
        unknown: Sequence[str],
        parse: Callable[[str], int],
    ) -> int:
        """Return a field as a number, -1 if it is not known. Raises `InputError`."""
        text = self.text(fields, column)
        if text.lower() in unknown:
            return -1
        try:
            return parse(text)
        except ValueError as error:
            raise self.collector.wrong(
                line, f"{column} is {short(text)}", str(error) or None
            ) from None


def parse_time(text: str) -> int:
    """Return the seconds of a time, without a zone that of UTC. Raises `ValueError`."""
    if text.isascii() and text.isdigit() and len(text) <= 12:
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time such as 2024-03-01T08:00:00, or seconds") from None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def parse_length(text: str) -> int:
    """Return the seconds of `[DAYS-]HOURS:MINUTES:SECONDS` or of a number of seconds."""
    if text.isascii() and text.isdigit() and len(text) <= 12:
        return _within(int(text))
    match = _LENGTH.match(text)
    if match is None:
        raise ValueError("a length of time such as 00:10:00 or 1-00:00:00, or seconds")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return _within(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def parse_limit(text: str) -> int:
    """Return the seconds of a time limit: as `parse_length`, `DAYS-HOURS`, or minutes."""
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return _within(int(text) * 60)
    match = _DAYS_HOURS.match(text)
    if match is not None:
        return _within((int(match[1]) * 24 + int(match[2])) * 3600)
    return parse_length(text)


def parse_amount(text: str) -> int:
    """Return a number of things; sacct may shorten it, as in 4K. Raises `ValueError`."""
    number, factor = (text[:-1], 1000) if text[-1:] in "kK" else (text, 1)
    if not (number.isascii() and number.isdigit() and len(number) <= 10):
        raise ValueError(f"a whole number from 0 to {MAX_AMOUNT}")
    if int(number) * factor > MAX_AMOUNT:
        raise ValueError(f"at most {MAX_AMOUNT}")
    return int(number) * factor


def _within(seconds: int) -> int:
    if seconds > MAX_SECONDS:
        raise ValueError(f"at most {MAX_SECONDS} seconds (10 years)")
    return seconds
