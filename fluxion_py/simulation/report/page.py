"""The HTML page: one file, nothing fetched, all data inside."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import PurePath
from typing import Any

import msgspec

from fluxion_py.simulation.report.words import TITLES, cells, sentence
from fluxion_py.simulation.schedule import Schedule
from fluxion_py.simulation.statistics import Statistics, sample, series_of

MAX_JOBS = 250_000
"""Jobs of all runs that the page lists and draws; further runs have only their curves."""

MAX_RANGES = 1_000_000
"""Ranges of units in all runs; further runs are only drawn job by job."""

CURVE = 3000
"""Steps of a curve where the jobs are not there."""

MAX_REFUSED = 200
"""Jobs that are too large and named in the page."""

Result = tuple[Schedule, Statistics]


def write_page(results: Sequence[Result], facts: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the page. `facts` are shown on top: what was simulated."""
    trace = results[0][0].trace
    title = f"Simulation of {PurePath(trace.name).name}"
    parts = {
        "TITLE": escape(title),
        "STYLE": _asset("page.css"),
        "SCRIPT": _asset("page.js"),
        "FACTS": _facts(facts),
        "RESULTS": _table(results),
        "NOTES": _notes(results),
        "REFUSED": _refused(results),
        "DATA": _json(_data(results)),
    }
    for piece in re.split(r"(@[A-Z]+@)", _asset("page.html")):
        yield parts.get(piece.strip("@"), piece) if piece.startswith("@") else piece


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _json(value: object) -> str:
    """Return JSON that may stand inside a script element."""
    text = msgspec.json.encode(value).decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    lines = (f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n" for name, text in facts)
    return f'<dl class="facts">\n{"".join(lines)}</dl>'


def _table(results: Sequence[Result]) -> str:
    head = "".join(
        f'<th scope="col"{_text(at)}>{escape(title.capitalize())}</th>'
        for at, title in enumerate(TITLES)
    )
    body = []
    for schedule, figures in results:
        row = cells(schedule.machine, schedule.policy, figures)
        body.append(
            f'<tr><th scope="row" class="text">{escape(row[0])}</th>'
            + "".join(f"<td{_text(at)}>{escape(cell)}</td>" for at, cell in enumerate(row[1:], 1))
            + "</tr>\n"
        )
    caption = "One line per machine and policy; slowdown is bounded at 10 seconds"
    return (
        f"<table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{''.join(body)}</tbody></table>"
    )


def _text(column: int) -> str:
    return ' class="text"' if column < 2 else ""


def _notes(results: Sequence[Result]) -> str:
    trace, notes = results[0][0].trace, []
    if trace.skipped:
        notes.append(f"{len(trace.skipped)} jobs of the trace lack a size or a run time: left out.")
    if trace.unsorted:
        notes.append(f"{trace.unsorted} jobs stood behind a later one: sorted by submission.")
    for schedule, figures in results:
        name = f"{schedule.machine}, {schedule.policy}"
        if figures.timed_out:
            notes.append(f"{name}: {figures.timed_out} jobs were ended by their time limit.")
        if figures.not_started:
            notes.append(f"{name}: {figures.not_started} jobs were not started.")
    lines = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<ul>{lines}</ul>" if notes else ""


def _refused(results: Sequence[Result]) -> str:
    """Return the list of jobs that are too large, by machine."""
    found = {schedule.machine: schedule for schedule, _ in results if schedule.refused}
    if not found:
        return ""
    parts = ['<section aria-labelledby="refused"><h2 id="refused">Too large to run</h2>']
    for name, schedule in found.items():
        jobs = [
            f"<li>job {escape(schedule.trace.jobs[index].id)}: {escape(reason)}</li>"
            for index, reason in list(schedule.refused.items())[:MAX_REFUSED]
        ]
        more = len(schedule.refused) - len(jobs)
        tail = f"<p>and {more} more, see skipped.csv</p>" if more else ""
        parts.append(f"<h3>{escape(name)}</h3><ul>{''.join(jobs)}</ul>{tail}")
    return "".join(parts) + "</section>"


def _data(results: Sequence[Result]) -> dict[str, Any]:
    jobs = results[0][0].trace.jobs
    left, ranges_left = MAX_JOBS, MAX_RANGES
    runs = []
    for schedule, figures in results:
        listed = len(jobs) <= left
        left -= len(jobs) if listed else 0
        ranges = sum(map(len, schedule.places)) // 2
        placed = listed and bool(schedule.places) and ranges <= ranges_left
        ranges_left -= ranges if placed else 0
        runs.append(_run(schedule, figures, listed, placed))
    if not any(run["start"] for run in runs):
        jobs = ()
    users = dict.fromkeys(job.user for job in jobs)
    number = {user: at for at, user in enumerate(users)}
    columns = {
        "id": [job.id for job in jobs],
        "submit": [job.submit for job in jobs],
        "user": [number[job.user] for job in jobs],
        "users": list(users),
    }
    return {"jobs": columns, "runs": runs}


def _run(schedule: Schedule, figures: Statistics, listed: bool, placed: bool) -> dict[str, Any]:
    pairs = zip(schedule.starts, schedule.ends, strict=True)
    found: dict[str, Any] = {
        "name": f"{schedule.machine}, {schedule.policy}",
        "unit": schedule.unit,
        "capacity": schedule.capacity,
        "end": figures.makespan,
        "text": sentence(figures, schedule.capacity, schedule.unit),
        "start": list(schedule.starts) if listed else [],
        "run": [end - start for start, end in pairs] if listed else [],
        "limit": list(schedule.limits) if listed else [],
        "size": list(schedule.sizes) if listed else [],
        "how": list(schedule.how) if listed else [],
        "places": schedule.places if placed else None,
    }
    if not listed:
        used, queued = sample(series_of(schedule), figures.makespan, CURVE)
        times = [at * figures.makespan // CURVE for at in range(CURVE)]
        found["steps"] = {
            "times": times,
            "used": [round(value, 2) for value in used],
            "queued": queued,
        }
    return found
