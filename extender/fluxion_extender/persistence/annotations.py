"""Annotations of bound pods and plans of groups, to text and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from fluxion_extender.groups.wishes import PREFIX
from fluxion_extender.pods.requests import Amounts
from fluxion_py.errors import FormatError, InputError, short
from fluxion_py.hostlist import Hostlist, parse_hostlist

GROUP = f"{PREFIX}group-key"
RANK = f"{PREFIX}rank"
ALLOC = f"{PREFIX}alloc"
EPOCH = f"{PREFIX}epoch"
PLAN = f"{PREFIX}plan"
NUDGE = f"{PREFIX}nudge"

MAX_PLAN = 200 * 1024
"""Characters of a plan: all annotations of an object together may have 256 KiB."""


class Alloc(msgspec.Struct, frozen=True):
    """What one pod holds."""

    node: str
    use: Amounts


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the members of a group go: for each class its nodes as a hostlist, by rank.

    Of several plans of a group the one with the highest (epoch, number) counts.
    """

    id: str
    group: str
    nodes: dict[str, str]
    epoch: int = 0
    number: int = 0


class PodPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """The same for one member of a group without an owner."""

    id: str
    group: str
    node: str
    rank: int
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """What a bound pod says about itself."""

    group: str
    rank: int
    use: Amounts


def bound_annotations(group: str, rank: int, node: str, use: Amounts, epoch: int) -> dict[str, str]:
    """Return what goes with a Binding."""
    return {
        GROUP: group,
        RANK: str(rank),
        EPOCH: str(epoch),
        ALLOC: msgspec.json.encode(Alloc(node, use)).decode(),
    }


def read_bound(annotations: Mapping[str, str] | None) -> Placed | None:
    """Return what a bound pod says, None if it says nothing that can be understood."""
    if not annotations or GROUP not in annotations:
        return None
    rank, text = annotations.get(RANK, ""), annotations.get(ALLOC, "")
    if not rank.isdecimal() or len(rank) > 9:
        return None
    try:
        alloc = msgspec.json.decode(text.encode(), type=Alloc)
    except msgspec.MsgspecError:
        return None
    return Placed(annotations[GROUP], int(rank), alloc.use)


def write_plan(plan: Plan, nodes: Mapping[str, Sequence[str]]) -> str:
    """Return a plan with these nodes as text. Raises `InputError` if it is too long to be kept."""
    lists = {role: str(Hostlist(names)) for role, names in nodes.items()}
    text = msgspec.json.encode(msgspec.structs.replace(plan, nodes=lists)).decode()
    if len(text) > MAX_PLAN:
        raise InputError(f"a plan of {len(text)} characters", hint=f"at most {MAX_PLAN}")
    return text


def read_plan(text: str) -> Plan:
    """Return a plan of which the hostlists can be read. Raises `InputError`."""
    try:
        plan = msgspec.json.decode(text.encode(), type=Plan)
        for names in plan.nodes.values():
            parse_hostlist(names)
    except (msgspec.MsgspecError, FormatError) as error:
        raise InputError(f"{short(text)} is no plan: {error}", where=PLAN) from None
    return plan


def read_pod_plan(text: str) -> PodPlan | None:
    """Return the plan of one pod, None if it cannot be understood."""
    try:
        return msgspec.json.decode(text.encode(), type=PodPlan)
    except msgspec.MsgspecError:
        return None


def pod_plan(ident: str, group: str, node: str, rank: int, epoch: int) -> str:
    """Return the plan of one pod as text."""
    return msgspec.json.encode(PodPlan(ident, group, node, rank, epoch)).decode()
