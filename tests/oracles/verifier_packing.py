"""Counts and exact packing for the verifier: how pools split into slots.

Own reading of jobspec.md 3 (the series of a count) and matching.md 4 (a vertex is given whole,
so a group may exceed its count by less than its largest vertex). No code is shared with the
matcher: neither `Count.resolve` nor a slot builder is used.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from fluxion_py.jobspec.model import Count, Resource

BUDGET = 50_000
"""Steps that an exact packing may take before it is given up."""


Sizes = Mapping[str, Sequence[int]]
"""Type -> the sizes of the vertices of that type that may go into a slot."""


class UndecidedError(Exception):
    """The exact search ran out of its budget; the case is too large for this verifier."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was found for one entry of a request: between `low` and `high` units.

    The two differ where vertices came along unasked (below a vertex that is given whole).
    `largest` is the size of the largest vertex among them.
    """

    low: int
    high: int
    largest: int

    def __add__(self, other: "Tally") -> "Tally":
        largest = max(self.largest, other.largest)
        return Tally(self.low + other.low, self.high + other.high, largest)


def series_from(count: Count, floor: int) -> Iterator[int]:
    """Yield the acceptable values of a count that are greater than `floor`, ascending."""
    if count.choices:
        yield from (value for value in sorted(count.choices) if value > floor)
        return
    value, top = count.min, count.max
    if count.operator == "+" and value <= floor:
        value += -(-(floor + 1 - value) // count.operand) * count.operand
    while value <= top:
        if value > floor:
            yield value
        if count.operator == "+":
            value += count.operand
            continue
        larger = value * count.operand if count.operator == "*" else value**count.operand
        if larger <= value:
            return
        value = larger


def lowest(count: Count) -> int:
    """Return the smallest acceptable value of a count that is at least 1, or 0 if none is."""
    return next(series_from(count, 0), 0)


def covers(count: Count, low: int, high: int, largest: int) -> bool:
    """Say whether a total between `low` and `high` satisfies a count without waste.

    `largest` is the size of the largest vertex in the total: a total of L units is right for
    the value v if v <= L and L without that vertex is less than v.
    """
    value = next(series_from(count, max(0, low - largest)), 0)
    return 0 < value <= high


def packs(sizes: Sequence[int], groups: Sequence[Count]) -> bool:
    """Say whether vertices of these sizes split, all used, into one group per count.

    Exact. Raises `UndecidedError` beyond `BUDGET` steps. Linear in groups x vertices if all
    sizes are equal, else exponential in the number of distinct sizes.
    """
    if not groups:
        return not sizes
    if len(set(sizes)) <= 1:
        return _packs_equal(sizes, groups)
    kinds = sorted(Counter(sizes).items(), reverse=True)
    worth = tuple(size for size, _ in kinds)
    steps = 0

    @cache
    def search(left: tuple[int, ...], index: int) -> bool:
        nonlocal steps
        if index == len(groups):
            return not any(left)
        for taken in _submultisets(left):
            steps += 1
            if steps > BUDGET:
                raise UndecidedError(f"packing of {len(sizes)} vertices of {len(worth)} sizes")
            total = sum(n * size for n, size in zip(taken, worth, strict=True))
            largest = max((s for n, s in zip(taken, worth, strict=True) if n), default=0)
            if not total or not covers(groups[index], total, total, largest):
                continue
            rest = tuple(have - n for have, n in zip(left, taken, strict=True))
            if search(rest, index + 1):
                return True
        return False

    return search(tuple(n for _, n in kinds), 0)


def _packs_equal(sizes: Sequence[int], groups: Sequence[Count]) -> bool:
    size = sizes[0] if sizes else 1
    reachable = {0}
    for count in groups:
        fitting = [n for n in range(1, len(sizes) + 1) if covers(count, n * size, n * size, size)]
        reachable = {have + n for have in reachable for n in fitting if have + n <= len(sizes)}
    return len(sizes) in reachable


def _submultisets(available: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if not available:
        yield ()
        return
    for tail in _submultisets(available[1:]):
        for n in range(available[0] + 1):
            yield (n, *tail)


def most_groups(sizes: Sequence[int], wanted: int) -> int:
    """Return the largest number of disjoint groups whose sums are each at least `wanted`.

    Exact (bin covering). Raises `UndecidedError` beyond `BUDGET` steps. `wanted` >= 1.
    """
    whole = sum(1 for size in sizes if size >= wanted)
    small = [size for size in sizes if size < wanted]
    if len(set(small)) <= 1:
        return whole + (len(small) // -(-wanted // small[0]) if small else 0)
    kinds = sorted(Counter(small).items(), reverse=True)
    worth = tuple(size for size, _ in kinds)
    steps = 0

    @cache
    def search(left: tuple[int, ...]) -> int:
        nonlocal steps
        bound = sum(n * size for n, size in zip(left, worth, strict=True)) // wanted
        if not bound:
            return 0
        best = 0
        for taken in _submultisets(left):
            steps += 1
            if steps > BUDGET:
                raise UndecidedError(f"covering with {len(small)} vertices of {len(worth)} sizes")
            total = sum(n * size for n, size in zip(taken, worth, strict=True))
            least = min((s for n, s in zip(taken, worth, strict=True) if n), default=0)
            if total < wanted or total - least >= wanted:
                continue
            rest = tuple(have - n for have, n in zip(left, taken, strict=True))
            best = max(best, 1 + search(rest))
            if best == bound:
                break
        return best

    return whole + search(tuple(n for _, n in kinds))


def split_into_slots(slot: Resource, sizes: Sizes) -> Tally | None:
    """Say into how many slots these vertices split with none left over; None if into none."""
    top = max((len(have) for have in sizes.values()), default=0)
    possible = [
        k
        for k in range(1, top + 1)
        if all(packs(sizes.get(e.type, ()), [e.count] * k) for e in slot.children)
    ]
    return Tally(possible[0], possible[-1], 1) if possible else None


def split_into_alternatives(slots: Sequence[Resource], sizes: Sizes) -> Tally | None:
    """Say into how many slots, of any of the shapes, these vertices split; None if into none."""
    top = max((len(have) for have in sizes.values()), default=0)
    possible = set()
    for numbers in product(range(top + 1), repeat=len(slots)):
        groups: dict[str, list[Count]] = {kind: [] for kind in sizes}
        for number, slot in zip(numbers, slots, strict=True):
            for entry in slot.children:
                groups.setdefault(entry.type, []).extend([entry.count] * number)
        if any(numbers) and all(packs(sizes.get(kind, ()), g) for kind, g in groups.items()):
            possible.add(sum(numbers))
    return Tally(min(possible), max(possible), 1) if possible else None


def most_slots(slot: Resource, sizes: Sizes) -> int:
    """Return how many slots can be made of these vertices, some may be left over."""
    return min(
        most_groups(sizes.get(entry.type, ()), max(1, lowest(entry.count)))
        for entry in slot.children
    )
