"""The commands that change the graph: attach, remove, set-status, set-property (cli.md 3)."""

from fluxion_py.errors import FormatError, ReadError
from fluxion_py.idset import parse_idset
from fluxion_py.session.session import Session, read_document, wrong_count


def attach(session: Session, words: list[str]) -> None:
    """`attach JGFFILE`."""
    from fluxion_py.readers.jgf import read_jgf

    if wrong_count(session, words, 1, 1):
        return
    text = read_document(session, words[1])
    if text is None:
        return
    try:
        read_jgf(text, session.graph, words[1], keep_units=not session.options.strict)
    except ReadError as error:
        reason = error.reference_text or error.message
        session.error(
            "ERROR: can't attach JGF subgraph \n"
            "ERROR: add_subgraph: ERROR: add subgraph error: Invalid argument\n"
            f"add_subgraph: ERROR: reader returned error: {reason}\n\n"
        )
        return
    session.engine.reprime()


def remove(session: Session, words: list[str]) -> None:
    """`remove PATH true | IDSET false`."""
    if wrong_count(session, words, 2, 2):
        return
    if words[2] == "true":
        _remove_path(session, words[1])
    elif words[2] == "false":
        _remove_ranks(session, words[1])
    else:
        session.error("ERROR: invalid path boolean input ")


def _remove_path(session: Session, path: str) -> None:
    rows = session.graph.rows_at(path)
    # For an unknown path the reference prints an error number that nobody set.
    reason = "Inappropriate ioctl for device" if session.options.strict else "no such path"
    try:
        if rows:
            session.engine.remove(rows[-1])
            return
    except ValueError as error:  # the root
        reason = str(error)
    session.error(
        "ERROR: can't remove subgraph \n"
        f"ERROR: remove_subgraph: ERROR: remove_subgraph error: {reason}\n"
        "remove_subgraph: ERROR: traverser returned error: \n"
    )


def _remove_ranks(session: Session, text: str) -> None:
    try:
        ranks = parse_idset(text)
    except FormatError:
        session.error("ERROR: failed to decode ranks.")
        return
    try:
        session.engine.remove_ranks(ranks)
    except (KeyError, ValueError):
        session.error("ERROR: can't partial cancel subgraph ")


def set_status(session: Session, words: list[str]) -> None:
    """`set-status PATH up|down`: the path is checked first."""
    if wrong_count(session, words, 2, 2):
        return
    _, path, status = words
    rows = session.graph.rows_at(path)
    if not rows:
        session.out(f"Could not find path {path} in resource graph.\n")
    elif status not in ("up", "down"):
        session.error("ERROR: unrecognized status")
    else:
        for row in rows:
            session.engine.set_status(row, status == "up")


def set_property(session: Session, words: list[str]) -> None:
    """`set-property PATH PROPERTY=VALUE`."""
    if wrong_count(session, words, 2, 2):
        return
    _, path, assignment = words
    key, _, value = assignment.partition("=")
    if not key or not value:
        session.out(
            "Incorrect input format. \nPlease use `set-property <resource> PROPERTY=VALUE`.\n"
        )
        return
    rows = session.graph.rows_at(path)
    if not rows:
        session.out(f"Couldn't find path {path} in resource graph.\n")
        return
    for row in rows:
        session.graph.set_property(row, key, value)
