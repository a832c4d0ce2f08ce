"""The raw answers of a matching engine: what was selected, and how an operation ended.

These two records are the border between an engine (compiled or oracle) and everything above
it. They name vertices by *row*, the handle of a vertex in its graph, never by object.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

SelectedVertex: TypeAlias = tuple[int, int, bool, int]
"""(row, needs, exclusive, depth)"""

SelectedEdge: TypeAlias = tuple[int, int, int]
"""(source row, target row, subsystem id)"""

Rows: TypeAlias = Callable[[], list[int]]
"""What lists the rows of a `Selection` alone."""

Listing: TypeAlias = Callable[[], tuple[list[SelectedVertex], list[SelectedEdge]]]
"""What lists the vertices and edges of a `Selection` when they are asked for."""


class Errno(Enum):
    """How an operation failed. The names are those of the reference (matching.md 7)."""

    OK = 0
    BUSY = "EBUSY"  # does not fit now
    NEVER = "ENODEV"  # can never fit
    NOENT = "ENOENT"  # no candidate time left, yet selection succeeded (errata G2)
    NOTTY = "ENOTTY"  # nothing was emitted and nothing had failed before (errata G2)
    INVALID = "EINVAL"  # the request or its duration is wrong


class Selection:
    """Vertices in emission order: children before parents, the root last.

    `vertices` holds `(row, needs, exclusive, depth)` with depth 1 at the root; `edges` holds
    `(source row, target row, subsystem id)` in emission order; `labels` maps a row to the label
    of the jobspec resource that it satisfies. With `later` the first two are listed by a call of
    it when one of them is first asked for; `rows` lists their rows until then.
    """

    __slots__ = ("_edges", "_later", "_rows", "_vertices", "labels")

    def __init__(
        self,
        vertices: list[SelectedVertex] | None = None,
        edges: list[SelectedEdge] | None = None,
        labels: dict[int, str] | None = None,
        *,
        later: Listing | None = None,
        rows: Rows | None = None,
    ) -> None:
        self._vertices = [] if vertices is None else vertices
        self._edges = [] if edges is None else edges
        self._later = later
        self._rows = rows
        self.labels = {} if labels is None else labels

    @property
    def vertices(self) -> list[SelectedVertex]:
        """The vertices, children before parents."""
        if self._later is not None:
            self._list()
        return self._vertices

    @property
    def rows(self) -> list[int]:
        """The rows of the vertices, in their order."""
        if self._later is not None and self._rows is not None:
            return self._rows()
        return [vertex[0] for vertex in self.vertices]

    @property
    def edges(self) -> list[SelectedEdge]:
        """The edges that lead to the vertices."""
        if self._later is not None:
            self._list()
        return self._edges

    def _list(self) -> None:
        later, self._later = self._later, None
        if later is not None:
            self._vertices, self._edges = later()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Selection):
            return NotImplemented
        return (self.vertices, self.edges, self.labels) == (
            other.vertices,
            other.edges,
            other.labels,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Selection({self.vertices!r}, {self.edges!r}, {self.labels!r})"


@dataclass(slots=True)
class Outcome:
    """How a match or a restore ended.

    `selection` is None unless resources were selected *and* the operation emits them.
    `messages` are the collected texts of sibling and exclusivity conflicts, glued together as
    the reference prints them (errata G6, G9). `at` and `duration` are seconds.
    """

    errno: Errno
    at: int = 0
    duration: int = 0
    reserved: bool = False
    selection: Selection | None = None
    messages: str = ""
    preorder: int = 0
    postorder: int = 0


@dataclass(slots=True)
class Release:
    """How a cancel ended: did the whole job go, and how many vertices were visited."""

    full: bool
    preorder: int = 0
    postorder: int = 0
