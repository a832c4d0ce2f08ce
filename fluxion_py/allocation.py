"""The answer to a request: which vertices, from when to when."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import MatchError
from fluxion_py.graph.vertex import Vertex
from fluxion_py.hostlist import Hostlist
from fluxion_py.outcome import Listing, Selection

if TYPE_CHECKING:
    from fluxion_py.graph.resource_graph import ResourceGraph
    from fluxion_py.jobspec.model import Jobspec
    from fluxion_py.placement import TaskPlacement


T = TypeVar("T")


class Given(NamedTuple):
    """One vertex of an allocation: owned whole with all its `units`, or shared.

    Of a divisible vertex that is shared the job has `units`; any other is only passed through.
    """

    vertex: Vertex
    units: int
    exclusive: bool


class Allocation:
    """Resources on [`at`, `expiration`), in seconds of the caller's clock. Not to be changed.

    `id` is the job id, None for an answer that booked nothing. `reserved` says that it starts
    later than it was asked for. `flat` and `selection` are the graph and the rows chosen in it;
    names and properties are read from the graph when asked for. `request` is the jobspec, or its
    document, if it is known.

    A scheduler has many of these and looks at few: the selection is listed when it is asked for.
    """

    __slots__ = (
        "_known",
        "_listing",
        "_selection",
        "at",
        "duration",
        "flat",
        "id",
        "request",
        "reserved",
    )

    def __init__(
        self,
        flat: FlatGraph,
        selection: Selection | Listing,
        id: int | None,
        at: int,
        duration: int,
        reserved: bool = False,
        request: "Jobspec | Mapping[str, Any] | None" = None,
    ) -> None:
        self.flat = flat
        self._selection: Selection | None = None
        self._listing: Listing | None = None
        if isinstance(selection, Selection):
            self._selection = selection
        else:
            self._listing = selection
        self.id = id
        self.at = at
        self.duration = duration
        self.reserved = reserved
        self.request = request
        self._known: dict[str, Any] | None = None

    @property
    def selection(self) -> Selection:
        """The rows chosen in the graph."""
        if self._selection is None:
            self._selection = Selection() if self._listing is None else Selection(*self._listing())
        return self._selection

    @property
    def listing(self) -> Listing | None:
        """What the engine lists the selection by, if it did not list it at once."""
        return self._listing

    def with_selection(self, selection: Selection) -> "Allocation":
        """Return the same with other rows."""
        return Allocation(
            self.flat, selection, self.id, self.at, self.duration, self.reserved, self.request
        )

    def with_end(self, expiration: int) -> "Allocation":
        """Return the same with another end."""
        rows, duration = self._listing or self.selection, expiration - self.at
        return Allocation(self.flat, rows, self.id, self.at, duration, self.reserved, self.request)

    def with_reserved(self, reserved: bool) -> "Allocation":
        """Return the same, reserved or not."""
        rows = self._listing or self.selection
        return Allocation(self.flat, rows, self.id, self.at, self.duration, reserved, self.request)

    def _once(self, what: str, find: Callable[[], T]) -> T:
        """Return what `find` returned when it was first asked for."""
        if self._known is None:
            self._known = {}
        if what not in self._known:
            self._known[what] = find()
        found: T = self._known[what]
        return found

    @property
    def expiration(self) -> int:
        """The end (exclusive): `at` + `duration`."""
        return self.at + self.duration

    @property
    def jobspec(self) -> "Jobspec | None":
        """The request that this answers; None if it is not known (restored from R)."""
        if isinstance(self.request, Mapping):
            from fluxion_py.jobspec.parser import parse_object

            document = self.request
            return self._once("jobspec", lambda: parse_object(document))
        return self.request

    def subgraph(self) -> "ResourceGraph":
        """Return a graph of its own that is exactly this allocation, with ranks from 0 (row C-12).

        It can be matched on, without a call to the graph that this was allocated in.
        """
        from fluxion_py.subgraph import completed, graph_of_grant

        whole = self.with_selection(completed(self.flat, self.selection))
        return graph_of_grant(whole.write("rv1"))[0]

    @property
    def nodes(self) -> Hostlist:
        """The names of the nodes, owned or shared, by rank."""
        return self._once("nodes", self._nodes)

    def _nodes(self) -> Hostlist:
        flat = self.flat
        rows = [row for row, _, _, _ in self.selection.vertices if flat.type(row) == "node"]
        return Hostlist(flat.name(row) for row in sorted(rows, key=flat.rank))

    def vertices(self, type: str | None = None) -> list[Given]:
        """Return the vertices, the root first; all or those of one type."""
        return [
            Given(Vertex(self.flat, row), needs, exclusive)
            for row, needs, exclusive, _ in reversed(self.selection.vertices)
            if type is None or self.flat.type(row) == type
        ]

    def count(self, type: str) -> int:
        """Return how much of a type is given; see `counts`."""
        return self.counts.get(type, 0)

    @property
    def counts(self) -> dict[str, int]:
        """How much of each type is given, from the root down.

        An owned vertex counts with all units of its pool, a divisible one with those that are
        taken, a shared one (a rack or a node that is only passed through) counts 1.
        """
        return self._once("counts", self._counts)

    def _counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for row, needs, exclusive, _ in reversed(self.selection.vertices):
            name = self.flat.type(row)
            counts[name] = counts.get(name, 0) + (
                needs if exclusive or self.flat.divisible(row) else 1
            )
        return counts

    def tasks(self) -> "list[TaskPlacement]":
        """Return every task of the job with its node, cores and gpus, by task rank.

        The answer has no slots any more, so they are rebuilt from the shape of the jobspec; see
        `fluxion_py.placement.place_tasks` for the rule. Raises `MatchError` without a jobspec.
        """
        from fluxion_py.placement import place_tasks

        if self.jobspec is None:
            raise MatchError(f"the jobspec of job {self.id} is not known, so its tasks are not")
        return place_tasks(self.flat, self.selection, self.jobspec)

    def write(self, format: str = "rv1") -> str:
        """Return the text in one of `fluxion_py.writers.FORMATS` (matching.md 12), one line each.

        For example rv1 and rv1_nosched (RFC 20), jgf, rlite, simple, pretty_simple. Raises
        `InputError` for another name.
        """
        from fluxion_py.writers import Answer, render

        queue = None if self.jobspec is None else self.jobspec.queue
        return render(format, Answer(self.flat, self.selection, self.at, self.expiration, queue))

    def to_dict(self) -> dict[str, Any]:
        """Return id, times, nodes (as hostlist text) and counts, ready for JSON."""
        return {
            "id": self.id,
            "at": self.at,
            "duration": self.duration,
            "expiration": self.expiration,
            "reserved": self.reserved,
            "nodes": str(self.nodes),
            "counts": self.counts,
        }

    def __str__(self) -> str:
        """Return one line such as `JOBID=1 ALLOCATED elk[0-2,10-12] 216 core`."""
        words = [] if self.id is None else [f"JOBID={self.id}"]
        words.append("MATCHED" if self.id is None else "RESERVED" if self.reserved else "ALLOCATED")
        if self.reserved:
            words.append(f"AT={self.at}")
        if self.nodes:
            words.append(str(self.nodes))
        words.append(", ".join(f"{self.count(name)} {name}" for name in self._smallest()))
        return " ".join(filter(None, words))

    def _smallest(self) -> list[str]:
        """Return the types, other than node, of owned vertices that have nothing listed below."""
        inner = {source for source, _, _ in self.selection.edges}
        names = {
            self.flat.type(row): None
            for row, _, exclusive, _ in reversed(self.selection.vertices)
            if (exclusive or self.flat.divisible(row)) and row not in inner
        }
        return [name for name in names if name != "node"]

    def __repr__(self) -> str:
        """Return the line of `str()` in angle brackets."""
        return f"<Allocation {self}>"
