"""A former answer, as R, back to rows of a graph (RFC 20, matching.md 9)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import ReadError
from fluxion_py.graph.topology import children
from fluxion_py.outcome import Selection
from fluxion_py.readers.claims import Claims, claims_of_jgf
from fluxion_py.readers.json_text import parse_json
from fluxion_py.readers.rv1 import ResourceSet, parse_r, reader_of


@dataclass(frozen=True, slots=True)
class Grant:
    """What an R grants: the claimed rows, the start, and the length in seconds (0: no end)."""

    claims: Claims
    at: int
    duration: int


def read_grant(flat: FlatGraph, text: str | Mapping[str, object], dominant: str) -> Grant:
    """Return the rows and times of an R.

    With a `scheduling` key that names our JGF writer, exactly its vertices; else the nodes, cores
    and gpus of R_lite, wherever they stand below the root. Raises `ReadError`.
    """
    document = parse_json(text, None) if isinstance(text, str) else text
    if isinstance(document, Mapping) and "graph" in document and "execution" not in document:
        raise ReadError("this is JGF, not R", hint="write the allocation as rv1")
    if not isinstance(document, Mapping):
        raise ReadError("R must be an object", hint="write the allocation as rv1")
    resources = parse_r(document)
    if resources.scheduling is None:
        claims = _claims_of_ranks(flat, resources, flat.root(dominant))
    else:
        shorthand = reader_of(document) == "jgf_shorthand"
        claims = claims_of_jgf(flat, resources.scheduling, shorthand=shorthand)
    at = max(resources.starttime, 0)
    return Grant(claims, at, max(resources.expiration - at, 0))


def _claims_of_ranks(flat: FlatGraph, resources: ResourceSet, root: int) -> Claims:
    """Return what R_lite names: leaves whole; above them whole up to the node if all leaves are.

    The vertices between the root and the nodes are shared.
    """
    claims = Claims()
    for ranks, kinds in resources.entries:
        for rank in ranks:
            node = _node(flat, rank, resources.hosts[rank])
            below = list(_below(flat, node))
            for kind, ids in kinds.items():
                found = {flat.id(row): row for row in below if flat.type(row) == kind}
                for number in ids:
                    if number not in found:
                        host = resources.hosts[rank]
                        raise ReadError(f"{host} has no {kind}{number}", where="execution.R_lite")
                    claims.listed.append(found[number])
                    claims.rows[found[number]] = True
            _claim_between(flat, claims, node)
            _claim_above(flat, claims, node)
    claims.rows.setdefault(root, False)
    return claims


def _node(flat: FlatGraph, rank: int, host: str) -> int:
    for row in flat.rows_of_rank(rank):
        if flat.name(row) == host:
            return row
    raise ReadError(f"the graph has no {host} with rank {rank}", where="execution.nodelist")


def _below(flat: FlatGraph, row: int) -> Iterator[int]:
    for child in children(flat, row):
        yield child
        yield from _below(flat, child)


def _claim_between(flat: FlatGraph, claims: Claims, row: int) -> bool:
    """Claim a vertex by what is claimed below it; return whether it is claimed whole."""
    inner = children(flat, row)
    if not inner:
        return claims.rows.get(row, False)
    whole = [_claim_between(flat, claims, child) for child in inner]
    if all(whole) or any(child in claims.rows for child in inner):
        claims.rows[row] = all(whole)
    return all(whole)


def _claim_above(flat: FlatGraph, claims: Claims, row: int) -> None:
    claims.rows.setdefault(row, False)
    for source, subsystem in flat.in_edges(row):
        if subsystem == 0 and source not in claims.rows:
            _claim_above(flat, claims, source)


def selection_of_claims(flat: FlatGraph, claims: Claims) -> Selection:
    """Return claims as a selection of unconnected vertices, for a graph that lacks their root."""
    return Selection(
        [
            (row, claims.units.get(row, flat.size(row)), whole, 1)
            for row, whole in claims.rows.items()
        ]
    )
