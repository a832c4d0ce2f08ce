from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py._core.request import Request
from fluxion_py.jobspec.model import Resource
from fluxion_py.match.policy import Policy
from fluxion_py.outcome import Listing, Outcome, Release, Selection

OPS: tuple[str, ...]
"""The match operations (matching.md 7)."""

@final
class Engine:
    """The matching engine over one graph: the complete walk of matching.md 3-11.

    An engine belongs to one thread. Time is in seconds; `now` is given by the caller.
    `strict` keeps the reference's refusals where it errs (see docs/deviations.md);
    `reference_ties` sorts as the reference's unstable sort does, else ties go to the first
    in depth-first order.
    """

    graph_end: int
    """End of the graph's life time (exclusive), in seconds; the start is 0."""

    count_visits: bool
    """The visits of matches and cancels are wanted, so every match walks; at first: `strict`."""

    def __init__(
        self,
        graph: FlatGraph,
        *,
        subsystems: Sequence[str] = ("containment",),
        policy: Policy = ...,
        filters: Sequence[tuple[str, str]] = ...,
        flexible: bool = False,
        reference_ties: bool = False,
        strict: bool = False,
        graph_end: int = 3153600000,
        search: str = "quick",
    ) -> None: ...
    @property
    def graph(self) -> FlatGraph: ...
    @property
    def indexed_matches(self) -> int: ...  # answered by the indexed search
    # matching. `op` is one of OPS; `request` comes from `compile`.
    @property
    def primings(self) -> int: ...  # how often `reprime` had to look at the whole graph
    def compile(self, resources: Sequence[Resource]) -> Request: ...
    def match(
        self,
        op: str,
        request: Any,
        duration: int,
        jobid: int,
        now: int = 0,
        allowed: bytes | None = None,
    ) -> Outcome: ...
    # the short way of a matcher, whose arguments are not checked
    def attempt(
        self,
        request: Any,
        duration: int,
        jobid: int,
        now: int,
        allowed: bytes | None,
        later: bool,
    ) -> tuple[int, int, Listing] | None: ...  # or NotImplemented: `match` has to be asked
    def allocate_many(
        self,
        request: Any,
        duration: int,
        jobid: int,
        count: int,
        now: int,
        allowed: bytes | None,
    ) -> int: ...
    def knows(self, jobid: int) -> bool: ...
    def rebook(
        self, listing: Listing, jobid: int, at: int, duration: int, reserved: bool
    ) -> bool: ...
    def answer(self, jobid: int) -> tuple[int, int, bool, Listing]: ...  # or NotImplemented
    # restore: `claims` maps row -> exclusive (whole vertex); edges are followed between them
    def restore(
        self,
        jobid: int,
        claims: Mapping[int, bool],
        at: int,
        duration: int,
        now: int = 0,
        units: Mapping[int, int] | None = None,  # rows of pools -> the part that the job has
    ) -> Outcome: ...
    # save and load
    def book(
        self,
        jobid: int,
        vertices: Sequence[tuple[int, int, bool, int]],
        at: int,
        duration: int,
        reserved: bool,
    ) -> None: ...
    def edge_weights(self) -> list[tuple[int, int, int]]: ...
    def set_edge_weights(self, weights: Sequence[tuple[int, int, int]]) -> None: ...
    # giving back
    def cancel(self, jobid: int) -> Release: ...
    def cancel_many(self, jobids: Iterable[int]) -> None: ...
    def cancel_ranks(self, jobid: int, ranks: Iterable[int]) -> Release: ...
    def cancel_vertices(self, jobid: int, rows: Iterable[int]) -> Release: ...
    # change of the graph
    def reprime(self) -> None: ...
    def remove(self, row: int) -> list[int]: ...
    def remove_ranks(self, ranks: Iterable[int]) -> list[int]: ...
    def resize(self, row: int, size: int) -> None: ...
    def set_status(self, row: int, up: bool) -> None: ...
    # looking (masks hold one byte, 0 or 1, per row of the graph)
    def mask(self, kind: str, jobid: int = 0) -> bytes: ...
    def emit(self, mask: bytes) -> Selection: ...
    def filter_usage(
        self, row: int, at: int, jobid: int | None = None
    ) -> list[tuple[str, int, int]]: ...
    def holds(self, row: int) -> list[tuple[int, int, int, int, bool, bool]]: ...
    def jobs(self) -> list[int]: ...
    def jobs_on(self, rows: Iterable[int]) -> list[int]: ...  # ascending
    def job_rows(self, jobid: int) -> list[int]: ...
    def available(self, row: int, at: int, duration: int) -> int: ...
