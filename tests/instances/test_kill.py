"""SIGKILL at random moments under load: no accepted job is lost, none is run twice."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from fluxion_py.instances.journal import Journal
from tests.conftest import ROOT
from tests.instances.living import instance

KILLS = int(os.environ.get("FLUXION_KILLS", "8"))


def start(folder: Path, jobs: int) -> subprocess.Popen[str]:
    # The checkout comes last in the path: it is the installed package that is killed.
    module = (
        f"import runpy, sys; sys.path.append({str(ROOT)!r}); "
        "runpy.run_module('tests.instances.victim', run_name='__main__', alter_sys=True)"
    )
    command = [sys.executable, "-c", module, str(folder), str(jobs)]
    found = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert found.stdout is not None
    assert found.stdout.readline() == "ready\n"
    return found


@pytest.mark.slow
def test_kill_at_any_moment_loses_nothing_and_runs_nothing_twice(tmp_path: Path) -> None:
    rng = random.Random(7)
    for _ in range(KILLS):
        victim = start(tmp_path, 10**9)
        time.sleep(rng.random() / 4)  # the moment of the kill, not a wait for anything
        victim.kill()
        victim.communicate()
    victim = start(tmp_path, 0)  # enough: the rest is run
    victim.communicate()
    assert victim.returncode == 0

    accepted = [int(line) for line in (tmp_path / "accepted").read_text().split()]
    launched = Counter(int(line) for line in (tmp_path / "launched").read_text().split())
    assert len(accepted) > KILLS
    assert accepted == sorted(set(accepted))
    assert set(launched.values()) == {1}
    journal = Journal(tmp_path / "j.db")
    ends = Counter(event.jobid for _, event in journal.events() if event.name == "clean")
    starts = Counter(event.jobid for _, event in journal.events() if event.name == "alloc")
    journal.close()
    assert set(accepted) <= set(ends)
    assert set(ends.values()) == set(starts.values()) == {1}
    assert set(ends) == set(launched)
    again = instance(tmp_path / "j.db")
    assert not again.jobs()
    again.close()
