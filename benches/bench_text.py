"""Text at both ends of a match: a jobspec read and compiled, and the R of an answer written.

`parse-*` reads and compiles a text anew each time, none is remembered. `write-*` writes an answer
that nobody has looked at yet.
"""

import json
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import SMOKE, allocate, cancel_all, load, measure, systems
from benches.workloads import HOUR, request, takes
from fluxion_py import Allocation, Jobspec, Matcher
from fluxion_py.match.prepared import Prepared

TEXTS = 200
FORMATS = ["simple", "rlite", "rv1_nosched", "rv1", "jgf"]


@pytest.mark.parametrize("workload", ["nodex1", "core1"])
@pytest.mark.parametrize("system", systems("g125"))
def bench_parse(benchmark: BenchmarkFixture, system: str, workload: str) -> None:
    """JSON, as a resource manager sends it; every text has another duration."""
    matcher = Matcher(load(system), "first")
    document = request(workload, system).to_dict()
    durations = count(HOUR)
    texts: list[str] = []
    compiled: list[Prepared] = []

    def new_texts() -> None:
        texts.clear()
        for _ in range(SMOKE if benchmark.disabled else TEXTS):
            document["attributes"]["system"]["duration"] = next(durations)
            texts.append(json.dumps(document))

    def work() -> None:
        compiled[:] = [matcher.compile(Jobspec.from_text(text)) for text in texts]

    new_texts()
    measure(benchmark, f"parse-{workload}", work, len(texts), setup=new_texts)
    assert len({prepared.duration for prepared in compiled}) == len(texts)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("workload", ["nodex1", "core1"])
@pytest.mark.parametrize("system", systems("g125"))
def bench_write(benchmark: BenchmarkFixture, system: str, workload: str, format: str) -> None:
    """50 answers, one after the other."""
    matcher = Matcher(load(system), "first")
    prepared = matcher.compile(request(workload, system))
    jobs = SMOKE if benchmark.disabled else 50
    given: list[Allocation] = []
    texts: list[str] = []

    def fresh() -> None:
        cancel_all(matcher)
        given[:] = allocate(matcher, prepared, jobs)

    def work() -> None:
        texts[:] = [allocation.write(format) for allocation in given]

    measure(benchmark, f"write-{format}-{workload}", work, jobs, setup=fresh)
    assert len(texts) == len(given) == jobs
    cores = takes(workload, system)["core"]
    assert all(allocation.count("core") == cores for allocation in given)
    assert len(set(texts)) == jobs
