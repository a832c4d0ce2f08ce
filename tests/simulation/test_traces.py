"""What is read of a trace, and what of it is refused or left out."""

from pathlib import Path

import pytest

from fluxion_py.errors import InputError
from fluxion_py.simulation import lines
from fluxion_py.simulation import trace as trace_module
from fluxion_py.simulation.accounting import read_accounting
from fluxion_py.simulation.swf import read_swf
from fluxion_py.simulation.trace import Trace, TraceJob, detect
from tests.conftest import require_shared

HEADER = "JobID,User,NNodes,NCPUS,Timelimit,State,Submit,Start,Elapsed,End"


def swf(*jobs: str) -> bytes:
    """Return an SWF text of lines with the first nine fields."""
    return "".join(f"{job} -1 1 7 1 -1 -1 -1 -1 -1\n" for job in jobs).encode()


def test_swf_fields_and_order() -> None:
    """Requested size before allocated size; time begins with the first submission."""
    text = b"; Version: 2\n;\n\n" + swf("2 150 -1 60 8 -1 -1 16 120", "1 100 -1 30 4 -1 -1 -1 -1")
    trace = read_swf(text, "t.swf")
    assert trace.jobs == (
        TraceJob("1", 0, 30, 4, 0, 0, "7", 5),
        TraceJob("2", 50, 60, 16, 0, 120, "7", 4),
    )
    assert (trace.origin, trace.unsorted, trace.skipped) == (100, 1, ())


def test_swf_jobs_without_size_or_run_time_are_left_out_and_named() -> None:
    """-1 is "not known"; a run time of 0 is one."""
    text = swf(
        "1 0 -1 -1 4 -1 -1 4 -1",
        "2 0 -1 10 -1 -1 -1 -1 -1",
        "3 -1 -1 10 1 -1 -1 1 -1",
        "4 0 -1 0 1 -1 -1 1 -1",
    )
    trace = read_swf(text, "t.swf")
    assert [job.id for job in trace.jobs] == ["4"]
    assert [(entry.line, entry.reason) for entry in trace.skipped] == [
        (1, "no run time"),
        (2, "no number of processors"),
        (3, "no time of submission"),
    ]


def test_swf_fractions_are_rounded_down() -> None:
    """Some archives have them."""
    assert read_swf(swf("1 0.9 -1 10.5 2 -1 -1 2 20.0"), "t").jobs[0][1:6] == (0, 10, 2, 0, 20)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1 2 3\n", "t.swf:1: 3 fields, a job has 18"),
        (swf("1 0 -1 1 1 -1 -1 1 1") + b"2 0 -1\n", "t.swf:2: 3 fields, a job has 18"),
        (swf("1 0 -1 x 1 -1 -1 1 1"), "t.swf:1: field 4, the run time, is 'x'"),
        (swf("1 0 -1 nan 1 -1 -1 1 1"), "t.swf:1: field 4, the run time, is 'nan'"),
        (swf("1 0 -1 inf 1 -1 -1 1 1"), "t.swf:1: field 4, the run time, is 'inf'"),
        (swf("1 0 -1 -5 1 -1 -1 1 1"), "t.swf:1: the run time is -5"),
        (swf("1 -7 -1 5 1 -1 -1 1 1"), "t.swf:1: the submit time is -7"),
        (swf("1 0 -1 5 -3 -1 -1 1 1"), "t.swf:1: allocated processors is -3"),
        (swf("1 0 -1 5 1 -1 -1 99999999999 1"), "t.swf:1: requested processors is 99999999999"),
        (swf("1 0 -1 9999999999 1 -1 -1 1 1"), "t.swf:1: the run time is 9999999999"),
        (swf("1 0 -1 5 1 -1 -1 1 1", "2 999999999 -1 5 1 -1 -1 1 1"), "t.swf:2: job '2' comes"),
        (b"1 0\0 -1", "t.swf:1: a NUL byte"),
        (b"1" * 70_000, "t.swf:1: a line of more than 65536 bytes"),
        (b"", "t.swf: no job in it can be used"),
        (b"; only\n; comments\n", "t.swf: no job in it can be used"),
        (swf("1 0 -1 -1 4 -1 -1 4 -1"), "line 1, for example: no run time"),
    ],
)
def test_bad_swf_is_one_line_with_its_place(text: bytes, message: str) -> None:
    """File and line stand first."""
    with pytest.raises(InputError) as caught:
        read_swf(text, "t.swf")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_csv_columns_by_name() -> None:
    """In any order, with others between them; steps are passed over."""
    text = (
        "Elapsed,Submit,JobID,Other,NNodes,NCPUS,Timelimit,User\n"
        '01:00:30,2024-03-01T08:00:10,7,"a, b",2,64,1-00:00:00,ann\n'
        "00:10,2024-03-01T08:00:00,6,,1,32,90,bob\n"
        "00:10,2024-03-01T08:00:00,6.batch,,1,32,,\n"
    )
    trace = read_accounting(text.encode(), "t.csv")
    assert trace.jobs == (
        TraceJob("6", 0, 10, 32, 1, 5400, "bob", 3),
        TraceJob("7", 10, 3630, 64, 2, 86400, "ann", 2),
    )


