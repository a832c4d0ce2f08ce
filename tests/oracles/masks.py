"""Questions about the state: predicates as masks, emission of a mask (matching.md 11)."""

from collections.abc import Callable

from fluxion_py.outcome import Selection

from .machine import Machine, VertexState

Predicate = Callable[[VertexState], bool]


def mask(machine: Machine, kind: str, jobid: int) -> bytes:
    """Return one byte, 0 or 1, per row of the graph; ValueError for an unknown kind.

    down, allocated and reserved are inherited over the dominant tree; the jobid kinds are not
    (errata G12).
    """
    machine.topology.refresh()
    result = bytearray(len(machine.graph))
    if kind == "down":
        own = [row for row in machine.graph.rows() if not machine.graph.up(row)]
    else:
        holds = _predicate(kind, jobid)
        own = [row for row in machine.graph.rows() if _holds(machine, row, holds)]
    inherited = kind in ("down", "allocated", "reserved")
    for row in own:
        for vertex in machine.topology.subtree(row) if inherited else [row]:
            result[vertex] = 1
    return bytes(result)


def _holds(machine: Machine, row: int, holds: Predicate) -> bool:
    state = machine.states.get(row)
    return state is not None and holds(state)


def _predicate(kind: str, jobid: int) -> Predicate:
    predicates: dict[str, Predicate] = {
        "allocated": lambda state: bool(state.allocations),
        "reserved": lambda state: bool(state.reservations),
        "jobid-alloc": lambda state: jobid in state.allocations,
        "jobid-reserved": lambda state: jobid in state.reservations,
        "jobid-span": lambda state: jobid in state.job2span,
        "jobid-tag": lambda state: jobid in state.tags,
        "filtered": lambda state: state.filter is not None,
    }
    if kind not in predicates:
        raise ValueError(f"no mask {kind!r}; known: down, {', '.join(predicates)}")
    return predicates[kind]


def emit(machine: Machine, wanted: bytes) -> Selection:
    """Return the vertices of a mask and everything above them, at full size, exclusive."""
    machine.topology.refresh()
    selection = Selection()
    _emit(machine, machine.topology.root, wanted, 1, set(), selection)
    return selection


def _emit(
    machine: Machine, row: int, wanted: bytes, depth: int, seen: set[int], selection: Selection
) -> bool:
    seen.add(row)
    emitted = bool(wanted[row])
    subsystem = machine.graph.find_subsystem(machine.topology.dominant)
    for child in machine.topology.children(row):
        if child not in seen and _emit(machine, child, wanted, depth + 1, seen, selection):
            selection.edges.append((row, child, subsystem))
            emitted = True
    if emitted:
        selection.vertices.append((row, machine.graph.size(row), True, depth))
    return emitted


def filter_usage(
    machine: Machine, row: int, at: int, jobid: int | None
) -> list[tuple[str, int, int]]:
    """Return (type, used, total) of a vertex's filter in alphabetical order (errata G12).

    With a job id: what that job has charged there.
    """
    prune = machine.filter(row)
    if prune is None:
        return []
    usage = []
    for name, planner in sorted(prune.planners.items()):
        used = planner.total - planner.avail_resources_at(at)
        if jobid is not None:
            span = machine.states[row].job2span.get(jobid)
            used = 0 if span is None else prune.planned(span).get(name, 0)
        usage.append((name, used, planner.total))
    return usage
