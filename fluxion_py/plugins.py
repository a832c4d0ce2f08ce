"""Policies of other packages: entry points (`[project.entry-points."GROUP"]`) with a name each."""

import re
from typing import TypeVar

from fluxion_py.errors import PolicyError

MATCH_POLICIES = "fluxion_py.match_policies"
"""Each a `fluxion_py.match.policy.Policy`."""

QUEUE_POLICIES = "fluxion_py.queue_policies"
"""Each a `fluxion_py.queues.config.QueuePolicy`."""

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}\Z")


def names(group: str) -> list[str]:
    """Return what there is in a group; nothing is loaded."""
    from importlib.metadata import entry_points

    return sorted({entry.name for entry in entry_points(group=group)})


def plugged(group: str, name: str, kind: type[T]) -> T | None:
    """Return what a package offers under a name; None if there is none.

    Raises `PolicyError` if it cannot be imported or is something else.
    """
    if not _NAME.match(name):
        return None
    from importlib.metadata import entry_points

    for entry in entry_points(group=group, name=name):
        try:
            found = entry.load()
        except Exception as error:  # whatever the code of others does
            raise PolicyError(f"policy {name} ({entry.value}) cannot be loaded: {error}") from None
        if not isinstance(found, kind):
            raise PolicyError(f"policy {name} ({entry.value}) is no {kind.__name__}")
        return found
    return None
