"""The figures, by hand and recomputed."""

import pytest

from fluxion_py.simulation.simulation import Simulation
from fluxion_py.simulation.statistics import percentile, sample, series_of, statistics_of
from tests.simulation.schedules import jobs, random_trace


def test_figures_by_hand() -> None:
    """Two processors, three jobs: the third, of 5 s, waits 100 s; the fourth never runs."""
    figures = statistics_of(
        Simulation(2, "fcfs").run(jobs((0, 1, 100), (0, 1, 100), (0, 1, 5), (9, 3, 1)))
    )
    assert (figures.jobs, figures.ran, figures.too_large) == (4, 3, 1)
    assert (figures.mean_wait, figures.median_wait, figures.max_wait) == (100 / 3, 0, 100)
    assert figures.mean_slowdown == (1 + 1 + 105 / 10) / 3
    assert figures.makespan == 105
    assert figures.busy_unit_seconds == 205
    assert figures.utilization == 205 / 210


def test_percentiles_are_values_that_occur() -> None:
    """Nearest rank."""
    values = list(range(1, 21))
    assert [percentile(values, percent) for percent in (0, 5, 50, 95, 100)] == [1, 1, 10, 19, 20]
    assert percentile([7], 95) == 7


@pytest.mark.parametrize("seed", range(5))
def test_curves_are_as_counted(seed: int) -> None:
    """Second by second; and the mean of a sample is the utilization."""
    schedule = Simulation(16, "easy").run(random_trace(seed, 16))
    series = series_of(schedule)
    assert series.used[-1] == series.queued[-1] == 0
    for time, used, queued in list(zip(series.times, series.used, series.queued, strict=True))[::7]:
        assert used == sum(run.size for run in schedule if run.start <= time < run.end)
        assert queued == sum(run.job.submit <= time < run.start for run in schedule)
    figures = statistics_of(schedule)
    means, longest = sample(series, figures.makespan, 50)
    assert sum(means) / 50 / schedule.capacity == pytest.approx(figures.utilization)
    assert max(longest) <= max(series.queued)
