"""The commands that ask for resources: match, multi-match (cli.md 3, matching.md 7 and 13)."""

import time
from typing import TYPE_CHECKING

from fluxion_py.duration import resolve_duration
from fluxion_py.errors import JobspecError
from fluxion_py.match.job import JobState
from fluxion_py.outcome import Errno, Outcome
from fluxion_py.session.jobs import JobRecord
from fluxion_py.session.reference_faults import STRERROR, WriterRefusal
from fluxion_py.session.session import BAR, Session, read_document, wrong_count
from fluxion_py.writers.answer import Answer

if TYPE_CHECKING:
    from fluxion_py.jobspec.model import Jobspec

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
        text = read_document(session, file)
        if text is None or not _match_text(session, op, file, text):
            return


def _match_text(session: Session, op: str, file: str, text: str) -> bool:
    """Match one jobspec and print everything about it; return whether it succeeded."""
    started = time.perf_counter()
    jobid = session.jobs.counter
    jobspec = _parse(session, file, text)
    emitted = ""
    if jobspec is None:
        outcome = Outcome(Errno.INVALID)
    else:
        outcome = _run(session, op, jobspec, jobid)
        outcome, emitted = emit(session, outcome, jobspec.queue, "match_allocate")
        if op in ALLOCATING and outcome.errno in _COUNTED:
            session.jobs.counter += 1
    elapsed = time.perf_counter() - started
    if outcome.errno is Errno.OK:
        session.jobs.times.add(elapsed)
        if op in ALLOCATING:
            state = JobState.RESERVED if outcome.reserved else JobState.ALLOCATED
            session.jobs.add(JobRecord(jobid, state, outcome.at, file, elapsed))
    session.out(emitted)
    if op == "satisfiability":
        _report_satisfiability(session, outcome, elapsed)
    else:
        report(session, outcome, jobid, elapsed, matched_only=op not in ALLOCATING)
    return outcome.errno is Errno.OK


def _parse(session: Session, file: str, text: str) -> "Jobspec | None":
    from fluxion_py.jobspec.parser import parse

    try:
        return parse(
            text, source=file, known_types=frozenset(session.graph.types()), reference=True
        )
    except JobspecError as error:
        reason = error.reference_text or str(error)
        session.error(f"match_allocate: ERROR: Jobspec error for {session.jobs.counter}: {reason}")
        return None


def _run(session: Session, op: str, jobspec: "Jobspec", jobid: int) -> Outcome:
    """Carry out the operation and say on stderr what the engine says."""
    outcome = _ask_engine(session, op, jobspec, jobid)
    if outcome.messages:
        session.error(f"match_allocate: ERROR: {outcome.messages}")
    if outcome.errno in STRERROR:
        session.error(f"match_allocate: ERROR: traverser: {STRERROR[outcome.errno]}")
    return outcome


def _ask_engine(session: Session, op: str, jobspec: "Jobspec", jobid: int) -> Outcome:
    engine = session.engine
    duration = resolve_duration(jobspec.duration, engine.graph_end)
    if duration is None:
        return Outcome(Errno.INVALID)
    allowed = session.constraints.allowed(jobspec.constraints)
    try:
        request = engine.compile(jobspec.resources)
        return engine.match(op, request, duration, jobid, session.now, allowed)
    except OverflowError as error:  # too many variants of xor_slot
        return Outcome(Errno.INVALID, messages=str(error))


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


def report(
    session: Session, outcome: Outcome, jobid: int, elapsed: float, *, matched_only: bool = False
) -> None:
    """Print the block after the resources of a match or an update (matching.md 13)."""
    session.out(BAR)
    if outcome.errno is Errno.OK:
        state = "MATCHED" if matched_only else "RESERVED" if outcome.reserved else "ALLOCATED"
        session.out(f"INFO: JOBID={jobid}\nINFO: RESOURCES={state}\n")
        session.out(f"INFO: SCHEDULED AT={'Now' if outcome.at == session.now else outcome.at}\n")
    else:
        session.out("INFO: No matching resources found\n")
        if outcome.errno in _UNSATISFIABLE:
            session.out("INFO: Unsatisfiable request\n")
        session.out(f"INFO: JOBID={jobid}\n")
    _report_effort(session, outcome, elapsed)
    session.out(BAR)


def _report_satisfiability(session: Session, outcome: Outcome, elapsed: float) -> None:
    refused = outcome.errno in _UNSATISFIABLE
    if not session.options.strict:  # the reference calls a broken request satisfiable
        refused = outcome.errno is not Errno.OK
    word = "Unsatisfiable" if refused else "Satisfiable"
    session.out(f"{BAR}INFO: {word} request\n")
    _report_effort(session, outcome, elapsed)
    session.out(BAR)


def _report_effort(session: Session, outcome: Outcome, elapsed: float) -> None:
    """With -e: the time, on the notes if the match succeeded, and the visit counts."""
    if not session.options.elapsed:
        return
    write_time = session.info if outcome.errno is Errno.OK else session.out
    write_time(f"INFO: ELAPSE={elapsed:f}\n")
    session.info(f"INFO: PREORDER VISIT COUNT={outcome.preorder}\n")
    session.info(f"INFO: POSTORDER VISIT COUNT={outcome.postorder}\n")
