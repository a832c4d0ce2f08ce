"""A graph against an R, at every depth; the part of a graph that an allocation is (C-12, E-02)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fluxion_py import Jobspec, Matcher
from fluxion_py.errors import ReadError
from fluxion_py.instances.instance import Instance
from fluxion_py.readers.grant_check import GrantError
from fluxion_py.subgraph import graph_of_grant
from tests.hierarchy.test_grants import low
from tests.instances.living import instance, job
from tests.machines import elk, recipe

Tamper = Callable[[dict[str, Any]], None]


def chain() -> list[Instance]:
    """Depth 3: cluster, rack, node, socket (row E-01)."""
    found = [low()]
    for shape in ("slot=1/rack", "slot=2/node", "slot=1/socket"):
        found.append(found[-1].spawn(Jobspec.from_shape(shape, ["x"])))
    return found


def test_the_graph_of_every_depth_is_what_is_on_the_books_above() -> None:
    for living in chain():
        living.graph.validate_against(living.R())


def test_growth_and_shrink_are_in_the_r_of_a_child() -> None:
    root = low()
    root.spawn(job("slot=3/node"))
    child = root.spawn(job("slot=2/node"))
    for size in (5, 2, 1):
        child.resize(size)
        child.step()
        child.graph.validate_against(child.R())
        lite = json.loads(child.R())["execution"]
        assert lite["R_lite"][0]["rank"] == ("0" if size == 1 else f"0-{size - 1}")
        assert lite["nodelist"] == ["elk3" if size == 1 else f"elk[3-{size + 2}]"]


def test_a_part_of_a_pool_and_of_a_job_are_checked_too() -> None:
    pool = {"count": 1, "size": 100, "unit": "GiB", "divisible": True}
    root = instance(graph=recipe({"node": {"count": 2, "contains": {"core": 4, "memory": pool}}}))
    child = root.spawn(Jobspec.from_shape("node=1/slot=1/[core=2;memory=60]", ["x"]))
    child.graph.validate_against(child.R())
    document = json.loads(child.R())
    for node in document["scheduling"]["graph"]["nodes"]:
        if node["metadata"]["type"] == "memory":
            node["metadata"]["size"] = 61
    with pytest.raises(GrantError, match=r"/c/node\d/memory0 has size 61 in the R; it is 60"):
        child.graph.validate_against(document)


def extra_core(R: dict[str, Any]) -> None:
    R["execution"]["R_lite"][0]["children"]["core"] = "0-36"


def without_a_core(R: dict[str, Any]) -> None:
    nodes = R["scheduling"]["graph"]["nodes"]
    (gone,) = [n for n in nodes if n["metadata"]["paths"]["containment"].endswith("elk1/socket1")]
    nodes.remove(gone)


def other_host(R: dict[str, Any]) -> None:
    R["execution"]["nodelist"] = ["elk[0,7]"]


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (extra_core, "/elk/rack0/elk0/core36 is not part of the grant of this graph"),
        (without_a_core, "/elk/rack0/elk1/socket1 is in this graph, but not in the R"),
        (other_host, "elk7 has rank 1 in the R; that is /elk/rack0/elk1 here"),
    ],
)
def test_what_differs_is_named(tamper: Tamper, message: str) -> None:
    child = low().spawn(Jobspec.from_shape("slot=2/node", ["x"]))
    document = json.loads(child.R())
    tamper(document)
    with pytest.raises(GrantError, match=message):
        child.graph.validate_against(document)


def test_a_vertex_that_the_r_does_not_have_is_named() -> None:
    root = low()
    small, large = (root.spawn(Jobspec.from_shape(f"slot={n}/node", ["x"])) for n in (1, 2))
    with pytest.raises(GrantError, match="elk0 has rank 0 in the R; that is /elk/rack0/elk1 here"):
        large.graph.validate_against(small.R())
    R = json.loads(large.R())
    del R["scheduling"]
    R["execution"] |= {
        "R_lite": [{"rank": "0-1", "children": {"core": "0-34"}}],
    }
    with pytest.raises(GrantError, match=r"/elk/rack0/elk1/socket1/core35 is in this graph, but n"):
        large.graph.validate_against(R)
    with pytest.raises(ReadError):
        large.graph.validate_against("{")


def test_a_subgraph_is_matched_on_without_the_graph_it_is_of() -> None:
    matcher = Matcher(elk(), "low")
    matcher.allocate(Jobspec.from_shape("slot=3/node", ["x"]))
    found = matcher.allocate(Jobspec.from_shape("node=2/slot=1/socket", ["x"]))
    part = found.subgraph()
    part.validate()
    assert part.counts() == {"core": 36, "socket": 2, "node": 2, "rack": 1, "cluster": 1}
    assert [v.rank for v in part if v.type == "node"] == [0, 1]
    paths = {v.path for v in part}
    assert paths >= {given.vertex.path for given in found.vertices()}
    assert paths <= {v.path for v in matcher.graph}
    inner = Matcher(part, "low")
    steps = [inner.allocate(Jobspec.from_shape("slot=1/core", ["x"])) for _ in range(36)]
    held = [given.vertex.path for step in steps for given in step.vertices("core")]
    assert len(set(held)) == 36
    assert matcher.available("/elk/rack0/elk5") == 1


def test_a_pool_that_grew_is_as_large_in_the_next_life(tmp_path: Path) -> None:
    pool = {"count": 1, "size": 100, "unit": "GiB", "divisible": True}
    root = instance(graph=recipe({"node": {"count": 1, "contains": {"core": 4, "memory": pool}}}))
    shape = Jobspec.from_shape("node=1/slot=1/[core=1;memory=30]", ["x"])
    file = tmp_path / "child.db"
    child = root.spawn(shape, journal=file)
    before = child.R()
    child.grow(shape)
    (memory,) = [v for v in child.graph if v.type == "memory"]
    assert memory.size == 60
    child.journal.commit()
    child.journal.close()
    again = Instance(graph_of_grant(before)[0], journal=file)
    assert again.recovered.notes == ()
    assert [v.size for v in again.graph if v.type == "memory"] == [60]
