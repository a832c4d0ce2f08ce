"""From an allocation and its jobspec to tasks: which task runs where, on which cores and gpus."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import MatchError
from fluxion_py.graph.topology import children
from fluxion_py.idset import IDset
from fluxion_py.jobspec.model import SLOT_TYPES, Jobspec, Resource, Task
from fluxion_py.outcome import Selection

Below = Callable[[int], Iterable[int]]


@dataclass(frozen=True, slots=True)
class TaskPlacement:
    """One task: its rank from 0, the name of its node, and the ids of its cores and gpus there.

    The ids are those of the vertices, as R writes them. `node` is empty if the machine has none.
    """

    rank: int
    node: str
    cores: IDset
    gpus: IDset


@dataclass(slots=True)
class _Slot:
    """What one slot has: its nodes in order, and per node (row, -1: none) the core and gpu ids."""

    nodes: list[int] = field(default_factory=list)
    cores: dict[int, list[int]] = field(default_factory=dict)
    gpus: dict[int, list[int]] = field(default_factory=dict)


def place_tasks(flat: FlatGraph, selection: Selection, jobspec: Jobspec) -> list[TaskPlacement]:
    """Return the tasks of a jobspec by rank (RFC 14, jobspec.md 6).

    Slots: below each vertex in which slots were formed, the chosen vertices of each type of the
    slot are taken in the order of their ids, until the slot has its count, then the next slot
    begins. No vertex is in two slots. In a node that is given whole, only as many slots are made
    as the jobspec asks for. A slot has the cores and gpus chosen below its vertices; if the
    jobspec names nothing below a vertex, all that the machine has there.

    Tasks: `per_slot: n` runs n tasks in each slot; `total: n` spreads n tasks evenly over all
    slots, the first ones getting one more. Several tasks in one slot divide its nodes, then the
    cores and gpus of a node, into even runs in the order of the ids; they share only where there
    are fewer cores (or gpus) than tasks. A single task in a slot of several nodes runs on the
    first of them. Ranks count through the entries of `tasks`, then through the slots.

    Raises `MatchError` for alternative slots that cannot be told apart in the answer.
    """
    slots = _Grouping(flat, selection).by_label(jobspec.resources)
    numbers = [_tasks_per_slot(task, len(slots.get(task.slot, ()))) for task in jobspec.tasks]
    placed: list[TaskPlacement] = []
    for entry, task in enumerate(jobspec.tasks):
        mates = [index for index, other in enumerate(jobspec.tasks) if other.slot == task.slot]
        for place, slot in enumerate(slots.get(task.slot, ())):
            before = sum(numbers[index][place] for index in mates if index < entry)
            together = sum(numbers[index][place] for index in mates)
            for number in range(before, before + numbers[entry][place]):
                node, cores, gpus = _share(slot, number, together)
                name = flat.name(node) if node >= 0 else ""
                placed.append(TaskPlacement(len(placed), name, IDset(cores), IDset(gpus)))
    return placed


def _tasks_per_slot(task: Task, slots: int) -> list[int]:
    kind, number = task.count or ("per_slot", 1)
    if kind == "per_slot":
        return [number] * slots
    return [number // slots + (index < number % slots) for index in range(slots)] if slots else []


def _share(slot: _Slot, number: int, tasks: int) -> tuple[int, Sequence[int], Sequence[int]]:
    """Return the node, cores and gpus of task `number` among `tasks` in a slot."""
    nodes = slot.nodes or [-1]
    at = number * len(nodes) // tasks
    mates = [other for other in range(tasks) if other * len(nodes) // tasks == at]
    place, count = mates.index(number), len(mates)
    node = nodes[at]
    return (
        node,
        _part(sorted(slot.cores.get(node, ())), place, count),
        _part(sorted(slot.gpus.get(node, ())), place, count),
    )


def _part(ids: list[int], place: int, count: int) -> list[int]:
    """Return part `place` of `count` even runs of ids; fewer ids than parts are shared."""
    if len(ids) < count:
        return ids[place * len(ids) // count :][:1]
    return ids[place * len(ids) // count : (place + 1) * len(ids) // count]


class _Grouping:
    """Finds the slots in a selection."""

    def __init__(self, flat: FlatGraph, selection: Selection) -> None:
        self.flat = flat
        self.owned = {row: needs for row, needs, whole, _ in selection.vertices if whole}
        self.order = {row: place for place, (row, _, _, _) in enumerate(selection.vertices)}
        self.parent: dict[int, int] = {}
        self.children: dict[int, list[int]] = {}
        for source, target, _ in selection.edges:
            self.parent.setdefault(target, source)
            self.children.setdefault(source, []).append(target)

    def by_label(self, resources: Sequence[Resource]) -> dict[str, list[_Slot]]:
        """Return the slots of every label, in the order of the answer."""
        found: dict[str, list[_Slot]] = {}
        for siblings, chain in _slot_lists(resources, ()):
            formed = [(slot, *self._form(slot, chain)) for slot in siblings]
            if len(siblings) > 1:
                formed = [entry for entry in formed if entry[2]][:1]
            if not formed:
                raise MatchError("alternative slots cannot be told apart in the answer")
            ((slot, groups, _),) = formed
            found.setdefault(slot.label or "", []).extend(self._contents(group) for group in groups)
        return found

    def _form(self, slot: Resource, chain: tuple[str, ...]) -> tuple[list[list[int]], bool]:
        """Return the vertices of each slot, and whether every candidate is in one."""
        kinds = [child.type for child in slot.children]
        sites: dict[int, list[int]] = {}
        for row in self.order:
            if row in self.owned and self.flat.type(row) in kinds and self._below(row, chain):
                sites.setdefault(self.parent.get(row, -1), []).append(row)
        by_parent: dict[int, list[list[int]]] = {}
        for site in sorted(sites, key=lambda row: self.order.get(row, -1)):
            groups = self._bundles(slot, sites[site])
            by_parent.setdefault(self._named_above(site, chain), []).extend(groups)
        kept = [
            group
            for groups in by_parent.values()
            for group in groups[: slot.count.resolve(len(groups)) or len(groups)]
        ]
        return kept, sum(map(len, kept)) == sum(map(len, sites.values()))

    def _bundles(self, slot: Resource, rows: list[int]) -> list[list[int]]:
        """Divide the chosen vertices below one vertex into slots, in the order of their ids."""
        parts: list[list[list[int]]] = []
        for child in slot.children:
            mine = [row for row in rows if self.flat.type(row) == child.type]
            mine.sort(key=lambda row: (self.flat.id(row), row))
            need = child.count.resolve(sum(self.owned[row] for row in mine))
            parts.append(_split(mine, self.owned, need))
        return [
            [row for part in together for row in part] for together in zip(*parts, strict=False)
        ]

    def _contents(self, group: list[int]) -> _Slot:
        found = _Slot()
        for row in group:
            listed = self._listed(row) if self.children.get(row) else list(self._machine(row))
            above = self._node_above(row)
            for member, node in listed:
                node = above if node < 0 else node
                kind = self.flat.type(member)
                if node >= 0 and node not in found.nodes:
                    found.nodes.append(node)
                if kind in ("core", "gpu"):
                    ids = found.cores if kind == "core" else found.gpus
                    ids.setdefault(node, []).append(self.flat.id(member))
        found.nodes.sort(key=self.flat.rank)
        return found

    def _listed(self, row: int) -> list[tuple[int, int]]:
        """Return what the answer lists from a vertex down, each with the node inside it, or -1."""
        return list(self._walk(row, lambda at: self.children.get(at, ())))

    def _machine(self, row: int) -> Iterator[tuple[int, int]]:
        """Return what the machine has from a vertex down, each with the node inside it, or -1."""
        return self._walk(row, lambda at: children(self.flat, at))

    def _walk(self, row: int, below: Below) -> Iterator[tuple[int, int]]:
        stack = [(row, -1)]
        seen = {row}
        while stack:
            at, node = stack.pop()
            if self.flat.type(at) == "node":
                node = at
            yield at, node
            for target in below(at):
                if target not in seen:
                    seen.add(target)
                    stack.append((target, node))

    def _node_above(self, row: int) -> int:
        while row >= 0 and self.flat.type(row) != "node":
            row = self.parent.get(row, -1)
        return row

    def _below(self, row: int, chain: tuple[str, ...]) -> bool:
        """Say whether the vertices above have the types of the request's levels, in this order."""
        left = list(chain)
        while left and (row := self.parent.get(row, -1)) >= 0:
            if self.flat.type(row) == left[-1]:
                left.pop()
        return not left

    def _named_above(self, row: int, chain: tuple[str, ...]) -> int:
        """Return the vertex of the level that asks for the slots; -1 if that is the whole job."""
        while chain and row >= 0 and self.flat.type(row) != chain[-1]:
            row = self.parent.get(row, -1)
        return row if chain else -1


def _slot_lists(
    resources: Sequence[Resource], chain: tuple[str, ...]
) -> Iterator[tuple[list[Resource], tuple[str, ...]]]:
    """Yield the sibling slots of every list of the request, with the types of the levels above."""
    slots = [resource for resource in resources if resource.type in SLOT_TYPES]
    if slots:
        yield slots, chain
    for resource in resources:
        if resource.type not in SLOT_TYPES:
            yield from _slot_lists(resource.children, (*chain, resource.type))


def _split(rows: list[int], units: dict[int, int], need: int) -> list[list[int]]:
    """Cut a list of vertices into runs that have at least `need` units each."""
    parts: list[list[int]] = []
    current: list[int] = []
    held = 0
    for row in rows:
        current.append(row)
        held += units[row]
        if held >= need:
            parts.append(current)
            current, held = [], 0
    return parts
