"""What a parent grants a child: an R with every vertex, with the parent's ranks or the child's."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from fluxion_py.allocation import Allocation
from fluxion_py.hostlist import format_hostlist, parse_hostlist
from fluxion_py.idset import IDset
from fluxion_py.outcome import Selection
from fluxion_py.subgraph import RankMap, completed


def grant_text(allocation: Allocation, given: Selection | None = None) -> str:
    """Return the R of an allocation, or of a part of it, with every vertex in it."""
    selection = completed(allocation.flat, allocation.selection) if given is None else given
    return allocation.with_selection(selection).write("rv1").strip()


def renumbered_jgf(text: str, ranks: RankMap) -> str:
    """Return the JGF of a grant, to be attached to a child whose map is made to know its ranks."""
    graph = json.loads(text)["scheduling"]
    metadata = [node["metadata"] for node in graph["graph"]["nodes"]]
    here = ranks.add({entry.get("rank", -1) for entry in metadata} - {-1})
    for entry in metadata:
        if entry.get("rank", -1) >= 0:
            entry["rank"] = here[entry["rank"]]
    return json.dumps(graph)


def pools_of(text: str) -> dict[str, int]:
    """Return the path of each divisible vertex of a grant, and how many units are given."""
    metadata = (node["metadata"] for node in json.loads(text)["scheduling"]["graph"]["nodes"])
    return {
        entry["paths"]["containment"]: entry.get("size", 1)
        for entry in metadata
        if entry.get("divisible")
    }


def mapped_back(text: str, ranks: RankMap) -> str:
    """Return an R of a child as the parent would have written it, with the ranks it has there."""
    return _with_ranks(text, ranks.up)


def mapped_down(text: str, ranks: RankMap) -> str:
    """Return an R of the parent, of what a child has, with the ranks that the child gave."""
    return _with_ranks(text, ranks.down)


def _with_ranks(text: str, moved: Callable[[Iterable[int]], IDset]) -> str:
    document: dict[str, Any] = json.loads(text)
    execution = document["execution"]
    before: list[int] = []
    for entry in execution["R_lite"]:
        numbers = IDset(entry["rank"])
        before += numbers
        entry["rank"] = str(moved(numbers))
    names = [name for part in execution["nodelist"] for name in parse_hostlist(part)]
    after = sorted(zip((_one(moved, rank) for rank in sorted(before)), names, strict=True))
    execution["nodelist"] = [format_hostlist(name for _, name in after)] if after else []
    properties = execution.get("properties", {})
    for name, idset in properties.items():
        properties[name] = str(moved(IDset(idset)))
    for node in document.get("scheduling", {}).get("graph", {}).get("nodes", ()):
        if node["metadata"].get("rank", -1) >= 0:
            node["metadata"]["rank"] = _one(moved, node["metadata"]["rank"])
    return json.dumps(document)


def _one(moved: Callable[[Iterable[int]], IDset], rank: int) -> int:
    return next(iter(moved([rank])))
