"""Runs that fail, and what a simulation costs."""

from pathlib import Path

import pytest

from fluxion_py.errors import InputError
from fluxion_py.simulation.failures import Failures
from fluxion_py.simulation.price import Price
from fluxion_py.simulation.simulation import Simulation
from fluxion_py.simulation.statistics import Statistics, statistics_of
from tests.simulation.schedules import jobs, random_trace

POLICY = """
apiVersion: batch/v1
kind: Job
spec:
  backoffLimit: 3
  podFailurePolicy:
    rules:
    - action: FailJob
      onPodConditions: [{type: ConfigIssue}]
    - action: Ignore
      onPodConditions: [{type: DisruptionTarget}]
    - action: FailJob
      onExitCodes: {operator: In, values: [1, 2, 126]}
    - action: Ignore
      onExitCodes: {operator: In, values: [130, 137]}
"""


def test_the_first_rule_that_fits_decides(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(POLICY)
    found = Failures.parse("disruption=1%, bug=0.1%", file)
    assert found == Failures(0.01, 0.001, "Ignore", "FailJob", 3)
    assert Failures.parse("bug=2%") == Failures(0.0, 0.02, "Count", "Count", 6)
    file.write_text("rules: [{action: FailJob, onExitCodes: {operator: NotIn, values: [0]}}]")
    assert Failures.parse("bug=2%", file).on_bug == "FailJob"


@pytest.mark.parametrize(
    ("text", "policy", "told"),
    [
        ("disruption=51%", None, "no rate of failures"),
        ("disruption", None, "no rate of failures"),
        ("fire=1%", None, "no rate of failures"),
        ("bug=1%", "rules: [{action: Explode}]", "unknown action 'Explode'"),
        ("bug=1%", "spec: {containers: []}", "there are no rules"),
        ("bug=1%", "spec: {backoffLimit: -1, podFailurePolicy: {rules: []}}", "backoffLimit -1"),
        ("bug=1%", "a: [", "this is no YAML"),
    ],
)
def test_what_makes_no_sense_is_refused(
    text: str, policy: str | None, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    if policy is not None:
        file.write_text(policy)
    with pytest.raises(InputError, match=told):
        Failures.parse(text, None if policy is None else file)


def figures_of(failures: Failures | None) -> Statistics:
    trace = jobs(*((0, 1, 600) for _ in range(3000)))
    return statistics_of(Simulation(100, "fcfs", failures=failures).run(trace))


def test_a_policy_that_tells_disruption_from_bug_saves_runs() -> None:
    """1 % of runs disrupted, 0.5 % of jobs with a bug: those are not tried in vain seven times."""
    without = figures_of(None)
    counted = figures_of(Failures(0.01, 0.005))
    told_apart = figures_of(Failures(0.01, 0.005, "Ignore", "FailJob"))
    assert (without.restarts, without.failed) == (0, 0)
    assert told_apart.failed == counted.failed > 0
    assert counted.restarts - told_apart.restarts == 6 * counted.failed
    assert 15 < told_apart.restarts < 60
    assert without.makespan < told_apart.makespan <= counted.makespan
    assert without.busy_unit_seconds < told_apart.busy_unit_seconds < counted.busy_unit_seconds


def test_the_same_seed_gives_the_same_failures() -> None:
    trace = random_trace(3, 24, 150)
    some = Failures(0.3, 0.1)
    found = [
        Simulation(24, "conservative", seed=seed, failures=some).run(trace) for seed in (1, 1, 2)
    ]
    assert found[0].digest == found[1].digest != found[2].digest
    assert found[0].restarts
    assert all(run.start >= run.job.submit for run in found[0])


def test_a_job_that_runs_again_waits_in_its_old_place() -> None:
    """The first of three jobs on one processor is run to its end before the others."""
    trace = jobs((0, 1, 1000), (0, 1, 10), (0, 1, 10))
    for seed in range(20):
        schedule = Simulation(1, "fcfs", seed=seed, failures=Failures(0.5)).run(trace)
        if 0 in schedule.restarts:
            break
    assert 0 in schedule.restarts
    assert 0 < schedule.starts[0] < schedule.starts[1] < schedule.starts[2]


def test_a_price_is_for_the_whole_machine_and_the_whole_time() -> None:
    bill = Price.parse("node-hour=2.90").bill(40, 720 * 3600)
    assert (bill.hours, bill.cost) == (28_800, 83_520)
    assert bill.cells() == ["28 800", "83 520.00"]
    with pytest.raises(InputError, match="no price"):
        Price.parse("hour=1")
