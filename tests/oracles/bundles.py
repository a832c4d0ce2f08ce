"""Bundles of units, vertices and shares of shared vertices (docs/design/0007, rules 2, 6, 7)."""

from collections.abc import Sequence

from .board import Board, Claim, Group, Level, sort_groups
from .machine import Machine
from .request import Demand


class Bundles:
    """What bundles can still be made of: kind by kind, in the order of the policy.

    A kind is [units per bundle, candidates]; a candidate that is used up leaves the list.
    """

    def __init__(self, kinds: list[tuple[int, list[Group]]]) -> None:
        self.kinds = kinds
        self.shares = min((_shares(need, groups) for need, groups in kinds), default=1)
        self.spent = False

    @staticmethod
    def of(
        machine: Machine, board: Board, wanted: Sequence[Demand], level: Level
    ) -> "Bundles | None":
        """Return the bundles of a list of demands; None if there is not even one."""
        kinds = []
        for entry in wanted:
            groups = [group for group in board.groups.get(entry.type, ()) if group.score > 0]
            need = entry.count.resolve(board.qualified(entry.type))
            if need == 0:
                return None
            sort_groups(machine, groups, level)
            kinds.append((need, groups))
        return Bundles(kinds)

    def possible(self) -> bool:
        """Tell whether another bundle can be taken."""
        if not self.kinds:
            return not self.spent  # nothing is asked below it: for one slot
        return all(sum(g.count for g in groups) >= need for need, groups in self.kinds)

    def take(self) -> tuple[int, list[Claim]] | None:
        """Take a bundle; return the sum of its scores and its claims, None if there is none."""
        if not self.possible():
            return None
        self.spent = True
        score = 0
        claims: list[Claim] = []
        for need, groups in self.kinds:
            missing = need
            for group in list(groups):
                if missing <= 0:
                    break
                score += group.score
                if group.pool:
                    units = min(missing, group.count)
                    claims += group.part(units).claims
                    rest = group.part(group.count - units)
                    groups[:] = [rest if g is group else g for g in groups]
                    groups[:] = [g for g in groups if g.count > 0]
                elif isinstance(group.inside, Bundles):
                    units = group.count
                    claims += share_of(group)
                    if not group.inside.possible():
                        groups[:] = [g for g in groups if g is not group]
                else:
                    units = group.count
                    claims += group.claims
                    groups[:] = [g for g in groups if g is not group]
                missing -= units
        return score, claims


def share_of(group: Group) -> list[Claim]:
    """Return the claims of one share of a shared vertex."""
    assert isinstance(group.inside, Bundles)
    taken = group.inside.take()
    assert taken is not None, "a shared vertex without a share is no candidate"
    return [*group.claims, *taken[1]]


def _shares(need: int, groups: Sequence[Group]) -> int:
    """Return how many bundles a kind is counted to be good for; see the page, early stop."""
    whole = units = 0
    for group in groups:
        if group.inside is not None and group.count >= need:
            whole += group.inside.shares
            continue
        units += group.count
        if group.pool:
            whole += units // need
            units %= need
        elif units >= need:
            whole, units = whole + 1, 0
    return min(whole, 2**61)


def form_shared_slots(bundles: "Bundles | None", wanted: int) -> list[Group]:
    """Form slots one after the other, as many as are wanted."""
    formed: list[Group] = []
    while bundles is not None and len(formed) < wanted:
        taken = bundles.take()
        if taken is None:
            break
        formed.append(Group(1 + taken[0], 1, True, tuple(taken[1])))
    return formed
