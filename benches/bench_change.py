"""A node comes and goes while jobs run: what a change costs, and the first match after it.

`change-attach-*` is `Matcher.attach` of one node with all below it, `change-remove-*` its removal,
each with the next match. Machines from 71,000 to 1,137,000 vertices: the cost should not follow.
"""

import json
import time
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import SMOKE, allocate, note, systems
from benches.systems import grug
from benches.workloads import request
from fluxion_py import Matcher, ResourceGraph
from fluxion_py._core.flatgraph import FlatGraph

CHANGES = 20
NUMBER = 8_000_000
"""Ids of new nodes begin here: after all others."""


def one_more(flat: FlatGraph, node: int, number: int) -> tuple[str, str]:
    """Return a JGF text of a node like another one, beside it, and the path of the new node."""
    parent = flat.in_edges(node)[0][0]
    nodes = [_entry(flat, parent, flat.name(parent), flat.id(parent), flat.path(parent) or "", 0)]
    nodes[0]["metadata"]["rank"] = flat.rank(parent)
    edges: list[dict[str, Any]] = []

    def copy(row: int, above: str, path: str, number: int, rank: int) -> str:
        name = f"{flat.basename(row)}{number}"
        nodes.append(_entry(flat, row, name, number, f"{path}/{name}", len(nodes)))
        nodes[-1]["metadata"]["rank"] = rank
        identity = nodes[-1]["id"]
        edges.append({"source": above, "target": identity})
        for child, _ in flat.out_edges(row):
            copy(child, identity, f"{path}/{name}", flat.id(child), rank)
        return f"{path}/{name}"

    path = copy(node, nodes[0]["id"], flat.path(parent) or "", NUMBER + number, NUMBER + number)
    for offset, entry in enumerate(nodes):
        entry["metadata"]["uniq_id"] = NUMBER + 1000 * number + offset
    return json.dumps({"graph": {"nodes": nodes, "edges": edges}}), path


def _entry(
    flat: FlatGraph, row: int, name: str, number: int, path: str, identity: int
) -> dict[str, Any]:
    metadata = {
        "type": flat.type(row),
        "basename": flat.basename(row),
        "name": name,
        "id": number,
        "size": flat.size(row),
        "paths": {"containment": path},
    }
    return {"id": str(identity), "metadata": metadata}


@pytest.mark.parametrize("policy", ["first", "low"])
@pytest.mark.parametrize("system", systems("g125", "g1000", "large", "elcap", "flat10000"))
def bench_change(benchmark: BenchmarkFixture, system: str, policy: str) -> None:
    """Some jobs run; a node comes, gets one, and goes again with it."""
    graph = ResourceGraph.from_text(grug(system), "grug")
    flat = graph.flat
    matcher = Matcher(graph, policy)
    node = flat.rows_of_type("node")[-1]
    workload = request("nodex1", system)
    allocate(matcher, matcher.compile(workload), 50)
    changes = SMOKE if benchmark.disabled else CHANGES
    texts = iter([one_more(flat, node, number) for number in range(changes + 1)])
    paths: list[str] = []
    count = flat.vertex_count

    def attach() -> None:
        text, path = next(texts)
        matcher.attach(text)
        paths.append(path)
        matcher.cancel(matcher.allocate(workload).id or 0)

    def remove() -> None:
        matcher.remove(paths.pop())
        matcher.cancel(matcher.allocate(workload).id or 0)

    def work() -> None:
        for _ in range(changes):
            for name, change in (("attach", attach), ("remove", remove)):
                start = time.perf_counter()
                change()
                times[name] = min(times[name], time.perf_counter() - start)

    attach()  # the first change also notes what the graph was
    remove()
    times = {"attach": float("inf"), "remove": float("inf")}
    benchmark.pedantic(work, rounds=1)
    if benchmark.stats is not None:
        for name, seconds in times.items():
            note(benchmark, f"change-{name}-{policy}-{system}", seconds)
    assert flat.vertex_count == count
    assert not paths
    assert len(matcher.jobs()) == 50
