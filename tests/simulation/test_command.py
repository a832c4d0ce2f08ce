"""`fluxion simulate`: what it prints, the folder it writes, how it fails, and that it repeats."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from fluxion_py.console.simulate import add_simulate, run_simulate
from fluxion_py.errors import FluxionError, InputError

TRACE = """; Computer: four processors
1 0 -1 100 3 -1 -1 3 -1 -1 1 7 1 -1 -1 -1 -1 -1
2 0 -1 50 4 -1 -1 4 -1 -1 1 8 1 -1 -1 -1 -1 -1
3 0 -1 80 1 -1 -1 1 -1 -1 1 7 1 -1 -1 -1 -1 -1
4 0 -1 200 1 -1 -1 1 -1 -1 1 7 1 -1 -1 -1 -1 -1
5 0 -1 10 9 -1 -1 9 -1 -1 1 7 1 -1 -1 -1 -1 -1
6 0 -1 -1 1 -1 -1 1 -1 -1 5 7 1 -1 -1 -1 -1 -1
"""


@pytest.fixture
def trace(tmp_path: Path) -> str:
    path = tmp_path / "t.swf"
    path.write_text(TRACE)
    return str(path)


def simulate(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="fluxion simulate")
    add_simulate(parser)
    return run_simulate(parser.parse_args(words))


def test_results_are_printed(trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what was left out, and why."""
    assert simulate(trace, "--processors", "4", "--queue-policy", "fcfs,easy", "-j", "1") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == [
        "read 5 jobs (1 skipped, line 7: no run time)",
        "4-processors: 1 jobs can never run, job 5: asks for 9 cores, the machine has 4",
    ]
    titles = "POLICY JOBS MEAN WAIT P95 WAIT MAX WAIT SLOWDOWN UTIL BACKFILLED MAKESPAN"
    assert " ".join(out[2].split()) == titles
    assert out[3].split() == ["fcfs", "4", "1m40s", "2m30s", "2m30s", "2.16", "55.7%", "0", "5m50s"]
    assert out[4].split() == ["easy", "4", "1m02s", "2m30s", "2m30s", "1.69", "55.7%", "1", "5m50s"]


def test_a_folder_is_complete_and_the_same_each_time(
    trace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Byte for byte, with one process or two; meta.json has the hashes."""
    folders = []
    for name, workers in (("a", "1"), ("b", "2")):
        folder = tmp_path / name
        words = ("--processors", "4", "--queue-policy", "fcfs,easy", "--seed", "5")
        assert simulate(trace, *words, "--out", str(folder), "-j", workers) == 0
        folders.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert folders[0] == folders[1]
    assert set(folders[0]) == {
        "report.html",
        "summary.csv",
        "skipped.csv",
        "meta.json",
        "schedule-fcfs.csv",
        "schedule-easy.csv",
        "chart-fcfs.svg",
        "chart-easy.svg",
    }
    meta = json.loads(folders[0]["meta.json"])
    assert len(meta["trace"]["sha256"]) == 64
    assert meta["seed"] == 5
    assert "seed=5" in capsys.readouterr().out


def test_a_folder_can_be_repeated(
    trace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same comes out; a changed trace is refused, a changed result is told."""
    folder = tmp_path / "runs"
    assert simulate(trace, "--processors", "4", "--out", str(folder), "-j", "1") == 0
    capsys.readouterr()
    assert simulate("--repeat", str(folder)) == 0
    assert capsys.readouterr().out == "1 of 1 schedules are the same\n"

    meta = json.loads((folder / "meta.json").read_text())
    meta["results"][0]["schedule_sha256"] = "0" * 64
    (folder / "meta.json").write_text(json.dumps(meta))
    assert simulate("--repeat", str(folder)) == 1
    assert capsys.readouterr().out.startswith("different: 4-processors, easy\n0 of 1")

    Path(trace).write_text(TRACE.replace("200", "201"))
    with pytest.raises(InputError, match="the file has changed: SHA-256"):
        simulate("--repeat", str(folder))
    (folder / "meta.json").write_text('{"format": 1}')
    with pytest.raises(InputError, match="not a description of simulations: Object missing"):
        simulate("--repeat", str(folder))


def test_machines_times_policies(trace: str, tmp_path: Path) -> None:
    """Each machine with each policy, files named after both; nodes are asked for if wished."""
    graph = tmp_path / "elk.yaml"
    graph.write_text(
        "version: 1\ncluster: elk\ncontains: {node: {count: 4, contains: {core: 2}}}\n"
    )
    folder = tmp_path / "runs"
    words = ("-L", str(graph), "--processors", "4", "--queue-policy", "fcfs,easy", "--unit", "")
    assert simulate(trace, *words, "--out", str(folder), "-j", "2") == 0
    meta = json.loads((folder / "meta.json").read_text())
    assert [(r["machine"], r["policy"], r["capacity"]) for r in meta["results"]] == [
        ("elk", "fcfs", 8),
        ("elk", "easy", 8),
        ("4-processors", "fcfs", 4),
        ("4-processors", "easy", 4),
    ]
    assert (folder / "schedule-elk-easy.csv").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no trace to simulate"),
        (("T",), "no machine: give -L MACHINE or --processors N"),
        (("T", "--processors", "x"), "--processors 'x' is no whole number"),
        (("T", "--processors", "0"), "0 processors"),
        (("T", "--processors", "4", "--queue-policy", "lifo"), "unknown queue policy 'lifo'"),
        (("T", "--processors", "4", "--policy", "best"), "best"),
        (("T", "--processors", "4", "--engine", "mpi"), "unknown engine 'mpi'"),
        (("T", "--processors", "4", "-j", "0"), "0 workers"),
        (("T", "--processors", "4", "--unit", "gpu"), "unknown unit 'gpu'"),
        (("T", "--processors", "4", "--unit", "node"), "the machine has no node"),
        (("T", "--processors", "4", "--out", "T"), "T: this is a file, a folder is wanted"),
    ],
)
def test_bad_options_are_one_line(
    trace: str, words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is printed before."""
    with pytest.raises(FluxionError) as caught:
        simulate(*(trace if word == "T" else word for word in words))
    assert message.replace("T:", f"{trace}:") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


def test_without_dask_one_line_says_what_to_install(
    trace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not an import error."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="engine dask: Dask is not installed") as caught:
        simulate(trace, "--processors", "4", "--engine", "dask")
    assert caught.value.hint == "pip install 'fluxion-py[dask]'"


@pytest.mark.slow
def test_dask_gives_the_same(trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On a cluster of processes made for it; as a program, since Dask starts processes."""
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    words = [trace, "--processors", "4", "--queue-policy", "fcfs,easy", "-o", "json"]
    assert simulate(*words, "-j", "1") == 0
    wanted = json.loads(capsys.readouterr().out)["results"]
    script = (
        "import argparse, sys; from fluxion_py.console.simulate import *\n"
        "if __name__ == '__main__':\n"
        "    parser = argparse.ArgumentParser(); add_simulate(parser)\n"
        "    sys.exit(run_simulate(parser.parse_args()))\n"
    )
    path = Path(trace).with_name("program.py")
    path.write_text(script)
    done = subprocess.run(
        [sys.executable, str(path), *words, "--engine", "dask", "-j", "2"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert json.loads(done.stdout)["results"] == wanted, done.stderr


def test_a_failure_in_a_worker_is_told(trace: str, tmp_path: Path) -> None:
    """A machine that cannot be read ends the sweep with its own message."""
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(FluxionError, match=r"broken\.json"):
        simulate(trace, "-L", str(broken), "--queue-policy", "fcfs,easy", "-j", "2")
