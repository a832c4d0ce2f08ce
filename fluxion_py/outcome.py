"""The raw answers of a matching engine: what was selected, and how an operation ended.

These two records are the border between an engine (compiled or oracle) and everything above
it. They name vertices by *row*, the handle of a vertex in its graph, never by object.
"""

from dataclasses import dataclass, field
from enum import Enum


class Errno(Enum):
    """How an operation failed. The names are those of the reference (matching.md 7)."""

    OK = 0
    BUSY = "EBUSY"  # does not fit now
    NEVER = "ENODEV"  # can never fit
    NOENT = "ENOENT"  # no candidate time left, yet selection succeeded (errata G2)
    NOTTY = "ENOTTY"  # nothing was emitted and nothing had failed before (errata G2)
    INVALID = "EINVAL"  # the request or its duration is wrong


@dataclass(slots=True)
class Selection:
    """Vertices in emission order: children before parents, the root last.

    `vertices` holds `(row, needs, exclusive, depth)` with depth 1 at the root; `edges` holds
    `(source row, target row, subsystem id)` in emission order; `labels` maps a row to the label
    of the jobspec resource that it satisfies.
    """

    vertices: list[tuple[int, int, bool, int]] = field(default_factory=list)
    edges: list[tuple[int, int, int]] = field(default_factory=list)
    labels: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """How a match or a restore ended.

    `selection` is None unless resources were selected *and* the operation emits them.
    `messages` are the collected texts of sibling and exclusivity conflicts, glued together as
    the reference prints them (errata G6, G9). `at` and `duration` are seconds.
    """

    errno: Errno
    at: int = 0
    duration: int = 0
    reserved: bool = False
    selection: Selection | None = None
    messages: str = ""
    preorder: int = 0
    postorder: int = 0


@dataclass(slots=True)
class Release:
    """How a cancel ended: did the whole job go, and how many vertices were visited."""

    full: bool
    preorder: int = 0
    postorder: int = 0
