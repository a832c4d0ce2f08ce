"""The state of a matcher as data, and back: exact, so that later answers stay the same.

The graph itself is not part of the state, only a digest of it: load the same description again,
then the state. Growth and shrinking since then are part of it and are replayed.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import InputError
from fluxion_py.outcome import Selection

VERSION = 1
_KEYS = {
    "version": int,
    "graph": str,
    "policy": str,
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
    """Return the SHA-256 of what is fixed in a graph: its vertices, their units, and its edges.

    Status and properties, which change, are not in it.
    """
    hashed = hashlib.sha256()
    for row in flat.rows():
        vertex = (row, flat.type(row), flat.name(row), flat.size(row), flat.rank(row))
        hashed.update(f"{vertex}{flat.paths(row)}{flat.out_edges(row)}".encode())
    return hashed.hexdigest()


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


def selection_to_list(selection: Selection) -> list[Any]:
    """Return a selection as lists that JSON can hold."""
    return [
        [list(vertex) for vertex in selection.vertices],
        [list(edge) for edge in selection.edges],
        [list(label) for label in selection.labels.items()],
    ]


def selection_from_list(flat: FlatGraph, value: Any) -> Selection:
    """Return the selection of `selection_to_list`. Raises `InputError` for anything else."""
    try:
        vertices, edges, labels = value
        found = Selection(
            [(int(row), int(needs), bool(whole), int(depth)) for row, needs, whole, depth in vertices],
            [(int(source), int(target), int(kind)) for source, target, kind in edges],
            {int(row): str(label) for row, label in labels},
        )
    except (TypeError, ValueError):
        raise InputError("the vertices of a job are damaged", where="jobs") from None
    for row, _, _, _ in found.vertices:
        if not 0 <= row < len(flat) or not flat.alive(row):
            raise InputError(f"the graph has no vertex {row}", where="jobs")
    return found
