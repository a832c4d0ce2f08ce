"""`fluxion bench throughput`: what it counts, and what it refuses."""

import json

import pytest

from tests.console.driver import Shell
from tests.hierarchy.test_processes import alone

__all__ = ["alone"]


@pytest.mark.parametrize("command", [[], ["true"]])
def test_the_instance_above_sees_one_job_of_each_child(alone: Shell, command: list[str]) -> None:
    """Row E-04: as many matches above as children, and two messages of each."""
    done = alone.process("bench", "throughput", "--children=0,2", "--jobs=7", "--json", *command)
    assert (done.returncode, done.stderr) == (0, "")
    flat, children = json.loads(done.stdout)
    assert (flat["children"], flat["jobs"], flat["parent_jobs"], flat["messages"]) == (0, 7, 7, 0)
    assert (children["children"], children["jobs"]) == (2, 7)
    assert (children["parent_jobs"], children["messages"]) == (2, 4)
    for line in (flat, children):
        assert line["cpu_seconds"] > 0
        assert line["jobs_per_second"] == pytest.approx(7 / line["seconds"])


def test_jobs_that_fail_are_no_throughput(alone: Shell) -> None:
    for number, told in ((0, "a job has failed"), (2, "2 jobs have failed")):
        done = alone.process("bench", "throughput", f"--children={number}", "--jobs=2", "false")
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {told}\n")


def test_bad_input_is_one_line(alone: Shell) -> None:
    (alone.folder / "bad.yaml").write_text("nodes: 3")
    refused = alone.refused
    assert (
        refused("bench", "throughput", "--children=41") == "41 children: the machine has 40 nodes"
    )
    assert "1000 children and 1000000 jobs" in refused("bench", "throughput", "--children=1001")
    assert "1000 children and 1000000 jobs" in refused("bench", "throughput", "--jobs=1000001")
    assert "bad idset" in refused("bench", "throughput", "--children=two")
    assert "bad.yaml" in refused("bench", "throughput", "-L", "bad.yaml")
    assert "gone.yaml" in refused("bench", "throughput", "-L", "gone.yaml")
