from fluxion_py.match.job import JobState
from fluxion_py.session.jobs import JobRecord, JobRecords, MatchTimes


def job(jobid: int, state: JobState = JobState.ALLOCATED) -> JobRecord:
    return JobRecord(jobid, state, 60, "j.yaml", 0.0000125)


def test_a_line_shows_number_state_start_file_and_overhead() -> None:
    assert job(7, JobState.RESERVED).line == "INFO: 7, RESERVED, 60, j.yaml, 1.25e-05\n"


def test_jobs_are_listed_by_number_whatever_the_order_of_their_arrival() -> None:
    table = JobRecords()
    for jobid in (10, 2, 7):
        table.add(job(jobid))
    assert [found.jobid for found in table] == [2, 7, 10]


def test_a_cancelled_job_is_known_but_not_active() -> None:
    table = JobRecords()
    table.add(job(1, JobState.CANCELED))
    assert table.find(1) is not None
    assert table.active(1) is None
    assert table.active(2) is None


def test_times_of_no_match_are_zero() -> None:
    times = MatchTimes()
    assert (times.count, times.shortest, times.longest, times.average) == (0, 0, 0, 0)


def test_times_keep_both_ends_and_the_mean() -> None:
    times = MatchTimes()
    for seconds in (2.0, 1.0, 6.0):
        times.add(seconds)
    assert (times.count, times.shortest, times.longest, times.average) == (3, 1.0, 6.0, 3.0)
