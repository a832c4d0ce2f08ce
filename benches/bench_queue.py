"""Queues with very many pending jobs, each in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

ROOT = Path(__file__).parents[1]
START = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module('benches.pending', run_name='__main__')"
)
"""The benches last on the path: what is measured is the package that is installed."""

POLICIES = ("fcfs", "easy", "hybrid", "conservative")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("jobs", [2000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def bench_pending(benchmark: BenchmarkFixture, tmp_path: Path, policy: str, jobs: int) -> None:
    """The goal for a million jobs: 2 GiB, and less than 50 ms for a cycle."""
    command = [sys.executable, "-P", "-c", START, str(ROOT), policy, str(jobs), "50", str(tmp_path)]
    done = benchmark.pedantic(
        subprocess.run,
        args=(command,),
        kwargs={"capture_output": True, "text": True, "check": True},
        rounds=1,
    )
    found = json.loads(done.stdout)
    benchmark.extra_info |= found
    assert found["pending"] > jobs * 0.9
    if jobs > 2000:
        assert found["bytes"] < 2 * 2**30
        assert max(found["first_cycle"], found["cycle"]) < 0.050