def test_csv_of_sacct_with_bars() -> None:
    """`sacct --parsable2`; unlimited is no limit; a job that never started is left out."""
    text = (
        "JobID|Submit|Start|End|NCPUS|Timelimit\n"
        "1|2024-03-01T08:00:00|2024-03-01T08:00:05|2024-03-01T08:01:05|4K|UNLIMITED\n"
        "2|2024-03-01T08:00:00|Unknown|2024-03-01T08:01:05|4|1-2\n"
    )
    assert detect(text.encode()) == "csv"
    found = read_accounting(text.encode(), "t.csv")
    assert found.jobs == (TraceJob("1", 0, 60, 4000, 0, 0, "", 2),)
    assert found.skipped[0].reason == "no run time"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("JobID,NNodes\n1,2\n", "t.csv:1: no column Submit, no column Elapsed (or Start and End)"),
        ("Submit,Elapsed\n1,2\n", "t.csv:1: no column NNodes or NCPUS"),
        (f"{HEADER}\n1,u,1\n", "t.csv:2: 3 fields, the first line names 10 columns"),
        (f"{HEADER}\n1,u,x,1,1,C,1,1,1,1\n", "t.csv:2: NNodes is 'x'"),
        (f"{HEADER}\n1,u,-1,1,1,C,1,1,1,1\n", "t.csv:2: NNodes is '-1'"),
        (f"{HEADER}\n1,u,1,1,soon,C,1,1,1,1\n", "t.csv:2: Timelimit is 'soon'"),
        (f"{HEADER}\n1,u,1,1,1,C,yesterday,1,1,1\n", "t.csv:2: Submit is 'yesterday'"),
        (f"{HEADER}\n1,u,1,1,1,C,1,1,-5,1\n", "t.csv:2: Elapsed is '-5'"),
        (f'{HEADER}\n1,"u,1,1,1,C,1,1,5,1\n', "t.csv:2: bad CSV"),
        (f"{HEADER}\n1,u,1,1,1,C,1,1,99999-00:00:00,1\n", "t.csv:2: Elapsed is"),
        (f"{HEADER}\n", "t.csv: no job in it can be used"),
    ],
)
def test_bad_csv_is_one_line_with_its_place(text: str, message: str) -> None:
    """File and line stand first."""
    with pytest.raises(InputError) as caught:
        read_accounting(text.encode(), "t.csv")
    assert message in str(caught.value)


def test_limits_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The size of a file, the number of its jobs and of unusable ones."""
    many = swf(*["1 0 -1 1 1 -1 -1 1 1"] * 5)
    monkeypatch.setattr(lines, "MAX_JOBS", 4)
    with pytest.raises(InputError, match="t:5: more than 4 jobs"):
        read_swf(many, "t")
    monkeypatch.setattr(lines, "MAX_SKIPPED", 1)
    with pytest.raises(InputError, match="t:2: more than 1 jobs cannot be used"):
        read_swf(swf(*["1 0 -1 -1 1 -1 -1 1 1"] * 3), "t")
    monkeypatch.setattr(trace_module, "MAX_BYTES", 100)
    path = tmp_path / "t.swf"
    path.write_bytes(many)
    with pytest.raises(InputError, match="larger than 100 bytes"):
        Trace.from_file(path)


def test_a_format_is_seen_or_asked_for(tmp_path: Path) -> None:
    """A first line with commas is a CSV; an unknown name of a format is refused."""
    assert detect(b"; a, b\n1 2 3\n") == "swf"
    assert detect(b"\xef\xbb\xbf\nJobID,Submit\n") == "csv"
    with pytest.raises(InputError, match="unknown trace format 'json'"):
        Trace.from_file(tmp_path / "none", "json")


def test_objects_are_checked_too() -> None:
    """A job without a size is named."""
    with pytest.raises(InputError, match="job 'x': no number of processors"):
        Trace.from_jobs([TraceJob("x", 0, 1, 0)])


def test_the_real_traces_are_read_whole() -> None:
    """With the number of jobs that their headers name."""
    for name, count in (("lublin_256.swf", 10_000), ("NASA-iPSC-1993-3.1-cln.swf", 18_239)):
        trace = Trace.from_file(require_shared(f"traces/{name}"))
        assert len(trace.jobs) == count
        assert not trace.skipped
