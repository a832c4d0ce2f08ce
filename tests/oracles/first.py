"""The first-match variant: order of visits, early stop, edge weights (matching.md 4.2)."""

from collections.abc import Iterable, Sequence

from .board import Board
from .machine import VIRGIN_WEIGHT, Machine
from .request import Demand


def visiting_order(machine: Machine, row: int) -> list[int]:
    """Return the dominant children: by (edge weight, uniq_id) descending under first-match."""
    children = machine.topology.children(row)
    if not machine.policy.stop_on_first:
        return children
    weights = machine.weights
    return sorted(
        children,
        key=lambda child: (
            weights.get((row, child), VIRGIN_WEIGHT),
            machine.graph.uniq_id(child),
        ),
        reverse=True,
    )


class Tally:
    """How many shares of each requested type have been found at one vertex."""

    def __init__(self, following: Sequence[Demand], shares: int) -> None:
        self._per_share = {entry.type: entry.count.ceiling for entry in following}
        self._wanted = shares
        self._seen = dict.fromkeys(self._per_share, 0)
        self._pile = dict.fromkeys(self._per_share, 0)
        self._shares = dict.fromkeys(self._per_share, 0)

    def saturated(self, type_name: str) -> bool:
        """Tell whether enough shares of a type have been found."""
        return self._shares.get(type_name, -1) >= self._wanted

    def update(self, board: Board) -> bool:
        """Count what a successful child has added; True if all types are saturated.

        A share is complete when the pile reaches the per-share count; the pile then restarts
        at 0, a surplus is lost.
        """
        for name, per_share in self._per_share.items():
            groups = board.groups.get(name, [])
            fresh = [group for group in groups[self._seen[name] :] if group.score > 0]
            self._seen[name] = len(groups)
            delta = 0
            pooled = False
            for group in fresh:
                if group.inside is not None and group.count >= per_share:
                    self._shares[name] += group.inside.shares
                else:
                    delta += group.count
                    pooled = pooled or group.pool
            if pooled and per_share:
                self._pile[name] += delta
                self._shares[name] += self._pile[name] // per_share
                self._pile[name] %= per_share
                continue
            if delta == 0:
                continue
            self._pile[name] += delta
            if self._pile[name] >= per_share:
                self._shares[name] += 1
                self._pile[name] = 0
        return all(map(self.saturated, self._per_share))


def refresh_weights(machine: Machine, edges: Iterable[tuple[int, int, int]], now: int) -> None:
    """Set the weights of emitted edges: the free units of the filter's *last* type at now.

    Done after every emitted match, MATCHED included (errata G3). Edges to vertices without a
    filter keep theirs; so do those where the amount is 0 and the filter has no spans.
    """
    for source, target, _ in edges:
        prune = machine.filter(target)
        if prune is None:
            continue
        free = prune.planners[prune.types[-1]].avail_resources_at(now)
        if free > 0 or prune.has_spans():
            machine.weights[source, target] = free


def zero_weights(machine: Machine, edges: Iterable[tuple[int, int, int]]) -> None:
    """Set the weights of the edges of a restored job to 0 (matching.md 4.2, a quirk)."""
    for source, target, _ in edges:
        prune = machine.filter(target)
        if prune is not None and prune.has_spans():
            machine.weights[source, target] = 0
