"""The commands that give resources back: cancel, partial-cancel (cli.md 3, matching.md 10)."""

from fluxion_py.errors import ReadError
from fluxion_py.match.job import JobState
from fluxion_py.outcome import Release
from fluxion_py.session.numbers import parse_unsigned
from fluxion_py.session.session import BAR, Session, read_document, wrong_count


def cancel(session: Session, words: list[str]) -> None:
    """`cancel JOBID [stats]`."""
    if wrong_count(session, words, 1, 2):
        return
    jobid = parse_unsigned(words[1])
    job = session.jobs.active(jobid)
    if job is None:
        session.error(f"cancel: ERROR: nonexistent job {jobid}")
        return
    session.engine.count_visits = session.options.elapsed or words[2:] == ["stats"]
    try:
        release = session.engine.cancel(jobid)
    except (KeyError, ValueError):
        session.error(f"cancel: ERROR: error encountered while removing job {jobid}")
        return
    finally:
        session.engine.count_visits = session.options.elapsed
    job.state = JobState.CANCELED
    _report_visits(session, words[2:], "CANCEL", release)


def partial_cancel(session: Session, words: list[str]) -> None:
    """`partial-cancel JOBID jgf|rv1exec FILE [stats]`."""
    if wrong_count(session, words, 3, 4):
        return
    _, job_word, reader, file, *rest = words
    if reader not in ("jgf", "rv1exec"):
        session.error(f"ERROR: unsupported reader {reader}")
        return
    text = read_document(session, file)
    if text is None:
        return
    jobid = parse_unsigned(job_word)
    job = session.jobs.active(jobid)
    if job is None:
        session.error(f"ERROR: nonexistent job {jobid}")
        return
    if job.state is JobState.RESERVED:
        session.error("ERROR: reservations not currently supported by partial cancel")
        return
    try:
        release = _give_back(session, jobid, reader, text, file)
    except (KeyError, ReadError, ValueError) as error:
        session.info(f"remove: {_reason(reader, error)}\n")
        session.error(f"ERROR: error encountered while removing job {jobid}")
        return
    if release.full:
        job.state = JobState.CANCELED
    _report_visits(session, rest, "PARTIAL CANCEL", release)


def _give_back(session: Session, jobid: int, reader: str, text: str, file: str) -> Release:
    from fluxion_py.readers.claims import claims_of_jgf
    from fluxion_py.readers.rv1 import parse_ranks

    if reader == "rv1exec":
        return session.engine.cancel_ranks(jobid, parse_ranks(text, file))
    return session.engine.cancel_vertices(jobid, claims_of_jgf(session.graph, text).listed)


def _reason(reader: str, error: Exception) -> str:
    """Return the reference's words; for JGF it has one text for whatever went wrong."""
    if reader == "jgf" or isinstance(error, KeyError):
        return "partial_cancel returned error."
    if isinstance(error, ReadError):
        return error.reference_text or error.message
    return str(error)


def _report_visits(session: Session, words: list[str], what: str, release: Release) -> None:
    if words != ["stats"]:
        return
    session.out(BAR)
    session.out(f'INFO: {what} PREORDER COUNT="{release.preorder}"\n')
    session.out(f'INFO: {what} POSTORDER COUNT="{release.postorder}"\n')
    session.out(BAR)
