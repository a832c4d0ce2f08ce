"""Policies of another package, each in one instance of a tree (rows G-04, E-03)."""

import subprocess
import sys
from pathlib import Path

import pytest

from fluxion_py.errors import PolicyError
from fluxion_py.match.policy import parse_policy
from fluxion_py.queues.config import parse_policy as parse_queue_policy
from fluxion_py.queues.states import JobState
from tests.conftest import ROOT
from tests.hierarchy.test_grants import low
from tests.instances.living import job

MODULE = """
from fluxion_py.match.policy import Policy
from fluxion_py.queues.config import QueuePolicy

from_above = Policy("high", node_centric=True, node_exclusive=True)
greedy = QueuePolicy("greedy", reservation_depth=0, backfill=True)
text = "no policy"
"""

ENTRIES = """
[fluxion_py.match_policies]
from-above = other_policies:from_above
wrong = other_policies:text
gone = no_such_module:policy

[fluxion_py.queue_policies]
greedy = other_policies:greedy
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that is installed: a module, and its metadata."""
    (tmp_path / "other_policies.py").write_text(MODULE)
    about = tmp_path / "other_policies-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: other-policies\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("package")
def test_a_child_has_policies_of_another_package() -> None:
    root = low()
    child = root.spawn(job("slot=4/node", 900), policy="from-above", queue="greedy")
    first = child.submit(job("slot=1/core", 100))
    child.step()
    assert (child.job(first).given or {})["nodelist"] == "elk3"
    blocked = child.submit(job("slot=4/node", 100))
    later = child.submit(job("slot=3/node", 500))  # would delay the one before, which plans nothing
    child.step()
    assert child.job(blocked).state is JobState.SCHED
    assert child.job(later).state is JobState.RUN
    above = root.submit(job("slot=1/core", 100))
    root.step()
    assert (root.job(above).given or {})["nodelist"] == "elk4"


@pytest.mark.usefixtures("package")
def test_what_is_wrong_with_a_package_is_one_line() -> None:
    with pytest.raises(PolicyError, match=r"^policy wrong \(other_policies:text\) is no Policy$"):
        parse_policy("wrong")
    with pytest.raises(PolicyError, match=r"policy gone \(no_such.* cannot be loaded: No module"):
        parse_policy("gone")
    with pytest.raises(PolicyError, match="invalid policy option: greedy"):
        parse_policy("greedy")  # that is a policy of queues
    with pytest.raises(PolicyError, match="unknown queue policy 'from-above'"):
        parse_queue_policy("from-above")


def test_the_help_lists_them_and_the_command_line_takes_them(package: Path) -> None:
    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [Path(sys.executable).parent / "fluxion-match", *words],
            cwd=ROOT,
            env={"PYTHONPATH": str(package), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    helped = run("allocate", "--help")
    assert "variation, from-above, gone, wrong" in helped.stdout.replace("\n", " ")
    options = ("-L", "resources/elk.yaml", "slot=1/core")
    assert "elk39" in run("allocate", *options, "-P", "from-above").stdout
    assert "elk0" in run("allocate", *options, "-P", "low").stdout
    refused = run("allocate", *options, "-P", "wrong")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
