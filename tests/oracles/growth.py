"""Changes of the graph under the engine: remove, status (resource-graph.md 7)."""

from collections.abc import Iterable

from .cancel import reduce_ancestor, top_of_rank
from .filters import prime
from .machine import Machine


def remove(machine: Machine, row: int) -> None:
    """Detach a vertex with what is below it; jobs there keep their spans in ancestors.

    Raises ValueError for the root, without which there is nothing to walk.
    """
    machine.topology.refresh()
    if row == machine.topology.root:
        raise ValueError("the root cannot be removed")
    machine.graph.detach(row)
    prime(machine)


def remove_ranks(machine: Machine, ranks: Iterable[int]) -> list[int]:
    """Take ranks away; return the jobs that held something there.

    KeyError for an unknown rank, ValueError for that of the root; then nothing is changed.
    The same total is subtracted for every affected job: the reference's quirk.
    """
    machine.topology.refresh()
    wanted = sorted(set(ranks))
    for rank in wanted:
        if not machine.graph.rows_of_rank(rank):
            raise KeyError(rank)
        if top_of_rank(machine, rank) == machine.topology.root:
            raise ValueError("the root cannot be removed")
    tops = []
    affected: dict[int, None] = {}
    for rank in wanted:
        top = top_of_rank(machine, rank)
        jobs, amounts = _reset_rank(machine, rank)
        affected.update(dict.fromkeys(jobs))
        tops.append(top)
        for ancestor in machine.topology.ancestors(top):
            if machine.graph.rank(ancestor) != rank:
                for jobid in jobs:
                    reduce_ancestor(machine, ancestor, jobid, amounts)
    for top in tops:
        if machine.graph.alive(top):
            machine.graph.detach(top)
    prime(machine)
    return sorted(affected)


def _reset_rank(machine: Machine, rank: int) -> tuple[list[int], dict[str, int]]:
    """Reset all vertices of a rank; return the jobs there and the units they held, by type."""
    jobs: set[int] = set()
    amounts: dict[str, int] = {}
    for row in machine.graph.rows_of_rank(rank):
        state = machine.states.pop(row, None)
        if state is None:
            continue
        jobs |= set(state.tags) | set(state.holdings)
        own = machine.topology.type(row)
        units = machine.graph.size(row) * (len(state.allocations) + len(state.reservations))
        amounts[own] = amounts.get(own, 0) + units
    return sorted(jobs), amounts


def set_status(machine: Machine, row: int, up: bool) -> None:
    """Flip a vertex's own flag; nodes_up changes by the nodes at and below it.

    Their own status is not looked at: the reference's quirk.
    """
    machine.topology.refresh()
    if machine.graph.up(row) == up:
        return
    machine.graph.set_up(row, up)
    below = machine.topology.subtree(row)
    nodes = sum(1 for vertex in below if machine.topology.type(vertex) == "node")
    machine.nodes_up += nodes if up else -nodes
