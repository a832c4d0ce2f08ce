"""The nodes of a cluster as a resource graph: levels, nodes, and below each its divisible pools."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fluxion_extender.cluster.levels import UNKNOWN, Level, find_level, known, place_of
from fluxion_extender.cluster.units import TENANCY, unit
from fluxion_py.allocation import Allocation
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.match.matcher import Matcher
from fluxion_py.outcome import SelectedVertex, Selection

CONTAINMENT = "containment"
ROOT = "cluster"


@dataclass(slots=True)
class NodeVertex:
    """Where a node is in the graph: its place, its row, and the row of every pool."""

    name: str
    place: tuple[str, ...]
    row: int
    path: str
    up: bool = True
    pools: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


class ClusterGraph:
    """A matcher on the nodes of a cluster. One thread at a time.

    `levels` are the levels above the nodes, outermost first. `changes` counts everything that may
    let something fit which did not.
    """

    def __init__(self, levels: Sequence[Level] = (), policy: str = "low") -> None:
        graph = ResourceGraph()
        flat = graph.flat
        root = flat.add_vertex(ROOT, ROOT, 0, f"{ROOT}0", 0)
        flat.set_root(CONTAINMENT, root)
        flat.set_path(root, CONTAINMENT, f"/{ROOT}0")
        self.levels = tuple(levels)
        self.nodes: dict[str, NodeVertex] = {}
        self.changes = 0
        self._flat = flat
        self._root = root
        self._places: dict[tuple[str, ...], int] = {}
        self._members: dict[tuple[str, ...], int] = {}
        self._next_id: dict[str, int] = {}
        self._used: set[int] = set()
        self.matcher = Matcher(graph, policy)

    # ---- nodes ----

    def add_node(
        self, name: str, labels: Mapping[str, str], sizes: Mapping[str, int], *, up: bool
    ) -> NodeVertex:
        """Add a node below its place; `sizes` are amounts as Kubernetes counts them."""
        place = place_of(labels, self.levels)
        parent = self._place(place)
        number = self._id("node")
        row = self._below(parent, "node", name, number, rank=number)
        found = NodeVertex(name, place, row, str(self._flat.path(row)))
        for depth, level in enumerate(self.levels):
            self._flat.set_property(row, level.type, "/".join(place[: depth + 1]))
        self.nodes[name] = found
        for prefix in _prefixes(place):
            self._members[prefix] = self._members.get(prefix, 0) + 1
        self.resize(name, sizes)
        if not up:
            self.set_up(name, False)
        self.changes += 1
        return found

    def remove_node(self, name: str) -> None:
        """Take a node out, with the level vertices that only it was under."""
        node = self.nodes.pop(name)
        path = node.path
        emptied: list[int] = []
        for prefix in _prefixes(node.place):
            self._members[prefix] -= 1
            if not self._members[prefix]:
                del self._members[prefix]
                if prefix in self._places:
                    emptied.append(self._places.pop(prefix))
        if emptied:
            path = str(self._flat.path(emptied[0]))
        self.matcher.remove(path)
        self.changes += 1

    def resize(self, name: str, sizes: Mapping[str, int]) -> None:
        """Set what a node has, less what strangers occupy; a resource not named is 0."""
        node = self.nodes[name]
        for resource in sizes.keys() | node.sizes.keys():
            size = sizes.get(resource, 0)
            old = node.sizes.get(resource)
            if size == old:
                continue
            node.sizes[resource] = size
            row = node.pools.get(resource)
            if row is None:
                node.pools[resource] = self._pool(node.row, resource, size)
            else:
                self.matcher.resize(str(self._flat.path(row)), size)
            if size > (old or 0):
                self.changes += 1

    def set_up(self, name: str, up: bool) -> None:
        """Let a node take new pods, or not."""
        node = self.nodes[name]
        if node.up != up:
            node.up = up
            self.matcher.set_status(node.path, up)
            self.changes += up

    def mark(self, name: str, key: str, there: bool) -> None:
        """Set or remove a property of a node, by which constraints find it."""
        path = self.nodes[name].path
        if there:
            self.matcher.set_property(path, key)
        else:
            self.matcher.remove_property(path, key)

    def is_parent_level(self, kind: str) -> bool:
        """Say whether nodes hang directly below the vertices of a level, of a level."""
        return [level.type for level in self.levels].index(kind) == max(self._used, default=-1)

    def use_levels(self, labels: Mapping[str, str]) -> list[NodeVertex]:
        """Make the levels of some labels part of the graph; return the nodes that must be moved.

        A level that no node has a label of is left out, so that nodes hang directly below the last.
        """
        place = place_of(labels, self.levels)
        new = {depth for depth, name in enumerate(place) if known(name)} - self._used
        self._used |= new
        return list(self.nodes.values()) if new else []

    def domains(self, kind: str) -> list[tuple[str, ...]]:
        """Return the place of every vertex of a level, in the order of the graph."""
        depth = [level.type for level in self.levels].index(kind)
        return [p for p in self._places if len(p) == depth + 1 and known(p[-1])]

    def property_of(self, place: tuple[str, ...]) -> str:
        """Return the property that the nodes below a level vertex have."""
        return f"{self.levels[len(place) - 1].type}={'/'.join(place)}"

    def is_let(self, place: tuple[str, ...]) -> bool:
        """Say whether some group has a level vertex to itself."""
        path = f"{self._flat.path(self._places[place])}/{TENANCY}"
        return self.matcher.available(path) == 0

    def tenancy(self, place: tuple[str, ...]) -> Selection:
        """Return what a group books to have a level vertex to itself."""
        row = self._flat.rows_at(f"{self._flat.path(self._places[place])}/{TENANCY}")[0]
        return self._with_above([(row, 1, False, self._depth(row))])

    def level(self, name: str) -> str | None:
        """Return the type of a level that a user names by type or label."""
        return find_level(name, self.levels)

    def free(self, name: str) -> dict[str, int]:
        """Return what is free now in the pools of a node."""
        available, path = self.matcher.available, self._flat.path
        return {r: available(str(path(row))) for r, row in self.nodes[name].pools.items()}

    # ---- answers ----

    def places(self, found: Allocation) -> list[str]:
        """Return the node of every pod of an answer for one class, in the order of the graph.

        Every pod takes one unit of `pods`: so many pods there are on a node.
        """
        flat = self._flat
        pods: dict[int, int] = {}
        for row, units, _, _ in found.selection.vertices:
            if flat.type(row) == "pods":
                parent = flat.in_edges(row)[0][0]
                pods[parent] = pods.get(parent, 0) + units
        rows = sorted(pods, key=lambda row: (self.nodes[flat.name(row)].place, flat.rank(row)))
        return [flat.name(row) for row in rows for _ in range(pods[row])]

    def selection(self, places: Iterable[tuple[str, Mapping[str, int]]]) -> Selection:
        """Return exactly these amounts on these nodes, as a match would list them."""
        flat = self._flat
        units: dict[int, int] = {}
        rows: set[int] = set()
        for name, amounts in places:
            node = self.nodes[name]
            row = node.row
            while row not in rows:
                rows.add(row)
                above = flat.in_edges(row)
                if not above:
                    break
                row = above[0][0]
            for resource, number in amounts.items():
                pool = node.pools[resource]
                units[pool] = units.get(pool, 0) + number
        chosen = rows | units.keys()
        vertices, edges = [], []
        for row in sorted(chosen, key=lambda row: -self._depth(row)):
            depth = self._depth(row)
            vertices.append((row, units.get(row, flat.size(row)), False, depth))
            edges += [(above, row, kind) for above, kind in flat.in_edges(row)]
        return Selection(vertices, edges)

    def apart_from_pods(self, found: Allocation) -> Selection | None:
        """Return what an answer holds besides the amounts of pods: vertices to itself; or None."""
        flat = self._flat
        kept = [
            vertex
            for vertex in found.selection.vertices
            if flat.alive(vertex[0]) and flat.type(vertex[0]) == TENANCY
        ]
        return self._with_above(kept) if kept else None

    def _with_above(self, kept: list[SelectedVertex]) -> Selection:
        """Return a selection of vertices with all that is above them, shared."""
        flat = self._flat
        rows: dict[int, None] = {}
        for row, *_ in kept:
            while above := flat.in_edges(row):
                row = above[0][0]
                rows[row] = None
        shared = [(row, flat.size(row), False, self._depth(row)) for row in rows]
        vertices = sorted((*kept, *shared), key=lambda vertex: -vertex[3])
        edges = [(above, row, kind) for row, *_ in vertices for above, kind in flat.in_edges(row)]
        return Selection(vertices, edges)

    def _depth(self, row: int) -> int:
        return str(self._flat.path(row)).count("/")

    # ---- building ----

    def _place(self, place: tuple[str, ...]) -> int:
        """Return the row of the innermost level vertex of a place; makes what is missing.

        All nodes are equally deep. Where a node lacks a label, a vertex of another type stands in:
        a request for the level must not find it.
        """
        row = self._root
        for depth, prefix in enumerate(_prefixes(place)):
            if depth not in self._used:
                continue
            found = self._places.get(prefix)
            if found is None:
                kind = self.levels[depth].type
                if not known(prefix[-1]):
                    kind = f"{UNKNOWN}{kind}"
                found = self._below(row, kind, prefix[-1], self._id(kind))
                self._places[prefix] = found
                self._pool(found, TENANCY, 1)
            row = found
        return row

    def _pool(self, parent: int, resource: str, size: int) -> int:
        flat = self._flat
        name = resource.replace("/", "_")
        row = flat.add_vertex(
            resource, name, 0, name, len(flat), -1, size, unit(resource), divisible=True
        )
        return self._hang(row, parent)

    def _below(self, parent: int, kind: str, name: str, number: int, rank: int = -1) -> int:
        flat = self._flat
        row = flat.add_vertex(kind, name, number, name, len(flat), rank)
        return self._hang(row, parent)

    def _hang(self, row: int, parent: int) -> int:
        self._flat.add_edge(parent, row)
        self._flat.set_path_under(row, CONTAINMENT, parent)
        return row

    def _id(self, kind: str) -> int:
        number = self._next_id.get(kind, 0)
        self._next_id[kind] = number + 1
        return number


def _prefixes(place: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [place[: depth + 1] for depth in range(len(place))]
