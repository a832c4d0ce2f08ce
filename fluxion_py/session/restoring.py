"""The command update: take over an allocation that is described by a file (matching.md 9)."""

import time
from typing import TYPE_CHECKING

from fluxion_py.errors import ReadError
from fluxion_py.match.job import MAX_JOBID, JobState
from fluxion_py.outcome import Errno, Outcome
from fluxion_py.session.jobs import JobRecord
from fluxion_py.session.matching import emit, report
from fluxion_py.session.numbers import parse_signed, parse_unsigned
from fluxion_py.session.session import Session, read_document, wrong_count

if TYPE_CHECKING:
    from fluxion_py.readers.claims import Claims

READERS = ("jgf", "jgf_shorthand", "rv1exec")
_FAILED = "ERROR: traverser run () returned error \nERROR: "


def update(session: Session, words: list[str]) -> None:
    """`update allocate|reserve READER FILE JOBID START DURATION`."""
    if wrong_count(session, words, 6, 6):
        return
    _, kind, reader, file, job_word, start_word, duration_word = words
    if kind not in ("allocate", "reserve"):
        session.error(f"ERROR: unknown subcmd {kind}")
        return
    if reader not in READERS:
        session.error(f"ERROR: unsupported reader {reader}")
        return
    text = read_document(session, file)
    if text is None:
        return
    jobid = parse_unsigned(job_word)
    at, duration = parse_signed(start_word), parse_signed(duration_word)
    if session.jobs.active(jobid) is not None or jobid > MAX_JOBID:
        session.error("ERROR: existing Jobid ")
        return
    if at < 0 or duration <= 0:
        session.error(f"ERROR: invalid time ({at}, {duration})")
        return
    _restore(
        session, reader, file, text, JobRecord(jobid, JobState.ALLOCATED, at, file, 0.0), duration
    )


def _restore(
    session: Session, reader: str, file: str, text: str, job: JobRecord, duration: int
) -> None:
    started = time.perf_counter()
    outcome, problem = _claim(session, reader, file, text, job, duration)
    emitted = ""
    if outcome.errno is Errno.OK:
        outcome.reserved = job.at != session.now
        outcome, emitted = emit(session, outcome, None, "update")
    else:
        session.error(f"{_FAILED}{problem}")
    session.jobs.counter = job.jobid + 1
    job.overhead = time.perf_counter() - started
    if outcome.errno is Errno.OK:
        job.state = JobState.RESERVED if outcome.reserved else JobState.ALLOCATED
        session.jobs.add(job)
        session.jobs.times.add(job.overhead)
    report(session, outcome, emitted, job.jobid, job.overhead)


def _claim(
    session: Session, reader: str, file: str, text: str, job: JobRecord, duration: int
) -> tuple[Outcome, str]:
    """Return how the engine took the claims, and the reference's words for a refusal."""
    try:
        claims = read_claims(session, reader, text, file)
    except ReadError as error:
        return Outcome(Errno.INVALID), error.reference_text or error.message
    outcome = session.engine.restore(
        job.jobid, claims.rows, job.at, duration, session.now, claims.units
    )
    return outcome, _refusal(session, reader, claims, outcome.messages)


def read_claims(session: Session, reader: str, text: str, file: str) -> "Claims":
    """Return the vertices that a file names; raises `ReadError`."""
    from fluxion_py.readers.claims import claims_of_jgf, claims_of_r

    if reader == "rv1exec":
        return claims_of_r(session.graph, text, dominant=session.options.dominant, source=file)
    return claims_of_jgf(session.graph, text, shorthand=reader == "jgf_shorthand", source=file)


def _refusal(session: Session, reader: str, claims: "Claims", name: str) -> str:
    """Return the reference's words for the vertex that could not be had (errata G7)."""
    if not name:
        return "update: Invalid argument"
    if reader == "rv1exec":
        host = _host(session, claims, name)
        return (
            f"update_vertex: {name} is unavailable.\nunpack_rank: failed unpacking rank for {host}."
        )
    whole = any(
        exclusive and session.graph.name(row) == name for row, exclusive in claims.rows.items()
    )
    return f"update_vtx_plan: can't add span into {name}." if whole else f"{name} is unavailable."


def _host(session: Session, claims: "Claims", name: str) -> str:
    """Return the node of the claims that is, or is followed in the file by, the named vertex."""
    host = name
    for row in claims.listed:
        if session.graph.type(row) == "node":
            host = session.graph.name(row)
        if session.graph.name(row) == name:
            return host
    return name
