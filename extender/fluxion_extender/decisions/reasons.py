"""Why a group waits, in one line that stays the same as long as nothing does."""

from collections.abc import Iterable

from fluxion_extender.cluster.levels import known
from fluxion_extender.cluster.mirror import Mirror
from fluxion_extender.groups.group import Group
from fluxion_extender.groups.jobspec import Levels
from fluxion_extender.groups.shape import PodClass
from fluxion_extender.pods.requests import Amounts

MAX_REASON = 400


def shortage(mirror: Mirror, group: Group, *, free: bool = True) -> str:
    """Say which class of a group does not fit, and how many there would be room for.

    "" if room is not what is short. With `free` False: in the empty cluster. O(nodes x classes).
    """
    for kind in group.shape.classes:
        level = _level(group, mirror.graph.level)
        counts = _room(mirror, kind, level, free=free)
        pods, jobs = kind.total, 1
        if level is not None and kind.jobs > 1 and group.shape.wishes.per_job is not False:
            pods, jobs = kind.count, kind.jobs
        usable = sum(room >= pods for room in counts.values())
        if usable >= jobs:
            continue
        what = f"{'node' if kind.one_per_node else 'place'}{'s' if pods > 1 else ''}"
        of_role = f" for {kind.role}" if kind.role and len(group.shape.classes) > 1 else ""
        asked = _per_pod(kind.request)
        best = max(counts.values(), default=0)
        now = "free now" if free else "in this cluster"
        if level is None:
            return f"needs {pods} {what} of {asked}{of_role} at once, {best} {now}"
        if jobs == 1:
            room = f"the best {level} has {best} {now}"
            return f"needs {pods} {what} of {asked}{of_role} in one {level}, {room}"
        return (
            f"needs {jobs} {level}s with {pods} {what} of {asked}{of_role} each, "
            f"{usable} {now}, the best has {best}"
        )
    return ""


def _level(group: Group, levels: Levels) -> str | None:
    asked = group.shape.wishes.level
    return None if asked is None else levels(asked)


def _room(mirror: Mirror, kind: PodClass, level: str | None, *, free: bool) -> dict[str, int]:
    """Return how many pods of a class find room in each vertex of a level (None: everywhere)."""
    counts: dict[str, int] = {}
    for name in mirror.eligibility.admitted(kind.spec):
        if not mirror.usable(name) or name not in mirror.graph.nodes:
            continue
        book = mirror.ledger.book(name)
        room = min(
            (book.free(r) if free else book.allocatable.get(r, 0)) // number
            for r, number in kind.request.items()
        )
        if kind.one_per_node:
            room = min(room, 1)
        where = _vertex(mirror, name, level)
        if where is not None:
            counts[where] = counts.get(where, 0) + room
    return counts


def _vertex(mirror: Mirror, name: str, level: str | None) -> str | None:
    if level is None:
        return ""
    if level == "node":
        return name
    place = mirror.graph.nodes[name].place
    depth = next(i for i, each in enumerate(mirror.graph.levels) if each.type == level)
    return "/".join(place[: depth + 1]) if known(place[depth]) else None


def _per_pod(request: Amounts) -> str:
    words = []
    for name, number in request.items():
        if name == "pods":
            continue
        if name == "cpu":
            words.append(f"{number / 1000:g} cpu")
        elif number >= 2**20 and (name == "memory" or name.endswith("storage")):
            words.append(f"{number / 2**30:.3g}Gi {name}")
        else:
            words.append(f"{number} {name}")
    return ", ".join(words) or "nothing but a pod's place"


def shorten(texts: Iterable[str]) -> str:
    """Return one line that is not too long for a condition of a pod."""
    return " ".join(texts)[:MAX_REASON]
