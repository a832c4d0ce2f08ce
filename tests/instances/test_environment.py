"""What an instance has if it is told nothing: the environment says (row E-07)."""

import json
import os
import socket
from pathlib import Path

import pytest

from fluxion_py import Instance
from fluxion_py.errors import FluxionError
from fluxion_py.instances.environment import graph_from_environment, pretended_nodes
from tests.conftest import ROOT

VARIABLES = (
    "FLUXION_R",
    "FLUXION_HOSTS",
    "FLUXION_CORES",
    "SLURM_JOB_NODELIST",
    "SLURM_CPUS_ON_NODE",
)


@pytest.fixture(autouse=True)
def told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def found() -> tuple[list[str], int]:
    """The hosts, and the cores of all."""
    living = Instance.from_environment()
    graph = living.graph
    living.close()
    return [v.name for v in graph if v.type == "node"], graph.counts()["core"]


def test_this_computer() -> None:
    host = socket.gethostname().split(".")[0]
    assert found() == ([host], len(os.sched_getaffinity(0)))
    here = {v.id for v in graph_from_environment() if v.type == "core"}
    assert here == os.sched_getaffinity(0)


def test_an_allocation_of_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_NODELIST", "tux[08-09,11]")
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", "16")
    assert found() == (["tux08", "tux09", "tux11"], 48)


def test_the_pods_of_a_minicluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXION_HOSTS", "flux-sample-[0-3]")
    monkeypatch.setenv("FLUXION_CORES", "4")
    monkeypatch.setenv("SLURM_JOB_NODELIST", "other")
    assert found() == ([f"flux-sample-{n}" for n in range(4)], 16)


@pytest.mark.parametrize("file", ["elk.yaml", "r-four-nodes.json"])
def test_a_file(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.setenv("FLUXION_R", str(ROOT / "resources" / file))
    assert len(found()[0]) == (40 if file == "elk.yaml" else 4)


def test_an_r_that_an_instance_gave(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "R"
    one = Instance(pretended_nodes(3))
    file.write_text(one.R())
    assert json.loads(file.read_text())["execution"]["nodelist"] == ["test[0-2]"]
    monkeypatch.setenv("FLUXION_R", str(file))
    assert found()[0] == ["test0", "test1", "test2"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("FLUXION_CORES", "four", "FLUXION_CORES is 'four'"),
        ("FLUXION_CORES", "0", "FLUXION_CORES is '0'"),
        ("SLURM_CPUS_ON_NODE", "99999", "SLURM_CPUS_ON_NODE is '99999'"),
        ("FLUXION_HOSTS", "n[1-", "n\\[1-"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, told: str
) -> None:
    hosts = "SLURM_JOB_NODELIST" if name.startswith("SLURM") else "FLUXION_HOSTS"
    monkeypatch.setenv(hosts, "n[1-2]")
    monkeypatch.setenv(name, text)
    with pytest.raises(FluxionError, match=told) as error:
        graph_from_environment()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("number", [0, 10_001])
def test_a_trial_has_limits(number: int) -> None:
    with pytest.raises(FluxionError, match=f"{number} nodes: 1 to 10000"):
        pretended_nodes(number)
