"""Faults of the reference's writers that have state, all behind one switch (errata G13, G15).

In strict mode the texts come out as the reference prints them, because scripts compare them byte
for byte: a resource set without core or gpu is refused (rlite) or printed as nothing (rv1*),
what could not be printed comes out with the next text, and a queue sticks to later jobs.
"""

from typing import TYPE_CHECKING

from fluxion_py.errors import FluxionError
from fluxion_py.outcome import Errno
from fluxion_py.writers import render
from fluxion_py.writers.answer import Answer

if TYPE_CHECKING:
    from fluxion_py.writers.jgf import Fragments

STRERROR = {
    Errno.INVALID: "Invalid argument",
    Errno.NOENT: "No such file or directory",
    Errno.NOTTY: "Inappropriate ioctl for device",
}
"""The C library's texts of the error numbers that the reference prints."""


class WriterRefusal(FluxionError):
    """The writer has nothing to print and calls it an error; `errno` says which."""

    def __init__(self, errno: Errno) -> None:
        super().__init__(STRERROR[errno])
        self.errno = errno


class ReferenceWriter:
    """Writes answers in one format; with `strict` with the faults of the reference."""

    def __init__(self, format: str, *, strict: bool) -> None:
        self.format = format
        self.strict = strict
        self._left_over: Fragments | None = None
        self._queue: str | None = None

    def write(self, answer: Answer) -> str:
        """Return the text of an answer; raises `WriterRefusal` in strict mode only."""
        if not self.strict:
            return render(self.format, answer)
        self._queue = answer.queue or self._queue
        if self.format in ("jgf", "jgf_shorthand"):
            return self._graph(answer)
        if self.format in ("rv1", "rv1_shorthand"):
            return self._scheduled(answer)
        text = render(self.format, answer, complete=False)
        if self.format == "rlite" and not text:
            raise WriterRefusal(Errno.INVALID)
        return text

    def _graph(self, answer: Answer) -> str:
        from fluxion_py.writers.jgf import graph_object

        parts = self._gather(answer)
        return graph_object(self._take(parts)) + "\n" if parts.nodes else ""

    def _scheduled(self, answer: Answer) -> str:
        from fluxion_py.writers.jgf import graph_object
        from fluxion_py.writers.rv1 import collect, scheduled_line

        parts = self._gather(answer)
        execution = collect(answer)
        if not execution.ranks:
            return ""
        scheduling = graph_object(self._take(parts))
        return scheduled_line(execution, answer, scheduling, self._queue)

    def _gather(self, answer: Answer) -> "Fragments":
        """Put the answer behind what was left over; it stays there until it is taken."""
        from fluxion_py.writers.jgf import fragments

        parts = fragments(answer, shorthand=self.format.endswith("_shorthand"))
        if self._left_over is not None:
            parts = self._left_over.followed_by(parts)
        self._left_over = parts
        return parts

    def _take(self, parts: "Fragments") -> "Fragments":
        if not parts.edges:
            raise WriterRefusal(Errno.NOENT)
        self._left_over = None
        return parts
