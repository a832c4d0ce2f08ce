"""Score boards: what the children of a vertex offer, by type (matching.md 4 and 5)."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple, Protocol

from fluxion_py.match.policy import Policy

from .machine import Machine
from .sorting import introsort


class Claim(NamedTuple):
    """An edge with what is taken of its target; the source of the root's virtual edge is -1."""

    source: int
    target: int
    needs: int
    exclusive: bool
    listed: bool = False
    """Shared, and to be emitted although nothing below it is taken."""


class Shareable(Protocol):
    """What several slots may have a share of (`bundles.Bundles`)."""

    shares: int

    def take(self) -> tuple[int, list[Claim]] | None:
        """Take a share: scores and claims."""
        ...


@dataclass(slots=True)
class Group:
    """A candidate: a vertex, or a slot with all its vertices. Score 0 means "unmet".

    Of a `pool` some units can be taken; a shared vertex has `inside` what its shares are made of.
    """

    score: int
    count: int
    exclusive: bool
    claims: tuple[Claim, ...]
    pool: bool = False
    inside: Shareable | None = None

    @property
    def special(self) -> bool:
        """Whether several slots may use it."""
        return self.pool or self.inside is not None

    def part(self, units: int) -> "Group":
        """Return so many units of a pool as a candidate."""
        (claim,) = self.claims
        return replace(self, count=units, claims=(claim._replace(needs=units),))


@dataclass(slots=True)
class Board:
    """Groups by type, in the order in which they were found."""

    groups: dict[str, list[Group]] = field(default_factory=dict)

    def add(self, type_name: str, group: Group) -> None:
        """Append one group."""
        self.groups.setdefault(type_name, []).append(group)

    def merge(self, other: "Board") -> None:
        """Append the groups of a vertex that chose nothing (matching.md 4, step 6)."""
        for type_name, groups in other.groups.items():
            self.groups.setdefault(type_name, []).extend(groups)

    def qualified(self, type_name: str) -> int:
        """Return q: the units of all groups of the type with a score above 0."""
        return sum(group.count for group in self.groups.get(type_name, ()) if group.score > 0)


class Level(Enum):
    """Where groups are sorted; some policies differ by it (matching.md 5)."""

    GRAPH = "graph"
    VERTEX = "vertex"
    SLOT = "slot"


def sort_groups(machine: Machine, groups: list[Group], level: Level) -> None:
    """Sort in place by the policy; ties as the reference leaves them, or stable."""
    key = _sort_key(machine.policy, groups, level)
    if machine.reference_ties:
        introsort(groups, lambda one, other: key(one) < key(other))
    else:
        groups.sort(key=key)


def _sort_key(
    policy: Policy, groups: list[Group], level: Level
) -> Callable[[Group], tuple[int, ...]]:
    """Return the key whose ascending order is the policy's order (matching.md 5)."""
    if policy.order == "locality" and level is Level.GRAPH:
        runs = _runs(groups)
        return lambda group: runs[group.score]
    if policy.order == "low" or (policy.order == "variation" and level is not Level.SLOT):
        return lambda group: (group.score,)
    return lambda group: (-group.score,)


def _runs(groups: list[Group]) -> dict[int, tuple[int, int]]:
    """Return for each score the (low end, high end) of its run of consecutive scores, negated."""
    runs: list[list[int]] = []
    for score in sorted({group.score for group in groups}):
        if runs and score == runs[-1][-1] + 1:
            runs[-1].append(score)
        else:
            runs.append([score])
    return {score: (-run[0], -run[-1]) for run in runs for score in run}


def shortest_prefix(groups: list[Group], wanted: int) -> list[Group]:
    """Return the shortest prefix whose counts sum to at least `wanted` (matching.md 4, step 5)."""
    chosen: list[Group] = []
    total = 0
    for group in groups:
        if total >= wanted:
            break
        if group.pool:
            group = group.part(min(group.count, wanted - total))
        chosen.append(group)
        total += group.count
    return chosen


def vertex_score(machine: Machine, row: int, factor: int) -> int:
    """Return the score of a vertex whose demands are met (matching.md 5)."""
    if machine.policy.order == "variation":
        return 1 + _performance_class(machine.graph.properties(row))
    return 1 + factor + machine.graph.id(row) + 1


def node_factor(machine: Machine, row: int) -> int:
    """Return what an enclosing node adds to the scores below it (column F of matching.md 5)."""
    if not machine.policy.node_centric or machine.topology.type(row) != "node":
        return 0
    return (machine.graph.id(row) + 2) * 10000 + abs(machine.graph.uniq_id(row) % 10000 - 1)


def _performance_class(properties: dict[str, str]) -> int:
    text = properties.get("perf_class", "")
    return int(text) if text.isascii() and text.isdecimal() and int(text) <= 9999 else 9999
