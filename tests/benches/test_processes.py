"""What is measured in processes of their own is real: jobs are made, answers are counted."""

from dataclasses import replace
from pathlib import Path

import pytest

from benches.processes import file_of, run_child, step
from benches.side_by_side.run import DIFFERENT, OURS, THEIRS, programs, verdict
from benches.side_by_side.scenarios import SCENARIOS, write_inputs
from benches.side_by_side.session import Run, run_session
from benches.systems import SYSTEMS, VERTICES


def test_a_child_loads_a_system_and_makes_the_jobs_of_its_plan() -> None:
    steps = [step("slot=1/core=1", 3), step("node=2{x}/slot=1/socket=1", 1, "reserve")]
    found = run_child(file_of("tiny"), "grug", steps)
    assert found["vertices"] == VERTICES["tiny"]
    assert (found["made"], found["jobs"], found["reserved"]) == (4, 4, 1)
    assert 0 < found["before"] <= found["load_resident"] <= found["load_peak"]


def test_a_child_that_is_refused_says_so() -> None:
    with pytest.raises(AssertionError, match="refused after 2 jobs"):
        run_child(file_of("tiny"), "grug", [step("node=1{x}/slot=1/socket=1", 3)])


def test_jgf_of_a_system_holds_all_of_it() -> None:
    found = run_child(file_of("tiny", "jgf"), "jgf")
    assert found["vertices"] == VERTICES["tiny"]


def test_scenarios_are_of_systems_that_there_are_and_have_names_of_their_own() -> None:
    assert {scenario.system for scenario in SCENARIOS} <= set(SYSTEMS)
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize("name", ["tiny-core1", "g125-backfill"])
def test_a_session_of_our_own_tool_grants_every_job(name: str, tmp_path: Path) -> None:
    (scenario,) = (scenario for scenario in SCENARIOS if scenario.name == name)
    write_inputs(scenario, tmp_path)
    run = run_session(programs()[OURS], scenario.options, tmp_path)
    assert (run.granted, run.refused) == (scenario.jobs, 0)
    assert len(run.elapsed) == scenario.jobs
    assert 0 < run.median <= sum(run.elapsed) < run.wall
    again = run_session(programs()[OURS], scenario.options, tmp_path)
    assert again.answers == run.answers


def test_refusals_are_counted_and_have_times(tmp_path: Path) -> None:
    (tiny,) = (scenario for scenario in SCENARIOS if scenario.name == "tiny-core1")
    write_inputs(replace(tiny, jobs=75), tmp_path)
    run = run_session(programs()[OURS], tiny.options, tmp_path)
    assert (run.granted, run.refused, len(run.elapsed)) == (72, 3, 75)


def test_other_answers_are_told_from_other_text() -> None:
    ours = Run(1.0, 0.1, 1, 72, 0, (0.1,), "a")
    assert verdict({OURS: ours, THEIRS: ours}) == "same answers"
    assert verdict({OURS: ours, THEIRS: replace(ours, answers="b")}) == "same counts"
    assert verdict({OURS: ours, THEIRS: replace(ours, granted=71)}) == DIFFERENT
