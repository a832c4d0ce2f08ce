"""Which pods of a group must share a vertex of a level, and which vertex each part gets."""

from collections.abc import Iterator
from dataclasses import dataclass

from fluxion_extender.cluster.mirror import Mirror
from fluxion_extender.groups.group import Group
from fluxion_extender.groups.shape import PodClass

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Pods that go into one vertex: so many of each class."""

    pods: tuple[tuple[PodClass, int], ...]


@dataclass(frozen=True, slots=True)
class Division:
    """A group in parts, each in a vertex of a level of its own; without a level, anywhere.

    `alone`: no other group that asks for that may have the vertex; `empty`: nothing of ours is in
    it at the start.
    """

    level: str | None
    parts: tuple[Part, ...]
    alone: bool = False
    empty: bool = False


def divisions(mirror: Mirror, group: Group) -> Iterator[Division]:
    """Go through the ways to divide a group, the one it likes best first."""
    wishes = group.shape.wishes
    level = mirror.graph.level(wishes.level) if wishes.level else None
    if wishes.spread is not None:
        spread, most = wishes.spread
        yield Division(mirror.graph.level(spread), _spread(group, most))
        return
    for name in wishes.prefer:
        yield Division(mirror.graph.level(name), _parts(group))
    alone = wishes.exclusive is not None or wishes.dedicated is not None
    yield Division(level, _parts(group), alone, wishes.dedicated is not None)


def is_simple(mirror: Mirror, group: Group) -> bool:
    """Say whether the nested request of its one class says all that a group wishes."""
    wishes = group.shape.wishes
    if len(group.shape.classes) > 1 or wishes.prefer:
        return False
    if wishes.jobspec is not None or wishes.pack:
        return True
    asked = wishes.spread[0] if wishes.spread else wishes.level
    level = mirror.graph.level(asked) if asked else None
    if level is None:
        return True
    if level == "node":
        return True
    if wishes.level != wishes.colocate or not mirror.graph.is_parent_level(level):
        return False
    return wishes.spread is None or group.shape.size % wishes.spread[1] == 0


def _parts(group: Group) -> tuple[Part, ...]:
    """Return the parts that must be together: each child Job, or the whole."""
    wishes, classes = group.shape.wishes, group.shape.classes
    if wishes.per_job is False or all(kind.jobs == 1 for kind in classes):
        if wishes.per_job:
            return tuple(Part(((kind, kind.total),)) for kind in classes)
        return (Part(tuple((kind, kind.total) for kind in classes)),)
    return tuple(Part(((kind, kind.count),)) for kind in classes for _ in range(kind.jobs))


def _spread(group: Group, most: int) -> tuple[Part, ...]:
    found = []
    for kind in group.shape.classes:
        left = kind.total
        while left > 0:
            found.append(Part(((kind, min(left, most)),)))
            left -= most
    return tuple(found)
