"""Groups that wait: what they need, and why they have not got it."""

from collections.abc import Callable

from fluxion_extender.cluster.mirror import Mirror
from fluxion_extender.decisions.effects import Effect, Note
from fluxion_extender.decisions.matching import Matching
from fluxion_extender.decisions.members import Members
from fluxion_extender.decisions.reasons import shortage
from fluxion_extender.decisions.settings import Settings
from fluxion_extender.groups.group import Group, GroupState
from fluxion_extender.groups.identity import Ref
from fluxion_extender.groups.shape import Shape, shape_of
from fluxion_extender.placing.placer import Placer
from fluxion_py.errors import InputError

READ_AGAIN = 10.0
"""Seconds after which a ConfigMap that could not be read is read once more."""


class Waiting:
    """Brings groups into the queue, out of it, and says why they wait.

    `wanted` has the ConfigMaps that have to be read and told of as owners.
    """

    def __init__(
        self,
        mirror: Mirror,
        placer: Placer,
        matching: Matching,
        members: Members,
        settings: Settings,
        tell: Callable[[Effect], None],
    ) -> None:
        self.wanted: list[Ref] = []
        self._mirror, self._placer, self._matching = mirror, placer, matching
        self._members, self._settings, self._tell = members, settings, tell

    def refresh(self, group: Group, now: float) -> Shape | None:
        """Work a group's shape out, and let it wait for its turn.

        Of a group that has its nodes already the shape is returned, and nothing is done.
        """
        self._members.dirty.pop(group.key, None)
        group.dirty = False
        if group.given_up or not group.pods:
            return None
        members = sorted(group.pods.values(), key=lambda pod: pod.metadata.name)
        try:
            shape = shape_of(group.identity, members, self._members.workloads.get)
            if group.planned:
                return shape
            self._enter(group, shape, now)
        except InputError as error:
            if not group.planned:  # what runs, runs on, whatever its owner says now
                text = f"{error}" + (f" ({error.hint})" if error.hint else "")
                self._end(group, f"is refused: {text}", "Refused", now)
        return None

    def _enter(self, group: Group, shape: Shape, now: float) -> None:
        if shape.missing or shape.suspended or not shape.classes:
            self._placer.withdraw(group.key, now)
            group.state = GroupState.INCOMPLETE
            what = shape.missing or ("it is suspended" if shape.suspended else "it is empty")
            group.shape = shape
            self._refuse(group, f"waits: {what}", now)
            self._read(group, now)
            return
        if shape == group.shape and group.key in self._placer.waiting:
            return
        group.shape = shape
        self._matching.submit(group, now)
        group.state = GroupState.WAITING
        group.refused_at = -1

    def _read(self, group: Group, now: float) -> None:
        """Have the ConfigMap read that a group wants; not again and again if it is not there."""
        wants = group.shape.wants
        if wants is not None and group.read_again <= now:
            group.read_again = now + READ_AGAIN
            self._members.follow(group, wants)
            self.wanted.append(wants)

    def give_up(self, group: Group, now: float) -> None:
        """Try a group no more: it has waited for longer than it wants to."""
        group.given_up = True
        seconds = group.shape.wishes.start_timeout
        self._end(group, f"has not started within {seconds} s and is given up", "GivenUp", now)

    def _end(self, group: Group, text: str, reason: str, now: float) -> None:
        self._placer.withdraw(group.key, now)
        group.state = GroupState.UNSATISFIABLE
        if self._refuse(group, text, now):
            meta = next(iter(group.pods.values())).metadata
            self._tell(Note("Pod", meta.namespace, meta.name, meta.uid, reason, text))

    def explain(self, group: Group, now: float) -> None:
        """Say what a group that waits for its turn or for room is short of."""
        if group.state is not GroupState.WAITING:
            return
        text = shortage(self._mirror, group, free=False)
        if text:
            self._refuse(group, f"can never start: {text}", now)
            return
        text = shortage(self._mirror, group)
        if not text:
            text = "waits for its turn" if self._placer.ahead(group.key) else "waits for room"
        self._refuse(group, text, now)

    def _refuse(self, group: Group, text: str, now: float) -> bool:
        """Set why a group waits; a text that was given a moment ago stays. Return if it is new."""
        text = f"group {group.name} {text}" if group.gang else text
        group.refused_at = self._mirror.graph.changes
        recent = now - group.reason_since < self._settings.reason_interval
        if text == group.reason or (group.reason_state is group.state and recent):
            return False
        group.reason, group.reason_since, group.reason_state = text, now, group.state
        return True
