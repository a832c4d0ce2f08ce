"""What is written about a plan before its first answer leaves (fluence-design.md B.6)."""

from contextlib import suppress

from fluxion_extender.decisions.effects import Annotate, Effect, PatchPod
from fluxion_extender.groups.group import Group
from fluxion_extender.groups.identity import Lookup
from fluxion_extender.groups.shape import plan_owner
from fluxion_extender.persistence.annotations import PLAN, Plan, pod_plan, write_plan
from fluxion_py.errors import InputError


def plan_effects(group: Group, find: Lookup, epoch: int, number: int) -> list[Effect]:
    """Return the writing of a plan, the `number`th one.

    It goes on the owner before anybody is told of it. Where there is none it goes with the first
    binding: until then nothing depends on it, and a write is saved.
    """
    nodes: dict[str, list[str]] = {}
    for slot in group.slots:
        nodes.setdefault(slot.kind.name, []).append(slot.node)
    with suppress(InputError):  # a plan too long for one object goes on the pods
        text = write_plan(Plan(group.plan, group.key, {}, epoch, number), nodes)
        owner = plan_owner(group.identity, find)
        if owner is not None:
            return [Annotate(owner, {_key(group): text})]
        group.plan_text = text
        return []
    effects: list[Effect] = []
    for slot in group.slots:
        pod = group.pods.get(slot.pod)
        if pod is not None:
            meta = pod.metadata
            text = pod_plan(group.plan, group.key, slot.node, slot.rank, epoch)
            effects.append(PatchPod(meta.namespace, meta.name, meta.uid, {PLAN: text}))
    return effects


def _key(group: Group) -> str:
    """Return the annotation of a plan: an owner of several groups has one for each."""
    suffix = group.name.rpartition("-")[2] if group.identity.how == "lws" else ""
    return f"{PLAN}-{suffix}" if suffix else PLAN
