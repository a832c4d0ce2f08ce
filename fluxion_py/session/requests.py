"""The jobspecs of a session: equal texts are read and compiled once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fluxion_py.duration import resolve_duration
from fluxion_py.match.protocol import MatchEngine

MAX_KEPT = 256
"""Jobspecs that are kept at the same time; the one that came first goes first."""

MAX_KEPT_BYTES = 64 * 2**10
"""The largest text that is kept. It is kept whole, so that what is found is what was asked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """A jobspec ready to match: `duration` in seconds, `compiled` by the engine.

    A duration that is none is None; `problem` says why the engine could not compile the resources.
    """

    compiled: object
    duration: int | None
    queue: str | None
    constraints: Mapping[str, Any] | None
    problem: str = ""


class Requests:
    """Reads jobspecs for one engine, and keeps those of the last texts until the graph changes.

    What is refused is not kept: its message names a file and a job.
    """

    def __init__(self, engine: MatchEngine) -> None:
        self._engine = engine
        self._kept: dict[bytes, Request] = {}
        self._state = (-1, -1)

    def read(self, text: bytes, source: str) -> Request:
        """Return the request of a text. Raises `JobspecError`, which names `source`."""
        graph = self._engine.graph
        types = graph.types()
        state = (graph.epoch, len(types))
        if state != self._state:
            self._kept.clear()
            self._state = state
        found = self._kept.get(text)
        if found is not None:
            return found
        made = self._read(text, source, types)
        if len(text) <= MAX_KEPT_BYTES:
            if len(self._kept) >= MAX_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[text] = made
        return made

    def _read(self, text: bytes, source: str, types: list[str]) -> Request:
        from fluxion_py.jobspec.parser import parse

        jobspec = parse(
            text.decode("utf-8", "backslashreplace"),
            source=source,
            known_types=frozenset(types),
            reference=True,
        )
        duration = resolve_duration(jobspec.duration, self._engine.graph_end)
        compiled, problem = None, ""
        if duration is not None:
            try:
                compiled = self._engine.compile(jobspec.resources)
            except OverflowError as error:  # too many variants of xor_slot
                problem = str(error)
        return Request(compiled, duration, jobspec.queue, jobspec.constraints, problem)
