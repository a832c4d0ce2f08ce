"""Units of divisible vertices: slots on shared nodes, as an extender asks for them."""

from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import measure
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.matcher import Matcher

GIB = 2**30
REQUESTS = {
    "pod": f"slot=1/node{{-x}}/[cpu=250;memory={GIB};pods=1]",
    "gang": f"slot=64/node{{-x}}/[cpu=4000;memory={16 * GIB};pods=1]",
    "spread": f"slot=64/node{{-x}}/[cpu=94000;memory={GIB};pods=1]",
}


def cluster(nodes: int) -> ResourceGraph:
    """Return 40 racks of nodes with three pools each."""
    pools = {
        "cpu": {"size": 96000, "divisible": True},
        "memory": {"size": 768 * GIB, "divisible": True},
        "pods": {"size": 110, "divisible": True},
    }
    racks = {"count": 40, "contains": {"node": {"count": nodes // 40, "contains": pools}}}
    return ResourceGraph.from_recipe({"version": 1, "cluster": "k8s", "contains": {"rack": racks}})


@pytest.mark.parametrize("what", REQUESTS)
@pytest.mark.parametrize("policy", ["first", "low"])
@pytest.mark.parametrize("nodes", [1000, 5000])
def bench_shared_nodes(benchmark: BenchmarkFixture, nodes: int, policy: str, what: str) -> None:
    """Pods on nodes that they share: booked and given back."""
    matcher = Matcher(cluster(nodes), policy)
    prepared = matcher.compile(Jobspec.from_shape(REQUESTS[what]))
    jobids = count(1)

    def work() -> None:
        jobid = next(jobids)
        assert matcher.attempt(prepared, jobid=jobid, now=0) is not None
        matcher.cancel(jobid)

    measure(benchmark, f"pools-{what}-{policy}-{nodes}", work, 1, rounds=10)


def bench_candidates(benchmark: BenchmarkFixture) -> None:
    """5,000 names as the candidates of one pod."""
    matcher = Matcher(cluster(5000), "first")
    prepared = matcher.compile(Jobspec.from_shape(REQUESTS["pod"]))
    names = [f"node{number}" for number in range(5000)]
    jobids = count(1)

    def work() -> None:
        jobid = next(jobids)
        assert matcher.attempt(prepared, jobid=jobid, now=0, within=names) is not None
        matcher.cancel(jobid)

    measure(benchmark, "pools-within-5000", work, 1, rounds=10)
