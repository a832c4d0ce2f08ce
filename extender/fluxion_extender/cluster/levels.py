"""Where a node stands: the levels above it, read from its labels (fluence-design.md B.15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fluxion_py.errors import InputError, short

MAX_LEVELS = 16
HOSTNAME = "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True)
class Level:
    """One level: the type of its vertices, and labels that name them; the first there counts."""

    type: str
    labels: tuple[str, ...]


DEFAULT_LEVELS = (
    Level("region", ("topology.kubernetes.io/region",)),
    Level("zone", ("topology.kubernetes.io/zone",)),
    Level(
        "block",
        ("topology.kubernetes.io/block", "cloud.provider.com/topology-block",
         "network.topology.nvidia.com/block", "network.topology.nvidia.com/spine", "block"),
    ),
    Level(
        "rack",
        ("topology.kubernetes.io/rack", "cloud.provider.com/topology-rack",
         "network.topology.nvidia.com/leaf", "rack"),
    ),
    Level("clique", ("nvidia.com/gpu.clique",)),
    Level("nodepool", ("cloud.google.com/gke-nodepool",)),
)  # fmt: skip
"""Outermost first; the node itself (its hostname) is below the last."""

_RESERVED = {"node", "slot", "cluster"}


def parse_levels(text: str) -> tuple[Level, ...]:
    """Return the levels of a text `[TYPE=]LABEL[|LABEL...],...`, outermost first.

    Without a type the last part of the label is one: `topology.kubernetes.io/zone` is `zone`.
    Raises `InputError`.
    """
    levels: list[Level] = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        kind, equals, labels = entry.rpartition("=")
        names = tuple(label.strip() for label in labels.split("|") if label.strip())
        if not names or (equals and not kind):
            raise InputError(
                f"{short(entry)} is no level", hint="TYPE=LABEL, such as rack=example.org/rack"
            )
        if names == (HOSTNAME,):
            continue
        kind = kind.strip() or names[0].rpartition("/")[2]
        if kind in _RESERVED or any(kind == level.type for level in levels):
            raise InputError(f"{kind!r} cannot be the name of this level", hint="another TYPE=")
        levels.append(Level(kind, names))
    if len(levels) > MAX_LEVELS:
        raise InputError(f"{len(levels)} levels", hint=f"at most {MAX_LEVELS}")
    return tuple(levels)


UNKNOWN = "unknown-"


def known(name: str) -> bool:
    """Say whether a name of a place is a label's value, not our word for a missing one."""
    return not name.startswith(UNKNOWN)


def place_of(labels: Mapping[str, str], levels: Sequence[Level]) -> tuple[str, ...]:
    """Return the name of a node's vertex on each level, outermost first.

    Where a node lacks the label the name is `unknown-PARENT`; no request for that level is given
    such a place.
    """
    names: list[str] = []
    for level in levels:
        found = next((labels[label] for label in level.labels if labels.get(label)), None)
        if found is None:
            above = names[-1].removeprefix(UNKNOWN) if names else "cluster"
            found = f"{UNKNOWN}{above}"
        names.append(found)
    return tuple(names)


def used_levels(nodes: "Sequence[Mapping[str, str]]", levels: Sequence[Level]) -> tuple[Level, ...]:
    """Return the levels for which some node has a label."""
    return tuple(
        level
        for level in levels
        if any(labels.get(label) for labels in nodes for label in level.labels)
    )


def find_level(name: str, levels: Sequence[Level]) -> str | None:
    """Return the type of the level that a user names by its type or by one of its labels."""
    if name in ("node", HOSTNAME):
        return "node"
    for level in levels:
        if name == level.type or name in level.labels:
            return level.type
    return None
