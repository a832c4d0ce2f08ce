"""What must hold between any two steps, whatever the steps were."""

from typing import Any

from tests.oracles.verifier import GRAPH_END, Hold
from tests.properties.world import Player, World

MASKS = ("down", "allocated", "reserved", "filtered")


def times_of_interest(world: World) -> list[int]:
    """Return now, every start and every end in the book, and the moment after each."""
    times = {0, world.now}
    for held in world.verifier.holds.values():
        for hold in held:
            times |= {hold.start, hold.end}
    return sorted(time for time in times if time < GRAPH_END)


def dump(player: Player, times: list[int]) -> dict[str, Any]:
    """Return everything that can be asked of an engine, at the given times."""
    engine, flat = player.engine, player.flat
    state: dict[str, Any] = {"jobs": engine.jobs()}
    state |= {kind: engine.mask(kind) for kind in MASKS}
    for row in flat.rows():
        state[f"holds {row}"] = sorted(engine.holds(row))
        state[f"up {row}"] = flat.up(row)
        for time in times:
            state[f"free {row} {time}"] = engine.available(row, time, 1)
            usage = engine.filter_usage(row, time)
            state[f"filter {row} {time}"] = [entry for entry in usage if any(entry[1:])]
    return state


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Return how two dumps differ, one text per key, at most ten."""
    keys = [key for key in sorted(first | second) if first.get(key) != second.get(key)]
    return [f"{key}: {first.get(key)} / {second.get(key)}" for key in keys[:10]]


def check_filters(world: World) -> None:
    """Every prune filter shows what a recount from the book shows.

    Not above vertices with two parents: there a unit is charged along the way of the answer.
    """
    flat, engine = world.flat, world.players[0].engine
    machine = world.verifier.machine
    machine.refresh()
    below: dict[int, dict[str, int]] = {row: {} for row in flat.rows()}
    unclear = set()
    for row in flat.rows():
        for inner in machine.below(row):
            kind = flat.type(inner)
            below[row][kind] = below[row].get(kind, 0) + flat.size(inner)
            if len(machine.parents[inner]) > 1:
                unclear.add(row)
    held: dict[int, int] = {}
    for hold in (hold for mine in world.verifier.holds.values() for hold in mine):
        held[hold.row] = held.get(hold.row, 0) + hold.units
    too_small = sum(
        max(0, units - flat.size(row))
        for row, units in held.items()
        if flat.alive(row) and flat.divisible(row) and not world.setting.strict
    )
    for time in times_of_interest(world):
        used = _used(world, time)
        for row in set(flat.rows()) - unclear:
            for kind, amount, total in engine.filter_usage(row, time):
                want = (used.get((row, kind), 0), below[row].get(kind, 0))
                if want[1] <= total <= want[1] + too_small:
                    want = (want[0], total)  # counts for more, see Ledger.counted
                assert (amount, total) == want, (
                    f"filter of {flat.path(row)} at {time}: {kind} is {amount} of {total}, "
                    f"a recount gives {want[0]} of {want[1]}"
                )


def _used(world: World, time: int) -> dict[tuple[int, str], int]:
    """Recount the units in use below every vertex, along the ways of the answers."""
    used: dict[tuple[int, str], int] = {}
    for jobid, held in world.verifier.holds.items():
        way = world.parents[jobid]
        for hold in held:
            pool = world.flat.divisible(hold.row) and not world.setting.strict
            if not (hold.exclusive or pool) or not hold.start <= time < hold.end:
                continue
            kind = world.flat.type(hold.row)
            units = hold.units if pool else world.flat.size(hold.row)
            above = way.get(hold.row)
            while above is not None:
                used[above, kind] = used.get((above, kind), 0) + units
                above = way.get(above)
    return used


def check_holds(world: World) -> None:
    """The engine's records per vertex are those of the book, and so are the free units.

    After a partial cancel a job may keep shared vertices above what it gave back: an ancestor
    without an aggregate keeps its tag (errata G4 a).
    """
    flat, engine = world.flat, world.players[0].engine
    book: dict[int, list[tuple[int, Hold]]] = {}
    for jobid, held in world.verifier.holds.items():
        for hold in held:
            book.setdefault(hold.row, []).append((jobid, hold))
    for row in flat.rows():
        want = {(job, hold.start, hold.end, hold.exclusive) for job, hold in book.get(row, [])}
        have = {(job, start, end, x) for job, start, end, _, x, _ in engine.holds(row)}
        kept = {hold for hold in have - want if hold[0] in world.partly_given_back and not hold[3]}
        assert have - kept == want, f"{flat.path(row)} is held by {have}, the book says {want}"
        for time in {time for _, start, end, _ in want for time in (start, end)}:
            there = [h for _, h in book.get(row, []) if h.start <= time < h.end]
            free = 0 if any(h.exclusive for h in there) else flat.size(row)
            if flat.divisible(row) and not world.setting.strict:
                free = max(0, free - sum(h.units for h in there))
            assert engine.available(row, time, 1) == free, (
                f"{flat.path(row)} has {engine.available(row, time, 1)} units free at {time}, "
                f"the book says {free}"
            )
