"""36,000 tasks that run at once on 4,000 nodes: 16,000 with a GPU, 20,000 of cores alone.

The ensemble of the MuMMI campaign by its numbers: every GPU is taken, with two cores of its socket;
the other tasks get six cores each. The jobs are made in a process of its own.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import note
from benches.processes import file_of, run_child, step

TASKS = (("slot=1/[core=2;gpu=1]", 16_000), ("slot=1/core=6", 20_000))
LIMIT = 900.0


@pytest.mark.slow
def bench_ensemble(benchmark: BenchmarkFixture) -> None:
    """All tasks are placed; time and what the process holds."""
    file = file_of("mummi")
    steps = [step(shape, count) for shape, count in TASKS]
    found = benchmark.pedantic(lambda: run_child(file, "grug", steps, seconds=LIMIT), rounds=1)
    assert found["jobs"] == found["made"] == sum(count for _, count in TASKS)
    benchmark.extra_info["operations"] = found["made"]
    note(benchmark, "ensemble-mummi", found["work_seconds"])
    note(benchmark, "ensemble-resident-mummi", found["work_resident"], "B")
