"""Forming slots at a vertex (matching.md 4.1 and, for sibling slots, 4.3)."""

from collections.abc import Sequence

from .board import Board, Group, Level, sort_groups
from .bundles import Bundles
from .machine import Machine
from .request import Demand

Needs = list[tuple[str, int]]
"""The contents of one slot: (type, units), for one shape."""


def union_of_shapes(slots: Sequence[Demand], intern_order: Sequence[str]) -> list[Demand]:
    """Return what to look for: one shape as it is; of several, per type the largest minimum."""
    if len(slots) == 1:
        return list(slots[0].children)
    largest: dict[str, Demand] = {}
    for slot in slots:
        for entry in slot.children:
            known = largest.get(entry.type)
            if known is None or entry.count.min > known.count.min:
                largest[entry.type] = entry
    return sorted(largest.values(), key=lambda entry: intern_order.index(entry.type))


def form_slots(machine: Machine, board: Board, slots: Sequence[Demand], wanted: int) -> list[Group]:
    """Return one group per slot that the board's groups make up.

    Every type's groups are sorted at slot level and taken in order.
    """
    for groups in board.groups.values():
        sort_groups(machine, groups, Level.SLOT)
    shapes = [
        [(entry.type, entry.count.resolve(board.qualified(entry.type))) for entry in slot.children]
        for slot in slots
    ]
    if not machine.flexible:
        sequence = [0] * _bundles(board, shapes[0])
    elif len(shapes) == 1:
        sequence = [0] * min(wanted, _quotient(board, shapes[0]))
    else:
        sequence = best_sequence(shapes, {name: board.qualified(name) for name in board.groups})
    return _build(board, [shapes[choice] for choice in sequence])


def _bundles(board: Board, shape: Needs) -> int:
    """Return the number of disjoint bundles: scan each type, the surplus is lost (4.1, 3)."""
    fewest = None
    for name, needed in shape:
        formed = pile = 0
        for group in board.groups.get(name, ()):
            pile += group.count
            if needed and pile >= needed:
                formed += 1
                pile = 0
        fewest = formed if fewest is None else min(fewest, formed)
    return fewest or 0


def _quotient(board: Board, shape: Needs) -> int:
    """Return the slots of a single sibling: min over the types of q div n (4.3)."""
    return min(
        (board.qualified(name) // needed if needed else 0 for name, needed in shape), default=0
    )


def best_sequence(shapes: Sequence[Needs], amounts: dict[str, int]) -> list[int]:
    """Return the longest sequence of shapes that fits into the amounts; ties: earlier shape.

    Memoised over what remains, without a cap on the length (errata G17). The stack stands for
    the recursion, which may be as deep as there are slots.
    """
    names = sorted(amounts)
    needs = [_vector(shape, names) for shape in shapes]
    start = tuple(amounts[name] for name in names)
    best: dict[tuple[int, ...], tuple[int, int]] = {}
    todo = [start]
    while todo:
        state = todo[-1]
        rests = [(choice, _rest(state, need)) for choice, need in enumerate(needs)]
        missing = [rest for _, rest in rests if rest is not None and rest not in best]
        if missing:
            todo += missing
            continue
        todo.pop()
        best[state] = (0, -1)
        for choice, rest in rests:
            if rest is not None and best[rest][0] + 1 > best[state][0]:
                best[state] = (best[rest][0] + 1, choice)
    sequence = []
    left: tuple[int, ...] | None = start
    while left is not None and best[left][1] >= 0:
        sequence.append(best[left][1])
        left = _rest(left, needs[best[left][1]])
    return sequence


def _vector(shape: Needs, names: Sequence[str]) -> tuple[int, ...] | None:
    """Return the needs in the order of the names; None if the shape cannot be met at all."""
    by_name = dict(shape)
    if not by_name or any(not by_name[name] or name not in names for name in by_name):
        return None
    return tuple(by_name.get(name, 0) for name in names)


def _rest(state: tuple[int, ...], need: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if need is None or any(have < take for have, take in zip(state, need, strict=True)):
        return None
    return tuple(have - take for have, take in zip(state, need, strict=True))


def _build(board: Board, sequence: Sequence[Needs]) -> list[Group]:
    """Take groups from each type's list in order until the slot has enough (4.1, 4).

    Pools of several units may run out before the sequence ends; then the building ends.
    """
    places = dict.fromkeys(board.groups, 0)
    formed: list[Group] = []
    for shape in sequence:
        taken: list[Group] = []
        for name, needed in shape:
            have = 0
            while have < needed:
                if places[name] == len(board.groups[name]):
                    return formed
                group = board.groups[name][places[name]]
                places[name] += 1
                have += group.count
                taken.append(group)
        claims = tuple(claim._replace(exclusive=True) for group in taken for claim in group.claims)
        formed.append(Group(1 + sum(group.score for group in taken), 1, True, claims))
    return formed


def form_shared_shapes(
    machine: Machine, board: Board, slots: Sequence[Demand], wanted: int
) -> list[Group]:
    """Form slots of several shapes of pools and shared vertices (docs/design/0007, rule 10).

    A shared vertex counts as one, however many shares it has; more than `wanted` slots of the
    shape that needs most of a type are not counted.
    """
    names = list(board.groups)
    for groups in board.groups.values():
        sort_groups(machine, groups, Level.SLOT)
    shapes = [
        [(entry.type, entry.count.resolve(board.qualified(entry.type))) for entry in slot.children]
        for slot in slots
    ]
    amounts = {}
    for name in names:
        units = board.qualified(name)
        most = max([1, *(n or units + 1 for shape in shapes for own, n in shape if own == name)])
        amounts[name] = min(units, wanted * most)
    bundles = Bundles([(1, [g for g in board.groups[name] if g.score > 0]) for name in names])
    formed: list[Group] = []
    for choice in best_sequence(shapes, amounts):
        needs = dict(shapes[choice])
        bundles.kinds = [
            (needs.get(name, 0), groups)
            for name, (_, groups) in zip(names, bundles.kinds, strict=True)
        ]
        taken = bundles.take()
        if taken is None:
            break
        formed.append(Group(1 + taken[0], 1, True, tuple(taken[1])))
    return formed
