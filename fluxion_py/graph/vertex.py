"""One vertex of a resource graph, as people see it."""

from dataclasses import dataclass, field

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.topology import children

TARGET_TYPES = ("node", "storage_node")
"""Types of vertices that stand for an execution target: R and constraints speak of them."""


@dataclass(frozen=True, slots=True)
class Vertex:
    """A handle of one vertex: its values are read from the graph when asked for.

    Two handles are equal if they name the same row of the same graph. `str()` gives one line, such
    as ``node elk12 rank=12 up, 2 socket, 36 core``: what it is, and what hangs below it in
    containment, counted by type. The fields are those of resource-graph.md 1.
    """

    flat: FlatGraph = field(repr=False)
    row: int

    @property
    def type(self) -> str:
        """The kind of resource, such as "node" or "core"."""
        return self.flat.type(self.row)

    @property
    def basename(self) -> str:
        """The name without its number."""
        return self.flat.basename(self.row)

    @property
    def id(self) -> int:
        """The local number, -1 for none."""
        return self.flat.id(self.row)

    @property
    def name(self) -> str:
        """The name, normally basename + id."""
        return self.flat.name(self.row)

    @property
    def uniq_id(self) -> int:
        """The number of the vertex in files."""
        return self.flat.uniq_id(self.row)

    @property
    def rank(self) -> int:
        """The execution target, -1 for none."""
        return self.flat.rank(self.row)

    @property
    def size(self) -> int:
        """The units of the pool; 1 for a single thing."""
        return self.flat.size(self.row)

    @property
    def unit(self) -> str:
        """What `size` counts, such as "GB"; informative only."""
        return self.flat.unit(self.row)

    @property
    def divisible(self) -> bool:
        """Whether a request may take a part of `size`; then many jobs may share the vertex."""
        return self.flat.divisible(self.row)

    @property
    def up(self) -> bool:
        """The vertex's own status; what is above it may be down all the same."""
        return self.flat.up(self.row)

    @property
    def properties(self) -> dict[str, str]:
        """A copy of the properties, ordered by key."""
        return self.flat.properties(self.row)

    @property
    def path(self) -> str:
        """The containment path, or the first path of another subsystem; "" if it has none."""
        contained = self.flat.path(self.row)
        return contained if contained is not None else next(iter(self.paths.values()), "")

    @property
    def paths(self) -> dict[str, str]:
        """The path of every subsystem that the vertex is in."""
        return self.flat.paths(self.row)

    def children(self, subsystem: str = "containment") -> list["Vertex"]:
        """Return what hangs directly below, in edge order."""
        wanted = self.flat.find_subsystem(subsystem)
        return [Vertex(self.flat, row) for row in children(self.flat, self.row, wanted)]

    def below(self) -> dict[str, int]:
        """Return the number of vertices of each type below this one (containment).

        A vertex with several parents counts once. O(size of the subtree).
        """
        counts: dict[str, int] = {}
        seen = {self.row}
        level = [self.row]
        while level:
            following = []
            for row in level:
                for target, kind in self.flat.out_edges(row):
                    if kind == 0 and target not in seen:
                        seen.add(target)
                        following.append(target)
                        name = self.flat.type(target)
                        counts[name] = counts.get(name, 0) + 1
            level = following
        return counts

    def __str__(self) -> str:
        """Return what the vertex is and what hangs below it, in one line."""
        words = [self.type, self.name]
        if self.rank >= 0:
            words.append(f"rank={self.rank}")
        if self.size != 1 or self.unit:
            words.append(f"size={self.size}{self.unit}")
        if self.divisible:
            words.append("divisible")
        words.append("up" if self.up else "down")
        parts = [" ".join(words)]
        parts += [f"{count} {name}" for name, count in self.below().items()]
        parts += [f"{key}={value}" if value else key for key, value in self.properties.items()]
        return ", ".join(parts)


def plural(type: str) -> str:
    """Return a resource type as an English plural, as far as it goes; "memory" stays."""
    if type.endswith("y"):
        return type
    return f"{type}es" if type.endswith(("s", "sh", "ch", "x")) else f"{type}s"
