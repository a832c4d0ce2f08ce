"""Whether a resource set is within what was granted: every depth asks before it believes.

Flows in: an R from outside, the grantor's graph, what the job holds. Flows out: the rows that the R
claims. Mission row E-02: an extra core, another host, a vertex of a sibling, an end that is past,
an unknown type, another machine are each refused in one line that names the vertex.
"""

from collections.abc import Callable, Mapping
from typing import NoReturn

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError, short
from fluxion_py.graph.topology import below
from fluxion_py.idset import format_idset
from fluxion_py.readers.jgf_document import Metadata, document_of
from fluxion_py.readers.json_text import parse_json
from fluxion_py.readers.rv1 import ResourceSet, parse_r, reader_of

Holder = Callable[[int], str | None]
"""Returns the name of another job that holds a row, if there is one."""


class GrantError(GraphError):
    """A resource set is not (any more) what was granted; the text names the vertex."""


class GrantCheck:
    """Checks one R. `name` is the job of the grant, `rows` what it holds (True: owned whole).

    `units` is what it has of divisible vertices that it shares, `expiration` the end of the grant
    (0: none), `source` names the R in messages. `claimed_units` are the R's, after `check`.
    """

    def __init__(
        self,
        flat: FlatGraph,
        name: str,
        rows: Mapping[int, bool],
        expiration: int = 0,
        *,
        units: Mapping[int, int] | None = None,
        holder: Holder = lambda row: None,
        source: str | None = None,
    ) -> None:
        self.flat = flat
        self.name = name
        self.rows = rows
        self.expiration = expiration
        self.units = units or {}
        self.claimed_units: dict[int, int] = {}
        self.holder = holder
        self.source = source
        self._known_types = set(flat.types())

    def check(self, data: str | Mapping[str, object], now: float) -> dict[int, bool]:
        """Return the rows that an R claims (True: whole). Raises `GrantError`, `ReadError`."""
        document = parse_json(data, self.source) if isinstance(data, str) else data
        if not isinstance(document, Mapping):
            self._wrong("R must be an object")
        resources = parse_r(document, self.source)
        self._check_times(resources, now)
        claims = self._claims_of_ranks(resources)
        if resources.scheduling is not None:
            shorthand = reader_of(document, self.source) == "jgf_shorthand"
            named = self._claims_of_graph(resources.scheduling, shorthand)
            for row in claims:
                if row not in named:
                    self._refuse(row, "is in R_lite, but not in the graph of the same R")
            claims = named
        return claims

    def _check_times(self, resources: ResourceSet, now: float) -> None:
        end = resources.expiration
        if end and end <= now:
            host = next(iter(resources.hosts.values()), "its machine")
            self._wrong(f"the grant of {host} expired at {end}, {int(now) - end} s ago")
        if self.expiration and (not end or end > self.expiration):
            until = f"goes on until {end}" if end else "has no end"
            self._wrong(f"the R {until}; the grant {self.name} ends at {self.expiration}")

    # ---- R_lite ----

    def _claims_of_ranks(self, resources: ResourceSet) -> dict[int, bool]:
        claims: dict[int, bool] = {}
        seen: set[int] = set()
        for ranks, kinds in resources.entries:
            for rank in ranks:
                node = self._node(rank, resources.hosts[rank])
                if node in seen:
                    self._refuse(node, "is named twice")
                seen.add(node)
                claims[node] = self.rows.get(node, False)
                inside = below(self.flat, [node])
                for kind, numbers in kinds.items():
                    claims.update(dict.fromkeys(self._leaves(node, inside, kind, numbers), True))
        return claims

    def _node(self, rank: int, host: str) -> int:
        flat = self.flat
        row = next((row for row in flat.rows_of_rank(rank) if flat.type(row) == "node"), None)
        if row is None:
            self._wrong(f"{host} with rank {rank} is not part of the grant {self.name}")
        if flat.name(row) != host:
            self._wrong(f"{host} has rank {rank} in the R; that is {flat.path(row)} here")
        self._check_row(row, whole=False)
        return row

    def _leaves(self, node: int, inside: set[int], kind: str, numbers: list[int]) -> list[int]:
        flat = self.flat
        self._check_type(kind, f"{flat.path(node)}/{kind}")
        there = {flat.id(row): row for row in inside if flat.type(row) == kind}
        for number in numbers:
            row = there.get(number)
            if row is None or row not in self.rows:
                path = flat.path(node) if row is None else None
                place = f"{path}/{kind}{number}" if row is None else flat.path(row)
                self._not_granted(str(place), node, kind, inside, row)
            self._check_row(row, whole=True)
        return [there[number] for number in numbers]

    # ---- the graph of an R ----

    def _claims_of_graph(
        self, scheduling: Mapping[str, object], shorthand: bool
    ) -> dict[int, bool]:
        claims: dict[int, bool] = {}
        for node in document_of(scheduling, self.source).graph.nodes:
            meta = node.metadata
            row = self._find(meta)
            if row in claims:
                self._refuse(row, "is named twice")
            self._check_row(row, whole=meta.exclusive)
            claims[row] = meta.exclusive
            if self.flat.divisible(row) and not meta.exclusive:
                self.claimed_units[row] = meta.size
        if shorthand:
            owned = [row for row, whole in claims.items() if whole]
            claims.update(dict.fromkeys(below(self.flat, owned), True))
        return claims

    def _find(self, meta: Metadata) -> int:
        flat = self.flat
        path = meta.paths.get("containment") or next(iter(meta.paths.values()))
        root = flat.path(flat.root()) or ""
        if path.split("/")[1] != root.split("/")[1]:
            self._wrong(f"{path} is of another machine; the grant {self.name} is of {root}")
        self._check_type(meta.type, path)
        at_path = flat.rows_at(path)
        row = next((row for row in at_path if flat.rank(row) == meta.rank), None)
        if row is None:
            told = f" with rank {meta.rank}" if at_path else ""
            self._wrong(f"{path}{told} is not part of the grant {self.name}")
        pairs: list[tuple[str, object, object]] = [
            ("type", meta.type, flat.type(row)),
            ("name", meta.name, flat.name(row)),
            ("id", meta.id, flat.id(row)),
            ("size", meta.size, self._size(row, meta.size)),
        ]
        for key, given, present in pairs:
            if given != present:
                self._refuse(row, f"has {key} {short(given)} in the R; it is {short(present)}")
        return row

    def _size(self, row: int, given: int) -> int:
        """Return what the size must be; of a divisible vertex it may be less than the grant's."""
        most = self.units.get(row) or self.flat.size(row)
        return min(most, given) if self.flat.divisible(row) and given > 0 else most

    # ---- one vertex ----

    def _check_type(self, kind: str, path: str) -> None:
        if kind not in self._known_types:
            self._wrong(f"{path} is of type {kind[:40]}, which the grantor does not know")

    def _check_row(self, row: int, *, whole: bool) -> None:
        if row not in self.rows:
            other = self.holder(row)
            belongs = f"; it belongs to {other}" if other else ""
            self._refuse(row, f"is not part of the grant {self.name}{belongs}")
        if whole and not self.rows[row]:
            self._refuse(row, f"is shared in the grant {self.name}, whole in the R")

    def _not_granted(
        self, path: str, node: int, kind: str, inside: set[int], row: int | None
    ) -> NoReturn:
        flat = self.flat
        given = format_idset(
            sorted(flat.id(r) for r in inside if flat.type(r) == kind and self.rows.get(r))
        )
        other = None if row is None else self.holder(row)
        belongs = f"; it belongs to {other}" if other else ""
        has = f"{kind}s {given}" if given else f"no {kind}"
        self._wrong(
            f"{path} is not part of the grant {self.name} ({has} on {flat.name(node)}){belongs}"
        )

    def _refuse(self, row: int, what: str) -> NoReturn:
        self._wrong(f"{self.flat.path(row)} {what}")

    def _wrong(self, message: str) -> NoReturn:
        raise GrantError(message, source=self.source)


def check_same(flat: FlatGraph, R: str | Mapping[str, object], source: str | None = None) -> None:
    """Raise `GrantError` unless an R names exactly the vertices of a graph: see `ResourceGraph`."""
    everything = dict.fromkeys(below(flat, [flat.root()]), True)
    check = GrantCheck(flat, "of this graph", everything, source=source)
    claims = check.check(R, float("-inf"))
    document = parse_json(R, source) if isinstance(R, str) else R
    whole = isinstance(document, Mapping) and "scheduling" in document
    kinds = None if whole else {flat.type(row) for row in claims}
    for row in sorted(everything):
        if row not in claims and (kinds is None or flat.type(row) in kinds):
            raise GrantError(f"{flat.path(row)} is in this graph, but not in the R", source=source)
