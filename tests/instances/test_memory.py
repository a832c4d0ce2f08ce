"""Jobs that have ended leave next to nothing in memory (row E-06)."""

import os
from pathlib import Path

import pytest

from tests.instances.living import instance, job
from tests.machines import nodes

JOBS = int(os.environ.get("FLUXION_ENDED", "30000"))
WARM = 20_000
PART = 1000


def resident() -> int:
    """The resident memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
def test_an_ended_job_costs_less_than_a_kibibyte_of_memory(tmp_path: Path) -> None:
    living = instance(tmp_path / "journal.db", graph=nodes(40, 36))
    step = job("slot=1/core", duration=1)
    before = 0
    for number in range(0, WARM + JOBS, PART):
        if number == WARM:
            before = resident()
        living.submit_many([step] * PART)
        living.run_until_idle()
    assert living.numbers()["completed"] == WARM + JOBS
    assert (resident() - before) / JOBS < 1024
    living.close()
