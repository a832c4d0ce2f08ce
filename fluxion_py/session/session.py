"""A session of the resource-query language: one command per line, answers on three streams.

`Session.run` reads lines until `quit` or the end of the input. Unknown words are ignored
(cli.md 2), no command ends the session by an error, and no input causes a traceback.
"""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TextIO

from fluxion_py.errors import FluxionError
from fluxion_py.match.constraint_mask import ConstraintMasks
from fluxion_py.match.protocol import MatchEngine
from fluxion_py.session.jobs import JobRecords
from fluxion_py.session.reference_faults import ReferenceWriter
from fluxion_py.session.requests import Requests

PROMPT = "resource-query> "
BAR = "INFO: =============================\n"

_CHUNK = 2**20
_WORD = re.compile(r"[^ \t\n\v\f\r]+")


@dataclass(frozen=True, slots=True)
class Streams:
    """`out` takes results (the -t file), `info` takes notes, `error` takes complaints."""

    out: TextIO
    info: TextIO
    error: TextIO


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """`strict` keeps the reference's faults; `elapsed` prints times and visit counts (-e)."""

    format: str = "simple"
    strict: bool = True
    elapsed: bool = False
    prompt: bool = False
    dominant: str = "containment"


class Session:
    """What all commands share: the engine and its graph, the writer, the jobs, the streams."""

    def __init__(self, engine: MatchEngine, options: SessionOptions, streams: Streams) -> None:
        self.engine = engine
        self.graph = engine.graph
        self.options = options
        self.jobs = JobRecords()
        self.writer = ReferenceWriter(options.format, strict=options.strict)
        self.requests = Requests(engine)
        self.constraints = ConstraintMasks(engine.graph, reference=options.strict)
        self.now = 0
        self.engine.count_visits = options.elapsed
        self._streams = streams
        self._open = tuple({id(s): s for s in (streams.out, streams.info, streams.error)}.values())

    def out(self, text: str) -> None:
        """Write a result."""
        self._streams.out.write(text)

    def info(self, text: str) -> None:
        """Write a note."""
        self._streams.info.write(text)

    def error(self, text: str) -> None:
        """Write one or more lines of complaint; the last line end is added."""
        self._streams.error.write(text + "\n")

    def run(self, lines: Iterable[str], handlers: "Handlers") -> None:
        """Obey lines until `quit` or the end of the input; answers are out before the next line."""
        self._ask()
        for line in lines:
            if not self.obey(_WORD.findall(line), handlers):
                return
            self._ask()

    def obey(self, words: list[str], handlers: "Handlers") -> bool:
        """Carry out one command; return False if it ends the session."""
        handler = handlers.get(words[0]) if words else None
        if handler is None:
            return True
        try:
            return handler(self, words) is not Ended
        except FluxionError as error:
            self.error(f"ERROR: {error}")
        except (MemoryError, OverflowError, RecursionError, UnicodeError) as error:
            self.error(f"ERROR: {words[0]}: {error or type(error).__name__}")
        return True

    def _ask(self) -> None:
        if self.options.prompt:
            self.info(PROMPT)
        for stream in self._open:
            stream.flush()


class Ended:
    """Returned by a handler to end the session."""


Handler = Callable[[Session, list[str]], type[Ended] | None]
Handlers = dict[str, Handler]


def read_document(session: Session, path: str) -> str | None:
    """Return the text of a file, or complain and return None."""
    text = read_bytes(session, path)
    return None if text is None else text.decode("utf-8", "backslashreplace")


def read_bytes(session: Session, path: str) -> bytes | None:
    """Return what is in a file, or complain and return None."""
    try:
        descriptor = os.open(path, os.O_RDONLY)  # `open` takes twice as long
        try:
            text = os.read(descriptor, _CHUNK)
            while more := os.read(descriptor, _CHUNK):
                text += more
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        session.error(f"ERROR: can't open {path}")
        return None
    return text


def wrong_count(session: Session, words: list[str], low: int, high: int) -> bool:
    """Complain if a command has not between `low` and `high` arguments."""
    if low <= len(words) - 1 <= high:
        return False
    session.error("ERROR: malformed command")
    return True
