"""Restoring a job from R (matching.md 9)."""

from collections.abc import Mapping

from fluxion_py.outcome import Errno, Outcome

from .commit import Charger, UpdateWalk, charge
from .first import zero_weights
from .machine import Machine
from .planner import END_OF_TIME, PlannerError


def restore(
    machine: Machine, jobid: int, claims: Mapping[int, bool], at: int, duration: int
) -> Outcome:
    """Record a job on the claimed vertices: row -> whole (exclusive) or shared.

    A claim that is not available refuses all: EINVAL for an exclusive one, EBUSY for a shared
    one, with the vertex's name as message. Without the dominant root only plans are charged.
    """
    if at < 0 or duration <= 0 or at + duration > END_OF_TIME:
        return Outcome(Errno.INVALID)
    machine.topology.refresh()
    charger = Charger(machine, jobid, at, duration, reserved=False)
    refusal = _charge_claims(machine, charger, claims)
    if refusal is not None:
        return refusal
    root = machine.topology.root
    if root not in claims:
        charger.record_job()
        return Outcome(Errno.OK, at, duration)
    inner = {
        row for row in claims if any(child in claims for child in machine.topology.children(row))
    }

    def marked(_: int, target: int) -> tuple[int, bool, bool] | None:
        if target not in claims:
            return None
        listed = not machine.strict and target not in inner
        return machine.graph.size(target), claims[target], listed

    walk = UpdateWalk(
        machine,
        marked,
        {"node"} if machine.policy.node_exclusive else set(),
    )
    emission = walk.run(machine.graph.size(root), claims[root])
    if not emission.selection.vertices:
        charger.undo()
        return Outcome(Errno.NOTTY)
    if not charge(charger, emission, {row for row, whole in claims.items() if whole}):
        return Outcome(Errno.INVALID)
    zero_weights(machine, emission.selection.edges)
    return Outcome(Errno.OK, at, duration, selection=emission.selection)


def _charge_claims(
    machine: Machine, charger: Charger, claims: Mapping[int, bool]
) -> Outcome | None:
    """Charge the plans of exclusive claims; return the refusal, with nothing left charged."""
    for row, whole in claims.items():
        size = machine.graph.size(row)
        if whole:
            try:
                charger.charge_plans(row, size)
            except PlannerError:
                charger.undo()
                return Outcome(Errno.INVALID, messages=machine.graph.name(row))
            charger.hold(row, size, True)
        elif machine.available(row, charger.start, charger.duration) != size:
            charger.undo()
            return Outcome(Errno.BUSY, messages=machine.graph.name(row))
    return None
