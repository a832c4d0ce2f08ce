"""The state of a matcher as data, and back: exact, so that later answers stay the same.

The graph itself is not part of the state, only a digest of it: load the same description again,
then the state. Growth and shrinking since then are part of it and are replayed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py._core.graph_digest import graph_digest
from fluxion_py.allocation import Allocation
from fluxion_py.errors import InputError
from fluxion_py.match.policy import Policy
from fluxion_py.outcome import Selection

VERSION = 1
_KEYS: dict[str, type] = {
    "version": int,
    "graph": str,
    "policy": Mapping,
    "prune_filters": str,
    "subsystems": str,
    "traverser": str,
    "now": int,
    "next_jobid": int,
    "growth": list,
    "jobs": list,
    "down": list,
    "properties": list,
    "weights": list,
}


def digest(flat: FlatGraph) -> str:
    """Return a digest of what is fixed in a graph: its vertices, their sizes and paths, its edges.

    Status, properties and sizes of divisible vertices, which change, are not in it. Equal graphs
    have equal digests, whatever format they were read from.
    """
    return graph_digest(flat)


def check(state: object) -> Mapping[str, Any]:
    """Return a state if it has the form that `Matcher.save` gives; raises `InputError`."""
    if not isinstance(state, Mapping):
        raise InputError(f"a saved state is a mapping, not {type(state).__name__}")
    for key, kind in _KEYS.items():
        if not isinstance(state.get(key), kind):
            raise InputError(f"a saved state has {kind.__name__} here", where=key)
    if state["version"] != VERSION:
        raise InputError(f"version {state['version']} is not {VERSION}", where="version")
    return state


def sizes(flat: FlatGraph) -> list[list[int]]:
    """Return row and size of every divisible vertex."""
    if not flat.divisible_count:
        return []
    return [[row, flat.size(row)] for row in flat.rows() if flat.divisible(row)]


def selection_to_list(selection: Selection) -> list[Any]:
    """Return a selection as lists that JSON can hold."""
    return [
        [list(vertex) for vertex in selection.vertices],
        [list(edge) for edge in selection.edges],
        [list(label) for label in selection.labels.items()],
    ]


def selection_from_list(flat: FlatGraph, value: Sequence[Any]) -> Selection:
    """Return the selection of `selection_to_list`. Raises `InputError` for anything else."""
    try:
        vertices, edges, labels = value
        found = Selection(
            [
                (int(row), int(needs), bool(whole), int(depth))
                for row, needs, whole, depth in vertices
            ],
            [(int(source), int(target), int(kind)) for source, target, kind in edges],
            {int(row): str(label) for row, label in labels},
        )
    except (TypeError, ValueError):
        raise InputError("the vertices of a job are damaged", where="jobs") from None
    for row, _, _, _ in found.vertices:
        if not 0 <= row < len(flat) or not flat.alive(row):
            raise InputError(f"the graph has no vertex {row}", where="jobs")
    return found


def job_to_dict(allocation: Allocation, planned: bool) -> dict[str, Any]:
    """Return a job as data; `planned` as in `Job`."""
    request = allocation.request
    if request is not None and not isinstance(request, Mapping):
        request = request.to_dict()
    return {
        "id": allocation.id,
        "at": allocation.at,
        "duration": allocation.duration,
        "reserved": allocation.reserved,
        "planned": planned,
        "selection": selection_to_list(allocation.selection),
        "jobspec": request,
    }


def job_from_dict(flat: FlatGraph, value: Mapping[str, Any]) -> tuple[Allocation, bool]:
    """Return the allocation of `job_to_dict`, and whether it was planned. Raises `InputError`."""
    try:
        numbers = [int(value[key]) for key in ("id", "at", "duration")]
        flags = [bool(value[key]) for key in ("reserved", "planned")]
        selection, request = value["selection"], value["jobspec"]
    except (KeyError, TypeError, ValueError):
        raise InputError("a job is damaged", where="jobs") from None
    jobid, at, duration = numbers
    if at < 0 or duration < 1:
        raise InputError(f"job {jobid} has no time", where="jobs")
    chosen = selection_from_list(flat, selection)
    return Allocation(flat, chosen, jobid, at, duration, flags[0], request), flags[1]


def policy_to_dict(policy: Policy) -> dict[str, Any]:
    """Return the choices of a policy."""
    return asdict(policy)


def policy_from_dict(value: Mapping[str, Any]) -> Policy:
    """Return the policy of `policy_to_dict`; raises `InputError`."""
    try:
        return Policy(**value)
    except TypeError:
        raise InputError("the policy is damaged", where="policy") from None


def pairs(value: Sequence[Any], where: str) -> list[tuple[Any, Any]]:
    """Return a list of pairs; raises `InputError` if it is none."""
    try:
        return [(first, second) for first, second in value]
    except (TypeError, ValueError):
        raise InputError("must hold pairs", where=where) from None
