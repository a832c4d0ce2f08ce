"""From a waiting group to a node for every member: the queue says when, this says where."""

from collections.abc import Mapping, Sequence

from fluxion_extender.cluster.levels import UNKNOWN
from fluxion_extender.cluster.mirror import Mirror
from fluxion_extender.cluster.units import wanted
from fluxion_extender.groups.group import Group, GroupState, Slot, SlotState
from fluxion_extender.groups.jobspec import class_jobspec, one_pod_jobspec
from fluxion_extender.groups.shape import PodClass
from fluxion_extender.groups.user_jobspec import cluster_jobspec
from fluxion_extender.placing.placer import Placer
from fluxion_extender.pods.requests import Amounts, add
from fluxion_py.allocation import Allocation
from fluxion_py.jobspec.model import Jobspec

Found = dict[str, Allocation]
"""An answer for every class of a group, by its name."""


class Matching:
    """Books whole groups and single places. Everything booked is in the ledger as well."""

    def __init__(self, mirror: Mirror, placer: Placer) -> None:
        self.mirror = mirror
        self.placer = placer
        self.on_node: dict[str, set[Slot]] = {}

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

    def jobspec(
        self, group: Group, kind: PodClass, *more: str, level: str | None = None
    ) -> Jobspec:
        """Return the request for a class; `more` are properties that the nodes must have."""
        vetoes = [f"^{group.veto}"] if group.vetoed else []
        constraints = self.mirror.eligibility.constraints(kind.spec, *vetoes, *more)
        if group.shape.wishes.jobspec is not None:
            return cluster_jobspec(group.shape, kind, constraints)
        levels = self.mirror.graph.level
        return class_jobspec(group.shape, kind, levels, constraints, level=level)

    def _primary(self, group: Group) -> PodClass:
        """Return the class that takes most: the one whose turn is waited for."""
        totals = {r: 1 for kind in group.shape.classes for r in kind.request}
        for book in self.mirror.ledger.nodes.values():
            add(totals, book.allocatable)
        return max(
            group.shape.classes,
            key=lambda kind: kind.total * max(n / totals[r] for r, n in kind.request.items()),
        )

    # ---- its turn has come ----

    def give(self, group: Group, primary: Allocation, now: float) -> bool:
        """Give every member of a group a node, all or none; False if it must go on waiting.

        `primary` is booked for the class that was waited for; it is kept where it is the answer.
        """
        wishes = group.shape.wishes
        if len(group.shape.classes) == 1 and not wishes.prefer:
            kind = group.shape.classes[0]
            if self._plan(group, {kind.name: primary}):
                group.holds[kind.name] = self.placer.take(group.key, now)
                return True
            self.placer.step_aside(group.key, now)
            return False
        self.placer.step_aside(group.key, now)
        for found in self._variants(group, now):
            if self._plan(group, found):
                group.holds = {role: answer.id or 0 for role, answer in found.items()}
                self.placer.withdraw(group.key, now)
                return True
            for answer in found.values():
                self.placer.release(answer.id or 0)
        return False

    def _variants(self, group: Group, now: float) -> list[Found]:
        """Return the first answer for all classes: narrow levels first, one vertex for all."""
        wishes = group.shape.wishes
        wholes = [*wishes.prefer, *([wishes.level] if wishes.level else [])]
        if wishes.per_job and len(group.shape.classes) == 1:
            for level in (*wishes.prefer, None):
                found = self._attempt(group, now, level=level)
                if found is not None:
                    return [found]
            return []
        for level in wholes:
            for where in self._vertices(level):
                found = self._attempt(group, now, where)
                if found is not None:
                    return [found]
        if wishes.level is None:
            found = self._attempt(group, now)
            return [] if found is None else [found]
        return []

    def _vertices(self, level: str) -> list[str]:
        """Return the property of every vertex of a level, in the order of the graph."""
        graph = self.mirror.graph
        kind = graph.level(level)
        if kind is None or kind == "node":
            return []
        depth = next(i for i, each in enumerate(graph.levels) if each.type == kind)
        places = {node.place[: depth + 1]: None for node in graph.nodes.values()}
        return [
            f"{kind}={'/'.join(place)}" for place in places if not place[-1].startswith(UNKNOWN)
        ]

    def _attempt(
        self, group: Group, now: float, *where: str, level: str | None = None
    ) -> Found | None:
        found: Found = {}
        primary = self._primary(group)
        for kind in sorted(group.shape.classes, key=lambda kind: kind is not primary):
            answer = self.placer.attempt(self.jobspec(group, kind, *where, level=level), now)
            if answer is None:
                for each in found.values():
                    self.placer.release(each.id or 0)
                return None
            found[kind.name] = answer
        return found

    def _plan(self, group: Group, found: Found) -> bool:
        """Put the nodes of answers into the places of a group, if they are good."""
        nodes = {role: self.mirror.graph.places(answer) for role, answer in found.items()}
        kinds = group.shape.classes
        if any(len(nodes[kind.name]) != kind.total for kind in kinds) or not self._sound(
            {kind.name: kind.request for kind in kinds}, nodes
        ):
            return False
        group.make_slots()
        for kind in kinds:
            for slot, node in zip(group.of_class(kind), nodes[kind.name], strict=True):
                self.put(slot, node)
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

    # ---- single places ----

    def put(self, slot: Slot, node: str, state: SlotState = SlotState.PLANNED) -> None:
        """Enter a place on a node; its booking is the caller's affair."""
        slot.node, slot.state = node, state
        self.mirror.charge(slot.key, node, slot.kind.request, ours=True)
        self.on_node.setdefault(node, set()).add(slot)

    def hold(self, slot: Slot, node: str, state: SlotState, now: float) -> bool:
        """Book exactly one place on a node; False if the node has not the room."""
        book = self.mirror.ledger.book(node)
        if node not in self.mirror.graph.nodes or not book.fits(slot.kind.request):
            return False
        self.force(slot, node, state, now)
        return True

    def force(self, slot: Slot, node: str, state: SlotState, now: float) -> None:
        """Book one place whatever is there: its pod runs already."""
        duration = slot.group.shape.duration
        slot.hold = self.placer.hold([(node, self._units(slot, node))], duration, now)
        self.put(slot, node, state)

    def grow(self, slot: Slot, now: float) -> bool:
        """Find a node for one place, near the others where the group is to be together."""
        group, kind = slot.group, slot.kind
        more = [f"^{group.veto}"] if group.vetoed else []
        level = group.shape.wishes.level
        near = [
            each
            for each in group.live()
            if each is not slot and each.node in self.mirror.graph.nodes
        ]
        if level is not None and near:
            kin = [each for each in near if each.job == slot.job and each.kind is kind] or near
            vertex = self.mirror.graph.level(level)
            if vertex == "node":
                return self.hold(slot, kin[0].node, SlotState.PLANNED, now)
            depth = [each.type for each in self.mirror.graph.levels].index(vertex or "")
            place = self.mirror.graph.nodes[kin[0].node].place[: depth + 1]
            more.append(f"{vertex}={'/'.join(place)}")
        constraints = self.mirror.eligibility.constraints(kind.spec, *more)
        taken = {each.node for each in near if each.kind is kind} if kind.one_per_node else set()
        key = f"{group.veto}-own"
        self.mirror.eligibility.mark(taken, key, True)
        if taken:
            constraints = self.mirror.eligibility.constraints(kind.spec, *more, f"^{key}")
        answer = self.placer.attempt(one_pod_jobspec(group.shape, kind, constraints), now)
        self.mirror.eligibility.mark(taken, key, False)
        if answer is None:
            return False
        node = self.mirror.graph.places(answer)[0]
        if not self.mirror.usable(node) or not self.mirror.ledger.book(node).fits(kind.request):
            self.placer.release(answer.id or 0)
            return False
        slot.hold = answer.id or 0
        self.put(slot, node)
        return True

    def free(self, slot: Slot, now: float) -> None:
        """Give back the share of one place, exactly."""
        if slot.state not in (SlotState.PLANNED, SlotState.BOUND):
            return
        group = slot.group
        others = any(each is not slot and not each.hold for each in group.live())
        if not slot.hold and others:
            self._split(group, now)
        if slot.hold:
            self.placer.release(slot.hold)
            slot.hold = 0
        self.mirror.discharge(slot.key)
        self.on_node.get(slot.node, set()).discard(slot)
        slot.state = SlotState.LOST
        if not any(True for _ in group.live()):
            self.drop_holds(group)

    def free_all(self, group: Group) -> None:
        """Give back everything of a group."""
        self.drop_holds(group)
        for slot in list(group.live()):
            if slot.hold:
                self.placer.release(slot.hold)
                slot.hold = 0
            self.mirror.discharge(slot.key)
            self.on_node.get(slot.node, set()).discard(slot)
            slot.state = SlotState.EMPTY
            slot.node = ""

    def drop_holds(self, group: Group) -> None:
        """Give back what is booked for the group as a whole."""
        for jobid in group.holds.values():
            self.placer.release(jobid)
        group.holds = {}

    def _split(self, group: Group, now: float) -> None:
        """Book every place by itself, and what the group holds besides (a rack to itself) apart."""
        rest: Found = {}
        for role, jobid in group.holds.items():
            rest[role] = self.placer.holding(jobid)
            self.placer.release(jobid)
        group.holds = {}
        for slot in group.live():
            if not slot.hold and slot.node in self.mirror.graph.nodes:
                units = self._units(slot, slot.node)
                slot.hold = self.placer.hold([(slot.node, units)], group.shape.duration, now)
        for role, answer in rest.items():
            kept = self.mirror.graph.apart_from_pods(answer)
            if kept is not None:
                group.holds[role] = self.placer.hold_selection(kept, group.shape.duration, now)

    def rebook_node(self, node: str, now: float) -> None:
        """Book the places of a node again after its vertex was made anew."""
        for slot in sorted(self.on_node.get(node, ()), key=lambda slot: slot.key):
            if slot.hold:
                self.placer.release(slot.hold)
            units = self._units(slot, node)
            slot.hold = self.placer.hold([(node, units)], slot.group.shape.duration, now)

    def _units(self, slot: Slot, node: str) -> Amounts:
        pools = self.mirror.graph.nodes[node].pools
        return {r: wanted(r, n) for r, n in slot.kind.request.items() if r in pools}
