"""The commands that only look: find, get-status, get-property, list, info, stat, cat (cli.md 3)."""

from typing import TYPE_CHECKING

from fluxion_py.errors import FormatError
from fluxion_py.outcome import Selection
from fluxion_py.session.numbers import parse_unsigned
from fluxion_py.session.reference_faults import WriterRefusal
from fluxion_py.session.session import BAR, Session, read_document, wrong_count
from fluxion_py.writers.answer import Answer

if TYPE_CHECKING:
    from fluxion_py.match.find import Criteria


def find(session: Session, words: list[str]) -> None:
    """`find EXPRESSION...`: the vertices that satisfy it."""
    from fluxion_py.match.find import parse_criteria

    if len(words) < 2:
        session.error("ERROR: malformed command: ")
        return
    text = " ".join(words[1:])
    try:
        criteria = parse_criteria(text)
    except FormatError as error:
        reason = "" if session.options.strict else f" {error}"
        session.error(f"findfind: invalid criteria: {text}.{reason}")
        return
    try:
        emitted = session.writer.write(_found(session, criteria))
    except WriterRefusal as refusal:
        session.error(f"find: ERROR: find writer emit: {refusal}")
        return
    session.out(f'{emitted}{BAR}INFO: EXPRESSION="{text}"\n{BAR}')


def _found(session: Session, criteria: "Criteria") -> Answer:
    selection = session.engine.emit(criteria.mask(session.engine))
    if not criteria.agfilter:
        return Answer(session.graph, selection)
    usage = {
        row: {
            kind: f"used:{used}, total:{total}"
            for kind, used, total in session.engine.filter_usage(row, session.now, criteria.jobid)
        }
        for row, _, _, _ in selection.vertices
    }
    kept = {row for row, amounts in usage.items() if amounts}
    selection = Selection(
        [vertex for vertex in selection.vertices if vertex[0] in kept],
        [edge for edge in selection.edges if kept.issuperset(edge[:2])],
        selection.labels,
    )
    return Answer(session.graph, selection, usage=usage)


def get_status(session: Session, words: list[str]) -> None:
    """`get-status PATH`: one line per vertex of that path."""
    if wrong_count(session, words, 1, 1):
        return
    path = words[1]
    rows = session.graph.rows_at(path)
    if not rows:
        session.out(f"Could not find path {path} in resource graph.\n")
    for row in rows:
        session.out(f"{path} is {'up' if session.graph.up(row) else 'down'}\n")


def get_property(session: Session, words: list[str]) -> None:
    """`get-property PATH`: the properties of every vertex of that path."""
    if wrong_count(session, words, 1, 1):
        return
    path, graph = words[1], session.graph
    rows = graph.rows_at(path)
    if not rows:
        session.out(f"Could not find path {path} in resource graph.\n")
    for row in rows:
        properties = graph.properties(row)
        for key, value in properties.items():
            session.out(f"{key}={value}\n")
        if not properties:
            session.out(
                f"No properties were found for {path} (vtx's uniq_id={graph.uniq_id(row)}).\n"
            )


def list_jobs(session: Session, words: list[str]) -> None:
    """`list`: every job, also the cancelled ones; further words are ignored."""
    for job in session.jobs:
        session.info(job.line)


def info(session: Session, words: list[str]) -> None:
    """`info JOBID`."""
    if wrong_count(session, words, 1, 1):
        return
    jobid = parse_unsigned(words[1])
    job = session.jobs.find(jobid)
    if job is None:
        session.error(f"info: ERROR: nonexistent job {jobid}")
    else:
        session.info(job.line)


def stat(session: Session, words: list[str]) -> None:
    """`stat`: how many matches were granted and how long they took."""
    if wrong_count(session, words, 0, 0):
        return
    times = session.jobs.times
    session.info(f"INFO: Num. of Jobs Matched: {times.count}\n")
    session.info(f"INFO: Min. Match Time: {times.shortest:g}\n")
    session.info(f"INFO: Max. Match Time: {times.longest:g}\n")
    session.info(f"INFO: Avg. Match Time: {times.average:g}\n")


def cat(session: Session, words: list[str]) -> None:
    """`cat FILE`."""
    if wrong_count(session, words, 1, 1):
        return
    text = read_document(session, words[1])
    if text is not None:
        session.info(f"{text}INFO: Jobspec in {words[1]}\n")
