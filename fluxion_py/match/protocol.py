"""What the layers above need from a matching engine: the methods of `_core.Engine`.

Any object with these methods can stand in for the compiled engine, for example an oracle.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.outcome import Outcome, Release, Selection

if TYPE_CHECKING:
    from fluxion_py.jobspec.model import Resource


class MatchEngine(Protocol):
    """The methods of the compiled engine; its stub file has the rules of each."""

    @property
    def graph_end(self) -> int:
        """End of the life time, seconds."""
        ...

    count_visits: bool
    """The visits of matches and cancels are wanted, at whatever price."""

    @property
    def graph(self) -> FlatGraph:
        """The graph it works on."""
        ...

    def compile(self, resources: "Sequence[Resource]") -> object:
        """Prepare the request of a jobspec for `match`."""
        ...

    def match(
        self,
        op: str,
        request: object,
        duration: int,
        jobid: int,
        now: int = 0,
        allowed: bytes | None = None,
    ) -> Outcome:
        """Carry out one operation; not fitting is no error."""
        ...

    def restore(
        self,
        jobid: int,
        claims: Mapping[int, bool],
        at: int,
        duration: int,
        now: int = 0,
        units: Mapping[int, int] | None = None,
    ) -> Outcome:
        """Charge the claimed rows: True whole, False shared; `units` of divisible vertices."""
        ...

    def cancel(self, jobid: int) -> Release:
        """Give everything of a job back; KeyError if it holds nothing."""
        ...

    def cancel_ranks(self, jobid: int, ranks: Iterable[int]) -> Release:
        """Give back what a job holds on ranks; ValueError if that is nothing."""
        ...

    def cancel_vertices(self, jobid: int, rows: Iterable[int]) -> Release:
        """Give back rows that a job owns; ValueError for any other row."""
        ...

    def reprime(self) -> None:
        """Count the pruning totals anew after vertices were added."""
        ...

    def remove(self, row: int) -> object:
        """Take a vertex and all below it out."""
        ...

    def remove_ranks(self, ranks: Iterable[int]) -> list[int]:
        """Take the vertices of ranks out; return the jobs on them."""
        ...

    def set_status(self, row: int, up: bool) -> None:
        """Mark a vertex up or down."""
        ...

    def mask(self, kind: str, jobid: int = 0) -> bytes:
        """Return one byte per row: 1 where `kind` holds."""
        ...

    def emit(self, mask: bytes) -> Selection:
        """Return the vertices of a mask with their ancestors."""
        ...

    def filter_usage(
        self, row: int, at: int, jobid: int | None = None
    ) -> list[tuple[str, int, int]]:
        """Return (type, used, total) of a vertex's prune filter."""
        ...
