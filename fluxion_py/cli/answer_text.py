"""What `allocate` and its kin print about an allocation: a tree and a block, a line, or JSON."""

import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from fluxion_py.cli.tree_text import amounts_of, format_tree
from fluxion_py.hostlist import Hostlist
from fluxion_py.jobspec.model import SLOT_TYPES, Jobspec, Resource

if TYPE_CHECKING:
    from fluxion_py.allocation import Allocation

BAR = "INFO: =============================\n"


def state_word(allocation: "Allocation") -> str:
    """Return ALLOCATED, RESERVED, or MATCHED if nothing was booked."""
    if allocation.id is None:
        return "MATCHED"
    return "RESERVED" if allocation.reserved else "ALLOCATED"


def format_line(allocation: "Allocation") -> str:
    """Return the line of -q: `JOBID=1 ALLOCATED elk[0-2,10-12] 216 core`."""
    if allocation.id is None or not allocation.reserved or not allocation.nodes:
        return f"{allocation}\n"
    return f"JOBID={allocation.id} RESERVED AT={allocation.at} {allocation.nodes}\n"


def format_answer(allocation: "Allocation", now: int) -> str:
    """Return the tree of an allocation, then the block of id, amounts and times."""
    parts = amounts_of(allocation.flat, allocation.selection)
    slots = slots_of(allocation)
    if slots:
        parts.append("slots: " + " ".join(f"{name}={number}" for name, number in slots.items()))
    start = "Now" if allocation.at == now else str(allocation.at)
    end = "unlimited" if is_endless(allocation) else str(allocation.expiration)
    job = "" if allocation.id is None else f"INFO: JOBID={allocation.id}\n"
    return (
        format_tree(allocation.flat, allocation.selection)
        + BAR
        + job
        + f"INFO: RESOURCES={state_word(allocation)}   ({', '.join(parts)})\n"
        + f"INFO: SCHEDULED AT={start}   UNTIL={end}\n"
        + BAR
    )


def answer_object(allocation: "Allocation") -> dict[str, Any]:
    """Return an allocation as JSON-able values, with R under the key `R`."""
    document: dict[str, Any] = {"status": state_word(allocation), **allocation.to_dict()}
    document["slots"] = slots_of(allocation)
    text = allocation.write("rv1_nosched")
    document["R"] = json.loads(text) if text else None
    return document


def explanation_object(explanation: object) -> dict[str, Any]:
    """Return why a request was refused as JSON-able values, under the key `explanation`."""
    if not is_dataclass(explanation):
        return {}
    values = {each.name: getattr(explanation, each.name) for each in fields(explanation)}
    known = {
        name: str(value) if isinstance(value, Hostlist) else value
        for name, value in values.items()
        if name not in ("verdict", "text")
    }
    return {"explanation": known}


def is_endless(allocation: "Allocation") -> bool:
    """Tell whether the job asked for no limit of time."""
    jobspec = allocation.jobspec
    return jobspec is not None and jobspec.duration == 0


def slots_of(allocation: "Allocation") -> dict[str, int]:
    """Return the number of slots by label, without those whose count the answer does not tell."""
    jobspec = allocation.jobspec
    if jobspec is None:
        return {}
    found: dict[str, int | None] = {}
    for resource in jobspec.resources:
        _count_slots(resource, 1, found)
    if None in found.values():
        found.update(_slots_by_task(allocation, jobspec))
    return {label: number for label, number in found.items() if number is not None}


def _count_slots(resource: Resource, times: int | None, found: dict[str, int | None]) -> None:
    """Add the slots below a resource that occurs so many times; None: that is not known."""
    if resource.type == "xor_slot":
        return
    fixed = resource.count.min == resource.count.max
    times = None if times is None or not fixed else times * resource.count.min
    if resource.type in SLOT_TYPES:
        label = resource.label or "slot"
        before = found.get(label, 0)
        found[label] = None if times is None or before is None else before + times
        return
    for child in resource.children:
        _count_slots(child, times, found)


def _slots_by_task(allocation: "Allocation", jobspec: Jobspec) -> dict[str, int]:
    """Return the slots of a job with one kind of task, so many in each slot."""
    if len(jobspec.tasks) != 1:
        return {}
    (task,) = jobspec.tasks
    if task.count is None or task.count[0] != "per_slot":
        return {}
    return {task.slot: len(allocation.tasks()) // task.count[1]}
