"""The state of one group: its places, who has which, and why it waits. No I/O, no clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from fluxion_extender.groups.identity import Identity
from fluxion_extender.groups.shape import PodClass, Shape
from fluxion_extender.objects.pod import Pod


class GroupState(Enum):
    """Where a group is in its life."""

    INCOMPLETE = "incomplete"
    """Not all of its shape is known."""
    WAITING = "waiting"
    """It waits for its turn, or for room."""
    UNSATISFIABLE = "unsatisfiable"
    """It does not fit this cluster, or asks for something that cannot be."""
    MATCHED = "matched"
    """Every member has a node, none is bound."""
    RUNNING = "running"
    """Members are bound."""


class SlotState(Enum):
    """What the place of one member is."""

    EMPTY = "empty"
    PLANNED = "planned"
    BOUND = "bound"
    LOST = "lost"
    """Its pod is gone and its share is given back; a new pod may come."""


@dataclass(slots=True, eq=False)
class Slot:
    """The place of one member: `rank` counts through the group, `number` in its job.

    `hold` is a booking of its own, 0 while it is part of that of its class. `asked`: kube-scheduler
    was told its node.
    """

    group: "Group"
    rank: int
    kind: PodClass
    job: int
    number: int
    state: SlotState = SlotState.EMPTY
    node: str = ""
    pod: str = ""
    hold: int = 0
    asked: bool = False

    @property
    def key(self) -> str:
        """The name of its charge in the ledger."""
        return f"{self.group.key}#{self.rank}"


@dataclass(slots=True, eq=False)
class Group:
    """One group. Times are seconds of the caller's clock; `holds` are the bookings of the whole.

    `refused_at` is the count of changes at which it was last refused: as long as it is the same,
    nothing has to be asked again. `vetoed` has the nodes which kube-scheduler's own filters refused
    for it, with the time at which that is forgotten; `veto` is the property that marks them.
    `evicted_at` is the count of changes at which victims were last looked for.
    `told` is the pod that was told its node first, at `told_at`.
    `read_again` is when what it wants may be read once more; `given_up`: it has waited too long.
    `plan_text` goes with the bindings of members until one is taken: there is no owner to write on.
    """

    key: str
    namespace: str
    identity: Identity
    arrived: float
    state: GroupState = GroupState.INCOMPLETE
    shape: Shape = field(default_factory=Shape)
    slots: list[Slot] = field(default_factory=list)
    pods: dict[str, Pod] = field(default_factory=dict)
    reason: str = ""
    reason_since: float = 0
    reason_state: GroupState | None = None
    refused_at: int = -1
    refused: set[str] = field(default_factory=set)
    holds: list[int] = field(default_factory=list)
    plan: str = ""
    plan_text: str = ""
    plan_written: bool = False
    told: str = ""
    told_at: float = 0
    since: float = 0
    deadline: float = 0
    failures: int = 0
    not_before: float = 0
    read_again: float = 0
    given_up: bool = False
    evicted_at: int = -1
    veto: str = ""
    vetoed: dict[str, float] = field(default_factory=dict)
    dirty: bool = True
    _numbered: dict[tuple[str, int, int], Slot] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name that users know."""
        return self.identity.name

    @property
    def planned(self) -> bool:
        """Whether its places are given out."""
        return self.state in (GroupState.MATCHED, GroupState.RUNNING)

    @property
    def gang(self) -> bool:
        """Whether it is more than one pod by itself."""
        return self.identity.how != "pod"

    def make_slots(self) -> None:
        """Make the places of its shape, by class, job and number: ranks follow this order."""
        self.slots = []
        self._numbered = {}
        for kind in self.shape.classes:
            for job in range(kind.jobs):
                for number in range(kind.count):
                    slot = Slot(self, len(self.slots), kind, job, number)
                    self.slots.append(slot)
                    self._numbered.setdefault((kind.role, job, number), slot)

    def plan_changes(self) -> None:
        """Have the plan written anew: some member has another node."""
        self.plan_written = False
        self.plan_text = ""
        self.told = ""

    def of_class(self, kind: PodClass) -> list[Slot]:
        """Return the places of a class, by rank."""
        return [slot for slot in self.slots if slot.kind is kind]

    def live(self) -> Iterator[Slot]:
        """Go through the places that hold something."""
        return (s for s in self.slots if s.state in (SlotState.PLANNED, SlotState.BOUND))

    def bound(self) -> int:
        """Return how many members are bound."""
        return sum(slot.state is SlotState.BOUND for slot in self.slots)

    def any_bound(self) -> bool:
        """Say whether a member is bound."""
        return any(slot.state is SlotState.BOUND for slot in self.slots)

    def place_for(self, identity: Identity, request: dict[str, int]) -> Slot | None:
        """Return the place for a pod: that of its number, else the first free one of its kind.

        None if there is none, or another pod has it. O(1) for numbered pods.
        """
        if identity.index >= 0:
            for role in (identity.role, ""):
                slot = self._numbered.get((role, identity.job, identity.index))
                if slot is not None and slot.kind.request == request:
                    return None if slot.pod else slot
        free = [
            slot
            for slot in self.slots
            if not slot.pod
            and slot.kind.request == request
            and (not slot.kind.role or not identity.role or slot.kind.role == identity.role)
        ]
        planned = (slot for slot in free if slot.state is SlotState.PLANNED)
        return next(planned, next(iter(free), None))
