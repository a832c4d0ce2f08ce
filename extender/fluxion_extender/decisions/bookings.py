"""What groups and places hold: in the graph and, beside it, in the ledger."""

from collections.abc import Sequence

from fluxion_extender.cluster.mirror import Mirror
from fluxion_extender.decisions.domains import Place
from fluxion_extender.groups.group import Group, Slot, SlotState
from fluxion_extender.placing.placer import Placer

DEDICATED = "dedicated"
"""The property of nodes that only one group may use."""


class Bookings:
    """Books and gives back. A group holds its places as a whole until one of them goes alone."""

    def __init__(self, mirror: Mirror, placer: Placer) -> None:
        self.mirror = mirror
        self.placer = placer
        self.on_node: dict[str, set[Slot]] = {}
        self.dedicated: dict[Place, str] = {}

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
        self._book(slot, node, now)
        self.put(slot, node, state)

    def _book(self, slot: Slot, node: str, now: float) -> None:
        """Book one place by itself, instead of what it holds by itself already."""
        self._unbook(slot)
        pools = self.mirror.graph.nodes[node].pools
        units = {r: n for r, n in slot.kind.request.items() if r in pools}
        slot.hold = self.placer.hold([(node, units)], slot.group.shape.duration, now)

    def _unbook(self, slot: Slot) -> None:
        if slot.hold:
            self.placer.release(slot.hold)
            slot.hold = 0

    def _clear(self, slot: Slot, state: SlotState) -> None:
        """Take one place off its node."""
        self._unbook(slot)
        self.mirror.discharge(slot.key)
        self.on_node.get(slot.node, set()).discard(slot)
        slot.state = state

    def free(self, slot: Slot, now: float) -> None:
        """Give back the share of one place, exactly."""
        if slot.state not in (SlotState.PLANNED, SlotState.BOUND):
            return
        group = slot.group
        others = any(each is not slot and not each.hold for each in group.live())
        if not slot.hold and others:
            self._split(group, now)
        self._clear(slot, SlotState.LOST)
        if not any(True for _ in group.live()):
            self.drop_holds(group)

    def free_all(self, group: Group) -> None:
        """Give back everything of a group."""
        self.drop_holds(group)
        for slot in list(group.live()):
            self._clear(slot, SlotState.EMPTY)
            slot.node = ""

    def drop_holds(self, group: Group) -> None:
        """Give back what is booked for the group as a whole."""
        for jobid in group.holds:
            self.placer.release(jobid)
        group.holds = []
        self._undedicate(group)

    def _split(self, group: Group, now: float) -> None:
        """Book every place by itself, and what the group holds besides (a rack to itself) apart."""
        rest = []
        for jobid in group.holds:
            rest.append(self.placer.holding(jobid))
            self.placer.release(jobid)
        group.holds = []
        for slot in group.live():
            if not slot.hold and slot.node in self.mirror.graph.nodes:
                self._book(slot, slot.node, now)
        for answer in rest:
            kept = self.mirror.graph.apart_from_pods(answer)
            if kept is not None:
                hold = self.placer.hold_selection(kept, group.shape.duration, now)
                group.holds.append(hold)

    def rebook_node(self, node: str, now: float) -> None:
        """Book the places of a node again after its vertex was made anew."""
        for slot in sorted(self.on_node.get(node, ()), key=lambda slot: slot.key):
            self._book(slot, node, now)

    # ---- vertices that a group has to itself ----

    def dedicate(self, group: Group, places: Sequence[Place]) -> None:
        """Keep all others of ours out of some vertices."""
        for place in places:
            self.dedicated[place] = group.key
            self._mark_dedicated(place, True)

    def _undedicate(self, group: Group) -> None:
        for place in [p for p, key in self.dedicated.items() if key == group.key]:
            self._mark_dedicated(place, False)
            del self.dedicated[place]

    def _mark_dedicated(self, place: Place, there: bool) -> None:
        nodes = self.mirror.graph.nodes.values()
        names = [node.name for node in nodes if node.place[: len(place)] == place]
        self.mirror.eligibility.mark(names, DEDICATED, there)

    def node_came(self, name: str) -> None:
        """Keep a new node of a dedicated vertex for its group."""
        place = self.mirror.graph.nodes[name].place
        if any(place[: len(each)] == each for each in self.dedicated):
            self.mirror.eligibility.mark([name], DEDICATED, True)
