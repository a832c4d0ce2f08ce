"""Every depth checks its own grant: what is not within it is refused, the vertex named (E-02)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fluxion_py import FluxionError, Jobspec, ResourceGraph, Unsatisfiable
from fluxion_py.execution.simulated import SimulatedExecutor
from fluxion_py.instances.clock import VirtualClock
from fluxion_py.instances.grant import grant_text, mapped_back
from fluxion_py.instances.instance import Instance
from fluxion_py.readers.grant_check import GrantError
from fluxion_py.subgraph import RankMap, graph_of_grant
from tests.hierarchy.conservation import running
from tests.instances.living import job
from tests.machines import elk

Tamper = Callable[[dict[str, Any]], None]


def extra_core(R: dict[str, Any]) -> None:
    R["execution"]["R_lite"][0]["children"]["core"] = "0-36"


def wrong_host(R: dict[str, Any]) -> None:
    R["execution"]["nodelist"] = ["elk[0,7]"]


def expired(R: dict[str, Any]) -> None:
    R["execution"]["expiration"] = 40


def too_late(R: dict[str, Any]) -> None:
    R["execution"]["expiration"] = 100_000


def unknown_type(R: dict[str, Any]) -> None:
    R["execution"]["R_lite"][0]["children"]["fpga"] = "0"


def other_machine(R: dict[str, Any]) -> None:
    for node in R["scheduling"]["graph"]["nodes"]:
        paths = node["metadata"]["paths"]
        paths["containment"] = paths["containment"].replace("/elk", "/moose", 1)


def duplicate(R: dict[str, Any]) -> None:
    nodes = R["scheduling"]["graph"]["nodes"]
    nodes.append({**nodes[0], "id": "999999"})


def larger(R: dict[str, Any]) -> None:
    R["scheduling"]["graph"]["nodes"][0]["metadata"]["size"] = 2


def whole_rack(R: dict[str, Any]) -> None:
    for node in R["scheduling"]["graph"]["nodes"]:
        if node["metadata"]["type"] == "rack":
            node["metadata"]["exclusive"] = True


TAMPERED: list[tuple[Tamper, str]] = [
    (extra_core, r"/elk/rack0/elk0/core36 is not part of the grant \S+ \(cores 0-35 on elk0\)"),
    (wrong_host, r"elk7 has rank 1 in the R; that is /elk/rack0/elk1 here"),
    (expired, r"the grant of elk0 expired at 40, 10 s ago"),
    (too_late, r"the R goes on until 100000; the grant \S+ ends at 1000"),
    (unknown_type, r"/elk/rack0/elk0/fpga is of type fpga, which the grantor does not know"),
    (other_machine, r"/moose\S* is of another machine; the grant \S+ is of /elk"),
    (duplicate, r"/elk/rack0/elk\d\S* is named twice"),
    (larger, r"/elk/rack0/elk\d\S* has size 2 in the R; it is 1"),
    (whole_rack, r"/elk/rack0 is shared in the grant \S+, whole in the R"),
]


def grant(root: Instance, jobid: int) -> str:
    allocation = root.job(jobid).allocation
    assert allocation is not None
    return grant_text(allocation)


def low(start: float = 50) -> Instance:
    """Elk with the lowest ids first."""
    return Instance(
        elk(), policy="low", clock=VirtualClock(start), executor=SimulatedExecutor(lambda _: 1e6)
    )


@pytest.mark.parametrize(
    ("tamper", "message"), TAMPERED, ids=lambda found: getattr(found, "__name__", "")
)
def test_a_tampered_grant_is_refused_with_the_vertex_named(
    tamper: Tamper, message: str, tmp_path: Path
) -> None:
    root = low()
    jobid = root.submit(Jobspec.from_shape("rack=1/slot=2/node", ["x"], duration=950))
    root.step()
    R = json.loads(grant(root, jobid))
    tamper(R)
    file = tmp_path / "edited.R"
    file.write_text(json.dumps(R))
    with pytest.raises(FluxionError, match=message) as refusal:
        Instance.from_R(file, parent=root, jobid=jobid)
    assert "\n" not in str(refusal.value)
    assert str(file) in str(refusal.value)
    assert not root.children


def test_what_a_sibling_has_is_refused_with_its_name() -> None:
    root = low()
    mine = root.submit(Jobspec.from_shape("rack=1/slot=2/node", ["x"], duration=950))
    other = root.spawn(job("slot=1/node", 100), name="other")
    root.step()
    foreign = grant(root, running(root)[-1].id)
    with pytest.raises(GrantError, match="/elk/rack0/elk"):
        root.check_grant(foreign, mine)
    assert other.depth == 1


def test_the_same_part_is_not_given_twice(tmp_path: Path) -> None:
    root = low()
    jobid = root.submit(Jobspec.from_shape("rack=1/slot=2/node", ["x"], duration=950))
    root.step()
    file = tmp_path / "R"
    file.write_text(grant(root, jobid))
    first = Instance.from_R(file, parent=root, jobid=jobid, name="first")
    assert first.size == 2
    with pytest.raises(GrantError, match=r"is given to the instance first on .* already"):
        Instance.from_R(file, parent=root, jobid=jobid)
    first.close()
    assert root.job(jobid).allocation is not None  # its job goes on
    again = Instance.from_R(file, parent=root, jobid=jobid)
    assert again.size == 2


def test_more_than_the_grant_is_never_and_says_that_there_is_a_parent() -> None:
    root = low()
    endless = root.spawn(job("slot=1/node", 0), name="endless")
    with pytest.raises(Unsatisfiable, match=r"has 36 .*endless at depth 1; its parent may"):
        endless.submit(Jobspec.from_shape("slot=37/core", ["x"]))
    endless.close()
    with pytest.raises(FluxionError, match=r"^instance endless at depth 1 has been closed$"):
        endless.submit(Jobspec.from_shape("slot=1/core", ["x"]))
    child = root.spawn(job("slot=1/socket", 100), name="sim")
    with pytest.raises(Unsatisfiable, match=r"19 cores.*has 18.*instance sim at depth 1"):
        child.submit(Jobspec.from_shape("slot=19/core", ["x"]))
    with pytest.raises(Unsatisfiable, match="needs 101 s; instance sim at depth 1 ends in 100 s"):
        child.submit(Jobspec.from_shape("slot=1/core", ["x"], duration=101))


def test_ranks_begin_at_zero_and_lead_back() -> None:
    root = low()
    root.spawn(job("slot=3/node", 100))
    child = root.spawn(job("slot=2/node", 100), policy="low")
    inner = child.spawn(job("slot=1/node", 50))
    assert (child.ranks.above, inner.ranks.above) == ([3, 4], [0])
    jobid = child.submit(job("slot=1/node"))
    child.step()
    told = json.loads(mapped_back(child.R(jobid), child.ranks))
    assert told["execution"]["R_lite"][0]["rank"] == "4"
    assert told["execution"]["nodelist"] == ["elk4"]
    assert all(node["metadata"]["rank"] in (-1, 4) for node in told["scheduling"]["graph"]["nodes"])


def test_hosts_are_sorted_by_the_rank_of_the_parent() -> None:
    R = {
        "version": 1,
        "execution": {
            "R_lite": [{"rank": "0-2", "children": {"core": "0"}}],
            "nodelist": ["n[5-6,2]"],
            "properties": {"fast": "2"},
        },
    }
    told = json.loads(mapped_back(json.dumps(R), RankMap([5, 6, 2])))["execution"]
    assert told["R_lite"][0]["rank"] == "2,5-6"
    assert told["nodelist"] == ["n[2,5-6]"]
    assert told["properties"] == {"fast": "2"}


def test_a_graph_of_a_grant_is_exactly_the_allocation() -> None:
    root = low()
    jobid = root.submit(Jobspec.from_shape("node=1/slot=1/socket", ["x"], duration=100))
    root.step()
    graph, ranks = graph_of_grant(grant(root, jobid))
    assert graph.counts() == {"core": 18, "socket": 1, "node": 1, "rack": 1, "cluster": 1}
    assert ranks.above == [0]
    assert "/elk/rack0/elk0/socket0/core17" in graph
    graph.validate()
    assert isinstance(graph, ResourceGraph)
    with pytest.raises(FluxionError, match="a grant must be an R"):
        graph_of_grant("no json")
