"""Inputs that the reference's scripts make with flux-core tools (conformance.md 6, errata G22).

Small stand-ins for `flux R encode | flux R append`, `flux ion-R encode` and `flux submit
--dry-run`: an R of version 1 (RFC 20), a scheduling graph of it (JGF), a jobspec of version 1
(RFC 25).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.documents import expand_hostlist, expand_idset


@dataclass(frozen=True, slots=True)
class Group:
    """One `flux R encode`: ranks with equal children. `properties` maps a name to ranks."""

    ranks: str
    cores: str
    hosts: str
    gpus: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def children(self) -> dict[str, str]:
        """The `children` entry of R_lite."""
        return {"core": self.cores} | ({"gpu": self.gpus} if self.gpus else {})


def encode_r(*groups: Group, starttime: float = 0, expiration: float = 0) -> dict[str, Any]:
    """Return one R that unites the groups; ranks with equal children share an entry."""
    ranks: dict[tuple[tuple[str, str], ...], list[int]] = {}
    properties: dict[str, list[int]] = {}
    for group in groups:
        ranks.setdefault(tuple(group.children.items()), []).extend(expand_idset(group.ranks))
        for name, where in group.properties.items():
            properties.setdefault(name, []).extend(expand_idset(where))
    execution: dict[str, Any] = {
        "R_lite": [
            {"rank": _idset(members), "children": dict(children)}
            for children, members in ranks.items()
        ],
        "nodelist": [_append(group.hosts for group in groups)],
        "starttime": starttime,
        "expiration": expiration,
    }
    if properties:
        execution["properties"] = {name: _idset(where) for name, where in properties.items()}
    return {"version": 1, "execution": execution}


def _idset(ids: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for number in sorted(ids):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _append(hosts: Iterable[str]) -> str:
    """Join hostlists; those with the same prefix share one pair of brackets."""
    joined: list[str] = []
    for text in hosts:
        prefix, bracket, body = text.partition("[")
        if bracket and joined and joined[-1].startswith(prefix + "[") and joined[-1][-1] == "]":
            joined[-1] = f"{joined[-1][:-1]},{body}"
        else:
            joined.append(text)
    return ",".join(joined)


def scheduling_graph(r: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JGF graph of an R: cluster0, then per rank a node, its gpus and its cores.

    Ids count in that order (errata G22); hosts go to ranks by order of appearance in R_lite.
    """
    execution = r["execution"]
    hosts = iter(expand_hostlist(execution["nodelist"]))
    nodes = [_vertex(0, "cluster", 0, -1, "/cluster0")]
    edges: list[dict[str, str]] = []
    for entry in execution["R_lite"]:
        for rank in expand_idset(entry["rank"]):
            _add_node(nodes, edges, rank, next(hosts), entry["children"])
    for name, ranks in execution.get("properties", {}).items():
        members = set(expand_idset(ranks))
        for vertex in (node["metadata"] for node in nodes):
            if vertex["type"] == "node" and vertex["rank"] in members:
                vertex.setdefault("properties", {})[name] = ""
    return {"graph": {"nodes": nodes, "edges": edges}}


def _add_node(
    nodes: list[dict[str, Any]],
    edges: list[dict[str, str]],
    rank: int,
    host: str,
    children: Mapping[str, str],
) -> None:
    top = len(nodes)
    path = f"/cluster0/{host}"
    node = _vertex(top, "node", None, rank, path)
    node["metadata"]["name"] = host
    nodes.append(node)
    edges.append({"source": "0", "target": str(top)})
    for kind in ("gpu", "core"):
        for number in expand_idset(children[kind]) if kind in children else []:
            edges.append({"source": str(top), "target": str(len(nodes))})
            nodes.append(_vertex(len(nodes), kind, number, rank, f"{path}/{kind}{number}"))


def _vertex(uniq_id: int, kind: str, number: int | None, rank: int, path: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"type": kind, "rank": rank, "paths": {"containment": path}}
    if number is not None:
        metadata["id"] = number
    return {"id": str(uniq_id), "metadata": metadata}


def submit(
    slots: int = 1,
    cores: int = 1,
    gpus: int = 0,
    nodes: int = 0,
    requires: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the V1 jobspec of `flux submit -n SLOTS -c CORES -g GPUS [-N NODES]`."""
    contents: list[dict[str, Any]] = [{"type": "core", "count": cores}]
    if gpus:
        contents.append({"type": "gpu", "count": gpus})
    top: dict[str, Any] = {"type": "slot", "count": slots, "with": contents, "label": "task"}
    if nodes:
        top = {"type": "node", "count": nodes, "with": [top]}
    system: dict[str, Any] = {"duration": 0}
    if requires:
        system["constraints"] = requires
    return {
        "version": 1,
        "resources": [top],
        "tasks": [{"command": ["hostname"], "slot": "task", "count": {"per_slot": 1}}],
        "attributes": {"system": system},
    }
