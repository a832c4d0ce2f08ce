"""The request as the walk sees it: demands below one unit, variants, exclusive types."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from fluxion_py.jobspec.model import Count, Resource

MOST_VARIANTS = 1000
ALTERNATIVES = ("slot", "xor_slot")


@dataclass(frozen=True, slots=True)
class Demand:
    """One resource vertex of the request.

    `below[t]` is the demand of tracked type t below *one* unit (user_data of matching.md 3).
    """

    type: str
    count: Count
    children: tuple["Demand", ...]
    label: str | None
    exclusive: bool | None
    below: Mapping[str, int]


def demands_of(
    resources: Sequence[Resource],
    tracked: Collection[str],
    flexible: bool,
    in_slot: bool = False,
) -> tuple[Demand, ...]:
    """Return the forest with its aggregates (matching.md 3, "jobspec aggregates")."""
    result = []
    for resource in resources:
        inner = in_slot or resource.type in ALTERNATIVES
        children = demands_of(resource.children, tracked, flexible, inner)
        below = aggregate(children, tracked, flexible, inner)
        result.append(
            Demand(
                resource.type, resource.count, children, resource.label, resource.exclusive, below
            )
        )
    return tuple(result)


def aggregate(
    children: Sequence[Demand],
    tracked: Collection[str],
    flexible: bool,
    in_slot: bool = False,
) -> dict[str, int]:
    """Return the demand of a list of siblings, by tracked type (matching.md 3).

    A vertex that slots share is not counted: one may do for all of them (docs/design/0007).

    Flexible traverser: of slot and xor_slot siblings the minimum per type counts, 0 where one
    does not name the type.
    """
    total: dict[str, int] = {}
    alternatives = []
    for child in children:
        part = {name: child.count.min * amount for name, amount in child.below.items()}
        if child.type in tracked and not (in_slot and child.exclusive is False):
            part[child.type] = part.get(child.type, 0) + child.count.min
        if flexible and child.type in ALTERNATIVES:
            alternatives.append(part)
        else:
            _add(total, part)
    if alternatives:
        names = {name for part in alternatives for name in part}
        _add(total, {name: min(part.get(name, 0) for part in alternatives) for name in names})
    return total


def _add(total: dict[str, int], part: Mapping[str, int]) -> None:
    for name, amount in part.items():
        total[name] = total.get(name, 0) + amount


def exclusive_types(resources: Sequence[Resource], node_exclusive: bool) -> set[str]:
    """Return the exclusive-type set of a match (matching.md 8, errata G1)."""
    found = {"node"} if node_exclusive else set()
    for resource in resources:
        if resource.exclusive and resource.type not in ALTERNATIVES:
            found.add(resource.type)
        found |= exclusive_types(resource.children, False)
    return found


def variants(resources: Sequence[Resource]) -> list[tuple[Resource, ...]]:
    """Return the requests without xor_slot, in the order of trying (jobspec.md 5, errata G18).

    The xor siblings of one list are alternatives of one position, that of the first; the product
    goes over the positions, the last varies fastest. Raises OverflowError above 1000 variants.
    """
    positions: list[list[Resource]] = []
    xor_position: list[Resource] | None = None
    for resource in resources:
        ways = [replace(resource, children=way) for way in variants(resource.children)]
        if resource.type != "xor_slot":
            positions.append(ways)
            continue
        if xor_position is None:
            xor_position = []
            positions.append(xor_position)
        xor_position += [replace(way, type="slot") for way in ways]
    if prod(map(len, positions)) > MOST_VARIANTS:
        raise OverflowError(f"more than {MOST_VARIANTS} variants of xor_slot")
    return list(product(*positions))
