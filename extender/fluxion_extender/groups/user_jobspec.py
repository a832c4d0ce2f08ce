"""A jobspec that a user hands in by an annotation, in the words of the cluster's graph.

The same file works on an HPC machine: whole cores are 1000 millicores each, gpus are the device of
the pods, memory is in the unit that is said. What pods ask for counts where the jobspec is silent.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fluxion_extender.cluster.units import unit
from fluxion_extender.groups.shape import PodClass, Shape
from fluxion_extender.groups.wishes import PREFIX
from fluxion_extender.quantities import CPU, PODS
from fluxion_py.errors import InputError, short
from fluxion_py.jobspec.model import Count, Jobspec, Resource

_BYTES = {
    "": 2**30, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_GPUS = ("nvidia.com/gpu", "amd.com/gpu", "google.com/tpu")


def cluster_jobspec(shape: Shape, made: PodClass, constraints: Mapping[str, Any] | None) -> Jobspec:
    """Return the user's jobspec for the pods of a class. Raises `InputError`.

    Its slots must be as many as the pods; several kinds of slots are not understood.
    """
    text = shape.wishes.jobspec or ""
    where = f"{PREFIX}jobspec"
    given = Jobspec.from_text(text, source=where)
    if len(shape.classes) > 1:
        raise InputError("a jobspec for pods of several shapes is not read", where=where)
    resources = tuple(_translated(each, made, False) for each in given.resources)
    slots = sum(_slots(each, 1) for each in resources)
    if slots != made.total:
        raise InputError(f"{slots} slots for {made.total} pods", where=where, hint="as many")
    duration = shape.duration or given.duration
    joined = constraints
    if given.constraints:
        joined = {"and": [constraints, given.constraints]} if constraints else given.constraints
    return replace(given, resources=resources, duration=duration, constraints=joined)


def _slots(resource: Resource, times: int) -> int:
    if resource.type == "slot":
        return times * resource.count.max
    return sum(_slots(each, times * resource.count.max) for each in resource.children)


def _translated(resource: Resource, made: PodClass, in_slot: bool) -> Resource:
    count = resource.count
    if count.min != count.max or count.choices:
        raise InputError(
            f"a range of {resource.type}", where=f"{PREFIX}jobspec", hint="pods are so many"
        )
    if resource.type == "slot":
        return replace(resource, children=_inside(resource, made))
    children = tuple(_translated(each, made, in_slot) for each in resource.children)
    return replace(resource, children=children)


def _inside(slot: Resource, made: PodClass) -> tuple[Resource, ...]:
    """Return the contents of a slot: pools of one node, the pod's own request where not said."""
    inner = slot.children
    node = inner[0] if len(inner) == 1 and inner[0].type == "node" else None
    if node is not None and node.count.max != 1:
        raise InputError("a slot of several nodes", where=f"{PREFIX}jobspec", hint="a pod has one")
    said = dict(_amount(each, made) for each in (node.children if node else inner))
    amounts = made.request | said
    pools = tuple(
        Resource(name, Count(number, number), unit=unit(name) or None)
        for name, number in amounts.items()
    )
    if node is None:
        return pools
    return (replace(node, children=pools),)


def _amount(resource: Resource, made: PodClass) -> tuple[str, int]:
    """Return the pool that a resource of an HPC machine is in the cluster, and how much."""
    number = resource.count.max
    if resource.type == "core":
        return CPU, max(number * 1000, made.request.get(CPU, 0))
    if resource.type == "gpu":
        name = next((each for each in made.request if each.endswith(("/gpu", "/tpu"))), _GPUS[0])
        return name, number
    if resource.type in ("memory", "ephemeral-storage"):
        scale = _BYTES.get(resource.unit or "")
        if scale is None:
            raise InputError(short(resource.unit or ""), where=f"{PREFIX}jobspec", hint="GiB, MB")
        return resource.type, number * scale
    if resource.type in (PODS, CPU) or "/" in resource.type:
        return resource.type, number
    raise InputError(
        f"{short(resource.type)} in a slot", where=f"{PREFIX}jobspec", hint="core, gpu, memory"
    )
