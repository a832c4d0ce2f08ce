"""Requests on an empty machine: the complete walk per visited vertex, and single matches.

A match here is the engine alone: a compiled request goes in, a `Selection` comes out, no text is
read or written. What a walk costs per visited vertex is in `extra_info` as `ns_per_vertex`.
"""

from collections.abc import Iterator
from functools import cache
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.systems import grug
from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py._core.request import Request
from fluxion_py.jobspec.shape import parse_shape
from fluxion_py.match.policy import parse_policy
from fluxion_py.outcome import Errno, Outcome
from fluxion_py.readers import read_text

HOUR = 3600
SIZES = ["tiny", "g125", *(pytest.param(n, marks=pytest.mark.slow) for n in ("g1000", "large"))]
SHAPES = {
    "core1": "slot=1/core=1",
    "node1": "node=1{x}/slot=1/core=1",
    "node16": "node=16{x}/slot=1/core=1",
}


@cache
def system(name: str) -> FlatGraph:
    """Return a loaded system; the benches do not change it."""
    return read_text(grug(name), "grug")


@pytest.fixture
def jobids() -> Iterator[int]:
    return count(1)


def walk_all(engine: Engine, request: Request) -> Outcome:
    return engine.match("without_allocating", request, HOUR, 0)


@pytest.mark.parametrize("name", SIZES)
def bench_walk_per_visited_vertex(benchmark: BenchmarkFixture, name: str) -> None:
    """The policy `low` looks at every core before it takes one: the whole machine is visited."""
    engine = Engine(system(name), policy=parse_policy("low"))
    request = engine.compile(parse_shape(SHAPES["core1"]))
    outcome = benchmark(walk_all, engine, request)
    assert outcome.errno is Errno.OK
    assert outcome.preorder > 0.6 * system(name).vertex_count
    benchmark.extra_info["visited"] = outcome.preorder
    if benchmark.stats is not None:
        best = benchmark.stats.stats.min
        benchmark.extra_info["ns_per_vertex"] = round(1e9 * best / outcome.preorder, 1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", SIZES)
def bench_allocate_and_cancel(
    benchmark: BenchmarkFixture, jobids: Iterator[int], name: str, shape: str
) -> None:
    """A job comes and goes on an empty machine under the policy `first`."""
    if name == "tiny" and shape == "node16":
        pytest.skip("tiny has two nodes")
    engine = Engine(system(name), policy=parse_policy("first"))
    request = engine.compile(parse_shape(SHAPES[shape]))

    def come_and_go() -> Outcome:
        jobid = next(jobids)
        outcome = engine.match("allocate", request, HOUR, jobid)
        engine.cancel(jobid)
        return outcome

    assert benchmark(come_and_go).errno is Errno.OK
    assert engine.jobs() == []


@pytest.mark.parametrize("name", SIZES)
def bench_refusal_on_a_full_machine(benchmark: BenchmarkFixture, name: str) -> None:
    """Nothing is free: the answer is "busy"."""
    flat = system(name)
    engine = Engine(flat, policy=parse_policy("first"))
    nodes = len(flat.rows_of_type("node"))
    everything = engine.compile(parse_shape(f"node={nodes}{{x}}/slot=1/core=1"))
    assert engine.match("allocate", everything, HOUR, 1).errno is Errno.OK
    request = engine.compile(parse_shape(SHAPES["node1"]))

    def refuse() -> Outcome:
        return engine.match("allocate", request, HOUR, 2)

    assert benchmark(refuse).errno is Errno.BUSY
