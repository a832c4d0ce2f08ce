"""The engines under test, by name, and what they have in common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Resource
from fluxion_py.outcome import Outcome, Release, Selection
from tests.oracles.engine import OracleEngine

Compiled: TypeAlias = Any
"""A compiled request: what it is is the engine's own affair."""

Option: TypeAlias = Any
"""The value of a keyword of an engine."""


class EngineLike(Protocol):
    """The methods of `fluxion_py/_core/engine.pyi` that the properties use."""

    graph_end: int

    def compile(self, resources: Sequence[Resource]) -> Compiled: ...
    def match(
        self,
        op: str,
        request: Compiled,
        duration: int,
        jobid: int,
        now: int = 0,
        allowed: bytes | None = None,
    ) -> Outcome: ...
    def restore(
        self,
        jobid: int,
        claims: Mapping[int, bool],
        at: int,
        duration: int,
        now: int = 0,
        units: Mapping[int, int] | None = None,
    ) -> Outcome: ...
    def cancel(self, jobid: int) -> Release: ...
    def cancel_ranks(self, jobid: int, ranks: Iterable[int]) -> Release: ...
    def cancel_vertices(self, jobid: int, rows: Iterable[int]) -> Release: ...
    def reprime(self) -> None: ...
    def remove(self, row: int) -> object: ...
    def remove_ranks(self, ranks: Iterable[int]) -> list[int]: ...
    def resize(self, row: int, size: int) -> None: ...
    def set_status(self, row: int, up: bool) -> None: ...
    def mask(self, kind: str, jobid: int = 0) -> bytes: ...
    def emit(self, mask: bytes) -> Selection: ...
    def filter_usage(
        self, row: int, at: int, jobid: int | None = None
    ) -> list[tuple[str, int, int]]: ...
    def holds(self, row: int) -> list[tuple[int, int, int, int, bool, bool]]: ...
    def jobs(self) -> list[int]: ...
    def available(self, row: int, at: int, duration: int) -> int: ...


Factory = Callable[..., EngineLike]


def oracle(flat: FlatGraph, **settings: Option) -> EngineLike:
    """The slow engine of `tests/oracles`."""
    return OracleEngine(flat, **settings)


def core(flat: FlatGraph, **settings: Option) -> EngineLike:
    """The compiled engine."""
    return Engine(flat, **settings)
