"""A former answer, as R, back to rows of a graph (RFC 20, matching.md 9)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import ReadError
from fluxion_py.outcome import Selection
from fluxion_py.readers.claims import Claims, claims_of_jgf
from fluxion_py.readers.json_text import parse_json
from fluxion_py.readers.rv1 import ResourceSet, parse_r

_JGF_WRITERS = {"": False, "jgf": False, "jgf_shorthand": True}


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
        shorthand = _shorthand(resources.scheduling)
        claims = claims_of_jgf(flat, resources.scheduling, shorthand=shorthand)
    at = max(resources.starttime, 0)
    return Grant(claims, at, max(resources.expiration - at, 0))


def _shorthand(scheduling: Mapping[str, object]) -> bool:
    """Return whether the scheduling key is in shorthand (matching.md 9)."""
    scheme, _, format = str(scheduling.get("writer", "fluxion")).partition(":")
    if scheme != "fluxion" or format not in _JGF_WRITERS:
        raise ReadError(
            f"its writer is {scheme}:{format}, which is not known",
            where="scheduling.writer",
            hint="known: fluxion:jgf, fluxion:jgf_shorthand; or leave the key scheduling out",
        )
    return _JGF_WRITERS[format]


def _claims_of_ranks(flat: FlatGraph, resources: ResourceSet, root: int) -> Claims:
    """Return what R_lite names: leaves whole; above them whole up to the node if all leaves are.

    The vertices between the root and the nodes are shared.
    """
    claims = Claims()
    for ranks, children in resources.entries:
        for rank in ranks:
            node = _node(flat, rank, resources.hosts[rank])
            below = list(_below(flat, node))
            for kind, ids in children.items():
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


def _children(flat: FlatGraph, row: int) -> list[int]:
    return [target for target, subsystem in flat.out_edges(row) if subsystem == 0]


def _below(flat: FlatGraph, row: int) -> Iterator[int]:
    for child in _children(flat, row):
        yield child
        yield from _below(flat, child)


def _claim_between(flat: FlatGraph, claims: Claims, row: int) -> bool:
    """Claim a vertex by what is claimed below it; return whether it is claimed whole."""
    children = _children(flat, row)
    if not children:
        return claims.rows.get(row, False)
    whole = [_claim_between(flat, claims, child) for child in children]
    if all(whole) or any(child in claims.rows for child in children):
        claims.rows[row] = all(whole)
    return all(whole)


def _claim_above(flat: FlatGraph, claims: Claims, row: int) -> None:
    claims.rows.setdefault(row, False)
    for source, subsystem in flat.in_edges(row):
        if subsystem == 0 and source not in claims.rows:
            _claim_above(flat, claims, source)


def selection_of_claims(flat: FlatGraph, claims: Claims) -> Selection:
    """Return claims as a selection of unconnected vertices, for a graph that lacks their root."""
    return Selection([(row, flat.size(row), whole, 1) for row, whole in claims.rows.items()])
