"""What the verifier says of machines with divisible vertices (docs/design/0007).

Rules, as `VerificationError.rule`: `units` (a part of a pool is no part of it, a whole not whole),
`booked` (more units are held at some second than there are, or a shared vertex is another's),
`shares` (what is taken on a shared vertex is not so many times what one slot needs).
"""

from collections.abc import Iterable, Iterator, Sequence

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Resource
from fluxion_py.outcome import Selection
from tests.oracles.verifier_machine import VerificationError

Window = tuple[int, int, int, bool]  # start, end, units, whole


def check_units(flat: FlatGraph, selection: Selection) -> None:
    """Raise unless of every pool at least a unit, at most all, is given, or all as a whole."""
    for row, needs, exclusive, _ in selection.vertices:
        if not flat.divisible(row):
            continue
        size = flat.size(row)
        if needs != size if exclusive else not 1 <= needs <= size:
            raise VerificationError("units", f"{needs} of {size} units of {flat.path(row)}")


def check_room(
    flat: FlatGraph, selection: Selection, start: int, end: int, held: Iterable[tuple[int, Window]]
) -> None:
    """Raise unless the pools of an answer have room for it at every second of its time.

    `held` are the holds of other jobs: (row, window).
    """
    others: dict[int, list[Window]] = {}
    for row, window in held:
        if window[0] < end and start < window[1]:
            others.setdefault(row, []).append(window)
    for row, needs, exclusive, _ in selection.vertices:
        if not flat.divisible(row) or row not in others:
            continue
        there = others[row]
        seconds = {start, *(window[0] for window in there if window[0] > start)}
        most = max(sum(u for s, e, u, _ in there if s <= second < e) for second in seconds)
        if exclusive or any(whole for *_, whole in there) or needs + most > flat.size(row):
            raise VerificationError(
                "booked", f"{needs} units of {flat.path(row)}, {most} of {flat.size(row)} are held"
            )


def check_shares(flat: FlatGraph, selection: Selection, request: Sequence[Resource]) -> None:
    """Raise unless slots on shared vertices got exactly their units, where that can be read off.

    That is: a request of one slot of one shared vertex with fixed amounts of pools.
    """
    form = _slot_of_pools(flat, request)
    if form is None:
        return
    vertex, slot = form
    taken: dict[int, dict[str, int]] = {}
    rows = {row: (needs, exclusive) for row, needs, exclusive, _ in selection.vertices}
    for above, row, _ in selection.edges:
        if flat.type(above) == vertex.type and flat.divisible(row):
            amounts = taken.setdefault(above, {})
            amounts[flat.type(row)] = amounts.get(flat.type(row), 0) + rows[row][0]
    shares = 0
    for above, amounts in taken.items():
        times = {amounts.get(e.type, 0) / e.count.min for e in vertex.children}
        if len(times) != 1 or times != {int(min(times))} or min(times) < 1:
            raise VerificationError("shares", f"{amounts} on {flat.path(above)} is no share")
        shares += int(min(times))
    if slot.count.resolve(shares) != shares:
        raise VerificationError("shares", f"{shares} slots for {slot.count}")


def _slot_of_pools(
    flat: FlatGraph, request: Sequence[Resource]
) -> tuple[Resource, Resource] | None:
    slots = list(_find_slots(request))
    if len(request) != 1 or len(slots) != 1 or request[0] is not slots[0]:
        return None
    (slot,) = slots
    if len(slot.children) != 1 or slot.children[0].exclusive is not False:
        return None
    vertex = slot.children[0]
    pools = {flat.type(row) for row in flat.rows() if flat.divisible(row)}
    whole = {flat.type(row) for row in flat.rows() if not flat.divisible(row)}
    plain = (
        (vertex.count.min, vertex.count.max) == (1, 1)
        and vertex.children
        and all(
            entry.type in pools - whole
            and entry.exclusive is not True
            and entry.count.min == entry.count.max
            and not entry.children
            for entry in vertex.children
        )
    )
    return (vertex, slot) if plain else None


def _find_slots(request: Sequence[Resource]) -> Iterator[Resource]:
    for entry in request:
        if entry.type == "slot":
            yield entry
        yield from _find_slots(entry.children)


def shares_in_slots(request: Sequence[Resource], in_slot: bool = False) -> bool:
    """Say whether a request has a vertex in a slot that may stay shared."""
    return any(
        (in_slot and entry.exclusive is False)
        or shares_in_slots(entry.children, in_slot or entry.type in ("slot", "xor_slot"))
        for entry in request
    )
