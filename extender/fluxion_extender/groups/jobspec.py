"""A class of pods as a jobspec: slots of millicores, bytes and devices (fluence-design.md B.13)."""

from collections.abc import Callable, Mapping
from typing import Any

from fluxion_extender.cluster.units import unit
from fluxion_extender.groups.shape import PodClass, Shape
from fluxion_extender.groups.wishes import PREFIX
from fluxion_py.errors import InputError, short
from fluxion_py.jobspec.model import Count, Jobspec, Resource, Task

Levels = Callable[[str], str | None]
"""How a level that a user names is called in the graph; None if there is none."""


def class_jobspec(
    shape: Shape,
    made: PodClass,
    levels: Levels,
    constraints: Mapping[str, Any] | None = None,
    *,
    nested: bool = True,
) -> Jobspec:
    """Return the request for all pods of a class, below the levels that the wishes name.

    Without `nested` the levels are left out: the caller sees to them. Raises `InputError` for a
    level that the cluster does not have.
    """
    return Jobspec(
        version=9999,
        resources=tuple(_arranged(shape, made, levels, nested)),
        tasks=(Task(("pod",), slot="pod", count=("per_slot", 1)),),
        attributes={},
        duration=shape.duration,
        constraints=constraints,
    )


def part_jobspec(
    shape: Shape, made: PodClass, count: int, constraints: Mapping[str, Any] | None
) -> Jobspec:
    """Return the request for some pods of a class, wherever the constraints let them be."""
    resources = (_slots(made, count),)
    return Jobspec(9999, resources, duration=shape.duration, constraints=constraints)


def _arranged(shape: Shape, made: PodClass, levels: Levels, nested: bool) -> list[Resource]:
    """Return the slots of a class below the levels that the wishes name."""
    wishes = shape.wishes
    asked = wishes.level
    for name in filter(None, (asked, *wishes.prefer, wishes.spread and wishes.spread[0])):
        _known(name, levels)
    if wishes.pack:
        return [_packed(made, [(_known(name, levels), n) for name, n in wishes.pack])]
    if not nested:
        return [_slots(made, made.total)]
    if wishes.spread:
        return _spread(made, _known(wishes.spread[0], levels), wishes.spread[1])
    if asked is None:
        return [_slots(made, made.total)]
    kind = _known(asked, levels)
    apart = wishes.per_job is not False and made.jobs > 1
    jobs, pods = (made.jobs, made.count) if apart else (1, made.total)
    if kind == "node":
        return [_on_nodes(made, jobs, pods, whole=wishes.level != wishes.colocate)]
    return [Resource(kind, _count(jobs), (_slots(made, pods),))]


def _slots(made: PodClass, count: int) -> Resource:
    """Return so many slots: each on a node that it shares, or each on a node of its own."""
    if made.one_per_node:
        return Resource("node", _count(count), (Resource("slot", _count(1), _pools(made), "pod"),))
    node = Resource("node", _count(1), _pools(made), exclusive=False)
    return Resource("slot", _count(count), (node,), "pod")


def _on_nodes(made: PodClass, jobs: int, pods: int, *, whole: bool) -> Resource:
    slots = Resource("slot", _count(pods), _pools(made), "pod")
    return Resource("node", _count(jobs), (slots,), exclusive=True if whole else None)


def _packed(made: PodClass, pack: list[tuple[str, int]]) -> Resource:
    """Return nested levels, each vertex with so many pods, for example block:32,rack:16."""
    left = made.total
    counts = []
    for kind, pods in pack:
        if left % pods:
            raise InputError(
                f"{left} pods cannot be packed by {pods} per {kind}", where=f"{PREFIX}pack"
            )
        counts.append((kind, left // pods))
        left = pods
    inner = _slots(made, left)
    for kind, count in reversed(counts):
        inner = Resource(kind, _count(count), (inner,))
    return inner


def _spread(made: PodClass, kind: str, most: int) -> list[Resource]:
    """Return vertices with at most so many pods each: full ones, and one with the rest."""
    full, rest = divmod(made.total, most)
    if full and rest:  # even shares use one more vertex and need no second entry
        most = -(-made.total // (full + 1))
        full, rest = divmod(made.total, most)
    if kind == "node":
        wholes = [_on_nodes(made, full, most, whole=False)] if full else []
        return wholes + ([_on_nodes(made, 1, rest, whole=False)] if rest else [])
    found = [Resource(kind, _count(full), (_slots(made, most),))] if full else []
    return found + ([Resource(kind, _count(1), (_slots(made, rest),))] if rest else [])


def _pools(made: PodClass) -> tuple[Resource, ...]:
    return tuple(
        Resource(name, _count(number), unit=unit(name) or None)
        for name, number in made.request.items()
    )


def _known(name: str, levels: Levels) -> str:
    kind = levels(name)
    if kind is None:
        raise InputError(f"this cluster has no level {short(name)}", hint="see --levels")
    return kind


def _count(number: int) -> Count:
    return Count(number, number)
