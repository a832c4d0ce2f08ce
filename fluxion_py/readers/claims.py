"""An allocation, as JGF or R, -> the vertices of a graph that it names (matching.md 9, 10).

Flows in: the text of a former answer. Flows out: rows. Nothing is changed here; the engine charges
what is claimed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import FormatError, ReadError, short
from fluxion_py.idset import parse_idset
from fluxion_py.readers.jgf_document import Document, Metadata, Node, document_of, parse_jgf
from fluxion_py.readers.rv1 import parse_r


@dataclass(slots=True)
class Claims:
    """The vertices that an allocation names.

    `rows` maps a row to True if the job owns the whole vertex, False if it shares it; `units` maps
    the rows of divisible vertices of which it has a part to that part; `listed`
    holds the rows in the order of the file, without those that a reader adds by itself.
    """

    rows: dict[int, bool] = field(default_factory=dict)
    listed: list[int] = field(default_factory=list)
    units: dict[int, int] = field(default_factory=dict)


def claims_of_jgf(
    flat: FlatGraph,
    data: str | Mapping[str, object],
    *,
    shorthand: bool = False,
    source: str | None = None,
) -> Claims:
    """Return the vertices of an allocation in JGF (resource-graph.md 4.3).

    A vertex is found by each of its paths with its rank; type, basename, size, rank, id, name and
    paths must equal those of the graph; the size of a divisible one is what the job has of it.
    Vertices whose rank is in `free_ranks` are skipped. With `shorthand` everything below an
    exclusive vertex is claimed as well (4.4). Raises `ReadError`.
    """
    document = parse_jgf(data, source) if isinstance(data, str) else document_of(data, source)
    free = _free_ranks(document, source)
    claims = Claims()
    known: set[str] = set()
    for position, node in enumerate(document.graph.nodes):
        known.add(node.id)
        if node.metadata.rank in free:
            continue
        row = _find(flat, node, f"graph.nodes[{position}]", source)
        claims.rows[row] = claims.rows.get(row, False) or node.metadata.exclusive
        claims.listed.append(row)
        if flat.divisible(row) and not node.metadata.exclusive:
            claims.units[row] = node.metadata.size
    for position, edge in enumerate(document.graph.edges):
        if edge.source not in known or edge.target not in known:
            raise ReadError(
                "source and/or target vertex not found",
                source=source,
                where=f"graph.edges[{position}]",
            )
    if shorthand:
        _claim_below(flat, claims, free)
    return claims


def _free_ranks(document: Document, source: str | None) -> set[int]:
    try:
        return set(parse_idset(document.free_ranks))
    except FormatError as error:
        raise ReadError(error.message, source=source, where="free_ranks") from None


def _find(flat: FlatGraph, node: Node, where: str, source: str | None) -> int:
    meta = node.metadata
    found = {
        next((row for row in flat.rows_at(path) if flat.rank(row) == meta.rank), -1)
        for path in meta.paths.values()
    }
    row = found.pop()
    if row < 0 or found:
        path = next(iter(meta.paths.values()))
        problem = (
            "its paths lead to different vertices" if found else "the graph has no such vertex"
        )
        raise ReadError(f"{path} with rank {meta.rank}: {problem}", source=source, where=where)
    _compare(flat, row, meta, where, source)
    return row


def _compare(flat: FlatGraph, row: int, meta: Metadata, where: str, source: str | None) -> None:
    pairs: list[tuple[str, object, object]] = [
        ("type", meta.type, flat.type(row)),
        ("basename", meta.basename, flat.basename(row)),
        ("size", meta.size, meta.size if flat.divisible(row) else flat.size(row)),
        ("id", meta.id, flat.id(row)),
        ("name", meta.name, flat.name(row)),
        ("paths", meta.paths, flat.paths(row)),
    ]
    for key, given, present in pairs:
        if given != present:
            raise ReadError(
                f"{key} is {short(given)}, but {short(present)} in the graph",
                source=source,
                where=f"{where}.metadata",
            )


def _claim_below(flat: FlatGraph, claims: Claims, free: set[int]) -> None:
    """Claim, whole, all containment descendants of the exclusive vertices."""
    stack = [row for row, exclusive in claims.rows.items() if exclusive]
    while stack:
        for target, subsystem in flat.out_edges(stack.pop()):
            if subsystem == 0 and target not in claims.rows and flat.rank(target) not in free:
                claims.rows[target] = True
                stack.append(target)


def claims_of_r(
    flat: FlatGraph,
    data: str | Mapping[str, object],
    *,
    dominant: str = "containment",
    source: str | None = None,
) -> Claims:
    """Return the vertices of an allocation in R_lite (errata G7).

    The node of a rank stands at "<path of the root>/<host>" with that rank, its children at
    "<node path>/<type><id>" with the same rank; so this works where nodes stand directly under the
    root and their children directly under them. Children are owned whole; a node is if all
    vertices of its rank are listed; the root is shared. Raises `ReadError` for a vertex that the
    graph has not.
    """
    resources = parse_r(data, source)
    root = flat.root(dominant)
    if root < 0:
        raise ReadError(f"the graph has no root in {dominant}", source=source)
    claims = Claims()
    for ranks, children in resources.entries:
        for rank in ranks:
            host = resources.hosts[rank]
            node_path = f"{flat.path(root, dominant)}/{host}"
            node = _at_rank(flat, node_path, rank, host, source)
            kids = [
                _at_rank(flat, f"{node_path}/{kind}{number}", rank, host, source)
                for kind, ids in children.items()
                for number in ids
            ]
            claims.rows[node] = False
            claims.rows.update(dict.fromkeys(kids, True))
            claims.listed += [node, *kids]
    for rank in resources.ranks:
        members = flat.rows_of_rank(rank)
        if all(row in claims.rows for row in members):
            claims.rows.update(dict.fromkeys(members, True))
    claims.rows[root] = False
    claims.listed.append(root)
    return claims


def _at_rank(flat: FlatGraph, path: str, rank: int, host: str, source: str | None) -> int:
    for row in flat.rows_at(path):
        if flat.rank(row) == rank:
            return row
    raise ReadError(
        f"{path} with rank {rank}: the graph has no such vertex",
        source=source,
        hint="R without a scheduling key finds only nodes directly below the root",
        reference_text=f"add_or_update: couldn't find vertex in graph for {host}.\n"
        f"unpack_rank: failed unpacking rank for {host}.",
    )
