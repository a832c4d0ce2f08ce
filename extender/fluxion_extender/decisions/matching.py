"""From a waiting group to a node for every member: the queue says when, this says where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fluxion_extender.cluster.mirror import Mirror
from fluxion_extender.decisions.bookings import DEDICATED, Bookings
from fluxion_extender.decisions.domains import Division, Part, Place, divisions, is_simple
from fluxion_extender.groups.group import Group, GroupState, Slot, SlotState
from fluxion_extender.groups.jobspec import class_jobspec, part_jobspec
from fluxion_extender.groups.shape import PodClass
from fluxion_extender.groups.user_jobspec import cluster_jobspec
from fluxion_extender.placing.placer import Placer
from fluxion_extender.pods.requests import Amounts, add
from fluxion_py.allocation import Allocation
from fluxion_py.jobspec.model import Jobspec


@dataclass(slots=True)
class _Found:
    """Nodes for every class of a group by its name, what is booked for them, and the vertices."""

    nodes: dict[str, list[str]] = field(default_factory=dict)
    holds: list[int] = field(default_factory=list)
    vertices: list[Place] = field(default_factory=list)


class Matching:
    """Finds nodes for whole groups and for single places, and books them."""

    def __init__(self, mirror: Mirror, placer: Placer, bookings: Bookings) -> None:
        self.mirror = mirror
        self.bookings = bookings
        self.placer = placer

    # ---- waiting ----

    def submit(self, group: Group, now: float) -> None:
        """Let a group wait for its turn, by the class that is hardest to place.

        Raises `InputError` for a wish that means nothing here.
        """
        jobspecs = [self.jobspec(group, kind) for kind in group.shape.classes]
        if group.veto == "":
            group.veto = self.mirror.eligibility.new_veto()
        self.placer.withdraw(group.key, now)
        primary = jobspecs[group.shape.classes.index(self._primary(group))]
        self.placer.submit(group.key, primary, group.shape.priority, now)

    def jobspec(self, group: Group, kind: PodClass) -> Jobspec:
        """Return the request for a class that says when its turn can be."""
        constraints = self._constraints(group, kind)
        if group.shape.wishes.jobspec is not None:
            return cluster_jobspec(group.shape, kind, constraints)
        nested = is_simple(self.mirror, group)
        return class_jobspec(group.shape, kind, self.mirror.graph.level, constraints, nested=nested)

    def _constraints(self, group: Group, kind: PodClass, *more: str) -> Mapping[str, Any]:
        """Return what the nodes for a class must be like; `more` are properties of them."""
        vetoes = [f"^{group.veto}"] if group.vetoed else []
        return self.mirror.eligibility.constraints(kind.spec, *vetoes, *self._kept_out(), *more)

    def _kept_out(self) -> list[str]:
        return [f"^{DEDICATED}"] if self.bookings.dedicated else []

    def _primary(self, group: Group) -> PodClass:
        """Return the class that takes most: the one whose turn is waited for."""
        classes = group.shape.classes
        if len(classes) == 1:
            return classes[0]
        return max(classes, key=lambda kind: kind.total * self._weight(kind))

    def _weight(self, kind: PodClass) -> float:
        """Return how much of the cluster one pod of a class needs, of what it needs most of."""
        totals = self.mirror.totals
        return max(n / max(1, totals.get(r, 0)) for r, n in kind.request.items())

    # ---- its turn has come ----

    def give(self, group: Group, primary: Allocation, now: float) -> bool:
        """Give every member of a group a node, all or none; False if it must go on waiting.

        `primary` is booked for the class that was waited for; it is kept where it is the answer.
        """
        changes = self.mirror.graph.changes
        if self._give(group, primary, now):
            return True
        self.mirror.graph.changes = changes  # all is as it was; who steps aside waits for news
        return False

    def _give(self, group: Group, primary: Allocation, now: float) -> bool:
        if is_simple(self.mirror, group):
            kind = group.shape.classes[0]
            if self._plan(group, {kind.name: self.mirror.graph.places(primary)}):
                group.holds.append(self.placer.take(group.key, now))
                return True
            self.placer.step_aside(group.key, now)
            return False
        self.placer.step_aside(group.key, now)
        for division in divisions(self.mirror, group):
            found = self._divide(group, division, now)
            if found is None:
                continue
            group.holds = found.holds
            if self._plan(group, found.nodes):
                self.bookings.dedicate(group, found.vertices if division.empty else [])
                self.placer.withdraw(group.key, now)
                return True
            self.bookings.drop_holds(group)
        return False

    def _divide(self, group: Group, division: Division, now: float) -> _Found | None:
        """Book every part of a group in a vertex of its own, or nothing."""
        found = _Found()
        for part in division.parts:
            for place in self.places(division):
                if place not in found.vertices and self._book(
                    group, division, part, place, found, now
                ):
                    break
            else:
                for hold in found.holds:
                    self.placer.release(hold)
                return None
        return found

    def places(self, division: Division) -> list[Place]:
        """Return the vertices that a part may have; the empty place stands for the cluster."""
        graph = self.mirror.graph
        if division.level is None:
            return [()]
        if division.level == "node":
            return [(name,) for name in graph.nodes]
        places = graph.domains(division.level)
        if division.alone:
            places = [place for place in places if not graph.is_let(place)]
        if division.empty:
            used = {
                node.place[: len(places[0])]
                for name, node in graph.nodes.items()
                if places and any(self.mirror.ledger.book(name).ours.values())
            }
            places = [place for place in places if place not in used]
        return places

    def _book(
        self,
        group: Group,
        division: Division,
        part: Part,
        place: Place,
        found: _Found,
        now: float,
    ) -> bool:
        """Book one part in one vertex, all of it or nothing."""
        graph = self.mirror.graph
        within = place if division.level == "node" else None
        where = [graph.property_of(place)] if place and within is None else []
        holds: list[int] = []
        nodes: list[tuple[PodClass, list[str]]] = []
        for kind, count in sorted(part.pods, key=lambda each: -self._weight(each[0])):
            constraints = self._constraints(group, kind, *where)
            jobspec = part_jobspec(group.shape, kind, count, constraints)
            answer = self.placer.attempt(jobspec, now, within=within)
            if answer is None:
                for hold in holds:
                    self.placer.release(hold)
                return False
            holds.append(answer.id or 0)
            nodes.append((kind, graph.places(answer)))
        if division.alone and within is None:
            tenancy = graph.tenancy(place)
            holds.append(self.placer.hold_selection(tenancy, group.shape.duration, now))
        for kind, names in nodes:
            found.nodes.setdefault(kind.name, []).extend(names)
        found.holds += holds
        if place:
            found.vertices.append(place)
        return True

    def _plan(self, group: Group, nodes: Mapping[str, Sequence[str]]) -> bool:
        """Put the nodes of answers into the places of a group, if they are good."""
        kinds = group.shape.classes
        if any(len(nodes[kind.name]) != kind.total for kind in kinds) or not self._sound(
            {kind.name: kind.request for kind in kinds}, nodes
        ):
            return False
        group.make_slots()
        for kind in kinds:
            for slot, node in zip(group.of_class(kind), nodes[kind.name], strict=True):
                self.bookings.put(slot, node)
        group.state = GroupState.MATCHED
        return True

    def _sound(self, requests: Mapping[str, Amounts], nodes: Mapping[str, Sequence[str]]) -> bool:
        """Check against the ledger, which knows nothing of the graph, that nothing is taken twice.

        A reservation whose time has come may meet a job that has overrun its own.
        """
        sums: dict[str, Amounts] = {}
        for role, names in nodes.items():
            for name in names:
                add(sums.setdefault(name, {}), requests[role])
        return all(
            self.mirror.usable(name) and self.mirror.ledger.book(name).fits(request)
            for name, request in sums.items()
        )

    def grow(self, slot: Slot, now: float) -> bool:
        """Find a node for one place, near the others where the group is to be together."""
        group, kind = slot.group, slot.kind
        graph = self.mirror.graph
        more: list[str] = []
        near = [each for each in group.live() if each is not slot and each.node in graph.nodes]
        level = graph.level(group.shape.wishes.level or "")
        if level is not None and near:
            kin = [each for each in near if each.job == slot.job and each.kind is kind] or near
            if level == "node":
                return self.bookings.hold(slot, kin[0].node, SlotState.PLANNED, now)
            depth = [each.type for each in graph.levels].index(level)
            more.append(graph.property_of(graph.nodes[kin[0].node].place[: depth + 1]))
        taken = {each.node for each in near if each.kind is kind} if kind.one_per_node else set()
        constraints = self._constraints(group, kind, *more)
        if group.key in self.bookings.dedicated.values():
            constraints = self.mirror.eligibility.constraints(kind.spec, *more)
        jobspec = part_jobspec(group.shape, kind, 1, constraints)
        answer = self.placer.attempt(jobspec, now, without=taken or None)
        if answer is None:
            return False
        node = self.mirror.graph.places(answer)[0]
        if not self.mirror.usable(node) or not self.mirror.ledger.book(node).fits(kind.request):
            self.placer.release(answer.id or 0)
            return False
        slot.hold = answer.id or 0
        self.bookings.put(slot, node)
        return True
