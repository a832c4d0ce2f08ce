"""The commands that ask for resources: match, multi-match (cli.md 3, matching.md 7 and 13)."""

import time

from fluxion_py.errors import JobspecError
from fluxion_py.match.job import JobState
from fluxion_py.outcome import Errno, Outcome
from fluxion_py.session.jobs import JobRecord
from fluxion_py.session.reference_faults import STRERROR, WriterRefusal
from fluxion_py.session.requests import Request
from fluxion_py.session.session import BAR, Session, read_bytes, wrong_count
from fluxion_py.writers.answer import Answer

ALLOCATING = ("allocate", "allocate_with_satisfiability", "allocate_orelse_reserve")
OPS = (*ALLOCATING, "satisfiability", "without_allocating", "without_allocating_future")

_COUNTED = (Errno.OK, Errno.BUSY, Errno.NEVER)
_UNSATISFIABLE = (Errno.NEVER, Errno.NOENT)


def match(session: Session, words: list[str]) -> None:
    """`match OP FILE`."""
    if wrong_count(session, words, 2, 2):
        return
    _match_files(session, words[1], words[2:])


def multi_match(session: Session, words: list[str]) -> None:
    """`multi-match OP FILE FILE...`: one after the other, up to the first that fails."""
    if len(words) < 4:
        session.error("ERROR: malformed command")
        return
    _match_files(session, words[1], words[2:])


def _match_files(session: Session, op: str, files: list[str]) -> None:
    if op not in OPS:
        session.error(f"ERROR: unknown subcmd {op}")
        return
    for file in files:
        text = read_bytes(session, file)
        if text is None or not _match_text(session, op, file, text):
            return


def _match_text(session: Session, op: str, file: str, text: bytes) -> bool:
    """Match one jobspec and print everything about it; return whether it succeeded."""
    started = time.perf_counter()
    jobid = session.jobs.counter
    request = _read(session, file, text)
    emitted = ""
    if request is None:
        outcome = Outcome(Errno.INVALID)
    else:
        outcome = _run(session, op, request, jobid)
        outcome, emitted = emit(session, outcome, request.queue, "match_allocate")
        if op in ALLOCATING and outcome.errno in _COUNTED:
            session.jobs.counter += 1
    elapsed = time.perf_counter() - started
    if outcome.errno is Errno.OK:
        session.jobs.times.add(elapsed)
        if op in ALLOCATING:
            state = JobState.RESERVED if outcome.reserved else JobState.ALLOCATED
            session.jobs.add(JobRecord(jobid, state, outcome.at, file, elapsed))
    if op == "satisfiability":
        text_of_outcome = emitted + _satisfiability_text(session, outcome)
    else:
        text_of_outcome = emitted + _outcome_text(session, outcome, jobid, op not in ALLOCATING)
    _write(session, text_of_outcome, outcome, elapsed)
    return outcome.errno is Errno.OK


def _read(session: Session, file: str, text: bytes) -> Request | None:
    try:
        return session.requests.read(text, file)
    except JobspecError as error:
        reason = error.reference_text or str(error)
        session.error(f"match_allocate: ERROR: Jobspec error for {session.jobs.counter}: {reason}")
        return None


def _run(session: Session, op: str, request: Request, jobid: int) -> Outcome:
    """Carry out the operation and say on stderr what the engine says."""
    outcome = _ask_engine(session, op, request, jobid)
    if outcome.messages:
        session.error(f"match_allocate: ERROR: {outcome.messages}")
    if outcome.errno in STRERROR:
        session.error(f"match_allocate: ERROR: traverser: {STRERROR[outcome.errno]}")
    return outcome


def _ask_engine(session: Session, op: str, request: Request, jobid: int) -> Outcome:
    if request.duration is None or request.problem:
        return Outcome(Errno.INVALID, messages=request.problem)
    allowed = session.constraints.allowed(request.constraints)
    return session.engine.match(op, request.compiled, request.duration, jobid, session.now, allowed)


def emit(session: Session, outcome: Outcome, queue: str | None, caller: str) -> tuple[Outcome, str]:
    """Run the writer, which the reference does after a failure too (errata G15)."""
    granted = outcome.errno is Errno.OK and outcome.selection is not None
    if not granted and not session.options.strict:
        return outcome, ""
    answer = Answer(session.graph)
    if outcome.selection is not None:
        expiration = outcome.at + outcome.duration
        answer = Answer(
            session.graph,
            outcome.selection,
            outcome.at,
            expiration,
            queue if granted else None,
        )
    try:
        return outcome, session.writer.write(answer)
    except WriterRefusal as refusal:
        session.error(f"{caller}: ERROR: match writer emit: {refusal}")
        outcome.errno = refusal.errno
        return outcome, ""


def report(session: Session, outcome: Outcome, emitted: str, jobid: int, elapsed: float) -> None:
    """Print the resources of an update and the block after them (matching.md 13)."""
    _write(session, emitted + _outcome_text(session, outcome, jobid, False), outcome, elapsed)


def _outcome_text(session: Session, outcome: Outcome, jobid: int, matched_only: bool) -> str:
    """Return the block after the resources of a match or an update, without its last bar."""
    if outcome.errno is Errno.OK:
        state = "MATCHED" if matched_only else "RESERVED" if outcome.reserved else "ALLOCATED"
        at = "Now" if outcome.at == session.now else outcome.at
        return f"{BAR}INFO: JOBID={jobid}\nINFO: RESOURCES={state}\nINFO: SCHEDULED AT={at}\n"
    never = "INFO: Unsatisfiable request\n" if outcome.errno in _UNSATISFIABLE else ""
    return f"{BAR}INFO: No matching resources found\n{never}INFO: JOBID={jobid}\n"


def _satisfiability_text(session: Session, outcome: Outcome) -> str:
    refused = outcome.errno in _UNSATISFIABLE
    if not session.options.strict:  # the reference calls a broken request satisfiable
        refused = outcome.errno is not Errno.OK
    word = "Unsatisfiable" if refused else "Satisfiable"
    return f"{BAR}INFO: {word} request\n"


def _write(session: Session, text: str, outcome: Outcome, elapsed: float) -> None:
    """Write a block and its last bar; between them, with -e, what it took to find the answer.

    That is the time, on the notes if the match succeeded, and the visit counts.
    """
    if not session.options.elapsed:
        session.out(text + BAR)
        return
    session.out(text)
    write_time = session.info if outcome.errno is Errno.OK else session.out
    write_time(f"INFO: ELAPSE={elapsed:f}\n")
    session.info(f"INFO: PREORDER VISIT COUNT={outcome.preorder}\n")
    session.info(f"INFO: POSTORDER VISIT COUNT={outcome.postorder}\n")
    session.out(BAR)
