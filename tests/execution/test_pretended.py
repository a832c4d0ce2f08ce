"""Jobs that only pretend to run: no process, all the rest."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fluxion_py import Jobspec
from fluxion_py.execution.local import Housekeeping, LocalExecutor
from fluxion_py.instances.instance import Instance
from fluxion_py.queues.states import JobState, Result
from tests.machines import nodes


def pretending(duration: Any, limit: float = 0) -> Jobspec:  # noqa: ANN401
    test = {"exec": {"test": {"run_duration": duration}}}
    return Jobspec.from_command(["no-such-program"], duration=limit, attributes=test)


@pytest.mark.parametrize("housekeeping", [None, Housekeeping(["true"])])
def test_no_process_is_started_and_the_resources_come_back(
    tmp_path: Path, housekeeping: Housekeeping | None
) -> None:
    root = Instance(nodes(1, 1), executor=LocalExecutor(tmp_path, housekeeping=housekeeping))
    root.run()
    ids = [root.submit(pretending(duration)) for duration in ("0s", "0.2s", 0, 0.1)]
    found = [root.wait(jobid, 30) for jobid in ids]
    assert [job.result for job in found] == [Result.COMPLETED] * 4
    assert found[1].t_cleanup - found[1].t_run >= 0.2
    assert all(later.t_run >= job.t_cleanup for job, later in pairwise(found))
    assert not (tmp_path / "jobs").exists()
    root.close()


def test_it_can_be_cancelled_and_its_time_is_limited(tmp_path: Path) -> None:
    root = Instance(nodes(1, 2), executor=LocalExecutor(tmp_path))
    root.run()
    endless, limited = root.submit(pretending("1h")), root.submit(pretending("1h", limit=1))
    assert root.wait(limited, 30).result is Result.TIMEOUT
    assert root.job(endless).state is JobState.RUN
    root.cancel(endless)
    assert root.wait(endless, 30).result is Result.CANCELED
    root.close()


def test_what_is_no_duration_fails_the_job_with_a_line(tmp_path: Path) -> None:
    root = Instance(nodes(1, 1), executor=LocalExecutor(tmp_path))
    root.run()
    job = root.wait(root.submit(pretending("soon")), 30)
    assert job.result is Result.FAILED
    notes = [str(event.context) for _, event in root.events(job.id) if event.name == "exception"]
    assert "bad duration 'soon'" in notes[0]
    root.close()
