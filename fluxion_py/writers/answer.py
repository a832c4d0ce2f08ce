"""What a writer is given: a selection of vertices with its times and its queue."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.outcome import Selection


@dataclass(frozen=True, slots=True)
class Answer:
    """A resource set to be written.

    `at` and `expiration` are seconds; a `find` has 0 for both. `queue` is that of the jobspec.
    `usage` maps a row to the texts of its prune filter, type name to "used:U, total:T"
    (matching.md 11).
    """

    graph: FlatGraph
    selection: Selection = field(default_factory=Selection)
    at: int = 0
    expiration: int = 0
    queue: str | None = None
    usage: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
