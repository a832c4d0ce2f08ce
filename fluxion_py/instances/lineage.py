"""What ties an instance to the one above it: calls go up, orders come down.

A child never waits for its parent with its own lock held, and a parent never waits for a child: so
nobody waits in a circle, at any depth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fluxion_py.queues.jobid import format_jobid

if TYPE_CHECKING:
    from fluxion_py.instances.nested import NestedInstance
    from fluxion_py.instances.parent import ParentInstance
    from fluxion_py.jobspec.model import Jobspec


class ParentLink(Protocol):
    """The way up. Raises `FluxionError` with what the parent says."""

    @property
    def away(self) -> bool:
        """Whether the parent has said that it comes back, and has not yet."""

    @property
    def depth(self) -> int:
        """The depth of the parent; the root has 0."""

    def granted(self) -> str:
        """Return the R of what was granted, as the parent writes it."""

    def grow(self, jobspec: "Jobspec") -> str:
        """Have the parent grant more; return the R of what came, with every vertex."""

    def give_back(self, paths: Sequence[str]) -> None:
        """Give back some vertices and all below them; does not wait for another process."""

    def end(self, summary: Mapping[str, Any]) -> None:
        """Say goodbye: the numbers of the jobs there were. Gives the resources back."""


class InProcessLink:
    """A `ParentLink` to an instance of this process."""

    away = False

    def __init__(self, parent: "ParentInstance", child: "Child", *, owns_job: bool) -> None:
        self.parent = parent
        self.child = child
        self.jobid = child.jobid
        self.owns_job = owns_job

    @property
    def depth(self) -> int:
        """That of the parent."""
        return self.parent.depth

    def granted(self) -> str:
        """Return the R of what the parent has on its books for this child."""
        return self.parent.grant_of(self.child)

    def grow(self, jobspec: "Jobspec") -> str:
        """Have the parent grant more."""
        return self.parent.grow_child(self.jobid, jobspec)

    def give_back(self, paths: Sequence[str]) -> None:
        """Give back some vertices and all below them."""
        self.parent.take_back(self.jobid, paths)

    def end(self, summary: Mapping[str, Any]) -> None:
        """Say goodbye."""
        self.parent.child_ended(self.jobid, summary, finish=self.owns_job)


@dataclass(eq=False)
class Child:
    """What a parent knows of an instance on one of its jobs.

    `part` is the node that it is on if there is one for each; `rows` are those of the parent's
    graph that it claimed whole, `units` what it has of divisible ones. `instance` is in this
    process, else `uri` is its socket.
    """

    jobid: int
    name: str
    since: float
    part: str = ""
    rows: frozenset[int] = frozenset()
    units: dict[int, int] = field(default_factory=dict)
    uri: str = ""
    pid: int = 0
    instance: "NestedInstance | None" = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what is known of it, ready for JSON."""
        return {
            "jobid": self.jobid,
            "f58": format_jobid(self.jobid),
            "name": self.name,
            "part": self.part,
            "since": self.since,
            "uri": self.uri,
            "pid": self.pid,
        }
