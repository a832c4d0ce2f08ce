"""Groups of a recipe -> vertices.

Numbering: above the nodes ids run through the whole machine, inside a node they start again with
each node (so a node with two sockets of 18 cores has core0-35); `ids: per-parent` starts again
under each parent. Nodes get the ranks 0, 1, ... in order, and what is inside a node has its rank.
A group is added for all parents at once.
"""

from array import array
from collections import Counter
from collections.abc import Sequence

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.readers.limits import MAX_VERTICES
from fluxion_py.readers.recipe import Group, Recipe
from fluxion_py.readers.recipe_yaml import wrong
from fluxion_py.readers.rv1 import split_hostname

Used = dict[tuple[str, str], int]
"""How many ids of a (type, basename) are taken within one numbering."""


def generate(recipe: Recipe, flat: FlatGraph, source: str | None = None) -> None:
    """Grow the vertices of a recipe in `flat`.

    Raises `ReadError` if it stands for more vertices than the limit, or the number of names does
    not fit; nothing is added then.
    """
    _settle(recipe.contains, 1, 1, source)
    name = recipe.cluster
    root = flat.add_vertex("cluster", name, 0, name, len(flat), properties=recipe.properties)
    flat.set_root("containment", root)
    flat.set_path_under(root, "containment", -1)
    _Generator(flat, source).contain(recipe.contains, [root], None)


def _settle(groups: list[Group], parents: int, total: int, source: str | None) -> int:
    """Fix the counts that follow from names, and refuse a machine that is too large."""
    for group in groups:
        if group.names is not None:
            known = len(group.names)
            if group.count == 0 and known % parents == 0:
                group.count = known // parents
            if group.count * parents != known or known == 0:
                wanted = f"{group.count} x " if group.count else ""
                raise wrong(
                    group.place,
                    f"{known} names for {wanted}{parents} {'parent' if parents == 1 else 'parents'}"
                    f" of {group.type}",
                    source,
                    hint="give one name per vertex, or a name without brackets as basename",
                )
        made = group.count * parents
        total += made
        if total > MAX_VERTICES:
            raise wrong(group.place, f"more than {MAX_VERTICES} vertices", source)
        total = _settle(group.contains, made, total, source)
    return total


class _Generator:
    def __init__(self, flat: FlatGraph, source: str | None) -> None:
        self.flat = flat
        self.source = source
        self.overall: Used = {}
        self.next_rank = 0

    def contain(
        self,
        groups: list[Group],
        parents: Sequence[int],
        node: "_Node | None",
    ) -> None:
        """Add all groups below each of the parents; `node` if they are inside nodes."""
        siblings: Used = {}
        for group in groups:
            rows = self.add(group, parents, node, siblings)
            if group.type == "node":
                inside: _Node | None = _Node(len(rows))
            else:
                inside = node
            self.contain(group.contains, rows, inside)

    def add(
        self, group: Group, parents: Sequence[int], node: "_Node | None", siblings: Used
    ) -> Sequence[int]:
        """Add one group below each parent and return its rows, parent by parent."""
        if group.names is not None:
            rows: Sequence[int] = self.add_named(group, parents, group.names)
        else:
            rows = self.flat.add_children(
                parents,
                group.count,
                group.type,
                group.basename,
                self.ids(group, len(parents), node, siblings),
                group.size,
                group.unit,
                "containment",
                self.take_ranks(group, len(parents) * group.count),
                group.divisible,
            )
            for row in rows if group.properties else ():
                for key, value in group.properties.items():
                    self.flat.set_property(row, key, value)
        if node is not None and group.type != "node":
            for position, row in enumerate(rows):
                self.flat.set_rank(row, self.flat.rank(parents[position // group.count]))
        return rows

    def take_ranks(self, group: Group, count: int) -> int:
        """Return the first of `count` new ranks, -1 for what is no node."""
        if group.type != "node":
            return -1
        self.next_rank += count
        return self.next_rank - count

    def ids(self, group: Group, parents: int, node: "_Node | None", siblings: Used) -> "array[int]":
        """Return the ids of all children, parent by parent."""
        key = (group.type, group.basename)
        numbering = group.ids or ("overall" if node is None else "per-node")
        if numbering == "per-node" and node is None:
            raise wrong(group.place, f"ids of {group.type}: it is in no node", self.source)
        used, restarts = self.overall, 1
        if numbering == "per-parent":
            used, restarts = siblings, parents
        elif node is not None and numbering == "per-node":
            used, restarts = node.used, node.count
        start = used.get(key, 0)
        length = parents * group.count // restarts
        used[key] = start + length
        return array("q", range(start, start + length)) * restarts

    def add_named(self, group: Group, parents: Sequence[int], names: list[str]) -> list[int]:
        """Add vertices with names of their own; the id is the number at the end of the name."""
        for start in range(0, len(names), group.count):
            siblings = Counter(names[start : start + group.count])
            name, times = siblings.most_common(1)[0]
            if times > 1:
                raise wrong(group.place, f"{group.type} {name} is named twice", self.source)
        rank = self.take_ranks(group, len(names))
        rows = []
        for position, name in enumerate(names):
            try:
                basename, number = split_hostname(name)
            except ValueError as error:
                raise wrong(group.place, str(error), self.source) from None
            row = self.flat.add_vertex(
                group.type,
                basename,
                number,
                name,
                len(self.flat),
                rank + position if rank >= 0 else -1,
                group.size,
                group.unit,
                group.properties,
                divisible=group.divisible,
            )
            parent = parents[position // group.count]
            self.flat.add_edge(parent, row)
            self.flat.set_path_under(row, "containment", parent)
            rows.append(row)
        return rows


class _Node:
    """The numbering inside a group of `count` equal nodes."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.used: Used = {}
