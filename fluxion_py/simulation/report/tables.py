"""CSV: the results, the jobs of a schedule, the jobs that were left out."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from fluxion_py.simulation.schedule import HOW, Places, Schedule
from fluxion_py.simulation.statistics import Statistics
from fluxion_py.simulation.trace import Trace

CHUNK = 5000
"""Rows that are formatted at a time."""

_SCHEDULE = ("id", "user", "size", "limit", "submit", "start", "end", "wait", "how", "timed_out")


def summary_csv(results: Iterable[tuple[Schedule, Statistics]]) -> Iterator[str]:
    """Yield a line per schedule, all figures in seconds."""
    rows: list[Sequence[object]] = []
    titles: list[str] = []
    for schedule, figures in results:
        found = figures.to_dict()
        titles = ["machine", "policy", "capacity", "unit", *found]
        rows.append(
            (schedule.machine, schedule.policy, schedule.capacity, schedule.unit, *found.values())
        )
    return _csv([titles, *rows])


def schedule_csv(schedule: Schedule) -> Iterator[str]:
    """Yield a line per job, in order of submission; empty times mean that it never ran."""

    def rows() -> Iterator[Sequence[object]]:
        places = ("places",) if schedule.places else ()
        yield _SCHEDULE + places
        for index, run in enumerate(schedule):
            ran = run.start >= 0
            times = (run.start, run.end, run.wait) if ran else ("", "", "")
            yield (
                run.job.id,
                run.job.user,
                run.size,
                schedule.limits[index],
                run.job.submit,
                *times,
                HOW[run.how],
                int(run.timed_out),
                *((places_text(run.places),) if places else ()),
            )

    return _csv(rows())


def skipped_csv(trace: Trace, schedules: Iterable[Schedule]) -> Iterator[str]:
    """Yield a line per job that was not run, and why; `machine` is empty where it is the trace."""

    def rows() -> Iterator[Sequence[object]]:
        yield "machine", "line", "id", "reason"
        for skipped in trace.skipped:
            yield "", skipped.line, skipped.id, skipped.reason
        seen = set()
        for schedule in schedules:
            if schedule.machine in seen:
                continue
            seen.add(schedule.machine)
            for index, reason in schedule.refused.items():
                job = trace.jobs[index]
                yield schedule.machine, job.line, job.id, reason

    return _csv(rows())


def places_text(places: Places) -> str:
    """Return places as an idset, such as 0-3,7."""
    pairs = zip(places[::2], places[1::2], strict=True)
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in pairs)


def _csv(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, row in enumerate(rows, start=1):
        writer.writerow([_plain(cell) for cell in row])
        if number % CHUNK == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _plain(cell: object) -> object:
    """Keep a spreadsheet from running a text of somebody's trace as a formula."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{cell}"
    return cell
