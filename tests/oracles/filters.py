"""Prune filters: what is tracked where, and the totals (matching.md 3)."""

from collections.abc import Iterable

from .machine import Machine
from .planner import PlannerMulti


def register(machine: Machine, filters: Iterable[tuple[str, str]]) -> None:
    """Register (anchor, type) pairs: ALL:x removes and forbids other anchors of x."""
    for anchor, tracked in filters:
        anchors = machine.tracked.setdefault(tracked, set())
        if anchor == "ALL":
            anchors.clear()
        if "ALL" not in anchors:
            anchors.add(anchor)


def prime(machine: Machine) -> None:
    """Give every inner vertex its filter, from the root of each selected subsystem.

    A filter that exists is changed in place: spans stay, what remains shifts by the change of
    the totals (resource-graph.md 7). A vertex that has become a leaf loses its filter.
    """
    machine.topology.refresh()
    for row in machine.graph.rows():
        if machine.divisible(row):  # tracked everywhere (docs/design/0007)
            machine.tracked[machine.graph.type(row)] = {"ALL"}
    for name in machine.topology.names:
        _visit(machine, name, machine.graph.root(name), set())


def _visit(machine: Machine, subsystem: str, row: int, seen: set[int]) -> dict[str, int]:
    """Prime below a vertex; return the aggregate that goes to its parent, itself included."""
    topology = machine.topology
    seen.add(row)
    below: dict[str, int] = {}
    for child in topology.children(row, subsystem):
        if child in seen:
            continue
        for name, amount in _visit(machine, subsystem, child, seen).items():
            below[name] = below.get(name, 0) + amount
    own = topology.type(row)
    if topology.is_leaf(row):
        if own not in machine.tracked:
            machine.tracked[own] = {"cluster"}
        if subsystem == topology.dominant and machine.filter(row) is not None:
            _drop_filter(machine, row)
    elif subsystem == topology.dominant:
        _set_filter(machine, row, below)
    if own in machine.tracked:
        below[own] = below.get(own, 0) + machine.counted(row)
    return below


def filter_types(machine: Machine, own: str) -> list[str]:
    """Return the types of a vertex's filter: anchored ones, then ALL ones but its own type.

    Both in intern order (matching.md 3).
    """
    order = {name: place for place, name in enumerate(machine.graph.types())}
    known = sorted(machine.tracked, key=lambda name: order.get(name, len(order)))
    anchored = [name for name in known if own in machine.tracked[name]]
    everywhere = [name for name in known if "ALL" in machine.tracked[name] and name != own]
    return anchored + everywhere


def _set_filter(machine: Machine, row: int, below: dict[str, int]) -> None:
    totals = [
        (name, below.get(name, 0)) for name in filter_types(machine, machine.topology.type(row))
    ]
    state = machine.state(row)
    if not totals:
        if state.filter is not None:
            _drop_filter(machine, row)
    elif state.filter is None:
        state.filter = PlannerMulti(dict(totals))
    else:
        state.filter.update_totals(totals, machine.strict)


def _drop_filter(machine: Machine, row: int) -> None:
    state = machine.state(row)
    state.filter = None
    state.job2span.clear()
