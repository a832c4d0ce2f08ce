"""The machine of an instance: drained hosts, growth, and what is where."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fluxion_py.errors import InputError, short
from fluxion_py.graph.topology import ancestors, below, children, parent
from fluxion_py.graph.vertex import Vertex, plural
from fluxion_py.hostlist import Hostlist, parse_hostlist
from fluxion_py.match.matcher import Matcher
from fluxion_py.queues.job import Job


@dataclass(frozen=True, slots=True)
class Drain:
    """Why and when a host was taken out of service."""

    reason: str
    at: float


class Machine:
    """The graph of a matcher, by host names."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.drained: dict[str, Drain] = {}
        self.away: set[int] = set()

    @property
    def signature(self) -> str:
        """A short text that tells one machine from another."""
        flat = self.matcher.graph.flat
        return f"{flat.name(flat.root())} {flat.vertex_count} vertices"

    def hosts(self) -> list[tuple[str, int]]:
        """Return (name, row) of all nodes, in the order of the graph."""
        flat = self.matcher.graph.flat
        return [(flat.name(row), row) for row in flat.rows_of_type("node")]

    def drain(self, hosts: str, reason: str, now: float) -> list[str]:
        """Give out nothing more on some hosts; return their names. Raises `InputError`."""
        names = self._names(hosts)
        self._set_status(names, "down")
        for name in names:
            self.drained[name] = Drain(reason, now)
        return names

    def undrain(self, hosts: str) -> list[str]:
        """Give hosts out again; return their names. Raises `InputError`."""
        names = self._names(hosts)
        for name in names:
            if name not in self.drained:
                raise InputError(f"{name} is not drained")
        self._set_status(names, "up")
        for name in names:
            del self.drained[name]
        return names

    def present(self) -> list[int]:
        """Return the ranks of the nodes that are not away, ascending."""
        flat = self.matcher.graph.flat
        return sorted({flat.rank(row) for _, row in self.hosts()} - self.away)

    def set_away(self, ranks: Iterable[int]) -> None:
        """Have the nodes of exactly these ranks be declared, but not there: they are down."""
        wanted = set(ranks)
        flat = self.matcher.graph.flat
        for name, row in self.hosts():
            rank = flat.rank(row)
            if (rank in wanted) != (rank in self.away) and name not in self.drained:
                self.matcher.set_status(Vertex(flat, row).path, rank not in wanted)
        self.away = wanted

    def paths_of(self, ranks: Iterable[int]) -> list[str]:
        """Return the paths of the nodes of some ranks."""
        flat, wanted = self.matcher.graph.flat, set(ranks)
        return [Vertex(flat, row).path for _, row in self.hosts() if flat.rank(row) in wanted]

    def attach(self, text: str, source: str | None) -> str:
        """Add vertices; return a sentence such as "attached 12 vertices: 2 nodes, 10 cores"."""
        counts: dict[str, int] = {}
        before = self.matcher.graph.counts()
        vertices = self.matcher.attach(text, source=source)
        for vertex in vertices:
            counts[vertex.type] = counts.get(vertex.type, 0) + 1
        parts = [
            f"{number} {kind if number == 1 else plural(kind)}" for kind, number in counts.items()
        ]
        new = [kind for kind in counts if not before.get(kind)]
        told = f" (new type: {', '.join(new)})" if new else ""
        return f"attached {len(vertices)} vertices: {', '.join(parts)}{told}"

    def rows_below(self, path: str) -> set[int]:
        """Return the rows of a path and of all below it. Raises `GraphError`."""
        flat = self.matcher.graph.flat
        start = [self.matcher.graph[path].row]
        return set(below(flat, start, flat.find_subsystem("containment")))

    def jobs_on(self, jobs: Iterable[Job], rows: set[int]) -> list[Job]:
        """Return the jobs that hold one of some rows, or own something above one."""
        above = ancestors(self.matcher.graph.flat, rows)
        return [
            job
            for job in jobs
            if job.allocation is not None
            and any(
                row in rows or (whole and row in above)
                for row, _, whole, _ in job.allocation.selection.vertices
            )
        ]

    def listing(self, jobs: Iterable[Job]) -> list[dict[str, Any]]:
        """Return each node as data: see `Instance.resources`."""
        flat = self.matcher.graph.flat
        users: dict[int, list[int]] = {}
        for job in jobs:
            if job.allocation is not None:
                for row, _, _, _ in job.allocation.selection.vertices:
                    users.setdefault(row, []).append(job.id)
        subsystem = flat.find_subsystem("containment")
        found = []
        for name, row in self.hosts():
            kinds = [flat.type(other) for other in below(flat, [row], subsystem)]
            drain = self.drained.get(name)
            busy = users.get(row, [])
            if drain is not None:
                state = "draining" if busy else "drained"
            elif not flat.up(row):
                state = "down"
            else:
                state = "allocated" if busy else "free"
            found.append(
                {
                    "name": name,
                    "rank": flat.rank(row),
                    "cores": kinds.count("core"),
                    "gpus": kinds.count("gpu"),
                    "state": state,
                    "reason": drain.reason if drain else "",
                    "since": drain.at if drain else None,
                    "jobs": busy,
                }
            )
        return found

    def lonely_above(self, path: str) -> str:
        """Return the path of the highest vertex, but the root, that has nothing else below it."""
        flat = self.matcher.graph.flat
        row = self.matcher.graph[path].row
        while (above := parent(flat, row)) != flat.root() and above >= 0:
            if len(children(flat, above)) > 1:
                break
            row = above
        return Vertex(flat, row).path

    def remove(self, path: str) -> None:
        """Take vertices out. Raises as `Matcher.remove`."""
        self.matcher.remove(path)
        here = {name for name, _ in self.hosts()}
        for name in self.drained.keys() - here:
            del self.drained[name]

    def _names(self, hosts: str) -> list[str]:
        names = list(Hostlist(parse_hostlist(hosts)))
        known = {name for name, _ in self.hosts()}
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            raise InputError(f"there is no host {', '.join(unknown[:5]) or short(hosts)}")
        return names

    def _set_status(self, names: Iterable[str], status: str) -> None:
        flat, wanted = self.matcher.graph.flat, set(names)
        for name, row in self.hosts():
            if name in wanted and flat.rank(row) not in self.away:
                self.matcher.set_status(Vertex(flat, row).path, status)
