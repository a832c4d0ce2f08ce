"""One whole select: the walk from the root, finish-graph and the edges above (matching.md 4)."""

from collections.abc import Sequence

from fluxion_py.outcome import Errno

from .board import Board, Claim, Group, Level
from .machine import Machine
from .request import Demand
from .walk import Attempt, Visit, Walk

NO_SOURCE = -1
"""The source of the virtual edge into the root."""


def select(machine: Machine, attempt: Attempt, wanted: Sequence[Demand]) -> bool:
    """Try to choose resources; the choice is left in the marks of the attempt.

    On failure the error variable is EBUSY (a vertex failed last) or ENODEV.
    """
    machine.topology.refresh()
    walk = Walk(machine, attempt)
    root = machine.topology.root
    visit = walk.visit(root, wanted, True, False, 0)
    if visit is None:
        return False
    board = Board() if visit.committed else visit.board
    claim = Claim(NO_SOURCE, root, visit.count, visit.exclusive)
    group = Group(visit.score, visit.count, visit.exclusive, (claim,))
    board.add(machine.topology.type(root), group)
    chosen = walk.step5_choose(board, wanted, Level.GRAPH)
    if chosen is None or any(board.qualified(name) == 0 for name in board.groups):
        machine.last_error = Errno.NEVER
        return False
    walk.step6_commit(chosen)
    _mark_root(machine, attempt, wanted, visit)
    for groups in chosen.values():
        for group in groups:
            for claim in group.claims:
                if claim.source != NO_SOURCE:
                    _mark_above(machine, attempt, claim.source, board, chosen)
    return True


def _mark_root(
    machine: Machine,
    attempt: Attempt,
    wanted: Sequence[Demand],
    visit: Visit,
) -> None:
    """Mark the virtual in-edge: needs = n if the root's type is requested, else 1 and shared."""
    root = machine.topology.root
    own = machine.topology.type(root)
    needs, exclusive = 1, False
    for entry in wanted:
        if entry.type == own:
            needs = entry.count.resolve(visit.count)
            exclusive = visit.exclusive
    attempt.marks[NO_SOURCE, root] = Claim(NO_SOURCE, root, needs, exclusive)


def _mark_above(
    machine: Machine,
    attempt: Attempt,
    row: int,
    board: Board,
    chosen: dict[str, list[Group]],
) -> None:
    """Mark the edges above a committed edge, shared, until one is marked already.

    Only vertices whose type is on the board without having been chosen are marked.
    """
    own = machine.topology.type(row)
    for parent in machine.topology.parents(row):
        if (parent, row) in attempt.marks:
            continue
        if own in board.groups and own not in chosen:
            attempt.marks[parent, row] = Claim(parent, row, machine.graph.size(row), False)
        _mark_above(machine, attempt, parent, board, chosen)
